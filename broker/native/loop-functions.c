/* What packet-loop.ts calls. */
#include "arguments.h"
#include "loop.h"

#include <errno.h>

static napi_value js_loop_open(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	napi_valuetype type = napi_undefined;
	int64_t packet_bytes_max, reserve, spin_us;

	if (!take_arguments(env, info, 4, argv) ||
	    !get_integer(env, argv[0], "packetBytesMax", 4096, SEND_BYTES / 4, &packet_bytes_max) ||
	    !get_integer(env, argv[1], "descriptorReserve", 0, 1 << 20, &reserve) ||
	    !get_integer(env, argv[3], "spinUs", 0, SPIN_US_MAX, &spin_us))
		return NULL;
	if (napi_typeof(env, argv[2], &type) != napi_ok || type != napi_function)
		return throw_type(env, "dispatch", "a function");
	if (current_loop(env) != NULL)
		return throw_errno(env, EBUSY, "loopOpen");
	return open_loop(env, (uint32_t)packet_bytes_max, (uint32_t)reserve, (uint32_t)spin_us, argv[2]);
}

/* The open loop, or NULL with an exception. */
static struct loop *get_loop(napi_env env)
{
	struct loop *loop = current_loop(env);

	if (loop == NULL)
		throw_errno(env, EBADF, "loop");
	return loop;
}

static struct slot *get_slot(napi_env env, struct loop *loop, napi_value value)
{
	struct slot *slot;
	int64_t number;

	if (!get_integer(env, value, "slot", 0, SLOTS_MAX - 1, &number))
		return NULL;
	slot = find_slot(loop, (uint32_t)number);
	if (slot == NULL)
		throw_errno(env, EBADF, "slot");
	return slot;
}

static napi_value js_loop_close(napi_env env, napi_callback_info info)
{
	struct loop *loop = current_loop(env);

	(void)info;
	if (loop != NULL)
		close_loop(loop);
	return NULL;
}

static napi_value js_loop_add(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	struct loop *loop = get_loop(env);
	struct slot *slot;
	int64_t kind;
	int fd, error;

	if (loop == NULL || !take_arguments(env, info, 2, argv) ||
	    !get_integer(env, argv[0], "kind", SLOT_SOCKET, SLOT_WATCH, &kind) ||
	    !get_descriptor(env, argv[1], "descriptor", &fd))
		return NULL;
	error = slot_check(fd, (enum slot_kind)kind);
	if (error == 0)
		error = slot_open(loop, (enum slot_kind)kind, fd, &slot);
	if (error < 0)
		return throw_errno(env, -error, "epoll_ctl");
	update_reference(loop);
	return new_integer(env, slot_number(loop, slot));
}

static napi_value js_loop_release(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct loop *loop = get_loop(env);
	struct slot *slot;

	if (loop == NULL || !take_arguments(env, info, 1, argv) || (slot = get_slot(env, loop, argv[0])) == NULL)
		return NULL;
	slot_release(loop, slot);
	update_reference(loop);
	return NULL;
}

static napi_value js_loop_end(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	struct loop *loop = get_loop(env);
	struct slot *slot;
	int64_t linger_ms;

	if (loop == NULL || !take_arguments(env, info, 2, argv) || (slot = get_slot(env, loop, argv[0])) == NULL ||
	    !get_integer(env, argv[1], "lingerMs", 0, INT32_MAX, &linger_ms))
		return NULL;
	flush_slot(loop, slot);
	if (slot->first == NULL || linger_ms == 0) {
		slot_release(loop, slot);
	} else {
		slot->is_ending = true;
		uv_update_time(loop->uv);
		slot->linger_until = uv_now(loop->uv) + (uint64_t)linger_ms;
		slot_wait(loop, slot, WAIT_LINGER);
		slot_arm(loop, slot);
	}
	update_reference(loop);
	return NULL;
}

static napi_value js_loop_set_reading(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	struct loop *loop = get_loop(env);
	struct slot *slot;
	bool on;

	if (loop == NULL || !take_arguments(env, info, 2, argv) || (slot = get_slot(env, loop, argv[0])) == NULL ||
	    !get_bool(env, argv[1], "on", &on))
		return NULL;
	slot->is_reading = on;
	slot_arm(loop, slot);
	return NULL;
}

static napi_value js_loop_set_reference(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct loop *loop = get_loop(env);

	if (loop == NULL || !take_arguments(env, info, 1, argv) || !get_bool(env, argv[0], "on", &loop->has_reference))
		return NULL;
	update_reference(loop);
	return NULL;
}

static napi_value js_loop_flush(napi_env env, napi_callback_info info)
{
	struct loop *loop = get_loop(env);

	(void)info;
	if (loop != NULL)
		flush_all(loop);
	return NULL;
}

static napi_value js_loop_flush_slot(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct loop *loop = get_loop(env);
	struct slot *slot;

	if (loop == NULL || !take_arguments(env, info, 1, argv) || (slot = get_slot(env, loop, argv[0])) == NULL)
		return NULL;
	flush_slot(loop, slot);
	return NULL;
}

static napi_value js_loop_send_now(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct loop *loop = get_loop(env);
	struct slot *slot;

	if (loop == NULL || !take_arguments(env, info, 1, argv) || (slot = get_slot(env, loop, argv[0])) == NULL)
		return NULL;
	return new_integer(env, -send_now(loop, slot));
}

const struct native_function loop_functions[] = {
	{ "loopOpen", js_loop_open },
	{ "loopClose", js_loop_close },
	{ "loopAdd", js_loop_add },
	{ "loopRelease", js_loop_release },
	{ "loopEnd", js_loop_end },
	{ "loopSetReading", js_loop_set_reading },
	{ "loopSetReference", js_loop_set_reference },
	{ "loopFlush", js_loop_flush },
	{ "loopFlushSlot", js_loop_flush_slot },
	{ "loopSendNow", js_loop_send_now },
	{ NULL, NULL },
};
