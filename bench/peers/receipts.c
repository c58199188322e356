#define _GNU_SOURCE
#include "receipts.h"
#include "client-port.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

int report_receipt(int fd, uint32_t receiver, uint32_t number)
{
	struct receipt receipt = { monotonic_ns(), number, receiver };
	return write(fd, &receipt, sizeof receipt) == sizeof receipt ? 0 : -errno;
}

int await_receipts(int fd, uint32_t receivers, uint32_t number, uint64_t *last_ns, uint32_t *violations)
{
	struct receipt receipts[RECEIVERS_MAX];
	char seen[RECEIVERS_MAX] = { 0 };
	uint32_t count = 0;

	*last_ns = 0;
	while (count < receivers) {
		/* Records are written whole and are of one size, so whole ones are read. */
		ssize_t n = read(fd, receipts, (receivers - count) * sizeof *receipts);
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		for (uint32_t at = 0; at < (uint32_t)n / sizeof *receipts; at++, count++) {
			struct receipt *receipt = &receipts[at];
			if (receipt->number != number || receipt->receiver >= receivers || seen[receipt->receiver]++ != 0)
				++*violations;
			if (receipt->ns > *last_ns)
				*last_ns = receipt->ns;
		}
	}
	return 0;
}
