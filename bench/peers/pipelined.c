/*
 * Drives a client in C that can have many calls under way, in a closed loop or by a schedule; pipelined.ts is the same for TypeScript.
 *
 * Each call's start is kept in a ring by its number, so a sample costs two readings of the clock and two stores. In an open loop a call's
 * start is the planned moment, whatever delayed the sending. The client itself waits for that moment, with a timer of nanoseconds.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

/* After this a call counts as failed, with this time at least. */
#define DEADLINE_NS 4000000000u

/* Calls that may be under way, as in pipelined.ts; a power of two. */
#define UNDER_WAY_MAX (1u << 12)

/* From the command until the first message of an open loop may be due, as in pipelined.ts. */
#define LEAD_NS 1000000u

enum state { FREE, BUSY, GIVEN_UP };

struct driver {
	const struct pipelined *client;
	void *context;
	struct samples samples;
	uint64_t start_ns[UNDER_WAY_MAX];
	unsigned char state[UNDER_WAY_MAX];
	uint32_t number, under_way, errors;
	struct completions ended;
};

int wait_readable(int fd, uint64_t until_ns)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };
	uint64_t now = until_ns == 0 || until_ns == UNTIL_ANSWERED ? 0 : monotonic_ns();
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct timespec timeout = { .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u) };
	int r = ppoll(&input, 1, until_ns == UNTIL_ANSWERED ? NULL : &timeout, NULL);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r;
}

/* Reads planned moments (u64 little-endian, ns from the start) from a file. `*offsets` is the caller's to free. Returns 0 or -errno. */
static int read_schedule(const char *path, uint64_t **offsets, size_t *count)
{
	FILE *file = fopen(path, "re");
	long bytes = 0;
	int r = file ? 0 : -errno;

	*offsets = NULL;
	*count = 0;
	if (r == 0 && (fseek(file, 0, SEEK_END) < 0 || (bytes = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) < 0))
		r = -errno;
	if (r == 0 && bytes > 0) {
		*count = (size_t)bytes / sizeof **offsets;
		*offsets = calloc(*count, sizeof **offsets);
		if (!*offsets)
			r = -ENOMEM;
		else if (fread(*offsets, sizeof **offsets, *count, file) != *count)
			r = -EIO;
	}
	if (r < 0) {
		free(*offsets);
		*offsets = NULL;
	}
	if (file)
		fclose(file);
	return r;
}

/* Begins one call. Returns 1, 0 if nothing more fits now, or -errno. */
static int begin(struct driver *driver, uint64_t start_ns)
{
	uint32_t at = driver->number % UNDER_WAY_MAX;
	int r;

	if (driver->under_way == UNDER_WAY_MAX || driver->state[at] != FREE)
		return 0;
	driver->start_ns[at] = start_ns;
	r = driver->client->submit(driver->context, driver->number);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	driver->state[at] = BUSY;
	driver->under_way++;
	driver->number++;
	return 1;
}

static void record(struct driver *driver, uint64_t ns)
{
	if (driver->samples.count < SAMPLES_MAX)
		add_sample(&driver->samples, ns);
}

/* Waits for calls that have ended and records them. Returns how many there were, or -errno. */
static int end(struct driver *driver, uint64_t until_ns)
{
	uint64_t now;
	int r;

	driver->ended.count = 0;
	r = driver->client->collect(driver->context, until_ns, &driver->ended);
	if (r < 0)
		return r;
	now = monotonic_ns();
	for (unsigned i = 0; i < driver->ended.count; i++) {
		uint32_t at = driver->ended.number[i] % UNDER_WAY_MAX;
		enum state was = driver->state[at];
		uint64_t took = now - driver->start_ns[at];
		driver->state[at] = FREE;
		if (was == GIVEN_UP)
			continue;
		if (was == FREE || driver->ended.outcome[i] == WRONG)
			driver->samples.violations++;
		if (was == FREE)
			continue;
		driver->under_way--;
		if (driver->ended.outcome[i] == FAILED) {
			driver->errors++;
			took = took > DEADLINE_NS ? took : DEADLINE_NS;
		}
		record(driver, took);
	}
	return (int)driver->ended.count;
}

/* Waits for what is under way, until `deadline` at most, and gives up the rest. Returns 0 or -errno. */
static int finish(struct driver *driver, uint64_t deadline)
{
	uint64_t now;
	int r = 0;

	while (r >= 0 && driver->under_way > 0 && monotonic_ns() < deadline)
		r = end(driver, deadline);
	now = monotonic_ns();
	for (uint32_t at = 0; driver->under_way > 0 && at < UNDER_WAY_MAX; at++) {
		uint64_t took = now - driver->start_ns[at];
		if (driver->state[at] != BUSY)
			continue;
		driver->state[at] = GIVEN_UP;
		driver->under_way--;
		driver->errors++;
		record(driver, took > DEADLINE_NS ? took : DEADLINE_NS);
	}
	return r < 0 ? r : 0;
}

static int closed(struct driver *driver, uint64_t end_ns, uint32_t outstanding, long gap_ms)
{
	struct timespec gap = { .tv_sec = gap_ms / 1000, .tv_nsec = gap_ms % 1000 * 1000000 };
	uint64_t now = monotonic_ns();
	int r;

	while (block_goes_on(&driver->samples, now, end_ns)) {
		while (driver->under_way < outstanding) {
			r = begin(driver, monotonic_ns());
			if (r < 0)
				return r;
			if (r == 0)
				break;
		}
		r = end(driver, UNTIL_ANSWERED);
		if (r < 0)
			return r;
		now = monotonic_ns();
		if (gap_ms > 0 && now < end_ns) {
			nanosleep(&gap, NULL);
			now = monotonic_ns();
		}
	}
	return finish(driver, monotonic_ns() + DEADLINE_NS);
}

/* What was never sent because too much was under way has failed as well, and would make the figures better if it were missing. */
static void record_unsent(struct driver *driver, uint64_t start, const uint64_t *offsets, size_t count)
{
	uint64_t now = monotonic_ns();

	for (size_t at = 0; at < count; at++) {
		uint64_t behind = now - start - offsets[at];
		driver->errors++;
		record(driver, behind > DEADLINE_NS ? behind : DEADLINE_NS);
	}
}

static int open_loop(struct driver *driver, uint64_t start, const uint64_t *offsets, size_t count)
{
	uint64_t give_up = start + (count > 0 ? offsets[count - 1] : 0) + DEADLINE_NS;
	size_t sent = 0;

	while (sent < count && monotonic_ns() < give_up) {
		uint64_t planned = start + offsets[sent], now = monotonic_ns();
		int r = end(driver, now < planned ? planned : 0);
		if (r < 0)
			return r;
		for (now = monotonic_ns(); sent < count && start + offsets[sent] <= now; sent++) {
			planned = start + offsets[sent];
			r = begin(driver, planned);
			if (r < 0)
				return r;
			if (r == 0) {
				/* Full: the next step is to collect, and to wait for that only as long as nothing can be sent. */
				r = end(driver, give_up);
				if (r < 0)
					return r;
				break;
			}
		}
	}
	record_unsent(driver, start, offsets + sent, count - sent);
	return finish(driver, give_up);
}

static int tell(struct driver *driver, const char *path, uint64_t start_ns)
{
	uint64_t elapsed = monotonic_ns() - start_ns;
	int r = write_samples(&driver->samples, path);

	if (r < 0)
		return r;
	printf("done %u %u errors=%u elapsed_ns=%llu\n", driver->samples.count, driver->samples.violations,
	       driver->errors, (unsigned long long)elapsed);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static int serve_line(struct driver *driver, const char *line)
{
	static char path[4096], schedule[4096];
	long milliseconds, outstanding = 1, gap_ms = 0;
	uint64_t *offsets, start = monotonic_ns();
	size_t count;
	int r;

	driver->samples.count = driver->samples.violations = driver->errors = 0;
	if (sscanf(line, "run %ld %4095s %ld %ld", &milliseconds, path, &outstanding, &gap_ms) >= 2) {
		r = closed(driver, start + (uint64_t)milliseconds * 1000000u, (uint32_t)outstanding, gap_ms);
		return r < 0 ? r : tell(driver, path, start);
	}
	if (sscanf(line, "open %4095s %4095s", path, schedule) != 2)
		return -EINVAL;
	r = read_schedule(schedule, &offsets, &count);
	if (r < 0)
		return r;
	start = monotonic_ns() + LEAD_NS;
	r = open_loop(driver, start, offsets, count);
	free(offsets);
	return r < 0 ? r : tell(driver, path, start);
}

int serve_pipelined(const struct pipelined *client, void *context)
{
	char line[9000];
	struct driver *driver = calloc(1, sizeof *driver);
	int r = driver ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	/* Timers of this thread are exact: by default the kernel adds up to 50 us, so that wake-ups coincide. */
	prctl(PR_SET_TIMERSLACK, 1ul);
	driver->client = client;
	driver->context = context;
	driver->samples.ns = calloc(SAMPLES_MAX, sizeof *driver->samples.ns);
	if (!driver->samples.ns)
		r = -ENOMEM;
	while (r == 0 && fgets(line, sizeof line, stdin))
		r = serve_line(driver, line);
	free(driver->samples.ns);
	free(driver);
	return r;
}
