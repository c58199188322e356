/**
 * The protocol between the broker and `capstan-init`, as bytes: encodes requests; `init-events.ts` decodes what comes (docs/spec/init.md).
 *
 * Pure: no sockets, no processes. A frame is the 8-byte header of `broker/native/packets.ts` and a body of little-endian
 * fields; `broker/init/protocol.h` has the same offsets for the other side. Descriptors travel beside the bytes, in the
 * order the functions here name.
 *
 * A token names one process for as long as init knows it. It is a whole number from 1 to 2^53 - 1, chosen by the broker.
 */
import {
  checkToken,
  cookieBytesMax,
  frame,
  headerBytes,
  initVersionMax,
  initVersionMin,
  Request,
  storedNameBytesMax,
  writeNumber64,
} from './init-frame.js';

export { decodeInitEvent, type ExitCause, eventDescriptors, type InitEvent } from './init-events.js';
export {
  cookieBytesMax,
  type InitRequestName,
  initFrameBytesMax,
  initVersionMax,
  initVersionMin,
  storedNameBytesMax,
} from './init-frame.js';
export { errnoName, type SpawnStage, spawnStages } from './init-stages.js';

const spawnFixedBytes = 80;
const rlimitBytes = 24;

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
