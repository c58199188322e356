/*
 * A child between clone and exec: see spawn.h. It may share init's memory, so it uses system calls only; it changes nothing but
 * its own variables, the strings of its request and, when it fails, `result`. libc's own setuid and its like would reach for the other threads of a
 * process that is not its own. Everything here is left out of the sanitizers: their bookkeeping is the parent's.
 *
 * The order: what needs init's privileges first, credentials late, then the program.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))
#define SECUREBIT_KEEP_CAPS (1u << 4)
#define IOPRIO_WHO_PROCESS 1

#ifdef SYS_setresuid32
#define SET_UIDS SYS_setresuid32
#define SET_GIDS SYS_setresgid32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_UIDS SYS_setresuid
#define SET_GIDS SYS_setresgid
#define SET_GROUPS SYS_setgroups
#endif

/* Ends the child, with the reason where the parent reads it. */
static void fail(const struct child *child, uint32_t stage, int error) __attribute__((noreturn));

UNCHECKED static void fail(const struct child *child, uint32_t stage, int error)
{
	child->result->stage = stage;
	child->result->error = error;
	if (child->report >= 0)
		syscall(SYS_write, child->report, child->result, sizeof *child->result);
	for (;;)
		syscall(SYS_exit_group, 127);
}

/* The value of `entry` if it is the variable `name` (with its '='), else NULL. */
UNCHECKED static char *value_of(char *entry, const char *name)
{
	while (*name != '\0' && *entry == *name) {
		entry += 1;
		name += 1;
	}
	return *name == '\0' ? entry : NULL;
}

/* Writes the number over a value that is a placeholder: ten digits, enough for any process. */
UNCHECKED static void write_over(char *value, uint32_t number)
{
	char digits[10];
	unsigned count = 0;
	unsigned at = 0;
	while (value[at] == '0')
		at += 1;
	if (at != sizeof digits || value[at] != '\0')
		return;
	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	for (at = 0; at < count; at += 1)
		value[at] = digits[count - 1 - at];
	value[count] = '\0';
}

/* What is addressed to one process names it, so that those it starts do not take it for theirs (sd_watchdog_enabled(3)). */
UNCHECKED static void tell_own_pid(const struct child *child)
{
	uint32_t pid = (uint32_t)syscall(SYS_getpid);
	for (char **entry = child->request->env; *entry != NULL; entry += 1) {
		char *value = value_of(*entry, "WATCHDOG_PID=");
		if (value == NULL)
			value = value_of(*entry, "LISTEN_PID=");
		if (value != NULL)
			write_over(value, pid);
	}
}

/* Writes a number to a file, as text. 0 or -1 with errno. */
UNCHECKED static int write_number(int directory, const char *path, int32_t number)
{
	char text[16];
	unsigned at = sizeof text;
	uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		text[--at] = '-';
	long file = syscall(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -1;
	long written = syscall(SYS_write, file, text + at, sizeof text - at);
	int error = errno;
	syscall(SYS_close, file);
	errno = error;
	return written < 0 ? -1 : 0;
}

UNCHECKED static void join(const struct child *child)
{
	const struct spawn_request *request = child->request;
	if ((request->flags & SPAWN_SESSION) != 0 && syscall(SYS_setsid) < 0)
		fail(child, STAGE_SESSION, errno);
	if ((request->flags & SPAWN_GROUP) != 0 && syscall(SYS_setpgid, 0, 0) < 0)
		fail(child, STAGE_GROUP, errno);
	if (child->joins_cgroup && write_number(request->cgroup, "cgroup.procs", 0) < 0)
		fail(child, STAGE_CGROUP, errno);
}

UNCHECKED static int above(const struct child *child, int descriptor, uint32_t base)
{
	if (descriptor < 0 || (uint32_t)descriptor >= base)
		return descriptor;
	long copy = syscall(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, base);
	if (copy < 0)
		fail(child, STAGE_DESCRIPTORS, errno);
	return (int)copy;
}

/*
 * Puts the descriptors under their numbers. First everything that is still needed moves above the highest target, so that
 * no target overwrites a source.
 */
UNCHECKED static void lay_out(struct child *child)
{
	const struct spawn_request *request = child->request;
	int sources[DESCRIPTORS_MAX];
	uint32_t base = 3;
	bool is_given[3] = {false, false, false};
	for (unsigned at = 0; at < request->descriptor_count; at += 1) {
		uint32_t target = request->targets[at];
		if (target < 3)
			is_given[target] = true;
		if (target >= base)
			base = target + 1;
	}
	for (unsigned at = 0; at < request->descriptor_count; at += 1)
		sources[at] = above(child, request->descriptors[at], base);
	child->null_descriptor = above(child, child->null_descriptor, base);
	child->report = above(child, child->report, base);
	/* All of init's are close-on-exec from birth; this is for those of a library or a later mistake. */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	for (int standard = 0; standard < 3; standard += 1) {
		if (!is_given[standard] && syscall(SYS_dup3, child->null_descriptor, standard, 0) < 0)
			fail(child, STAGE_DESCRIPTORS, errno);
	}
	for (unsigned at = 0; at < request->descriptor_count; at += 1) {
		if (syscall(SYS_dup3, sources[at], request->targets[at], 0) < 0)
			fail(child, STAGE_DESCRIPTORS, errno);
	}
	if ((request->flags & SPAWN_TERMINAL) != 0 && syscall(SYS_ioctl, 0, TIOCSCTTY, 0) < 0)
		fail(child, STAGE_TERMINAL, errno);
}

UNCHECKED static void set_limits(const struct child *child)
{
	const struct spawn_request *request = child->request;
	bool sets_nofile = false;
	for (unsigned at = 0; at < request->rlimit_count; at += 1) {
		const struct wire_rlimit *wanted = &request->rlimits[at];
		uint64_t limit[2]; /* soft, hard: struct rlimit64 */
		if (syscall(SYS_prlimit64, 0, wanted->resource, NULL, limit) < 0)
			fail(child, STAGE_RLIMIT, errno);
		if (wanted->resource == RLIMIT_NOFILE) {
			sets_nofile = true;
			limit[0] = child->nofile_soft;
		}
		if ((wanted->given & 1) != 0)
			limit[0] = wanted->soft;
		if ((wanted->given & 2) != 0)
			limit[1] = wanted->hard;
		/* A hard limit alone takes the soft one down with it. */
		if ((wanted->given & 1) == 0 && limit[0] > limit[1])
			limit[0] = limit[1];
		if (syscall(SYS_prlimit64, 0, wanted->resource, limit, NULL) < 0)
			fail(child, STAGE_RLIMIT, errno);
	}
	if (!sets_nofile && !request->keeps_nofile) {
		uint64_t limit[2];
		if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, limit) < 0)
			fail(child, STAGE_RLIMIT, errno);
		limit[0] = child->nofile_soft;
		if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, limit, NULL) < 0)
			fail(child, STAGE_RLIMIT, errno);
	}
}

UNCHECKED static void set_surroundings(const struct child *child)
{
	const struct spawn_request *request = child->request;
	if (request->cwd[0] != '\0' && syscall(SYS_chdir, request->cwd) < 0)
		fail(child, STAGE_DIRECTORY, errno);
	if ((request->flags & SPAWN_OOM_SCORE) != 0
	    && write_number(AT_FDCWD, "/proc/self/oom_score_adj", request->oom_score) < 0)
		fail(child, STAGE_OOM_SCORE, errno);
	if ((request->flags & SPAWN_NICE) != 0) {
		if (syscall(SYS_setpriority, PRIO_PROCESS, 0, request->nice) < 0)
			fail(child, STAGE_NICE, errno);
		/* Where sessions are scheduled as groups, a process's own niceness does not count. Often there is no such file. */
		write_number(AT_FDCWD, "/proc/self/autogroup", request->nice);
	}
	if ((request->flags & SPAWN_IOPRIO) != 0
	    && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, request->ioprio) < 0)
		fail(child, STAGE_IOPRIO, errno);
	set_limits(child);
	if ((request->flags & SPAWN_UMASK) != 0)
		syscall(SYS_umask, request->umask);
}

/* What must be set while the process still has its privileges. */
UNCHECKED static void prepare_capabilities(const struct child *child)
{
	const struct spawn_request *request = child->request;
	bool has_capabilities = (request->flags & SPAWN_CAPABILITIES) != 0;
	if (has_capabilities) {
		for (unsigned capability = 0; capability < 64; capability += 1) {
			bool is_kept = (request->bounding >> capability & 1) != 0;
			/* EINVAL: this kernel does not know so many. */
			if (!is_kept && syscall(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL)
				fail(child, STAGE_CAPABILITIES, errno);
		}
	}
	if ((request->flags & SPAWN_SECUREBITS) != 0) {
		uint32_t bits = request->securebits | (has_capabilities ? SECUREBIT_KEEP_CAPS : 0);
		if (syscall(SYS_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
			fail(child, STAGE_SECUREBITS, errno);
	} else if (has_capabilities && syscall(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) {
		fail(child, STAGE_CAPABILITIES, errno);
	}
}

UNCHECKED static void raise_capabilities(const struct child *child)
{
	const struct spawn_request *request = child->request;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &header, sets) < 0)
		fail(child, STAGE_CAPABILITIES, errno);
	for (unsigned half = 0; half < 2; half += 1) {
		sets[half].inheritable |= (uint32_t)(request->inheritable >> (32 * half));
		sets[half].effective = sets[half].permitted;
	}
	if (syscall(SYS_capset, &header, sets) < 0)
		fail(child, STAGE_CAPABILITIES, errno);
	for (unsigned capability = 0; capability < 64; capability += 1) {
		bool is_raised = (request->ambient >> capability & 1) != 0;
		if (is_raised && syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			fail(child, STAGE_CAPABILITIES, errno);
	}
}

UNCHECKED static void set_credentials(const struct child *child)
{
	const struct spawn_request *request = child->request;
	prepare_capabilities(child);
	if ((request->flags & SPAWN_GROUPS) != 0 && syscall(SET_GROUPS, request->group_count, request->groups) < 0)
		fail(child, STAGE_GROUPS, errno);
	if ((request->flags & SPAWN_GID) != 0 && syscall(SET_GIDS, request->gid, request->gid, request->gid) < 0)
		fail(child, STAGE_GID, errno);
	if ((request->flags & SPAWN_UID) != 0 && syscall(SET_UIDS, request->uid, request->uid, request->uid) < 0)
		fail(child, STAGE_UID, errno);
	if ((request->flags & SPAWN_CAPABILITIES) != 0)
		raise_capabilities(child);
	if ((request->flags & SPAWN_NO_NEW_PRIVS) != 0 && syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail(child, STAGE_NO_NEW_PRIVS, errno);
}

/* Executes one file; returns the errno of its refusal. */
UNCHECKED static int execute(const struct child *child, const char *file, char *name)
{
	char **argv = child->request->argv;
	char **env = child->request->env;
	syscall(SYS_execve, file, argv, env);
	if (errno != ENOEXEC)
		return errno;
	/* A script without an interpreter line is the shell's, as for execvp. argv moves by one: the slot before it is ours. */
	argv[-1] = (char *)"/bin/sh";
	argv[0] = (char *)file;
	syscall(SYS_execve, "/bin/sh", argv - 1, env);
	int error = errno;
	argv[0] = name;
	return error;
}

UNCHECKED static void search(const struct child *child, char *name)
{
	char file[4096];
	int refusal = ENOENT;
	const char *path = child->path;
	for (bool is_last = name[0] == '\0'; !is_last;) {
		unsigned at = 0;
		bool fits = true;
		for (; *path != '\0' && *path != ':'; path += 1) {
			if (at < sizeof file - 2)
				file[at++] = *path;
			else
				fits = false;
		}
		is_last = *path == '\0';
		path += 1;
		if (at > 0)
			file[at++] = '/'; /* an empty entry is the working directory */
		for (const char *from = name; *from != '\0'; from += 1) {
			if (at < sizeof file - 1)
				file[at++] = *from;
			else
				fits = false;
		}
		file[at] = '\0';
		int error = fits ? execute(child, file, name) : ENAMETOOLONG;
		if (error == EACCES)
			refusal = EACCES;
		else if (error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG && error != ESTALE && error != ENODEV)
			fail(child, STAGE_EXEC, error);
	}
	fail(child, STAGE_EXEC, refusal);
}

UNCHECKED void child_run(void *data)
{
	struct child *child = data;
	uint64_t no_signals = 0;
	char *name = child->request->argv[0];
	if ((child->request->flags & SPAWN_OWN_PID) != 0)
		tell_own_pid(child);
	join(child);
	lay_out(child);
	set_surroundings(child);
	set_credentials(child);
	/* No disposition needs to be reset: init itself ignores nothing (init.c), and exec resets handlers. */
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals);
	for (const char *at = name; *at != '\0'; at += 1) {
		if (*at == '/')
			fail(child, STAGE_EXEC, execute(child, name, name));
	}
	search(child, name);
	fail(child, STAGE_EXEC, ENOENT);
}
