/*
 * The one state of init, and the rooms that work on it. Everything is a field here or memory mapped at the start; nothing is
 * allocated later.
 *
 *   init.c     start, the main loop, signals, reaping
 *   broker.c   the broker's life: start, back-off, watchdog, death
 *   request.c  what the broker asks for
 *   answer.c   what init tells the broker
 *   ending.c   the end of everything
 */
#ifndef CAPSTAN_INIT_INIT_H
#define CAPSTAN_INIT_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "options.h"
#include "store.h"
#include "table.h"

#define ORPHANS_MAX 1024

struct broker {
	pid_t pid; /* 0: none lives */
	uint32_t started; /* how many were, this one included */
	uint32_t failures; /* deaths since one lived long enough */
	uint64_t started_ms;
	uint64_t restart_at_ms; /* with pid 0 */
	uint64_t silent_ms;     /* how long it has shown no life, up to … */
	uint64_t watched_ms;    /* … the last look at it */
	uint64_t sent_ms;       /* when it last sent something */
	uint64_t kill_at_ms;    /* it closed its connection and must end; 0: it did not */
	bool is_welcomed;
	bool is_listing;
	bool is_listed;
	uint32_t list_record; /* of the running LIST: the next record, the next stored descriptor, … */
	uint32_t list_entry;
	uint32_t listed_records; /* … and how many were told */
	uint32_t listed_entries;
	uint64_t answering; /* a known token whose SPAWNED is due; 0: none */
	char **env;
	int number; /* of its end of the connection */
	char number_variable[40];
};

enum ending_phase { ENDING_NOT, ENDING_TERM, ENDING_KILL };

struct ending {
	enum ending_phase phase;
	int status;
	uint64_t deadline_ms;
	unsigned requests; /* SIGTERM and SIGINT so far */
	uint64_t first_request_ms;
	uint64_t last_request_ms;
	uint64_t asked; /* their bits, as in init.signals */
	bool spares_broker; /* it has sent FINISH, and ends by itself */
};

struct orphan {
	pid_t pid;
	uint32_t cause;
	int32_t status;
};

struct init {
	struct options options;
	struct table table;
	struct store store;
	struct channel channel;
	struct broker broker;
	struct ending ending;
	struct orphan orphans[ORPHANS_MAX];
	uint32_t orphan_first;
	uint32_t orphan_count;
	uint32_t orphans_lost;
	uint64_t signals; /* bit n - 1: signal n waits to be told */
	uint64_t retry_ms; /* try to send again then; 0: no need */
	uint64_t nofile_soft;
	int signal_descriptor;
	bool is_first_process;
	bool has_more; /* something is left to do without waiting */
	uint8_t boot_id[16];
};

/* answer.c: sends what can be sent now. */
void answer_pump(struct init *init);
void answer_spawn_failed(struct init *init, uint64_t token, uint32_t stage, int32_t error);
void answer_refused(struct init *init, uint8_t kind, int32_t error, uint64_t token, const uint8_t *name, uint16_t bytes);
void answer_welcome(struct init *init);
/* Takes the pidfd. */
void answer_spawned(struct init *init, const struct record *record, int pidfd, uint32_t flags);

/* request.c: carries out what the broker has sent, at most `budget` frames. 0; -EPIPE at its end; -EPROTO for garbage. */
int request_pump(struct init *init, unsigned budget);

/* broker.c */
int broker_prepare(struct init *init);
/* 0, or an exit status for init: the program cannot be executed, and this was the first try. */
int broker_start(struct init *init);
void broker_kill(struct init *init);
/* The connection is of no use any more: -EPIPE (it closed it) or -EPROTO (it sent garbage). */
void broker_lost(struct init *init, int reason);
/* It is a zombie: reads what it had sent, reaps it, and plans the next one. */
void broker_died(struct init *init);
/* It has shown life. */
void broker_lives(struct broker *broker);
/* Watchdog, and the time in which it must end. */
void broker_check(struct init *init, uint64_t now);
/* The next time at which broker_check or broker_start has something to do; UINT64_MAX: none. */
uint64_t broker_deadline(const struct init *init);

/* ending.c */
void ending_begin(struct init *init, int status, uint32_t grace_ms, bool spares_broker);
/* SIGTERM or SIGINT came. */
void ending_requested(struct init *init, int signal);
/* Goes on with the end; whether nothing is left. */
bool ending_step(struct init *init, uint64_t now);
uint64_t ending_deadline(const struct init *init);
/* Signals a watched process, or the group that it leads (init I13). 0 or -errno. */
int signal_record(struct init *init, const struct record *record, int signal, bool to_group);

#endif
