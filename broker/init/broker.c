/*
 * The broker's life.
 *
 *   none ── broker_start ──▶ alive ── it ends, or is killed ──▶ zombie ── broker_died ──▶ none, until restart_at_ms
 *
 * Every broker gets a new connection. One that dies has what it sent carried out before the next one starts (init I9): its
 * acknowledgements and its requests were decisions that its successor must find done.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"
#include "process.h"
#include "spawn.h"

extern char **environ;

/* How long a broker may live after its connection has ended. */
#define LEAVE_MS 2000
/* More frames than a connection's buffer holds, so that a stray process with a copy of it cannot keep init here. */
#define DRAIN_FRAMES 100000

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_variable(const char *text, const char *name)
{
	size_t length = strlen(name);
	return strncmp(text, name, length) == 0 && text[length] == '=';
}

/* What bends or slows a Node program, or was meant for init itself (init I17). */
static bool is_scrubbed(const struct options *options, const char *variable)
{
	static const char *const prefixes[] = {"NODE_", "NPM_", "npm_", "UV_", "OPENSSL_", "SSL_CERT_", "LISTEN_"};
	static const char *const kept[] = {"NODE_ENV", "NODE_V8_COVERAGE"};
	if (is_variable(variable, "CAPSTAN_INIT_FD"))
		return true;
	for (unsigned at = 0; at < options->kept_count; at += 1) {
		if (is_variable(variable, options->kept[at]))
			return false;
	}
	for (unsigned at = 0; at < sizeof kept / sizeof *kept; at += 1) {
		if (is_variable(variable, kept[at]))
			return false;
	}
	for (unsigned at = 0; at < sizeof prefixes / sizeof *prefixes; at += 1) {
		if (has_prefix(variable, prefixes[at]))
			return true;
	}
	return false;
}

/* The lowest number from 3 that no passed descriptor has. */
static int free_number(const struct options *options)
{
	int number = 3;
	for (unsigned at = 0; at < options->passed_count && options->passed[at] == number; at += 1)
		number += 1;
	return number;
}

int broker_prepare(struct init *init)
{
	struct broker *broker = &init->broker;
	size_t count = 0;
	size_t to = 0;
	while (environ[count] != NULL)
		count += 1;
	broker->env = mmap(NULL, (count + 2) * sizeof(char *), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (broker->env == MAP_FAILED)
		return -ENOMEM;
	for (size_t at = 0; at < count; at += 1) {
		if (!is_scrubbed(&init->options, environ[at]))
			broker->env[to++] = environ[at];
	}
	broker->number = free_number(&init->options);
	snprintf(broker->number_variable, sizeof broker->number_variable, "CAPSTAN_INIT_FD=%d", broker->number);
	broker->env[to++] = broker->number_variable;
	broker->env[to] = NULL;
	return 0;
}

static void spawn_broker(struct init *init, int socket, struct spawn_result *result)
{
	const struct options *options = &init->options;
	int descriptors[PASSED_MAX + 4] = {0, 1, 2, socket};
	uint32_t targets[PASSED_MAX + 4] = {0, 1, 2, (uint32_t)init->broker.number};
	unsigned count = 4;
	for (unsigned at = 0; at < options->passed_count; at += 1, count += 1) {
		descriptors[count] = options->passed[at];
		targets[count] = (uint32_t)options->passed[at];
	}
	struct spawn_request request = {
		.argv = options->program,
		.env = init->broker.env,
		.cwd = "",
		.descriptors = descriptors,
		.targets = targets,
		.descriptor_count = count,
		.cgroup = -1,
		.flags = SPAWN_SESSION,
		.keeps_nofile = true,
	};
	spawn(&request, result);
}

/* The delay grows with each death that follows on a short life, and with each start that failed. */
static void plan_restart(struct init *init, uint64_t now, bool has_lived)
{
	const struct options *options = &init->options;
	struct broker *broker = &init->broker;
	uint64_t delay_ms = 0;
	if (has_lived && now - broker->started_ms >= options->restart_reset_ms)
		broker->failures = 0;
	else
		broker->failures += 1;
	for (uint32_t at = 0; at < broker->failures && delay_ms < options->restart_max_ms; at += 1)
		delay_ms = delay_ms == 0 ? options->restart_min_ms : delay_ms * 2;
	if (delay_ms > options->restart_max_ms)
		delay_ms = options->restart_max_ms;
	broker->restart_at_ms = now + delay_ms;
	if (init->ending.phase != ENDING_NOT)
		return;
	if (options->restart_limit != 0 && broker->failures > options->restart_limit && !init->is_first_process) {
		complain("the broker died %u times in a row; giving up", broker->failures);
		ending_begin(init, 1, options->grace_ms, false);
		return;
	}
	/* It may have died with the request unread; a successor that knows of it already is not disturbed. */
	init->signals |= init->ending.asked;
	if (init->ending.asked != 0 && !broker->is_welcomed) {
		int signal = __builtin_ctzll(init->ending.asked) + 1;
		complain("the broker died before it could be told of signal %d; ending everything", signal);
		ending_begin(init, 128 + signal, options->grace_ms, false);
		return;
	}
	complain("starting the broker again in %llu ms", (unsigned long long)delay_ms);
}

static void begin_life(struct broker *broker, uint64_t now)
{
	broker->started += 1;
	broker->started_ms = now;
	broker->silent_ms = 0;
	broker->watched_ms = now;
	broker->sent_ms = now;
	broker->kill_at_ms = 0;
	broker->is_welcomed = false;
	broker->is_listing = false;
	broker->is_listed = false;
	broker->answering = 0;
}

int broker_start(struct init *init)
{
	struct broker *broker = &init->broker;
	struct spawn_result result = {.stage = STAGE_DESCRIPTORS};
	int sockets[2] = {-1, -1};
	uint64_t now = monotonic_ms();
	begin_life(broker, now);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		result.error = errno;
	} else {
		spawn_broker(init, sockets[1], &result);
		close(sockets[1]);
	}
	if (result.error == 0) {
		/* The pid is enough: it is init's child. */
		close(result.pidfd);
		broker->pid = result.pid;
		channel_open(&init->channel, sockets[0]);
		table_resend(&init->table);
		return 0;
	}
	complain("cannot start %s: %s", init->options.program[0], strerror(result.error));
	if (sockets[0] >= 0)
		close(sockets[0]);
	if (result.stage == STAGE_EXEC && broker->started == 1 && !init->is_first_process)
		return result.error == ENOENT ? 127 : 126;
	plan_restart(init, now, false);
	return 0;
}

void broker_kill(struct init *init)
{
	/* It leads a session; what it may have started belongs to it. */
	process_signal_group(init->broker.pid, SIGKILL);
	process_signal(init->broker.pid, SIGKILL);
}

void broker_lost(struct init *init, int reason)
{
	channel_close(&init->channel);
	if (init->broker.pid == 0)
		return;
	if (reason == -EPROTO) {
		complain("the broker sent what is not the protocol; killing it");
		broker_kill(init);
	} else if (init->broker.kill_at_ms == 0) {
		init->broker.kill_at_ms = monotonic_ms() + LEAVE_MS;
	}
}

void broker_died(struct init *init)
{
	struct broker *broker = &init->broker;
	struct ending_status status = {.cause = 0};
	pid_t pid = broker->pid;
	process_signal_group(pid, SIGKILL);
	process_reap(pid, &status);
	broker->pid = 0;
	broker->is_listing = false;
	broker->answering = 0;
	init->channel.is_mute = true;
	channel_flush(&init->channel);
	request_pump(init, DRAIN_FRAMES);
	channel_close(&init->channel);
	if (init->ending.phase == ENDING_NOT)
		complain("the broker %s %d", status.cause == CLD_EXITED ? "ended with status" : "was killed by signal",
			 status.status);
	plan_restart(init, monotonic_ms(), true);
}

void broker_lives(struct broker *broker)
{
	broker->silent_ms = 0;
	broker->watched_ms = monotonic_ms();
}

/*
 * Silence counts only while init itself runs: what passes between two looks counts as a quarter of the limit at most. A
 * machine that was frozen, or that had no time for init, had none for the broker either; and what the broker sent while init
 * was busy is read before the next look.
 */
static uint64_t look_ms(const struct init *init)
{
	return init->options.watchdog_ms / 4 + 1;
}

static bool is_watched(const struct init *init)
{
	return init->options.watchdog_ms != 0 && init->broker.pid != 0 && init->ending.phase == ENDING_NOT;
}

/* Kills a broker that has been silent for too long. */
static void watch(struct init *init, uint64_t now)
{
	struct broker *broker = &init->broker;
	uint64_t passed = now - broker->watched_ms;
	if (!is_watched(init))
		return;
	broker->watched_ms = now;
	broker->silent_ms += passed < look_ms(init) ? passed : look_ms(init);
	if (broker->silent_ms < init->options.watchdog_ms)
		return;
	complain("the broker was silent for %u ms; killing it", init->options.watchdog_ms);
	broker->silent_ms = 0;
	broker_kill(init);
}

void broker_check(struct init *init, uint64_t now)
{
	struct broker *broker = &init->broker;
	bool is_late = broker->kill_at_ms != 0 && now >= broker->kill_at_ms;
	if (broker->pid == 0)
		return;
	if (is_late && !init->ending.spares_broker) {
		complain("the broker has closed its connection and goes on; killing it");
		broker->kill_at_ms = UINT64_MAX;
		broker_kill(init);
	}
	watch(init, now);
}

uint64_t broker_deadline(const struct init *init)
{
	const struct broker *broker = &init->broker;
	uint64_t deadline = UINT64_MAX;
	if (broker->pid == 0)
		return init->ending.phase == ENDING_NOT ? broker->restart_at_ms : UINT64_MAX;
	if (broker->kill_at_ms != 0 && !init->ending.spares_broker)
		deadline = broker->kill_at_ms;
	if (is_watched(init)) {
		uint64_t left_ms = init->options.watchdog_ms - broker->silent_ms;
		uint64_t look = broker->watched_ms + (left_ms < look_ms(init) ? left_ms : look_ms(init));
		if (look < deadline)
			deadline = look;
	}
	return deadline;
}
