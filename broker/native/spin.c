/*
 * Looking again before sleeping (docs/decisions/0017-spinning.md): off unless the loop is opened with a spin time.
 *
 * A sleep and its wake-up cost more than the work of a message. Where the answer comes from another core soon, looking
 * again and again for some microseconds finds it without them. Where it does not, the core is burned, or it is withheld
 * from the very process that would answer. Nothing tells these apart beforehand, so the window follows what was seen,
 * as hypervisors do it before they halt a virtual processor:
 *
 * - A spin that found something doubles the window, up to what the loop was opened with. One that found nothing halves
 *   it, and so does one that was interrupted: the core was wanted by somebody else.
 * - Below a least length the window is closed, as it is in the beginning. It is opened, in full, when enough waits were
 *   over soon; each closing doubles how many that are, each success halves it. A process that mostly sleeps for long
 *   never gets there.
 * - What the first look finds was there already and says nothing, nor does a wait that was no sleep.
 *
 * Timers, signals and threads need no care: libuv's descriptor and our timer are in the epoll that is looked at.
 */
#include "loop.h"

#include <time.h>

enum {
	/* A window shorter than this is closed: it would hold a few looks only. */
	WINDOW_NS_MIN = 4 * 1000,
	/* Between two looks of an undisturbed thread there is a microsecond at most; an interrupt takes a few. */
	INTERRUPTED_NS = 15 * 1000,
	/* Going to sleep and being woken takes longer; a wait that is over before found what was there already. */
	SLEEP_NS_MIN = 2 * 1000,
	/* A wait without a spin lasts longer than one with it, by the wake-ups on its way. */
	SOON_FACTOR = 4,
	/* Short waits before the window is opened. */
	SHORT_WAITS_MIN = 32,
	SHORT_WAITS_MAX = 8192,
	/* A wait that is not short takes back so many: the window stays closed if more than one in five is long. */
	LONG_WAIT_COST = 4,
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void prepare_spinning(struct spin *spin, uint32_t max_us)
{
	spin->max_ns = max_us * 1000;
	spin->short_waits_wanted = SHORT_WAITS_MIN;
}

static void succeed(struct spin *spin)
{
	spin->window_ns = spin->window_ns * 2 < spin->max_ns ? spin->window_ns * 2 : spin->max_ns;
	spin->short_waits_wanted /= 2;
	if (spin->short_waits_wanted < SHORT_WAITS_MIN)
		spin->short_waits_wanted = SHORT_WAITS_MIN;
}

static void fail(struct spin *spin)
{
	spin->window_ns /= 2;
	if (spin->window_ns >= WINDOW_NS_MIN)
		return;
	spin->window_ns = 0;
	spin->short_waits = 0;
	spin->short_waits_wanted *= 2;
	if (spin->short_waits_wanted > SHORT_WAITS_MAX)
		spin->short_waits_wanted = SHORT_WAITS_MAX;
}

/* A wait without a spin is over. */
static void note_wait(struct spin *spin, uint64_t slept_ns)
{
	if (slept_ns < SLEEP_NS_MIN)
		return;
	if (slept_ns > (uint64_t)spin->max_ns * SOON_FACTOR)
		spin->short_waits -= spin->short_waits < LONG_WAIT_COST ? spin->short_waits : LONG_WAIT_COST;
	else if (++spin->short_waits >= spin->short_waits_wanted)
		spin->window_ns = spin->max_ns;
}

/* Looks until something is there or the window is over. Returns what epoll_wait does. */
static int look(struct loop *loop, struct epoll_event *events)
{
	struct spin *spin = &loop->spin;
	int32_t *header = loop->shared->header;
	int count = epoll_wait(loop->epoll, events, RECEIVE_SLOTS, 0);
	uint64_t start, last, now;
	bool was_interrupted = false;

	if (count != 0)
		return count;
	count_up(&header[HEADER_SPINS]);
	start = last = now_ns();
	do {
		count = epoll_wait(loop->epoll, events, RECEIVE_SLOTS, 0);
		now = now_ns();
		was_interrupted = now - last > INTERRUPTED_NS;
		last = now;
		count_up(&header[HEADER_LOOKS]);
	} while (count == 0 && !was_interrupted && now - start < spin->window_ns);
	if (count > 0 && !was_interrupted) {
		count_up(&header[HEADER_SPINS_PAID]);
		succeed(spin);
	} else {
		fail(spin);
	}
	return count;
}

int wait_spinning(struct loop *loop, struct epoll_event *events)
{
	struct spin *spin = &loop->spin;
	uint64_t start;
	int count;

	if (spin->window_ns > 0) {
		count = look(loop, events);
		return count != 0 ? count : epoll_wait(loop->epoll, events, RECEIVE_SLOTS, -1);
	}
	start = now_ns();
	count = epoll_wait(loop->epoll, events, RECEIVE_SLOTS, -1);
	note_wait(spin, now_ns() - start);
	return count;
}
