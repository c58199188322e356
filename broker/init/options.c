/* The command line: see options.h. */
#include "options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_code {
	OPTION_SERVICES = 256,
	OPTION_DESCRIPTORS,
	OPTION_WATCHDOG,
	OPTION_RESTART_MIN,
	OPTION_RESTART_MAX,
	OPTION_RESTART_RESET,
	OPTION_RESTART_LIMIT,
	OPTION_GRACE,
	OPTION_PASS_FD,
	OPTION_KEEP_ENV,
	OPTION_NO_CLONE3,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option names[] = {
	{"services", required_argument, NULL, OPTION_SERVICES},
	{"descriptors", required_argument, NULL, OPTION_DESCRIPTORS},
	{"watchdog", required_argument, NULL, OPTION_WATCHDOG},
	{"restart-min", required_argument, NULL, OPTION_RESTART_MIN},
	{"restart-max", required_argument, NULL, OPTION_RESTART_MAX},
	{"restart-reset", required_argument, NULL, OPTION_RESTART_RESET},
	{"restart-limit", required_argument, NULL, OPTION_RESTART_LIMIT},
	{"grace", required_argument, NULL, OPTION_GRACE},
	{"pass-fd", required_argument, NULL, OPTION_PASS_FD},
	{"keep-env", required_argument, NULL, OPTION_KEEP_ENV},
	{"no-clone3", no_argument, NULL, OPTION_NO_CLONE3},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

static const char usage[] =
	"usage: capstan-init [options] -- PROGRAM [ARGUMENT...]\n"
	"Starts PROGRAM (the broker), starts it again when it dies, and is the parent of its services.\n"
	"\n"
	"  --services N        processes watched at one time (16384)\n"
	"  --descriptors N     descriptors stored at one time (4096)\n"
	"  --watchdog MS       kill a broker that is silent for so long; 0 is off (0)\n"
	"  --restart-min MS    first delay before it is started again (100)\n"
	"  --restart-max MS    longest delay (10000)\n"
	"  --restart-reset MS  a life so long makes the delay short again (10000)\n"
	"  --restart-limit N   give up after N restarts without such a life; 0 is never, as PID 1 always (0)\n"
	"  --grace MS          between SIGTERM and SIGKILL at the end (5000)\n"
	"  --pass-fd N         give descriptor N to the broker\n"
	"  --keep-env NAME     do not scrub this variable\n"
	"  --no-clone3         start processes with vfork and fork\n"
	"  --version, --help\n";

/* A number from `low` to `high`; otherwise says so and returns false. */
static bool read_number(const char *name, const char *text, uint32_t low, uint32_t high, uint32_t *number)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < low || value > high) {
		fprintf(stderr, "capstan-init: --%s takes a number from %u to %u, not \"%s\"\n", name, low, high, text);
		return false;
	}
	*number = (uint32_t)value;
	return true;
}

static bool add_passed(struct options *options, const char *text)
{
	uint32_t number;
	if (!read_number("pass-fd", text, 3, 1u << 20, &number))
		return false;
	if (options->passed_count == PASSED_MAX || fcntl((int)number, F_GETFD) < 0) {
		fprintf(stderr, "capstan-init: --pass-fd %s: not an open descriptor, or more than %d of them\n", text,
			PASSED_MAX);
		return false;
	}
	unsigned at = options->passed_count;
	for (unsigned other = 0; other < options->passed_count; other += 1) {
		if (options->passed[other] == (int)number)
			return true;
	}
	for (; at > 0 && options->passed[at - 1] > (int)number; at -= 1)
		options->passed[at] = options->passed[at - 1];
	options->passed[at] = (int)number;
	options->passed_count += 1;
	return true;
}

static bool add_kept(struct options *options, const char *name)
{
	if (options->kept_count == KEPT_MAX) {
		fprintf(stderr, "capstan-init: --keep-env: more than %d\n", KEPT_MAX);
		return false;
	}
	options->kept[options->kept_count++] = name;
	return true;
}

static bool read_option(struct options *options, int code)
{
	const uint32_t day = 24 * 3600 * 1000;
	switch (code) {
	case OPTION_SERVICES:
		return read_number("services", optarg, 1, 1u << 20, &options->services);
	case OPTION_DESCRIPTORS:
		return read_number("descriptors", optarg, 0, 1u << 20, &options->descriptors);
	case OPTION_WATCHDOG:
		return read_number("watchdog", optarg, 0, day, &options->watchdog_ms);
	case OPTION_RESTART_MIN:
		return read_number("restart-min", optarg, 1, day, &options->restart_min_ms);
	case OPTION_RESTART_MAX:
		return read_number("restart-max", optarg, 1, day, &options->restart_max_ms);
	case OPTION_RESTART_RESET:
		return read_number("restart-reset", optarg, 0, day, &options->restart_reset_ms);
	case OPTION_RESTART_LIMIT:
		return read_number("restart-limit", optarg, 0, UINT32_MAX, &options->restart_limit);
	case OPTION_GRACE:
		return read_number("grace", optarg, 0, day, &options->grace_ms);
	case OPTION_PASS_FD:
		return add_passed(options, optarg);
	case OPTION_KEEP_ENV:
		return add_kept(options, optarg);
	case OPTION_NO_CLONE3:
		options->uses_clone3 = false;
		return true;
	default:
		return false;
	}
}

int options_read(struct options *options, int argc, char **argv)
{
	*options = (struct options){
		.services = 16384,
		.descriptors = 4096,
		.restart_min_ms = 100,
		.restart_max_ms = 10000,
		.restart_reset_ms = 10000,
		.grace_ms = 5000,
		.uses_clone3 = true,
	};
	for (;;) {
		int code = getopt_long(argc, argv, "+", names, NULL);
		if (code == -1)
			break;
		if (code == OPTION_VERSION) {
			printf("capstan-init %s\n", CAPSTAN_BUILD);
			return 0;
		}
		if (code == OPTION_HELP) {
			fputs(usage, stdout);
			return 0;
		}
		if (!read_option(options, code))
			return 2;
	}
	if (optind >= argc) {
		fprintf(stderr, "capstan-init: no program to start; try --help\n");
		return 2;
	}
	options->program = argv + optind;
	return -1;
}
