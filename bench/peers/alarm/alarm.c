/*
 * An alarm clock for clients in Node: a timerfd in libuv's event loop, exact to some microseconds where Node's own timers know
 * milliseconds (timerfd_create(2), libuv's uv_poll_t). It is the generator of an open loop (pipelined.ts), as a timeout of nanoseconds is
 * for clients in C.
 *
 * To set it again takes back an expiration that has not been seen, so nobody reads the descriptor: one system call an alarm.
 *
 *   open(listener)  opens the alarm of this thread, which calls `listener` without arguments when its moment has come
 *   set(ms)         so many milliseconds from now (fractions count), instead of the moment before; 0 or less: at once
 *   close()         closes it; `listener` is not called again
 *
 * Each throws an Error with the name of the system call that failed. One alarm a thread; an open one does not keep the process alive
 * beyond its environment, which closes it.
 */
#include <errno.h>
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

/* Longer than anybody waits for. */
#define MS_MAX 1e9

struct alarm {
	napi_env env;
	napi_ref listener;
	napi_async_context context;
	napi_async_cleanup_hook_handle cleanup;
	uv_poll_t poll;
	int timer;
	/* Whether the listener that is being called has set it again, and with that has taken back what has expired. */
	bool is_set;
};

static napi_value fail(napi_env env, const char *what, int error)
{
	napi_throw_error(env, what, strerror(error));
	return NULL;
}

/* In 0 nanoseconds means never. Returns 0 or -errno. */
static int set_timer(struct alarm *alarm, uint64_t ns)
{
	struct itimerspec when = { 0 };

	when.it_value.tv_sec = (time_t)(ns / 1000000000u);
	when.it_value.tv_nsec = (long)(ns % 1000000000u);
	alarm->is_set = true;
	return timerfd_settime(alarm->timer, 0, &when, NULL) < 0 ? -errno : 0;
}

static void call_listener(struct alarm *alarm)
{
	napi_env env = alarm->env;
	napi_value listener, receiver, error;
	bool is_pending = false;

	if (napi_get_reference_value(env, alarm->listener, &listener) != napi_ok ||
	    napi_get_global(env, &receiver) != napi_ok)
		return;
	/* An exception in the listener is a bug of the harness: it is raised as an uncaught one. */
	if (napi_make_callback(env, alarm->context, receiver, listener, 0, NULL, NULL) != napi_ok &&
	    napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
	    napi_get_and_clear_last_exception(env, &error) == napi_ok)
		napi_fatal_exception(env, error);
}

static void on_expired(uv_poll_t *poll, int status, int events)
{
	struct alarm *alarm = poll->data;
	napi_handle_scope scope;

	(void)status;
	(void)events;
	if (napi_open_handle_scope(alarm->env, &scope) != napi_ok)
		return;
	alarm->is_set = false;
	call_listener(alarm);
	napi_close_handle_scope(alarm->env, scope);
	/* What has expired must not be told again. */
	if (alarm->timer >= 0 && !alarm->is_set)
		set_timer(alarm, 0);
}

static void on_closed(uv_handle_t *handle)
{
	struct alarm *alarm = handle->data;

	if (alarm->cleanup != NULL)
		napi_remove_async_cleanup_hook(alarm->cleanup);
	free(alarm);
}

static void close_alarm(struct alarm *alarm)
{
	if (alarm->timer < 0)
		return;
	uv_poll_stop(&alarm->poll);
	close(alarm->timer);
	alarm->timer = -1;
	napi_set_instance_data(alarm->env, NULL, NULL, NULL);
	napi_async_destroy(alarm->env, alarm->context);
	napi_delete_reference(alarm->env, alarm->listener);
	uv_close((uv_handle_t *)&alarm->poll, on_closed);
}

static void on_cleanup(napi_async_cleanup_hook_handle handle, void *argument)
{
	(void)handle;
	close_alarm(argument);
}

static struct alarm *current(napi_env env)
{
	void *alarm = NULL;

	return napi_get_instance_data(env, &alarm) == napi_ok ? alarm : NULL;
}

static napi_value open_alarm(napi_env env, napi_callback_info info)
{
	size_t count = 1;
	napi_value argument, name;
	napi_valuetype type;
	uv_loop_t *loop;
	struct alarm *alarm;

	if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count < 1 ||
	    napi_typeof(env, argument, &type) != napi_ok || type != napi_function)
		return fail(env, "alarm", EINVAL);
	if (current(env) != NULL)
		return fail(env, "alarm", EBUSY);
	alarm = calloc(1, sizeof *alarm);
	if (alarm == NULL)
		return fail(env, "calloc", ENOMEM);
	alarm->env = env;
	alarm->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm->timer < 0) {
		int error = errno;
		free(alarm);
		return fail(env, "timerfd_create", error);
	}
	if (napi_get_uv_event_loop(env, &loop) != napi_ok || uv_poll_init(loop, &alarm->poll, alarm->timer) < 0) {
		close(alarm->timer);
		free(alarm);
		return fail(env, "uv_poll_init", EIO);
	}
	alarm->poll.data = alarm;
	if (napi_create_string_utf8(env, "capstan-alarm", NAPI_AUTO_LENGTH, &name) != napi_ok ||
	    napi_create_reference(env, argument, 1, &alarm->listener) != napi_ok ||
	    napi_async_init(env, NULL, name, &alarm->context) != napi_ok ||
	    napi_set_instance_data(env, alarm, NULL, NULL) != napi_ok ||
	    napi_add_async_cleanup_hook(env, on_cleanup, alarm, &alarm->cleanup) != napi_ok)
		abort();
	uv_poll_start(&alarm->poll, UV_READABLE, on_expired);
	return NULL;
}

static napi_value set_alarm(napi_env env, napi_callback_info info)
{
	size_t count = 1;
	napi_value argument;
	double ms;
	struct alarm *alarm = current(env);
	int error;

	if (alarm == NULL)
		return fail(env, "alarm", EBADF);
	if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok || count < 1 ||
	    napi_get_value_double(env, argument, &ms) != napi_ok || !(ms < MS_MAX))
		return fail(env, "alarm", EINVAL);
	error = set_timer(alarm, ms * 1e6 < 1 ? 1 : (uint64_t)(ms * 1e6));
	return error < 0 ? fail(env, "timerfd_settime", -error) : NULL;
}

static napi_value close_current(napi_env env, napi_callback_info info)
{
	struct alarm *alarm = current(env);

	(void)info;
	if (alarm != NULL)
		close_alarm(alarm);
	return NULL;
}

static int export(napi_env env, napi_value exports, const char *name, napi_callback call)
{
	napi_value function;

	return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, NULL, &function) == napi_ok &&
	       napi_set_named_property(env, exports, name, function) == napi_ok;
}

NAPI_MODULE_INIT(/* napi_env env, napi_value exports */)
{
	if (!export(env, exports, "open", open_alarm) || !export(env, exports, "set", set_alarm) ||
	    !export(env, exports, "close", close_current))
		return NULL;
	return exports;
}
