/*
 * W3 with descriptors: an owner with some connected sockets, a giver who has their other ends, and a taker who is sent them, makes one
 * call on one of them and closes them all. grant.ts is the same over the transports and describes what a sample is.
 */
#ifndef CAPSTAN_BENCH_GRANT_H
#define CAPSTAN_BENCH_GRANT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Descriptors in one message; the kernel allows 253. */
#define GRANT_HANDLES_MAX 64u

/* What the owner says to a question that begins with a number: the number, changed, and which of its sockets was asked. */
struct owner_answer {
	uint32_t number;
	uint32_t index;
};

/* What the taker tells the giver: that, how many descriptors came, and when it had its answer (CLOCK_MONOTONIC). */
struct taker_answer {
	struct owner_answer owner;
	uint32_t handles;
	uint32_t unused;
	uint64_t answered_ns;
};

/*
 * Starts an owner on a CPU as a child of the caller, whom it does not outlive. `ends` become the other ends of its `count` sockets, the
 * caller's. Returns its pid or -errno.
 */
pid_t start_owner(int cpu, int *ends, uint32_t count);

/* Ends the owner by closing the other ends, which nobody else may have any more, and waits until it has ended. */
void end_owner(pid_t pid, const int *ends, uint32_t count);

/*
 * The taker's part: one call with `payload` on the descriptor whose turn it is by the payload's number. The descriptors stay the
 * caller's, who closes them afterwards. Returns 0 or -errno.
 */
int use_one(const int *fds, uint32_t count, const void *payload, size_t bytes, struct taker_answer *answer);

/* Whether the taker's answer to message `number` with `count` descriptors is right. */
int is_right(const struct taker_answer *answer, uint32_t number, uint32_t count);

#endif
