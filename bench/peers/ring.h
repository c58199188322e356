/*
 * A ring of messages of one size in memory that two processes share: one writes, the other reads, and neither makes a system call as
 * long as the other keeps up.
 *
 * The writer owns `published`, the reader `consumed`; both only grow, and what lies between them is what has been written and not been
 * read. Whoever finds nothing to do looks again for `spin_ns`, then sets its flag, looks a last time, and sleeps as long as the flag is
 * set (futex(2)). The other side looks at the flag after each change of its counter; it takes the flag back before it wakes anybody.
 * Flag and counters are sequentially consistent, so of "I sleep" and "there is something" at least one is seen; and because what one
 * sleeps on is the flag itself, a flag that was taken back before its owner had fallen asleep keeps him awake.
 */
#ifndef CAPSTAN_BENCH_RING_H
#define CAPSTAN_BENCH_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE 64u

struct ring {
	_Alignas(CACHE_LINE) _Atomic uint32_t published;
	_Atomic uint32_t reader_sleeps;
	_Alignas(CACHE_LINE) _Atomic uint32_t consumed;
	_Atomic uint32_t writer_sleeps;
	_Alignas(CACHE_LINE) uint32_t slots;
	uint32_t slot_bytes;
	_Alignas(CACHE_LINE) unsigned char bytes[];
};

/* Maps a ring for messages of at most `bytes`, shared with processes that are forked afterwards. NULL with errno if there is no memory. */
struct ring *map_ring(size_t bytes);

/* Where the next message is written, or NULL while the ring is full; `publish` makes it visible. */
void *free_slot(struct ring *ring);
void publish(struct ring *ring);

/* The oldest message, or NULL while there is none; `consume` gives its place back. */
void *oldest_slot(struct ring *ring);
void consume(struct ring *ring);

/*
 * Waits for a message, or for a free place, until `until_ns` (CLOCK_MONOTONIC; 0: not at all; UINT64_MAX: for ever): first `spin_ns` of looking, then
 * asleep. Returns 1, or 0 when the time has come, or -errno.
 */
int await_message(struct ring *ring, uint64_t spin_ns, uint64_t until_ns);
int await_room(struct ring *ring, uint64_t spin_ns, uint64_t until_ns);

#endif
