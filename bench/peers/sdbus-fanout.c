/*
 * One signal to many receivers over a D-Bus.
 *
 * usage: sdbus-fanout PATH receive RECEIPTS FIRST COUNT    (as many receivers in this process, each with a connection of its own)
 *        sdbus-fanout PATH send RECEIPTS PAYLOAD_BYTES RECEIVERS
 * RECEIPTS is a file for receipts.h. A sample is the time from before the signal is made until the last receiver has read it.
 * Commands to the sender are those of client-port.h. The first line printed is "ready PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "receipts.h"
#include "sdbus.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct receiver {
	sd_bus *bus;
	int receipts;
	uint32_t index;
	uint32_t count;
};

struct sender {
	sd_bus *bus;
	int receipts;
	uint32_t receivers;
	size_t bytes;
	uint32_t number;
};

static int received(sd_bus_message *signal, void *context, sd_bus_error *error)
{
	struct receiver *receiver = context;
	const void *bytes;
	size_t length;
	uint32_t number;
	int r = sd_bus_message_read_array(signal, 'y', &bytes, &length);

	(void)error;
	if (r < 0)
		return r;
	number = read_number(bytes, length);
	/* What is not whole counts twice, which the sender sees (receipts.h). */
	receiver->count += !is_message(bytes, length, number);
	return report_receipt(receiver->receipts, receiver->index, number, ++receiver->count);
}

static int send_signal(struct sender *sender, uint32_t number)
{
	sd_bus_message *signal = NULL;
	void *room;
	int r = sd_bus_message_new_signal(sender->bus, &signal, BENCH_PATH, BENCH_INTERFACE, "Sent");

	if (r >= 0)
		r = sd_bus_message_append_array_space(signal, 'y', sender->bytes, &room);
	if (r >= 0) {
		memset(room, 0, sender->bytes);
		stamp(room, sender->bytes, number);
		r = sd_bus_send(sender->bus, signal, NULL);
	}
	if (r >= 0)
		r = sd_bus_flush(sender->bus);
	sd_bus_message_unref(signal);
	return r < 0 ? r : 0;
}

static int fan_out(void *context, uint64_t end_ns, struct samples *samples)
{
	struct sender *sender = context;
	uint64_t now = monotonic_ns(), last_ns;
	int r = 0;

	while (r == 0 && block_goes_on(samples, now, end_ns)) {
		uint32_t number = ++sender->number;
		now = monotonic_ns();
		r = send_signal(sender, number);
		if (r == 0)
			r = await_receipts(sender->receipts, sender->receivers, number, &last_ns, &samples->violations);
		if (r < 0)
			return r;
		add_sample(samples, last_ns - now);
		now = monotonic_ns();
	}
	return r;
}

/* Handles what has come to all of them, and waits for more. Returns 0 or -errno. */
static int process_all(struct receiver *receivers, struct pollfd *inputs, uint32_t count)
{
	int r = 0;

	for (uint32_t at = 0; r >= 0 && at < count; at++) {
		do
			r = sd_bus_process(receivers[at].bus, NULL);
		while (r > 0);
		inputs[at] = (struct pollfd){ .fd = sd_bus_get_fd(receivers[at].bus), .events = POLLIN };
	}
	if (r >= 0 && poll(inputs, count, -1) < 0 && errno != EINTR)
		r = -errno;
	return r < 0 ? r : 0;
}

static int receive(const char *path, const char *receipts, uint32_t first, uint32_t count)
{
	static struct receiver receivers[RECEIVERS_MAX];
	static struct pollfd inputs[RECEIVERS_MAX];
	int r = count < 1 || count > RECEIVERS_MAX ? -EINVAL : end_with_input(), fd = open(receipts, O_WRONLY | O_CLOEXEC);

	if (r == 0 && fd < 0)
		r = -errno;
	for (uint32_t at = 0; r >= 0 && at < count; at++) {
		receivers[at] = (struct receiver){ .receipts = fd, .index = first + at };
		r = open_bus(&receivers[at].bus, path, 0);
		if (r >= 0)
			r = sd_bus_add_match(receivers[at].bus, NULL, BENCH_MATCH, received, &receivers[at]);
	}
	if (r >= 0)
		r = say_ready_alone();
	if (r >= 0 && count == 1)
		r = process_for_ever(receivers[0].bus);
	while (r >= 0)
		r = process_all(receivers, inputs, count);
	/* The connections end with this process. */
	return r;
}

static int send_all(const char *path, const char *receipts, const char *bytes, const char *receivers)
{
	struct sender sender = { .bytes = message_bytes(bytes), .receivers = (uint32_t)strtoul(receivers, NULL, 10) };
	int r = sender.bytes == 0 || sender.receivers < 1 || sender.receivers > RECEIVERS_MAX ? -EINVAL : 0;

	sender.receipts = open(receipts, O_RDONLY | O_CLOEXEC);
	if (r == 0 && sender.receipts < 0)
		r = -errno;
	if (r >= 0)
		r = open_bus(&sender.bus, path, 0);
	if (r >= 0)
		r = say_ready_alone();
	if (r >= 0)
		r = serve_commands(fan_out, &sender);
	sd_bus_unref(sender.bus);
	return r;
}

int main(int argc, char **argv)
{
	int r;
	die_with_parent(getppid());
	if (argc == 6 && strcmp(argv[2], "receive") == 0) {
		r = receive(argv[1], argv[3], (uint32_t)strtoul(argv[4], NULL, 10), (uint32_t)strtoul(argv[5], NULL, 10));
	} else if (argc == 6 && strcmp(argv[2], "send") == 0) {
		r = send_all(argv[1], argv[3], argv[4], argv[5]);
	} else {
		fprintf(stderr, "usage: %s PATH receive RECEIPTS FIRST COUNT | PATH send RECEIPTS PAYLOAD_BYTES RECEIVERS\n", argv[0]);
		return 2;
	}
	if (r < 0)
		fprintf(stderr, "sdbus-fanout: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
