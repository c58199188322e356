/*
 * What all harnesses share: the loop of AFL++, a reader of the input, and checks that nothing is left. A harness has one function,
 * `fuzz_one`; a program that is not run by afl-fuzz reads one input from standard input, which is how a crash is looked at again.
 */
#ifndef CAPSTAN_HARNESS_H
#define CAPSTAN_HARNESS_H

#include <fcntl.h>
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The part of the input that was not read yet. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t take8(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left -= 1;
	return *input->at++;
}

/* A length of two bytes, and that many bytes or what is left of them. */
static inline const uint8_t *take_bytes(struct input *input, size_t *length)
{
	size_t wanted = take8(input);
	wanted |= (size_t)take8(input) << 8;
	*length = wanted < input->left ? wanted : input->left;
	const uint8_t *bytes = input->at;
	input->at += *length;
	input->left -= *length;
	return bytes;
}

#define must(condition) must_hold((condition), #condition, __FILE__, __LINE__)

static inline void must_hold(bool condition, const char *text, const char *file, int line)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
	abort();
}

static inline long open_descriptors(void)
{
	struct stat status;
	must(stat("/proc/self/fd", &status) == 0);
	return (long)status.st_size;
}

static int harness_null = -1;

/* A descriptor that nobody else has. */
static inline int new_descriptor(void)
{
	int copy = fcntl(harness_null, F_DUPFD_CLOEXEC, 3);
	must(copy >= 0);
	return copy;
}

/* Makes a packet's memory end where the packet ends: a read behind it is a crash. */
static inline void show_only(const void *memory, size_t size, size_t shown)
{
	ASAN_UNPOISON_MEMORY_REGION(memory, size);
	size_t end = (shown + 7) & ~(size_t)7;
	if (end < size)
		ASAN_POISON_MEMORY_REGION((const uint8_t *)memory + end, size - end);
}

static void fuzz_one(struct input input);

#ifdef __AFL_COMPILER
__AFL_FUZZ_INIT();
#endif

int main(void)
{
	harness_null = open("/dev/null", O_RDWR | O_CLOEXEC);
	must(harness_null >= 0);
#ifdef __AFL_COMPILER
	__AFL_INIT();
	const uint8_t *bytes = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(5000)) {
		/* A copy of its own size, so that reading behind the end is noticed. */
		size_t length = (size_t)__AFL_FUZZ_TESTCASE_LEN;
		uint8_t *copy = malloc(length + 1);
		memcpy(copy, bytes, length);
		fuzz_one((struct input){.at = copy, .left = length});
		free(copy);
	}
#else
	static uint8_t bytes[1 << 20];
	fuzz_one((struct input){.at = bytes, .left = fread(bytes, 1, sizeof bytes, stdin)});
#endif
	return 0;
}

#endif
