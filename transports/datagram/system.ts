/**
 * The edge to the system: sockets of the package `unix-dgram`, and what else touches files.
 *
 * The package reads one datagram for each wake-up of the event loop and hands it over in memory of its own, so a payload is never
 * copied again. It tells a full queue from other failures on connected sockets only, and says when there is room again; so there
 * is one connected socket for each address that is sent to.
 *
 * What it cannot do is done by the addon: taking all that has arrived at once, before a socket is closed. A reader of the package
 * that is woken up for a datagram that was taken this way throws; therefore an empty datagram is left for it.
 */
import { chmodSync, fstatSync, lstatSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import unixDgram from 'unix-dgram';
import { datagramBytesMax, socketPathBytesMax } from '../../broker/contract/limits.js';
import { loadNative } from '../../broker/native/addon.js';

/** What became of a datagram: 0 the kernel has it, 1 the receiver's queue is full; negative: an errno. */
export type SendResult = number;
export const sent = 0;
export const full = 1;

const { errno } = constants;
/** open(2): names a file without opening it; a last component that is a link is not followed. */
const openPath = 0o10000000;
const openNoFollow = 0o400000;

/** The kernel has no room for such a long datagram in the socket's buffer (net.core.wmem_default). */
export const tooLong = -errno.EMSGSIZE;

/** Whether an errno (negative) says that nobody is there, and never will be. */
export function saysNobody(result: SendResult): boolean {
  return (
    result === -errno.ECONNREFUSED ||
    result === -errno.ENOENT ||
    result === -errno.ENOTCONN ||
    result === -errno.ECONNRESET ||
    result === -errno.EPIPE ||
    result === -errno.ENOTDIR ||
    result === -errno.EPROTOTYPE
  );
}

/** The name of an errno (negative). */
export function errnoName(result: number): string {
  for (const [name, number] of Object.entries(errno)) if (number === -result) return name;
  return `errno ${-result}`;
}

/** A socket that datagrams are received on. */
export interface ReceiveSocket {
  readonly path: string;
  /** Hands over all that has arrived. Each datagram is the receiver's for good. */
  drain(): void;
  /** Closes the socket and removes its file, unless it is to be kept. Idempotent. */
  close(keepFile?: boolean): void;
}

/** A socket that is connected to an address. */
export interface SendSocket {
  /** Sends these bytes as one datagram, without waiting. When the result was `full`, `writable` is called later. */
  send(bytes: Uint8Array): SendResult;
  /** Idempotent. */
  close(): void;
}

/** The system calls of this transport. */
export interface DatagramSystem {
  /** Binds a path that must not exist. Throws an error with `code`, as Node does; nothing is left then. */
  bind(path: string, mode: number, received: (bytes: Buffer) => void): ReceiveSocket;
  /** A socket that is connected to a path which the user has named, or an errno (negative). */
  connect(path: string, writable: () => void): SendSocket | number;
  /**
   * The same for a path that somebody else has named. It must be a socket itself, and no link to one: otherwise a peer could make
   * another that may do more send to a socket of its choice.
   */
  connectExactly(path: string, writable: () => void): SendSocket | number;
  /**
   * Opens what `probe` needs, so that the dead are noticed even when descriptors have run out; where that fails, each probe tries again.
   */
  prepareProbe(): void;
  /** Whether somebody receives at this path: 0 yes, or an errno (negative). */
  probe(path: string): number;
  /** Connected sockets that one peer keeps open at a time; others can be opened when they are needed. */
  readonly socketsMax: number;
  /** Closes what `probe` keeps open. */
  close(): void;
}

const socketsAlways = 32;
/** More than the kernel keeps for a socket by default. */
const drainDatagramsMax = 1_024;

class Receiver implements ReceiveSocket {
  readonly path: string;
  readonly #socket: ReturnType<typeof unixDgram.createSocket>;
  readonly #received: (bytes: Buffer) => void;
  readonly #inode: bigint | undefined;
  #isClosed = false;

  constructor(path: string, mode: number, received: (bytes: Buffer) => void) {
    this.path = path;
    this.#received = received;
    let failure: Error | undefined;
    this.#socket = unixDgram.createSocket('unix_dgram', received).on('error', (error) => {
      failure = error;
    });
    this.#socket.bind(path);
    try {
      if (failure !== undefined) throw failure;
      chmodSync(path, mode);
      this.#inode = lstatSync(path, { bigint: true }).ino;
    } catch (error) {
      this.#socket.close();
      if (failure === undefined) rmSync(path, { force: true });
      throw named(error);
    }
  }

  drain(): void {
    const native = loadNative();
    const room = Buffer.allocUnsafeSlow(datagramBytesMax + 1);
    let taken = 0;
    // Bounded, because a flood may come faster than it is read.
    while (!this.#isClosed && taken < drainDatagramsMax) {
      const length = native.receiveDatagram(this.#socket.fd, room, 0, room.length, false);
      if (length < 0) break;
      taken += 1;
      if (length > 0 && length <= datagramBytesMax) this.#received(Buffer.from(room.subarray(0, length)));
    }
    if (taken > 0 && !this.#isClosed) native.sendDatagram(this.path, new Uint8Array(0), 0, 0);
  }

  close(keepFile = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!keepFile) this.#removeFile();
    this.#socket.close();
  }

  /** Only what this socket bound: somebody else may have taken the path over. */
  #removeFile(): void {
    if (lstatSync(this.path, { bigint: true, throwIfNoEntry: false })?.ino !== this.#inode) return;
    rmSync(this.path, { force: true });
  }
}

class Sender implements SendSocket {
  readonly #socket: ReturnType<typeof unixDgram.createSocket>;
  #result: SendResult = sent;
  #isClosed = false;
  // One function for all sends, which is called before `send` returns.
  readonly #done = (error?: { readonly errno?: number }): void => {
    this.#result = error === undefined ? sent : (error.errno ?? full);
  };

  constructor(writable: () => void) {
    this.#socket = unixDgram.createSocket('unix_dgram').on('writable', writable).on('error', this.#done);
  }

  connect(path: string): number {
    this.#result = sent;
    this.#socket.connect(path);
    return this.#result;
  }

  send(bytes: Uint8Array): SendResult {
    if (this.#isClosed) return -errno.ENOTCONN;
    this.#socket.send(bytes, this.#done);
    return this.#result;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }
}

/** The system as it is. */
export function createSystem(): DatagramSystem {
  let prober: Sender | undefined;
  const openProber = (): Sender | number => {
    const found = prober ?? tryOpen(() => {});
    if (typeof found !== 'number') prober = found;
    return found;
  };
  return {
    // Most of a process's descriptors are for others.
    get socketsMax() {
      return Math.max(socketsAlways, Math.floor(loadNative().descriptorLimit() / 4));
    },
    bind: (path, mode, received) => new Receiver(path, mode, received),
    connect,
    connectExactly,
    prepareProbe: openProber,
    probe: (path) => {
      const found = openProber();
      return typeof found === 'number' ? found : found.connect(path);
    },
    close: () => {
      prober?.close();
      prober = undefined;
    },
  };
}

function connect(path: string, writable: () => void): SendSocket | number {
  // The package would cut it off.
  if (Buffer.byteLength(path) > socketPathBytesMax) return -errno.ENAMETOOLONG;
  const sender = tryOpen(writable);
  if (typeof sender === 'number') return sender;
  const result = sender.connect(path);
  if (result === sent) return sender;
  sender.close();
  return result;
}

function connectExactly(path: string, writable: () => void): SendSocket | number {
  const native = loadNative();
  let descriptor: number;
  try {
    descriptor = native.open(path, openPath | openNoFollow, 0);
  } catch (error) {
    return (error as { readonly errno?: number }).errno ?? -errno.ENOENT;
  }
  try {
    if (!fstatSync(descriptor).isSocket()) return -errno.ECONNREFUSED;
    return connect(`/proc/self/fd/${descriptor}`, writable);
  } finally {
    native.close(descriptor);
  }
}

function tryOpen(writable: () => void): Sender | number {
  try {
    return new Sender(writable);
  } catch (error) {
    return (error as { readonly errno?: number }).errno ?? -errno.EMFILE;
  }
}

/** The package's errors have a number where Node's have a name. */
function named(error: unknown): unknown {
  const { code, errno: number } = error as { readonly code?: unknown; readonly errno?: unknown };
  if (error instanceof Error && typeof code !== 'string' && typeof number === 'number') {
    Object.assign(error, { code: errnoName(number) });
  }
  return error;
}
