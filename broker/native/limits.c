/*
 * How many descriptors this process may still open.
 *
 * The kernel delivers a message and drops its descriptors for good when the process is at its limit (sockets S10), so
 * the loop has to know before it receives. Far from the limit this costs nothing: a count is trusted for COUNT_MS, and
 * what the loop itself receives and accepts is subtracted meanwhile.
 */
#include "arguments.h"
#include "loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t list_descriptors(void)
{
	int64_t count = 0;
	DIR *directory = opendir("/proc/self/fd");

	if (directory == NULL)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
			count++;
	closedir(directory);
	return count;
}

/* Without /proc, or at the limit, where it cannot be opened. */
static int64_t probe_descriptors(void)
{
	struct rlimit limit;
	int64_t count = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (int fd = 0; (rlim_t)fd < limit.rlim_cur && fd < SLOTS_MAX; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

int64_t count_descriptors(void)
{
	struct stat status;
	int64_t count;

	/* Since Linux 6.2 the size of this directory is the number of open descriptors. */
	if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
		return status.st_size;
	count = list_descriptors();
	return count > 0 ? count : probe_descriptors();
}

int64_t free_descriptors(struct loop *loop, bool is_exact)
{
	uint64_t now = uv_now(loop->uv);
	struct rlimit limit;
	int64_t count;

	if (!is_exact && now < loop->count_at)
		return loop->free_descriptors;
	count = count_descriptors();
	if (count < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return loop->free_descriptors;
	loop->free_descriptors = (limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur) - count;
	loop->count_at = now + COUNT_MS;
	return loop->free_descriptors;
}

static napi_value js_open_descriptors(napi_env env, napi_callback_info info)
{
	int64_t count = count_descriptors();

	(void)info;
	return count < 0 ? throw_errno(env, (int)-count, "stat") : new_integer(env, count);
}

static napi_value new_limit(napi_env env, rlim_t limit)
{
	/* RLIM_INFINITY as a number that is larger than any descriptor. */
	return new_integer(env, limit > INT32_MAX ? INT32_MAX : (int64_t)limit);
}

static napi_value js_descriptor_limit(napi_env env, napi_callback_info info)
{
	struct rlimit limit;

	(void)info;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return throw_errno(env, errno, "getrlimit");
	return new_limit(env, limit.rlim_cur);
}

static napi_value js_raise_descriptor_limit(napi_env env, napi_callback_info info)
{
	struct rlimit limit;

	(void)info;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return throw_errno(env, errno, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return throw_errno(env, errno, "setrlimit");
	return new_limit(env, limit.rlim_cur);
}

const struct native_function limit_functions[] = {
	{ "openDescriptors", js_open_descriptors },
	{ "descriptorLimit", js_descriptor_limit },
	{ "raiseDescriptorLimit", js_raise_descriptor_limit },
	{ NULL, NULL },
};
