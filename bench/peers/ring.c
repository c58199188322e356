#define _GNU_SOURCE
#include "ring.h"
#include "client-port.h"
#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A ring is about this large, so that it stays in the cache, and has at least a few places for large messages. */
#define RING_BYTES (512u * 1024u)
#define SLOTS_MIN 4u
#define SLOTS_MAX 1024u

/* Looks between two readings of the clock. */
#define LOOKS 64u

struct ring *map_ring(size_t bytes)
{
	uint32_t slot_bytes = (uint32_t)((bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE), slots = SLOTS_MIN;
	struct ring *ring;

	while (slots < SLOTS_MAX && 2 * slots * slot_bytes <= RING_BYTES)
		slots *= 2;
	ring = mmap(NULL, sizeof *ring + (size_t)slots * slot_bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (ring == MAP_FAILED)
		return NULL;
	ring->slots = slots;
	ring->slot_bytes = slot_bytes;
	return ring;
}

static void *slot(struct ring *ring, uint32_t number)
{
	return ring->bytes + (size_t)(number % ring->slots) * ring->slot_bytes;
}

void *free_slot(struct ring *ring)
{
	uint32_t published = atomic_load_explicit(&ring->published, memory_order_relaxed);
	return published - atomic_load(&ring->consumed) < ring->slots ? slot(ring, published) : NULL;
}

void *oldest_slot(struct ring *ring)
{
	uint32_t consumed = atomic_load_explicit(&ring->consumed, memory_order_relaxed);
	return atomic_load(&ring->published) != consumed ? slot(ring, consumed) : NULL;
}

static void advance(_Atomic uint32_t *counter, _Atomic uint32_t *other_sleeps)
{
	atomic_fetch_add(counter, 1);
	if (atomic_load(other_sleeps) != 0 && atomic_exchange(other_sleeps, 0) != 0)
		syscall(SYS_futex, other_sleeps, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void publish(struct ring *ring)
{
	advance(&ring->published, &ring->reader_sleeps);
}

void consume(struct ring *ring)
{
	advance(&ring->consumed, &ring->writer_sleeps);
}

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Sleeps while `sleeps` is set. Returns 0, also when woken for nothing, or -errno (-ETIMEDOUT). */
static int sleep_on(_Atomic uint32_t *sleeps, uint64_t until_ns)
{
	struct timespec end = { (time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u) };
	/* This operation takes a moment of CLOCK_MONOTONIC, and not a duration. */
	long r = syscall(SYS_futex, sleeps, FUTEX_WAIT_BITSET, 1, until_ns == UINT64_MAX ? NULL : &end, NULL,
			 FUTEX_BITSET_MATCH_ANY);
	return r == 0 || errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* `is_ready` says whether there is something to do, and `sleeps` is where the other side looks whether to wake this one. */
static int await(struct ring *ring, void *(*is_ready)(struct ring *), _Atomic uint32_t *sleeps, uint64_t spin_ns,
		 uint64_t until_ns)
{
	uint64_t spin_end_ns = 0;
	int r = 0;

	if (is_ready(ring))
		return 1;
	if (until_ns == 0)
		return 0;
	if (spin_ns > 0) {
		spin_end_ns = monotonic_ns() + spin_ns;
		if (spin_end_ns > until_ns)
			spin_end_ns = until_ns;
	}
	while (spin_ns > 0 && monotonic_ns() < spin_end_ns) {
		for (unsigned at = 0; at < LOOKS; at++) {
			if (is_ready(ring))
				return 1;
			relax();
		}
	}
	while (r == 0) {
		atomic_store(sleeps, 1);
		if (is_ready(ring)) {
			atomic_store(sleeps, 0);
			return 1;
		}
		r = sleep_on(sleeps, until_ns);
	}
	atomic_store(sleeps, 0);
	return r == -ETIMEDOUT ? 0 : r;
}

int await_message(struct ring *ring, uint64_t spin_ns, uint64_t until_ns)
{
	return await(ring, oldest_slot, &ring->reader_sleeps, spin_ns, until_ns);
}

int await_room(struct ring *ring, uint64_t spin_ns, uint64_t until_ns)
{
	return await(ring, free_slot, &ring->writer_sleeps, spin_ns, until_ns);
}
