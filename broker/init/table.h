/*
 * The processes that init watches: a fixed number of records, found by token and by pid.
 *
 *   FREE ── table_reserve ──▶ RESERVED ── table_start ──▶ RUNNING ── table_exit ──▶ EXITED ── table_release ──▶ FREE
 *
 * A record is in a queue by its own fields: an exit that nobody has acknowledged is a member of the list of exits, in the order
 * of their sequence numbers, and `unsent` is the first of them that this connection has not been told. So an exit can always
 * be kept, whatever the broker does, without memory that could be missing.
 *
 * All memory is mapped when the table is made and is touched when it is first used; free records are reused last in, first
 * out, so what is resident is the largest number of processes there ever were. Links are indices; index 0 is none.
 */
#ifndef CAPSTAN_INIT_TABLE_H
#define CAPSTAN_INIT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum record_state { RECORD_FREE, RECORD_RESERVED, RECORD_RUNNING, RECORD_EXITED };

struct record {
	uint64_t token;
	uint64_t sequence;
	uint64_t started_us;
	uint64_t exited_us;
	uint64_t user_us;
	uint64_t system_us;
	uint64_t resident_kib;
	pid_t pid;
	int32_t status;
	uint32_t cause; /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
	uint32_t next_by_token;
	uint32_t next_by_pid;
	uint32_t previous_exit;
	uint32_t next_exit; /* of a free record: the next free one */
	uint16_t cookie_bytes;
	uint8_t state;
	bool is_adopted;
	bool ends_group;
};

struct table {
	struct record *records; /* 1 … capacity */
	uint8_t *cookies;       /* a slot of COOKIE_BYTES_MAX for each */
	uint32_t *by_token;
	uint32_t *by_pid;
	uint32_t hash_shift;
	uint32_t capacity;
	uint32_t fresh; /* records above this index were never used */
	uint32_t free;
	uint32_t first_exit;
	uint32_t last_exit;
	uint32_t unsent;
	uint64_t sequence;
};

/* Maps the memory. Returns 0 or -errno. */
int table_create(struct table *table, uint32_t capacity);

/* A record for this token, which must not be known; NULL if all are in use. The cookie is copied. */
struct record *table_reserve(struct table *table, uint64_t token, const uint8_t *cookie, uint16_t cookie_bytes);
void table_start(struct table *table, struct record *record, pid_t pid, uint64_t started_us);
/* The process was reaped: its number is forgotten, and the record waits for its acknowledgement. */
void table_exit(struct table *table, struct record *record, uint32_t cause, int32_t status, uint64_t exited_us);
void table_release(struct table *table, struct record *record);

struct record *table_by_token(const struct table *table, uint64_t token);
/* Only running ones: the number of a process that was reaped says nothing. */
struct record *table_by_pid(const struct table *table, pid_t pid);
const uint8_t *table_cookie(const struct table *table, const struct record *record);
uint32_t table_index(const struct table *table, const struct record *record);

/* All exits are unsent again: there is a new connection. */
void table_resend(struct table *table);
/* The first exit that was not sent, or NULL; and the mark that it was. */
struct record *table_unsent(const struct table *table);
void table_sent(struct table *table, const struct record *record);

#endif
