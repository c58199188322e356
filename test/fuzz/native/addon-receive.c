/*
 * The addon's way from the kernel to an event: packets with control messages of every kind, received singly and many at once, near
 * the limit of descriptors and far from it. No Node is needed: what receive.c asks of the loop is here. An input is a list of turns:
 *
 *     u8   how many packets the kernel has   0-2, of them; 3 the loop asks for many; 4 there are few descriptors left
 *     for each packet  u8  0-2 how many descriptors (7: 253)   3 credentials   4 a pidfd   5 something of another level
 *                          6 the packet was cut off   7 two messages with descriptors
 *                      u16 length, and bytes
 *
 * Held: no read outside of a packet, each event's descriptors are open and its own, and none is left when they are closed.
 */
#include "loop.h"

#include <errno.h>

#include "harness.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

enum { PACKET_BYTES = 512, QUEUE_MAX = 8 };

static struct input packets;
static unsigned in_kernel;
static int64_t available;

ssize_t fuzz_recvmsg(int socket, struct msghdr *message, int flags);
int fuzz_recvmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout);

/* A control buffer as the kernel fills it: what does not fit is cut off, and its descriptors never come to be. */
struct control {
	struct msghdr *message;
	size_t at, room;
};

static void add_control(struct control *control, int level, int type, const void *data, size_t bytes)
{
	if (control->at + CMSG_LEN(bytes) > control->room) {
		control->message->msg_flags |= MSG_CTRUNC;
		return;
	}
	struct cmsghdr *header = (struct cmsghdr *)(void *)((uint8_t *)control->message->msg_control + control->at);
	header->cmsg_level = level;
	header->cmsg_type = type;
	header->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(header), data, bytes);
	control->at += CMSG_SPACE(bytes);
}

static void add_descriptors(struct control *control, int type, unsigned count)
{
	int descriptors[PACKET_DESCRIPTORS_MAX];
	size_t left = control->room - (control->at < control->room ? control->at : control->room);
	size_t fitting = left < CMSG_LEN(0) ? 0 : (left - CMSG_LEN(0)) / sizeof(int);
	if (count > fitting) {
		control->message->msg_flags |= MSG_CTRUNC;
		count = (unsigned)fitting;
	}
	for (unsigned at = 0; at < count; at++)
		descriptors[at] = new_descriptor();
	if (count > 0)
		add_control(control, SOL_SOCKET, type, descriptors, count * sizeof(int));
}

/* The next packet of the input, into a message as recvmsg has it. */
static ssize_t fill(struct msghdr *message, bool is_peek)
{
	struct input saved = packets;
	uint8_t kinds = take8(&packets);
	size_t length, room = message->msg_iov->iov_len;
	const uint8_t *bytes = take_bytes(&packets, &length);
	struct ucred sender = { .pid = 1, .uid = 2, .gid = 3 };
	struct control control = { .message = message, .room = message->msg_control == NULL ? 0 : message->msg_controllen };
	unsigned count = (kinds & 7) == 7 ? PACKET_DESCRIPTORS_MAX : (kinds & 7);

	message->msg_flags = (kinds & 64) != 0 || length > room ? MSG_TRUNC : 0;
	if (length > room)
		length = room;
	ASAN_UNPOISON_MEMORY_REGION(message->msg_iov->iov_base, room);
	memcpy(message->msg_iov->iov_base, bytes, length);
	show_only(message->msg_iov->iov_base, room, length);
	if (is_peek) {
		packets = saved;
		return (ssize_t)length;
	}
	if (kinds & 8)
		add_control(&control, SOL_SOCKET, SCM_CREDENTIALS, &sender, sizeof(sender));
	if (kinds & 32)
		add_control(&control, IPPROTO_IP, 1, &sender, sizeof(sender));
	if ((kinds & 128) && count > 1) {
		add_descriptors(&control, SCM_RIGHTS, 1);
		count--;
	}
	if (count > 0)
		add_descriptors(&control, SCM_RIGHTS, count);
	if (kinds & 16)
		add_descriptors(&control, SCM_PIDFD, 1);
	message->msg_controllen = control.at;
	return (ssize_t)length;
}

ssize_t fuzz_recvmsg(int socket, struct msghdr *message, int flags)
{
	(void)socket;
	if (in_kernel == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (flags & MSG_PEEK)
		return fill(message, true);
	in_kernel--;
	return fill(message, false);
}

int fuzz_recvmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	unsigned done = 0;
	(void)socket, (void)flags, (void)timeout;
	for (; done < count && in_kernel > 0; done++, in_kernel--)
		messages[done].msg_len = (unsigned)fill(&messages[done].msg_hdr, false);
	if (done == 0)
		errno = EAGAIN;
	return done == 0 ? -1 : (int)done;
}

#define recvmsg fuzz_recvmsg
#define recvmmsg fuzz_recvmmsg
#include "receive.c"

/* --- the loop --- */

int32_t *add_event(struct loop *loop, enum event_kind kind, const struct slot *slot)
{
	int32_t index = loop->shared->header[HEADER_EVENTS]++;
	int32_t *event = &loop->shared->events[index * EVENT_WORDS];
	must(index < EVENTS_MAX);
	memset(event, 0, EVENT_WORDS * sizeof(*event));
	event[EVENT_KIND] = kind;
	event[EVENT_SLOT] = (int32_t)slot_number(loop, slot);
	return event;
}

int64_t free_descriptors(struct loop *loop, bool is_exact)
{
	(void)is_exact;
	return loop->free_descriptors = available;
}

void slot_wait(struct loop *loop, struct slot *slot, enum slot_wait reason)
{
	(void)loop;
	slot->waits |= reason;
}

void slot_stop_waiting(struct loop *loop, struct slot *slot, uint8_t reasons)
{
	(void)loop;
	slot->waits &= (uint8_t)~reasons;
}

int slot_arm(struct loop *loop, struct slot *slot)
{
	(void)loop, (void)slot;
	return 0;
}

void drop_queue(struct loop *loop, struct slot *slot)
{
	(void)loop, (void)slot;
}

/* --- a case --- */

static struct loop *make_loop(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	must(loop != NULL);
	loop->packet_bytes_max = PACKET_BYTES;
	loop->reserve = 4;
	loop->shared = calloc(1, sizeof(struct shared));
	loop->receive_bytes = malloc((size_t)RECEIVE_SLOTS * PACKET_BYTES);
	loop->incoming = calloc(1, sizeof(*loop->incoming));
	loop->slots = calloc(2, sizeof(struct slot));
	must(loop->shared != NULL && loop->receive_bytes != NULL && loop->incoming != NULL && loop->slots != NULL);
	prepare_receiving(loop);
	return loop;
}

/* As JavaScript would look at them: each event's descriptors are open, in order, and nobody else's. */
static void check_events(struct loop *loop)
{
	int32_t next = 0;
	for (int32_t i = 0; i < loop->shared->header[HEADER_EVENTS]; i++) {
		const int32_t *event = &loop->shared->events[i * EVENT_WORDS];
		if (event[EVENT_KIND] != EVENT_PACKET)
			continue;
		must(event[EVENT_LENGTH] > 0 && event[EVENT_LENGTH] <= PACKET_BYTES);
		must(event[EVENT_OFFSET] >= 0 && event[EVENT_OFFSET] % PACKET_BYTES == 0);
		must(event[EVENT_DESCRIPTOR_START] == next);
		next += event[EVENT_DESCRIPTORS];
		for (int32_t at = event[EVENT_DESCRIPTOR_START]; at < next; at++)
			must(fcntl(loop->shared->received[at], F_GETFD) >= 0);
	}
	must((uint32_t)next == loop->received_count);
}

static void fuzz_one(struct input input)
{
	static struct loop *loop;
	if (loop == NULL)
		loop = make_loop();
	long before = open_descriptors();
	struct slot *slot = &loop->slots[1];
	*slot = (struct slot){ .fd = -1, .kind = SLOT_SOCKET };
	packets = input;
	while (packets.left > 0 && !slot->has_ended) {
		uint8_t turn = take8(&packets);
		in_kernel = turn & 7;
		slot->last_batch = (turn & 8) != 0 ? 2 : 1;
		available = (turn & 16) != 0 ? (turn >> 5) : 100000;
		loop->receive_used = loop->received_count = 0;
		loop->shared->header[HEADER_EVENTS] = loop->shared->header[HEADER_EVENT_NEXT] = 0;
		for (unsigned round = 0; round < 3 && in_kernel > 0; round++)
			receive_packets(loop, slot, RECEIVE_SLOTS);
		check_events(loop);
		drop_events(loop);
	}
	ASAN_UNPOISON_MEMORY_REGION(loop->receive_bytes, (size_t)RECEIVE_SLOTS * PACKET_BYTES);
	must(open_descriptors() == before);
}
