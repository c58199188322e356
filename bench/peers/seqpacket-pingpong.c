/*
 * The limit: what a SOCK_SEQPACKET socket pair costs between two processes, and nothing else.
 *
 * Configuration and reason: blocking recv and send, no control buffer, no poll, one system call a message; this is the least
 * that a message through this kind of socket can cost, so every other contender is given as a ratio to it.
 *
 * usage: seqpacket-pingpong CLIENT_CPU SERVER_CPU PAYLOAD_BYTES [stream]    (a CPU of -1 is not pinned)
 *
 * By default the client makes round trips. With `stream` it sends batches of one-way messages, the last of a batch asks whether
 * all have arrived, and a sample is the time from a batch's first message until the answer is there.
 * Commands are those of client-port.h. The first line printed is "ready CLIENT_PID SERVER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct client {
	int fd;
	char *buffer;
	size_t bytes;
	uint32_t number;
};

/* Echoes until the client ends; the first byte is touched, so that both sides use the payload. */
static int serve(int fd, char *buffer)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, PAYLOAD_BYTES_MAX, 0);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buffer[0] ^= 1;
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
			return -errno;
	}
}

/* Counts until the client ends; says after each batch how many messages came in order. */
static int count(int fd, char *buffer)
{
	uint32_t counted = 0, number;
	for (;;) {
		ssize_t n = recv(fd, buffer, PAYLOAD_BYTES_MAX, 0);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		memcpy(&number, buffer, sizeof number);
		counted += number == counted;
		if ((number + 1) % STREAM_BATCH != 0)
			continue;
		if (send(fd, &counted, sizeof counted, MSG_NOSIGNAL) < 0)
			return -errno;
	}
}

static int round_trips(void *context, uint64_t end_ns, struct samples *samples)
{
	struct client *client = context;
	uint64_t now = monotonic_ns();

	while (block_goes_on(samples, now, end_ns)) {
		uint32_t sent = client->number += 2, got;
		memcpy(client->buffer, &sent, sizeof sent);
		uint64_t start = monotonic_ns();
		if (send(client->fd, client->buffer, client->bytes, MSG_NOSIGNAL) < 0)
			return -errno;
		if (recv(client->fd, client->buffer, client->bytes, 0) != (ssize_t)client->bytes)
			return -EPROTO;
		now = monotonic_ns();
		memcpy(&got, client->buffer, sizeof got);
		samples->violations += got != (sent ^ 1u);
		add_sample(samples, now - start);
	}
	return 0;
}

/* Waits for the answer to the oldest batch, which began at `start`. */
static int await_batch(struct client *client, uint32_t expected, uint64_t start, struct samples *samples)
{
	uint32_t counted;
	if (recv(client->fd, &counted, sizeof counted, 0) != sizeof counted)
		return -EPROTO;
	samples->violations += counted != expected;
	add_sample(samples, monotonic_ns() - start);
	return 0;
}

static int stream(void *context, uint64_t end_ns, struct samples *samples)
{
	struct client *client = context;
	uint64_t starts[STREAM_WINDOW], now = monotonic_ns();
	uint32_t sent = 0, answered = 0, first = client->number;
	int r;

	while (block_goes_on(samples, now, end_ns)) {
		starts[sent % STREAM_WINDOW] = now;
		for (uint32_t at = 0; at < STREAM_BATCH; at++) {
			memcpy(client->buffer, &client->number, sizeof client->number);
			client->number++;
			if (send(client->fd, client->buffer, client->bytes, MSG_NOSIGNAL) < 0)
				return -errno;
		}
		sent++;
		if (sent - answered == STREAM_WINDOW) {
			r = await_batch(client, first + (answered + 1) * STREAM_BATCH, starts[answered % STREAM_WINDOW], samples);
			if (r < 0)
				return r;
			answered++;
		}
		now = monotonic_ns();
	}
	for (; answered < sent; answered++) {
		r = await_batch(client, first + (answered + 1) * STREAM_BATCH, starts[answered % STREAM_WINDOW], samples);
		if (r < 0)
			return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	struct client client = { .buffer = buffer };
	int fds[2], r, streams = argc == 5 && strcmp(argv[4], "stream") == 0;
	pid_t self = getpid(), server;

	if (argc != 4 && !streams) {
		fprintf(stderr, "usage: %s CLIENT_CPU SERVER_CPU PAYLOAD_BYTES [stream]\n", argv[0]);
		return 2;
	}
	client.bytes = payload_bytes(argv[3]);
	if (client.bytes == 0) {
		fprintf(stderr, "at most %u bytes\n", PAYLOAD_BYTES_MAX);
		return 2;
	}
	die_with_parent(getppid());
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		perror("socketpair");
		return 1;
	}
	server = fork();
	if (server < 0) {
		perror("fork");
		return 1;
	}
	if (server == 0) {
		die_with_parent(self);
		close(fds[0]);
		r = pin(atoi(argv[2]));
		if (r == 0)
			r = streams ? count(fds[1], buffer) : serve(fds[1], buffer);
		_exit(r == 0 ? 0 : 1);
	}
	close(fds[1]);
	client.fd = fds[0];
	r = pin(atoi(argv[1]));
	if (r == 0)
		r = say_ready((int)self, (int)server);
	if (r == 0)
		r = serve_commands(streams ? stream : round_trips, &client);
	close(fds[0]);
	waitpid(server, NULL, 0);
	if (r < 0)
		fprintf(stderr, "seqpacket-pingpong: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
