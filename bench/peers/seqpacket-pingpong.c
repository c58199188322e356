/*
 * The limit: what a SOCK_SEQPACKET socket pair costs between two processes, and nothing else.
 *
 * Configuration and reason: blocking recv and send, no control buffer, no poll, one system call a message; this is the least
 * that a message through this kind of socket can cost, so every other contender is given as a ratio to it.
 *
 * usage: seqpacket-pingpong CLIENT_CPU SERVER_CPU PAYLOAD_BYTES [stream | BROKER_CPU]    (a CPU of -1 is not pinned)
 *
 * By default the client makes round trips. With `stream` it sends batches of one-way messages, the last of a batch asks whether
 * all have arrived, and a sample is the time from a batch's first message until the answer is there. With a CPU for it a third
 * process stands between the two and hands on what comes (epoll, recv, send): the least that any broker can cost.
 * Commands are those of client-port.h. The first line printed is "ready CLIENT_PID SERVER_PID", or with a broker
 * "ready CLIENT_PID SERVER_PID BROKER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct client {
	int fd;
	char *buffer;
	size_t bytes;
	uint32_t number;
	/* Of the calls: the number of the next answer. They come in order. */
	uint32_t answered;
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

/* Counts until the client ends; says after each part of a batch how many messages came in order. */
static int count(int fd, char *buffer)
{
	uint32_t counted = 0;
	for (;;) {
		uint32_t number;
		ssize_t n = recv(fd, buffer, PAYLOAD_BYTES_MAX, 0);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		number = read_number(buffer, (size_t)n);
		counted += is_message(buffer, (size_t)n, counted);
		if ((number + 1) % stream_part((size_t)n) != 0)
			continue;
		if (send(fd, &counted, sizeof counted, MSG_NOSIGNAL) < 0)
			return -errno;
	}
}

/* One direction of the relay: what could not be sent yet. */
struct direction {
	char buffer[PAYLOAD_BYTES_MAX];
	size_t held;
};

/* What to wait for at an end: input unless the last one is still held, and output if something is held for it. */
static int watch(int epoll, int operation, const int *ends, const struct direction *from, unsigned at)
{
	struct epoll_event event = { .data.u32 = at };
	event.events = (from[at].held > 0 ? 0 : (uint32_t)EPOLLIN) | (from[1 - at].held > 0 ? (uint32_t)EPOLLOUT : 0);
	return epoll_ctl(epoll, operation, ends[at], &event) < 0 ? -errno : 0;
}

/* Takes from one end what it can and gives it to the other; keeps it if the other is full. Returns 0 or -errno, 1 at the end. */
static int hand_on(int epoll, const int *ends, struct direction *from, unsigned at)
{
	struct direction *way = &from[at];
	size_t was_held = way->held;
	int r = 0;

	if (was_held == 0) {
		ssize_t n = recv(ends[at], way->buffer, sizeof way->buffer, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 ? (errno == EAGAIN ? 0 : -errno) : 1;
		way->held = (size_t)n;
	}
	if (send(ends[1 - at], way->buffer, way->held, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		way->held = 0;
	else if (errno != EAGAIN)
		return -errno;
	if ((way->held > 0) == (was_held > 0))
		return 0;
	r = watch(epoll, EPOLL_CTL_MOD, ends, from, at);
	return r < 0 ? r : watch(epoll, EPOLL_CTL_MOD, ends, from, 1 - at);
}

/* Hands every message on, from either end to the other, until one ends. Never waits for one end with the other unread. */
static int relay(const int *ends, char *unused)
{
	static struct direction from[2];
	int epoll = epoll_create1(EPOLL_CLOEXEC), r = epoll < 0 ? -errno : 0;

	(void)unused;
	for (unsigned at = 0; r == 0 && at < 2; at++)
		r = watch(epoll, EPOLL_CTL_ADD, ends, from, at);
	while (r == 0) {
		struct epoll_event events[2];
		int count = epoll_wait(epoll, events, 2, -1);
		for (int at = 0; r == 0 && at < count; at++) {
			unsigned end = events[at].data.u32;
			if (events[at].events & EPOLLOUT)
				r = hand_on(epoll, ends, from, 1 - end);
			if (r == 0 && events[at].events & ~(uint32_t)EPOLLOUT && from[end].held == 0)
				r = hand_on(epoll, ends, from, end);
		}
	}
	return r < 0 ? r : 0;
}

static int submit(void *context, uint32_t number)
{
	struct client *client = context;
	uint32_t sent = number << 1;

	stamp(client->buffer, client->bytes, sent);
	if (send(client->fd, client->buffer, client->bytes, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	client->number = number + 1;
	return 0;
}

/* Blocks in recv where it may, so that a round trip is two system calls here; asks for more only while more is under way. */
static int collect(void *context, uint64_t until_ns, struct completions *ended)
{
	struct client *client = context;
	int flags = until_ns == UNTIL_ANSWERED ? 0 : MSG_DONTWAIT;

	if (until_ns != UNTIL_ANSWERED && until_ns != 0) {
		int r = wait_readable(client->fd, until_ns);
		if (r <= 0)
			return r;
	}
	while (client->answered != client->number && ended->count < COMPLETIONS_MAX) {
		/* With MSG_TRUNC the length is told also of an answer that is too long. */
		ssize_t n = recv(client->fd, client->buffer, client->bytes, flags | MSG_TRUNC);
		uint32_t sent = client->answered << 1;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return -EPIPE;
		complete(ended, client->answered, is_answer(client->buffer, (size_t)n, client->bytes, sent) ? ANSWERED : WRONG);
		client->answered++;
		flags = MSG_DONTWAIT;
	}
	return 0;
}

static const struct pipelined round_trips = { submit, collect };

static int send_part(void *context)
{
	struct client *client = context;
	const uint32_t count = stream_part(client->bytes);

	for (uint32_t at = 0; at < count; at++) {
		stamp(client->buffer, client->bytes, client->number++);
		if (send(client->fd, client->buffer, client->bytes, MSG_NOSIGNAL) < 0)
			return -errno;
	}
	return 0;
}

static int await_part(void *context, uint32_t *counted)
{
	struct client *client = context;
	return recv(client->fd, counted, sizeof *counted, 0) == sizeof *counted ? 0 : -EPROTO;
}

static const struct batches batches = { send_part, await_part };

/*
 * Starts a child on a CPU with `role`, which is given the descriptors that it keeps; the `unwanted` ones are closed there, up to a -1, so
 * that who holds the other end of them sees when they end. Returns its pid or -errno.
 */
static pid_t start(const char *cpu, int (*role)(const int *fds, char *buffer), const int *fds, const int *unwanted,
		   char *buffer)
{
	pid_t self = getpid(), pid = fork();

	if (pid == 0) {
		die_with_parent(self);
		for (; *unwanted >= 0; unwanted++)
			close(*unwanted);
		_exit(pin(atoi(cpu)) == 0 && role(fds, buffer) == 0 ? 0 : 1);
	}
	return pid < 0 ? -errno : pid;
}

static int serve_role(const int *fds, char *buffer)
{
	return serve(fds[0], buffer);
}

static int count_role(const int *fds, char *buffer)
{
	return count(fds[0], buffer);
}

/* Starts the server, and the broker where there is one; `fd` becomes the client's end. Returns 0 or -errno. */
static int start_others(const char *server_cpu, const char *mode, char *buffer, int *fd, pid_t *pids)
{
	int client[2], server[2] = { -1, -1 }, is_stream = mode != NULL && strcmp(mode, "stream") == 0;
	int has_broker = mode != NULL && !is_stream;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, client) < 0)
		return -errno;
	if (has_broker && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, server) < 0)
		return -errno;
	*fd = client[0];
	int of_service[] = { client[0], has_broker ? client[1] : -1, server[0], -1 }, of_broker[] = { client[0], -1 };
	if (!has_broker) {
		pids[0] = start(server_cpu, is_stream ? count_role : serve_role, &client[1], of_service, buffer);
		close(client[1]);
		return pids[0] < 0 ? (int)pids[0] : 0;
	}
	pids[0] = start(server_cpu, serve_role, &server[1], of_service, buffer);
	close(server[1]);
	if (pids[0] < 0)
		return (int)pids[0];
	int ends[2] = { client[1], server[0] };
	pids[1] = start(mode, relay, ends, of_broker, buffer);
	close(client[1]);
	close(server[0]);
	return pids[1] < 0 ? (int)pids[1] : 0;
}

int main(int argc, char **argv)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	struct client client = { .buffer = buffer };
	const char *mode = argc == 5 ? argv[4] : NULL;
	pid_t pids[2] = { 0, 0 };
	int r;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: %s CLIENT_CPU SERVER_CPU PAYLOAD_BYTES [stream | BROKER_CPU]\n", argv[0]);
		return 2;
	}
	client.bytes = mode != NULL && strcmp(mode, "stream") == 0 ? message_bytes(argv[3]) : payload_bytes(argv[3]);
	if (client.bytes == 0) {
		fprintf(stderr, "at most %u bytes\n", PAYLOAD_BYTES_MAX);
		return 2;
	}
	die_with_parent(getppid());
	r = start_others(argv[2], mode, buffer, &client.fd, pids);
	if (r == 0)
		r = pin(atoi(argv[1]));
	if (r == 0) {
		pid_t all[] = { getpid(), pids[0], pids[1] };
		r = say_ready(all, pids[1] > 0 ? 3 : 2);
	}
	if (r == 0)
		r = mode != NULL && strcmp(mode, "stream") == 0 ? serve_stream(&batches, &client, client.bytes)
								 : serve_pipelined(&round_trips, &client);
	close(client.fd);
	for (int at = 0; at < 2; at++)
		if (pids[at] > 0)
			waitpid(pids[at], NULL, 0);
	if (r < 0)
		fprintf(stderr, "seqpacket-pingpong: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
