/* Processes by number, time, and words: see process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int reserve = -1;
static int reserve_source = -1;

uint64_t monotonic_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

uint64_t monotonic_ms(void)
{
	return monotonic_us() / 1000u;
}

int reserve_create(int null_descriptor)
{
	reserve_source = null_descriptor;
	reserve_restore();
	return reserve < 0 ? -errno : 0;
}

void reserve_restore(void)
{
	if (reserve < 0)
		reserve = fcntl(reserve_source, F_DUPFD_CLOEXEC, 3);
}

/* Whether descriptors have run out, and giving up the reserve makes another try worth while. */
static bool gives_reserve(void)
{
	if ((errno != EMFILE && errno != ENFILE) || reserve < 0)
		return false;
	close(reserve);
	reserve = -1;
	return true;
}

int process_open(pid_t pid)
{
	int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	if (descriptor < 0 && gives_reserve())
		descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
	return descriptor < 0 ? -errno : descriptor;
}

int dup_descriptor(int descriptor)
{
	int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	if (copy < 0 && gives_reserve())
		copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? -errno : copy;
}

int process_signal(pid_t pid, int signal)
{
	int result = 0;
	int descriptor = process_open(pid);
	if (descriptor < 0) {
		/* Stopping must not depend on a free descriptor. The number is safe: the process is ours and not reaped. */
		return kill(pid, signal) < 0 ? -errno : 0;
	}
	if (syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0) < 0)
		result = -errno;
	close(descriptor);
	reserve_restore();
	return result;
}

int process_signal_group(pid_t group, int signal)
{
	if (group <= 1 || group == getpgrp())
		return -EPERM;
	return kill(-group, signal) < 0 ? -errno : 0;
}

pid_t process_look(void)
{
	siginfo_t information = {.si_pid = 0};
	if (waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) < 0)
		return -errno;
	return information.si_pid;
}

bool process_is_child(pid_t pid)
{
	siginfo_t information;
	return pid > 1 && waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static uint64_t microseconds(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec;
}

int process_reap(pid_t pid, struct ending_status *status)
{
	siginfo_t information = {.si_pid = 0};
	struct rusage usage;
	/* The raw call, because it also tells what the process has used. */
	if (syscall(SYS_waitid, P_PID, pid, &information, WEXITED | WNOHANG, &usage) < 0)
		return -errno;
	if (information.si_pid != pid)
		return -ECHILD;
	status->cause = (uint32_t)information.si_code;
	status->status = information.si_status;
	status->user_us = microseconds(usage.ru_utime);
	status->system_us = microseconds(usage.ru_stime);
	status->resident_kib = (uint64_t)usage.ru_maxrss;
	return 0;
}

void process_await(pid_t pid)
{
	siginfo_t information;
	while (waitid(P_PID, (id_t)pid, &information, WEXITED) < 0 && errno == EINTR)
		;
}

void process_children(void (*visit)(pid_t pid, void *data), void *data)
{
	char path[64];
	char bytes[4096];
	pid_t pid = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	for (;;) {
		ssize_t count = read(descriptor, bytes, sizeof bytes);
		if (count <= 0)
			break;
		for (ssize_t at = 0; at < count; at += 1) {
			if (bytes[at] >= '0' && bytes[at] <= '9') {
				pid = pid * 10 + (bytes[at] - '0');
			} else if (pid != 0) {
				visit(pid, data);
				pid = 0;
			}
		}
	}
	close(descriptor);
}

/*
 * Whoever does not read standard error must not stop init. That it is writable says little: a terminal may have room for a part
 * only, and others write there too. So the write itself is told not to wait, where the kernel knows how (terminals and pipes
 * do since 6.4); a file does not keep anybody waiting.
 */
static void say(const char *line, size_t bytes)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};
	struct iovec part = {.iov_base = (void *)(uintptr_t)line, .iov_len = bytes};
	struct stat kind;
	if (poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0)
		return;
	if (syscall(SYS_pwritev2, STDERR_FILENO, &part, 1, -1L, -1L, RWF_NOWAIT) >= 0)
		return;
	bool is_unknown = errno == EOPNOTSUPP || errno == ENOSYS;
	bool is_file = fstat(STDERR_FILENO, &kind) == 0 && S_ISREG(kind.st_mode);
	if ((is_unknown || is_file) && write(STDERR_FILENO, line, bytes) < 0)
		return;
}

void complain(const char *format, ...)
{
	char line[512];
	int length = snprintf(line, sizeof line, "capstan-init: ");
	va_list arguments;
	va_start(arguments, format);
	int more = vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
	va_end(arguments);
	length = more < 0 ? length : length + more;
	if (length > (int)sizeof line - 2)
		length = (int)sizeof line - 2;
	line[length] = '\n';
	say(line, (size_t)length + 1);
}
