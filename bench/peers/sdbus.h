/*
 * What the peers on sd-bus share: how they connect, and the names by which they know each other.
 *
 * Configuration and reason: sd-bus as its manual has it (sd_bus_set_address, sd_bus_start, sd_bus_process, sd_bus_wait;
 * a vtable for the service), authentication EXTERNAL, which is its default and one round trip. Descriptors are
 * negotiated only where a message carries one, because receiving without a control buffer is cheaper.
 */
#ifndef CAPSTAN_BENCH_SDBUS_H
#define CAPSTAN_BENCH_SDBUS_H

#include <systemd/sd-bus.h>

#define BENCH_NAME "org.capstan.Bench"
#define BENCH_PATH "/org/capstan/Bench"
#define BENCH_INTERFACE "org.capstan.Bench"
/* A match for the signals of this interface, as narrow as a receiver can say it. */
#define BENCH_MATCH "type='signal',interface='" BENCH_INTERFACE "',path='" BENCH_PATH "',member='Sent'"

/* What a connection is like: with one peer and no bus between; with descriptors. */
#define BUS_DIRECT 1u
#define BUS_DESCRIPTORS 2u

/* Connects to the bus (or to the one peer) at a socket path. Returns 0 or -errno; the caller unrefs. */
int open_bus(sd_bus **bus, const char *path, unsigned options);

/* Listens at a path, says ready, and takes the one peer that comes. Returns 0 or -errno; the caller unrefs. */
int accept_peer(sd_bus **bus, const char *path, unsigned options);

/* Handles messages until the connection ends. Returns -errno. */
int process_for_ever(sd_bus *bus);

/* Handles one message, or waits for one. Returns 0 or -errno. */
int process_next(sd_bus *bus);

#endif
