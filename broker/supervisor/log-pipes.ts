/**
 * The pipes through which services with `log-type = buffer` write. A pipe is made at the first start and stays until the
 * service is unloaded. init keeps a copy of both ends: the write end, so that a service does not die of SIGPIPE while there
 * is no broker; the read end, so that what it wrote meanwhile is there for the next one. While nobody reads, a service that
 * fills the pipe waits.
 */
import { constants } from 'node:os';
import type { PacketLoop } from '../native/packets.js';
import type { InitClient } from './init-client.js';
import type { LogLine } from './log-buffer.js';
import type { Platform } from './platform.js';
import type { ServiceHost } from './service-host.js';

export interface LogPipesParts {
  readonly loop: PacketLoop;
  readonly platform: Platform;
  readonly client: InitClient;
  readonly wallMs: () => number;
  /** Lines that a service has completed, in order. */
  readonly lines: (host: ServiceHost, lines: readonly LogLine[]) => void;
}

/** One read at most; also what one service can have before the others get their turn. */
const readBytes = 64 * 1024;
/** Reads of one `drain`, as many as it takes to empty the largest pipe that the kernel makes by default. */
const drainReadsMax = 16;
const readPrefix = 'log-read:';
const writePrefix = 'log-write:';

/** The error of a start that would need a pipe too many (supervisor U15). */
class TooManyPipes extends Error {
  readonly errno = constants.errno.EMFILE;
}

export class LogPipes {
  readonly #parts: LogPipesParts;
  readonly #buffer = new Uint8Array(readBytes);
  readonly #pipesMax: number;
  #pipes = 0;

  constructor(parts: LogPipesParts) {
    this.#parts = parts;
    this.#pipesMax = Math.floor(parts.platform.descriptorLimit() / 4);
  }

  /** The write end of the service's pipe, made if there is none; stays this pipe's. Throws what the platform throws. */
  writeEnd(host: ServiceHost): number {
    if (host.pipe !== undefined) return host.pipe.write;
    if (this.#pipes >= this.#pipesMax) throw new TooManyPipes('too many log pipes are open');
    const { platform, client } = this.#parts;
    const { read, write } = platform.createPipe();
    this.#attach(host, read, write);
    try {
      client.store(`${readPrefix}${host.record.name}`, platform.duplicate(read));
      client.store(`${writePrefix}${host.record.name}`, platform.duplicate(write));
    } catch {
      // Out of descriptors: the pipe works, it only would not outlive this broker.
    }
    return write;
  }

  /** Takes the ends that a predecessor left out of `stored`, if both are there. */
  inherit(host: ServiceHost, stored: Map<string, number>): void {
    const { name } = host.record;
    const read = stored.get(readPrefix + name);
    const write = stored.get(writePrefix + name);
    if (read === undefined || write === undefined || host.log === undefined) return;
    stored.delete(readPrefix + name);
    stored.delete(writePrefix + name);
    this.#attach(host, read, write);
  }

  /** Reads what is there now, so that what a process wrote before its end is told before its end. */
  drain(host: ServiceHost): void {
    for (let reads = 0; reads < drainReadsMax; reads += 1) if (this.#read(host) < readBytes) return;
  }

  /** Closes the pipe, here and at init. */
  close(host: ServiceHost): void {
    if (host.pipe === undefined) return;
    this.release(host);
    this.#parts.client.unstore(`${readPrefix}${host.record.name}`);
    this.#parts.client.unstore(`${writePrefix}${host.record.name}`);
  }

  /** Closes it here only. */
  release(host: ServiceHost): void {
    const { pipe } = host;
    if (pipe === undefined) return;
    host.pipe = undefined;
    this.#pipes -= 1;
    pipe.stopWatching();
    this.#parts.platform.close(pipe.read);
    this.#parts.platform.close(pipe.write);
  }

  #attach(host: ServiceHost, read: number, write: number): void {
    const watch = this.#parts.loop.watch(read, () => this.#read(host));
    this.#pipes += 1;
    host.pipe = { read, write, stopWatching: () => watch.stop() };
  }

  /** One read; returns how many bytes there were. */
  #read(host: ServiceHost): number {
    const { pipe, log } = host;
    if (pipe === undefined || log === undefined) return 0;
    const count = this.#parts.platform.read(pipe.read, this.#buffer);
    if (count <= 0) return 0;
    const lines = log.append(this.#buffer.subarray(0, count), this.#parts.wallMs());
    if (lines.length > 0) this.#parts.lines(host, lines);
    return count;
  }
}
