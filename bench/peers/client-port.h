/*
 * The harness's side of every peer in C: commands, clock, placement, and not outliving whoever started it.
 * client-port.ts is the same for TypeScript and describes the commands.
 */
#ifndef CAPSTAN_BENCH_CLIENT_PORT_H
#define CAPSTAN_BENCH_CLIENT_PORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* Samples of one block, in nanoseconds: memory made beforehand, so that recording costs a store. */
struct samples {
	uint32_t *ns;
	uint32_t count;
	uint32_t violations;
};

#define SAMPLES_MAX (1u << 22)
#define PAYLOAD_BYTES_MAX (64u * 1024u)

/*
 * Messages of a sample of a stream; how many questions whether they have arrived may be unanswered, and bytes between two of them at most, as
 * in stream.ts.
 */
#define STREAM_BATCH 256u
#define STREAM_WINDOW 4u
#define STREAM_PART_BYTES_MAX (512u * 1024u)

/* Messages between two questions: a whole batch, or as large a part of it as may be under way. A power of two. */
static inline uint32_t stream_part(size_t bytes)
{
	uint32_t part = STREAM_BATCH;
	while (part > 1 && part * bytes > STREAM_PART_BYTES_MAX)
		part /= 2;
	return part;
}

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

/* Writes a block's samples as u32 in host order, the form in which every client hands them over. Returns 0 or -errno. */
int write_samples(const struct samples *samples, const char *path);

/* Prints "ready" with these processes. Returns 0 or -errno. */
int say_ready(const pid_t *pids, unsigned count);
int say_ready_alone(void);

/* Serves "run MILLISECONDS FILE" until end-of-file. Returns 0 or -errno. */
int serve_commands(closed_loop loop, void *context);

/* A client that streams one-way messages; the port says when batches go and times them. */
struct batches {
	/* Sends a part of a batch, stream_part messages, of which the last asks how many have arrived. Returns 0 or -errno. */
	int (*send)(void *context);
	/* Waits for the answer to the oldest part that has none: how many messages have arrived since the first. Returns 0 or -errno. */
	int (*await)(void *context, uint32_t *counted);
};

/*
 * Serves "run MILLISECONDS FILE" until end-of-file, with messages of so many bytes. A sample is the time from before a batch's first message
 * until the answer to its last part is there. Returns 0 or -errno.
 */
int serve_stream(const struct batches *batches, void *context, size_t bytes);

/* How a call ended: answered rightly, answered wrongly (a violation), or by an error or deadline of the contender's. */
enum outcome { ANSWERED, WRONG, FAILED };

/* Calls that ended in one `collect`; a client stops at this many and gives the rest next time. */
#define COMPLETIONS_MAX 512u

struct completions {
	unsigned count;
	uint32_t number[COMPLETIONS_MAX];
	enum outcome outcome[COMPLETIONS_MAX];
};

static inline void complete(struct completions *ended, uint32_t number, enum outcome outcome)
{
	ended->number[ended->count] = number;
	ended->outcome[ended->count++] = outcome;
}

/* As `until_ns` of `collect`: until something is there, without a timer. */
#define UNTIL_ANSWERED UINT64_MAX

/* A client that can have many calls under way; the port drives it (pipelined.c). */
struct pipelined {
	/* Begins call `number` (0, 1, 2 ...), with the number in its payload. Returns 0, -EAGAIN if nothing more fits now, or -errno. */
	int (*submit)(void *context, uint32_t number);
	/*
	 * Waits until a call has ended or until `until_ns` of the monotonic clock (0: does not wait), and adds what has ended. May return
	 * early with nothing. Returns 0 or -errno.
	 */
	int (*collect)(void *context, uint64_t until_ns, struct completions *ended);
};

/* Serves "run MILLISECONDS FILE [OUTSTANDING [GAP_MS]]" and "open FILE SCHEDULE" until end-of-file. Returns 0 or -errno. */
int serve_pipelined(const struct pipelined *client, void *context);

/*
 * Waits for input on `fd` until `until_ns`, exactly, as `collect` wants it. Returns 1 if there is some, 0 if the time has come, or -errno.
 */
int wait_readable(int fd, uint64_t until_ns);

/* Pins the calling thread; a CPU of -1 leaves it alone. Returns 0 or -errno. */
int pin(int cpu);

/* The kernel kills the caller when `parent` ends; so it does if that has happened before. */
void die_with_parent(int parent_pid);

/*
 * Starts a child on a CPU with `role`, which is given one end of a new pair of sockets of this type; `*fd` becomes the other end, the
 * caller's to close. Returns its pid or -errno, and then there is no pair.
 */
pid_t start_at_pair(int type, int cpu, int (*role)(int fd, void *context), void *context, int *fd);

/* Ends the process with status 0 at end-of-file on standard input, from a thread that sleeps until then. Returns 0 or -errno. */
int end_with_input(void);

/* Payload size from the command line: at least a number's. Returns 0 if it is too large. */
size_t payload_bytes(const char *text);

/*
 * What is in a payload, as payload.ts has it: the message's number in front, and as the last byte a mark that follows from the number and
 * the length. An answer is its question with the first byte changed.
 */

/* What a message has at least where its receiver does not know its length: there the mark tells it. */
#define MARKED_BYTES_MIN 5u

/* The same as payload_bytes for messages that get no answer of their own. */
static inline size_t message_bytes(const char *text)
{
	size_t bytes = payload_bytes(text);
	return bytes == 0 || bytes >= MARKED_BYTES_MIN ? bytes : MARKED_BYTES_MIN;
}

static inline unsigned char mark_of(uint32_t number, size_t length)
{
	return (unsigned char)(number ^ (number >> 8) ^ length ^ (length >> 8) ^ 0x5a);
}

/* Whether the last byte is as it has to be; a number alone has no room for it. */
static inline int has_mark(const void *payload, size_t length, uint32_t number)
{
	return length < MARKED_BYTES_MIN || ((const unsigned char *)payload)[length - 1] == mark_of(number, length);
}

/* Writes the number and the mark. */
static inline void stamp(void *payload, size_t length, uint32_t number)
{
	memcpy(payload, &number, sizeof number);
	if (length >= MARKED_BYTES_MIN)
		((unsigned char *)payload)[length - 1] = mark_of(number, length);
}

/* The number at the beginning of a message, or 0 if it is too short. */
static inline uint32_t read_number(const void *payload, size_t length)
{
	uint32_t number = 0;
	if (length >= sizeof number)
		memcpy(&number, payload, sizeof number);
	return number;
}

/* Whether it is message `number`, and whole. */
static inline int is_message(const void *payload, size_t length, uint32_t number)
{
	return length >= MARKED_BYTES_MIN && read_number(payload, length) == number && has_mark(payload, length, number);
}

/* Whether it is the answer to question `number`, which had `expected` bytes; not more than these are looked at. */
static inline int is_answer(const void *payload, size_t length, size_t expected, uint32_t number)
{
	return length == expected && read_number(payload, length) == (number ^ 1u) && has_mark(payload, length, number);
}

#endif
