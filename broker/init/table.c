/* The records of the watched processes: see table.h. */
#include "table.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "protocol.h"

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

int table_create(struct table *table, uint32_t capacity)
{
	uint32_t bits = 4;
	while ((UINT32_C(1) << bits) < capacity)
		bits += 1;
	memset(table, 0, sizeof *table);
	table->capacity = capacity;
	table->hash_shift = 64 - bits;
	table->records = map((capacity + 1) * sizeof *table->records);
	table->cookies = map((size_t)(capacity + 1) * COOKIE_BYTES_MAX);
	table->by_token = map(sizeof(uint32_t) << bits);
	table->by_pid = map(sizeof(uint32_t) << bits);
	if (table->records == NULL || table->cookies == NULL || table->by_token == NULL || table->by_pid == NULL)
		return -ENOMEM;
	return 0;
}

/* Fibonacci hashing: spreads the neighbouring numbers that tokens and pids are. */
static uint32_t bucket(const struct table *table, uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> table->hash_shift);
}

struct record *table_reserve(struct table *table, uint64_t token, const uint8_t *cookie, uint16_t cookie_bytes)
{
	uint32_t index = table->free;
	if (index != 0)
		table->free = table->records[index].next_exit;
	else if (table->fresh < table->capacity)
		index = ++table->fresh;
	else
		return NULL;

	struct record *record = &table->records[index];
	uint32_t *head = &table->by_token[bucket(table, token)];
	*record = (struct record){
		.token = token,
		.state = RECORD_RESERVED,
		.cookie_bytes = cookie_bytes,
		.next_by_token = *head,
	};
	*head = index;
	memcpy(table->cookies + (size_t)index * COOKIE_BYTES_MAX, cookie, cookie_bytes);
	return record;
}

void table_start(struct table *table, struct record *record, pid_t pid, uint64_t started_us)
{
	uint32_t *head = &table->by_pid[bucket(table, (uint64_t)pid)];
	record->pid = pid;
	record->started_us = started_us;
	record->state = RECORD_RUNNING;
	record->next_by_pid = *head;
	*head = table_index(table, record);
}

static void forget_pid(struct table *table, const struct record *record)
{
	uint32_t index = table_index(table, record);
	uint32_t *link = &table->by_pid[bucket(table, (uint64_t)record->pid)];
	while (*link != index)
		link = &table->records[*link].next_by_pid;
	*link = record->next_by_pid;
}

void table_exit(struct table *table, struct record *record, uint32_t cause, int32_t status, uint64_t exited_us)
{
	uint32_t index = table_index(table, record);
	forget_pid(table, record);
	record->state = RECORD_EXITED;
	record->cause = cause;
	record->status = status;
	record->exited_us = exited_us;
	record->sequence = ++table->sequence;
	record->previous_exit = table->last_exit;
	record->next_exit = 0;
	if (table->last_exit != 0)
		table->records[table->last_exit].next_exit = index;
	else
		table->first_exit = index;
	table->last_exit = index;
	if (table->unsent == 0)
		table->unsent = index;
}

static void leave_exits(struct table *table, const struct record *record)
{
	if (table->unsent == table_index(table, record))
		table->unsent = record->next_exit;
	if (record->previous_exit != 0)
		table->records[record->previous_exit].next_exit = record->next_exit;
	else
		table->first_exit = record->next_exit;
	if (record->next_exit != 0)
		table->records[record->next_exit].previous_exit = record->previous_exit;
	else
		table->last_exit = record->previous_exit;
}

void table_release(struct table *table, struct record *record)
{
	uint32_t index = table_index(table, record);
	uint32_t *link = &table->by_token[bucket(table, record->token)];
	while (*link != index)
		link = &table->records[*link].next_by_token;
	*link = record->next_by_token;
	if (record->state == RECORD_RUNNING)
		forget_pid(table, record);
	if (record->state == RECORD_EXITED)
		leave_exits(table, record);
	*record = (struct record){.next_exit = table->free};
	table->free = index;
}

struct record *table_by_token(const struct table *table, uint64_t token)
{
	uint32_t index = table->by_token[bucket(table, token)];
	while (index != 0 && table->records[index].token != token)
		index = table->records[index].next_by_token;
	return index == 0 ? NULL : &table->records[index];
}

struct record *table_by_pid(const struct table *table, pid_t pid)
{
	uint32_t index = table->by_pid[bucket(table, (uint64_t)pid)];
	while (index != 0 && table->records[index].pid != pid)
		index = table->records[index].next_by_pid;
	return index == 0 ? NULL : &table->records[index];
}

const uint8_t *table_cookie(const struct table *table, const struct record *record)
{
	return table->cookies + (size_t)table_index(table, record) * COOKIE_BYTES_MAX;
}

uint32_t table_index(const struct table *table, const struct record *record)
{
	return (uint32_t)(record - table->records);
}

void table_resend(struct table *table)
{
	table->unsent = table->first_exit;
}

struct record *table_unsent(const struct table *table)
{
	return table->unsent == 0 ? NULL : &table->records[table->unsent];
}

void table_sent(struct table *table, const struct record *record)
{
	table->unsent = record->next_exit;
}
