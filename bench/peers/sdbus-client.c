/*
 * The client of the sd-bus contenders.
 *
 * usage: sdbus-client PATH PAYLOAD_BYTES call|one-way|signal bus|direct
 *   call     round trips, one outstanding
 *   one-way  batches of method calls that want no reply, each batch followed by a call that asks how many have arrived;
 *            a sample is the time from a batch's first message until that answer is there
 *   signal   the same with signals
 * Commands are those of client-port.h. The first line printed is "ready PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "sdbus.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct client {
	sd_bus *bus;
	/* NULL on a direct connection, which leads to one peer only. */
	const char *destination;
	size_t bytes;
	uint32_t number;
	int is_signal;
	/* Of the stream: batches answered so far in this block, and when those under way began. */
	uint32_t first;
	uint32_t answered;
	uint64_t starts[STREAM_WINDOW];
	struct samples *samples;
};

/* Appends a payload that begins with `number`. */
static int append_payload(sd_bus_message *message, size_t bytes, uint32_t number)
{
	void *room;
	int r = sd_bus_message_append_array_space(message, 'y', bytes, &room);
	if (r < 0)
		return r;
	memset(room, 0, bytes);
	memcpy(room, &number, sizeof number);
	return 0;
}

static int new_call(struct client *client, sd_bus_message **call, const char *member)
{
	return sd_bus_message_new_method_call(client->bus, call, client->destination, BENCH_PATH, BENCH_INTERFACE, member);
}

/* One round trip. Returns 0, or -errno; a wrong answer adds to `violations`. */
static int call_once(struct client *client, uint32_t number, uint32_t *violations)
{
	sd_bus_message *call = NULL, *answer = NULL;
	const void *bytes;
	size_t length;
	uint32_t got;
	int r = new_call(client, &call, "Echo");

	if (r >= 0)
		r = append_payload(call, client->bytes, number);
	if (r >= 0)
		r = sd_bus_call(client->bus, call, 0, NULL, &answer);
	if (r >= 0)
		r = sd_bus_message_read_array(answer, 'y', &bytes, &length);
	if (r >= 0) {
		memcpy(&got, bytes, sizeof got);
		*violations += length != client->bytes || got != (number ^ 1u);
	}
	sd_bus_message_unref(call);
	sd_bus_message_unref(answer);
	return r < 0 ? r : 0;
}

static int round_trips(void *context, uint64_t end_ns, struct samples *samples)
{
	struct client *client = context;
	uint64_t now = monotonic_ns();
	int r = 0;

	while (r == 0 && block_goes_on(samples, now, end_ns)) {
		uint64_t start = monotonic_ns();
		r = call_once(client, client->number += 2, &samples->violations);
		now = monotonic_ns();
		add_sample(samples, now - start);
	}
	return r;
}

static int send_once(struct client *client)
{
	sd_bus_message *message = NULL;
	int r;

	if (client->is_signal) {
		r = sd_bus_message_new_signal(client->bus, &message, BENCH_PATH, BENCH_INTERFACE, "Sent");
	} else {
		r = new_call(client, &message, "Take");
		if (r >= 0)
			r = sd_bus_message_set_expect_reply(message, 0);
	}
	if (r >= 0)
		r = append_payload(message, client->bytes, client->number++);
	if (r >= 0)
		r = sd_bus_send(client->bus, message, NULL);
	sd_bus_message_unref(message);
	return r < 0 ? r : 0;
}

/* The oldest batch under way has arrived. */
static int batch_answered(sd_bus_message *answer, void *context, sd_bus_error *error)
{
	struct client *client = context;
	uint32_t counted;
	int r = sd_bus_message_is_method_error(answer, NULL) ? -EPROTO : sd_bus_message_read(answer, "u", &counted);

	(void)error;
	if (r < 0)
		return r;
	add_sample(client->samples, monotonic_ns() - client->starts[client->answered % STREAM_WINDOW]);
	client->answered++;
	client->samples->violations += counted != client->first + client->answered * STREAM_BATCH;
	return 0;
}

static int ask_count(struct client *client)
{
	sd_bus_message *call = NULL;
	int r = new_call(client, &call, "Count");
	if (r >= 0)
		r = sd_bus_call_async(client->bus, NULL, call, batch_answered, client, 0);
	sd_bus_message_unref(call);
	return r < 0 ? r : 0;
}

static int stream(void *context, uint64_t end_ns, struct samples *samples)
{
	struct client *client = context;
	uint32_t sent = 0;
	uint64_t now = monotonic_ns();
	int r = 0;

	client->samples = samples;
	client->first = client->number;
	client->answered = 0;
	while (r == 0 && block_goes_on(samples, now, end_ns)) {
		client->starts[sent % STREAM_WINDOW] = now;
		for (uint32_t at = 0; r == 0 && at < STREAM_BATCH; at++)
			r = send_once(client);
		if (r == 0)
			r = ask_count(client);
		sent++;
		while (r == 0 && sent - client->answered >= STREAM_WINDOW)
			r = process_next(client->bus);
		now = monotonic_ns();
	}
	while (r == 0 && client->answered < sent)
		r = process_next(client->bus);
	return r;
}

int main(int argc, char **argv)
{
	struct client client = { .destination = BENCH_NAME };
	int is_direct = argc == 5 && strcmp(argv[4], "direct") == 0, is_call, r;

	if (argc != 5) {
		fprintf(stderr, "usage: %s PATH PAYLOAD_BYTES call|one-way|signal bus|direct\n", argv[0]);
		return 2;
	}
	client.bytes = payload_bytes(argv[2]);
	is_call = strcmp(argv[3], "call") == 0;
	client.is_signal = strcmp(argv[3], "signal") == 0;
	if (client.bytes == 0) {
		fprintf(stderr, "at most %u bytes\n", PAYLOAD_BYTES_MAX);
		return 2;
	}
	if (is_direct)
		client.destination = NULL;
	die_with_parent(getppid());
	r = open_bus(&client.bus, argv[1], is_direct);
	/* The connection is made when it has carried something. */
	if (r >= 0) {
		uint32_t violations = 0;
		r = call_once(&client, 0, &violations);
	}
	if (r >= 0)
		r = say_ready_alone();
	if (r >= 0)
		r = serve_commands(is_call ? round_trips : stream, &client);
	sd_bus_unref(client.bus);
	if (r < 0)
		fprintf(stderr, "sdbus-client: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
