/*
 * One connection to the broker: packets in, frames out, no queue.
 *
 * In: a packet is taken from the kernel whole, checked whole, and handed out frame by frame; the next is taken when all its
 * frames were. Out: one frame at a time. An answer that the kernel does not take now stays in `answer`, and until it is gone
 * no further request is read; that is the whole back-pressure. Events that can wait where they are (exits, signals) are only
 * tried (`channel_try`).
 *
 * Descriptors that came with a packet belong to the channel until channel_take hands them out; those given to channel_answer
 * are closed when the kernel has them, or with the connection.
 */
#ifndef CAPSTAN_INIT_CHANNEL_H
#define CAPSTAN_INIT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

struct channel {
	int socket; /* below 0: closed */
	bool is_blocked;      /* the kernel refused a frame; wait until it is writable */
	bool is_starved;      /* … for want of memory or of descriptors in flight: writable says nothing, try again later */
	bool is_mute;         /* the broker is dead: answers go nowhere, what it sent is still read */
	size_t packet_bytes;  /* of the packet in `packet` */
	size_t packet_at;     /* where its next frame starts */
	unsigned taken;       /* descriptors of the packet that were handed out or closed */
	unsigned descriptor_count;
	size_t answer_bytes; /* 0: none waits */
	int answer_descriptor;
	int descriptors[DESCRIPTORS_MAX];
	uint8_t packet[PACKET_BYTES_MAX] __attribute__((aligned(8)));
	uint8_t answer[ANSWER_BYTES_MAX] __attribute__((aligned(8)));
};

/* A frame that came in. */
struct frame {
	uint8_t kind;
	unsigned descriptors;
	const uint8_t *body;
	size_t body_bytes;
};

/* Takes the socket, which must not block. */
void channel_open(struct channel *channel, int socket);
/* Closes it, with everything that waits in it. Idempotent. */
void channel_close(struct channel *channel);

/* The next frame: 1; 0 if none is there; -EPIPE at the end; -EPROTO for a packet that is not made of frames. */
int channel_next(struct channel *channel, struct frame *frame);
/* Whether frames of a packet wait that the kernel will not announce again. */
bool channel_has_frames(const struct channel *channel);
/* The next descriptor of the current frame, the caller's from now on. */
int channel_take(struct channel *channel);
/* Closes those that the current frame still has. */
void channel_drop(struct channel *channel, const struct frame *frame, unsigned used);

/* Starts a frame in `answer`, all zeros; the body. */
uint8_t *channel_begin(struct channel *channel, uint8_t kind, size_t body_bytes);
/* Sends what was begun, now or when it can be; takes the descriptor (below 0: none). */
void channel_answer(struct channel *channel, int descriptor);
/* Sends what was begun, or drops it: whether it was sent. */
bool channel_try(struct channel *channel);
/* Sends a waiting answer; whether none waits any more. */
bool channel_flush(struct channel *channel);

#endif
