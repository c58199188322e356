/*
 * Starting a process: what it is given, and what came of it.
 *
 * There are two ways. A process with init's own credentials shares init's memory until it has reached its program, and init
 * sleeps so long (CLONE_VM | CLONE_VFORK): nothing is copied, and the child leaves the stage and errno of a failure in that
 * memory. A process with other credentials gets a copy of init and a close-on-exec pipe instead, and init waits for the
 * pipe, at most SPAWN_TIMEOUT_MS: from the moment its uid changes, other processes of that user may stop it, and must not
 * be able to stop init with it. Both are synchronous: when spawn returns, the program runs or the child was reaped.
 */
#ifndef CAPSTAN_INIT_SPAWN_H
#define CAPSTAN_INIT_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

#define SPAWN_TIMEOUT_MS 2000

struct spawn_request {
	char **argv; /* ends with NULL; argv[-1] is room for one more */
	char **env;  /* ends with NULL */
	const char *cwd; /* empty: init's own */
	const int *descriptors;
	const uint32_t *targets; /* as many as descriptors, no two the same */
	unsigned descriptor_count;
	int cgroup; /* with SPAWN_CGROUP */
	uint32_t flags;
	int32_t nice;
	uint32_t umask;
	int32_t oom_score;
	uint32_t uid;
	uint32_t gid;
	uint32_t ioprio;
	uint32_t securebits;
	uint64_t inheritable;
	uint64_t ambient;
	uint64_t bounding;
	const struct wire_rlimit *rlimits;
	unsigned rlimit_count;
	const uint32_t *groups;
	unsigned group_count;
	bool keeps_nofile; /* the broker: keeps init's raised limit of descriptors */
};

struct spawn_result {
	pid_t pid;
	int pidfd; /* the caller's */
	uint32_t stage;
	int32_t error; /* errno; 0 if the program runs */
};

/* What all children need, and nobody can make for them: their stack, /dev/null, and the limit that init was started with. */
int spawn_prepare(int null_descriptor, uint64_t nofile_soft, bool uses_clone3);
void spawn(const struct spawn_request *request, struct spawn_result *result);

/* --- child.c: runs in the child, between clone and exec; only system calls, no libc state --- */

struct child {
	const struct spawn_request *request;
	struct spawn_result *result; /* shared with init, or a copy */
	const char *path;            /* the PATH that the program is looked for in */
	uint64_t nofile_soft;
	int null_descriptor;
	int report; /* the pipe; below 0: the memory is shared */
	bool joins_cgroup; /* the kernel did not put it there */
};

void child_run(void *child) __attribute__((noreturn));

#endif
