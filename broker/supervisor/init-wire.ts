/**
 * The protocol between the broker and `capstan-init`, as bytes: encode requests, decode events (docs/spec/init.md).
 *
 * Pure: no sockets, no processes. A frame is the 8-byte header of `broker/native/packets.ts` and a body of little-endian
 * fields; `broker/init/protocol.h` has the same offsets for the other side. Descriptors travel beside the bytes, in the
 * order the functions here name.
 *
 * A token names one process for as long as init knows it. It is a whole number from 1 to 2^53 - 1, chosen by the broker.
 */

import { errnoName, type SpawnStage, spawnStages } from './init-stages.js';

export { errnoName, type SpawnStage, spawnStages };

/** The versions of this protocol that are spoken here; HELLO offers the range, WELCOME picks one. */
export const initVersionMin = 1;
export const initVersionMax = 1;

/** One frame to init at most, header included: what a packet holds. argv and environment of one process fit into it. */
export const initFrameBytesMax = 72 * 1024;
/** The broker's own words about a process, given back by LIST. */
export const cookieBytesMax = 1024;
/** The name of a stored descriptor: a service name and what it is for. */
export const storedNameBytesMax = 1088;

const headerBytes = 8;
const spawnFixedBytes = 80;
const rlimitBytes = 24;

const Request = {
  hello: 1,
  spawn: 2,
  adopt: 3,
  signal: 4,
  ack: 5,
  store: 6,
  unstore: 7,
  list: 8,
  heartbeat: 9,
  finish: 10,
} as const;

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

const SpawnFlag = {
  session: 1,
  group: 2,
  umask: 4,
  nice: 8,
  oomScoreAdj: 16,
  uid: 32,
  gid: 64,
  groups: 128,
  cgroup: 256,
  endGroup: 512,
  noNewPrivs: 1024,
  ioprio: 2048,
  securebits: 4096,
  capabilities: 8192,
  terminal: 16384,
  ownPid: 32768,
} as const;

export type InitRequestName = keyof typeof Request;

/** One resource limit; what is left out stays as it is. `Infinity` is no limit. */
export interface SpawnRlimit {
  /** RLIMIT_* (getrlimit(2)): 7 is NOFILE, 4 CORE, 2 DATA, 9 AS. */
  readonly resource: number;
  readonly soft?: number | undefined;
  readonly hard?: number | undefined;
}

/** Capability sets (capabilities(7)), bit n for capability n. */
export interface SpawnCapabilities {
  /** Added to the inheritable set. */
  readonly inheritable: bigint;
  /** Raised in the ambient set; must be in `inheritable` too. */
  readonly ambient: bigint;
  /** Kept in the bounding set; every other one is dropped. */
  readonly bounding: bigint;
}

export const ownPidPlaceholder = '0000000000';

/** A process to start. What is left out is as in init itself. */
export interface SpawnRequest {
  readonly token: number;
  /** At most `cookieBytesMax`. */
  readonly cookie: Uint8Array;
  /** The program is `argv[0]`, searched in the PATH of `env` if it has no slash. Not empty. */
  readonly argv: readonly string[];
  /** `NAME=VALUE`; the whole environment. */
  readonly env: readonly string[];
  readonly cwd?: string | undefined;
  /** The numbers of the descriptors sent with the request, in their order. 0, 1 and 2 are `/dev/null` where not named. */
  readonly targets: readonly number[];
  /** The last descriptor sent, after those of `targets`, is a directory of a cgroup to start in. */
  readonly hasCgroup?: boolean | undefined;
  /** `session`: setsid; `group`: own process group in init's session; `none`: neither. */
  readonly isolation: 'session' | 'group' | 'none';
  /** What is left of its process group gets SIGKILL when the process itself ends. */
  readonly endsGroup?: boolean | undefined;
  /** Descriptor 0 becomes the controlling terminal; needs `session`. */
  readonly hasTerminal?: boolean | undefined;
  /** The value `ownPidPlaceholder` of the variables `WATCHDOG_PID` and `LISTEN_PID` becomes the process's number. */
  readonly tellsOwnPid?: boolean | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly groups?: readonly number[] | undefined;
  readonly umask?: number | undefined;
  readonly nice?: number | undefined;
  readonly oomScoreAdj?: number | undefined;
  /** Class and level as ioprio_set(2) takes them: class << 13 | level. */
  readonly ioprio?: number | undefined;
  readonly securebits?: number | undefined;
  readonly capabilities?: SpawnCapabilities | undefined;
  readonly noNewPrivs?: boolean | undefined;
  readonly rlimits?: readonly SpawnRlimit[] | undefined;
}

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

function frame(kind: number, bodyBytes: number, descriptors: number): { bytes: Uint8Array; view: DataView } {
  const length = (headerBytes + bodyBytes + 7) & ~7;
  if (length > initFrameBytesMax) {
    throw new RangeError(
      `a frame of ${length} bytes is larger than the ${initFrameBytesMax} that init takes`,
    );
  }
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint8(4, kind);
  view.setUint8(6, descriptors);
  view.setUint8(7, length - headerBytes - bodyBytes);
  return { bytes, view };
}

function writeNumber64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

function readNumber64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

function checkToken(token: number): void {
  if (!Number.isSafeInteger(token) || token <= 0) throw new RangeError(`not a token: ${token}`);
}

/** The first frame of a connection. */
export function encodeHello(): Uint8Array {
  const { bytes, view } = frame(Request.hello, 8, 0);
  view.setUint16(8, initVersionMin, true);
  view.setUint16(10, initVersionMax, true);
  return bytes;
}

function spawnFlags(request: SpawnRequest): number {
  let flags = 0;
  if (request.isolation === 'session') flags |= SpawnFlag.session;
  if (request.isolation === 'group') flags |= SpawnFlag.group;
  if (request.umask !== undefined) flags |= SpawnFlag.umask;
  if (request.nice !== undefined) flags |= SpawnFlag.nice;
  if (request.oomScoreAdj !== undefined) flags |= SpawnFlag.oomScoreAdj;
  if (request.uid !== undefined) flags |= SpawnFlag.uid;
  if (request.gid !== undefined) flags |= SpawnFlag.gid;
  if (request.groups !== undefined) flags |= SpawnFlag.groups;
  if (request.hasCgroup === true) flags |= SpawnFlag.cgroup;
  if (request.endsGroup === true) flags |= SpawnFlag.endGroup;
  if (request.noNewPrivs === true) flags |= SpawnFlag.noNewPrivs;
  if (request.ioprio !== undefined) flags |= SpawnFlag.ioprio;
  if (request.securebits !== undefined) flags |= SpawnFlag.securebits;
  if (request.capabilities !== undefined) flags |= SpawnFlag.capabilities;
  if (request.hasTerminal === true) flags |= SpawnFlag.terminal;
  if (request.tellsOwnPid === true) flags |= SpawnFlag.ownPid;
  return flags;
}

function writeSpawnFixed(view: DataView, request: SpawnRequest, textBytes: number): void {
  writeNumber64(view, 8, request.token);
  view.setUint32(16, spawnFlags(request), true);
  view.setInt32(20, request.nice ?? 0, true);
  view.setUint32(24, request.umask ?? 0, true);
  view.setInt32(28, request.oomScoreAdj ?? 0, true);
  view.setUint32(32, request.uid ?? 0, true);
  view.setUint32(36, request.gid ?? 0, true);
  view.setUint32(40, request.ioprio ?? 0, true);
  view.setUint32(44, request.securebits ?? 0, true);
  view.setBigUint64(48, request.capabilities?.inheritable ?? 0n, true);
  view.setBigUint64(56, request.capabilities?.ambient ?? 0n, true);
  view.setBigUint64(64, request.capabilities?.bounding ?? 0n, true);
  view.setUint16(72, request.rlimits?.length ?? 0, true);
  view.setUint16(74, request.targets.length, true);
  view.setUint16(76, request.groups?.length ?? 0, true);
  view.setUint16(78, request.cookie.length, true);
  view.setUint16(80, request.argv.length, true);
  view.setUint16(82, request.env.length, true);
  view.setUint32(84, textBytes, true);
}

function writeRlimit(view: DataView, at: number, limit: SpawnRlimit): void {
  view.setUint32(at, limit.resource, true);
  view.setUint32(at + 4, (limit.soft === undefined ? 0 : 1) | (limit.hard === undefined ? 0 : 2), true);
  for (const [offset, value] of [
    [8, limit.soft ?? 0],
    [16, limit.hard ?? 0],
  ] as const) {
    if (value === Number.POSITIVE_INFINITY) view.setBigUint64(at + offset, 0xffff_ffff_ffff_ffffn, true);
    else writeNumber64(view, at + offset, value);
  }
}

/**
 * A request to start a process. Its descriptors, in order: those of `targets`, then the cgroup's directory.
 * Throws a `RangeError` for what the frame cannot hold: too many bytes, a bad token, a string with a NUL in it.
 */
export function encodeSpawn(request: SpawnRequest): Uint8Array {
  checkToken(request.token);
  if (request.cookie.length > cookieBytesMax) throw new RangeError('the cookie is too long');
  if (request.argv.length === 0) throw new RangeError('argv is empty');
  const strings = [request.cwd ?? '', ...request.argv, ...request.env];
  if (strings.some((text) => text.includes('\0')))
    throw new RangeError('a string with a NUL cannot be passed');
  const text = new TextEncoder().encode(`${strings.join('\0')}\0`);
  const rlimits = request.rlimits ?? [];
  const groups = request.groups ?? [];
  const words = request.targets.length + groups.length;
  const body =
    spawnFixedBytes + rlimits.length * rlimitBytes + words * 4 + request.cookie.length + text.length;
  const descriptors = request.targets.length + (request.hasCgroup === true ? 1 : 0);
  const { bytes, view } = frame(Request.spawn, body, descriptors);
  writeSpawnFixed(view, request, text.length);
  let at = headerBytes + spawnFixedBytes;
  for (const limit of rlimits) {
    writeRlimit(view, at, limit);
    at += rlimitBytes;
  }
  for (const word of [...request.targets, ...groups]) {
    view.setUint32(at, word, true);
    at += 4;
  }
  bytes.set(request.cookie, at);
  bytes.set(text, at + request.cookie.length);
  return bytes;
}

/** Watches a process that was reparented to init as if it had been spawned; answered like `encodeSpawn`. */
export function encodeAdopt(token: number, pid: number, cookie: Uint8Array): Uint8Array {
  checkToken(token);
  if (cookie.length > cookieBytesMax) throw new RangeError('the cookie is too long');
  const { bytes, view } = frame(Request.adopt, 16 + cookie.length, 0);
  writeNumber64(view, 8, token);
  view.setInt32(16, pid, true);
  view.setUint32(20, cookie.length, true);
  bytes.set(cookie, 24);
  return bytes;
}

/** Signals the process, or what is in the process group that it leads. */
export function encodeSignal(token: number, signal: number, target: 'process' | 'group'): Uint8Array {
  checkToken(token);
  const { bytes, view } = frame(Request.signal, 16, 0);
  writeNumber64(view, 8, token);
  view.setInt32(16, signal, true);
  view.setUint32(20, target === 'group' ? 1 : 0, true);
  return bytes;
}

/** Says that this exit is known durably; init forgets it, and the token. */
export function encodeAck(token: number, sequence: number): Uint8Array {
  checkToken(token);
  const { bytes, view } = frame(Request.ack, 16, 0);
  writeNumber64(view, 8, token);
  writeNumber64(view, 16, sequence);
  return bytes;
}

function encodeNamed(kind: number, name: string, descriptors: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  if (text.length === 0 || text.length > storedNameBytesMax)
    throw new RangeError('a name of 1 to 1088 bytes');
  const { bytes, view } = frame(kind, 8 + text.length, descriptors);
  view.setUint32(8, text.length, true);
  bytes.set(text, 16);
  return bytes;
}

/** Keeps the one descriptor sent with it under this name, in place of one that has the name. */
export function encodeStore(name: string): Uint8Array {
  return encodeNamed(Request.store, name, 1);
}

/** Closes init's descriptor of this name; nothing happens if there is none. */
export function encodeUnstore(name: string): Uint8Array {
  return encodeNamed(Request.unstore, name, 0);
}

/** Asks for every process and every descriptor, and lets the exits come after them. */
export function encodeList(): Uint8Array {
  return frame(Request.list, 0, 0).bytes;
}

export function encodeHeartbeat(): Uint8Array {
  return frame(Request.heartbeat, 0, 0).bytes;
}

/**
 * The end: nothing is started any more, what still runs is ended (SIGTERM, after `graceMs` SIGKILL; 0 is init's own time), and
 * init exits with `status` (0 to 255).
 */
export function encodeFinish(status: number, graceMs = 0): Uint8Array {
  const { bytes, view } = frame(Request.finish, 8, 0);
  view.setInt32(8, status, true);
  view.setUint32(12, graceMs, true);
  return bytes;
}

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
