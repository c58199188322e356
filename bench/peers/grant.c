#define _GNU_SOURCE
#include "grant.h"
#include "client-port.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Answers on each socket, until the first of them has no other end any more. */
static int own(const int *fds, uint32_t count)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	int epoll = epoll_create1(EPOLL_CLOEXEC), r = epoll < 0 ? -errno : 0;

	for (uint32_t at = 0; r == 0 && at < count; at++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = at };
		r = epoll_ctl(epoll, EPOLL_CTL_ADD, fds[at], &event) < 0 ? -errno : 0;
	}
	while (r == 0) {
		struct epoll_event event;
		int ready = epoll_wait(epoll, &event, 1, -1);
		struct owner_answer answer;
		ssize_t n;
		if (ready < 0)
			r = errno == EINTR ? 0 : -errno;
		if (ready <= 0)
			continue;
		n = recv(fds[event.data.u32], buffer, sizeof buffer, 0);
		if (n < (ssize_t)sizeof answer.number)
			return n < 0 ? -errno : 0;
		memcpy(&answer.number, buffer, sizeof answer.number);
		answer.number ^= 1u;
		answer.index = event.data.u32;
		if (send(fds[event.data.u32], &answer, sizeof answer, MSG_NOSIGNAL) < 0)
			r = -errno;
	}
	return r;
}

pid_t start_owner(int cpu, int *ends, uint32_t count)
{
	int owned[GRANT_HANDLES_MAX];
	pid_t self = getpid(), pid;

	if (count < 1 || count > GRANT_HANDLES_MAX)
		return -EINVAL;
	for (uint32_t at = 0; at < count; at++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			return -errno;
		ends[at] = pair[0];
		owned[at] = pair[1];
	}
	pid = fork();
	if (pid == 0) {
		die_with_parent(self);
		for (uint32_t at = 0; at < count; at++)
			close(ends[at]);
		_exit(pin(cpu) == 0 && own(owned, count) == 0 ? 0 : 1);
	}
	for (uint32_t at = 0; at < count; at++)
		close(owned[at]);
	return pid < 0 ? -errno : pid;
}

void end_owner(pid_t pid, const int *ends, uint32_t count)
{
	for (uint32_t at = 0; at < count; at++)
		close(ends[at]);
	waitpid(pid, NULL, 0);
}

int use_one(const int *fds, uint32_t count, const void *payload, size_t bytes, struct taker_answer *answer)
{
	uint32_t number;
	int fd, r = count > 0 && bytes >= sizeof number ? 0 : -EPROTO;

	if (r == 0) {
		memcpy(&number, payload, sizeof number);
		fd = fds[number % count];
		if (send(fd, payload, bytes, MSG_NOSIGNAL) < 0)
			r = -errno;
		else if (recv(fd, &answer->owner, sizeof answer->owner, 0) != sizeof answer->owner)
			r = -EPROTO;
	}
	answer->answered_ns = monotonic_ns();
	answer->handles = count;
	answer->unused = 0;
	return r;
}

int is_right(const struct taker_answer *answer, uint32_t number, uint32_t count)
{
	return answer->owner.number == (number ^ 1u) && answer->owner.index == number % count && answer->handles == count;
}
