/**
 * Where receive sockets live, and who cleans up after the dead.
 *
 * A newcomer's socket stands in a directory of its own user, so nobody needs the right to write anywhere else: under
 * `$XDG_RUNTIME_DIR` if the world that it joins is private to the user, and under the directory for temporary files if others can
 * reach the door as well, because then those others are to reach this socket too. A server's socket stands beside its door. The
 * socket's permissions are those of the door. Names end in `~` and 66 random bits, and are never used twice; no peer sends to
 * an address of another form, so that nobody can make it send to somebody else's socket.
 *
 * A socket's file is removed when it is closed. What a killed process leaves is removed by the next peer that opens a socket in the
 * same place: a file that nobody receives at (`ECONNREFUSED`) and whose name has the form of these. Names in the abstract
 * namespace would leave nothing behind, but they have no permissions, anybody may take them over from the dead, and the package
 * cannot bind them.
 */
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { socketPathBytesMax } from '../../broker/contract/limits.js';
import type { SecretSource } from './secrets.js';
import { type DatagramSystem, errnoName, type ReceiveSocket, saysNobody } from './system.js';
import { nameLetters, nameMark } from './wire.js';

const namePattern = new RegExp(`^${nameMark}[\\w-]{${nameLetters}}$`);
/** Files that one look at a directory considers. */
const sweepFilesMax = 512;
const bindAttemptsMax = 8;
/** Others may go through, but see no names. */
const directoryMode = 0o711;

/** The effective user: whom files belong to. */
export function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** An error of the system as one of ours. */
export function systemFault(what: string, error: unknown): BrokerError {
  if (error instanceof BrokerError) return error;
  const number = (error as { readonly errno?: unknown }).errno;
  const why = codeOf(error) || (typeof number === 'number' ? errnoName(number) : String(error));
  return new BrokerError(ErrorCode.System, `${what}: ${why}`, { cause: error });
}

/** Throws if a path cannot be an address. */
export function checkPath(path: string, roomBytes = 0): void {
  const length = Buffer.byteLength(path);
  if (length === 0 || path.includes('\0')) {
    throw new BrokerError(ErrorCode.InvalidArgument, 'a socket path is not empty and has no NUL');
  }
  if (path.startsWith('@')) {
    throw new BrokerError(ErrorCode.Unsupported, 'this transport has no abstract addresses');
  }
  if (length + roomBytes <= socketPathBytesMax) return;
  throw new BrokerError(
    ErrorCode.AddressTooLong,
    `the socket path has ${length} bytes; ${socketPathBytesMax - roomBytes} are possible: ${path}`,
  );
}

/** Bytes that the socket beside a door has more in its path than the door. */
export const besideBytes = nameMark.length + nameLetters;

function randomName(secrets: SecretSource): string {
  return nameMark + secrets.make().toString('base64url').slice(0, nameLetters);
}

/** Binds a fresh name that begins with `prefix`. Throws `system`, `address-too-long`. */
function bindFresh(
  system: DatagramSystem,
  secrets: SecretSource,
  prefix: string,
  mode: number,
  received: (bytes: Buffer) => void,
): ReceiveSocket {
  checkPath(prefix, besideBytes);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return system.bind(prefix + randomName(secrets), mode, received);
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE' && attempt < bindAttemptsMax) continue;
      throw error;
    }
  }
}

/** The socket of a server's peer, beside its door. */
export function bindBeside(
  system: DatagramSystem,
  secrets: SecretSource,
  door: string,
  mode: number,
  received: (bytes: Buffer) => void,
): ReceiveSocket {
  const prefix = basename(door);
  sweep(
    system,
    dirname(door),
    (name) => name.startsWith(prefix) && namePattern.test(name.slice(prefix.length)),
  );
  try {
    return bindFresh(system, secrets, door, mode, received);
  } catch (error) {
    throw systemFault(`cannot receive beside ${door}`, error);
  }
}

/** Removes the sockets of the dead. */
function sweep(system: DatagramSystem, directory: string, isOurs: (name: string) => boolean): void {
  let names: string[];
  try {
    names = readdirSync(directory).filter(isOurs).slice(0, sweepFilesMax);
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(directory, name);
    if (errnoName(system.probe(path)) !== 'ECONNREFUSED') continue;
    try {
      if (lstatSync(path).isSocket()) unlinkSync(path);
    } catch {
      // Somebody else was quicker.
    }
  }
}

/** The places of one transport's newcomers. */
export class Places {
  readonly #system: DatagramSystem;
  readonly #secrets: SecretSource;
  readonly #chosen: string | undefined;
  readonly #swept = new Set<string>();
  /** Made because the usual one was somebody else's. */
  readonly #own = new Map<string, string>();
  readonly #paths = new Set<string>();

  /** `chosen`: a directory to use instead. */
  constructor(system: DatagramSystem, secrets: SecretSource, chosen: string | undefined) {
    this.#system = system;
    this.#secrets = secrets;
    this.#chosen = chosen;
  }

  /** A socket that whoever receives at the door can reach, and whoever else can reach it. Throws `system`, `address-too-long`. */
  bind(door: DoorFile, received: (bytes: Buffer) => void): ReceiveSocket {
    const mode = door.mode & 0o666;
    const isOthers = door.uid !== ownUid() || (mode & 0o002) !== 0;
    const usual = this.#chosen ?? usualDirectory(!isOthers);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const directory = this.#ensure(usual);
        const socket = bindFresh(this.#system, this.#secrets, join(directory, '/'), mode, received);
        this.#paths.add(socket.path);
        if (isOthers || (mode & 0o060) !== 0) admit(socket.path, door);
        return socket;
      } catch (error) {
        // The last peer before us has just removed it.
        if (codeOf(error) === 'ENOENT' && attempt < bindAttemptsMax) continue;
        throw systemFault(`cannot receive in ${usual}`, error);
      }
    }
  }

  /** A peer's socket is closed. The directory is removed with the last that `bind` made. */
  closed(path: string): void {
    if (!this.#paths.delete(path) || this.#paths.size > 0) return;
    try {
      rmdirSync(dirname(path));
    } catch {
      // Others have sockets in it.
    }
    this.#swept.clear();
    this.#own.clear();
  }

  #ensure(usual: string): string {
    const directory = this.#own.get(usual) ?? usual;
    try {
      mkdirSync(directory, { mode: directoryMode });
      chmodSync(directory, directoryMode);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (this.#chosen === undefined && !isSafe(directory)) {
      const own = mkdtempSync(`${usual}-`);
      chmodSync(own, directoryMode);
      this.#own.set(usual, own);
      return own;
    }
    if (!this.#swept.has(directory)) {
      this.#swept.add(directory);
      sweep(this.#system, directory, (name) => namePattern.test(name));
    }
    return directory;
  }
}

/** What matters about a door: its permissions and its owner. */
export interface DoorFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Lets the door's owner and group send to a socket, as far as this user may. */
function admit(path: string, { uid, gid }: DoorFile): void {
  try {
    lchownSync(path, ownUid() === 0 ? uid : -1, gid);
  } catch {
    // Not a group of this user's: then the door's permissions for others decide.
  }
}

/** Nobody else can put anything into it. */
function isSafe(directory: string): boolean {
  const found = lstatSync(directory);
  return found.isDirectory() && found.uid === ownUid() && (found.mode & 0o022) === 0;
}

function usualDirectory(isPrivate: boolean): string {
  const name = `capstan-${ownUid()}`;
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (isPrivate && runtime !== undefined && isAbsolute(runtime) && isOwn(runtime)) {
    const directory = join(runtime, name);
    if (Buffer.byteLength(directory) + 1 + besideBytes <= socketPathBytesMax) return directory;
  }
  return join(tmpdir(), name);
}

function isOwn(directory: string): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === ownUid();
}

/** The door of a server: taken over from a dead one, refused to a second living one (C63). */
export function bindDoor(
  system: DatagramSystem,
  path: string,
  mode: number,
  received: (bytes: Buffer) => void,
): ReceiveSocket {
  checkPath(path, besideBytes);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return system.bind(path, mode, received);
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw systemFault(`cannot receive at ${path}`, error);
      if (attempt < bindAttemptsMax && removeStale(system, path)) continue;
      throw new BrokerError(ErrorCode.AddressInUse, `somebody already listens on ${path}`, { cause: error });
    }
  }
}

/** Removes what a dead server has left. False if the path is somebody's. */
function removeStale(system: DatagramSystem, path: string): boolean {
  const before = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (before === undefined) return true;
  if (!before.isSocket()) return false;
  const found = system.probe(path);
  if (found === 0 || !saysNobody(found) || errnoName(found) === 'EPROTOTYPE') return false;
  // Somebody else may have been quicker: his file is not the one that refused.
  if (lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino !== before.ino) return true;
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
