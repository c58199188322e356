/*
 * What the peers on sd-bus share: how they connect, and the names by which they know each other.
 *
 * Configuration and reason: sd-bus as its manual has it (sd_bus_set_address, sd_bus_start, sd_bus_process, sd_bus_wait;
 * a vtable for the service), authentication EXTERNAL, which is its default and one round trip. Descriptors are not
 * negotiated, because no message here carries one and receiving without a control buffer is cheaper.
 */
#ifndef CAPSTAN_BENCH_SDBUS_H
#define CAPSTAN_BENCH_SDBUS_H

#include <systemd/sd-bus.h>

#define BENCH_NAME "org.capstan.Bench"
#define BENCH_PATH "/org/capstan/Bench"
#define BENCH_INTERFACE "org.capstan.Bench"
/* A match for the signals of this interface, as narrow as a receiver can say it. */
#define BENCH_MATCH "type='signal',interface='" BENCH_INTERFACE "',path='" BENCH_PATH "',member='Sent'"

/* Connects to the bus (or, if `is_direct`, to the one peer) at a socket path. Returns 0 or -errno; the caller unrefs. */
int open_bus(sd_bus **bus, const char *path, int is_direct);

/* Listens at a path, says ready, and takes the one peer that comes. Returns 0 or -errno; the caller unrefs. */
int accept_peer(sd_bus **bus, const char *path);

/* Handles messages until the connection ends. Returns -errno. */
int process_for_ever(sd_bus *bus);

/* Handles one message, or waits for one. Returns 0 or -errno. */
int process_next(sd_bus *bus);

#endif
