#define _GNU_SOURCE
#include "sdbus.h"
#include "client-port.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int open_bus(sd_bus **bus, const char *path, unsigned options)
{
	char address[256];
	sd_bus *opened = NULL;
	int r;

	if ((size_t)snprintf(address, sizeof address, "unix:path=%s", path) >= sizeof address)
		return -ENAMETOOLONG;
	r = sd_bus_new(&opened);
	if (r >= 0)
		r = sd_bus_set_address(opened, address);
	if (r >= 0)
		r = sd_bus_negotiate_fds(opened, (options & BUS_DESCRIPTORS) != 0);
	if (r >= 0 && !(options & BUS_DIRECT))
		r = sd_bus_set_bus_client(opened, 1);
	if (r >= 0)
		r = sd_bus_start(opened);
	if (r < 0) {
		sd_bus_unref(opened);
		return r;
	}
	*bus = opened;
	return 0;
}

/* A connected descriptor from whoever comes first; the listening one is closed. */
static int accept_first(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, listening, r;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listening < 0)
		return -errno;
	r = bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 1) < 0 ? -errno : 0;
	if (r == 0)
		r = say_ready_alone();
	if (r == 0) {
		fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		r = fd < 0 ? -errno : fd;
	}
	close(listening);
	return r;
}

int accept_peer(sd_bus **bus, const char *path, unsigned options)
{
	sd_bus *opened = NULL;
	sd_id128_t id;
	int fd = accept_first(path), r = fd;

	if (r >= 0)
		r = sd_bus_new(&opened);
	if (r >= 0) {
		r = sd_bus_set_fd(opened, fd, fd);
		if (r >= 0)
			fd = -1;
	}
	if (r >= 0)
		r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_set_server(opened, 1, id);
	if (r >= 0)
		r = sd_bus_negotiate_fds(opened, (options & BUS_DESCRIPTORS) != 0);
	if (r >= 0)
		r = sd_bus_start(opened);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		sd_bus_unref(opened);
		return r;
	}
	*bus = opened;
	return 0;
}

int process_next(sd_bus *bus)
{
	int r = sd_bus_process(bus, NULL);
	if (r == 0)
		r = sd_bus_wait(bus, UINT64_MAX);
	return r < 0 && r != -EINTR ? r : 0;
}

int process_for_ever(sd_bus *bus)
{
	int r = 0;
	while (r == 0)
		r = process_next(bus);
	return r;
}
