/*
 * A stream socket pair between two processes: what most programs use, and what the other contenders in C are given beside.
 *
 * Configuration and reason: blocking receives, no poll where one call is under way, one system call a message; no framing, because both
 * sides know the length. With many calls under way the server answers all whole messages of one receive with one send, and the stream of
 * one-way messages is written in pieces of up to 64 KiB: that several messages go with one system call is what a stream is good for.
 *
 * usage: stream-pingpong CLIENT_CPU SERVER_CPU PAYLOAD_BYTES call|stream    (a CPU of -1 is not pinned)
 * Samples are those of seqpacket-pingpong.c, commands those of client-port.h. The first line printed is "ready CLIENT_PID SERVER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_BYTES (2u * PAYLOAD_BYTES_MAX)

struct client {
	int fd;
	size_t bytes;
	/* What is being sent, and how much of it the kernel has; all of it when nothing is left over. */
	char *out;
	size_t sent;
	/* Whole and partial answers. */
	char *in;
	size_t received;
	/* The calls under way are answered in their order. */
	uint32_t first;
	uint32_t next;
};

/* Echoes until the client ends; the first byte of each message is touched. */
static int serve(int fd, char *buffer, size_t bytes)
{
	size_t held = 0;

	for (;;) {
		ssize_t n = recv(fd, buffer + held, BUFFER_BYTES - held, 0);
		size_t whole;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		held += (size_t)n;
		whole = held / bytes * bytes;
		if (whole == 0)
			continue;
		for (size_t at = 0; at < whole; at += bytes)
			buffer[at] ^= 1;
		if (send(fd, buffer, whole, MSG_NOSIGNAL) != (ssize_t)whole)
			return -errno;
		memmove(buffer, buffer + whole, held - whole);
		held -= whole;
	}
}

/* Counts until the client ends; says after each part of a batch how many messages came in order. */
static int count(int fd, char *buffer, size_t bytes)
{
	uint32_t counted = 0, number, part = stream_part(bytes);
	size_t held = 0;

	for (;;) {
		ssize_t n = recv(fd, buffer + held, BUFFER_BYTES - held, 0);
		size_t at = 0;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (held += (size_t)n; held - at >= bytes; at += bytes) {
			number = read_number(buffer + at, bytes);
			counted += is_message(buffer + at, bytes, counted);
			if ((number + 1) % part == 0 && send(fd, &counted, sizeof counted, MSG_NOSIGNAL) < 0)
				return -errno;
		}
		memmove(buffer, buffer + at, held - at);
		held -= at;
	}
}

/* Hands the kernel what it takes of the message that is being sent. Returns 0, -EAGAIN or -errno. */
static int push(struct client *client)
{
	while (client->sent < client->bytes) {
		ssize_t n = send(client->fd, client->out + client->sent, client->bytes - client->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return -errno;
		client->sent += (size_t)n;
	}
	return 0;
}

static int submit(void *context, uint32_t number)
{
	struct client *client = context;
	int r = push(client);

	if (r < 0)
		return r;
	stamp(client->out, client->bytes, number);
	client->sent = 0;
	client->next = number + 1;
	r = push(client);
	/* What the kernel does not take now goes from `collect`. */
	return r == -EAGAIN ? 0 : r;
}

/* Waits for an answer, or for room where a message is half sent. Returns 0, also when the time has come, or -errno. */
static int wait_for_socket(struct client *client, uint64_t until_ns)
{
	struct pollfd both = { .fd = client->fd, .events = POLLIN | POLLOUT };
	int r = push(client);

	if (r == 0 && until_ns != UNTIL_ANSWERED)
		return wait_readable(client->fd, until_ns);
	/* The receive itself waits. */
	if (r == 0)
		return 1;
	if (r != -EAGAIN)
		return r;
	/* The server goes on as soon as its answers are read, so whatever comes first is soon. */
	r = poll(&both, 1, until_ns == 0 ? 0 : 100);
	return r < 0 && errno != EINTR ? -errno : both.revents & POLLIN;
}

static int collect(void *context, uint64_t until_ns, struct completions *ended)
{
	struct client *client = context;
	size_t at = 0;
	ssize_t n;
	int r = client->received < client->bytes ? wait_for_socket(client, until_ns) : 1;

	if (r <= 0)
		return r;
	if (client->received < client->bytes) {
		n = recv(client->fd, client->in + client->received, BUFFER_BYTES - client->received, 0);
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		client->received += (size_t)n;
	}
	for (; client->received - at >= client->bytes && ended->count < COMPLETIONS_MAX; at += client->bytes) {
		int is_right = is_answer(client->in + at, client->bytes, client->bytes, client->first);
		complete(ended, client->first, is_right ? ANSWERED : WRONG);
		client->first++;
	}
	memmove(client->in, client->in + at, client->received - at);
	client->received -= at;
	return 0;
}

static int send_all(int fd, const char *bytes, size_t length)
{
	return send(fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -errno;
}

/* Sends a part of a batch in pieces that fill the buffer. */
static int send_part(void *context)
{
	struct client *client = context;
	const uint32_t count = stream_part(client->bytes);
	size_t filled = 0;
	int r = 0;

	for (uint32_t at = 0; r == 0 && at < count; at++) {
		if (filled + client->bytes > PAYLOAD_BYTES_MAX) {
			r = send_all(client->fd, client->out, filled);
			filled = 0;
		}
		memset(client->out + filled, 0, client->bytes);
		stamp(client->out + filled, client->bytes, client->next++);
		filled += client->bytes;
	}
	return r < 0 ? r : send_all(client->fd, client->out, filled);
}

static int await_part(void *context, uint32_t *counted)
{
	struct client *client = context;
	return recv(client->fd, counted, sizeof *counted, MSG_WAITALL) == sizeof *counted ? 0 : -EPROTO;
}

static int serve_role(int fd, void *context)
{
	struct client *client = context;
	return serve(fd, client->in, client->bytes);
}

static int count_role(int fd, void *context)
{
	struct client *client = context;
	return count(fd, client->in, client->bytes);
}

int main(int argc, char **argv)
{
	static const struct pipelined calls = { submit, collect };
	static const struct batches batches = { send_part, await_part };
	static char out[PAYLOAD_BYTES_MAX], in[BUFFER_BYTES];
	struct client client = { .out = out, .in = in };
	pid_t pids[2] = { getpid(), -1 };
	int is_stream, r;

	is_stream = argc == 5 && strcmp(argv[4], "stream") == 0;
	client.bytes = argc != 5 ? 0 : is_stream ? message_bytes(argv[3]) : payload_bytes(argv[3]);
	if (client.bytes == 0) {
		fprintf(stderr, "usage: %s CLIENT_CPU SERVER_CPU PAYLOAD_BYTES call|stream    (at most %u bytes)\n", argv[0],
			PAYLOAD_BYTES_MAX);
		return 2;
	}
	client.sent = client.bytes;
	die_with_parent(getppid());
	pids[1] = start_at_pair(SOCK_STREAM, atoi(argv[2]), is_stream ? count_role : serve_role, &client, &client.fd);
	r = pids[1] < 0 ? (int)pids[1] : pin(atoi(argv[1]));
	if (r == 0)
		r = say_ready(pids, 2);
	if (r == 0)
		r = is_stream ? serve_stream(&batches, &client, client.bytes) : serve_pipelined(&calls, &client);
	if (pids[1] > 0) {
		close(client.fd);
		waitpid(pids[1], NULL, 0);
	}
	if (r < 0)
		fprintf(stderr, "stream-pingpong: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
