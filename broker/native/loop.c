/*
 * The life of a loop: its memory, its epoll, its handles in libuv, and how all of it ends, whichever ends first: the
 * last user, the environment, or a worker that is terminated.
 */
#include "arguments.h"
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void release_mappings(struct loop *loop)
{
	for (int i = 0; i < 3; i++)
		release_mapping(loop->mappings[i]);
}

static void release_references(struct loop *loop)
{
	if (loop->context != NULL)
		napi_async_destroy(loop->env, loop->context);
	if (loop->dispatch != NULL)
		napi_delete_reference(loop->env, loop->dispatch);
	if (loop->buffers != NULL)
		napi_delete_reference(loop->env, loop->buffers);
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
void close_loop(struct loop *loop)
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
	close(loop->timer);
	napi_set_instance_data(loop->env, NULL, NULL, NULL);
	release_references(loop);
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
	       napi_create_reference(loop->env, dispatch, 1, &loop->dispatch) == napi_ok &&
	       napi_async_init(loop->env, buffers, name, &loop->context) == napi_ok;
}

/* Makes the epoll with libuv's descriptor and our timer in it. */
static int open_epoll(struct loop *loop)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = LIBUV_EVENT };
	/* Edge-triggered, so that nobody has to read it when it has fired. */
	struct epoll_event timer_event = { .events = EPOLLIN | EPOLLET, .data.u64 = TIMER_EVENT };

	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->timer, &timer_event) < 0)
		return -errno;
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(loop->uv), &event) < 0 ? -errno : 0;
}

static void start_handles(struct loop *loop)
{
	uv_prepare_init(loop->uv, &loop->prepare);
	uv_idle_init(loop->uv, &loop->idle);
	loop->prepare.data = loop->idle.data = loop;
	uv_unref((uv_handle_t *)&loop->prepare);
	uv_unref((uv_handle_t *)&loop->idle);
	uv_prepare_start(&loop->prepare, wait_and_run);
}

/* Frees a loop that never came to run, whatever it has already. */
static void free_loop(struct loop *loop)
{
	release_references(loop);
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->timer >= 0)
		close(loop->timer);
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
	loop->epoll = loop->timer = -1;
	loop->has_reference = true;
	loop->incoming = calloc(1, sizeof(*loop->incoming));
	loop->outgoing = calloc(1, sizeof(*loop->outgoing));
	loop->slots = map_anonymous(SLOTS_MAX * sizeof(struct slot));
	if (loop->incoming != NULL && loop->outgoing != NULL && loop->slots != NULL)
		return loop;
	free_loop(loop);
	return NULL;
}

static bool build_loop(struct loop *loop, napi_value dispatch, napi_value *buffers)
{
	int error = open_epoll(loop);

	if (error < 0) {
		throw_errno(loop->env, -error, "epoll_create1, timerfd_create");
		return false;
	}
	return napi_create_object(loop->env, buffers) == napi_ok && add_buffers(loop, *buffers) &&
	       add_layout(loop->env, *buffers) && make_references(loop, *buffers, dispatch);
}

napi_value open_loop(napi_env env, uint32_t packet_bytes_max, uint32_t reserve, uint32_t spin_us, napi_value dispatch)
{
	struct loop *loop = new_loop(env);
	napi_value buffers;

	if (loop == NULL)
		return throw_errno(env, ENOMEM, "calloc");
	loop->packet_bytes_max = packet_bytes_max;
	loop->reserve = reserve;
	if (napi_get_uv_event_loop(env, &loop->uv) != napi_ok || !build_loop(loop, dispatch, &buffers)) {
		free_loop(loop);
		return NULL;
	}
	prepare_receiving(loop);
	prepare_spinning(&loop->spin, spin_us);
	start_handles(loop);
	napi_set_instance_data(env, loop, NULL, NULL);
	napi_add_async_cleanup_hook(env, on_cleanup, loop, &loop->cleanup);
	return buffers;
}
