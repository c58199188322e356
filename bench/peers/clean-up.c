/*
 * Removes a directory with all that is in it when its standard input ends, which is when whoever started it ends, killed or not, and no
 * process names the directory in its command line any more: one that is about to end may still make it again.
 *
 * usage: clean-up DIRECTORY
 * A signal from a terminal is for those who use the directory; this one ends after them.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How often it is looked for users, and how long after each other; then it is removed under them. */
#define TRIES 200
#define PAUSE_NS 50000000L
#define DESCRIPTORS 16

/* As much of a command line as is looked at. */
#define COMMAND_BYTES 8192

static int names_directory(const char *pid, const char *directory)
{
	char path[64], command[COMMAND_BYTES];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof path, "/proc/%.20s/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	bytes = read(fd, command, sizeof command);
	close(fd);
	return bytes > 0 && memmem(command, (size_t)bytes, directory, strlen(directory)) != NULL;
}

/* Whether a process but this one names it. */
static int is_used(const char *directory)
{
	DIR *all = opendir("/proc");
	struct dirent *entry;
	char self[24];
	int is_found = 0;

	if (!all)
		return 0;
	snprintf(self, sizeof self, "%d", (int)getpid());
	while (!is_found && (entry = readdir(all)))
		is_found = isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, self) != 0 &&
			   names_directory(entry->d_name, directory);
	closedir(all);
	return is_found;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
	(void)status;
	(void)type;
	(void)position;
	(void)remove(path);
	return 0;
}

/* Returns 0 when there is nothing left, or -errno. */
static int remove_all(const char *directory)
{
	nftw(directory, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
	return access(directory, F_OK) < 0 && errno == ENOENT ? 0 : -ENOTEMPTY;
}

int main(int argc, char **argv)
{
	const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	const struct timespec pause = { 0, PAUSE_NS };
	char rest[64];
	ssize_t got;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	for (size_t at = 0; at < sizeof ignored / sizeof *ignored; at++)
		signal(ignored[at], SIG_IGN);
	do
		got = read(STDIN_FILENO, rest, sizeof rest);
	while (got > 0 || (got < 0 && errno == EINTR));
	for (int tries = 0; tries < TRIES && is_used(argv[1]); tries++)
		nanosleep(&pause, NULL);
	r = remove_all(argv[1]);
	if (r < 0)
		fprintf(stderr, "clean-up: %s: %s\n", argv[1], strerror(-r));
	return r < 0 ? 1 : 0;
}
