/* Processes: pidfds, exec, affinity, CPU time. */
#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static napi_value js_pidfd_open(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int64_t pid;

	if (!take_arguments(env, info, 1, argv) || !get_integer(env, argv[0], "pid", 1, INT_MAX, &pid))
		return NULL;
	return new_result(env, syscall(SYS_pidfd_open, (pid_t)pid, 0), "pidfd_open");
}

static napi_value js_pidfd_send_signal(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int64_t number;
	int fd;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "pidfd", &fd) ||
	    !get_integer(env, argv[1], "signal", 0, NSIG - 1, &number))
		return NULL;
	if (syscall(SYS_pidfd_send_signal, fd, (int)number, NULL, 0) < 0)
		return throw_errno(env, errno, "pidfd_send_signal");
	return NULL;
}

/* Ignored signals and the mask survive exec; Node ignores SIGPIPE and SIGXFSZ, which no program expects. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* 0-2 are the new program's whatever their flag was. Node also sets them non-blocking for pipes, which is left. */
static void keep_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		fcntl(fd, F_SETFD, 0);
}

static napi_value js_execve(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	char path[PATH_MAX];
	char **arguments = NULL, **environment = NULL;
	int error;

	if (!take_arguments(env, info, 3, argv) || !get_string(env, argv[0], "path", "execve", path, sizeof(path)) ||
	    !get_string_vector(env, argv[1], "argv", &arguments))
		return NULL;
	if (!get_string_vector(env, argv[2], "environment", &environment)) {
		free(arguments);
		return NULL;
	}
	/* Asked first, because after the signals are reset there is no way back. */
	error = access(path, X_OK) < 0 ? errno : 0;
	if (error == 0) {
		keep_standard_descriptors();
		reset_signals();
		execve(path, arguments, environment);
		error = errno;
	}
	free(arguments);
	free(environment);
	return throw_errno(env, error, "execve");
}

static napi_value js_set_affinity(napi_env env, napi_callback_info info)
{
	napi_value argv[1], item;
	uint32_t count = 0;
	bool is_array = false;
	int64_t cpu;
	cpu_set_t set;

	if (!take_arguments(env, info, 1, argv))
		return NULL;
	if (napi_is_array(env, argv[0], &is_array) != napi_ok || !is_array)
		return throw_type(env, "processors", "an array of numbers");
	CPU_ZERO(&set);
	napi_get_array_length(env, argv[0], &count);
	for (uint32_t i = 0; i < count; i++) {
		if (napi_get_element(env, argv[0], i, &item) != napi_ok ||
		    !get_integer(env, item, "processors", 0, CPU_SETSIZE - 1, &cpu))
			return NULL;
		CPU_SET((size_t)cpu, &set);
	}
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? throw_errno(env, errno, "sched_setaffinity") : NULL;
}

static napi_value js_get_affinity(napi_env env, napi_callback_info info)
{
	napi_value array;
	uint32_t count = 0;
	cpu_set_t set;

	(void)info;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return throw_errno(env, errno, "sched_getaffinity");
	if (napi_create_array(env, &array) != napi_ok)
		return NULL;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && napi_set_element(env, array, count++, new_integer(env, (int64_t)cpu)) != napi_ok)
			return NULL;
	return array;
}

static napi_value js_thread_cpu_time(napi_env env, napi_callback_info info)
{
	struct timespec time;

	(void)info;
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) < 0)
		return throw_errno(env, errno, "clock_gettime");
	return new_integer(env, (int64_t)time.tv_sec * 1000000000 + time.tv_nsec);
}

const struct native_function process_functions[] = {
	{ "pidfdOpen", js_pidfd_open },
	{ "pidfdSendSignal", js_pidfd_send_signal },
	{ "execve", js_execve },
	{ "setAffinity", js_set_affinity },
	{ "getAffinity", js_get_affinity },
	{ "threadCpuTime", js_thread_cpu_time },
	{ NULL, NULL },
};
