/*
 * The limit: a blocking round trip over a SOCK_SEQPACKET socket pair, two processes, nothing else.
 *
 * Configuration and reason: blocking recv and send, no control buffer, no poll; this is the least that a request and its
 * answer through this kind of socket can cost, so every other contender is given as a ratio to it.
 *
 * usage: seqpacket-pingpong CLIENT_CPU SERVER_CPU PAYLOAD_BYTES    (a CPU of -1 is not pinned)
 * Commands on standard input, one a line, as for every client of the harness (bench/latency/cell.ts):
 *   run MILLISECONDS FILE    a closed loop; nanoseconds of each round trip to FILE as u32, host order;
 *                            answers "done SAMPLES VIOLATIONS"
 * Ends at end-of-file. The first line printed is "ready CLIENT_PID SERVER_PID".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX (1u << 22)
#define PAYLOAD_BYTES_MAX (64u * 1024u)

static int pin(int cpu)
{
	cpu_set_t set;
	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	return sched_setaffinity(0, sizeof set, &set) < 0 ? -errno : 0;
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Echoes until the client ends; the first byte is touched, so that both sides use the payload. */
static int serve(int fd, char *buffer, size_t bytes)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, bytes, 0);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buffer[0] ^= 1;
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
			return -errno;
	}
}

static int run(int fd, char *buffer, size_t bytes, uint32_t *samples, long milliseconds, const char *path)
{
	static uint32_t number;
	uint32_t violations = 0, count = 0;
	uint64_t now = monotonic_ns(), end = now + (uint64_t)milliseconds * 1000000u;
	FILE *file;

	while (now < end && count < SAMPLES_MAX) {
		uint32_t sent = ++number & ~1u, got;
		memcpy(buffer, &sent, sizeof sent);
		uint64_t start = monotonic_ns();
		if (send(fd, buffer, bytes, MSG_NOSIGNAL) < 0)
			return -errno;
		if (recv(fd, buffer, bytes, 0) != (ssize_t)bytes)
			return -EPROTO;
		now = monotonic_ns();
		memcpy(&got, buffer, sizeof got);
		violations += got != (sent ^ 1u);
		samples[count++] = (uint32_t)(now - start);
	}
	file = fopen(path, "w");
	if (!file)
		return -errno;
	if (fwrite(samples, sizeof *samples, count, file) != count || fclose(file) != 0)
		return -EIO;
	printf("done %u %u\n", count, violations);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static int commands(int fd, char *buffer, size_t bytes)
{
	char line[4096], path[4096];
	long milliseconds;
	int r = 0;
	uint32_t *samples = calloc(SAMPLES_MAX, sizeof *samples);

	if (!samples)
		return -ENOMEM;
	while (r == 0 && fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "run %ld %4095s", &milliseconds, path) == 2)
			r = run(fd, buffer, bytes, samples, milliseconds, path);
		else
			r = -EINVAL;
	}
	free(samples);
	return r;
}

int main(int argc, char **argv)
{
	static char buffer[PAYLOAD_BYTES_MAX];
	int fds[2], r;
	size_t bytes;
	pid_t server;

	if (argc != 4) {
		fprintf(stderr, "usage: %s CLIENT_CPU SERVER_CPU PAYLOAD_BYTES\n", argv[0]);
		return 2;
	}
	bytes = strtoul(argv[3], NULL, 10);
	if (bytes < sizeof(uint32_t))
		bytes = sizeof(uint32_t);
	if (bytes > sizeof buffer) {
		fprintf(stderr, "at most %zu bytes\n", sizeof buffer);
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		perror("socketpair");
		return 1;
	}
	server = fork();
	if (server < 0) {
		perror("fork");
		return 1;
	}
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		r = pin(atoi(argv[2]));
		_exit(r == 0 && serve(fds[1], buffer, sizeof buffer) == 0 ? 0 : 1);
	}
	close(fds[1]);
	r = pin(atoi(argv[1]));
	if (r == 0) {
		printf("ready %d %d\n", (int)getpid(), (int)server);
		fflush(stdout);
		r = commands(fds[0], buffer, bytes);
	}
	close(fds[0]);
	waitpid(server, NULL, 0);
	if (r < 0)
		fprintf(stderr, "seqpacket-pingpong: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
