/* Packets in, frames out: see channel.h. */
#include "channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void channel_open(struct channel *channel, int socket)
{
	channel->socket = socket;
	channel->is_blocked = false;
	channel->is_starved = false;
	channel->is_mute = false;
	channel->packet_bytes = 0;
	channel->packet_at = 0;
	channel->taken = 0;
	channel->descriptor_count = 0;
	channel->answer_bytes = 0;
	channel->answer_descriptor = -1;
}

static void drop_packet(struct channel *channel)
{
	while (channel->taken < channel->descriptor_count)
		close(channel->descriptors[channel->taken++]);
	channel->packet_bytes = 0;
	channel->packet_at = 0;
}

static void drop_answer(struct channel *channel)
{
	if (channel->answer_descriptor >= 0)
		close(channel->answer_descriptor);
	channel->answer_descriptor = -1;
	channel->answer_bytes = 0;
}

void channel_close(struct channel *channel)
{
	if (channel->socket < 0)
		return;
	drop_packet(channel);
	drop_answer(channel);
	close(channel->socket);
	channel->socket = -1;
}

static void take_descriptors(struct channel *channel, struct msghdr *message)
{
	channel->taken = 0;
	channel->descriptor_count = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		unsigned count = (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(channel->descriptors, CMSG_DATA(part), count * sizeof(int));
		channel->descriptor_count = count;
	}
}

/* Whether the packet is made of whole frames and has the descriptors that they declare. */
static bool is_whole(const struct channel *channel)
{
	unsigned descriptors = 0;
	size_t at = 0;
	while (at + HEADER_BYTES <= channel->packet_bytes) {
		const uint8_t *header = channel->packet + at;
		uint32_t length = get32(header);
		if (length < HEADER_BYTES || length > FRAME_BYTES_MAX || length % 8 != 0 || length > channel->packet_bytes - at)
			return false;
		if (header[7] > 7 || header[7] > length - HEADER_BYTES)
			return false;
		descriptors += header[6];
		at += length;
	}
	return at == channel->packet_bytes && descriptors == channel->descriptor_count;
}

/* 1 if there is a packet now, 0 if not, or as channel_next. */
static int receive(struct channel *channel)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = channel->packet, .iov_len = sizeof channel->packet};
	struct msghdr message;
	ssize_t count;
	do {
		message = (struct msghdr){
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes,
		};
		count = recvmsg(channel->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		/* A broker that died with unread answers leaves this error once, in front of what it had sent. */
	} while (count < 0 && (errno == EINTR || errno == ECONNRESET));
	if (count < 0)
		return errno == EAGAIN ? 0 : -EPIPE;
	take_descriptors(channel, &message);
	if (count == 0) {
		/* The end, or an empty packet, which looks like it and yet may bring descriptors. */
		drop_packet(channel);
		return -EPIPE;
	}
	channel->packet_bytes = (size_t)count;
	channel->packet_at = 0;
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !is_whole(channel)) {
		drop_packet(channel);
		return -EPROTO;
	}
	return 1;
}

int channel_next(struct channel *channel, struct frame *frame)
{
	if (channel->socket < 0)
		return -EPIPE;
	if (!channel_has_frames(channel)) {
		int result = receive(channel);
		if (result <= 0)
			return result;
	}
	const uint8_t *header = channel->packet + channel->packet_at;
	uint32_t length = get32(header);
	frame->kind = header[4];
	frame->descriptors = header[6];
	frame->body = header + HEADER_BYTES;
	frame->body_bytes = length - HEADER_BYTES - header[7];
	channel->packet_at += length;
	return 1;
}

bool channel_has_frames(const struct channel *channel)
{
	return channel->packet_at < channel->packet_bytes;
}

int channel_take(struct channel *channel)
{
	return channel->descriptors[channel->taken++];
}

void channel_drop(struct channel *channel, const struct frame *frame, unsigned used)
{
	for (unsigned count = used; count < frame->descriptors; count += 1)
		close(channel_take(channel));
}

uint8_t *channel_begin(struct channel *channel, uint8_t kind, size_t body_bytes)
{
	size_t length = (HEADER_BYTES + body_bytes + 7) & ~(size_t)7;
	memset(channel->answer, 0, length);
	put32(channel->answer, (uint32_t)length);
	channel->answer[4] = kind;
	channel->answer[7] = (uint8_t)(length - HEADER_BYTES - body_bytes);
	channel->answer_bytes = length;
	return channel->answer + HEADER_BYTES;
}

bool channel_flush(struct channel *channel)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	if (channel->answer_bytes == 0 || channel->socket < 0)
		return true;
	if (channel->is_mute) {
		drop_answer(channel);
		return true;
	}
	struct iovec part = {.iov_base = channel->answer, .iov_len = channel->answer_bytes};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	if (channel->answer_descriptor >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &channel->answer_descriptor, sizeof(int));
	}
	ssize_t count;
	do {
		count = sendmsg(channel->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (count < 0 && (errno == EINTR || errno == ECONNRESET));
	if (count < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)) {
		channel->is_blocked = true;
		channel->is_starved = errno != EAGAIN;
		return false;
	}
	/* Anything else means that nobody will read it (EPIPE): the other side's end is noticed by reading. */
	drop_answer(channel);
	channel->is_blocked = false;
	channel->is_starved = false;
	return true;
}

void channel_answer(struct channel *channel, int descriptor)
{
	channel->answer[6] = descriptor >= 0 ? 1 : 0;
	channel->answer_descriptor = descriptor;
	channel_flush(channel);
}

bool channel_try(struct channel *channel)
{
	if (channel_flush(channel))
		return true;
	drop_answer(channel);
	return false;
}
