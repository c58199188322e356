/*
 * Runs a foreign server that knows nothing of the harness, and does not let it outlive the run: it ends at end-of-file on standard input,
 * and with this process, however that ends.
 *
 * usage: peer-host COMMAND [ARGUMENT...]
 * What the server prints is not read by anybody; what it complains about goes to standard error. The first line printed is
 * "ready PID SERVER_PID", as soon as the server runs; whoever started it waits until it can be used.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long a server may take to end. */
#define PATIENCE_MS 5000

static int exec_server(char **command, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	die_with_parent(parent);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	execvp(command[0], command);
	return -errno;
}

/* Waits for end-of-file, or for the server's end, which is a failure. Returns 0 or -errno. */
static int wait_for_end(int server)
{
	struct pollfd both[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = server, .events = POLLIN } };
	char rest[64];

	for (;;) {
		if (poll(both, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (both[1].revents != 0)
			return -ECHILD;
		if (both[0].revents != 0 && read(STDIN_FILENO, rest, sizeof rest) <= 0)
			return 0;
	}
}

/* Still this process's child, so the number is nobody else's. */
static void end_server(pid_t pid, int server)
{
	struct pollfd ended = { .fd = server, .events = POLLIN };

	kill(pid, SIGTERM);
	if (server < 0 || poll(&ended, 1, PATIENCE_MS) != 1)
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	pid_t pids[2] = { getpid(), -1 };
	int server = -1, r = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s COMMAND [ARGUMENT...]\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	pids[1] = fork();
	if (pids[1] == 0) {
		r = exec_server(argv + 1, pids[0]);
		fprintf(stderr, "peer-host: %s: %s\n", argv[1], strerror(-r));
		_exit(127);
	}
	if (pids[1] > 0)
		server = (int)syscall(SYS_pidfd_open, pids[1], 0);
	if (server < 0)
		r = -errno;
	if (r == 0)
		r = say_ready(pids, 2);
	if (r == 0)
		r = wait_for_end(server);
	if (pids[1] > 0)
		end_server(pids[1], server);
	if (r < 0)
		fprintf(stderr, "peer-host: %s: %s\n", argv[1], strerror(-r));
	return r < 0 ? 1 : 0;
}
