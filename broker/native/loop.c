/*
 * The event loop (docs/decisions/0003-event-loop.md).
 *
 * libuv's own wait costs a system call too many per wake-up. So a `uv_prepare` callback waits instead, in an epoll that
 * holds our descriptors and libuv's. It calls JavaScript once per wake-up, sends what was committed, and stays inside
 * while libuv has nothing to do. It returns when libuv's descriptor is ready, a timer of libuv's is due, or libuv has
 * something else to do at once: immediates, closing handles, watchers that it has not told the kernel of yet. A
 * `uv_idle`, started when leaving and stopped when entering, keeps libuv from waiting itself, which would be for its own
 * descriptors only.
 */
#include "arguments.h"
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIBUV_EVENT UINT64_MAX

int32_t *add_event(struct loop *loop, enum event_kind kind, const struct slot *slot)
{
	int32_t count = loop->shared->header[HEADER_EVENTS];
	int32_t *event = &loop->shared->events[count * EVENT_WORDS];

	if (count == EVENTS_MAX)
		return NULL;
	loop->shared->header[HEADER_EVENTS] = count + 1;
	memset(event, 0, EVENT_WORDS * sizeof(*event));
	event[EVENT_KIND] = (int32_t)kind;
	event[EVENT_SLOT] = (int32_t)slot_number(loop, slot);
	return event;
}

/* An exception in a handler is a bug: it is raised as an uncaught one. Ignored, it would disable all later calls. */
static bool raise_exception(napi_env env)
{
	bool is_pending = false;
	napi_value error;

	return napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending &&
	       napi_get_and_clear_last_exception(env, &error) == napi_ok && napi_fatal_exception(env, error) == napi_ok;
}

static bool call_dispatch(struct loop *loop)
{
	napi_value resource, dispatch;

	if (napi_get_reference_value(loop->env, loop->resource, &resource) != napi_ok ||
	    napi_get_reference_value(loop->env, loop->dispatch, &dispatch) != napi_ok)
		return false;
	return napi_make_callback(loop->env, loop->context, resource, dispatch, 0, NULL, NULL) == napi_ok ||
	       raise_exception(loop->env);
}

/* One turn: all events, and the microtasks. Whoever survives an uncaught exception gets the remaining events. */
static void run_turn(struct loop *loop)
{
	int32_t *header = loop->shared->header;
	napi_handle_scope scope;

	header[HEADER_EVENT_NEXT] = 0;
	if (napi_open_handle_scope(loop->env, &scope) != napi_ok) {
		loop->is_stopped = true;
		return;
	}
	loop->in_turn = true;
	while (!loop->is_closing && !loop->is_stopped && header[HEADER_EVENT_NEXT] < header[HEADER_EVENTS]) {
		int32_t before = header[HEADER_EVENT_NEXT];

		if (!call_dispatch(loop) || (!loop->is_closing && header[HEADER_EVENT_NEXT] == before))
			loop->is_stopped = true;
	}
	napi_close_handle_scope(loop->env, scope);
	loop->in_turn = false;
	/* Nothing of the turn is left, and the slots are gone. */
	if (loop->is_closing)
		return;
	drop_events(loop);
	header[HEADER_EVENTS] = 0;
	loop->receive_used = loop->received_count = 0;
}

static void handle_socket(struct loop *loop, struct slot *slot, uint32_t events, uint32_t share)
{
	if (slot->first != NULL && events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		drain_queue(loop, slot);
		if (slot->is_ending && slot->first == NULL) {
			slot_release(loop, slot);
			return;
		}
	}
	if (slot->armed & EPOLLIN && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive_packets(loop, slot, share);
}

static void handle_event(struct loop *loop, const struct epoll_event *event, uint32_t share)
{
	struct slot *slot = find_slot(loop, (uint32_t)event->data.u64);

	/* A descriptor that was closed before its watch was stopped, and lives on in another process. */
	if (slot == NULL || slot->generation != event->data.u64 >> 32)
		return;
	if (slot->kind == SLOT_SOCKET)
		handle_socket(loop, slot, event->events, share);
	else if (slot->kind == SLOT_LISTENER)
		accept_connections(loop, slot);
	else
		add_event(loop, EVENT_READY, slot);
}

/* Waits once and takes what is there. Returns whether libuv's descriptor is ready. */
static bool wait_once(struct loop *loop, int timeout)
{
	struct epoll_event events[RECEIVE_SLOTS];
	int count = epoll_wait(loop->epoll, events, RECEIVE_SLOTS, timeout);
	/* When many are ready each gets its share of the arena, so a flood on one starves nobody. */
	uint32_t share = count > 1 ? RECEIVE_SLOTS / (uint32_t)count : RECEIVE_SLOTS;
	bool is_libuv_ready = false;

	/* It may have slept for long: what is trusted for a while must not be trusted for that. */
	if (count > 0)
		uv_update_time(loop->uv);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 == LIBUV_EVENT)
			is_libuv_ready = true;
		else
			handle_event(loop, &events[i], share);
	}
	return is_libuv_ready;
}

/* Lets those that wait for descriptors or buffers try again, and ends what has lingered long enough. */
static void run_retries(struct loop *loop)
{
	uint64_t now = uv_now(loop->uv);
	struct slot *next;

	if (loop->waiting == NULL || (now < loop->retry_at && !loop->descriptors_freed)) {
		loop->descriptors_freed = false;
		return;
	}
	if (loop->descriptors_freed)
		loop->count_at = 0;
	loop->descriptors_freed = false;
	loop->retry_at = 0;
	for (struct slot *slot = loop->waiting; slot != NULL; slot = next) {
		next = slot->wait_next;
		if (slot->waits & WAIT_LINGER && now >= slot->linger_until) {
			slot_release(loop, slot);
			continue;
		}
		slot_stop_waiting(loop, slot, WAIT_RECEIVE | WAIT_ACCEPT | WAIT_SEND);
		slot_arm(loop, slot);
		if (slot->waits & WAIT_LINGER && (loop->retry_at == 0 || slot->linger_until < loop->retry_at))
			loop->retry_at = slot->linger_until;
	}
	loop->descriptors_freed = false;
}

/* Watchers that JavaScript has just started; libuv tells the kernel of them inside its own wait. The queue is a private
 * field, whose layout (a list head of two pointers, the first to the next member) is the same in all of libuv 1. */
static bool has_new_watchers(const uv_loop_t *uv)
{
	const void *head = &uv->watcher_queue;
	const void *first;

	memcpy(&first, head, sizeof(first));
	return first != head;
}

/* Milliseconds until libuv or a retry wants to run, -1 for never. */
static int next_timeout(const struct loop *loop)
{
	int timeout = uv_backend_timeout(loop->uv);
	uint64_t now = uv_now(loop->uv);
	uint64_t rest;

	if (loop->waiting == NULL || loop->retry_at == 0 || timeout == 0)
		return timeout;
	rest = loop->retry_at > now ? loop->retry_at - now : 0;
	return timeout < 0 || rest < (uint64_t)timeout ? (int)(rest < INT32_MAX ? rest : INT32_MAX) : timeout;
}

static void on_idle(uv_idle_t *handle)
{
	(void)handle;
}

static void update_reference(struct loop *loop)
{
	if (loop->has_reference && loop->shared->header[HEADER_OPEN] > 0)
		uv_ref((uv_handle_t *)&loop->prepare);
	else
		uv_unref((uv_handle_t *)&loop->prepare);
}

static void on_prepare(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;
	bool must_leave = false;

	uv_idle_stop(&loop->idle);
	flush_all(loop);
	while (!must_leave && loop->shared->header[HEADER_OPEN] > 0) {
		uv_update_time(loop->uv);
		run_retries(loop);
		update_reference(loop);
		must_leave = has_new_watchers(loop->uv) || uv_backend_timeout(loop->uv) == 0;
		must_leave |= wait_once(loop, must_leave ? 0 : next_timeout(loop));
		if (loop->shared->header[HEADER_EVENTS] > 0) {
			run_turn(loop);
			if (loop->is_closing)
				return;
			flush_all(loop);
			recycle_slots(loop);
		}
		if (loop->is_stopped) {
			uv_prepare_stop(&loop->prepare);
			return;
		}
	}
	update_reference(loop);
	/* With nothing of ours open libuv may wait by itself. */
	if (loop->shared->header[HEADER_OPEN] > 0)
		uv_idle_start(&loop->idle, on_idle);
}

static void release_mappings(struct loop *loop)
{
	for (int i = 0; i < 3; i++)
		release_mapping(loop->mappings[i]);
}

static void on_closed(uv_handle_t *handle)
{
	struct loop *loop = handle->data;

	if (--loop->closing_handles > 0)
		return;
	if (loop->cleanup != NULL)
		napi_remove_async_cleanup_hook(loop->cleanup);
	release_mappings(loop);
	free(loop->incoming);
	free(loop->outgoing);
	free(loop);
}

/* Closes everything that is open. The memory goes when libuv has let go of the handles in it. */
static void close_loop(struct loop *loop)
{
	if (loop->is_closing)
		return;
	drop_events(loop);
	loop->shared->header[HEADER_EVENTS] = loop->shared->header[HEADER_EVENT_NEXT] = 0;
	for (uint32_t i = 0; i < loop->slots_used; i++)
		if (loop->slots[i].kind != SLOT_FREE)
			slot_release(loop, &loop->slots[i]);
	loop->is_closing = true;
	munmap(loop->slots, SLOTS_MAX * sizeof(struct slot));
	close(loop->epoll);
	napi_set_instance_data(loop->env, NULL, NULL, NULL);
	napi_delete_reference(loop->env, loop->buffers);
	napi_delete_reference(loop->env, loop->dispatch);
	napi_delete_reference(loop->env, loop->resource);
	napi_async_destroy(loop->env, loop->context);
	loop->closing_handles = 2;
	uv_close((uv_handle_t *)&loop->prepare, on_closed);
	uv_close((uv_handle_t *)&loop->idle, on_closed);
}

static void on_cleanup(napi_async_cleanup_hook_handle handle, void *argument)
{
	(void)handle;
	close_loop(argument);
}

struct loop *current_loop(napi_env env)
{
	void *loop = NULL;

	return napi_get_instance_data(env, &loop) == napi_ok ? loop : NULL;
}

static void *map_anonymous(size_t size)
{
	void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return address == MAP_FAILED ? NULL : address;
}

/* Maps memory and makes it a property of `buffers`. */
static void *add_buffer(struct loop *loop, int index, napi_value buffers, const char *name, size_t size)
{
	napi_value buffer;

	loop->mappings[index] = new_mapping(loop->env, size, &buffer);
	if (loop->mappings[index] == NULL || !set_named(loop->env, buffers, name, buffer))
		return NULL;
	return loop->mappings[index]->address;
}

static bool add_buffers(struct loop *loop, napi_value buffers)
{
	loop->receive_bytes =
		add_buffer(loop, 0, buffers, "receive", (size_t)loop->packet_bytes_max * RECEIVE_SLOTS);
	if (loop->receive_bytes == NULL)
		return false;
	loop->send_bytes = add_buffer(loop, 1, buffers, "send", SEND_BYTES);
	if (loop->send_bytes == NULL)
		return false;
	loop->shared = add_buffer(loop, 2, buffers, "words", sizeof(struct shared));
	return loop->shared != NULL;
}

static bool add_layout(napi_env env, napi_value buffers)
{
	return set_named(env, buffers, "events", new_integer(env, offsetof(struct shared, events))) &&
	       set_named(env, buffers, "received", new_integer(env, offsetof(struct shared, received))) &&
	       set_named(env, buffers, "dirty", new_integer(env, offsetof(struct shared, dirty))) &&
	       set_named(env, buffers, "records", new_integer(env, offsetof(struct shared, records))) &&
	       set_named(env, buffers, "descriptors", new_integer(env, offsetof(struct shared, descriptors))) &&
	       set_named(env, buffers, "slots", new_integer(env, offsetof(struct shared, slots))) &&
	       set_named(env, buffers, "recordsMax", new_integer(env, RECORDS_MAX)) &&
	       set_named(env, buffers, "descriptorsMax", new_integer(env, SEND_DESCRIPTORS_MAX));
}

static bool make_references(struct loop *loop, napi_value buffers, napi_value dispatch)
{
	napi_value name;

	return napi_create_string_utf8(loop->env, "capstan-packets", NAPI_AUTO_LENGTH, &name) == napi_ok &&
	       napi_create_reference(loop->env, buffers, 1, &loop->buffers) == napi_ok &&
	       napi_create_reference(loop->env, buffers, 1, &loop->resource) == napi_ok &&
	       napi_create_reference(loop->env, dispatch, 1, &loop->dispatch) == napi_ok &&
	       napi_async_init(loop->env, buffers, name, &loop->context) == napi_ok;
}

/* Makes the epoll with libuv's descriptor in it. */
static int open_epoll(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = LIBUV_EVENT };

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(loop->uv), &event) < 0 ? -errno : 0;
}

static int start_handles(struct loop *loop)
{
	int error = open_epoll(loop);

	if (error < 0)
		return error;
	uv_prepare_init(loop->uv, &loop->prepare);
	uv_idle_init(loop->uv, &loop->idle);
	loop->prepare.data = loop->idle.data = loop;
	uv_unref((uv_handle_t *)&loop->prepare);
	uv_unref((uv_handle_t *)&loop->idle);
	uv_prepare_start(&loop->prepare, on_prepare);
	return 0;
}

/* Frees a loop that never came to run. */
static void free_loop(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->slots != NULL)
		munmap(loop->slots, SLOTS_MAX * sizeof(struct slot));
	release_mappings(loop);
	free(loop->incoming);
	free(loop->outgoing);
	free(loop);
}

static struct loop *new_loop(napi_env env)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->env = env;
	loop->epoll = -1;
	loop->has_reference = true;
	loop->incoming = calloc(1, sizeof(*loop->incoming));
	loop->outgoing = calloc(1, sizeof(*loop->outgoing));
	loop->slots = map_anonymous(SLOTS_MAX * sizeof(struct slot));
	if (loop->incoming != NULL && loop->outgoing != NULL && loop->slots != NULL)
		return loop;
	free_loop(loop);
	return NULL;
}

static napi_value js_loop_open(napi_env env, napi_callback_info info)
{
	napi_value argv[3], buffers;
	napi_valuetype type = napi_undefined;
	int64_t packet_bytes_max, reserve;
	struct loop *loop;
	int error;

	if (!take_arguments(env, info, 3, argv) ||
	    !get_integer(env, argv[0], "packetBytesMax", 4096, SEND_BYTES / 4, &packet_bytes_max) ||
	    !get_integer(env, argv[1], "descriptorReserve", 0, 1 << 20, &reserve))
		return NULL;
	if (napi_typeof(env, argv[2], &type) != napi_ok || type != napi_function)
		return throw_type(env, "dispatch", "a function");
	if (current_loop(env) != NULL)
		return throw_errno(env, EBUSY, "loopOpen");
	loop = new_loop(env);
	if (loop == NULL)
		return throw_errno(env, ENOMEM, "calloc");
	loop->packet_bytes_max = (uint32_t)packet_bytes_max;
	loop->reserve = (uint32_t)reserve;
	if (napi_create_object(env, &buffers) != napi_ok || napi_get_uv_event_loop(env, &loop->uv) != napi_ok)
		goto failed;
	if (!add_buffers(loop, buffers) || !add_layout(env, buffers) || !make_references(loop, buffers, argv[2]))
		goto failed;
	prepare_receiving(loop);
	error = start_handles(loop);
	if (error < 0) {
		throw_errno(env, -error, "epoll_create1");
		goto failed;
	}
	napi_set_instance_data(env, loop, NULL, NULL);
	napi_add_async_cleanup_hook(env, on_cleanup, loop, &loop->cleanup);
	return buffers;
failed:
	free_loop(loop);
	return NULL;
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
