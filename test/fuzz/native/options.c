/* The command line of capstan-init: arguments that end with NUL. Whatever they are, they are read, or it is said what is wrong. */
#include "options.h"

#include <getopt.h>

#include "harness.h"
#include "process.h"

enum { ARGUMENTS_MAX = 40, PASSABLE_LAST = 9 };

void complain(const char *format, ...)
{
	(void)format;
}

/* What --pass-fd can name: descriptors 3 to 9 are open, and usage goes nowhere. */
static void prepare(void)
{
	static bool is_prepared;
	if (is_prepared)
		return;
	is_prepared = true;
	must(freopen("/dev/null", "w", stdout) != NULL);
	for (int number = 3; number <= PASSABLE_LAST; number += 1) {
		if (fcntl(number, F_GETFD) < 0)
			must(dup2(harness_null, number) == number);
	}
}

static void fuzz_one(struct input input)
{
	static char name[] = "capstan-init";
	char *arguments[ARGUMENTS_MAX + 2] = {name};
	char *bytes = malloc(input.left + 1);
	int count = 1;
	must(bytes != NULL);
	prepare();
	memcpy(bytes, input.at, input.left);
	bytes[input.left] = '\0';
	for (size_t at = 0; at < input.left && count <= ARGUMENTS_MAX; at += strlen(bytes + at) + 1)
		arguments[count++] = bytes + at;
	struct options options;
	optind = 0;
	opterr = 0;
	int status = options_read(&options, count, arguments);
	must(status >= -1 && status <= 255);
	if (status == -1) {
		must(options.program != NULL && options.program[0] != NULL);
		must(options.passed_count <= PASSED_MAX && options.kept_count <= KEPT_MAX);
		for (unsigned at = 1; at < options.passed_count; at += 1)
			must(options.passed[at - 1] < options.passed[at]);
	}
	free(bytes);
}
