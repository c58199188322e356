/* The table of slots: what is open, what epoll knows of it, and who waits for a retry. */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static uint32_t desired_events(const struct slot *slot)
{
	uint32_t events = 0;

	switch (slot->kind) {
	case SLOT_SOCKET:
		if (slot->has_ended)
			return 0;
		/* Whoever can be sent nothing any more is read to its end, also where reading was off: else nobody saw it. */
		if ((slot->is_reading || slot->is_broken) && !slot->is_ending && !(slot->waits & WAIT_RECEIVE))
			events |= EPOLLIN;
		if (slot->first != NULL && !(slot->waits & WAIT_SEND))
			events |= EPOLLOUT;
		return events;
	case SLOT_LISTENER:
		return slot->waits & WAIT_ACCEPT ? 0 : EPOLLIN;
	case SLOT_WATCH:
		return EPOLLIN;
	default:
		return 0;
	}
}

int slot_arm(struct loop *loop, struct slot *slot)
{
	struct epoll_event event = { .events = desired_events(slot) };
	int operation;

	if (event.events == slot->armed)
		return 0;
	/* Hang-ups are reported whether asked for or not, so a descriptor that wants nothing must leave epoll. */
	operation = slot->armed == 0 ? EPOLL_CTL_ADD : event.events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	event.data.u64 = (uint64_t)slot->generation << 32 | slot_number(loop, slot);
	if (epoll_ctl(loop->epoll, operation, slot->fd, &event) < 0)
		return -errno;
	slot->armed = event.events;
	return 0;
}

static void link_waiting(struct loop *loop, struct slot *slot)
{
	slot->wait_previous = NULL;
	slot->wait_next = loop->waiting;
	if (loop->waiting != NULL)
		loop->waiting->wait_previous = slot;
	loop->waiting = slot;
}

static void unlink_waiting(struct loop *loop, struct slot *slot)
{
	if (slot->wait_previous != NULL)
		slot->wait_previous->wait_next = slot->wait_next;
	else
		loop->waiting = slot->wait_next;
	if (slot->wait_next != NULL)
		slot->wait_next->wait_previous = slot->wait_previous;
}

void slot_wait(struct loop *loop, struct slot *slot, enum slot_wait reason)
{
	uint64_t now = uv_now(loop->uv);
	uint64_t at = reason == WAIT_LINGER ? slot->linger_until : now + RETRY_MS;

	if (slot->waits == 0)
		link_waiting(loop, slot);
	slot->waits |= (uint8_t)reason;
	if (loop->retry_at == 0 || at < loop->retry_at)
		loop->retry_at = at;
}

void slot_stop_waiting(struct loop *loop, struct slot *slot, uint8_t reasons)
{
	if ((slot->waits & reasons) == 0)
		return;
	slot->waits &= (uint8_t)~reasons;
	if (slot->waits == 0)
		unlink_waiting(loop, slot);
}

struct slot *find_slot(struct loop *loop, uint32_t number)
{
	if (number >= loop->slots_used || loop->slots[number].kind == SLOT_FREE)
		return NULL;
	return &loop->slots[number];
}

static int socket_option(int fd, int option)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -errno : value;
}

int slot_check(int fd, enum slot_kind kind)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int type, flags;

	if (kind == SLOT_WATCH)
		return 0;
	type = socket_option(fd, SO_TYPE);
	if (type < 0)
		return type;
	if (type != SOCK_SEQPACKET)
		return -EPROTOTYPE;
	/* Whoever has a peer does not listen, and the peer's address tells the family: as few calls as can be, because
	 * this is done for each handle that arrives. */
	if (kind == SLOT_SOCKET && getpeername(fd, (struct sockaddr *)&address, &length) == 0)
		return address.ss_family == AF_UNIX ? 0 : -EPROTOTYPE;
	if (socket_option(fd, SO_DOMAIN) != AF_UNIX)
		return -EPROTOTYPE;
	if (kind == SLOT_SOCKET)
		return -ENOTCONN;
	if (socket_option(fd, SO_ACCEPTCONN) != 1)
		return -EINVAL;
	/* A client may leave between epoll and accept, which must not block then. */
	flags = fcntl(fd, F_GETFL);
	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int slot_open(struct loop *loop, enum slot_kind kind, int fd, struct slot **result)
{
	uint32_t generation, number;
	struct slot *slot;
	int error;

	if (loop->free_first != 0) {
		number = loop->free_first - 1;
		loop->free_first = loop->slots[number].free_next;
	} else if (loop->slots_used < SLOTS_MAX) {
		number = loop->slots_used++;
	} else {
		return -EMFILE;
	}
	slot = &loop->slots[number];
	generation = slot->generation;
	memset(slot, 0, sizeof(*slot));
	memset(slot_words(loop, slot), 0, SLOT_WORDS * sizeof(int32_t));
	slot->generation = generation;
	slot->fd = fd;
	slot->kind = (uint8_t)kind;
	slot->is_reading = true;
	error = slot_arm(loop, slot);
	if (error < 0) {
		slot->kind = SLOT_FREE;
		slot->free_next = loop->free_first;
		loop->free_first = number + 1;
		return error;
	}
	loop->shared->header[HEADER_OPEN]++;
	*result = slot;
	return 0;
}

void slot_release(struct loop *loop, struct slot *slot)
{
	uint32_t number = slot_number(loop, slot);
	uint32_t *list = loop->in_turn ? &loop->retired_first : &loop->free_first;

	drop_records(loop, slot);
	drop_queue(loop, slot);
	slot_stop_waiting(loop, slot, slot->waits);
	/* Explicitly: epoll would keep it as long as another process holds a duplicate. */
	if (slot->armed != 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, slot->fd, NULL);
	if (slot->kind != SLOT_WATCH) {
		close(slot->fd);
		loop->descriptors_freed = true;
	}
	slot->fd = -1;
	slot->armed = 0;
	slot->kind = SLOT_FREE;
	slot->generation++;
	slot->free_next = *list;
	*list = number + 1;
	loop->shared->header[HEADER_OPEN]--;
}

void recycle_slots(struct loop *loop)
{
	while (loop->retired_first != 0) {
		uint32_t number = loop->retired_first - 1;

		loop->retired_first = loop->slots[number].free_next;
		loop->slots[number].free_next = loop->free_first;
		loop->free_first = number + 1;
	}
}
