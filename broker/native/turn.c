/*
 * The event loop (docs/decisions/0003-event-loop.md).
 *
 * libuv's own wait costs a system call too many per wake-up. So a `uv_prepare` callback waits instead, in an epoll that
 * holds our descriptors and libuv's. It calls JavaScript once per wake-up, sends what was committed, and stays inside
 * while libuv has nothing to do. It returns when libuv's descriptor is ready, a timer of libuv's is due, or libuv has
 * something else to do at once: immediates, closing handles, watchers that it has not told the kernel of yet. A
 * `uv_idle`, started when leaving and stopped when entering, keeps libuv from waiting itself, which would be for its
 * own descriptors only.
 */
#include "loop.h"

#include <string.h>
#include <sys/timerfd.h>

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

static void leave_scope(struct loop *loop)
{
	if (loop->scope != NULL)
		napi_close_handle_scope(loop->env, loop->scope);
	loop->scope = NULL;
}

/* Handles made by the calls are freed once in a while, not after each: a scope costs as much as a call. */
static bool enter_scope(struct loop *loop)
{
	if (loop->scope != NULL && loop->scope_turns++ < SCOPE_TURNS_MAX)
		return true;
	leave_scope(loop);
	loop->scope_turns = 0;
	return napi_open_handle_scope(loop->env, &loop->scope) == napi_ok &&
	       napi_get_reference_value(loop->env, loop->buffers, &loop->resource) == napi_ok &&
	       napi_get_reference_value(loop->env, loop->dispatch, &loop->dispatch_function) == napi_ok;
}

static bool call_dispatch(struct loop *loop)
{
	return napi_make_callback(loop->env, loop->context, loop->resource, loop->dispatch_function, 0, NULL, NULL) ==
		       napi_ok ||
	       raise_exception(loop->env);
}

/* One turn: all events, and the microtasks. Whoever survives an uncaught exception gets the remaining events. */
static void run_turn(struct loop *loop)
{
	int32_t *header = loop->shared->header;

	header[HEADER_EVENT_NEXT] = 0;
	if (!enter_scope(loop)) {
		loop->is_stopped = true;
		return;
	}
	loop->in_turn = true;
	while (!loop->is_closing && !loop->is_stopped && header[HEADER_EVENT_NEXT] < header[HEADER_EVENTS]) {
		int32_t before = header[HEADER_EVENT_NEXT];

		if (!call_dispatch(loop) || (!loop->is_closing && header[HEADER_EVENT_NEXT] == before))
			loop->is_stopped = true;
	}
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

/*
 * A wait with a timeout costs a tenth of a round trip more than one without, because the kernel makes a timer for each.
 * So one of ours is in the epoll, and it is set only when something is due before it would fire. Where it fires too
 * early (what it was set for has moved), that is one turn of the loop for nothing. Returns the timeout for epoll.
 */
static int set_timer(struct loop *loop, int timeout)
{
	struct itimerspec when = { 0 };
	uint64_t due = uv_now(loop->uv) + (uint64_t)timeout;

	if (timeout <= 0)
		return timeout;
	if (loop->timer_at != 0 && loop->timer_at <= due)
		return -1;
	/* It has fired for this, but libuv's clock, which may be a coarse one, is not there yet. */
	if (due == loop->timer_fired)
		return timeout;
	when.it_value.tv_sec = (time_t)(due / 1000);
	when.it_value.tv_nsec = (long)(due % 1000) * 1000000;
	if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return timeout;
	loop->timer_at = due;
	return -1;
}

/* Without a timeout, our timer or something else ends the wait, and it may be spent looking. */
static int wait_for_events(struct loop *loop, int timeout, struct epoll_event *events)
{
	int left = set_timer(loop, timeout);

	if (left < 0 && loop->spin.max_ns > 0)
		return wait_spinning(loop, events);
	return epoll_wait(loop->epoll, events, RECEIVE_SLOTS, left);
}

/* Waits once and takes what is there. Returns whether libuv's descriptor is ready. */
static bool wait_once(struct loop *loop, int timeout)
{
	struct epoll_event events[RECEIVE_SLOTS];
	int count = wait_for_events(loop, timeout, events);
	/* When many are ready each gets its share of the arena, so a flood on one starves nobody. */
	uint32_t share = count > 1 ? RECEIVE_SLOTS / (uint32_t)count : RECEIVE_SLOTS;
	bool is_libuv_ready = false;

	/* It may have slept for long: what is trusted for a while must not be trusted for that. */
	uv_update_time(loop->uv);
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 == LIBUV_EVENT)
			is_libuv_ready = true;
		else if (events[i].data.u64 == TIMER_EVENT)
			loop->timer_fired = loop->timer_at, loop->timer_at = 0;
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

/* Milliseconds until libuv or a retry wants to run, -1 for never. */
static int next_timeout(struct loop *loop)
{
	int timeout = uv_backend_timeout(loop->uv);
	uint64_t now, rest;

	if (timeout == 0 || (timeout < 0 && loop->retry_at == 0))
		return timeout;
	/* The turn took time, too. */
	uv_update_time(loop->uv);
	timeout = uv_backend_timeout(loop->uv);
	if (loop->waiting == NULL || loop->retry_at == 0 || timeout == 0)
		return timeout;
	now = uv_now(loop->uv);
	rest = loop->retry_at > now ? loop->retry_at - now : 0;
	return timeout < 0 || rest < (uint64_t)timeout ? (int)(rest < INT32_MAX ? rest : INT32_MAX) : timeout;
}

static void on_idle(uv_idle_t *handle)
{
	(void)handle;
}

void update_reference(struct loop *loop)
{
	if (loop->has_reference && loop->shared->header[HEADER_OPEN] > 0)
		uv_ref((uv_handle_t *)&loop->prepare);
	else
		uv_unref((uv_handle_t *)&loop->prepare);
}

void wait_and_run(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;
	bool must_leave = false;

	uv_idle_stop(&loop->idle);
	uv_update_time(loop->uv);
	flush_all(loop);
	while (!must_leave && loop->shared->header[HEADER_OPEN] > 0) {
		run_retries(loop);
		update_reference(loop);
		/* Also 0 when JavaScript has started watchers that libuv tells the kernel of inside its own wait only;
		 * so it does since libuv 1.44; Node 20 has a later one. */
		must_leave = uv_backend_timeout(loop->uv) == 0;
		must_leave |= wait_once(loop, must_leave ? 0 : next_timeout(loop));
		if (loop->shared->header[HEADER_EVENTS] > 0) {
			run_turn(loop);
			if (loop->is_closing)
				break;
			flush_all(loop);
			recycle_slots(loop);
		}
		if (loop->is_stopped) {
			uv_prepare_stop(&loop->prepare);
			break;
		}
	}
	leave_scope(loop);
	if (loop->is_closing || loop->is_stopped)
		return;
	update_reference(loop);
	/* With nothing of ours open libuv may wait by itself. */
	if (loop->shared->header[HEADER_OPEN] > 0)
		uv_idle_start(&loop->idle, on_idle);
}
