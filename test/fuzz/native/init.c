/*
 * What the broker sends to capstan-init: packets are received, read and carried out by the real code, and every edge to the kernel
 * that starts, signals or waits for a process is replaced here. An input is a list of packets:
 *
 *     u8   0-2 how many descriptors   3 the kernel takes no answer now   4 a process ends   5 the connection is a new one
 *          6 the kernel cut the packet off   7 a descriptor cannot be had
 *     u16  length of the packet, and its bytes
 *
 * Held: no read outside of the packet, answers are whole frames, and when everything is given back no descriptor is left.
 */
#include <errno.h>
#include <sys/socket.h>

#include "harness.h"
#include "init.h"
#include "process.h"
#include "spawn.h"

#define RECORDS 4
#define ENTRIES 3

static struct init init;
static struct input packets;
static bool has_packet, is_blocked, is_cut, has_no_descriptor;
static unsigned packet_descriptors;
static uint64_t now_us = 1;
static pid_t next_pid = 100;

/* --- the kernel, as channel.c sees it --- */

ssize_t fuzz_recvmsg(int socket, struct msghdr *message, int flags);
ssize_t fuzz_sendmsg(int socket, const struct msghdr *message, int flags);

ssize_t fuzz_recvmsg(int socket, struct msghdr *message, int flags)
{
	(void)socket, (void)flags;
	struct iovec *part = message->msg_iov;
	size_t length;
	if (!has_packet) {
		errno = EAGAIN;
		return -1;
	}
	has_packet = false;
	const uint8_t *bytes = take_bytes(&packets, &length);
	ASAN_UNPOISON_MEMORY_REGION(part->iov_base, part->iov_len);
	memcpy(part->iov_base, bytes, length);
	show_only(part->iov_base, part->iov_len, length);
	message->msg_flags = is_cut ? MSG_TRUNC : 0;
	if (packet_descriptors == 0) {
		message->msg_controllen = 0;
		return (ssize_t)length;
	}
	struct cmsghdr *control = message->msg_control;
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(packet_descriptors * sizeof(int));
	for (unsigned at = 0; at < packet_descriptors; at += 1) {
		int descriptor = new_descriptor();
		memcpy(CMSG_DATA(control) + at * sizeof(int), &descriptor, sizeof descriptor);
	}
	message->msg_controllen = CMSG_SPACE(packet_descriptors * sizeof(int));
	return (ssize_t)length;
}

ssize_t fuzz_sendmsg(int socket, const struct msghdr *message, int flags)
{
	(void)socket, (void)flags;
	const struct iovec *part = message->msg_iov;
	const uint8_t *frame = part->iov_base;
	if (is_blocked) {
		errno = EAGAIN;
		return -1;
	}
	must(message->msg_iovlen == 1 && part->iov_len >= HEADER_BYTES && part->iov_len <= ANSWER_BYTES_MAX);
	must(get32(frame) == part->iov_len && part->iov_len % 8 == 0 && frame[7] <= 7);
	must((frame[6] == 1) == (message->msg_control != NULL));
	return (ssize_t)part->iov_len;
}

/* --- processes --- */

uint64_t monotonic_us(void)
{
	return now_us += 1000;
}

uint64_t monotonic_ms(void)
{
	return monotonic_us() / 1000;
}

int process_open(pid_t pid)
{
	(void)pid;
	return has_no_descriptor ? -EMFILE : new_descriptor();
}

int dup_descriptor(int descriptor)
{
	int copy = has_no_descriptor ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -EMFILE : copy;
}

bool process_is_child(pid_t pid)
{
	return pid > 1 && pid < 100;
}

int signal_record(struct init *state, const struct record *record, int signal, bool to_group)
{
	(void)state;
	must(record->state == RECORD_RUNNING && signal >= 1 && signal <= 64);
	return to_group ? 0 : -ESRCH;
}

void ending_begin(struct init *state, int status, uint32_t grace_ms, bool spares_broker)
{
	(void)grace_ms;
	must(status >= 0 && status <= 255 && spares_broker);
	state->ending.phase = ENDING_TERM;
}

void broker_lives(struct broker *broker)
{
	broker->watched_ms = monotonic_ms();
}

void complain(const char *format, ...)
{
	(void)format;
}

/* Reads everything that a child would. */
void spawn(const struct spawn_request *request, struct spawn_result *result)
{
	size_t bytes = strlen(request->cwd);
	for (char **argument = request->argv; *argument != NULL; argument += 1)
		bytes += strlen(*argument);
	for (char **variable = request->env; *variable != NULL; variable += 1)
		bytes += strlen(*variable);
	for (unsigned at = 0; at < request->descriptor_count; at += 1)
		must(fcntl(request->descriptors[at], F_GETFD) >= 0 && request->targets[at] <= INT32_MAX);
	for (unsigned at = 0; at < request->group_count; at += 1)
		bytes += request->groups[at] & 1;
	for (unsigned at = 0; at < request->rlimit_count; at += 1)
		bytes += request->rlimits[at].resource & 1;
	if ((request->flags & SPAWN_CGROUP) != 0)
		must(fcntl(request->cgroup, F_GETFD) >= 0);
	*result = (struct spawn_result){.pid = next_pid++, .pidfd = -1};
	if (bytes % 5 == 4)
		*result = (struct spawn_result){.stage = STAGE_EXEC, .error = ENOENT};
	else
		result->pidfd = new_descriptor();
}

/* --- a case --- */

static void reopen(void)
{
	channel_close(&init.channel);
	channel_open(&init.channel, new_descriptor());
	init.broker.is_welcomed = false;
	init.broker.is_listing = false;
	init.broker.is_listed = false;
	init.broker.answering = 0;
	table_resend(&init.table);
}

static void end_one(void)
{
	for (uint32_t at = 1; at <= init.table.fresh; at += 1) {
		struct record *record = &init.table.records[at];
		if (record->state != RECORD_RUNNING)
			continue;
		table_exit(&init.table, record, 1, 0, monotonic_us());
		return;
	}
}

static void give_back(void)
{
	channel_close(&init.channel);
	for (uint32_t at = 1; at <= init.table.fresh; at += 1) {
		struct record *record = &init.table.records[at];
		must(record->state != RECORD_RESERVED);
		if (record->state == RECORD_RUNNING)
			table_exit(&init.table, record, 1, 0, monotonic_us());
		if (record->state == RECORD_EXITED)
			table_release(&init.table, record);
	}
	must(init.table.first_exit == 0 && init.table.unsent == 0);
	for (uint32_t at = 1; at <= init.store.fresh; at += 1) {
		if (init.store.entries[at].descriptor >= 0)
			store_remove(&init.store, store_name(&init.store, at), init.store.entries[at].name_bytes);
	}
	must(init.store.count == 0);
}

static void fuzz_one(struct input input)
{
	if (init.table.capacity == 0) {
		must(table_create(&init.table, RECORDS) == 0 && store_create(&init.store, ENTRIES, ENTRIES) == 0);
		init.channel.socket = -1;
		init.broker.started = 1;
		init.broker.pid = 50;
	}
	long before = open_descriptors();
	packets = input;
	init.ending.phase = ENDING_NOT;
	is_blocked = has_no_descriptor = has_packet = false;
	reopen();
	while (packets.left > 0) {
		uint8_t control = take8(&packets);
		packet_descriptors = control & 7;
		is_blocked = (control & 8) != 0;
		is_cut = (control & 64) != 0;
		has_no_descriptor = (control & 128) != 0;
		if ((control & 16) != 0)
			end_one();
		if ((control & 32) != 0)
			reopen();
		has_packet = true;
		/* What a blocked channel does not read now comes with the next packet. */
		if (request_pump(&init, 64) < 0)
			reopen();
		if (has_packet) {
			size_t skipped;
			take_bytes(&packets, &skipped);
			has_packet = false;
		}
		answer_pump(&init);
	}
	give_back();
	must(open_descriptors() == before);
}
