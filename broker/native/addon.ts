/**
 * The native addon: everything that Capstan needs from Linux and Node does not offer, declared in one place.
 *
 * Common to all functions: arguments of the wrong type are a `TypeError`, numbers outside their range a `RangeError`,
 * and a failed system call is an `Error` with `code` (`'ECONNREFUSED'`), `errno` (negative) and `syscall`; nothing was
 * done then, and what was handed in is still the caller's. A descriptor that is returned belongs to the caller and is
 * close-on-exec.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Who is on the other side of a socket, as the kernel verified it when they connected. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** The error of a failed system call. */
export interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

/** Memory shared with the event loop in C; byte offsets of the regions in `words`. Only for `packet-loop.ts`. */
export interface LoopBuffers {
  readonly receive: ArrayBuffer;
  readonly send: ArrayBuffer;
  readonly words: ArrayBuffer;
  readonly events: number;
  readonly received: number;
  readonly dirty: number;
  readonly records: number;
  readonly descriptors: number;
  readonly slots: number;
  readonly recordsMax: number;
  readonly descriptorsMax: number;
}

/** fcntl(2) `F_SEAL_*`, for `addSeals`. */
export const Seal = { Seal: 1, Shrink: 2, Grow: 4, Write: 8, FutureWrite: 16 } as const;

/** For `mapBlocksFrom` in a broker: the pages of the bus's tables are larger, and hardly anything else is. */
export const mappedBlockBytes = 64 * 1024;

export interface Native {
  /** A connected pair of `SOCK_SEQPACKET` sockets, non-blocking. */
  socketpair(): [number, number];
  /**
   * A listening `SOCK_SEQPACKET` socket at `path` (at most 107 bytes, else ENAMETOOLONG; a leading `@` is the abstract
   * namespace), non-blocking. `mode` is the file's, set before anybody can connect; -1 leaves the umask's. EADDRINUSE
   * if the path exists, whoever made it. On failure nothing is left on disk.
   */
  listen(path: string, mode: number, backlog: number): number;
  /**
   * A socket connected to `path`, non-blocking. It succeeds or fails at once: ENOENT, ECONNREFUSED (nobody listens),
   * EAGAIN (the backlog is full), EACCES, EPROTOTYPE (a socket of another type), ENAMETOOLONG.
   */
  connect(path: string): number;
  /**
   * Whether the descriptor is an `AF_UNIX` `SOCK_SEQPACKET` socket. False for anything else, also if it is not open.
   */
  isSeqpacketSocket(descriptor: number): boolean;
  /** SO_PEERCRED: who connected, or who made the socket pair. */
  peerCredentials(descriptor: number): PeerCredentials;
  /** SO_PASSCRED: each packet received here carries its sender's credentials. */
  setPassCredentials(descriptor: number, on: boolean): void;
  /**
   * SO_PASSRIGHTS: whether others may send descriptors here (EPERM for them if not). False where the kernel lacks it.
   */
  setPassRights(descriptor: number, on: boolean): boolean;
  /**
   * A `SOCK_DGRAM` socket bound to `path`, as for `listen`, non-blocking; `mode`, less the umask, is the file's from birth.
   * EADDRINUSE if the path exists.
   */
  bindDatagram(path: string, mode: number): number;
  /**
   * One datagram into `bytes[offset, offset + length)`: its whole length, which may be more than there was room for, or a
   * negative errno (-11: there is none). With `isLook` it stays in the queue. Descriptors that came with it are closed.
   */
  receiveDatagram(
    descriptor: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    isLook: boolean,
  ): number;
  /**
   * Sends `bytes[offset, offset + length)` as one datagram to `path` without waiting: its length, or a negative errno (-11: the
   * receiver's queue is full).
   */
  sendDatagram(path: string, bytes: Uint8Array, offset: number, length: number): number;

  /** Bytes of all packets that wait to be received from this socket. */
  unreadBytes(descriptor: number): number;

  /** A second number (at least 3) for the same open file. */
  duplicate(descriptor: number): number;
  /** EBADF if it is not open; every other failure of close(2) has closed it all the same. */
  close(descriptor: number): void;
  setCloseOnExec(descriptor: number, on: boolean): void;
  setNonBlocking(descriptor: number, on: boolean): void;
  /** `[read end, write end]`, non-blocking. */
  pipe(): [number, number];
  /**
   * open(2) with `O_CLOEXEC` added. `flags` as in `node:fs` constants; relative paths are relative to the process's
   * directory.
   */
  open(path: string, flags: number, mode: number): number;
  /** Reads into `bytes[offset, offset + length)`: bytes read, 0 at the end, or a negative errno (-11 is EAGAIN). */
  read(descriptor: number, bytes: Uint8Array, offset: number, length: number): number;
  /** Writes `bytes[offset, offset + length)`: bytes written, or a negative errno. SIGPIPE is ignored by Node. */
  write(descriptor: number, bytes: Uint8Array, offset: number, length: number): number;
  /** A counter, non-blocking; 8 bytes are read and written. */
  eventfd(value: number): number;
  /** A timer that is readable (8 bytes) when it expires, non-blocking; on the wall clock or the monotonic one. */
  timerfdCreate(isWall: boolean): number;
  /**
   * Arms a timerfd once: `timeMs` from now, or at that time of its clock. 0 disarms. An absolute one on the wall clock
   * also becomes readable (ECANCELED) when the clock is set.
   */
  timerfdSet(descriptor: number, timeMs: number, isAbsolute: boolean): void;

  /** Anonymous memory, of length 0. The name is for people only. */
  memfdCreate(name: string, isSealable: boolean): number;
  ftruncate(descriptor: number, length: number): void;
  /** Adds seals, the sum of `Seal` values; EPERM when it is sealed against it, EBUSY when it is mapped writable. */
  addSeals(descriptor: number, seals: number): void;
  getSeals(descriptor: number): number;
  /** Anonymous memory with these bytes that nobody can change any more: sealed against writing, both ways of sizing, and seals. */
  sealBytes(bytes: Uint8Array, offset: number, length: number): number;
  /**
   * The length of anonymous memory that is sealed as `sealBytes` does it and can be read; a negative errno if the descriptor is
   * anything else.
   */
  sealedLength(descriptor: number): number;
  /** Reads the first `length` bytes into `bytes[offset, offset + length)`: how many there were, or a negative errno. */
  readSealed(descriptor: number, bytes: Uint8Array, offset: number, length: number): number;
  /**
   * Blocks of at least so many bytes (4,096 to 32 MiB) are mapped by themselves from now on, so that they go back to the
   * system when they are freed: mallopt(3), M_MMAP_THRESHOLD. For the whole process, so only a program's own decision.
   */
  mapBlocksFrom(bytes: number): void;
  /**
   * The first `length` bytes of a file as shared memory; the descriptor may be closed afterwards. Unmapped when the
   * buffer is collected. EOVERFLOW if the file is shorter. Map only what is sealed against shrinking: touching what
   * was cut off ends the process (SIGBUS); so does writing where `isWritable` is false.
   */
  mapShared(descriptor: number, length: number, isWritable: boolean): ArrayBuffer;

  /** Readable when the process has ended. ESRCH if there is none. */
  pidfdOpen(pid: number): number;
  /** Signal 0 only asks. ESRCH when it has ended and was reaped. */
  pidfdSendSignal(pidfd: number, signal: number): void;
  /**
   * Replaces this process by another program; returns only by throwing. Descriptors 0–2 stay, others as their flag
   * says; signals get their default action. `path` is absolute or relative, not searched for.
   */
  execve(path: string, argv: readonly string[], environment: readonly string[]): void;
  /** The processors that this thread may run on, by number. Threads started later inherit it. */
  setAffinity(processors: readonly number[]): void;
  getAffinity(): number[];
  /** CPU time of this thread in nanoseconds. */
  threadCpuTime(): number;

  /** Descriptors open in this process, for leak checks. */
  openDescriptors(): number;
  /** RLIMIT_NOFILE of this process: numbers below it can be opened. */
  descriptorLimit(): number;
  /** Raises the limit as far as an ordinary user may; returns the new one. */
  raiseDescriptorLimit(): number;

  /** The rest is the other half of `packet-loop.ts`, and only for it. */
  loopOpen(
    packetBytesMax: number,
    descriptorReserve: number,
    dispatch: () => void,
    spinUs: number,
  ): LoopBuffers;
  loopClose(): void;
  /** Kind 1 socket, 2 listener, 3 watch. Returns the slot; on failure the descriptor is still the caller's. */
  loopAdd(kind: number, descriptor: number): number;
  loopRelease(slot: number): void;
  loopEnd(slot: number, lingerMs: number): void;
  loopSetReading(slot: number, on: boolean): void;
  loopSetReference(on: boolean): void;
  loopFlush(): void;
  loopFlushSlot(slot: number): void;
  loopSendNow(slot: number): number;
}

let loaded: Native | undefined;

/**
 * The addon of this build, or the one that `CAPSTAN_NATIVE` names. Throws, saying how to build it, if there is none.
 */
export function loadNative(): Native {
  if (loaded !== undefined) return loaded;
  const named = process.env['CAPSTAN_NATIVE'];
  // This file runs as build/broker/native/addon.js; the addon stands beside its C sources.
  const built = new URL('../../../broker/native/build/Release/capstan_native.node', import.meta.url);
  const path = named !== undefined && named !== '' ? named : fileURLToPath(built);
  if (!existsSync(path)) {
    throw new Error(
      `the native addon is missing: ${path}\nBuild it with "npm run build:native" (a C compiler, make and Python are needed).`,
    );
  }
  loaded = createRequire(import.meta.url)(path) as Native;
  return loaded;
}

/** Whether an error is that of a failed system call, and which. */
export function isSystemError(error: unknown, code?: string): error is SystemError {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return false;
  return code === undefined || error.code === code;
}
