/*
 * What init tells the broker: answers, which wait in the channel and stop the reading of requests, and events, which wait where they
 * arose. The order when several things are due: the answer to a request, signals, the answer to LIST, then exits and orphans.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init.h"
#include "process.h"

/* How long to wait when the kernel has no memory, or too many descriptors are in flight; poll does not tell when it has. */
#define RETRY_MS 20

void answer_spawn_failed(struct init *init, uint64_t token, uint32_t stage, int32_t error)
{
	uint8_t *body = channel_begin(&init->channel, EVENT_SPAWN_FAILED, 16);
	put64(body, token);
	put32(body + 8, stage);
	put32(body + 12, (uint32_t)error);
	channel_answer(&init->channel, -1);
}

void answer_refused(struct init *init, uint8_t kind, int32_t error, uint64_t token, const uint8_t *name, uint16_t bytes)
{
	uint8_t *body = channel_begin(&init->channel, EVENT_REFUSED, 24 + (size_t)bytes);
	put32(body, kind);
	put32(body + 4, (uint32_t)error);
	put64(body + 8, token);
	put32(body + 16, bytes);
	if (bytes > 0)
		memcpy(body + 24, name, bytes);
	channel_answer(&init->channel, -1);
}

void answer_welcome(struct init *init)
{
	static const char build[] = CAPSTAN_BUILD;
	const uint32_t build_bytes = sizeof build - 1;
	uint8_t *body = channel_begin(&init->channel, EVENT_WELCOME, 56 + build_bytes);
	put16(body, PROTOCOL_VERSION);
	put16(body + 2, (init->is_first_process ? WELCOME_FIRST_PROCESS : 0) | WELCOME_OWN_PID);
	put32(body + 4, (uint32_t)getpid());
	put32(body + 8, init->table.capacity);
	put32(body + 12, init->store.count_max);
	put32(body + 16, init->broker.started - 1);
	put32(body + 20, init->options.watchdog_ms);
	memcpy(body + 24, init->boot_id, sizeof init->boot_id);
	put64(body + 40, init->nofile_soft);
	put32(body + 48, build_bytes);
	memcpy(body + 56, build, build_bytes);
	channel_answer(&init->channel, -1);
}

void answer_spawned(struct init *init, const struct record *record, int pidfd, uint32_t flags)
{
	uint8_t *body = channel_begin(&init->channel, EVENT_SPAWNED, 24);
	put64(body, record->token);
	put32(body + 8, (uint32_t)record->pid);
	put32(body + 12, flags | (record->state == RECORD_EXITED ? SPAWNED_DEAD : 0));
	put64(body + 16, record->started_us);
	channel_answer(&init->channel, pidfd);
}

/* A pidfd of a watched process for an answer: -1 if it is dead. False: none can be had now, and the answer must wait. */
static bool open_record(struct init *init, const struct record *record, int *pidfd)
{
	*pidfd = -1;
	if (record->state != RECORD_RUNNING)
		return true;
	*pidfd = process_open(record->pid);
	if (*pidfd >= 0)
		return true;
	init->retry_ms = monotonic_ms() + RETRY_MS;
	return false;
}

static bool answer_known(struct init *init)
{
	const struct record *record = table_by_token(&init->table, init->broker.answering);
	int pidfd;
	if (!open_record(init, record, &pidfd))
		return false;
	init->broker.answering = 0;
	answer_spawned(init, record, pidfd, SPAWNED_REPEATED);
	return true;
}

static bool list_record(struct init *init, const struct record *record)
{
	uint16_t bytes = record->cookie_bytes;
	int pidfd;
	if (!open_record(init, record, &pidfd))
		return false;
	uint8_t *body = channel_begin(&init->channel, EVENT_SERVICE, 32 + (size_t)bytes);
	put64(body, record->token);
	put32(body + 8, (uint32_t)record->pid);
	put32(body + 12, (record->state == RECORD_EXITED ? SPAWNED_DEAD : 0) | (record->is_adopted ? SPAWNED_ADOPTED : 0));
	put64(body + 16, record->started_us);
	put32(body + 24, bytes);
	memcpy(body + 32, table_cookie(&init->table, record), bytes);
	init->broker.listed_records += 1;
	channel_answer(&init->channel, pidfd);
	return true;
}

static bool list_entry(struct init *init, uint32_t index)
{
	const struct entry *entry = &init->store.entries[index];
	int copy = dup_descriptor(entry->descriptor);
	if (copy < 0) {
		init->retry_ms = monotonic_ms() + RETRY_MS;
		return false;
	}
	uint8_t *body = channel_begin(&init->channel, EVENT_DESCRIPTOR, 8 + (size_t)entry->name_bytes);
	put32(body, entry->name_bytes);
	memcpy(body + 8, store_name(&init->store, index), entry->name_bytes);
	init->broker.listed_entries += 1;
	channel_answer(&init->channel, copy);
	return true;
}

/* The next frame of the answer to LIST. False: it cannot be made now. */
static bool list_step(struct init *init)
{
	struct broker *broker = &init->broker;
	for (; broker->list_record <= init->table.fresh; broker->list_record += 1) {
		const struct record *record = &init->table.records[broker->list_record];
		if (record->state == RECORD_FREE)
			continue;
		if (!list_record(init, record))
			return false;
		broker->list_record += 1;
		return true;
	}
	for (; broker->list_entry <= init->store.fresh; broker->list_entry += 1) {
		if (init->store.entries[broker->list_entry].descriptor < 0)
			continue;
		if (!list_entry(init, broker->list_entry))
			return false;
		broker->list_entry += 1;
		return true;
	}
	uint8_t *body = channel_begin(&init->channel, EVENT_END, 8);
	put32(body, broker->listed_records);
	put32(body + 4, broker->listed_entries);
	broker->is_listing = false;
	broker->is_listed = true;
	channel_answer(&init->channel, -1);
	return true;
}

static bool tell_signal(struct init *init)
{
	int bit = __builtin_ctzll(init->signals);
	uint8_t *body = channel_begin(&init->channel, EVENT_SIGNALLED, 8);
	put32(body, (uint32_t)bit + 1);
	if (!channel_try(&init->channel))
		return false;
	init->signals &= ~(UINT64_C(1) << bit);
	return true;
}

static bool tell_exit(struct init *init, const struct record *record)
{
	uint8_t *body = channel_begin(&init->channel, EVENT_EXIT, 64);
	put64(body, record->token);
	put64(body + 8, record->sequence);
	put32(body + 16, (uint32_t)record->pid);
	put32(body + 20, record->cause);
	put32(body + 24, (uint32_t)record->status);
	put64(body + 32, record->exited_us);
	put64(body + 40, record->user_us);
	put64(body + 48, record->system_us);
	put64(body + 56, record->resident_kib);
	if (!channel_try(&init->channel))
		return false;
	table_sent(&init->table, record);
	return true;
}

static bool tell_orphan(struct init *init)
{
	const struct orphan *orphan = &init->orphans[init->orphan_first];
	uint8_t *body = channel_begin(&init->channel, EVENT_ORPHAN, 16);
	put32(body, (uint32_t)orphan->pid);
	put32(body + 4, orphan->cause);
	put32(body + 8, (uint32_t)orphan->status);
	put32(body + 12, init->orphans_lost);
	if (!channel_try(&init->channel))
		return false;
	init->orphan_first = (init->orphan_first + 1) % ORPHANS_MAX;
	init->orphan_count -= 1;
	init->orphans_lost = 0;
	return true;
}

/* Sends the next thing that is due: whether there was one, and it is gone or waits as an answer. */
static bool send_next(struct init *init)
{
	const struct broker *broker = &init->broker;
	const struct record *exited = table_unsent(&init->table);
	if (broker->answering != 0)
		return answer_known(init);
	if (init->signals != 0)
		return tell_signal(init);
	if (broker->is_listing)
		return list_step(init);
	if (broker->is_listed && exited != NULL)
		return tell_exit(init, exited);
	return broker->is_listed && init->orphan_count > 0 && tell_orphan(init);
}

void answer_pump(struct init *init)
{
	struct channel *channel = &init->channel;
	bool was_blocked = channel->is_blocked;
	init->retry_ms = 0;
	if (channel->socket < 0 || channel->is_mute || !channel_flush(channel))
		goto done;
	if (was_blocked && channel->answer_bytes == 0 && !channel->is_blocked)
		broker_lives(&init->broker);
	if (!init->broker.is_welcomed)
		goto done;
	while (channel->answer_bytes == 0 && send_next(init)) {
		if (was_blocked)
			broker_lives(&init->broker);
		was_blocked = false;
	}
done:
	if (channel->socket >= 0 && channel->is_blocked && channel->is_starved)
		init->retry_ms = monotonic_ms() + RETRY_MS;
}
