/*
 * Becomes a command that does not outlive whoever started it, however that ends.
 *
 * usage: with-parent PARENT_PID SIGNAL_NUMBER COMMAND [ARGUMENT...]
 * The command gets the signal when the thread that started it has ended: SIGKILL, or SIGTERM for one that has processes of its own to
 * end first. The request outlives execve(2) (PR_SET_PDEATHSIG(2const)) and is forgotten by a process that changes its user.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int signal_number;

	if (argc < 4) {
		fprintf(stderr, "usage: %s PARENT_PID SIGNAL_NUMBER COMMAND [ARGUMENT...]\n", argv[0]);
		return 2;
	}
	signal_number = atoi(argv[2]);
	if (prctl(PR_SET_PDEATHSIG, signal_number) < 0) {
		fprintf(stderr, "with-parent: signal %s: %s\n", argv[2], strerror(errno));
		return 2;
	}
	/* It may have ended before it was asked to tell. */
	if (getppid() != (pid_t)atol(argv[1]))
		return 1;
	execvp(argv[3], argv + 3);
	fprintf(stderr, "with-parent: %s: %s\n", argv[3], strerror(errno));
	return 127;
}
