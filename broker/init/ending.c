/*
 * The end of everything, and the signals that lead there.
 *
 *   ENDING_NOT ── FINISH, or signals that the broker does not take ──▶ ENDING_TERM ── grace ──▶ ENDING_KILL ──▶ exit
 *
 * Every process below init is its child sooner or later, because init is the reaper of all: killing the children until there is none
 * ends everything, however deep it stood.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "init.h"
#include "process.h"

/* A second SIGTERM so soon after the first is taken for the same one (a terminal and a shell may both send one). */
#define SAME_REQUEST_MS 500
/* Requests that are further apart than this have nothing to do with each other. */
#define REQUEST_WINDOW_MS 60000
/* How long a process that does not die of SIGKILL (it hangs in the kernel) can hold init. */
#define UNKILLABLE_MS 10000
/* How often children that came up meanwhile are looked for. */
#define KILL_AGAIN_MS 20

int signal_record(struct init *init, const struct record *record, int signal, bool to_group)
{
	pid_t group = record->pid;
	if (!to_group)
		return process_signal(record->pid, signal);
	if (record->is_adopted) {
		group = getpgid(record->pid);
		/* A group that another process leads which is watched itself, or the broker, is not this one's to signal. */
		if (group != record->pid && (group == init->broker.pid || table_by_pid(&init->table, group) != NULL))
			return process_signal(record->pid, signal);
	}
	int error = process_signal_group(group, signal);
	return error == -ESRCH || error == -EPERM ? process_signal(record->pid, signal) : error;
}

struct children {
	struct init *init;
	int signal;
};

static void signal_child(pid_t pid, void *data)
{
	const struct children *children = data;
	struct init *init = children->init;
	bool is_spared = init->ending.spares_broker && init->ending.phase == ENDING_TERM;
	if (pid == init->broker.pid && is_spared)
		return;
	/* Watched ones were signalled with their groups. */
	if (table_by_pid(&init->table, pid) != NULL)
		return;
	process_signal(pid, children->signal);
}

static void signal_all(struct init *init, int signal)
{
	struct children children = {.init = init, .signal = signal};
	for (uint32_t index = 1; index <= init->table.fresh; index += 1) {
		const struct record *record = &init->table.records[index];
		if (record->state == RECORD_RUNNING)
			signal_record(init, record, signal, true);
	}
	if (init->broker.pid != 0 && !(init->ending.spares_broker && init->ending.phase == ENDING_TERM))
		process_signal_group(init->broker.pid, signal);
	process_children(signal_child, &children);
	/* As PID 1 everything is below, and no /proc is needed to find it. */
	if (init->is_first_process && signal == SIGKILL)
		kill(-1, SIGKILL);
}

void ending_begin(struct init *init, int status, uint32_t grace_ms, bool spares_broker)
{
	struct ending *ending = &init->ending;
	ending->status = status;
	if (ending->phase != ENDING_NOT)
		return;
	ending->phase = ENDING_TERM;
	ending->spares_broker = spares_broker;
	ending->deadline_ms = monotonic_ms() + grace_ms;
	signal_all(init, SIGTERM);
	/* A stopped process takes its SIGTERM only when it goes on. */
	signal_all(init, SIGCONT);
}

void ending_requested(struct init *init, int signal)
{
	struct ending *ending = &init->ending;
	uint64_t now = monotonic_ms();
	if (ending->phase != ENDING_NOT)
		return;
	if (ending->requests != 0 && now - ending->last_request_ms > REQUEST_WINDOW_MS)
		ending->requests = 0;
	ending->requests += 1;
	ending->asked |= UINT64_C(1) << (signal - 1);
	ending->last_request_ms = now;
	if (ending->requests == 1)
		ending->first_request_ms = now;
	bool is_second = ending->requests > 1 && now - ending->first_request_ms >= SAME_REQUEST_MS;
	bool is_silent = init->broker.sent_ms <= ending->first_request_ms;
	if (init->broker.pid == 0 || (is_second && is_silent) || ending->requests > 2) {
		complain("ending everything on signal %d", signal);
		ending_begin(init, 128 + signal, init->options.grace_ms, false);
	}
}

bool ending_step(struct init *init, uint64_t now)
{
	struct ending *ending = &init->ending;
	if (ending->phase == ENDING_NOT)
		return false;
	if (process_look() == -ECHILD)
		return true;
	if (ending->phase == ENDING_TERM && now >= ending->deadline_ms) {
		ending->phase = ENDING_KILL;
		ending->deadline_ms = now + UNKILLABLE_MS;
	}
	if (ending->phase != ENDING_KILL)
		return false;
	if (now >= ending->deadline_ms) {
		complain("something cannot be killed; leaving it behind");
		return true;
	}
	signal_all(init, SIGKILL);
	return false;
}

uint64_t ending_deadline(const struct init *init)
{
	switch (init->ending.phase) {
	case ENDING_TERM:
		return init->ending.deadline_ms;
	case ENDING_KILL:
		return monotonic_ms() + KILL_AGAIN_MS;
	default:
		return UINT64_MAX;
	}
}
