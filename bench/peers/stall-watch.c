/*
 * Tells whether the machine stood still while an open loop was measured: whether somebody whom nothing of the contender can delay was
 * woken in time (stall-watch.ts).
 *
 * usage: stall-watch PID
 *
 * It runs on the CPUs of process PID (the client, which is the generator of the load) with real-time priority, and sleeps. "begin" on
 * standard input makes it say "begun" and wake every millisecond; "end" makes it answer "beats COUNT late COUNT worst NS": how often it should have woken,
 * how often that was later than LATE_NS after the moment, and by how much at worst. Without the right to real-time priority the contender
 * itself could delay it, so it would prove nothing: then it answers "none".
 *
 * Beats that a stall swallowed are late ones, each by its own moment. A beat costs the CPU some microseconds, the same for everybody.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define BEAT_NS 1000000u
/* A beat that came later than this after its moment was late. */
#define LATE_NS 200000u

/* Reads one line that ends within its buffer. Returns its length without the end, 0 at end-of-file, or -errno. */
static int read_line(char *line, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(STDIN_FILENO, line + length, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if (line[length] == '\n') {
			line[length] = '\0';
			return (int)length;
		}
		length++;
	}
	return -EMSGSIZE;
}

static int say(const char *line)
{
	return puts(line) >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

/* Beats until there is input. Returns 0 or -errno. */
static int beat(int can_tell)
{
	char answer[80] = "none";
	uint64_t planned = monotonic_ns() + BEAT_NS, worst = 0;
	unsigned beats = 0, late = 0;

	if (say("begun") < 0)
		return -EIO;
	for (;;) {
		int r = wait_readable(STDIN_FILENO, can_tell ? planned : UNTIL_ANSWERED);
		if (r < 0)
			return r;
		for (uint64_t now = monotonic_ns(); planned <= now; planned += BEAT_NS) {
			beats++;
			late += now - planned > LATE_NS;
			worst = now - planned > worst ? now - planned : worst;
		}
		if (r > 0)
			break;
	}
	if (can_tell)
		snprintf(answer, sizeof answer, "beats %u late %u worst %llu", beats, late, (unsigned long long)worst);
	return say(answer);
}

static int serve(int can_tell)
{
	char line[16];
	int r;

	while ((r = read_line(line, sizeof line)) > 0) {
		if (strcmp(line, "begin") == 0)
			r = beat(can_tell);
		else if (strcmp(line, "end") != 0)
			r = -EINVAL;
		if (r < 0)
			return r;
	}
	return r;
}

/* Onto the CPUs of `pid`. Returns 0 or -errno. */
static int follow(pid_t pid)
{
	cpu_set_t cpus;

	if (sched_getaffinity(pid, sizeof cpus, &cpus) < 0 || sched_setaffinity(0, sizeof cpus, &cpus) < 0)
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	struct sched_param priority = { .sched_priority = 1 };
	int r, can_tell;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PID\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	prctl(PR_SET_TIMERSLACK, 1ul);
	r = follow((pid_t)strtol(argv[1], NULL, 10));
	can_tell = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
	if (r == 0)
		r = say_ready_alone();
	if (r == 0)
		r = serve(can_tell);
	if (r < 0)
		fprintf(stderr, "stall-watch: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
