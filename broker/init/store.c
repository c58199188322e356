/* Stored descriptors: see store.h. */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "protocol.h"

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

int store_create(struct store *store, uint32_t capacity, uint32_t count_max)
{
	uint32_t buckets = 16;
	while (buckets < capacity)
		buckets *= 2;
	memset(store, 0, sizeof *store);
	store->capacity = capacity;
	store->count_max = count_max < capacity ? count_max : capacity;
	store->mask = buckets - 1;
	store->entries = map((capacity + 1) * sizeof *store->entries);
	store->names = map((size_t)(capacity + 1) * NAME_BYTES_MAX);
	store->buckets = map(buckets * sizeof *store->buckets);
	return store->entries == NULL || store->names == NULL || store->buckets == NULL ? -ENOMEM : 0;
}

/* FNV-1a; names are the broker's own, so nobody gains by making them collide. */
static uint32_t hash_name(const uint8_t *name, uint16_t name_bytes)
{
	uint32_t hash = 2166136261u;
	for (uint16_t at = 0; at < name_bytes; at += 1)
		hash = (hash ^ name[at]) * 16777619u;
	return hash;
}

const uint8_t *store_name(const struct store *store, uint32_t index)
{
	return store->names + (size_t)index * NAME_BYTES_MAX;
}

/* The link that leads to the entry of this name; it holds 0 if there is none. */
static uint32_t *find(const struct store *store, uint32_t hash, const uint8_t *name, uint16_t name_bytes)
{
	uint32_t *link = &store->buckets[hash & store->mask];
	while (*link != 0) {
		struct entry *entry = &store->entries[*link];
		if (entry->hash == hash && entry->name_bytes == name_bytes
		    && memcmp(store_name(store, *link), name, name_bytes) == 0)
			break;
		link = &entry->next;
	}
	return link;
}

int store_put(struct store *store, const uint8_t *name, uint16_t name_bytes, int descriptor)
{
	uint32_t hash = hash_name(name, name_bytes);
	uint32_t index = *find(store, hash, name, name_bytes);
	if (index != 0) {
		close(store->entries[index].descriptor);
		store->entries[index].descriptor = descriptor;
		return 0;
	}
	if (store->count >= store->count_max) {
		close(descriptor);
		return store->count >= store->capacity ? -ENOSPC : -EMFILE;
	}
	index = store->free;
	if (index != 0)
		store->free = store->entries[index].next;
	else
		index = ++store->fresh;
	uint32_t *head = &store->buckets[hash & store->mask];
	store->entries[index] = (struct entry){
		.descriptor = descriptor,
		.hash = hash,
		.next = *head,
		.name_bytes = name_bytes,
	};
	*head = index;
	memcpy(store->names + (size_t)index * NAME_BYTES_MAX, name, name_bytes);
	store->count += 1;
	return 0;
}

void store_remove(struct store *store, const uint8_t *name, uint16_t name_bytes)
{
	uint32_t *link = find(store, hash_name(name, name_bytes), name, name_bytes);
	uint32_t index = *link;
	if (index == 0)
		return;
	struct entry *entry = &store->entries[index];
	*link = entry->next;
	close(entry->descriptor);
	*entry = (struct entry){.descriptor = -1, .next = store->free};
	store->free = index;
	store->count -= 1;
}
