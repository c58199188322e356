/*
 * Who has received what and when, told to the sender beside the transport: every receiver writes one record into a pipe that
 * all share, the same for every contender in every language (receipts.ts). A record is 16 bytes in host order, so that a
 * write is never torn: the receiver's CLOCK_MONOTONIC in ns, the message's number, the receiver's index.
 */
#ifndef CAPSTAN_BENCH_RECEIPTS_H
#define CAPSTAN_BENCH_RECEIPTS_H

#include <stdint.h>

#define RECEIVERS_MAX 256u

struct receipt {
	uint64_t ns;
	uint32_t number;
	uint32_t receiver;
};

/* Says that this receiver has message `number`, now. Returns 0 or -errno. */
int report_receipt(int fd, uint32_t receiver, uint32_t number);

/*
 * Waits until each of `receivers` has reported; `last_ns` becomes the latest time that one of them gave. A record with
 * another number, or a second one of the same receiver, adds to `violations`. Returns 0 or -errno (-EPIPE: all have ended).
 */
int await_receipts(int fd, uint32_t receivers, uint32_t number, uint64_t *last_ns, uint32_t *violations);

#endif
