/*
 * What init does to processes by number. A number belongs to a process until its parent has reaped it, and init is the parent
 * and the only one who reaps: as long as it has not, the number cannot mean another process. Every function here is for
 * children that were not reaped.
 */
#ifndef CAPSTAN_INIT_PROCESS_H
#define CAPSTAN_INIT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ending_status {
	uint32_t cause; /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
	int32_t status;
	uint64_t user_us;
	uint64_t system_us;
	uint64_t resident_kib;
};

uint64_t monotonic_us(void);
uint64_t monotonic_ms(void);

/* Descriptors that init opens for a moment have one kept free for them. */
int reserve_create(int null_descriptor);
void reserve_restore(void);

/* A new descriptor, close-on-exec, or -errno. Uses the reserve when descriptors have run out. */
int process_open(pid_t pid);
/* A duplicate, in the same way. */
int dup_descriptor(int descriptor);
/* 0 or -errno. */
int process_signal(pid_t pid, int signal);
/* Signals the group whose number is `group`; -ESRCH if there is none, -EPERM for init's own. */
int process_signal_group(pid_t group, int signal);

/* A child that has ended, still a zombie: its pid; 0 if none has; -ECHILD if there is no child at all. */
pid_t process_look(void);
/* Whether `pid` is a child of init that was not reaped. */
bool process_is_child(pid_t pid);
/* Reaps this zombie. 0 or -errno. */
int process_reap(pid_t pid, struct ending_status *status);
/* Waits for this child to end, and reaps it. */
void process_await(pid_t pid);
/* Calls `visit` for each child of init, as far as /proc tells. */
void process_children(void (*visit)(pid_t pid, void *data), void *data);

/* One line to standard error, if that does not block. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
