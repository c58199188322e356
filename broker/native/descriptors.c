/* Descriptors: duplicating, closing, pipes, plain reads and writes, eventfd and timerfd. Close-on-exec from birth. */
#include "arguments.h"
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static napi_value js_duplicate(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	return new_result(env, fcntl(fd, F_DUPFD_CLOEXEC, 3), "fcntl");
}

/* Linux releases the number whatever close() returns, so only a descriptor that was not open is an error. */
static napi_value js_close(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct loop *loop = current_loop(env);
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	if (close(fd) < 0 && errno == EBADF)
		return throw_errno(env, EBADF, "close");
	if (loop != NULL)
		loop->descriptors_freed = true;
	return NULL;
}

static napi_value js_set_close_on_exec(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	bool on;
	int fd;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_bool(env, argv[1], "on", &on))
		return NULL;
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? throw_errno(env, errno, "fcntl") : NULL;
}

static napi_value js_set_non_blocking(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd, flags;
	bool on;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_bool(env, argv[1], "on", &on))
		return NULL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) < 0)
		return throw_errno(env, errno, "fcntl");
	return NULL;
}

static napi_value js_pipe(napi_env env, napi_callback_info info)
{
	int ends[2];

	(void)info;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return throw_errno(env, errno, "pipe2");
	return new_pair(env, ends[0], ends[1]);
}

static napi_value js_open(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	char path[PATH_MAX];
	int64_t flags, mode;

	if (!take_arguments(env, info, 3, argv) || !get_string(env, argv[0], "path", "open", path, sizeof(path)) ||
	    !get_integer(env, argv[1], "flags", 0, INT_MAX, &flags) ||
	    !get_integer(env, argv[2], "mode", 0, 07777, &mode))
		return NULL;
	return new_result(env, open(path, (int)flags | O_CLOEXEC, (mode_t)mode), "open");
}

static napi_value js_read(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	uint8_t *bytes;
	ssize_t result;
	size_t size;
	int fd;

	if (!take_arguments(env, info, 4, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_range(env, argv[1], argv[2], argv[3], &bytes, &size))
		return NULL;
	do
		result = read(fd, bytes, size);
	while (result < 0 && errno == EINTR);
	return new_integer(env, result < 0 ? -errno : result);
}

static napi_value js_write(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	uint8_t *bytes;
	ssize_t result;
	size_t size;
	int fd;

	if (!take_arguments(env, info, 4, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_range(env, argv[1], argv[2], argv[3], &bytes, &size))
		return NULL;
	do
		result = write(fd, bytes, size);
	while (result < 0 && errno == EINTR);
	return new_integer(env, result < 0 ? -errno : result);
}

static napi_value js_eventfd(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int64_t value;

	if (!take_arguments(env, info, 1, argv) || !get_integer(env, argv[0], "value", 0, INT32_MAX, &value))
		return NULL;
	return new_result(env, eventfd((unsigned int)value, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
}

static napi_value js_timerfd_create(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	bool is_wall;

	if (!take_arguments(env, info, 1, argv) || !get_bool(env, argv[0], "isWall", &is_wall))
		return NULL;
	return new_result(env,
			  timerfd_create(is_wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
			  "timerfd_create");
}

static napi_value js_timerfd_set(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	struct itimerspec setting = { 0 };
	int64_t time_ms;
	bool is_absolute;
	int fd, flags = 0;

	if (!take_arguments(env, info, 3, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_integer(env, argv[1], "timeMs", 0, (int64_t)1 << 46, &time_ms) ||
	    !get_bool(env, argv[2], "isAbsolute", &is_absolute))
		return NULL;
	setting.it_value.tv_sec = time_ms / 1000;
	setting.it_value.tv_nsec = time_ms % 1000 * 1000000;
	/* Without the cancel flag a wall-clock timer would not tell that the clock was set. */
	if (is_absolute)
		flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	return timerfd_settime(fd, flags, &setting, NULL) < 0 ? throw_errno(env, errno, "timerfd_settime") : NULL;
}

const struct native_function descriptor_functions[] = {
	{ "duplicate", js_duplicate },
	{ "close", js_close },
	{ "setCloseOnExec", js_set_close_on_exec },
	{ "setNonBlocking", js_set_non_blocking },
	{ "pipe", js_pipe },
	{ "open", js_open },
	{ "read", js_read },
	{ "write", js_write },
	{ "eventfd", js_eventfd },
	{ "timerfdCreate", js_timerfd_create },
	{ "timerfdSet", js_timerfd_set },
	{ NULL, NULL },
};
