/* Starting a process, the parent's side: see spawn.h. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

#define STACK_BYTES (64 * 1024)

static uint8_t *stack;
static int null_source;
static uint64_t original_nofile;
static bool has_clone3;

int spawn_prepare(int null_descriptor, uint64_t nofile_soft, bool uses_clone3)
{
	null_source = null_descriptor;
	original_nofile = nofile_soft;
	has_clone3 = uses_clone3;
	stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	return stack == MAP_FAILED ? -ENOMEM : 0;
}

#ifdef __x86_64__
/*
 * clone3 with a stack of the child's own. In assembly, because a child that shares the memory must not return through a frame
 * that the parent will use again.
 */
static long clone_with_stack(struct clone_args *arguments, struct child *child)
{
	long result;
	register void (*run)(void *) __asm__("r8") = child_run;
	register void *data __asm__("r9") = child;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(run), "r"(data)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

static long clone_child(struct child *child, int *pidfd, bool is_shared)
{
	const struct spawn_request *request = child->request;
	struct clone_args arguments = {
		.flags = CLONE_PIDFD | (is_shared ? CLONE_VM | CLONE_VFORK : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = STACK_BYTES,
	};
	bool has_cgroup = (request->flags & SPAWN_CGROUP) != 0;
	child->joins_cgroup = false;
	if (has_cgroup) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)request->cgroup;
	}
	long result = clone_with_stack(&arguments, child);
	if (result < 0 && has_cgroup && result != -EAGAIN && result != -ENOMEM && result != -ENOSYS) {
		/* A version 1 hierarchy, or one that we may not enter: the child's own attempt works, or tells the reason. */
		arguments.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		arguments.cgroup = 0;
		child->joins_cgroup = true;
		result = clone_with_stack(&arguments, child);
	}
	return result;
}
#else
static long clone_child(struct child *child, int *pidfd, bool is_shared)
{
	(void)child, (void)pidfd, (void)is_shared;
	return -ENOSYS;
}
#endif

static pid_t vfork_child(struct child *child)
{
	pid_t pid = vfork();
	if (pid == 0)
		child_run(child);
	return pid;
}

static pid_t fork_child(struct child *child)
{
	pid_t pid = fork();
	if (pid == 0)
		child_run(child);
	return pid;
}

/* Without clone3 the pidfd is opened afterwards; the child is ours and not reaped, so its number is its own. */
static long fork_and_open(struct child *child, int *pidfd, bool is_shared, struct spawn_result *result)
{
	child->joins_cgroup = (child->request->flags & SPAWN_CGROUP) != 0;
	pid_t pid = is_shared ? vfork_child(child) : fork_child(child);
	if (pid < 0)
		return -errno;
	*pidfd = process_open(pid);
	if (*pidfd < 0) {
		result->stage = STAGE_PIDFD;
		result->error = -*pidfd;
	}
	return pid;
}

/* Waits until the child has reached its program, which closes the pipe, or has written why not. */
static void await_report(int report, struct spawn_result *result)
{
	struct spawn_result told;
	struct pollfd readable = {.fd = report, .events = POLLIN};
	uint64_t deadline = monotonic_ms() + SPAWN_TIMEOUT_MS;
	for (;;) {
		uint64_t now = monotonic_ms();
		int ready = poll(&readable, 1, now < deadline ? (int)(deadline - now) : 0);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0) {
			result->stage = STAGE_TIMEOUT;
			result->error = ETIMEDOUT;
		} else if (read(report, &told, sizeof told) == sizeof told) {
			result->stage = told.stage;
			result->error = told.error;
		}
		return;
	}
}

static const char *path_of(char **env)
{
	for (; *env != NULL; env += 1) {
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

void spawn(const struct spawn_request *request, struct spawn_result *result)
{
	int pipe_ends[2] = {-1, -1};
	int pidfd = -1;
	bool is_shared = (request->flags & (SPAWN_UID | SPAWN_GID | SPAWN_GROUPS | SPAWN_CAPABILITIES)) == 0;
	*result = (struct spawn_result){.pid = 0, .pidfd = -1};
	if (!is_shared && pipe2(pipe_ends, O_CLOEXEC) < 0) {
		result->stage = STAGE_CLONE;
		result->error = errno;
		return;
	}
	struct child child = {
		.request = request,
		.result = result,
		.path = path_of(request->env),
		.nofile_soft = original_nofile,
		.null_descriptor = null_source,
		.report = pipe_ends[1],
	};
	long pid = has_clone3 ? clone_child(&child, &pidfd, is_shared) : -ENOSYS;
	if (pid == -ENOSYS || pid == -EPERM) {
		/* Filters of containers answer so; they know the older calls. */
		has_clone3 = false;
		pid = fork_and_open(&child, &pidfd, is_shared, result);
	}
	if (pipe_ends[1] >= 0)
		close(pipe_ends[1]);
	if (pid < 0) {
		result->stage = STAGE_CLONE;
		result->error = (int32_t)-pid;
	} else if (!is_shared && result->error == 0) {
		await_report(pipe_ends[0], result);
	}
	if (pipe_ends[0] >= 0)
		close(pipe_ends[0]);
	if (pid > 0 && result->error != 0) {
		kill((pid_t)pid, SIGKILL);
		/* One that hangs in the kernel is not waited for: it is reaped as an orphan when it ends. */
		if (result->stage != STAGE_TIMEOUT)
			process_await((pid_t)pid);
		if (pidfd >= 0)
			close(pidfd);
		return;
	}
	result->pid = pid < 0 ? 0 : (pid_t)pid;
	result->pidfd = pidfd;
}
