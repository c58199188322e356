/*
 * The service of the sd-bus contenders: answers calls with their own bytes, and counts one-way messages.
 *
 * usage: sdbus-service PATH bus|signals|direct
 *   bus      on the bus at PATH, under a well-known name
 *   signals  the same, and counts the signals of the client as well
 *   direct   on the one connection that comes to PATH, without any bus
 * The first line printed is "ready PID". Ends at end-of-file on standard input.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "sdbus.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One-way messages that came in order so far. */
static uint32_t counted;

/* The method and the signal handler have the same form. */
static int echo(sd_bus_message *call, void *context, sd_bus_error *error)
{
	sd_bus_message *answer = NULL;
	const void *bytes;
	void *room;
	size_t length;
	int r = sd_bus_message_read_array(call, 'y', &bytes, &length);

	(void)context;
	(void)error;
	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &answer);
	if (r >= 0)
		r = sd_bus_message_append_array_space(answer, 'y', length, &room);
	if (r >= 0) {
		memcpy(room, bytes, length);
		*(char *)room ^= 1;
		r = sd_bus_send(NULL, answer, NULL);
	}
	sd_bus_message_unref(answer);
	return r;
}

static int take(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const void *bytes;
	size_t length;
	int r = sd_bus_message_read_array(message, 'y', &bytes, &length);

	(void)context;
	(void)error;
	if (r < 0)
		return r;
	counted += is_message(bytes, length, counted);
	/* Nobody asked for an answer. */
	return 1;
}

static int tell_count(sd_bus_message *call, void *context, sd_bus_error *error)
{
	(void)context;
	(void)error;
	return sd_bus_reply_method_return(call, "u", counted);
}

static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Echo", "ay", "ay", echo, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Take", "ay", "", take, SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_METHOD_NO_REPLY),
	SD_BUS_METHOD("Count", "", "u", tell_count, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("Sent", "ay", 0),
	SD_BUS_VTABLE_END
};

static int serve(const char *path, const char *mode)
{
	sd_bus *bus = NULL;
	int is_direct = strcmp(mode, "direct") == 0, r;

	r = is_direct ? accept_peer(&bus, path, 0) : open_bus(&bus, path, 0);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, BENCH_PATH, BENCH_INTERFACE, methods, NULL);
	if (r >= 0 && strcmp(mode, "signals") == 0)
		r = sd_bus_add_match(bus, NULL, BENCH_MATCH, take, NULL);
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

int main(int argc, char **argv)
{
	int r;
	if (argc != 3) {
		fprintf(stderr, "usage: %s PATH bus|signals|direct\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	r = end_with_input();
	if (r == 0)
		r = serve(argv[1], argv[2]);
	fprintf(stderr, "sdbus-service: %s\n", strerror(-r));
	return 1;
}
