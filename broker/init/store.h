/*
 * The descriptors that must outlive the broker (listening sockets, log pipes, its state memory), each under a name.
 * A fixed number of entries, mapped at the start like the table of processes. The store owns what it holds.
 */
#ifndef CAPSTAN_INIT_STORE_H
#define CAPSTAN_INIT_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct entry {
	int descriptor; /* below 0: the entry is free */
	uint32_t hash;
	uint32_t next; /* in its bucket, or the next free one */
	uint16_t name_bytes;
};

struct store {
	struct entry *entries; /* 1 … capacity */
	uint8_t *names;        /* a slot of NAME_BYTES_MAX for each */
	uint32_t *buckets;
	uint32_t mask;
	uint32_t capacity;
	uint32_t fresh;
	uint32_t free;
	uint32_t count;
	uint32_t count_max; /* the capacity, or less where the limit of descriptors is lower */
};

/* Maps the memory. Returns 0 or -errno. */
int store_create(struct store *store, uint32_t capacity, uint32_t count_max);

/*
 * Takes the descriptor, in place of one that has the name; 0, or -ENOSPC (the table is full) or -EMFILE (the limit of open
 * descriptors), and then the descriptor is closed.
 */
int store_put(struct store *store, const uint8_t *name, uint16_t name_bytes, int descriptor);
/* Closes the descriptor of this name, if there is one. */
void store_remove(struct store *store, const uint8_t *name, uint16_t name_bytes);
/* The name in the entry at `index`, which is in use. */
const uint8_t *store_name(const struct store *store, uint32_t index);

#endif
