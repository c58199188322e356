/* Memory that processes share: sealed memfds and mappings of them. */
#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEALS_ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | 0x10 /* F_SEAL_FUTURE_WRITE */ };
/* What nobody can change any more, and nobody can unseal. */
enum { SEALS_CONSTANT = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
#define LENGTH_MAX ((int64_t)1 << 40)
/* Linux 6.3. Where the administrator forbids executable memory (vm.memfd_noexec), nothing else is allowed. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

static napi_value js_memfd_create(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	char name[200];
	bool is_sealable;

	if (!take_arguments(env, info, 2, argv) ||
	    !get_string(env, argv[0], "name", "memfd_create", name, sizeof(name)) ||
	    !get_bool(env, argv[1], "isSealable", &is_sealable))
		return NULL;
	return new_result(env, memfd_create(name, MFD_CLOEXEC | (is_sealable ? MFD_ALLOW_SEALING : 0)), "memfd_create");
}

static napi_value js_ftruncate(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int64_t length;
	int fd;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_integer(env, argv[1], "length", 0, LENGTH_MAX, &length))
		return NULL;
	return ftruncate(fd, length) < 0 ? throw_errno(env, errno, "ftruncate") : NULL;
}

static napi_value js_add_seals(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int64_t seals;
	int fd;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_integer(env, argv[1], "seals", 0, SEALS_ALL, &seals))
		return NULL;
	return fcntl(fd, F_ADD_SEALS, (int)seals) < 0 ? throw_errno(env, errno, "fcntl") : NULL;
}

static napi_value js_get_seals(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	return new_result(env, fcntl(fd, F_GET_SEALS), "fcntl");
}

/* A new sealable memfd that is never executable, where the kernel knows of that. */
static int create_constant(void)
{
	int fd = memfd_create("capstan-payload", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("capstan-payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

/* Fills the memfd and seals it. Returns 0 or -errno, and in `call` what has failed. */
static int fill_constant(int fd, const uint8_t *bytes, size_t size, const char **call)
{
	*call = "write";
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		bytes += written;
		size -= (size_t)written;
	}
	*call = "fcntl";
	return fcntl(fd, F_ADD_SEALS, SEALS_CONSTANT) < 0 ? -errno : 0;
}

static napi_value js_seal_bytes(napi_env env, napi_callback_info info)
{
	const char *call = "memfd_create";
	napi_value argv[3];
	uint8_t *bytes;
	size_t size;
	int fd, error;

	if (!take_arguments(env, info, 3, argv) || !get_range(env, argv[0], argv[1], argv[2], &bytes, &size))
		return NULL;
	fd = create_constant();
	if (fd < 0)
		return throw_errno(env, -fd, call);
	error = fill_constant(fd, bytes, size, &call);
	if (error < 0) {
		close(fd);
		return throw_errno(env, -error, call);
	}
	return new_integer(env, fd);
}

/*
 * Seals are known only of memory files, so what passes has no file system behind it that could block or fail a read. Who sends a
 * descriptor chooses its access mode, too: one that cannot be read passes no check.
 */
static int64_t sealed_length(int fd)
{
	struct stat status;
	int seals, flags;

	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0)
		return -errno;
	if ((seals & SEALS_CONSTANT) != SEALS_CONSTANT)
		return -EPERM;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return -errno;
	if ((flags & O_ACCMODE) != O_RDONLY && (flags & O_ACCMODE) != O_RDWR)
		return -EBADF;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? status.st_size : -EINVAL;
}

static napi_value js_sealed_length(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	return new_integer(env, sealed_length(fd));
}

/* pread(), so that those who share the open file do not move each other's position. */
static napi_value js_read_sealed(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	uint8_t *bytes;
	size_t size, done = 0;
	int fd;

	if (!take_arguments(env, info, 4, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_range(env, argv[1], argv[2], argv[3], &bytes, &size))
		return NULL;
	while (done < size) {
		ssize_t count = pread(fd, bytes + done, size - done, (off_t)done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return new_integer(env, -errno);
		if (count == 0)
			break;
		done += (size_t)count;
	}
	return new_integer(env, (int64_t)done);
}

/* A mapping longer than the file would end the process with SIGBUS at the first touch behind its end. */
static napi_value js_map_shared(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	struct stat status;
	bool is_writable;
	int64_t length;
	void *address;
	int fd;

	if (!take_arguments(env, info, 3, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_integer(env, argv[1], "length", 1, LENGTH_MAX, &length) ||
	    !get_bool(env, argv[2], "isWritable", &is_writable))
		return NULL;
	if (fstat(fd, &status) < 0)
		return throw_errno(env, errno, "fstat");
	if (status.st_size < length)
		return throw_errno(env, EOVERFLOW, "mmap");
	address = mmap(NULL, (size_t)length, is_writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
	return address == MAP_FAILED ? throw_errno(env, errno, "mmap") : new_mapped_buffer(env, address, (size_t)length);
}

/*
 * The allocator raises this threshold with each large block that is freed, up to 32 MB; blocks below it are kept for the next time,
 * which may never come. Setting it fixes it.
 */
static napi_value js_map_blocks_from(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int64_t bytes;

	if (!take_arguments(env, info, 1, argv) || !get_integer(env, argv[0], "bytes", 4096, 1 << 25, &bytes))
		return NULL;
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, (int)bytes);
#endif
	return NULL;
}

const struct native_function memory_functions[] = {
	{ "mapBlocksFrom", js_map_blocks_from },
	{ "memfdCreate", js_memfd_create },
	{ "ftruncate", js_ftruncate },
	{ "addSeals", js_add_seals },
	{ "getSeals", js_get_seals },
	{ "mapShared", js_map_shared },
	{ "sealBytes", js_seal_bytes },
	{ "sealedLength", js_sealed_length },
	{ "readSealed", js_read_sealed },
	{ NULL, NULL },
};
