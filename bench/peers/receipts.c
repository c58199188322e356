#define _GNU_SOURCE
#include "receipts.h"
#include "client-port.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

/* Between two looks, and for how long in all. */
#define LOOK_NS 100000L
#define PATIENCE_NS 20000000000ull

int report_receipt(int fd, uint32_t receiver, uint32_t number, uint32_t count)
{
	struct receipt receipt = { monotonic_ns(), number, count };
	ssize_t n = pwrite(fd, &receipt, sizeof receipt, (off_t)(receiver * sizeof receipt));
	return n == sizeof receipt ? 0 : -errno;
}

/* How many of the first have the message; the rest need not be looked at before they have. */
static uint32_t arrived(const struct receipt *receipts, uint32_t receivers, uint32_t number)
{
	uint32_t at = 0;
	while (at < receivers && receipts[at].number == number)
		at++;
	return at;
}

int await_receipts(int fd, uint32_t receivers, uint32_t number, uint64_t *last_ns, uint32_t *violations)
{
	struct receipt receipts[RECEIVERS_MAX];
	const struct timespec pause = { 0, LOOK_NS };
	const uint64_t end_ns = monotonic_ns() + PATIENCE_NS;
	const ssize_t size = (ssize_t)(receivers * sizeof *receipts);

	do {
		nanosleep(&pause, NULL);
		if (monotonic_ns() > end_ns)
			return -ETIMEDOUT;
		if (pread(fd, receipts, (size_t)size, 0) != size)
			return -EIO;
	} while (arrived(receipts, receivers, number) < receivers);
	*last_ns = 0;
	for (uint32_t at = 0; at < receivers; at++) {
		if (receipts[at].count != number)
			++*violations;
		if (receipts[at].ns > *last_ns)
			*last_ns = receipts[at].ns;
	}
	return 0;
}
