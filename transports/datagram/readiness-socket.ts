/**
 * Readiness sockets (contract/readiness.ts, supervisor U19): a datagram socket at a path that only its service knows.
 *
 * Made by the addon and not by the package that the rest of this transport uses, because that makes its own sockets only: one that
 * a killed broker left could not be gone on with, and what is in the kernel when a process ends could not be read before its
 * end is acted upon.
 *
 * The address is a capability: 128 random bits behind a known prefix. The path is no secret to whoever may list the directory, and
 * `/proc/net/unix` tells it to everybody, so the file has mode 0600 and belongs to the service's user as well.
 *
 * A datagram is looked at, acted upon, and then taken: a broker that is killed in between leaves it to the next one.
 */
import { randomBytes } from 'node:crypto';
import { lchownSync, rmSync } from 'node:fs';
import {
  BrokerError,
  ErrorCode,
  limits,
  type OpenReadinessSocket,
  type ReadinessSocket,
  type ReadinessSocketOptions,
} from '../../broker/contract/index.js';
import { loadNative, type Native } from '../../broker/native/addon.js';
import type { PacketLoop, Watch } from '../../broker/native/packets.js';

const secretBytes = 16;

/** `EADDRINUSE`: 128 bits never repeat, but a generator that is broken is to be noticed and not looped on. */
function bind(native: Native, options: ReadinessSocketOptions): { path: string; descriptor: number } {
  const path = options.pathPrefix + randomBytes(secretBytes).toString('base64url');
  if (Buffer.byteLength(path) > limits.socketPathBytesMax) {
    const text = `the readiness socket's path ${options.pathPrefix}… is longer than the ${limits.socketPathBytesMax} bytes that the kernel allows`;
    throw new BrokerError(ErrorCode.AddressTooLong, text);
  }
  const descriptor = native.bindDatagram(path, 0o600);
  try {
    if (options.uid !== process.geteuid?.() || options.gid !== process.getegid?.()) {
      // Never through a link: whoever may write to the directory could have put one in its place.
      lchownSync(path, options.uid, options.gid);
    }
  } catch (error) {
    native.close(descriptor);
    rmSync(path, { force: true });
    throw error;
  }
  return { path, descriptor };
}

class DatagramReadinessSocket implements ReadinessSocket {
  readonly path: string;
  readonly descriptor: number;
  readonly #native: Native;
  readonly #loop: PacketLoop;
  readonly #message: (text: Uint8Array) => void;
  readonly #bytes: Uint8Array;
  #watch: Watch | undefined;
  #isClosed = false;

  constructor(native: Native, loop: PacketLoop, bytes: Uint8Array, options: ReadinessSocketOptions) {
    const { path, descriptor } = options.inherited ?? bind(native, options);
    this.path = path;
    this.descriptor = descriptor;
    this.#native = native;
    this.#loop = loop;
    this.#bytes = bytes;
    this.#message = options.message;
    try {
      this.setReading(true);
    } catch (error) {
      native.close(descriptor);
      if (options.inherited === undefined) rmSync(path, { force: true });
      throw error;
    }
  }

  setReading(on: boolean): void {
    if (this.#isClosed || on === (this.#watch !== undefined)) return;
    if (on) {
      this.#watch = this.#loop.watch(this.descriptor, () => this.#readSome());
      return;
    }
    this.#watch?.stop();
    this.#watch = undefined;
  }

  drain(): void {
    for (let count = 0; count < limits.readinessDrainMax; count += 1) if (!this.#readOne()) return;
  }

  close(): void {
    if (this.#isClosed) return;
    this.setReading(false);
    this.#isClosed = true;
    this.#native.close(this.descriptor);
    rmSync(this.path, { force: true });
  }

  /** A share of the turn, as long as reading is on: whoever gets the messages may turn it off. */
  #readSome(): void {
    for (let count = 0; count < limits.readinessTurnMax && this.#watch !== undefined; count += 1) {
      if (!this.#readOne()) return;
    }
  }

  /** False when there is nothing more. An error (a descriptor that is no socket) is the same: there will be nothing. */
  #readOne(): boolean {
    if (this.#isClosed) return false;
    const bytes = this.#bytes;
    const length = this.#native.receiveDatagram(this.descriptor, bytes, 0, bytes.length, true);
    if (length < 0) return false;
    if (length <= bytes.length) this.#message(bytes.subarray(0, length));
    if (!this.#isClosed) this.#native.receiveDatagram(this.descriptor, bytes, 0, 0, false);
    return true;
  }
}

/** Opens readiness sockets on this loop. */
export function createReadinessSockets(loop: PacketLoop): OpenReadinessSocket {
  const native = loadNative();
  // Messages are handled one at a time and nothing of them is kept.
  const bytes = new Uint8Array(limits.readinessMessageBytesMax);
  return (options) => {
    try {
      return new DatagramReadinessSocket(native, loop, bytes, options);
    } catch (error) {
      if (error instanceof BrokerError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const text = `cannot open a readiness socket at ${options.pathPrefix}…: ${reason}`;
      throw new BrokerError(ErrorCode.System, text, { cause: error });
    }
  };
}
