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
	/* Messages of a part, and parts of a batch. */
	uint32_t part, parts;
	/* Parts, of all blocks. */
	uint32_t sent, answered;
	/* Of each part that is under way: when its batch began. */
	uint64_t starts[STREAM_WINDOW];
};

/* `now` is when a batch begins, if this is its first part. */
static int send_next(struct stream *stream, uint64_t now)
{
	uint64_t before = stream->starts[(stream->sent - 1) % STREAM_WINDOW];

	stream->starts[stream->sent % STREAM_WINDOW] = stream->sent % stream->parts == 0 ? now : before;
	stream->sent++;
	return stream->batches->send(stream->context);
}

/* Waits for the answer to the oldest part; with the last of a batch that is a sample. */
static int await_oldest(struct stream *stream, struct samples *samples)
{
	uint64_t start = stream->starts[stream->answered % STREAM_WINDOW];
	uint32_t counted;
	int r = stream->batches->await(stream->context, &counted);

	if (r < 0)
		return r;
	stream->answered++;
	samples->violations += counted != stream->answered * stream->part;
	if (stream->answered % stream->parts == 0 && samples->count < SAMPLES_MAX)
		add_sample(samples, monotonic_ns() - start);
	return 0;
}

/* A block ends with a whole batch, and all of it answered. */
static int send_batches(void *context, uint64_t end_ns, struct samples *samples)
{
	struct stream *stream = context;
	uint64_t now = monotonic_ns();
	int r = 0;

	for (; r == 0; now = monotonic_ns()) {
		int is_sending = stream->sent % stream->parts != 0 || block_goes_on(samples, now, end_ns);
		if (!is_sending && stream->answered == stream->sent)
			break;
		if (is_sending)
			r = send_next(stream, now);
		if (r == 0 && (!is_sending || stream->sent - stream->answered == STREAM_WINDOW))
			r = await_oldest(stream, samples);
	}
	return r;
}

int serve_stream(const struct batches *batches, void *context, size_t bytes)
{
	uint32_t part = stream_part(bytes);
	struct stream stream = { .batches = batches, .context = context, .part = part, .parts = STREAM_BATCH / part };
	return serve_commands(send_batches, &stream);
}
