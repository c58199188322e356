/*
 * Tells the pace of CPUs: how long a fixed piece of work takes there now (pace.ts).
 *
 * usage: pace
 *
 * It sleeps until there is a line of numbers of CPUs on standard input, "0 1" say; then it does the piece of work on each of them and
 * answers "pace NS NS", the median of some repetitions on each. An empty line is answered for whatever CPU the kernel puts it on. A CPU
 * that it may not use is answered "none".
 *
 * The work keeps many units of a core busy at once: six sums that do not wait for each other, each of which loads from a table of the size of
 * the first cache. A core that two hardware threads share does it at little more than half of its speed while the other thread is busy. Work
 * of which each step waits for the one before would not show that: there is room for the neighbour between its steps.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_WORDS 8192u
#define SUMS 6u
#define STEPS 1250u
/* The first ones bring the table back into the cache; an interrupt hits one of the others at most. */
#define COLD_REPETITIONS 2u
#define REPETITIONS 5u
#define CPUS_MAX 8u

static uint32_t table[TABLE_WORDS];
/* What is summed up is kept, so that no compiler leaves the work out. */
static volatile uint64_t kept;

static uint64_t work_ns(void)
{
	uint64_t sums[SUMS] = { 1, 2, 3, 4, 5, 6 }, begun = monotonic_ns();

	for (uint32_t step = 0; step < STEPS; step++) {
		for (uint32_t i = 0; i < SUMS; i++) {
			sums[i] += table[(step * 7u + i * 1311u) % TABLE_WORDS];
			sums[i] ^= step;
			sums[i] += sums[i] << 1;
		}
	}
	for (uint32_t i = 0; i < SUMS; i++)
		kept += sums[i];
	return monotonic_ns() - begun;
}

static int ascending(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
	return (one > other) - (one < other);
}

static uint64_t pace_ns(void)
{
	uint64_t ns[REPETITIONS];

	for (unsigned i = 0; i < COLD_REPETITIONS; i++)
		(void)work_ns();
	for (unsigned i = 0; i < REPETITIONS; i++)
		ns[i] = work_ns();
	qsort(ns, REPETITIONS, sizeof ns[0], ascending);
	return ns[REPETITIONS / 2];
}

/* Answers one line; `all` are the CPUs that it may be put on. Returns 0 or -errno. */
static int answer(char *line, const cpu_set_t *all)
{
	char said[16 + CPUS_MAX * 24] = "pace";
	size_t length = strlen(said);
	unsigned cpus = 0;

	for (char *end = line;; line = end) {
		long cpu = strtol(line, &end, 10);
		if (end == line)
			break;
		if (cpu < 0 || ++cpus > CPUS_MAX || pin((int)cpu) < 0)
			return puts("none") >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
		length += (size_t)snprintf(said + length, sizeof said - length, " %llu", (unsigned long long)pace_ns());
	}
	if (cpus == 0 && sched_setaffinity(0, sizeof *all, all) < 0)
		return -errno;
	if (cpus == 0)
		snprintf(said + length, sizeof said - length, " %llu", (unsigned long long)pace_ns());
	return puts(said) >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
}

int main(int argc, char **argv)
{
	char line[128];
	cpu_set_t all;
	int r;

	if (argc != 1) {
		fprintf(stderr, "usage: %s\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	for (uint32_t i = 0; i < TABLE_WORDS; i++)
		table[i] = i * 2654435761u;
	r = sched_getaffinity(0, sizeof all, &all) < 0 ? -errno : say_ready_alone();
	while (r == 0 && fgets(line, sizeof line, stdin))
		r = answer(line, &all);
	if (r < 0)
		fprintf(stderr, "pace: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
