/**
 * What init says, as bytes: decodes its events (docs/spec/init.md). Pure, like `init-wire.ts`.
 */
import { headerBytes, type InitRequestName, Request, readNumber64 } from './init-frame.js';
import { type SpawnStage, spawnStages } from './init-stages.js';

const Event = {
  welcome: 65,
  spawned: 66,
  spawnFailed: 67,
  exit: 68,
  service: 69,
  descriptor: 70,
  end: 71,
  orphan: 72,
  signalled: 73,
  refused: 74,
} as const;

/** What init says. Where a descriptor comes with it, that is noted; it belongs to the receiver of the packet. */
export type InitEvent =
  | {
      readonly kind: 'welcome';
      readonly version: number;
      readonly isFirstProcess: boolean;
      /** It can be asked for with `tellsOwnPid`; an init from before that is not. */
      readonly knowsOwnPid: boolean;
      readonly pid: number;
      /** Processes that can be watched, and descriptors that can be stored, at one time. */
      readonly servicesMax: number;
      readonly descriptorsMax: number;
      /** Brokers that this init started before. 0: there is nothing to take over. */
      readonly brokersBefore: number;
      /** 0: no watchdog. Otherwise something must be sent more often than this. */
      readonly watchdogMs: number;
      /** 32 hexadecimal digits, made when this init started: the same value, the same init. */
      readonly bootId: string;
      /** The soft limit of descriptors that processes get if their request names none. */
      readonly nofileSoft: number;
      /** The version of the package that init was built from. */
      readonly build: string;
    }
  | {
      /** A pidfd comes with it, unless the process is dead already. */
      readonly kind: 'spawned';
      readonly token: number;
      readonly pid: number;
      readonly isDead: boolean;
      /** The token was known; nothing was started. */
      readonly isRepeated: boolean;
      /** Microseconds on CLOCK_MONOTONIC (`process.hrtime`). */
      readonly startedUs: number;
    }
  | {
      readonly kind: 'spawn-failed';
      readonly token: number;
      readonly stage: SpawnStage;
      readonly errno: number;
    }
  | {
      readonly kind: 'exit';
      readonly token: number;
      /** Counts all exits of this init from 1; goes back with the ACK. */
      readonly sequence: number;
      readonly pid: number;
      readonly cause: ExitCause;
      /** The exit status, or the number of the signal. */
      readonly status: number;
      readonly exitedUs: number;
      readonly userUs: number;
      readonly systemUs: number;
      readonly residentKibibytesMax: number;
    }
  | {
      /** An entry of the answer to LIST. A pidfd comes with it, unless the process is dead. */
      readonly kind: 'service';
      readonly token: number;
      readonly pid: number;
      readonly isDead: boolean;
      readonly isAdopted: boolean;
      readonly startedUs: number;
      /** A copy; the receiver's. */
      readonly cookie: Uint8Array;
    }
  | {
      /** An entry of the answer to LIST, with the stored descriptor (a duplicate; init keeps its own). */
      readonly kind: 'descriptor';
      readonly name: string;
    }
  | { readonly kind: 'end'; readonly services: number; readonly descriptors: number }
  | {
      /** A process that nobody asked for was reaped (it was reparented to init). */
      readonly kind: 'orphan';
      readonly pid: number;
      readonly cause: ExitCause;
      readonly status: number;
      /** Orphans that could not be told before this one. */
      readonly lost: number;
    }
  | { readonly kind: 'signalled'; readonly signal: number }
  | {
      readonly kind: 'refused';
      /** Undefined: a request that this version does not know. */
      readonly request: InitRequestName | undefined;
      readonly errno: number;
      /** 0 where the request has none. */
      readonly token: number;
      readonly name: string;
    };

export type ExitCause = 'exited' | 'killed' | 'dumped';

const causes: readonly (ExitCause | undefined)[] = [undefined, 'exited', 'killed', 'dumped'];

const requestByNumber = new Map<number, InitRequestName>(
  (Object.keys(Request) as InitRequestName[]).map((name) => [Request[name], name]),
);

/** A cursor over the body of one frame: what lies outside reads as an error, found once at the end. */
class Body {
  readonly #view: DataView;
  readonly #at: number;
  readonly #length: number;

  constructor(view: DataView, at: number, length: number) {
    this.#view = view;
    this.#at = at;
    this.#length = length;
  }

  holds(bytes: number): boolean {
    return this.#length >= bytes;
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#at + offset, true);
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#at + offset, true);
  }

  i32(offset: number): number {
    return this.#view.getInt32(this.#at + offset, true);
  }

  u64(offset: number): number {
    return readNumber64(this.#view, this.#at + offset);
  }

  /** A copy of the bytes at `offset`; undefined if the frame ends before them. */
  slice(offset: number, length: number): Uint8Array | undefined {
    if (offset + length > this.#length) return undefined;
    const start = this.#view.byteOffset + this.#at + offset;
    return new Uint8Array(this.#view.buffer.slice(start, start + length) as ArrayBuffer);
  }

  text(offset: number, length: number): string | undefined {
    const bytes = this.slice(offset, length);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }
}

function decodeWelcome(body: Body): InitEvent | undefined {
  if (!body.holds(56)) return undefined;
  const bootId = body.slice(24, 16);
  const build = body.text(56, body.u32(48));
  if (bootId === undefined || build === undefined) return undefined;
  return {
    kind: 'welcome',
    version: body.u16(0),
    isFirstProcess: (body.u16(2) & 1) !== 0,
    knowsOwnPid: (body.u16(2) & 2) !== 0,
    pid: body.u32(4),
    servicesMax: body.u32(8),
    descriptorsMax: body.u32(12),
    brokersBefore: body.u32(16),
    watchdogMs: body.u32(20),
    bootId: Buffer.from(bootId).toString('hex'),
    nofileSoft: body.u64(40),
    build,
  };
}

function decodeSpawned(body: Body): InitEvent | undefined {
  if (!body.holds(24)) return undefined;
  const flags = body.u32(12);
  return {
    kind: 'spawned',
    token: body.u64(0),
    pid: body.u32(8),
    isDead: (flags & 1) !== 0,
    isRepeated: (flags & 2) !== 0,
    startedUs: body.u64(16),
  };
}

function decodeSpawnFailed(body: Body): InitEvent | undefined {
  if (!body.holds(16)) return undefined;
  const stage = spawnStages[body.u32(8)];
  if (stage === undefined) return undefined;
  return { kind: 'spawn-failed', token: body.u64(0), stage, errno: body.i32(12) };
}

function decodeExit(body: Body): InitEvent | undefined {
  if (!body.holds(64)) return undefined;
  const cause = causes[body.u32(20)];
  if (cause === undefined) return undefined;
  return {
    kind: 'exit',
    token: body.u64(0),
    sequence: body.u64(8),
    pid: body.u32(16),
    cause,
    status: body.i32(24),
    exitedUs: body.u64(32),
    userUs: body.u64(40),
    systemUs: body.u64(48),
    residentKibibytesMax: body.u64(56),
  };
}

function decodeService(body: Body): InitEvent | undefined {
  if (!body.holds(32)) return undefined;
  const cookie = body.slice(32, body.u32(24));
  if (cookie === undefined) return undefined;
  const flags = body.u32(12);
  return {
    kind: 'service',
    token: body.u64(0),
    pid: body.u32(8),
    isDead: (flags & 1) !== 0,
    isAdopted: (flags & 4) !== 0,
    startedUs: body.u64(16),
    cookie,
  };
}

function decodeDescriptor(body: Body): InitEvent | undefined {
  if (!body.holds(8)) return undefined;
  const name = body.text(8, body.u32(0));
  return name === undefined ? undefined : { kind: 'descriptor', name };
}

function decodeOrphan(body: Body): InitEvent | undefined {
  if (!body.holds(16)) return undefined;
  const cause = causes[body.u32(4)];
  if (cause === undefined) return undefined;
  return { kind: 'orphan', pid: body.u32(0), cause, status: body.i32(8), lost: body.u32(12) };
}

function decodeRefused(body: Body): InitEvent | undefined {
  if (!body.holds(24)) return undefined;
  const name = body.text(24, body.u32(16));
  if (name === undefined) return undefined;
  const request = requestByNumber.get(body.u32(0));
  return { kind: 'refused', request, errno: body.i32(4), token: body.u64(8), name };
}

/** How many descriptors come with this event, so that a packet with another number can be refused. */
export function eventDescriptors(event: InitEvent): number {
  if (event.kind === 'descriptor') return 1;
  return (event.kind === 'spawned' || event.kind === 'service') && !event.isDead ? 1 : 0;
}

/**
 * The event in the packet `[offset, offset + length)` of `view`; init sends one frame in a packet. Copies what it keeps.
 * Undefined if this is not such a frame: then the two sides do not understand each other, and the connection is of no use.
 */
export function decodeInitEvent(view: DataView, offset: number, length: number): InitEvent | undefined {
  if (length < headerBytes || view.getUint32(offset, true) !== length) return undefined;
  const padding = view.getUint8(offset + 7);
  const body = new Body(view, offset + headerBytes, length - headerBytes - padding);
  switch (view.getUint8(offset + 4)) {
    case Event.welcome:
      return decodeWelcome(body);
    case Event.spawned:
      return decodeSpawned(body);
    case Event.spawnFailed:
      return decodeSpawnFailed(body);
    case Event.exit:
      return decodeExit(body);
    case Event.service:
      return decodeService(body);
    case Event.descriptor:
      return decodeDescriptor(body);
    case Event.end:
      return body.holds(8) ? { kind: 'end', services: body.u32(0), descriptors: body.u32(4) } : undefined;
    case Event.orphan:
      return decodeOrphan(body);
    case Event.signalled:
      return body.holds(8) ? { kind: 'signalled', signal: body.i32(0) } : undefined;
    case Event.refused:
      return decodeRefused(body);
    default:
      return undefined;
  }
}
