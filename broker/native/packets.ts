/**
 * The packet layer, interfaces: what the native addon offers to TypeScript for SOCK_SEQPACKET sockets with descriptors
 * and credentials, without an object or a copy per packet. `packet-loop.ts` implements it over the addon.
 *
 * One loop per process, because it *is* the process's event loop: an epoll of its own that is waited on in libuv's
 * prepare phase and contains libuv's descriptor (docs/decisions/0003-event-loop.md). A wake-up receives from every
 * ready socket into `receiveBytes`, then makes one call into JavaScript that hands out all packets, drains the
 * microtasks, and sends all that was committed meanwhile.
 *
 * Sending. `begin(n)` gives room for one frame in `sendBytes`; the caller fills it and calls `commit`. Frames of one
 * socket that are committed in one turn share a packet where they fit (sockets S9). Nothing is written before the end
 * of the turn or `flush()`. What the kernel does not take (EAGAIN) is copied to a queue of the socket and sent, in
 * order, when it is writable; `queuedBytes` says how much that is, and the user of the socket refuses more when it is
 * too much.
 *
 * Every frame starts with the same header of 8 bytes, little-endian, in every protocol of ours:
 *   0  u32  length of the whole frame, header included; a multiple of 8 (frames are padded with zeros)
 *   4  u8   kind        5  u8  flags        6  u8  descriptors of this frame        7  u8  bytes of padding at its end
 * The sum of all frames' lengths is the packet's length, and the sum of their descriptors is what the packet carries;
 * `readFrames` checks both before anybody sees a frame.
 */

/** Receives what happens on one socket. Called from the event loop; may close any socket, also this one. */
export interface PacketHandler {
  /**
   * One packet: `loop.receiveBytes[offset, offset + length)`, valid until this function returns. `descriptors` (in
   * order, close-on-exec) belong to the handler. The sender's credentials are in `loop.senderPid`, `senderUid`,
   * `senderGid` where `setCredentials` is on; pid 0 otherwise.
   */
  packet(offset: number, length: number, descriptors: readonly number[]): void;
  /**
   * The other side has ended, or the socket failed: 0 for end-of-file, otherwise the errno (ECONNRESET: it ended with
   * unread data; EMSGSIZE: a truncated packet; EPROTO: descriptors that could not be taken, MSG_CTRUNC; EPERM, EBADF
   * and others: a frame that was committed for the end of the turn was refused for good). All packets that arrived
   * before were handed out. The socket is closed already. Called at most once, and not after `close`. While reading is
   * off the end is noticed only by sending; then what had arrived is handed out first, as if reading were on.
   */
  ended(errno: number): void;
  /** Everything that was queued has been handed to the kernel. */
  drained(): void;
}

export interface PacketSocket {
  /** For setsockopt and for passing on; still the socket's. -1 when closed. */
  readonly descriptor: number;
  readonly isClosed: boolean;
  /** Bytes committed that the kernel has not taken, those of this turn not counted. */
  readonly queuedBytes: number;
  readonly queuedFrames: number;
  /**
   * Room for a frame of `length` bytes (a multiple of 8, at most `packetBytesMax`), as an offset into
   * `loop.sendBytes`. Nothing else may be done with the loop until `commit`. On a closed socket the room is real and
   * `commit` drops it.
   */
  begin(length: number): number;
  /** Sends what was begun at the end of the turn. Takes the descriptors: they are closed when the kernel has them. */
  commit(descriptors?: readonly number[]): void;
  /**
   * Like `commit`, but hands the frame (and everything before it) to the kernel now. Returns 0, or the errno if the
   * kernel refused these descriptors (ETOOMANYREFS, EPERM, EBADF): then this frame was not sent, nor will be, and the
   * descriptors are still the caller's. If the socket has a queue, the frame joins it and the result is 0.
   */
  commitNow(descriptors: readonly number[]): number;
  /**
   * Sends a frame of two parts: what was begun (header and head), and `length` bytes that were put into `sendBytes` in
   * this turn by `loop.share`. The header's length covers both; `length` is a multiple of 8. One copy of a payload
   * serves many sockets. `begin` may start the arena afresh: compare `loop.epoch` after it, and `share` again if it
   * has changed.
   */
  commitShared(offset: number, length: number, descriptors?: readonly number[]): void;
  /** SO_PASSCRED: from now on each packet carries its sender's credentials. */
  setCredentials(on: boolean): void;
  /** Stops or resumes reading from this socket (back-pressure on its other side). */
  setReading(on: boolean): void;
  /**
   * Sends what is committed, lingers until a queue is drained (at most `lingerMs`), then closes. No callback after
   * this.
   */
  end(lingerMs: number): void;
  /** Closes at once; descriptors that wait in the queue are closed too. Idempotent. No callback after this. */
  close(): void;
}

export interface PacketListener {
  readonly descriptor: number;
  /** Closes the listening descriptor. Does not unlink the path. Idempotent. */
  close(): void;
}

export interface Watch {
  /** Stops watching; does not close the descriptor. To be called before the descriptor is closed. Idempotent. */
  stop(): void;
}

export interface PacketLoop {
  /** The receive arena, the same memory for ever; contents valid only inside `PacketHandler.packet`. */
  readonly receiveBytes: Uint8Array;
  readonly receiveView: DataView;
  /** The send arena, the same memory for ever; contents valid between `begin` and `commit`. */
  readonly sendBytes: Uint8Array;
  readonly sendView: DataView;
  readonly senderPid: number;
  readonly senderUid: number;
  readonly senderGid: number;
  /** Counts the wake-ups whose packets were handed out: what is handed out under one number came in one turn. */
  readonly turns: number;
  /** Counts how often the send arena was started afresh; an offset from `share` is valid while this is the same. */
  readonly epoch: number;
  /** Takes a connected SOCK_SEQPACKET descriptor; throws (and closes it) if it is not one. */
  adopt(descriptor: number, handler: PacketHandler): PacketSocket;
  /** Takes a listening descriptor. `connection` owns the accepted descriptor (non-blocking, close-on-exec). */
  accept(
    descriptor: number,
    connection: (descriptor: number, pid: number, uid: number, gid: number) => void,
  ): PacketListener;
  /** Calls `ready` while the descriptor is readable (or at end-of-file), level-triggered, at most once a turn. */
  watch(descriptor: number, ready: () => void): Watch;
  /**
   * Copies bytes into the send arena for `commitShared`, with zeros up to a multiple of 8; returns their offset. Also
   * between `begin` and `commitShared`: what was begun stays begun, though an offset from `begin` may be used only
   * before.
   */
  share(bytes: Uint8Array, offset: number, length: number): number;
  /** Hands everything committed to the kernel now, instead of at the end of the turn. */
  flush(): void;
  /** Sockets, listeners and watches that are open: what keeps the process alive, and a leak check. */
  readonly open: number;
  /** Whether open sockets keep the process alive; default true. */
  setReference(on: boolean): void;
}

/** What the loop is made with (the contract's limits; this module imports nothing). */
export interface PacketLoopOptions {
  readonly packetBytesMax: number;
  /** Free descriptors below which receiving and accepting wait, beside the 253 that one message may bring. */
  readonly descriptorReserve: number;
  /**
   * How long the loop looks again at most, without sleeping, before it sleeps, in microseconds; 0 (the default) is never, and
   * `spinUsMax` the longest. Within that it follows what pays, down to nothing. It buys shorter round trips where those who talk
   * have a core each, and burns processor time for it (docs/decisions/0017-spinning.md).
   */
  readonly spinUs?: number;
}
