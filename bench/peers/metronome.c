/*
 * Writes a byte to standard output at each planned moment: the generator of an open loop for clients whose own timers are too coarse
 * (pipelined.ts).
 *
 * usage: metronome SCHEDULE START_NS    (START_NS of the monotonic clock)
 *
 * Moments that have come together are written together. At the end it says on standard error "late NS missed COUNT": the worst delay
 * after a planned moment, and how many were later than LATE_NS; time in which the reader took nothing is not counted. It runs
 * on any CPU but its parent's where there is another one, with real-time priority where it may: it needs a few microseconds for a
 * message, and must have them in time.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const char ticks[4096];

/* Leaves the CPU of the parent, to which it was pinned by inheritance, if there are others. */
static void move_away(void)
{
	cpu_set_t inherited, others;

	if (sched_getaffinity(0, sizeof inherited, &inherited) < 0 || CPU_COUNT(&inherited) > 1)
		return;
	memset(&others, 0xff, sizeof others);
	CPU_XOR(&others, &others, &inherited);
	sched_setaffinity(0, sizeof others, &others);
}

static void wait_until(uint64_t ns)
{
	struct timespec moment = { .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR)
		;
}

/* Writes all of it. Returns 1 if the reader made it wait, 0 if not, or -errno. */
static int write_ticks(size_t count)
{
	int has_waited = 0;

	while (count > 0) {
		struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };
		ssize_t n = write(STDOUT_FILENO, ticks, count);
		if (n > 0)
			count -= (size_t)n;
		else if (n < 0 && errno != EAGAIN)
			return -errno;
		else {
			has_waited = 1;
			poll(&output, 1, -1);
		}
	}
	return has_waited;
}

static int beat(const uint64_t *offsets, size_t count, uint64_t start)
{
	uint64_t late = 0;
	unsigned missed = 0;
	int r = 0;

	for (size_t at = 0; at < count;) {
		uint64_t planned = start + offsets[at], now = monotonic_ns();
		size_t due = 0;
		if (now < planned) {
			wait_until(planned);
			now = monotonic_ns();
			r = 0;
		}
		for (; at + due < count && due < sizeof ticks && start + offsets[at + due] <= now; due++) {
			uint64_t behind = now - start - offsets[at + due];
			/* Behind because the reader made it wait: not its own fault, until it has caught up. */
			if (r > 0)
				continue;
			late = behind > late ? behind : late;
			missed += behind > LATE_NS;
		}
		int waited = write_ticks(due);
		if (waited < 0)
			return waited;
		r |= waited;
		at += due;
	}
	fprintf(stderr, "late %llu missed %u\n", (unsigned long long)late, missed);
	return 0;
}

int main(int argc, char **argv)
{
	struct sched_param priority = { .sched_priority = 1 };
	uint64_t *offsets = NULL;
	size_t count;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SCHEDULE START_NS\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	move_away();
	sched_setscheduler(0, SCHED_FIFO, &priority);
	prctl(PR_SET_TIMERSLACK, 1ul);
	r = fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	if (r == 0)
		r = read_schedule(argv[1], &offsets, &count);
	if (r == 0)
		r = beat(offsets, count, strtoull(argv[2], NULL, 10));
	free(offsets);
	if (r < 0)
		fprintf(stderr, "metronome: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
