/**
 * Programs that speak the readiness protocol, for process tests: `say`, which sends its arguments as the lines of one datagram (and
 * with `-b` first waits until all before it was taken), and the same linked with libsystemd, as services are in the field.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Each argument is a line; `-b` asks for a barrier; `-f` goes on with a status that counts, as fast as it can. */
const sayText = `
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int tell(const char *text, int descriptor)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {.iov_base = (void *)text, .iov_len = strlen(text)};
	struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (path == NULL || fd < 0)
		return 2;
	strncpy(address.sun_path, path, sizeof address.sun_path - 1);
	if (descriptor >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		*header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	}
	if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0) {
		perror("say");
		return 1;
	}
	close(fd);
	return 0;
}

static int barrier(void)
{
	int ends[2];
	if (pipe(ends) < 0 || tell("BARRIER=1", ends[1]) != 0)
		return 1;
	close(ends[1]);
	struct pollfd end = {.fd = ends[0]};
	return poll(&end, 1, 10000) == 1 && (end.revents & POLLHUP) != 0 ? 0 : 3;
}

int main(int argc, char **argv)
{
	char text[65536] = "";
	int waits = 0, floods = 0;
	for (int at = 1; at < argc; at += 1) {
		if (strcmp(argv[at], "-b") == 0)
			waits = 1;
		else if (strcmp(argv[at], "-f") == 0)
			floods = 1;
		else {
			strncat(text, argv[at], sizeof text - strlen(text) - 2);
			strcat(text, "\\n");
		}
	}
	int result = text[0] == '\\0' ? 0 : tell(text, -1);
	for (unsigned count = 0; floods && result == 0; count += 1) {
		snprintf(text, sizeof text, "STATUS=%u", count);
		result = tell(text, -1);
	}
	return result == 0 && waits ? barrier() : result;
}
`;

/** What a daemon of the field does: ready, a status, a barrier, its watchdog at half the time, until it is told to hang. */
const daemonText = `
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t usec = 0;
	int enabled = sd_watchdog_enabled(0, &usec);
	if (sd_notifyf(0, "READY=1\\nSTATUS=serving as %d\\nMAINPID=%d", getpid(), getpid()) <= 0)
		return 2;
	if (sd_notify_barrier(0, 10000000) < 0)
		return 3;
	FILE *log = fopen(argv[1], "w");
	fprintf(log, "%d %lu\\n", enabled, (unsigned long)usec);
	fclose(log);
	while (access(argv[2], F_OK) != 0) {
		if (enabled > 0)
			sd_notify(0, "WATCHDOG=1");
		usleep(usec > 0 ? usec / 4 : 50000);
	}
	sd_notify(0, "STATUS=hanging");
	for (;;)
		pause();
}
`;

export interface TellingPrograms {
  /** Path of \`say\`. */
  readonly say: string;
  /** Path of the daemon that is linked with libsystemd: its arguments are a log file, and a file upon which it hangs. */
  readonly daemon: string | undefined;
  /** Why there is no daemon. */
  readonly why: string;
  remove(): void;
}

function compile(directory: string, name: string, text: string, libraries: readonly string[]): string {
  const source = join(directory, `${name}.c`);
  writeFileSync(source, text);
  const program = join(directory, name);
  const flags = ['-std=gnu11', '-O1', '-o', program, source, ...libraries];
  const { status, stderr } = spawnSync('cc', flags, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cc ${name}: ${stderr}`);
  return program;
}

/** Compiles them, with the compiler that the native parts are built with. */
export function makeTellingPrograms(): TellingPrograms {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-say-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    // Services of other users run it, too.
    spawnSync('chmod', ['755', directory]);
    const say = compile(directory, 'say', sayText, []);
    let daemon: string | undefined;
    let why = '';
    try {
      daemon = compile(directory, 'daemon', daemonText, ['-lsystemd']);
    } catch (error) {
      why = `not run: no program can be linked with libsystemd (${String(error).split('\n')[0]})`;
    }
    return { say, daemon, why, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
