/*
 * AF_UNIX sockets: SOCK_SEQPACKET for connections (making, connecting, asking who is there), SOCK_DGRAM for what is said without
 * one. All descriptors are close-on-exec and non-blocking from birth.
 */
#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Linux 6.16; the C library's headers of Debian 12 do not have it. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

static napi_value js_socketpair(napi_env env, napi_callback_info info)
{
	int ends[2];

	(void)info;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return throw_errno(env, errno, "socketpair");
	return new_pair(env, ends[0], ends[1]);
}

/* Fills the address. A path that begins with '@' is a name in the abstract namespace, as in other tools' notation. */
static bool get_address(napi_env env, napi_value path, const char *syscall, struct sockaddr_un *address, socklen_t *length)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (!get_string(env, path, "path", syscall, address->sun_path, sizeof(address->sun_path)))
		return false;
	if (address->sun_path[0] == '\0') {
		throw_type(env, "path", "a string that is not empty");
		return false;
	}
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address->sun_path));
	if (address->sun_path[0] == '@')
		address->sun_path[0] = '\0';
	else
		*length += 1;
	return true;
}

/* chmod is done before listen(), so that nobody can connect while the mode is still the umask's. */
static int bind_and_listen(int fd, const struct sockaddr_un *address, socklen_t length, int mode, int backlog,
			   const char **syscall)
{
	int error;

	*syscall = "bind";
	if (bind(fd, (const struct sockaddr *)address, length) < 0)
		return -errno;
	*syscall = "chmod";
	if (mode >= 0 && address->sun_path[0] != '\0' && chmod(address->sun_path, (mode_t)mode) < 0)
		goto unlink;
	*syscall = "listen";
	if (listen(fd, backlog) < 0)
		goto unlink;
	return 0;
unlink:
	error = errno;
	if (address->sun_path[0] != '\0')
		unlink(address->sun_path);
	return -error;
}

static napi_value js_listen(napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	struct sockaddr_un address;
	socklen_t length;
	const char *syscall;
	int64_t mode, backlog;
	int fd, result;

	if (!take_arguments(env, info, 3, argv) || !get_address(env, argv[0], "bind", &address, &length) ||
	    !get_integer(env, argv[1], "mode", -1, 07777, &mode) ||
	    !get_integer(env, argv[2], "backlog", 0, 1 << 20, &backlog))
		return NULL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return throw_errno(env, errno, "socket");
	result = bind_and_listen(fd, &address, length, (int)mode, (int)backlog, &syscall);
	if (result < 0) {
		close(fd);
		return throw_errno(env, -result, syscall);
	}
	return new_integer(env, fd);
}

/* A connect on a Unix socket succeeds or fails at once; EAGAIN says that the backlog is full. */
static napi_value js_connect(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	struct sockaddr_un address;
	socklen_t length;
	int fd, error;

	if (!take_arguments(env, info, 1, argv) || !get_address(env, argv[0], "connect", &address, &length))
		return NULL;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return throw_errno(env, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&address, length) < 0) {
		error = errno;
		close(fd);
		return throw_errno(env, error, "connect");
	}
	return new_integer(env, fd);
}

static int socket_option(int fd, int option)
{
	int value = 0;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -errno : value;
}

static napi_value js_is_seqpacket_socket(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	return new_bool(env, socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_SEQPACKET);
}

static napi_value js_peer_credentials(napi_env env, napi_callback_info info)
{
	napi_value argv[1], result;
	struct ucred peer;
	socklen_t length = sizeof(peer);
	int fd;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return throw_errno(env, errno, "getsockopt");
	if (napi_create_object(env, &result) != napi_ok || !set_named(env, result, "pid", new_integer(env, peer.pid)) ||
	    !set_named(env, result, "uid", new_integer(env, peer.uid)) ||
	    !set_named(env, result, "gid", new_integer(env, peer.gid)))
		return NULL;
	return result;
}

static napi_value js_set_pass_credentials(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd, value;
	bool on;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_bool(env, argv[1], "on", &on))
		return NULL;
	value = on;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &value, sizeof(value)) < 0)
		return throw_errno(env, errno, "setsockopt");
	return NULL;
}

static napi_value js_set_pass_rights(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	int fd, value;
	bool on;

	if (!take_arguments(env, info, 2, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_bool(env, argv[1], "on", &on))
		return NULL;
	value = on;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &value, sizeof(value)) == 0)
		return new_bool(env, true);
	if (errno == ENOPROTOOPT)
		return new_bool(env, false);
	return throw_errno(env, errno, "setsockopt");
}

/* bind() makes the file with the mode of the socket itself, so that nobody can send while the mode is another. */
static int make_datagram_socket(const struct sockaddr_un *address, socklen_t length, int mode, const char **syscall)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	*syscall = "socket";
	if (fd < 0)
		return -errno;
	*syscall = "fchmod";
	if (fchmod(fd, (mode_t)mode) < 0)
		goto fail;
	*syscall = "bind";
	if (bind(fd, (const struct sockaddr *)address, length) < 0)
		goto fail;
	return fd;
fail:
	error = errno;
	close(fd);
	return -error;
}

static napi_value js_bind_datagram(napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	struct sockaddr_un address;
	socklen_t length;
	const char *syscall;
	int64_t mode;
	int fd;

	if (!take_arguments(env, info, 2, argv) || !get_address(env, argv[0], "bind", &address, &length) ||
	    !get_integer(env, argv[1], "mode", 0, 07777, &mode))
		return NULL;
	fd = make_datagram_socket(&address, length, (int)mode, &syscall);
	return fd < 0 ? throw_errno(env, -fd, syscall) : new_integer(env, fd);
}

/* Without room for control data the kernel closes descriptors that came along. */
static napi_value js_receive_datagram(napi_env env, napi_callback_info info)
{
	napi_value argv[5];
	uint8_t *bytes;
	size_t size;
	ssize_t result;
	bool is_look;
	int fd;

	if (!take_arguments(env, info, 5, argv) || !get_descriptor(env, argv[0], "descriptor", &fd) ||
	    !get_range(env, argv[1], argv[2], argv[3], &bytes, &size) || !get_bool(env, argv[4], "isLook", &is_look))
		return NULL;
	do
		result = recv(fd, bytes, size, MSG_DONTWAIT | MSG_TRUNC | (is_look ? MSG_PEEK : 0));
	while (result < 0 && errno == EINTR);
	return new_integer(env, result < 0 ? -errno : result);
}

static napi_value js_send_datagram(napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	struct sockaddr_un address;
	socklen_t length;
	uint8_t *bytes;
	size_t size;
	ssize_t result;
	int fd;

	if (!take_arguments(env, info, 4, argv) || !get_address(env, argv[0], "sendto", &address, &length) ||
	    !get_range(env, argv[1], argv[2], argv[3], &bytes, &size))
		return NULL;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return throw_errno(env, errno, "socket");
	result = sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
	result = result < 0 ? -errno : result;
	close(fd);
	return new_integer(env, result);
}

/* For packets SIOCINQ is the sum over the whole queue, not the next one's length. */
static napi_value js_unread_bytes(napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	int fd, bytes = 0;

	if (!take_arguments(env, info, 1, argv) || !get_descriptor(env, argv[0], "descriptor", &fd))
		return NULL;
	if (ioctl(fd, FIONREAD, &bytes) < 0)
		return throw_errno(env, errno, "ioctl");
	return new_integer(env, bytes);
}

const struct native_function socket_functions[] = {
	{ "socketpair", js_socketpair },
	{ "listen", js_listen },
	{ "connect", js_connect },
	{ "isSeqpacketSocket", js_is_seqpacket_socket },
	{ "peerCredentials", js_peer_credentials },
	{ "setPassCredentials", js_set_pass_credentials },
	{ "setPassRights", js_set_pass_rights },
	{ "unreadBytes", js_unread_bytes },
	{ "bindDatagram", js_bind_datagram },
	{ "receiveDatagram", js_receive_datagram },
	{ "sendDatagram", js_send_datagram },
	{ NULL, NULL },
};
