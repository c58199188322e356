/*
 * The client of the sd-bus contenders.
 *
 * usage: sdbus-client PATH PAYLOAD_BYTES call|one-way|signal bus|direct
 *   call     round trips: sd_bus_call where one is under way, as a program does that has nothing else to do meanwhile, and
 *            sd_bus_call_async where there are more
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

struct client;

/* What the handler of an answer is given. */
struct call {
	struct client *client;
	uint32_t number;
};

/* Calls that may be under way; a power of two. */
#define UNDER_WAY_MAX (1u << 16)

struct client {
	sd_bus *bus;
	/* NULL on a direct connection, which leads to one peer only. */
	const char *destination;
	size_t bytes;
	uint32_t number;
	int is_signal;
	/* Of calls: the one that has been made and not been sent, those that are under way, and where their ends are told. */
	sd_bus_message *held;
	uint32_t held_number;
	uint32_t under_way;
	struct call *calls;
	struct completions *ended;
	/* Of the stream: the answer that has come and was not taken yet. */
	int has_count;
	uint32_t counted;
};

/* Appends the payload of message `number`. */
static int append_payload(sd_bus_message *message, size_t bytes, uint32_t number)
{
	void *room;
	int r = sd_bus_message_append_array_space(message, 'y', bytes, &room);
	if (r < 0)
		return r;
	memset(room, 0, bytes);
	stamp(room, bytes, number);
	return 0;
}

static int new_call(struct client *client, sd_bus_message **call, const char *member)
{
	return sd_bus_message_new_method_call(client->bus, call, client->destination, BENCH_PATH, BENCH_INTERFACE, member);
}

/* Makes the call with a number. Returns 0 or -errno. */
static int make_call(struct client *client, sd_bus_message **call, uint32_t number)
{
	int r = new_call(client, call, "Echo");
	if (r >= 0)
		r = append_payload(*call, client->bytes, number);
	return r < 0 ? r : 0;
}

static enum outcome judge(const struct client *client, sd_bus_message *answer, uint32_t number)
{
	const void *bytes;
	size_t length;

	if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_read_array(answer, 'y', &bytes, &length) < 0)
		return FAILED;
	return is_answer(bytes, length, client->bytes, number) ? ANSWERED : WRONG;
}

/* One round trip of the held call, with nothing else under way. Returns 0 or -errno; a call that fails is told in `outcome`. */
static int call_held(struct client *client, enum outcome *outcome)
{
	sd_bus_message *answer = NULL;
	int r = sd_bus_call(client->bus, client->held, 0, NULL, &answer);

	*outcome = r < 0 ? FAILED : judge(client, answer, client->held_number);
	sd_bus_message_unref(answer);
	client->held = sd_bus_message_unref(client->held);
	return r == -ECONNRESET || r == -ENOTCONN ? r : 0;
}

static int answered(sd_bus_message *answer, void *context, sd_bus_error *error)
{
	struct call *call = context;
	struct client *client = call->client;

	(void)error;
	client->under_way--;
	complete(client->ended, call->number, judge(client, answer, call->number));
	return 0;
}

/* Sends the held call, if there is one. Returns 0, -EAGAIN if the connection takes no more, or -errno. */
static int send_held(struct client *client)
{
	struct call *call = &client->calls[client->held_number % UNDER_WAY_MAX];
	int r;

	if (!client->held)
		return 0;
	*call = (struct call){ client, client->held_number };
	r = sd_bus_call_async(client->bus, NULL, client->held, answered, call, 0);
	if (r < 0)
		return r == -ENOBUFS ? -EAGAIN : r;
	client->under_way++;
	client->held = sd_bus_message_unref(client->held);
	return 0;
}

static int submit(void *context, uint32_t number)
{
	struct client *client = context;
	int r = send_held(client);

	if (r < 0)
		return r;
	client->held_number = number;
	return make_call(client, &client->held, number);
}

static int collect(void *context, uint64_t until_ns, struct completions *ended)
{
	struct client *client = context;
	enum outcome outcome;
	int r;

	if (client->held && client->under_way == 0 && until_ns == UNTIL_ANSWERED) {
		r = call_held(client, &outcome);
		complete(ended, client->held_number, outcome);
		return r;
	}
	client->ended = ended;
	r = send_held(client);
	if (r < 0 && r != -EAGAIN)
		return r;
	for (;;) {
		uint64_t now;
		r = sd_bus_process(client->bus, NULL);
		if (r < 0 || ended->count == COMPLETIONS_MAX)
			return r < 0 ? r : 0;
		if (r > 0)
			continue;
		now = until_ns == 0 || until_ns == UNTIL_ANSWERED ? 0 : monotonic_ns();
		if (ended->count > 0 || now >= until_ns)
			return 0;
		r = sd_bus_wait(client->bus, until_ns == UNTIL_ANSWERED ? UINT64_MAX : (until_ns - now) / 1000);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

static int send_once(struct client *client, uint32_t number)
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
		r = append_payload(message, client->bytes, number);
	if (r >= 0)
		r = sd_bus_send(client->bus, message, NULL);
	sd_bus_message_unref(message);
	return r < 0 ? r : 0;
}

/* The oldest part under way has arrived. */
static int part_answered(sd_bus_message *answer, void *context, sd_bus_error *error)
{
	struct client *client = context;
	int r = sd_bus_message_is_method_error(answer, NULL) ? -EPROTO : sd_bus_message_read(answer, "u", &client->counted);

	(void)error;
	client->has_count = r >= 0;
	return r < 0 ? r : 0;
}

static int ask_count(struct client *client)
{
	sd_bus_message *call = NULL;
	int r = new_call(client, &call, "Count");
	if (r >= 0)
		r = sd_bus_call_async(client->bus, NULL, call, part_answered, client, 0);
	sd_bus_message_unref(call);
	return r < 0 ? r : 0;
}

static int send_part(void *context)
{
	struct client *client = context;
	const uint32_t count = stream_part(client->bytes);
	int r = 0;

	for (uint32_t at = 0; r == 0 && at < count; at++)
		r = send_once(client, client->number++);
	return r < 0 ? r : ask_count(client);
}

/* One message is processed at a time, so that no answer hides another one. */
static int await_part(void *context, uint32_t *counted)
{
	struct client *client = context;
	int r = 0;

	while (r == 0 && !client->has_count)
		r = process_next(client->bus);
	client->has_count = 0;
	*counted = client->counted;
	return r;
}

static int serve(struct client *client, int is_call)
{
	static const struct pipelined calls = { submit, collect };
	static const struct batches batches = { send_part, await_part };
	enum outcome outcome = FAILED;
	/* The connection is made when it has carried something. */
	int r = make_call(client, &client->held, 0);

	if (r == 0)
		r = call_held(client, &outcome);
	if (r == 0 && outcome != ANSWERED)
		r = -EPROTO;
	if (r == 0)
		r = say_ready_alone();
	if (r < 0)
		return r;
	return is_call ? serve_pipelined(&calls, client) : serve_stream(&batches, client, client->bytes);
}

int main(int argc, char **argv)
{
	static struct call calls[UNDER_WAY_MAX];
	struct client client = { .destination = BENCH_NAME, .calls = calls };
	int is_direct = argc == 5 && strcmp(argv[4], "direct") == 0, r;

	client.bytes = argc != 5 ? 0 : strcmp(argv[3], "call") == 0 ? payload_bytes(argv[2]) : message_bytes(argv[2]);
	if (client.bytes == 0) {
		fprintf(stderr, "usage: %s PATH PAYLOAD_BYTES call|one-way|signal bus|direct    (at most %u bytes)\n", argv[0],
			PAYLOAD_BYTES_MAX);
		return 2;
	}
	client.is_signal = strcmp(argv[3], "signal") == 0;
	if (is_direct)
		client.destination = NULL;
	die_with_parent(getppid());
	r = open_bus(&client.bus, argv[1], is_direct ? BUS_DIRECT : 0);
	if (r >= 0)
		r = serve(&client, strcmp(argv[3], "call") == 0);
	sd_bus_unref(client.bus);
	if (r < 0)
		fprintf(stderr, "sdbus-client: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
