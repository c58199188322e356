/*
 * The event loop of a process, as shared by loop.c (its life), turn.c (waiting and calling), slots.c (what is
 * open), receive.c, send.c and spin.c. `packet-loop.ts` is its other half: both sides read and write the words below in one
 * mapping, so that a packet costs neither an object nor a call.
 *
 * A *turn* is one call into JavaScript with all events of one wake-up, then its microtasks, then the sending of what
 * was committed. A slot is one socket, listener or watched descriptor, named by its number on both sides. A slot that
 * is released during a turn is not used again before the turn is over, so an event can never reach a newcomer.
 */
#ifndef CAPSTAN_LOOP_H
#define CAPSTAN_LOOP_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <uv.h>

enum {
	SLOTS_MAX = 65536,
	/* Packets of one turn; also the most that recvmmsg is asked for. */
	RECEIVE_SLOTS = 64,
	/* A power of two: single receives are counted modulo 256. */
	SINGLE_RECEIVES = 16,
	/* Descriptors in one packet: the kernel's SCM_MAX_FD. */
	PACKET_DESCRIPTORS_MAX = 253,
	/* Frames committed in one turn before the arena is flushed and started afresh. */
	RECORDS_MAX = 8192,
	SEND_DESCRIPTORS_MAX = 8192,
	SEND_BYTES = 4 * 1024 * 1024,
	/* Connections are accepted while a turn has fewer events than this. */
	ACCEPT_EVENTS_MAX = 128,
	/* Beside those: the packets, and for each ready slot one "drained" and one "ended". */
	EVENTS_MAX = ACCEPT_EVENTS_MAX + RECEIVE_SLOTS + 2 * RECEIVE_SLOTS,
	/* Descriptors, buffers or references in flight were missing: try again after this, or when one is closed. */
	RETRY_MS = 20,
	/* How long a count of the free descriptors is trusted. */
	COUNT_MS = 100,
	/* UIO_MAXIOV of the kernel. */
	PARTS_MAX = 1024,
	FRAME_HEADER_BYTES = 8,
	/* Turns that share one scope for their handles. */
	SCOPE_TURNS_MAX = 63,
	/* The longest spin before a wait; the same number stands in limits.ts. */
	SPIN_US_MAX = 100,
};

/* The words of the shared mapping; the same numbers stand in packet-loop.ts. */
enum header_word {
	HEADER_EVENTS,
	HEADER_EVENT_NEXT,
	HEADER_DIRTY,
	HEADER_RECORDS,
	HEADER_DESCRIPTORS,
	HEADER_SEND_END,
	HEADER_EPOCH,
	HEADER_OPEN,
	HEADER_SPINS,
	HEADER_SPINS_PAID,
	HEADER_LOOKS,
	HEADER_WORDS = 16,
};
enum event_word {
	EVENT_KIND,
	EVENT_SLOT,
	EVENT_OFFSET,
	EVENT_LENGTH,
	EVENT_DESCRIPTOR_START,
	EVENT_DESCRIPTORS,
	EVENT_PID,
	EVENT_UID,
	EVENT_GID,
	EVENT_WORDS,
};
enum event_kind { EVENT_PACKET = 1, EVENT_ENDED, EVENT_DRAINED, EVENT_CONNECTION, EVENT_READY };
enum record_word {
	RECORD_OFFSET,
	RECORD_LENGTH,
	RECORD_SHARED_OFFSET,
	RECORD_SHARED_LENGTH,
	RECORD_DESCRIPTOR_START,
	RECORD_DESCRIPTORS,
	RECORD_NEXT,
	RECORD_WORDS = 8,
};
enum slot_word { SLOT_HEAD, SLOT_TAIL, SLOT_QUEUED_BYTES, SLOT_QUEUED_FRAMES, SLOT_WORDS };

struct shared {
	int32_t header[HEADER_WORDS];
	int32_t events[EVENTS_MAX * EVENT_WORDS];
	int32_t received[RECEIVE_SLOTS * PACKET_DESCRIPTORS_MAX];
	int32_t dirty[RECORDS_MAX];
	int32_t records[RECORDS_MAX * RECORD_WORDS];
	int32_t descriptors[SEND_DESCRIPTORS_MAX];
	int32_t slots[SLOTS_MAX * SLOT_WORDS];
};

enum slot_kind { SLOT_FREE, SLOT_SOCKET, SLOT_LISTENER, SLOT_WATCH };
/* Why a slot waits for a retry instead of for epoll. */
enum slot_wait { WAIT_RECEIVE = 1, WAIT_ACCEPT = 2, WAIT_SEND = 4, WAIT_LINGER = 8 };

/* A frame that the kernel did not take, with its descriptors, in the order of sending. */
struct queued {
	struct queued *next;
	uint32_t length;
	uint32_t descriptor_count;
	int *descriptors;
	uint8_t bytes[];
};

struct slot {
	int fd;
	uint32_t generation;
	uint32_t armed; /* What epoll was told; 0 when it does not have the descriptor. */
	int error; /* Reported with the end of the socket. */
	uint8_t kind;
	uint8_t waits;
	uint8_t last_batch; /* Packets of the last receive, to guess the next. */
	uint8_t single_receives; /* Receives that brought one packet, modulo 256. */
	bool is_reading;
	bool is_broken; /* Nothing can be sent any more; what was received before is still to be read. */
	bool has_ended; /* The end was reported to JavaScript, which closes it. */
	bool is_ending; /* end(): only the queue is left. */
	struct queued *first, *last;
	uint64_t linger_until;
	struct slot *wait_next, *wait_previous;
	uint32_t free_next;
};

/* Packets being built from frames: one system call sends them. */
struct outgoing {
	struct mmsghdr messages[RECEIVE_SLOTS];
	uint32_t frames[RECEIVE_SLOTS];
	uint32_t bytes[RECEIVE_SLOTS];
	uint32_t descriptors[RECEIVE_SLOTS];
	struct iovec parts[PARTS_MAX];
	uint32_t message_count;
	uint32_t part_count;
	union {
		char bytes[CMSG_SPACE(sizeof(int) * PACKET_DESCRIPTORS_MAX)];
		struct cmsghdr align;
	} control[RECEIVE_SLOTS];
};

/* Descriptors, credentials, and whatever else a socket option of somebody's brings. */
enum { CONTROL_BYTES = CMSG_SPACE(sizeof(int) * PACKET_DESCRIPTORS_MAX) + CMSG_SPACE(sizeof(struct ucred)) + 256 };

struct incoming {
	struct mmsghdr messages[RECEIVE_SLOTS];
	struct iovec parts[RECEIVE_SLOTS];
	union {
		char bytes[CONTROL_BYTES];
		struct cmsghdr align;
	} control[RECEIVE_SLOTS];
};

/* How long is looked again before a wait, and what it follows from (spin.c). */
struct spin {
	uint32_t max_ns; /* 0: never. */
	uint32_t window_ns; /* 0: not now. */
	uint32_t short_waits; /* While the window is closed, less what long ones have taken back. */
	uint32_t short_waits_wanted; /* So many open it. */
};

struct loop {
	napi_env env;
	uv_loop_t *uv;
	uv_prepare_t prepare;
	uv_idle_t idle;
	int closing_handles;
	napi_async_context context;
	napi_ref dispatch;
	napi_ref buffers; /* Keeps the memory, and stands for the loop in async_hooks. */
	napi_async_cleanup_hook_handle cleanup;
	napi_handle_scope scope; /* Of the turns since the last wait of libuv, or NULL; the next two are valid in it. */
	napi_value resource, dispatch_function;
	uint32_t scope_turns;
	int epoll;
	int timer; /* A timerfd in the epoll, for libuv's timers and the retries. */
	uint64_t timer_at; /* When it will fire, in the milliseconds of uv_now; 0 is never. */
	uint64_t timer_fired; /* When it fired last. */
	struct spin spin;
	bool is_closing;
	bool is_stopped; /* JavaScript cannot be called any more. */
	bool in_turn;
	bool has_reference;
	uint32_t packet_bytes_max;
	uint32_t reserve;

	struct mapping *mappings[3];
	struct shared *shared;
	uint8_t *receive_bytes, *send_bytes;
	struct slot *slots;
	uint32_t slots_used; /* Slots ever used; above are fresh ones. */
	uint32_t free_first, retired_first; /* Numbers + 1; 0 is none. */

	struct slot *waiting;
	uint64_t retry_at; /* In the milliseconds of uv_now; 0 is never. */
	bool descriptors_freed;
	int64_t free_descriptors; /* An estimate, never above what the last count allows. */
	uint64_t count_at;

	uint32_t receive_used; /* Slots of the receive arena used in this turn. */
	uint32_t received_count;
	struct incoming *incoming;
	struct outgoing *outgoing;
};

/* Counts in the header start again at 2^32; one that overflowed would be undefined in C. */
static inline void count_up(int32_t *word)
{
	*word = (int32_t)((uint32_t)*word + 1);
}

static inline uint32_t slot_number(const struct loop *loop, const struct slot *slot)
{
	return (uint32_t)(slot - loop->slots);
}

static inline int32_t *slot_words(const struct loop *loop, const struct slot *slot)
{
	return &loop->shared->slots[slot_number(loop, slot) * SLOT_WORDS];
}

/* What epoll tells of libuv's own descriptor. */
#define LIBUV_EVENT UINT64_MAX
/* And of our timer; no slot has these numbers. */
#define TIMER_EVENT (UINT64_MAX - 1)

/* loop.c */
/* Opens the loop of this environment; returns its buffers, or NULL with an exception. */
napi_value open_loop(napi_env env, uint32_t packet_bytes_max, uint32_t reserve, uint32_t spin_us, napi_value dispatch);
void close_loop(struct loop *loop);
/* The loop of this environment, or NULL. */
struct loop *current_loop(napi_env env);

/* turn.c */
/* The prepare callback: waits, and runs turns until libuv has something to do. */
void wait_and_run(uv_prepare_t *handle);
/* Keeps the process alive while something is open, if that is wanted. */
void update_reference(struct loop *loop);
/* The next event of this turn, zeroed but for kind and slot. NULL when there is no room, which the sizes rule out. */
int32_t *add_event(struct loop *loop, enum event_kind kind, const struct slot *slot);

/* spin.c */
void prepare_spinning(struct spin *spin, uint32_t max_us);
/* Waits for events without a timeout, after looking for some time where that pays. Returns what epoll_wait does. */
int wait_spinning(struct loop *loop, struct epoll_event *events);

/* slots.c: all return 0 or -errno. */
/* Whether the descriptor is what this kind of slot is for; makes a listening socket non-blocking. */
int slot_check(int fd, enum slot_kind kind);
int slot_open(struct loop *loop, enum slot_kind kind, int fd, struct slot **result);
/* Closes (a watch's descriptor stays open), drops what was committed and queued, and frees the slot after the turn. */
void slot_release(struct loop *loop, struct slot *slot);
void recycle_slots(struct loop *loop);
/* Tells epoll what the slot wants now. */
int slot_arm(struct loop *loop, struct slot *slot);
void slot_wait(struct loop *loop, struct slot *slot, enum slot_wait reason);
void slot_stop_waiting(struct loop *loop, struct slot *slot, uint8_t reasons);
/* The slot with this number if it is in use, otherwise NULL. */
struct slot *find_slot(struct loop *loop, uint32_t number);

/* receive.c */
void prepare_receiving(struct loop *loop);
/* Receives at most `share` packets, and reports the end. */
void receive_packets(struct loop *loop, struct slot *slot, uint32_t share);
void accept_connections(struct loop *loop, struct slot *slot);
/* Closes the descriptors of the events that JavaScript did not come to. */
void drop_events(struct loop *loop);

/* send.c */
/* Sends everything committed and starts the arena afresh. */
void flush_all(struct loop *loop);
/* Sends what is committed on one socket. */
void flush_slot(struct loop *loop, struct slot *slot);
/* Sends the queue; the event "drained" is added when it got empty. */
void drain_queue(struct loop *loop, struct slot *slot);
/* Sends the only committed frame of a socket; -errno (ETOOMANYREFS, EPERM, EBADF) leaves its descriptors alone. */
int send_now(struct loop *loop, struct slot *slot);
void drop_records(struct loop *loop, struct slot *slot);
void drop_queue(struct loop *loop, struct slot *slot);

/* limits.c */
/* Descriptors this process may still open; counted anew when the last count is old or `is_exact` is wanted. */
int64_t free_descriptors(struct loop *loop, bool is_exact);
/* Descriptors open in this process, or -errno. */
int64_t count_descriptors(void);

#endif
