/*
 * W3 in plain C: descriptors are sent over a seqpacket socket with SCM_RIGHTS (unix(7)), one of them is used, all are closed.
 *
 * Configuration and reason: blocking everywhere, one sendmsg for the message and all descriptors; the least that it can cost to give a
 * descriptor away.
 *
 * usage: fd-grant GIVER_CPU TAKER_CPU OWNER_CPU PAYLOAD_BYTES HANDLES    (a CPU of -1 is not pinned)
 * Commands are those of client-port.h. The first line printed is "ready GIVER_PID TAKER_PID OWNER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "grant.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct giver {
	int taker;
	int handles[GRANT_HANDLES_MAX];
	uint32_t count;
	char *buffer;
	size_t bytes;
	uint32_t number;
};

/* Room for the descriptors of one message. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(GRANT_HANDLES_MAX * sizeof(int))];
};

/* Receives a message and its descriptors. Returns its length, 0 at the end, or -errno. */
static ssize_t receive(int fd, char *buffer, int *fds, uint32_t *count)
{
	union control control;
	struct iovec bytes = { buffer, PAYLOAD_BYTES_MAX };
	struct msghdr message = {
		.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	*count = 0;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
		*count = (uint32_t)((header->cmsg_len - CMSG_LEN(0)) / sizeof *fds);
		memcpy(fds, CMSG_DATA(header), *count * sizeof *fds);
	}
	return n < 0 ? -errno : n;
}

/* The taker, which has none of the handles. */
static int take(int fd, void *context)
{
	char *buffer = context;
	int fds[GRANT_HANDLES_MAX], r = 0;
	struct taker_answer answer;
	uint32_t count;

	while (r == 0) {
		ssize_t n = receive(fd, buffer, fds, &count);
		if (n <= 0)
			return (int)n;
		r = use_one(fds, count, buffer, (size_t)n, &answer);
		for (uint32_t at = 0; at < count; at++)
			close(fds[at]);
		if (r == 0 && send(fd, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
			r = -errno;
	}
	return r;
}

static int give(struct giver *giver)
{
	union control control;
	struct iovec bytes = { giver->buffer, giver->bytes };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(giver->count * sizeof(int)) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(giver->count * sizeof(int));
	memcpy(CMSG_DATA(header), giver->handles, giver->count * sizeof(int));
	return sendmsg(giver->taker, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int grants(void *context, uint64_t end_ns, struct samples *samples)
{
	struct giver *giver = context;
	struct taker_answer answer;
	int r;

	for (uint64_t start = monotonic_ns(); block_goes_on(samples, start, end_ns); start = monotonic_ns()) {
		uint32_t number = ++giver->number;
		memcpy(giver->buffer, &number, sizeof number);
		r = give(giver);
		if (r < 0)
			return r;
		if (recv(giver->taker, &answer, sizeof answer, 0) != sizeof answer)
			return -EPROTO;
		samples->violations += !is_right(&answer, number, giver->count);
		add_sample(samples, answer.answered_ns - start);
	}
	return 0;
}

/* Starts the others, the taker first so that it inherits nothing, and serves. */
static int run(struct giver *giver, char **argv)
{
	pid_t pids[3] = { getpid(), start_at_pair(SOCK_SEQPACKET, atoi(argv[2]), take, giver->buffer, &giver->taker), -1 };
	int r = pids[1] < 0 ? (int)pids[1] : 0;

	if (r == 0) {
		pids[2] = start_owner(atoi(argv[3]), giver->handles, giver->count);
		r = pids[2] < 0 ? (int)pids[2] : pin(atoi(argv[1]));
	}
	if (r == 0)
		r = say_ready(pids, 3);
	if (r == 0)
		r = serve_commands(grants, giver);
	/* The owner first: it has inherited an end of the taker's socket. */
	if (pids[2] > 0)
		end_owner(pids[2], giver->handles, giver->count);
	if (pids[1] > 0) {
		close(giver->taker);
		waitpid(pids[1], NULL, 0);
	}
	return r;
}

int main(int argc, char **argv)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	struct giver giver = { .buffer = buffer };
	int r;

	giver.bytes = argc == 6 ? payload_bytes(argv[4]) : 0;
	giver.count = argc == 6 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;
	if (giver.bytes == 0 || giver.count < 1 || giver.count > GRANT_HANDLES_MAX) {
		fprintf(stderr, "usage: %s GIVER_CPU TAKER_CPU OWNER_CPU PAYLOAD_BYTES HANDLES    (at most %u bytes, %u handles)\n",
			argv[0], PAYLOAD_BYTES_MAX, GRANT_HANDLES_MAX);
		return 2;
	}
	die_with_parent(getppid());
	r = run(&giver, argv);
	if (r < 0)
		fprintf(stderr, "fd-grant: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
