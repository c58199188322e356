/*
 * One message to many receivers with plain SOCK_SEQPACKET socket pairs: the sender writes to one after the other.
 *
 * Configuration and reason: as in seqpacket-pingpong.c. A sample is the time from before the first send until the last
 * receiver has the message, by the receivers' own clocks (receipts.h).
 *
 * usage: seqpacket-fanout CLIENT_CPU RECEIVER_CPU PAYLOAD_BYTES RECEIVERS    (a CPU of -1 is not pinned)
 * Commands are those of client-port.h. The first line printed is "ready" with the sender and all receivers.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "receipts.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct sender {
	int fds[RECEIVERS_MAX];
	/* Of the receivers, and then of the sender itself. */
	pid_t pids[RECEIVERS_MAX + 1];
	uint32_t receivers;
	int receipts;
	char *buffer;
	size_t bytes;
	uint32_t number;
};

/*
 * The receiver that `sender` is about to have. It keeps the sender's ends of those before it, which is harmless: the kernel ends it with
 * the sender.
 */
static int receive(int fd, void *context)
{
	const struct sender *sender = context;
	static char buffer[PAYLOAD_BYTES_MAX];
	uint32_t number, count = 0;
	int r = 0;

	while (r == 0) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		number = read_number(buffer, (size_t)n);
		/* What is not whole counts twice, which the sender sees (receipts.h). */
		count += !is_message(buffer, (size_t)n, number);
		buffer[0] ^= 1;
		r = report_receipt(sender->receipts, sender->receivers, number, ++count);
	}
	return r;
}

static int fan_out(void *context, uint64_t end_ns, struct samples *samples)
{
	struct sender *sender = context;
	uint64_t now = monotonic_ns(), last_ns;
	int r;

	while (block_goes_on(samples, now, end_ns)) {
		uint32_t number = ++sender->number;
		stamp(sender->buffer, sender->bytes, number);
		now = monotonic_ns();
		for (uint32_t at = 0; at < sender->receivers; at++)
			if (send(sender->fds[at], sender->buffer, sender->bytes, MSG_NOSIGNAL) < 0)
				return -errno;
		r = await_receipts(sender->receipts, sender->receivers, number, &last_ns, &samples->violations);
		if (r < 0)
			return r;
		add_sample(samples, last_ns - now);
		now = monotonic_ns();
	}
	return 0;
}

static int start_receiver(struct sender *sender, int cpu)
{
	uint32_t at = sender->receivers;
	pid_t pid = start_at_pair(SOCK_SEQPACKET, cpu, receive, sender, &sender->fds[at]);

	if (pid < 0)
		return (int)pid;
	sender->pids[at] = pid;
	sender->receivers++;
	return 0;
}

static int run(struct sender *sender, char **argv, uint32_t receivers)
{
	int r = 0;

	sender->receipts = memfd_create("receipts", MFD_CLOEXEC);
	if (sender->receipts < 0 || ftruncate(sender->receipts, RECEIVERS_MAX * sizeof(struct receipt)) < 0)
		return -errno;
	for (uint32_t at = 0; r == 0 && at < receivers; at++)
		r = start_receiver(sender, atoi(argv[2]));
	if (r == 0)
		r = pin(atoi(argv[1]));
	if (r < 0)
		return r;
	sender->pids[receivers] = getpid();
	r = say_ready(sender->pids, receivers + 1);
	return r == 0 ? serve_commands(fan_out, sender) : r;
}

int main(int argc, char **argv)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	static struct sender sender = { .buffer = buffer };
	uint32_t receivers = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	int r;

	if (receivers < 1 || receivers > RECEIVERS_MAX) {
		fprintf(stderr, "usage: %s CLIENT_CPU RECEIVER_CPU PAYLOAD_BYTES RECEIVERS\n", argv[0]);
		return 2;
	}
	sender.bytes = message_bytes(argv[3]);
	if (sender.bytes == 0) {
		fprintf(stderr, "at most %u bytes\n", PAYLOAD_BYTES_MAX);
		return 2;
	}
	die_with_parent(getppid());
	r = run(&sender, argv, receivers);
	/* The receivers end with this process. */
	if (r < 0)
		fprintf(stderr, "seqpacket-fanout: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
