/**
 * Every limit, in one place. Reaching one is a defined error to the one who caused it, and nothing happens to
 * anybody else. Units are the last word of the name.
 */

/** Payload of one message on `sockets` and `bus`. Larger ones are refused with `too-large`. */
export const payloadBytesMax = 16 * 1024 * 1024;
/** Payload that travels in the packet itself; a larger one is a sealed memory beside it (sockets S9). `memory` has no larger ones. */
export const inlineBytesMax = 64 * 1024;
/** Handles carried by one message. */
export const messageHandlesMax = 64;
/** Descriptors in one packet: the kernel's SCM_MAX_FD (unix(7)). A handle on `sockets` takes one of them. */
export const packetDescriptorsMax = 253;
/** Descriptors of one message: one is kept for a payload that does not fit into the packet. */
export const messageDescriptorsMax = packetDescriptorsMax - 1;
/** Destinations of one multicast. */
export const multicastHandlesMax = 1024;
/** One packet on a SOCK_SEQPACKET connection: the largest multicast with its headers and ids, rounded up. */
export const packetBytesMax = 76 * 1024;
/** Bytes of a frame header, the same for every protocol of ours (docs/protocol.md). */
export const frameHeaderBytes = 8;

/** Undelivered bytes that one receiver may have waiting for it on this side of the kernel; on `bus` from one sender. */
export const queueBytesMax = 4 * 1024 * 1024;
/** Undelivered items that one receiver may have waiting for it on this side of the kernel; on `bus` from one sender. */
export const queueItemsMax = 16_384;
/** Descriptors in flight to one receiver, sent but not yet acknowledged; on `bus` from one sender. */
export const descriptorsInFlightMax = 1024;
/** Bytes of payloads outside of packets in flight to one receiver on `sockets`, sent but not yet acknowledged. */
export const sealedBytesInFlightMax = 256 * 1024 * 1024;
/**
 * What a payload outside of its packet costs on `bus`, in bytes in flight: one for so many of its own, and no less than the largest
 * inside of a packet. Its memory is the sender's, not the broker's. So one sender has no more in flight to one receiver than on
 * `sockets`.
 */
export const sealedBytesPerByte = 64;
/** Handles that one peer may hold. */
export const peerHandlesMax = 65_536;
/**
 * Arrivals of one handle at one peer that were not released (bus N3): one that has so many arrives there no more. The count has 32
 * bits, and one operation adds no more than the rest of these (`multicastHandlesMax` times `messageHandlesMax`).
 */
export const handleArrivalsMax = 0xffff_0000;
/** Nodes that one peer may own. */
export const peerNodesMax = 65_536;
/** Calls of one peer that wait for their reply. */
export const callsOutstandingMax = 65_536;
/**
 * Connections to one node of `sockets` that stem from one grant of its owner: the first, and all that its holders have given away.
 * Beyond it giving away and cloning are refused with `over-quota`; other grants have room of their own.
 */
export const grantConnectionsMax = 4_096;
/** Questions for sameness (`Handle.same`) that wait on one connection of `sockets`. */
export const sameQuestionsMax = 256;
/** Peers connected to one broker; on `bus` a user has a share of them (bus Q6), a half if it is alone. */
export const peersMax = 16_384;

/*
 * What all peers of one user have on `bus` (bus Q1–Q3). One sender to one receiver gets an eighth of it, while nobody else has some:
 * a half for its user, of that a half for itself, and of that a half for one receiver. So these are eight times those above.
 */
/** Bytes in flight to all peers of one user. */
export const userBytesMax = 8 * queueBytesMax;
/** Handles in flight to, owed as replies by and held by all peers of one user. */
export const userHandlesMax = 8 * peerHandlesMax;
/** Descriptors in flight to all peers of one user. */
export const userDescriptorsMax = 8 * descriptorsInFlightMax;
/**
 * Ids of nodes of all peers of one user that are kept: the broker remembers the ids that were used for the life of a connection
 * (bus N1), in pieces of 16, with a word for each piece below the highest.
 */
export const userNodeIdsMax = 16 * peerNodesMax;
/** Nodes of all peers of one user. */
export const userNodesMax = 8 * peerNodesMax;
/** Calls of all peers of one user. */
export const userCallsMax = 4 * callsOutstandingMax;
/** What a message in flight costs beside its payload: its records and ids. */
export const itemOverheadBytes = 256;
/** Payload of an answer that every call has reserved for it, beside its item; the rest is the caller's when it comes (bus M8). */
export const replyReserveBytes = 256;

/**
 * How much the broker of `bus` does for one user and for one connection before others have their turn, in steps (`Effort`): one
 * request, and each destination, transfer, entry and holder that it looks at. What is left of a packet is put off, in order.
 */
export const userTurnStepsMax = 8_192;
export const connectionTurnStepsMax = 4_096;
/**
 * What the broker of `bus` keeps of put-off packets for one user: their descriptors, and their bytes with `itemOverheadBytes` for
 * each packet. A connection has no more of it than it leaves to all others of its user, so alone a half: more than one wake-up of
 * the broker reads from it, 64 packets with all the descriptors and bytes that fit.
 */
export const userPutOffDescriptorsMax = 4 * userDescriptorsMax;
export const userPutOffBytesMax = 2 * userBytesMax;
/** Of those who wait for room on `bus`: how many are looked at in one pass. */
export const waitersLookedAtMax = 64;

/** A peer that has connected must say hello within this time, or it is disconnected. */
export const helloTimeoutMs = 5_000;
/** How long a closed connection lives on for what was sent before and the other side has not taken. */
export const closeLingerMs = 2_000;
/** Deadline of a call that names none. */
export const callDeadlineMs = 25_000;
/** The longest time that a packet loop looks again before it sleeps (`spinUs`): longer than a few wake-ups, it only burns. */
export const spinUsMax = 100;
/** The longest socket path, without its terminating NUL: sizeof(sun_path) - 1 (unix(7)). */
export const socketPathBytesMax = 107;
/** Descriptors kept free, so that 253 can always be received and an accept never starves the rest. */
export const descriptorReserve = 64;

/**
 * One datagram: what the package `unix-dgram` receives is cut off in silence at 65,536 bytes, so a whole one is shorter.
 */
export const datagramBytesMax = 65_528;
/** Payload of one message in a datagram: beside it there is room for 64 handles with the longest addresses. */
export const datagramMessageBytesMax = 54 * 1024;
/** How often a peer looks whether those whom it depends on still live, where nothing tells it (`peerEnd: 'probe'`). */
export const livenessProbeMs = 1_000;
/** How long a receiver of datagrams that takes nothing may hold up what its sender has queued, for itself and for others. */
export const stallMs = 200;
/** Addresses that one peer of the datagram transport deals with at a time. */
export const contactsMax = 32_768;

/** Bytes of a service name, as on the control socket of the format's own tools. */
export const serviceNameBytesMax = 1021;
/** Nested `@include` files. */
export const includeDepthMax = 64;
/** Bytes of one service description with its includes. */
export const descriptionBytesMax = 1024 * 1024;
/** Dependency cycles that one loading reports, and the names shown of each: enough to find the mistake. */
export const cyclesReportedMax = 16;
export const cycleNamesShownMax = 32;
/** Services that one manager may have loaded. */
export const servicesMax = 262_144;
/** Log lines or state changes that wait for one subscriber; older ones are dropped and counted. */
export const eventQueueItemsMax = 4_096;
/** Calls through one handle to a service that wait for an outcome; more are refused with `over-quota`. */
export const serviceWaitersMax = 1_024;
/** Bytes of a request to a control object. */
export const controlRequestBytesMax = inlineBytesMax;
/** Control objects (services, facets, event streams) that the peers of one account have open on one server. */
export const accountObjectsMax = 8_192;
/** Reasons that a status gives for waiting; the rest are counted. */
export const statusReasonsMax = 8;
/** Bytes of a node's label, for introspection; the rest is cut off. */
export const nodeLabelBytesMax = 128;
/** Entries of one page of peers, handles or accounts: so many fit into one answer whatever is in them. */
export const introspectionItemsMax = 96;
/** Entries that one page looks at, so that a question takes a bounded part of a turn. */
export const introspectionStepsMax = 8_192;
/** Items that wait for one monitor; later ones are lost to it and counted. */
export const monitorQueueItemsMax = 4_096;
/** Bytes of each payload that a monitor can ask for. */
export const monitorBytesMax = 256;
/** One datagram of the readiness protocol; longer ones are ignored. The protocol's own limit, one page. */
export const readinessMessageBytesMax = 4096;
/** Text in which a service says how it is; the rest is cut off. */
export const statusTextBytesMax = 512;
/** What one service is heard in one turn, and in `readinessIntervalMs`; what is beyond that waits in the kernel, and so does the sender. */
export const readinessTurnMax = 8;
export const readinessIntervalMax = 32;
export const readinessIntervalMs = 100;
/** What is heard of a process that has ended: more than the kernel keeps for a socket by default (net.unix.max_dgram_qlen). */
export const readinessDrainMax = 1_024;
