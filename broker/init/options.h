/* The command line of capstan-init: docs/spec/init.md has the table. */
#ifndef CAPSTAN_INIT_OPTIONS_H
#define CAPSTAN_INIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define PASSED_MAX 16
#define KEPT_MAX 16

struct options {
	uint32_t services;
	uint32_t descriptors;
	uint32_t watchdog_ms;
	uint32_t restart_min_ms;
	uint32_t restart_max_ms;
	uint32_t restart_reset_ms;
	uint32_t restart_limit;
	uint32_t grace_ms;
	int passed[PASSED_MAX]; /* ascending */
	unsigned passed_count;
	const char *kept[KEPT_MAX];
	unsigned kept_count;
	bool uses_clone3;
	char **program; /* argv of the broker, ends with NULL */
};

/* Reads the command line. -1: go on; otherwise the exit status (said why, or said what was asked for). */
int options_read(struct options *options, int argc, char **argv);

#endif
