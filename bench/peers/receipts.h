/*
 * Who has received what and when, told to the sender beside the transport: every receiver writes its record into a place of its
 * own in a file that all share, the same for every contender in every language (receipts.ts). A record is 16 bytes in host order:
 * the receiver's CLOCK_MONOTONIC in ns, the message's number, and how many messages it has had.
 *
 * Nobody is woken by a record. With a pipe in its place the sender would be woken by each of them, on the core on which a broker is
 * still busy giving the message out, and would be measured, too. So the sender sleeps, looks, and sleeps again; a sample is not
 * affected, because its end is a time that a receiver wrote down.
 */
#ifndef CAPSTAN_BENCH_RECEIPTS_H
#define CAPSTAN_BENCH_RECEIPTS_H

#include <stdint.h>

#define RECEIVERS_MAX 256u

struct receipt {
	uint64_t ns;
	uint32_t number;
	uint32_t count;
};

/* Says that this receiver has message `number`, its `count`th, now. Returns 0 or -errno. */
int report_receipt(int fd, uint32_t receiver, uint32_t number, uint32_t count);

/*
 * Waits until each of `receivers` has message `number`; `last_ns` becomes the latest time that one of them gave. Messages have the
 * numbers 1, 2 …, so a receiver that has had more or fewer than `number` adds to `violations`. Returns 0 or -errno (-ETIMEDOUT).
 */
int await_receipts(int fd, uint32_t receivers, uint32_t number, uint64_t *last_ns, uint32_t *violations);

#endif
