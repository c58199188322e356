/*
 * Receiving packets and connections.
 *
 * Descriptors must never be lost (sockets S10): a receive asks for no more packets than could bring their 253
 * descriptors each. Where not even one could, the packet is looked at first (MSG_PEEK, which installs nothing), its
 * frames' headers say how many descriptors it has, and it stays in the kernel until there is room.
 */
#include "loop.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Linux 6.5; sent only where somebody set SO_PASSPIDFD on a socket that became ours. */
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

void prepare_receiving(struct loop *loop)
{
	for (uint32_t i = 0; i < RECEIVE_SLOTS; i++) {
		struct msghdr *message = &loop->incoming->messages[i].msg_hdr;

		loop->incoming->parts[i].iov_base = loop->receive_bytes + (size_t)i * loop->packet_bytes_max;
		loop->incoming->parts[i].iov_len = loop->packet_bytes_max;
		message->msg_iov = &loop->incoming->parts[i];
		message->msg_iovlen = 1;
		message->msg_control = loop->incoming->control[i].bytes;
	}
}

static void close_all(const int32_t *descriptors, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		close(descriptors[i]);
}

/* Moves the descriptors of one control message to the shared words. All that does not fit is closed. */
static void take_descriptors(struct loop *loop, int32_t *event, const struct cmsghdr *control)
{
	uint32_t count = (uint32_t)((control->cmsg_len - CMSG_LEN(0)) / sizeof(int));

	for (uint32_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
		if (control->cmsg_type == SCM_RIGHTS &&
		    loop->received_count < RECEIVE_SLOTS * PACKET_DESCRIPTORS_MAX) {
			loop->shared->received[loop->received_count++] = fd;
			event[EVENT_DESCRIPTORS]++;
		} else {
			close(fd);
		}
	}
	loop->free_descriptors -= count;
}

static void take_control(struct loop *loop, int32_t *event, struct msghdr *message)
{
	event[EVENT_DESCRIPTOR_START] = (int32_t)loop->received_count;
	event[EVENT_UID] = event[EVENT_GID] = -1;
	if (message->msg_controllen == 0)
		return;
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL; control = CMSG_NXTHDR(message, control)) {
		if (control->cmsg_level != SOL_SOCKET)
			continue;
		if (control->cmsg_type == SCM_RIGHTS || control->cmsg_type == SCM_PIDFD) {
			take_descriptors(loop, event, control);
		} else if (control->cmsg_type == SCM_CREDENTIALS && control->cmsg_len >= CMSG_LEN(sizeof(struct ucred))) {
			struct ucred sender;

			memcpy(&sender, CMSG_DATA(control), sizeof(sender));
			event[EVENT_PID] = sender.pid;
			event[EVENT_UID] = (int32_t)sender.uid;
			event[EVENT_GID] = (int32_t)sender.gid;
		}
	}
}

/* The end of a socket. Its descriptor stays open until JavaScript has seen the event, so that its number is not
 * somebody else's meanwhile. */
static void report_end(struct loop *loop, struct slot *slot, int error)
{
	int32_t *event = add_event(loop, EVENT_ENDED, slot);

	slot->has_ended = true;
	drop_queue(loop, slot);
	slot_stop_waiting(loop, slot, slot->waits);
	slot_arm(loop, slot);
	if (event != NULL)
		event[EVENT_LENGTH] = error;
}

/* One received packet becomes an event, or the end of its socket. */
static void take_packet(struct loop *loop, struct slot *slot, uint32_t index)
{
	struct mmsghdr *message = &loop->incoming->messages[index];
	int32_t scratch[EVENT_WORDS] = { 0 };
	int32_t *event;
	int error = 0;

	/* Read first, whatever becomes of the packet: its descriptors are open already. */
	take_control(loop, scratch, &message->msg_hdr);
	if (message->msg_hdr.msg_flags & MSG_TRUNC)
		error = EMSGSIZE;
	else if (message->msg_hdr.msg_flags & MSG_CTRUNC)
		error = EPROTO;
	if (error != 0 || message->msg_len == 0) {
		close_all(&loop->shared->received[scratch[EVENT_DESCRIPTOR_START]], (uint32_t)scratch[EVENT_DESCRIPTORS]);
		loop->received_count = (uint32_t)scratch[EVENT_DESCRIPTOR_START];
		report_end(loop, slot, error != 0 ? error : slot->error);
		return;
	}
	event = add_event(loop, EVENT_PACKET, slot);
	memcpy(event + EVENT_LENGTH, scratch + EVENT_LENGTH, sizeof(scratch) - EVENT_LENGTH * sizeof(int32_t));
	event[EVENT_OFFSET] = (int32_t)(index * loop->packet_bytes_max);
	event[EVENT_LENGTH] = (int32_t)message->msg_len;
}

/* A packet behind the end of its socket: nobody will see it, but its descriptors are open. */
static void drop_packet(struct loop *loop, uint32_t index)
{
	int32_t scratch[EVENT_WORDS] = { 0 };
	uint32_t start = loop->received_count;

	take_control(loop, scratch, &loop->incoming->messages[index].msg_hdr);
	close_all(&loop->shared->received[start], (uint32_t)scratch[EVENT_DESCRIPTORS]);
	loop->received_count = start;
}

/* How many descriptors the frames of a packet declare; what is no sequence of frames has none that we want. */
static uint32_t declared_descriptors(const uint8_t *bytes, size_t length)
{
	uint32_t count = 0;

	for (size_t at = 0; at + FRAME_HEADER_BYTES <= length;) {
		uint32_t frame;

		memcpy(&frame, bytes + at, sizeof(frame));
		frame = le32toh(frame);
		if (frame < FRAME_HEADER_BYTES || frame > length - at)
			break;
		count += bytes[at + 6];
		at += frame;
	}
	return count < PACKET_DESCRIPTORS_MAX ? count : PACKET_DESCRIPTORS_MAX;
}

/* Near the limit: room for control bytes of the next packet that can be received without losing a descriptor, or 0
 * when it has to wait. */
static size_t control_bytes_of_next(struct loop *loop, struct slot *slot, uint32_t index)
{
	struct mmsghdr *message = &loop->incoming->messages[index];
	struct msghdr look = { .msg_iov = message->msg_hdr.msg_iov, .msg_iovlen = 1 };
	ssize_t length = recvmsg(slot->fd, &look, MSG_PEEK | MSG_DONTWAIT);
	uint32_t count = length > 0 ? declared_descriptors(look.msg_iov->iov_base, (size_t)length) : 0;

	/* An empty queue, the end and errors are left to the receive itself. What carries nothing needs no room. */
	if (count > 0 && free_descriptors(loop, true) < (int64_t)(count + loop->reserve))
		return 0;
	return CMSG_SPACE(sizeof(int) * count) + CMSG_SPACE(sizeof(struct ucred));
}

/* Packets that may be received without losing a descriptor; 0 is "look first". The exact count is taken only where it
 * decides that. */
static uint32_t affordable(struct loop *loop, uint32_t wanted)
{
	int64_t rest = free_descriptors(loop, false) - (int64_t)loop->reserve;

	if (rest < PACKET_DESCRIPTORS_MAX)
		rest = free_descriptors(loop, true) - (int64_t)loop->reserve;
	if (rest < PACKET_DESCRIPTORS_MAX)
		return 0;
	rest /= PACKET_DESCRIPTORS_MAX;
	return rest < wanted ? (uint32_t)rest : wanted;
}

static int receive(struct loop *loop, struct slot *slot, uint32_t first, uint32_t count)
{
	struct mmsghdr *messages = &loop->incoming->messages[first];
	bool was_reset = false;

	for (;;) {
		int result;

		if (count == 1) {
			ssize_t length = recvmsg(slot->fd, &messages[0].msg_hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

			messages[0].msg_len = (unsigned int)length;
			result = length < 0 ? -1 : 1;
		} else {
			result = recvmmsg(slot->fd, messages, count, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
		}
		if (result >= 0)
			return result;
		/* The other side closed with unread data of ours. What it sent before is still there: read on (C3). */
		if (errno == ECONNRESET && !was_reset)
			was_reset = true, slot->error = ECONNRESET;
		else if (errno != EINTR)
			return -errno;
	}
}

/* A second packet that is not there costs as much as a tenth of a round trip, so after a single one it is looked for
 * only once in SINGLE_RECEIVES; where there was more than one, many are asked for. */
static uint32_t guess_packets(struct slot *slot)
{
	if (slot->last_batch > 1)
		return RECEIVE_SLOTS;
	return ++slot->single_receives % SINGLE_RECEIVES == 0 ? 2 : 1;
}

void receive_packets(struct loop *loop, struct slot *slot, uint32_t share)
{
	uint32_t first = loop->receive_used;
	uint32_t wanted = guess_packets(slot);
	size_t control_bytes = CONTROL_BYTES;
	uint32_t count;
	int result;

	if (wanted > share)
		wanted = share;
	if (wanted > RECEIVE_SLOTS - first)
		wanted = RECEIVE_SLOTS - first;
	if (wanted == 0 || slot->has_ended)
		return;
	count = affordable(loop, wanted);
	if (count == 0) {
		count = 1;
		control_bytes = control_bytes_of_next(loop, slot, first);
		if (control_bytes == 0) {
			slot_wait(loop, slot, WAIT_RECEIVE);
			slot_arm(loop, slot);
			return;
		}
	}
	for (uint32_t i = first; i < first + count; i++) {
		loop->incoming->messages[i].msg_hdr.msg_controllen = control_bytes;
		loop->incoming->messages[i].msg_hdr.msg_flags = 0;
	}
	result = receive(loop, slot, first, count);
	if (result < 0) {
		if (result != -EAGAIN)
			report_end(loop, slot, -result);
		return;
	}
	slot->last_batch = (uint8_t)result;
	for (uint32_t i = first; i < first + (uint32_t)result; i++) {
		loop->receive_used = i + 1;
		if (slot->has_ended)
			drop_packet(loop, i);
		else
			take_packet(loop, slot, i);
	}
}

/* A condition that passes when descriptors or memory are free again; the clients wait in the backlog. */
static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void accept_connections(struct loop *loop, struct slot *slot)
{
	while (loop->shared->header[HEADER_EVENTS] < ACCEPT_EVENTS_MAX) {
		struct ucred peer = { .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
		socklen_t length = sizeof(peer);
		int32_t *event;
		int fd;

		errno = EMFILE;
		fd = free_descriptors(loop, false) <= (int64_t)loop->reserve &&
				     free_descriptors(loop, true) <= (int64_t)loop->reserve ?
			     -1 :
			     accept4(slot->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && is_shortage(errno)) {
			slot_wait(loop, slot, WAIT_ACCEPT);
			slot_arm(loop, slot);
			return;
		}
		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return;
		if (fd < 0)
			continue;
		loop->free_descriptors--;
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
		event = add_event(loop, EVENT_CONNECTION, slot);
		event[EVENT_LENGTH] = fd;
		event[EVENT_PID] = peer.pid;
		event[EVENT_UID] = (int32_t)peer.uid;
		event[EVENT_GID] = (int32_t)peer.gid;
	}
}

void drop_events(struct loop *loop)
{
	const int32_t *header = loop->shared->header;

	for (int32_t i = header[HEADER_EVENT_NEXT]; i < header[HEADER_EVENTS]; i++) {
		const int32_t *event = &loop->shared->events[i * EVENT_WORDS];

		if (event[EVENT_KIND] == EVENT_PACKET)
			close_all(&loop->shared->received[event[EVENT_DESCRIPTOR_START]],
				  (uint32_t)event[EVENT_DESCRIPTORS]);
		else if (event[EVENT_KIND] == EVENT_CONNECTION)
			close(event[EVENT_LENGTH]);
	}
}
