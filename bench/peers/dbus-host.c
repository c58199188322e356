/*
 * Runs a D-Bus of its own, away from the machine's: nothing else connects to it, and it ends with the harness.
 *
 * usage: dbus-host dbus-daemon PATH CONFIG_FILE
 *        dbus-host dbus-broker PATH
 * The first line printed is "ready PID BUS_PID" when the bus can be connected to at PATH. Ends, and the bus with it, at
 * end-of-file on standard input.
 *
 * Configuration and reason. dbus-daemon: its own configuration file, made by the harness (bench/scenarios/dbus.ts).
 * dbus-broker: the broker without its launcher. The launcher wants systemd around it, and a private mount namespace would
 * want privileges that an ordinary user may not have; it is not on the way of any message. The broker takes its listening
 * socket and its policy from a controller over a socket pair, in D-Bus messages, and that is what this program is. The
 * limits are those that the launcher gives to a session bus; the policy allows everything, as that of a session does.
 */
#define _GNU_SOURCE
#include "client-port.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

/* A machine of nobody's: the bus is private. */
#define MACHINE_ID "00000000000000000000000000000001"

/* What a batch of rules consists of: may connect; may own; may send; may receive. */
#define BATCH_TYPE "bta(btbs)a(btssssuutt)a(btssssuutt)"
/* Batches by user, by range of users or group, labels of SELinux, whether AppArmor is asked, and the type of the bus. */
#define POLICY_TYPE "a(u(" BATCH_TYPE "))a(buu(" BATCH_TYPE "))a(ss)bs"

static int exec_bus(char *const *command, int keep_fd, pid_t parent)
{
	die_with_parent(parent);
	if (fcntl(keep_fd, F_SETFD, 0) < 0)
		return -errno;
	execvp(command[0], command);
	fprintf(stderr, "dbus-host: %s: %s\n", command[0], strerror(errno));
	return -errno;
}

/* Starts a bus that inherits `keep_fd`. Returns its pid or -errno. */
static pid_t start_bus(char *const *command, int keep_fd)
{
	pid_t self = getpid(), pid = fork();
	if (pid == 0) {
		exec_bus(command, keep_fd, self);
		_exit(127);
	}
	return pid < 0 ? -errno : pid;
}

static int run_daemon(const char *config, pid_t *pid)
{
	char config_option[4096], address_option[64], address[4096];
	char *command[] = { "dbus-daemon", config_option, "--nofork", "--nopidfile", "--nosyslog", address_option, NULL };
	int fds[2], r = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	snprintf(config_option, sizeof config_option, "--config-file=%s", config);
	snprintf(address_option, sizeof address_option, "--print-address=%d", fds[1]);
	*pid = start_bus(command, fds[1]);
	close(fds[1]);
	if (*pid < 0)
		r = (int)*pid;
	/* It tells its address when it listens. */
	else if (read(fds[0], address, sizeof address) <= 0)
		r = -ECHILD;
	close(fds[0]);
	return r;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, SOMAXCONN) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* One batch that allows everything to everybody who has no batch of his own (user -1). */
static int append_batch(sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'a', "(u(" BATCH_TYPE "))");
	if (r >= 0)
		r = sd_bus_message_append(m, "(u(" BATCH_TYPE "))", UINT32_MAX, 1, (uint64_t)1, 1, 1, (uint64_t)1, 1, "", 1, 1,
					  (uint64_t)1, "", "", "", "", 0u, 0u, (uint64_t)0, UINT64_MAX, 1, 1, (uint64_t)1, "", "",
					  "", "", 0u, 0u, (uint64_t)0, UINT64_MAX);
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}

static int append_policy(sd_bus_message *m)
{
	int r = sd_bus_message_open_container(m, 'v', "(" POLICY_TYPE ")");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'r', POLICY_TYPE);
	if (r >= 0)
		r = append_batch(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(buu(" BATCH_TYPE "))a(ss)bs", 0, 0, 0, "session");
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r >= 0 ? sd_bus_message_close_container(m) : r;
}

/* Hands the listening socket to the broker. The controller's connection has to stay open as long as the broker shall live. */
static int control_broker(int control, int listening)
{
	sd_bus *bus = NULL;
	sd_bus_message *m = NULL;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_fd(bus, control, control);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_message_new_method_call(bus, &m, NULL, "/org/bus1/DBus/Broker", "org.bus1.DBus.Broker", "AddListener");
	if (r >= 0)
		r = sd_bus_message_append(m, "oh", "/org/bus1/DBus/Listener/0", listening);
	if (r >= 0)
		r = append_policy(m);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, &error, NULL);
	if (r < 0 && error.message != NULL)
		fprintf(stderr, "dbus-host: dbus-broker: %s\n", error.message);
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	/* `bus` is kept: the kernel closes it with this process, and the broker ends. */
	return r < 0 ? r : 0;
}

static int run_broker(const char *path, pid_t *pid)
{
	char control[16];
	char *command[] = { "dbus-broker", "--controller", control, "--machine-id", MACHINE_ID,
			    "--max-bytes", "100000000000000", "--max-fds", "25000000000000",
			    "--max-matches", "5000000000", "--max-objects", "10000000000", NULL };
	int fds[2], listening = listen_at(path), r;

	if (listening < 0)
		return listening;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	snprintf(control, sizeof control, "%d", fds[1]);
	*pid = start_bus(command, fds[1]);
	close(fds[1]);
	r = *pid < 0 ? (int)*pid : control_broker(fds[0], listening);
	close(listening);
	return r;
}

static int run(int argc, char **argv)
{
	char rest[64];
	pid_t pid = -1;
	int r = argc == 4 ? run_daemon(argv[3], &pid) : run_broker(argv[2], &pid);

	if (r == 0) {
		pid_t both[] = { getpid(), pid };
		r = say_ready(both, 2);
	}
	while (r == 0 && read(STDIN_FILENO, rest, sizeof rest) > 0)
		;
	if (pid > 0) {
		/* Still this process's child, so the number is nobody else's. */
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	return r;
}

int main(int argc, char **argv)
{
	int r;
	if (!(argc == 4 && strcmp(argv[1], "dbus-daemon") == 0) && !(argc == 3 && strcmp(argv[1], "dbus-broker") == 0)) {
		fprintf(stderr, "usage: %s dbus-daemon PATH CONFIG_FILE | dbus-broker PATH\n", argv[0]);
		return 2;
	}
	die_with_parent(getppid());
	r = run(argc, argv);
	if (r < 0)
		fprintf(stderr, "dbus-host: %s\n", strerror(-r));
	return r < 0 ? 1 : 0;
}
