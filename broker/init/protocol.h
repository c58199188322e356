/*
 * The protocol between the broker and init, as numbers: docs/spec/init.md says what they mean, broker/supervisor/init-wire.ts is
 * the other side. Offsets in the comments count from the body, which starts 8 bytes into the frame.
 */
#ifndef CAPSTAN_INIT_PROTOCOL_H
#define CAPSTAN_INIT_PROTOCOL_H

#include <stdint.h>
#include <string.h>

#define PROTOCOL_VERSION 1

#define FRAME_BYTES_MAX (72 * 1024)
/* Several frames may share a packet; how large one gets is the sender's limit, which is below this. */
#define PACKET_BYTES_MAX (256 * 1024)
#define HEADER_BYTES 8
#define COOKIE_BYTES_MAX 1024
#define NAME_BYTES_MAX 1088
/* The kernel's SCM_MAX_FD: more descriptors do not fit into one packet. */
#define DESCRIPTORS_MAX 253
/* The longest frame that init sends: REFUSED or DESCRIPTOR with the longest name, or SERVICE with the longest cookie. */
#define ANSWER_BYTES_MAX 1280
/* The largest token: what a JavaScript number holds exactly. */
#define TOKEN_MAX ((UINT64_C(1) << 53) - 1)

enum request_kind {
	REQUEST_HELLO = 1,
	REQUEST_SPAWN = 2,
	REQUEST_ADOPT = 3,
	REQUEST_SIGNAL = 4,
	REQUEST_ACK = 5,
	REQUEST_STORE = 6,
	REQUEST_UNSTORE = 7,
	REQUEST_LIST = 8,
	REQUEST_HEARTBEAT = 9,
	REQUEST_FINISH = 10,
};

enum event_kind {
	EVENT_WELCOME = 65,
	EVENT_SPAWNED = 66,
	EVENT_SPAWN_FAILED = 67,
	EVENT_EXIT = 68,
	EVENT_SERVICE = 69,
	EVENT_DESCRIPTOR = 70,
	EVENT_END = 71,
	EVENT_ORPHAN = 72,
	EVENT_SIGNALLED = 73,
	EVENT_REFUSED = 74,
};

enum welcome_flag {
	WELCOME_FIRST_PROCESS = 1,
	WELCOME_OWN_PID = 2, /* SPAWN_OWN_PID is known; an init from before it ends the connection for it */
};

enum spawn_flag {
	SPAWN_SESSION = 1,
	SPAWN_GROUP = 2,
	SPAWN_UMASK = 4,
	SPAWN_NICE = 8,
	SPAWN_OOM_SCORE = 16,
	SPAWN_UID = 32,
	SPAWN_GID = 64,
	SPAWN_GROUPS = 128,
	SPAWN_CGROUP = 256,
	SPAWN_END_GROUP = 512,
	SPAWN_NO_NEW_PRIVS = 1024,
	SPAWN_IOPRIO = 2048,
	SPAWN_SECUREBITS = 4096,
	SPAWN_CAPABILITIES = 8192,
	SPAWN_TERMINAL = 16384,
	SPAWN_OWN_PID = 32768,
	SPAWN_FLAGS_ALL = 65535,
};

/* Where a start fails (init I6). The numbers are on the wire: the list grows at its end only. */
enum stage {
	STAGE_NONE,
	STAGE_REQUEST,
	STAGE_ENDING,
	STAGE_TABLE,
	STAGE_CLONE,
	STAGE_PIDFD,
	STAGE_SESSION,
	STAGE_GROUP,
	STAGE_CGROUP,
	STAGE_DESCRIPTORS,
	STAGE_TERMINAL,
	STAGE_DIRECTORY,
	STAGE_OOM_SCORE,
	STAGE_NICE,
	STAGE_IOPRIO,
	STAGE_RLIMIT,
	STAGE_SECUREBITS,
	STAGE_CAPABILITIES,
	STAGE_GROUPS,
	STAGE_GID,
	STAGE_UID,
	STAGE_NO_NEW_PRIVS,
	STAGE_EXEC,
	STAGE_TIMEOUT,
	STAGE_ADOPT,
};

#define SPAWNED_DEAD 1
#define SPAWNED_REPEATED 2
#define SPAWNED_ADOPTED 4

#define SPAWN_FIXED_BYTES 80

/* One resource limit as it stands in a SPAWN. */
struct wire_rlimit {
	uint32_t resource;
	uint32_t given; /* 1 soft, 2 hard */
	uint64_t soft;
	uint64_t hard;
};

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and so must the machine be"
#endif

/* Fields are read and written through these, because a body's parts need not be aligned. */
static inline uint16_t get16(const uint8_t *from)
{
	uint16_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

static inline uint32_t get32(const uint8_t *from)
{
	uint32_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

static inline uint64_t get64(const uint8_t *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof value);
	return value;
}

static inline void put16(uint8_t *to, uint16_t value)
{
	memcpy(to, &value, sizeof value);
}

static inline void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof value);
}

static inline void put64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof value);
}

#endif
