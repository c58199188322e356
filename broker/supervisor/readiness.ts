/**
 * Where services say how they are: for each start of a service that wants it, a readiness socket or a pipe of its own (services W1,
 * W11, supervisor U19).
 *
 * Neither depends on the broker. init keeps a copy of the descriptor, under a name that says whose it is and where its socket
 * is bound; so a service's `NOTIFY_SOCKET` is good for as long as its process lives, and what it says while there is no
 * broker waits in the kernel for the next one. It is stored before init is asked for the process: wherever there is a
 * process, there is its socket.
 *
 * A service that talks all the time is heard `readinessIntervalMax` times in `readinessIntervalMs`. Then reading is turned off for
 * the rest of that, its short queue in the kernel fills, and it waits in its own send. Nothing is kept for it here.
 */
import { readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  BrokerError,
  ErrorCode,
  limits,
  type OpenReadinessSocket,
  type ReadinessSocket,
  type Time,
  type Timer,
} from '../contract/index.js';
import type { PacketLoop } from '../native/packets.js';
import type { InitClient } from './init-client.js';
import { type Notification, parseNotification } from './notification.js';
import { errnoOf, type Platform } from './platform.js';
import type { ServiceHost } from './service-host.js';

export interface ReadinessParts {
  readonly loop: PacketLoop;
  readonly platform: Platform;
  readonly client: InitClient;
  readonly time: Time;
  /** Undefined: services that want a socket cannot be started. */
  readonly openSocket: OpenReadinessSocket | undefined;
  readonly pathPrefix: string;
  /** Whose processes are when the description does not say. */
  readonly uid: number;
  readonly gid: number;
  /** One message. What follows from it must be durable on return: then it is taken out of the kernel's queue. */
  readonly heard: (host: ServiceHost, notification: Notification) => void;
  /** Something that will keep the service from being heard, for people. */
  readonly warn: (host: ServiceHost, text: string) => void;
  /** The pipe is closed, and nothing has come through it. */
  readonly lost: (host: ServiceHost) => void;
}

/** What a process is given, beside its command. */
export interface ReadinessGift {
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** It asks for signs of life: the variables are to name the process that is meant, so that no other takes them for its own. */
  readonly isForOneProcess: boolean;
  /** To be passed under `target`; the caller's, to pass on or close. */
  readonly pipe: { readonly descriptor: number; readonly target: number } | undefined;
}

const noGift: ReadinessGift = { variables: [], isForOneProcess: false, pipe: undefined };

/** The name at init: `ready:`, the service's number, `:`, and the socket's path (empty for a pipe). */
const storePrefix = 'ready:';
/** The descriptor for `pipevar`, which is told in the variable. */
const pipeTarget = 3;

interface Channel {
  readonly storeName: string;
  readonly socket: ReadinessSocket | undefined;
  readonly pipe: { readonly read: number; readonly stopWatching: () => void } | undefined;
  /** Messages since the interval began. */
  heard: number;
  sinceMs: number;
}

/** A start that would need a descriptor too many, or a socket where there are none. */
class NoReadiness extends Error {
  readonly errno: number;

  constructor(text: string, errno: number) {
    super(text);
    this.errno = errno;
  }
}

const { EMFILE, ENAMETOOLONG, EOPNOTSUPP } = constants.errno;

/** The reason of a refusal with its errno, which a failed start is told with. */
function openOr<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const isLong = error.code === ErrorCode.AddressTooLong;
    throw new NoReadiness(error.message, isLong ? ENAMETOOLONG : errnoOf(error.cause));
  }
}

export class Readiness {
  readonly #parts: ReadinessParts;
  readonly #channels = new Map<ServiceHost, Channel>();
  readonly #paused = new Set<Channel>();
  readonly #resume: Timer;
  readonly #byte = new Uint8Array(1);
  readonly #channelsMax: number;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
    this.#resume = parts.time.createTimer(() => this.#resumeAll());
    this.#channelsMax = Math.floor(parts.platform.descriptorLimit() / 8);
  }

  /**
   * Opens what the next process of the service speaks through, in place of what the one before had. Throws what the platform and
   * the transport throw; then nothing is open.
   */
  open(host: ServiceHost): ReadinessGift {
    this.close(host);
    const { readiness, watchdog } = host.record.description;
    if (readiness === undefined) return noGift;
    if (this.#channels.size >= this.#channelsMax) {
      throw new NoReadiness('too many services speak the readiness protocol', EMFILE);
    }
    if (readiness.kind === 'socket') {
      const socket = this.#openSocket(host);
      const variables: [string, string][] = [['NOTIFY_SOCKET', socket.path]];
      const watchdogMs = watchdog?.timeoutMs ?? 0;
      if (watchdogMs > 0) variables.push(['WATCHDOG_USEC', String(Math.round(watchdogMs * 1000))]);
      return { variables, isForOneProcess: watchdogMs > 0, pipe: undefined };
    }
    const pipe = this.#openPipe(host);
    const target = 'descriptor' in readiness ? readiness.descriptor : pipeTarget;
    return {
      variables: 'variable' in readiness ? [[readiness.variable, String(target)]] : [],
      isForOneProcess: false,
      pipe: { descriptor: pipe, target },
    };
  }

  /** Where the service's processes speak now; undefined: nowhere. */
  path(host: ServiceHost): string | undefined {
    return this.#channels.get(host)?.socket?.path;
  }

  /** Takes what a predecessor left out of `stored`, and goes on with it where its process may still live. */
  inherit(hosts: Iterable<ServiceHost>, stored: Map<string, number>): void {
    const byNumber = new Map<number, ServiceHost>();
    for (const host of hosts) byNumber.set(host.number, host);
    for (const [name, descriptor] of stored) {
      const [, number, path = ''] = /^ready:(\d+):(.*)$/s.exec(name) ?? [];
      if (number === undefined) continue;
      stored.delete(name);
      const host = byNumber.get(Number(number));
      const isWanted = host !== undefined && host.record.processState !== 'none' && !this.#channels.has(host);
      if (isWanted && this.#adopt(host, name, path, descriptor)) continue;
      if (!isWanted) this.#parts.platform.close(descriptor);
      if (path !== '') rmSync(path, { force: true });
      this.#parts.client.unstore(name);
    }
  }

  /** Hears what the service's process has said until now: before its end is acted upon, and before its timers. */
  drain(host: ServiceHost): void {
    const channel = this.#channels.get(host);
    if (channel === undefined) return;
    channel.socket?.drain();
    if (channel.pipe !== undefined) this.#readPipe(host, channel);
  }

  drainAll(): void {
    for (const host of [...this.#channels.keys()]) this.drain(host);
  }

  /** Its process has ended: closes the service's socket or pipe, here and at init. */
  close(host: ServiceHost): void {
    const channel = this.#channels.get(host);
    if (channel === undefined) return;
    this.#forget(host, channel);
    channel.socket?.close();
    this.#parts.client.unstore(channel.storeName);
  }

  closeAll(): void {
    this.#resume.disarm();
    for (const host of [...this.#channels.keys()]) this.close(host);
  }

  /** Removes files that a manager which was killed together with its init has left at our paths. */
  sweep(): void {
    const { pathPrefix } = this.#parts;
    const mine = new Set<string>();
    for (const { socket } of this.#channels.values()) if (socket !== undefined) mine.add(socket.path);
    const directory = dirname(pathPrefix);
    try {
      for (const name of readdirSync(directory)) {
        if (!name.startsWith(basename(pathPrefix)) || mine.has(join(directory, name))) continue;
        rmSync(join(directory, name), { force: true });
      }
    } catch {
      // A directory that cannot be read, or is not there: whoever needs it will say so.
    }
  }

  #openSocket(host: ServiceHost): ReadinessSocket {
    const { openSocket, pathPrefix, uid, gid, platform } = this.#parts;
    if (openSocket === undefined) throw new NoReadiness('there are no readiness sockets', EOPNOTSUPP);
    const { runAs } = host.record.description;
    const owner = { uid: runAs?.uid ?? uid, gid: runAs?.gid ?? gid };
    const socket = openOr(() =>
      openSocket({ pathPrefix, ...owner, message: (text) => this.#message(host, text) }),
    );
    const barred =
      runAs && platform.barredDirectory(pathPrefix, owner.uid, [owner.gid, ...(runAs.groups ?? [])]);
    if (barred !== undefined) {
      const text = `user ${owner.uid} may not search ${barred}, so it cannot reach its NOTIFY_SOCKET below`;
      this.#parts.warn(host, text);
    }
    const storeName = `${storePrefix}${host.number}:${socket.path}`;
    try {
      this.#parts.client.store(storeName, platform.duplicate(socket.descriptor));
    } catch (error) {
      socket.close();
      throw error;
    }
    this.#add(host, { storeName, socket, pipe: undefined });
    return socket;
  }

  /** Returns the write end, which is the caller's. */
  #openPipe(host: ServiceHost): number {
    const { platform, client } = this.#parts;
    const { read, write } = platform.createPipe();
    const storeName = `${storePrefix}${host.number}:`;
    try {
      client.store(storeName, platform.duplicate(read));
      this.#addPipe(host, storeName, read);
    } catch (error) {
      platform.close(read);
      platform.close(write);
      throw error;
    }
    return write;
  }

  #addPipe(host: ServiceHost, storeName: string, read: number): void {
    const watch = this.#parts.loop.watch(read, () => {
      const channel = this.#channels.get(host);
      if (channel !== undefined) this.#readPipe(host, channel);
    });
    this.#add(host, { storeName, socket: undefined, pipe: { read, stopWatching: () => watch.stop() } });
  }

  #add(host: ServiceHost, channel: Pick<Channel, 'storeName' | 'socket' | 'pipe'>): void {
    this.#channels.set(host, { ...channel, heard: 0, sinceMs: this.#parts.time.monotonicMs() });
  }

  /** Goes on with a descriptor, which it takes in any case; false if that cannot be done. */
  #adopt(host: ServiceHost, storeName: string, path: string, descriptor: number): boolean {
    const { openSocket, pathPrefix, uid, gid, platform } = this.#parts;
    if (path === '') {
      try {
        this.#addPipe(host, storeName, descriptor);
        return true;
      } catch {
        platform.close(descriptor);
        return false;
      }
    }
    try {
      const message = (text: Uint8Array): void => this.#message(host, text);
      const socket = openSocket?.({ pathPrefix, uid, gid, inherited: { path, descriptor }, message });
      if (socket !== undefined) this.#add(host, { storeName, socket, pipe: undefined });
      else platform.close(descriptor);
      return socket !== undefined;
    } catch {
      return false;
    }
  }

  #forget(host: ServiceHost, channel: Channel): void {
    this.#channels.delete(host);
    this.#paused.delete(channel);
    if (channel.pipe === undefined) return;
    channel.pipe.stopWatching();
    this.#parts.platform.close(channel.pipe.read);
  }

  #message(host: ServiceHost, text: Uint8Array): void {
    const channel = this.#channels.get(host);
    if (channel === undefined) return;
    this.#count(channel);
    this.#parts.heard(host, parseNotification(text));
  }

  #count(channel: Channel): void {
    const nowMs = this.#parts.time.monotonicMs();
    if (nowMs - channel.sinceMs >= limits.readinessIntervalMs) {
      channel.sinceMs = nowMs;
      channel.heard = 0;
    }
    channel.heard += 1;
    if (channel.heard < limits.readinessIntervalMax) return;
    channel.socket?.setReading(false);
    this.#paused.add(channel);
    if (!this.#resume.isArmed) this.#resume.arm(limits.readinessIntervalMs);
  }

  #resumeAll(): void {
    const nowMs = this.#parts.time.monotonicMs();
    for (const channel of this.#paused) {
      channel.sinceMs = nowMs;
      channel.heard = 0;
      channel.socket?.setReading(true);
    }
    this.#paused.clear();
  }

  /** The first byte is the word; the end without one is a word too. After either the pipe has no use. */
  #readPipe(host: ServiceHost, channel: Channel): void {
    if (channel.pipe === undefined) return;
    const count = this.#parts.platform.read(channel.pipe.read, this.#byte);
    if (count < 0) return;
    if (count > 0) this.#parts.heard(host, { word: { isReady: true }, mainPid: undefined });
    else this.#parts.lost(host);
    this.close(host);
  }
}
