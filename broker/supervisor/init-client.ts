/**
 * The broker's side of the protocol with init (docs/spec/init.md): encodes requests, checks and decodes what comes back, beats
 * the heart, and gathers the answer to LIST, which a new broker takes over from.
 *
 * A connection begins with HELLO. WELCOME says what init can do; then LIST is asked, and only after its END does init tell of
 * exits. So `takeOver` is called once with everything there is, before the first event.
 *
 * Nothing waits for an answer: requests go out as they come, many in one packet, and their order is kept.
 */
import { constants } from 'node:os';
import { BrokerError, ErrorCode, type Time, type Timer } from '../contract/index.js';
import type { PacketLoop, PacketSocket } from '../native/packets.js';
import {
  decodeInitEvent,
  encodeAck,
  encodeAdopt,
  encodeFinish,
  encodeHeartbeat,
  encodeHello,
  encodeList,
  encodeSignal,
  encodeSpawn,
  encodeStore,
  encodeUnstore,
  eventDescriptors,
  type InitEvent,
  type SpawnRequest,
} from './init-wire.js';

type Of<K extends InitEvent['kind']> = Extract<InitEvent, { readonly kind: K }>;

export type Welcome = Of<'welcome'>;
export type ExitReport = Of<'exit'>;
/** What goes on after a take-over. */
export type InitReport = Of<'spawned' | 'spawn-failed' | 'exit' | 'orphan' | 'signalled' | 'refused'>;

/** A process that init knows of, at take-over. */
export interface KnownProcess {
  readonly token: number;
  readonly pid: number;
  readonly isDead: boolean;
  readonly startedUs: number;
  /** -1 where the process is dead. The taker's to close. */
  readonly pidfd: number;
}

/** Everything that init keeps. The descriptors belong to the handler. */
export interface Inheritance {
  readonly processes: readonly KnownProcess[];
  readonly descriptors: ReadonlyMap<string, number>;
}

export interface InitHandler {
  /** Init has answered LIST; what it keeps, once, before any report. */
  takeOver(welcome: Welcome, inheritance: Inheritance): void;
  /** `pidfd` (with `spawned`) belongs to the handler; -1 where there is none. */
  report(event: InitReport, pidfd: number): void;
  /** Init has ended, or broke the protocol: there is nobody left who starts or watches anything. */
  lost(reason: string): void;
}

export interface InitClientParts {
  readonly loop: PacketLoop;
  readonly time: Time;
  /** The connected socket that init gave the broker (`CAPSTAN_INIT_FD`). Taken. */
  readonly descriptor: number;
  /** Closes a descriptor that nobody wants. */
  readonly closeDescriptor: (descriptor: number) => void;
}

/** A heartbeat goes out this often within the time that init allows, so that one may be late. */
const heartbeatsPerWatchdog = 4;

export class InitClient {
  readonly #loop: PacketLoop;
  readonly #closeDescriptor: (descriptor: number) => void;
  readonly #handler: InitHandler;
  readonly #socket: PacketSocket;
  readonly #heartbeat: Timer;
  #heartbeatMs = 0;
  #welcome: Welcome | undefined;
  #isTakenOver = false;
  #isEnded = false;
  #processes: KnownProcess[] = [];
  #descriptors = new Map<string, number>();

  /** Says hello. Throws where the descriptor is no socket of init's; it is closed then. */
  constructor(parts: InitClientParts, handler: InitHandler) {
    this.#loop = parts.loop;
    this.#closeDescriptor = parts.closeDescriptor;
    this.#handler = handler;
    this.#heartbeat = parts.time.createTimer(() => {
      this.#send(encodeHeartbeat());
      this.#heartbeat.arm(this.#heartbeatMs);
    });
    this.#socket = parts.loop.adopt(parts.descriptor, {
      packet: (offset, length, descriptors) => this.#packet(offset, length, descriptors),
      ended: (errno) =>
        this.#end(errno === 0 ? 'init has ended' : `the connection to init failed (errno ${errno})`),
      drained: () => {},
    });
    this.#send(encodeHello());
    this.#loop.flush();
  }

  /** Frames that the kernel has not taken yet: what a killed broker would take with it. */
  get queuedFrames(): number {
    return this.#socket.queuedFrames;
  }

  /**
   * Asks for a process. `descriptors`, in the order of `request.targets`, are taken, also when this fails. Returns 0, or the errno
   * that kept the request from init: E2BIG or EINVAL for what no frame holds, ETOOMANYREFS (worth another try) where too many
   * descriptors are under way already.
   */
  spawn(request: SpawnRequest, descriptors: readonly number[]): number {
    let bytes: Uint8Array;
    try {
      bytes = encodeSpawn(request);
    } catch (error) {
      for (const descriptor of descriptors) this.#closeDescriptor(descriptor);
      if (!(error instanceof RangeError)) throw error;
      const hasNul = [...request.argv, ...request.env, request.cwd ?? ''].some((text) => text.includes('\0'));
      return hasNul ? constants.errno.EINVAL : constants.errno.E2BIG;
    }
    if (descriptors.length === 0) {
      this.#send(bytes);
      return 0;
    }
    const at = this.#socket.begin(bytes.length);
    this.#loop.sendBytes.set(bytes, at);
    const errno = this.#socket.commitNow(descriptors);
    if (errno !== 0) for (const descriptor of descriptors) this.#closeDescriptor(descriptor);
    return errno;
  }

  /** Asks init to watch a process that was reparented to it. */
  adopt(token: number, pid: number, cookie: Uint8Array): void {
    this.#send(encodeAdopt(token, pid, cookie));
  }

  signal(token: number, signal: number, target: 'process' | 'group'): void {
    this.#send(encodeSignal(token, signal, target));
  }

  /** Only when what this exit changed is in the state memory. */
  acknowledge(exit: { readonly token: number; readonly sequence: number }): void {
    this.#send(encodeAck(exit.token, exit.sequence));
  }

  /** Takes `descriptor`; init keeps it under `name`, in place of another of that name. */
  store(name: string, descriptor: number): void {
    this.#send(encodeStore(name), [descriptor]);
  }

  unstore(name: string): void {
    this.#send(encodeUnstore(name));
  }

  /** The last request: init ends what still runs and exits with `status`. */
  finish(status: number, graceMs = 0): void {
    this.#send(encodeFinish(status, graceMs));
    this.#loop.flush();
  }

  /** Hands everything to the kernel now: from here on it counts also if the broker is killed. */
  flush(): void {
    this.#loop.flush();
  }

  /** Ends the connection after what is committed; `lost` is not called. Idempotent. */
  close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#heartbeat.disarm();
    this.#socket.end(1000);
    this.#dropInheritance();
  }

  #send(bytes: Uint8Array, descriptors?: readonly number[]): void {
    const at = this.#socket.begin(bytes.length);
    this.#loop.sendBytes.set(bytes, at);
    this.#socket.commit(descriptors);
  }

  #packet(offset: number, length: number, descriptors: readonly number[]): void {
    const event = decodeInitEvent(this.#loop.receiveView, offset, length);
    if (event === undefined || eventDescriptors(event) !== descriptors.length) {
      for (const descriptor of descriptors) this.#closeDescriptor(descriptor);
      this.#socket.close();
      this.#end('init sent what this version does not understand');
      return;
    }
    this.#event(event, descriptors[0] ?? -1);
  }

  #event(event: InitEvent, descriptor: number): void {
    switch (event.kind) {
      case 'welcome':
        this.#welcome = event;
        this.#heartbeatMs = Math.floor(event.watchdogMs / heartbeatsPerWatchdog);
        if (this.#heartbeatMs > 0) this.#heartbeat.arm(this.#heartbeatMs);
        this.#send(encodeList());
        return;
      case 'service': {
        const { token, pid, isDead, startedUs } = event;
        this.#processes.push({ token, pid, isDead, startedUs, pidfd: descriptor });
        return;
      }
      case 'descriptor': {
        const older = this.#descriptors.get(event.name);
        if (older !== undefined) this.#closeDescriptor(older);
        this.#descriptors.set(event.name, descriptor);
        return;
      }
      case 'end':
        this.#takeOver();
        return;
      default:
        this.#handler.report(event, descriptor);
    }
  }

  #takeOver(): void {
    if (this.#welcome === undefined || this.#isTakenOver) return;
    this.#isTakenOver = true;
    const inheritance = { processes: this.#processes, descriptors: this.#descriptors };
    this.#processes = [];
    this.#descriptors = new Map();
    this.#handler.takeOver(this.#welcome, inheritance);
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#heartbeat.disarm();
    this.#dropInheritance();
    this.#handler.lost(reason);
  }

  #dropInheritance(): void {
    for (const { pidfd } of this.#processes) if (pidfd >= 0) this.#closeDescriptor(pidfd);
    for (const descriptor of this.#descriptors.values()) this.#closeDescriptor(descriptor);
    this.#processes = [];
    this.#descriptors.clear();
  }
}

/** The descriptor of the connection to init, from the environment that init made. */
export function initDescriptor(environment: Readonly<Record<string, string | undefined>>): number {
  const text = environment['CAPSTAN_INIT_FD'];
  if (text === undefined || !/^\d{1,7}$/.test(text)) {
    throw new BrokerError(
      ErrorCode.InvalidArgument,
      'CAPSTAN_INIT_FD names no descriptor: the broker is started by capstan-init',
    );
  }
  return Number(text);
}
