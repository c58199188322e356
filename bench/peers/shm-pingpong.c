/*
 * Two rings in shared memory between two processes (ring.h): the limit where the kernel moves no bytes.
 *
 * Configuration and reason: a message is written into its place in the ring and read there, so each direction costs one copy of the
 * payload. Two ways of waiting: `futex` sleeps in the kernel as soon as there is nothing to do, which is what a program that shares its
 * machine does; `spin` looks for a millisecond before it sleeps, so that between two processes that are both at work no system call is
 * made at all. It sleeps after that because its cell has to leave the processor to others between its blocks.
 *
 * usage: shm-pingpong CLIENT_CPU SERVER_CPU PAYLOAD_BYTES call|stream futex|spin    (a CPU of -1 is not pinned)
 * Samples are those of seqpacket-pingpong.c, commands those of client-port.h. The first line printed is "ready CLIENT_PID SERVER_PID".
 */
#define _GNU_SOURCE
#include "client-port.h"
#include "ring.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPIN_NS 1000000u

struct link {
	struct ring *questions;
	struct ring *answers;
	uint64_t spin_ns;
	size_t bytes;
	/* The calls under way are answered in their order. */
	uint32_t first;
	uint32_t next;
	/* The payload as the client has it, and as it gets it back. */
	char payload[PAYLOAD_BYTES_MAX];
	char answer[PAYLOAD_BYTES_MAX];
};

/* Writes a message when there is room. Returns 0 or -errno. */
static int put(struct link *link, struct ring *ring, const void *bytes, size_t length)
{
	int r = await_room(ring, link->spin_ns, UINT64_MAX);
	if (r < 0)
		return r;
	memcpy(free_slot(ring), bytes, length);
	publish(ring);
	return 0;
}

/* Echoes for ever: each answer is the question with its first byte changed. */
static int serve(struct link *link)
{
	for (;;) {
		int r = await_message(link->questions, link->spin_ns, UINT64_MAX);
		unsigned char *question, *answer;
		if (r >= 0)
			r = await_room(link->answers, link->spin_ns, UINT64_MAX);
		if (r < 0)
			return r;
		question = oldest_slot(link->questions);
		answer = free_slot(link->answers);
		memcpy(answer, question, link->bytes);
		answer[0] ^= 1;
		consume(link->questions);
		publish(link->answers);
	}
}

/* Counts for ever; says after each part of a batch how many messages came in order. */
static int count(struct link *link)
{
	uint32_t counted = 0, number, part = stream_part(link->bytes);
	for (;;) {
		int r = await_message(link->questions, link->spin_ns, UINT64_MAX);
		if (r < 0)
			return r;
		memcpy(link->answer, oldest_slot(link->questions), link->bytes);
		consume(link->questions);
		number = read_number(link->answer, link->bytes);
		counted += is_message(link->answer, link->bytes, counted);
		if ((number + 1) % part == 0)
			r = put(link, link->answers, &counted, sizeof counted);
		if (r < 0)
			return r;
	}
}

static int submit(void *context, uint32_t number)
{
	struct link *link = context;
	void *place = free_slot(link->questions);

	if (!place)
		return -EAGAIN;
	stamp(link->payload, link->bytes, number);
	memcpy(place, link->payload, link->bytes);
	publish(link->questions);
	link->next = number + 1;
	return 0;
}

static int collect(void *context, uint64_t until_ns, struct completions *ended)
{
	struct link *link = context;
	void *place;
	int r = await_message(link->answers, until_ns == 0 ? 0 : link->spin_ns, until_ns);

	if (r < 0)
		return r;
	while (ended->count < COMPLETIONS_MAX && (place = oldest_slot(link->answers)) != NULL) {
		memcpy(link->answer, place, link->bytes);
		consume(link->answers);
		int is_right = is_answer(link->answer, link->bytes, link->bytes, link->first);
		complete(ended, link->first, is_right ? ANSWERED : WRONG);
		link->first++;
	}
	return 0;
}

static int await_part(void *context, uint32_t *counted)
{
	struct link *link = context;
	int r = await_message(link->answers, link->spin_ns, UINT64_MAX);

	if (r < 0)
		return r;
	memcpy(counted, oldest_slot(link->answers), sizeof *counted);
	consume(link->answers);
	return 0;
}

static int send_part(void *context)
{
	struct link *link = context;
	const uint32_t count = stream_part(link->bytes);
	int r = 0;

	for (uint32_t at = 0; r == 0 && at < count; at++) {
		stamp(link->payload, link->bytes, link->next++);
		r = put(link, link->questions, link->payload, link->bytes);
	}
	return r;
}

/* Maps the rings and starts the server. Returns its pid or -errno. */
static pid_t start_server(struct link *link, const char *cpu, int is_stream)
{
	pid_t self = getpid(), pid;

	link->questions = map_ring(link->bytes);
	link->answers = map_ring(link->bytes);
	if (!link->questions || !link->answers)
		return -errno;
	pid = fork();
	if (pid == 0) {
		die_with_parent(self);
		_exit(pin(atoi(cpu)) == 0 && (is_stream ? count : serve)(link) == 0 ? 0 : 1);
	}
	return pid < 0 ? -errno : pid;
}

int main(int argc, char **argv)
{
	static const struct pipelined calls = { submit, collect };
	static const struct batches batches = { send_part, await_part };
	static struct link link;
	pid_t pids[2] = { getpid(), -1 };
	int is_stream, r;

	is_stream = argc == 6 && strcmp(argv[4], "stream") == 0;
	link.bytes = argc != 6 ? 0 : is_stream ? message_bytes(argv[3]) : payload_bytes(argv[3]);
	if (link.bytes == 0) {
		fprintf(stderr, "usage: %s CLIENT_CPU SERVER_CPU PAYLOAD_BYTES call|stream futex|spin    (at most %u bytes)\n", argv[0],
			PAYLOAD_BYTES_MAX);
		return 2;
	}
	link.spin_ns = strcmp(argv[5], "spin") == 0 ? SPIN_NS : 0;
	die_with_parent(getppid());
	pids[1] = start_server(&link, argv[2], is_stream);
	r = pids[1] < 0 ? (int)pids[1] : pin(atoi(argv[1]));
	if (r == 0)
		r = say_ready(pids, 2);
	if (r == 0)
		r = is_stream ? serve_stream(&batches, &link, link.bytes) : serve_pipelined(&calls, &link);
	if (pids[1] > 0) {
		/* It has no input that could end it. Still this process's child, so the number is nobody else's. */
		kill(pids[1], SIGKILL);
		waitpid(pids[1], NULL, 0);
	}
	if (r < 0)
		fprintf(stderr, "shm-pingpong: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
