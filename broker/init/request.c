/*
 * What the broker asks for. Each function checks its frame completely before it does anything; -EPROTO is garbage and ends the
 * connection (init I2), a request that is well formed but cannot be done is answered.
 *
 * A function owns the frame's descriptors: each is taken, or closed on every way out.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"
#include "process.h"
#include "spawn.h"

/* Pointers to the strings of one SPAWN: as many as fit into a frame, a slot before argv and a NULL after each list. */
static char *strings[FRAME_BYTES_MAX + 4];
static uint32_t sorted_targets[DESCRIPTORS_MAX];

static bool is_token(uint64_t token)
{
	return token >= 1 && token <= TOKEN_MAX;
}

static int hello(struct init *init, const struct frame *frame)
{
	if (frame->body_bytes != 8 || frame->descriptors != 0 || init->broker.is_welcomed)
		return -EPROTO;
	uint16_t lowest = get16(frame->body);
	uint16_t highest = get16(frame->body + 2);
	if (lowest > PROTOCOL_VERSION || highest < PROTOCOL_VERSION) {
		answer_refused(init, REQUEST_HELLO, EPROTONOSUPPORT, 0, NULL, 0);
		return -EPIPE;
	}
	init->broker.is_welcomed = true;
	answer_welcome(init);
	return 0;
}

/* Whether no two targets are the same, and all are numbers of descriptors. */
static bool are_targets(const uint32_t *targets, unsigned count)
{
	for (unsigned at = 0; at < count; at += 1) {
		uint32_t target = targets[at];
		unsigned to = at;
		if (target > INT32_MAX - 1)
			return false;
		for (; to > 0 && sorted_targets[to - 1] >= target; to -= 1) {
			if (sorted_targets[to - 1] == target)
				return false;
			sorted_targets[to] = sorted_targets[to - 1];
		}
		sorted_targets[to] = target;
	}
	return true;
}

/* Points argv and env at the strings of the frame. False if they are not exactly what was announced. */
static bool point(struct spawn_request *request, char *text, size_t bytes, unsigned argc, unsigned envc)
{
	char **slot = strings + 1;
	size_t at = 0;
	unsigned wanted = 1 + argc + envc;
	if (argc == 0 || bytes < wanted || text[bytes - 1] != '\0')
		return false;
	request->argv = slot;
	request->env = slot + argc + 1;
	for (unsigned index = 0; index < wanted; index += 1) {
		if (at >= bytes)
			return false;
		if (index == 0)
			request->cwd = text;
		else if (index <= argc)
			request->argv[index - 1] = text + at;
		else
			request->env[index - 1 - argc] = text + at;
		at += strlen(text + at) + 1;
	}
	request->argv[argc] = NULL;
	request->env[envc] = NULL;
	return at == bytes;
}

/* Reads a SPAWN; `cookie` points into the frame. */
static bool read_spawn(struct spawn_request *request, const struct frame *frame, const uint8_t **cookie, uint16_t *cookie_bytes)
{
	const uint8_t *body = frame->body;
	if (frame->body_bytes < SPAWN_FIXED_BYTES)
		return false;
	unsigned rlimits = get16(body + 64);
	unsigned targets = get16(body + 66);
	unsigned groups = get16(body + 68);
	size_t text_bytes = get32(body + 76);
	size_t before_cookie = SPAWN_FIXED_BYTES + rlimits * sizeof(struct wire_rlimit) + (targets + groups) * 4u;
	*cookie_bytes = get16(body + 70);
	*cookie = body + before_cookie;
	*request = (struct spawn_request){
		.flags = get32(body + 8),
		.nice = (int32_t)get32(body + 12),
		.umask = get32(body + 16),
		.oom_score = (int32_t)get32(body + 20),
		.uid = get32(body + 24),
		.gid = get32(body + 28),
		.ioprio = get32(body + 32),
		.securebits = get32(body + 36),
		.inheritable = get64(body + 40),
		.ambient = get64(body + 48),
		.bounding = get64(body + 56),
		.rlimits = (const struct wire_rlimit *)(const void *)(body + SPAWN_FIXED_BYTES),
		.rlimit_count = rlimits,
		.descriptor_count = targets,
		.group_count = groups,
		.cgroup = -1,
	};
	request->targets = (const uint32_t *)(const void *)(request->rlimits + rlimits);
	request->groups = request->targets + targets;
	unsigned descriptors = targets + ((request->flags & SPAWN_CGROUP) != 0 ? 1 : 0);
	if ((request->flags & ~(uint32_t)SPAWN_FLAGS_ALL) != 0 || *cookie_bytes > COOKIE_BYTES_MAX
	    || descriptors != frame->descriptors || targets > DESCRIPTORS_MAX
	    || (uint64_t)before_cookie + *cookie_bytes + text_bytes != frame->body_bytes)
		return false;
	/* The strings stand in the channel's buffer, which stays as it is while this frame is worked on. */
	char *text = (char *)(uintptr_t)(*cookie + *cookie_bytes);
	return are_targets(request->targets, targets)
	       && point(request, text, text_bytes, get16(body + 72), get16(body + 74));
}

/* What is well formed and yet cannot be. */
static bool is_possible(const struct spawn_request *request)
{
	uint32_t isolation = request->flags & (SPAWN_SESSION | SPAWN_GROUP);
	if (isolation == (SPAWN_SESSION | SPAWN_GROUP))
		return false;
	if ((request->flags & SPAWN_TERMINAL) != 0 && (request->flags & SPAWN_SESSION) == 0)
		return false;
	if ((request->flags & SPAWN_END_GROUP) != 0 && isolation == 0)
		return false;
	return (request->ambient & ~request->inheritable) == 0;
}

/* Makes the process and its record. The descriptors stay the caller's. */
static void start(struct init *init, uint64_t token, const struct spawn_request *request, const uint8_t *cookie, uint16_t bytes)
{
	struct spawn_result result;
	if (init->ending.phase != ENDING_NOT) {
		answer_spawn_failed(init, token, STAGE_ENDING, ESHUTDOWN);
		return;
	}
	if (!is_possible(request)) {
		answer_spawn_failed(init, token, STAGE_REQUEST, EINVAL);
		return;
	}
	struct record *record = table_reserve(&init->table, token, cookie, bytes);
	if (record == NULL) {
		answer_spawn_failed(init, token, STAGE_TABLE, ENOSPC);
		return;
	}
	uint64_t started_us = monotonic_us();
	spawn(request, &result);
	if (result.error != 0) {
		table_release(&init->table, record);
		answer_spawn_failed(init, token, result.stage, result.error);
		return;
	}
	record->ends_group = (request->flags & SPAWN_END_GROUP) != 0;
	table_start(&init->table, record, result.pid, started_us);
	answer_spawned(init, record, result.pidfd, 0);
}

static int spawn_requested(struct init *init, const struct frame *frame)
{
	struct spawn_request request;
	const uint8_t *cookie;
	uint16_t cookie_bytes;
	int descriptors[DESCRIPTORS_MAX];
	bool is_read = read_spawn(&request, frame, &cookie, &cookie_bytes);
	uint64_t token = is_read ? get64(frame->body) : 0;
	if (!is_token(token)) {
		channel_drop(&init->channel, frame, 0);
		return -EPROTO;
	}
	for (unsigned at = 0; at < frame->descriptors; at += 1)
		descriptors[at] = channel_take(&init->channel);
	request.descriptors = descriptors;
	if ((request.flags & SPAWN_CGROUP) != 0)
		request.cgroup = descriptors[request.descriptor_count];
	if (table_by_token(&init->table, token) != NULL)
		init->broker.answering = token;
	else
		start(init, token, &request, cookie, cookie_bytes);
	for (unsigned at = 0; at < frame->descriptors; at += 1)
		close(descriptors[at]);
	return 0;
}

static int adopt(struct init *init, const struct frame *frame)
{
	const uint8_t *body = frame->body;
	if (frame->body_bytes < 16 || frame->descriptors != 0)
		return -EPROTO;
	uint64_t token = get64(body);
	pid_t pid = (pid_t)get32(body + 8);
	uint32_t cookie_bytes = get32(body + 12);
	if (!is_token(token) || cookie_bytes > COOKIE_BYTES_MAX || frame->body_bytes != 16 + cookie_bytes)
		return -EPROTO;
	if (table_by_token(&init->table, token) != NULL) {
		init->broker.answering = token;
		return 0;
	}
	if (!process_is_child(pid) || pid == init->broker.pid || table_by_pid(&init->table, pid) != NULL) {
		answer_spawn_failed(init, token, STAGE_ADOPT, ECHILD);
		return 0;
	}
	struct record *record = table_reserve(&init->table, token, body + 16, (uint16_t)cookie_bytes);
	if (record == NULL) {
		answer_spawn_failed(init, token, STAGE_TABLE, ENOSPC);
		return 0;
	}
	int pidfd = process_open(pid);
	if (pidfd < 0) {
		table_release(&init->table, record);
		answer_spawn_failed(init, token, STAGE_PIDFD, -pidfd);
		return 0;
	}
	record->is_adopted = true;
	table_start(&init->table, record, pid, monotonic_us());
	answer_spawned(init, record, pidfd, SPAWNED_ADOPTED);
	return 0;
}

static int signal_requested(struct init *init, const struct frame *frame)
{
	if (frame->body_bytes != 16 || frame->descriptors != 0)
		return -EPROTO;
	uint64_t token = get64(frame->body);
	int32_t signal = (int32_t)get32(frame->body + 8);
	uint32_t target = get32(frame->body + 12);
	if (!is_token(token) || target > 1)
		return -EPROTO;
	const struct record *record = table_by_token(&init->table, token);
	int error = -ESRCH;
	if (signal < 1 || signal > 64)
		error = -EINVAL;
	else if (record != NULL && record->state == RECORD_RUNNING)
		error = signal_record(init, record, signal, target == 1);
	if (error < 0)
		answer_refused(init, REQUEST_SIGNAL, -error, token, NULL, 0);
	return 0;
}

static int acknowledge(struct init *init, const struct frame *frame)
{
	if (frame->body_bytes != 16 || frame->descriptors != 0)
		return -EPROTO;
	struct record *record = table_by_token(&init->table, get64(frame->body));
	if (record != NULL && record->state == RECORD_EXITED && record->sequence == get64(frame->body + 8))
		table_release(&init->table, record);
	return 0;
}

static int store_requested(struct init *init, const struct frame *frame, unsigned descriptors)
{
	uint32_t bytes = frame->body_bytes < 8 ? 0 : get32(frame->body);
	if (frame->descriptors != descriptors || bytes < 1 || bytes > NAME_BYTES_MAX || frame->body_bytes != 8 + bytes) {
		channel_drop(&init->channel, frame, 0);
		return -EPROTO;
	}
	const uint8_t *name = frame->body + 8;
	if (descriptors == 0) {
		store_remove(&init->store, name, (uint16_t)bytes);
		return 0;
	}
	int error = store_put(&init->store, name, (uint16_t)bytes, channel_take(&init->channel));
	if (error < 0)
		answer_refused(init, REQUEST_STORE, -error, 0, name, (uint16_t)bytes);
	return 0;
}

static int list(struct init *init, const struct frame *frame)
{
	if (frame->body_bytes != 0 || frame->descriptors != 0)
		return -EPROTO;
	init->broker.is_listing = !init->channel.is_mute;
	init->broker.list_record = 1;
	init->broker.list_entry = 1;
	init->broker.listed_records = 0;
	init->broker.listed_entries = 0;
	return 0;
}

static int finish(struct init *init, const struct frame *frame)
{
	if (frame->body_bytes != 8 || frame->descriptors != 0)
		return -EPROTO;
	uint32_t status = get32(frame->body);
	uint32_t grace_ms = get32(frame->body + 4);
	if (status > 255)
		return -EPROTO;
	ending_begin(init, (int)status, grace_ms == 0 ? init->options.grace_ms : grace_ms, true);
	return 0;
}

static int carry_out(struct init *init, const struct frame *frame)
{
	if (frame->kind != REQUEST_HELLO && !init->broker.is_welcomed) {
		channel_drop(&init->channel, frame, 0);
		return -EPROTO;
	}
	switch (frame->kind) {
	case REQUEST_SPAWN:
		return spawn_requested(init, frame);
	case REQUEST_STORE:
		return store_requested(init, frame, 1);
	case REQUEST_UNSTORE:
		return store_requested(init, frame, 0);
	default:
		break;
	}
	/* The others take no descriptors. */
	channel_drop(&init->channel, frame, 0);
	switch (frame->kind) {
	case REQUEST_HELLO:
		return hello(init, frame);
	case REQUEST_ADOPT:
		return adopt(init, frame);
	case REQUEST_SIGNAL:
		return signal_requested(init, frame);
	case REQUEST_ACK:
		return acknowledge(init, frame);
	case REQUEST_LIST:
		return list(init, frame);
	case REQUEST_HEARTBEAT:
		return frame->body_bytes == 0 && frame->descriptors == 0 ? 0 : -EPROTO;
	case REQUEST_FINISH:
		return finish(init, frame);
	default:
		return -EPROTO;
	}
}

int request_pump(struct init *init, unsigned budget)
{
	struct broker *broker = &init->broker;
	struct channel *channel = &init->channel;
	struct frame frame;
	while (channel->socket >= 0 && channel->answer_bytes == 0 && broker->answering == 0 && !broker->is_listing) {
		if (budget-- == 0) {
			init->has_more = true;
			return 0;
		}
		int result = channel_next(channel, &frame);
		if (result <= 0)
			return result;
		broker_lives(broker);
		broker->sent_ms = broker->watched_ms;
		result = carry_out(init, &frame);
		if (result < 0)
			return result;
		if (channel->is_mute)
			broker->answering = 0;
		else if (broker->answering != 0 || broker->is_listing)
			answer_pump(init);
	}
	return 0;
}
