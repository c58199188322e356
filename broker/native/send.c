/*
 * Sending: frames of one socket that were committed in one turn share packets, and one system call sends them.
 *
 * What the kernel does not take is copied to the socket's queue and sent, in order, when it is writable. While there is
 * a queue everything goes through it. A frame's descriptors are closed when the kernel has them, or when they are
 * dropped with their socket.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A frame on its way: at most two parts (commitShared), and its descriptors. */
struct frame {
	const uint8_t *parts[2];
	uint32_t lengths[2];
	const int *descriptors;
	uint32_t descriptor_count;
};

static int32_t *record_words(struct loop *loop, int32_t number)
{
	return &loop->shared->records[number * RECORD_WORDS];
}

static bool is_inside(int32_t offset, int32_t length, int64_t size)
{
	return offset >= 0 && length >= 0 && (int64_t)offset + length <= size;
}

/* A committed record. Bounds are checked although our own TypeScript wrote it: an error there must not become one
 * here. */
static bool get_record(struct loop *loop, int32_t number, struct frame *frame)
{
	const int32_t *words = record_words(loop, number);
	int32_t count = words[RECORD_DESCRIPTORS];

	if (!is_inside(words[RECORD_OFFSET], words[RECORD_LENGTH], SEND_BYTES) ||
	    !is_inside(words[RECORD_SHARED_OFFSET], words[RECORD_SHARED_LENGTH], SEND_BYTES) ||
	    !is_inside(words[RECORD_DESCRIPTOR_START], count, SEND_DESCRIPTORS_MAX) || count > PACKET_DESCRIPTORS_MAX ||
	    (int64_t)words[RECORD_LENGTH] + words[RECORD_SHARED_LENGTH] > loop->packet_bytes_max)
		return false;
	frame->parts[0] = loop->send_bytes + words[RECORD_OFFSET];
	frame->lengths[0] = (uint32_t)words[RECORD_LENGTH];
	frame->parts[1] = loop->send_bytes + words[RECORD_SHARED_OFFSET];
	frame->lengths[1] = (uint32_t)words[RECORD_SHARED_LENGTH];
	frame->descriptors = loop->shared->descriptors + words[RECORD_DESCRIPTOR_START];
	frame->descriptor_count = (uint32_t)count;
	return true;
}

static void get_queued(const struct queued *queued, struct frame *frame)
{
	frame->parts[0] = queued->bytes;
	frame->lengths[0] = queued->length;
	frame->lengths[1] = 0;
	frame->descriptors = queued->descriptors;
	frame->descriptor_count = queued->descriptor_count;
}

static void close_descriptors(struct loop *loop, const int *descriptors, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		close(descriptors[i]);
	if (count > 0)
		loop->descriptors_freed = true;
}

static void close_record(struct loop *loop, int32_t number)
{
	struct frame frame;

	if (get_record(loop, number, &frame))
		close_descriptors(loop, frame.descriptors, frame.descriptor_count);
}

void drop_records(struct loop *loop, struct slot *slot)
{
	int32_t *words = slot_words(loop, slot);

	for (int32_t number = words[SLOT_HEAD]; number != 0; number = record_words(loop, number)[RECORD_NEXT])
		close_record(loop, number);
	words[SLOT_HEAD] = words[SLOT_TAIL] = 0;
}

static void pop_queued(struct loop *loop, struct slot *slot)
{
	struct queued *queued = slot->first;
	int32_t *words = slot_words(loop, slot);

	slot->first = queued->next;
	if (slot->first == NULL)
		slot->last = NULL;
	words[SLOT_QUEUED_BYTES] -= (int32_t)queued->length;
	words[SLOT_QUEUED_FRAMES]--;
	close_descriptors(loop, queued->descriptors, queued->descriptor_count);
	free(queued);
}

void drop_queue(struct loop *loop, struct slot *slot)
{
	while (slot->first != NULL)
		pop_queued(loop, slot);
}

/* Nothing more can be sent. Shutting down makes the receiving side come to its end too, after what is still there. */
static void break_socket(struct loop *loop, struct slot *slot, int error)
{
	if (error != EPIPE && slot->error == 0)
		slot->error = error;
	slot->is_broken = true;
	drop_queue(loop, slot);
	shutdown(slot->fd, SHUT_RDWR);
}

static int enqueue(struct slot *slot, int32_t *words, const struct frame *frame)
{
	uint32_t length = frame->lengths[0] + frame->lengths[1];
	size_t descriptor_bytes = frame->descriptor_count * sizeof(int);
	/* The descriptors stand behind the bytes, aligned: frames are multiples of 8, but the sum decides. */
	size_t padded = ((size_t)length + 7) & ~(size_t)7;
	struct queued *queued = malloc(sizeof(*queued) + padded + descriptor_bytes);

	if (queued == NULL)
		return -ENOMEM;
	queued->next = NULL;
	queued->length = length;
	queued->descriptor_count = frame->descriptor_count;
	queued->descriptors = (int *)(void *)(queued->bytes + padded);
	memcpy(queued->bytes, frame->parts[0], frame->lengths[0]);
	if (frame->lengths[1] > 0)
		memcpy(queued->bytes + frame->lengths[0], frame->parts[1], frame->lengths[1]);
	if (descriptor_bytes > 0)
		memcpy(queued->descriptors, frame->descriptors, descriptor_bytes);
	if (slot->last != NULL)
		slot->last->next = queued;
	else
		slot->first = queued;
	slot->last = queued;
	words[SLOT_QUEUED_BYTES] += (int32_t)length;
	words[SLOT_QUEUED_FRAMES]++;
	return 0;
}

/* Queues the records from `number` on. Without memory for it the socket has failed: a gap would be worse. */
static void enqueue_records(struct loop *loop, struct slot *slot, int32_t number)
{
	for (; number != 0; number = record_words(loop, number)[RECORD_NEXT]) {
		struct frame frame;

		if (!get_record(loop, number, &frame))
			continue;
		if (slot->is_broken)
			close_descriptors(loop, frame.descriptors, frame.descriptor_count);
		else if (enqueue(slot, slot_words(loop, slot), &frame) < 0) {
			close_descriptors(loop, frame.descriptors, frame.descriptor_count);
			break_socket(loop, slot, ENOMEM);
		}
	}
}

static void start_message(struct outgoing *out)
{
	struct msghdr *message = &out->messages[out->message_count].msg_hdr;

	memset(message, 0, sizeof(*message));
	message->msg_iov = &out->parts[out->part_count];
	out->frames[out->message_count] = 0;
	out->bytes[out->message_count] = 0;
	out->descriptors[out->message_count] = 0;
	out->message_count++;
}

static void add_part(struct outgoing *out, struct msghdr *message, const uint8_t *bytes, uint32_t length)
{
	struct iovec *last = message->msg_iovlen > 0 ? &message->msg_iov[message->msg_iovlen - 1] : NULL;

	if (length == 0)
		return;
	/* Frames committed one after the other lie one after the other: one part serves them. */
	if (last != NULL && (uint8_t *)last->iov_base + last->iov_len == bytes) {
		last->iov_len += length;
		return;
	}
	out->parts[out->part_count].iov_base = (void *)(uintptr_t)bytes;
	out->parts[out->part_count].iov_len = length;
	out->part_count++;
	message->msg_iovlen++;
}

/* Adds a frame to the packets that are being built; false when they are full. A frame is never split (sockets S9). */
static bool add_frame(struct loop *loop, const struct frame *frame)
{
	struct outgoing *out = loop->outgoing;
	uint32_t length = frame->lengths[0] + frame->lengths[1];
	uint32_t index;
	struct msghdr *message;
	struct cmsghdr *control;

	if (out->part_count + 2 > PARTS_MAX)
		return false;
	index = out->message_count - 1;
	if (out->message_count == 0 || out->bytes[index] + length > loop->packet_bytes_max ||
	    out->descriptors[index] + frame->descriptor_count > PACKET_DESCRIPTORS_MAX) {
		if (out->message_count == RECEIVE_SLOTS)
			return false;
		start_message(out);
		index = out->message_count - 1;
	}
	message = &out->messages[index].msg_hdr;
	add_part(out, message, frame->parts[0], frame->lengths[0]);
	add_part(out, message, frame->parts[1], frame->lengths[1]);
	out->bytes[index] += length;
	out->frames[index]++;
	if (frame->descriptor_count == 0)
		return true;
	control = &out->control[index].align;
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(control) + out->descriptors[index] * sizeof(int), frame->descriptors,
	       frame->descriptor_count * sizeof(int));
	out->descriptors[index] += frame->descriptor_count;
	control->cmsg_len = CMSG_LEN(out->descriptors[index] * sizeof(int));
	message->msg_control = out->control[index].bytes;
	message->msg_controllen = CMSG_SPACE(out->descriptors[index] * sizeof(int));
	return true;
}

static int send_messages(struct outgoing *out, int fd, uint32_t first)
{
	const struct msghdr *message = &out->messages[first].msg_hdr;
	const int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (out->message_count - first > 1)
		return sendmmsg(fd, &out->messages[first], out->message_count - first, flags);
	if (message->msg_iovlen == 1 && message->msg_controllen == 0)
		return send(fd, message->msg_iov->iov_base, message->msg_iov->iov_len, flags) < 0 ? -1 : 1;
	return sendmsg(fd, message, flags) < 0 ? -1 : 1;
}

/* Sends the packets that were built. Returns 0 or -errno, and in `frames` how many frames the kernel has. */
static int send_built(struct loop *loop, struct slot *slot, uint32_t *frames)
{
	struct outgoing *out = loop->outgoing;
	uint32_t sent = 0;
	int result = 0;

	*frames = 0;
	while (sent < out->message_count) {
		result = send_messages(out, slot->fd, sent);
		if (result < 0 && errno == EINTR)
			continue;
		if (result < 0)
			break;
		for (uint32_t i = 0; i < (uint32_t)result; i++)
			*frames += out->frames[sent + i];
		sent += (uint32_t)result;
	}
	result = result < 0 ? -errno : 0;
	out->message_count = out->part_count = 0;
	return result;
}

/* What follows from a refused packet: the queue waits for epoll or for a retry, or the socket has failed. */
static void take_refusal(struct loop *loop, struct slot *slot, int error)
{
	switch (error) {
	case EAGAIN:
		break;
	case ETOOMANYREFS:
	case ENOBUFS:
	case ENOMEM:
		/* The socket is writable all the time, so epoll would only spin (sockets S11). */
		slot_wait(loop, slot, WAIT_SEND);
		break;
	default:
		break_socket(loop, slot, error);
	}
}

/* Builds packets from the records from `number` on, until they are full. */
static int build_from_records(struct loop *loop, int32_t number)
{
	for (; number != 0; number = record_words(loop, number)[RECORD_NEXT]) {
		struct frame frame = { .descriptor_count = 0 };

		if (!get_record(loop, number, &frame))
			return -EINVAL;
		if (!add_frame(loop, &frame))
			break;
	}
	return 0;
}

/* Sends records from the head on; returns the first one that was not sent, or 0, and the refusal in `error`. */
static int32_t send_records(struct loop *loop, struct slot *slot, int32_t number, int *error)
{
	*error = 0;
	while (number != 0 && *error == 0) {
		int built = build_from_records(loop, number);
		uint32_t frames;

		*error = -send_built(loop, slot, &frames);
		if (*error == 0)
			*error = -built;
		for (; frames > 0; frames--) {
			close_record(loop, number);
			number = record_words(loop, number)[RECORD_NEXT];
		}
	}
	return number;
}

void flush_slot(struct loop *loop, struct slot *slot)
{
	int32_t *words = slot_words(loop, slot);
	int32_t number = words[SLOT_HEAD];
	int error = 0;

	if (number == 0)
		return;
	if (slot->is_broken || slot->has_ended) {
		drop_records(loop, slot);
		return;
	}
	words[SLOT_HEAD] = words[SLOT_TAIL] = 0;
	if (slot->first == NULL)
		number = send_records(loop, slot, number, &error);
	if (number == 0)
		return;
	if (error != 0)
		take_refusal(loop, slot, error);
	enqueue_records(loop, slot, number);
	slot_arm(loop, slot);
}

int send_now(struct loop *loop, struct slot *slot)
{
	int32_t *words = slot_words(loop, slot);
	int32_t number = words[SLOT_HEAD];
	int error = 0;

	if (number == 0 || record_words(loop, number)[RECORD_NEXT] != 0)
		return -EINVAL;
	if (slot->is_broken || slot->has_ended || slot->first != NULL) {
		flush_slot(loop, slot);
		return 0;
	}
	words[SLOT_HEAD] = words[SLOT_TAIL] = 0;
	if (send_records(loop, slot, number, &error) == 0)
		return 0;
	if (error == ETOOMANYREFS || error == EPERM || error == EBADF)
		return -error;
	take_refusal(loop, slot, error);
	enqueue_records(loop, slot, number);
	slot_arm(loop, slot);
	return 0;
}

void drain_queue(struct loop *loop, struct slot *slot)
{
	int error = 0;

	while (slot->first != NULL && error == 0) {
		uint32_t frames;

		for (struct queued *queued = slot->first; queued != NULL; queued = queued->next) {
			struct frame frame;

			get_queued(queued, &frame);
			if (!add_frame(loop, &frame))
				break;
		}
		error = -send_built(loop, slot, &frames);
		while (frames-- > 0)
			pop_queued(loop, slot);
	}
	if (error != 0)
		take_refusal(loop, slot, error);
	else if (!slot->is_ending)
		add_event(loop, EVENT_DRAINED, slot);
	slot_arm(loop, slot);
}

void flush_all(struct loop *loop)
{
	int32_t *header = loop->shared->header;

	if (header[HEADER_SEND_END] == 0)
		return;
	for (int32_t i = 0; i < header[HEADER_DIRTY]; i++) {
		struct slot *slot = find_slot(loop, (uint32_t)loop->shared->dirty[i]);

		if (slot != NULL)
			flush_slot(loop, slot);
	}
	header[HEADER_DIRTY] = header[HEADER_RECORDS] = header[HEADER_DESCRIPTORS] = header[HEADER_SEND_END] = 0;
	count_up(&header[HEADER_EPOCH]);
}
