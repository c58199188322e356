/*
 * The harness's side of every peer in C: commands, clock, placement, and not outliving whoever started it.
 * client-port.ts is the same for TypeScript and describes the commands.
 */
#ifndef CAPSTAN_BENCH_CLIENT_PORT_H
#define CAPSTAN_BENCH_CLIENT_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Samples of one block, in nanoseconds: memory made beforehand, so that recording costs a store. */
struct samples {
	uint32_t *ns;
	uint32_t count;
	uint32_t violations;
};

#define SAMPLES_MAX (1u << 22)
#define PAYLOAD_BYTES_MAX (64u * 1024u)

/* Messages of a stream that end with one question whether they have arrived, and how many such batches may be unanswered. */
#define STREAM_BATCH 256u
#define STREAM_WINDOW 4u

/* Runs until `end_ns` or until the samples are full; returns 0 or -errno. */
typedef int (*closed_loop)(void *context, uint64_t end_ns, struct samples *samples);

uint64_t monotonic_ns(void);

static inline int block_goes_on(const struct samples *samples, uint64_t now_ns, uint64_t end_ns)
{
	return now_ns < end_ns && samples->count < SAMPLES_MAX;
}

static inline void add_sample(struct samples *samples, uint64_t ns)
{
	samples->ns[samples->count++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

/* Prints "ready" with these processes. Returns 0 or -errno. */
int say_ready(const pid_t *pids, unsigned count);
int say_ready_alone(void);

/* Serves "run MILLISECONDS FILE" until end-of-file. Returns 0 or -errno. */
int serve_commands(closed_loop loop, void *context);

/* Pins the calling thread; a CPU of -1 leaves it alone. Returns 0 or -errno. */
int pin(int cpu);

/* The kernel kills the caller when `parent` ends; so it does if that has happened before. */
void die_with_parent(int parent_pid);

/* Ends the process with status 0 at end-of-file on standard input, from a thread that sleeps until then. Returns 0 or -errno. */
int end_with_input(void);

/* Payload size from the command line: at least a number's. Returns 0 if it is too large. */
size_t payload_bytes(const char *text);

#endif
