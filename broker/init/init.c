/*
 * capstan-init: the parent of the broker and of every service (docs/spec/init.md).
 *
 * One thread, one loop, two descriptors: a signalfd and the connection to the broker. All signals are blocked for ever, so no
 * handler interrupts anything and a signal that comes early waits; none is ignored, so children inherit a clean table.
 * A turn of the loop: take signals, reap what has ended, carry out requests, send what can be sent, look at the time.
 *
 * What must not happen: an exit is lost, a process runs that nobody watches, a number is signalled that may belong to
 * somebody else, init waits for anybody. The only waits are for the kernel: in poll, and in spawn.c until the child has
 * reached its program.
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "spawn.h"

/* Frames and exits that one turn takes at most, so that neither starves the other. */
#define TURN_FRAMES 64
#define TURN_EXITS 256
/* Descriptors that are never given to the store: those of one full packet, and those of init itself. */
#define DESCRIPTOR_RESERVE (DESCRIPTORS_MAX + 64)

static struct init state;

static void keep_orphan(struct init *init, pid_t pid, const struct ending_status *status)
{
	if (init->orphan_count == ORPHANS_MAX) {
		init->orphan_first = (init->orphan_first + 1) % ORPHANS_MAX;
		init->orphan_count -= 1;
		init->orphans_lost += 1;
	}
	uint32_t at = (init->orphan_first + init->orphan_count) % ORPHANS_MAX;
	init->orphans[at] = (struct orphan){.pid = pid, .cause = status->cause, .status = status->status};
	init->orphan_count += 1;
}

/* Looks at every zombie before its number is given back: until then the number, and a group of that number, are its own. */
static void reap(struct init *init)
{
	struct ending_status status;
	for (unsigned turn = 0; turn < TURN_EXITS; turn += 1) {
		pid_t pid = process_look();
		if (pid <= 0)
			return;
		if (pid == init->broker.pid) {
			broker_died(init);
			continue;
		}
		struct record *record = table_by_pid(&init->table, pid);
		if (record != NULL && record->ends_group)
			process_signal_group(pid, SIGKILL);
		if (process_reap(pid, &status) < 0)
			return;
		if (record == NULL) {
			keep_orphan(init, pid, &status);
			continue;
		}
		record->user_us = status.user_us;
		record->system_us = status.system_us;
		record->resident_kib = status.resident_kib;
		table_exit(&init->table, record, status.cause, status.status, monotonic_us());
	}
	init->has_more = true;
}

static bool is_forwarded(const struct init *init, int signal)
{
	switch (signal) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGUSR1:
	case SIGUSR2:
	case SIGTERM:
	case SIGPWR:
		return true;
	case SIGWINCH:
		/* To PID 1 it is the keyboard's request; to a program at a terminal only its new size. */
		return init->is_first_process;
	default:
		return false;
	}
}

static void take_signals(struct init *init)
{
	struct signalfd_siginfo information;
	while (read(init->signal_descriptor, &information, sizeof information) == sizeof information) {
		int signal = (int)information.ssi_signo;
		if (!is_forwarded(init, signal))
			continue;
		init->signals |= UINT64_C(1) << (signal - 1);
		if (signal == SIGTERM || signal == SIGINT)
			ending_requested(init, signal);
	}
}

static uint64_t next_deadline(const struct init *init)
{
	uint64_t deadline = broker_deadline(init);
	uint64_t end = ending_deadline(init);
	if (end < deadline)
		deadline = end;
	if (init->retry_ms != 0 && init->retry_ms < deadline)
		deadline = init->retry_ms;
	return deadline;
}

/* Waits for a signal, the broker or a deadline; what the connection is ready for. */
static short await(struct init *init)
{
	const struct channel *channel = &init->channel;
	const struct broker *broker = &init->broker;
	bool is_reading = channel->answer_bytes == 0 && broker->answering == 0 && !broker->is_listing;
	bool is_writing = channel->is_blocked && !channel->is_starved;
	struct pollfd polled[2] = {
		{.fd = init->signal_descriptor, .events = POLLIN},
		{.fd = channel->socket, .events = (short)((is_reading ? POLLIN : 0) | (is_writing ? POLLOUT : 0))},
	};
	/* Its end is always reported; with nothing to wait for that would be a busy loop. SIGCHLD tells it as well. */
	if (polled[1].events == 0)
		polled[1].fd = -1;
	uint64_t now = monotonic_ms();
	uint64_t deadline = next_deadline(init);
	int timeout = -1;
	if (init->has_more || deadline <= now)
		timeout = 0;
	else if (deadline != UINT64_MAX)
		timeout = deadline - now > 3600000 ? 3600000 : (int)(deadline - now);
	init->has_more = false;
	if (poll(polled, 2, timeout) < 0)
		return 0;
	return polled[1].revents;
}

/* Runs until everything is over; the exit status. */
static int run(struct init *init)
{
	for (;;) {
		short ready = await(init);
		take_signals(init);
		reap(init);
		reserve_restore();
		if ((ready & (POLLOUT | POLLHUP | POLLERR)) != 0 || !init->channel.is_blocked || init->retry_ms != 0)
			answer_pump(init);
		int result = request_pump(init, TURN_FRAMES);
		if (result < 0 && init->channel.socket >= 0)
			broker_lost(init, result);
		if (!init->channel.is_blocked)
			answer_pump(init);
		uint64_t now = monotonic_ms();
		if (ending_step(init, now))
			return init->ending.status;
		broker_check(init, now);
		if (init->broker.pid == 0 && init->ending.phase == ENDING_NOT && now >= init->broker.restart_at_ms) {
			int status = broker_start(init);
			if (status != 0)
				return status;
		}
	}
}

/*
 * Blocks every signal and ignores none: a signal that somebody told our parent to ignore (nohup) would stay ignored in
 * every service, and an ignored SIGCHLD would lose every exit.
 */
static int prepare_signals(struct init *init)
{
	sigset_t all;
	for (int signal = 1; signal <= 64; signal += 1) {
		struct sigaction current;
		if (sigaction(signal, NULL, &current) == 0 && current.sa_handler == SIG_IGN) {
			current.sa_handler = SIG_DFL;
			sigaction(signal, &current, NULL);
		}
	}
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGABRT);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return -errno;
	init->signal_descriptor = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return init->signal_descriptor < 0 ? -errno : 0;
}

/* A descriptor that reads nothing and takes everything. */
static int open_null(void)
{
	int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* An empty /dev: something that takes the number, and answers every use with EBADF. */
	return descriptor >= 0 ? descriptor : open("/", O_PATH | O_CLOEXEC);
}

/* Opens 0, 1 and 2 where init was started without, and closes what it was not told to pass on. 0 or -errno. */
static int prepare_descriptors(const struct options *options, int *null_descriptor)
{
	unsigned low = 3;
	for (int descriptor = 0; descriptor < 3;) {
		descriptor = open_null();
		if (descriptor < 0)
			return -errno;
		if (descriptor < 3)
			fcntl(descriptor, F_SETFD, 0);
	}
	for (unsigned at = 0; at < options->passed_count; at += 1) {
		unsigned passed = (unsigned)options->passed[at];
		if (passed > low)
			syscall(SYS_close_range, low, passed - 1, 0);
		fcntl((int)passed, F_SETFD, FD_CLOEXEC);
		low = passed + 1;
	}
	syscall(SYS_close_range, low, ~0u, 0);
	*null_descriptor = open_null();
	return *null_descriptor < 0 ? -errno : 0;
}

/* The limit of descriptors as high as it may be; what it was. */
static uint64_t raise_nofile(uint64_t *raised)
{
	struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};
	getrlimit(RLIMIT_NOFILE, &limit);
	uint64_t original = limit.rlim_cur;
	struct rlimit wanted = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
	*raised = setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
	return original;
}

static void make_boot_id(struct init *init)
{
	/* Never wait for the kernel's entropy at boot: the id must differ, not be secret. */
	if (getrandom(init->boot_id, sizeof init->boot_id, GRND_NONBLOCK) == sizeof init->boot_id)
		return;
	uint64_t parts[2] = {monotonic_us() * UINT64_C(0x9E3779B97F4A7C15), (uint64_t)getpid()};
	memcpy(init->boot_id, parts, sizeof parts);
}

/* Everything that is allocated. 0 or -errno. */
static int prepare(struct init *init)
{
	int null_descriptor = -1;
	uint64_t raised;
	int error = prepare_descriptors(&init->options, &null_descriptor);
	if (error < 0)
		return error;
	init->nofile_soft = raise_nofile(&raised);
	uint64_t reserved = DESCRIPTOR_RESERVE + init->options.passed_count;
	uint64_t stored_max = raised > reserved ? raised - reserved : 0;
	error = table_create(&init->table, init->options.services);
	if (error == 0)
		error = store_create(&init->store, init->options.descriptors,
				     stored_max > UINT32_MAX ? UINT32_MAX : (uint32_t)stored_max);
	if (error == 0)
		error = spawn_prepare(null_descriptor, init->nofile_soft, init->options.uses_clone3);
	if (error == 0)
		error = reserve_create(null_descriptor);
	if (error == 0)
		error = prepare_signals(init);
	if (error == 0)
		error = broker_prepare(init);
	return error;
}

int main(int argc, char **argv)
{
	struct init *init = &state;
	int status = options_read(&init->options, argc, argv);
	if (status >= 0)
		return status;
	init->channel.socket = -1;
	init->is_first_process = getpid() == 1;
	int error = prepare(init);
	if (error < 0) {
		complain("cannot start: %s", strerror(-error));
		return 1;
	}
	if (!init->is_first_process && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		complain("cannot be the reaper of orphans: %s", strerror(errno));
	make_boot_id(init);
	status = broker_start(init);
	return status != 0 ? status : run(init);
}
