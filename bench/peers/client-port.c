#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int pin(int cpu)
{
	cpu_set_t set;
	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	return sched_setaffinity(0, sizeof set, &set) < 0 ? -errno : 0;
}

void die_with_parent(int parent_pid)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent_pid)
		_exit(1);
}

pid_t start_at_pair(int type, int cpu, int (*role)(int fd, void *context), void *context, int *fd)
{
	int pair[2], r;
	pid_t self = getpid(), pid;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		die_with_parent(self);
		close(pair[0]);
		_exit(pin(cpu) == 0 && role(pair[1], context) == 0 ? 0 : 1);
	}
	r = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	*fd = pair[0];
	return pid;
}

static void *wait_for_end(void *unused)
{
	char buffer[64];
	(void)unused;
	while (read(STDIN_FILENO, buffer, sizeof buffer) > 0)
		;
	_exit(0);
}

int end_with_input(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, wait_for_end, NULL);
	return r == 0 ? -pthread_detach(thread) : -r;
}

size_t payload_bytes(const char *text)
{
	size_t bytes = strtoul(text, NULL, 10);
	if (bytes < sizeof(uint32_t))
		bytes = sizeof(uint32_t);
	return bytes > PAYLOAD_BYTES_MAX ? 0 : bytes;
}

int say_ready(const pid_t *pids, unsigned count)
{
	printf("ready");
	for (unsigned at = 0; at < count; at++)
		printf(" %d", (int)pids[at]);
	printf("\n");
	return fflush(stdout) == 0 ? 0 : -EIO;
}

int say_ready_alone(void)
{
	pid_t self = getpid();
	return say_ready(&self, 1);
}

int write_samples(const struct samples *samples, const char *path)
{
	FILE *file = fopen(path, "we");
	size_t written;

	if (!file)
		return -errno;
	written = fwrite(samples->ns, sizeof *samples->ns, samples->count, file);
	return fclose(file) == 0 && written == samples->count ? 0 : -EIO;
}

static int run(closed_loop loop, void *context, struct samples *samples, long milliseconds, const char *path)
{
	uint64_t start = monotonic_ns(), elapsed;
	int r;

	samples->count = samples->violations = 0;
	r = loop(context, start + (uint64_t)milliseconds * 1000000u, samples);
	elapsed = monotonic_ns() - start;
	if (r == 0)
		r = write_samples(samples, path);
	if (r < 0)
		return r;
	printf("done %u %u elapsed_ns=%llu\n", samples->count, samples->violations, (unsigned long long)elapsed);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

int serve_commands(closed_loop loop, void *context)
{
	char line[4096], path[4096];
	long milliseconds, outstanding = 1, gap_ms = 0;
	int r = 0;
	struct samples samples = { calloc(SAMPLES_MAX, sizeof *samples.ns), 0, 0 };

	if (!samples.ns)
		return -ENOMEM;
	while (r == 0 && fgets(line, sizeof line, stdin)) {
		if (sscanf(line, "run %ld %4095s %ld %ld", &milliseconds, path, &outstanding, &gap_ms) >= 2 &&
		    outstanding == 1 && gap_ms == 0)
			r = run(loop, context, &samples, milliseconds, path);
		else
			r = -EINVAL;
	}
	free(samples.ns);
	return r;
}

struct stream {
	const struct batches *batches;
	void *context;
	/* Of all blocks. */
	uint32_t answered;
};

/* Waits for the answer to the oldest batch, which began at `start`. */
static int await_batch(struct stream *stream, uint64_t start, struct samples *samples)
{
	uint32_t counted;
	int r = stream->batches->await(stream->context, &counted);

	if (r < 0)
		return r;
	stream->answered++;
	samples->violations += counted != stream->answered * STREAM_BATCH;
	add_sample(samples, monotonic_ns() - start);
	return 0;
}

static int send_batches(void *context, uint64_t end_ns, struct samples *samples)
{
	struct stream *stream = context;
	uint64_t starts[STREAM_WINDOW], now = monotonic_ns();
	uint32_t sent = 0, answered = 0;
	int r = 0;

	while (r == 0 && (block_goes_on(samples, now, end_ns) || answered < sent)) {
		int is_ending = !block_goes_on(samples, now, end_ns);
		if (!is_ending) {
			starts[sent++ % STREAM_WINDOW] = now;
			r = stream->batches->send(stream->context);
		}
		if (r == 0 && (is_ending || sent - answered == STREAM_WINDOW)) {
			r = await_batch(stream, starts[answered % STREAM_WINDOW], samples);
			answered++;
		}
		now = monotonic_ns();
	}
	return r;
}

int serve_stream(const struct batches *batches, void *context)
{
	struct stream stream = { batches, context, 0 };
	return serve_commands(send_batches, &stream);
}
