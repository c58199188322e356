/*
 * W3 over D-Bus: descriptors are given in a method call, one of them is used, all are closed. What they lead to is a plain socket, as
 * with the programs that hand descriptors over a D-Bus; what is asked is what it costs to give them away.
 *
 * Configuration and reason: as in sdbus.h. sd-bus itself closes the descriptors, with the message, when its handler has answered.
 *
 * usage: sdbus-grant PATH take bus|direct
 *        sdbus-grant PATH give bus|direct OWNER_CPU PAYLOAD_BYTES HANDLES    (a CPU of -1 is not pinned)
 * Commands to the giver are those of client-port.h. The first line printed is "ready PID", of the giver "ready PID OWNER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "grant.h"
#include "sdbus.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct giver {
	sd_bus *bus;
	const char *destination;
	int handles[GRANT_HANDLES_MAX];
	uint32_t count;
	size_t bytes;
	uint32_t number;
};

/* Reads the descriptors of a message, which keeps them. Returns 0 or -errno. */
static int read_descriptors(sd_bus_message *message, int *fds, uint32_t *count)
{
	int r = sd_bus_message_enter_container(message, 'a', "h");

	*count = 0;
	while (r > 0 && *count < GRANT_HANDLES_MAX) {
		r = sd_bus_message_read_basic(message, 'h', &fds[*count]);
		*count += r > 0;
	}
	return r < 0 ? r : 0;
}

static int taken(sd_bus_message *call, void *context, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	int fds[GRANT_HANDLES_MAX], r;
	struct taker_answer answer;
	const void *payload;
	size_t bytes;
	uint32_t count;

	(void)context;
	(void)error;
	r = sd_bus_message_read_array(call, 'y', &payload, &bytes);
	if (r >= 0)
		r = read_descriptors(call, fds, &count);
	if (r >= 0)
		r = use_one(fds, count, payload, bytes, &answer);
	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', &answer, sizeof answer);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Take", "ayah", "ay", taken, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static int take(const char *path, int is_direct)
{
	sd_bus *bus = NULL;
	int r = end_with_input();

	if (r == 0)
		r = is_direct ? accept_peer(&bus, path, BUS_DESCRIPTORS) : open_bus(&bus, path, BUS_DESCRIPTORS);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, BENCH_PATH, BENCH_INTERFACE, methods, NULL);
	if (r >= 0 && !is_direct) {
		r = sd_bus_request_name(bus, BENCH_NAME, 0);
		if (r >= 0)
			r = say_ready_alone();
	}
	if (r >= 0)
		r = process_for_ever(bus);
	sd_bus_unref(bus);
	return r;
}

/* Makes the call that gives all handles away. Returns 0 or -errno; the caller unrefs. */
static int make_call(struct giver *giver, sd_bus_message **call, uint32_t number)
{
	void *room;
	int r = sd_bus_message_new_method_call(giver->bus, call, giver->destination, BENCH_PATH, BENCH_INTERFACE, "Take");

	if (r >= 0)
		r = sd_bus_message_append_array_space(*call, 'y', giver->bytes, &room);
	if (r < 0)
		return r;
	memset(room, 0, giver->bytes);
	memcpy(room, &number, sizeof number);
	r = sd_bus_message_open_container(*call, 'a', "h");
	for (uint32_t at = 0; r >= 0 && at < giver->count; at++)
		r = sd_bus_message_append_basic(*call, 'h', &giver->handles[at]);
	return r >= 0 ? sd_bus_message_close_container(*call) : r;
}

static int give(struct giver *giver, uint32_t number, struct taker_answer *answer)
{
	sd_bus_message *call = NULL, *reply = NULL;
	const void *bytes;
	size_t length;
	int r = make_call(giver, &call, number);

	if (r >= 0)
		r = sd_bus_call(giver->bus, call, 0, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_read_array(reply, 'y', &bytes, &length);
	if (r >= 0 && length != sizeof *answer)
		r = -EPROTO;
	if (r >= 0)
		memcpy(answer, bytes, sizeof *answer);
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}

static int grants(void *context, uint64_t end_ns, struct samples *samples)
{
	struct giver *giver = context;
	struct taker_answer answer;
	int r = 0;

	for (uint64_t start = monotonic_ns(); block_goes_on(samples, start, end_ns); start = monotonic_ns()) {
		uint32_t number = ++giver->number;
		r = give(giver, number, &answer);
		if (r < 0)
			break;
		samples->violations += !is_right(&answer, number, giver->count);
		add_sample(samples, answer.answered_ns - start);
	}
	return r;
}

static int give_all(const char *path, int is_direct, char **argv)
{
	struct giver giver = { .destination = is_direct ? NULL : BENCH_NAME, .bytes = payload_bytes(argv[1]),
			       .count = (uint32_t)strtoul(argv[2], NULL, 10) };
	struct taker_answer answer;
	pid_t pids[2] = { getpid(), -1 };
	int r = giver.bytes == 0 ? -EINVAL : 0;

	/* Before there is a connection that it would inherit. */
	if (r == 0)
		pids[1] = start_owner(atoi(argv[0]), giver.handles, giver.count);
	if (r == 0 && pids[1] < 0)
		r = (int)pids[1];
	if (r == 0)
		r = open_bus(&giver.bus, path, BUS_DESCRIPTORS | (is_direct ? BUS_DIRECT : 0));
	/* The connection is made when it has carried something. */
	if (r >= 0)
		r = give(&giver, 0, &answer);
	if (r >= 0)
		r = say_ready(pids, 2);
	if (r >= 0)
		r = serve_commands(grants, &giver);
	/* What was given is closed with the messages of the connection. */
	sd_bus_unref(giver.bus);
	if (pids[1] > 0)
		end_owner(pids[1], giver.handles, giver.count);
	return r;
}

int main(int argc, char **argv)
{
	int is_direct = argc >= 4 && strcmp(argv[3], "direct") == 0, r;

	die_with_parent(getppid());
	if (argc == 4 && strcmp(argv[2], "take") == 0) {
		r = take(argv[1], is_direct);
	} else if (argc == 7 && strcmp(argv[2], "give") == 0) {
		r = give_all(argv[1], is_direct, argv + 4);
	} else {
		fprintf(stderr, "usage: %s PATH take bus|direct | PATH give bus|direct OWNER_CPU PAYLOAD_BYTES HANDLES\n", argv[0]);
		return 2;
	}
	if (r < 0)
		fprintf(stderr, "sdbus-grant: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
