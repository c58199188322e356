/**
 * Socket paths: taking one over from a dead server, and reaching a live one.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { socketPathBytesMax } from '../../broker/contract/limits.js';
import { type SocketSystem, SystemRefusal } from './core.js';

/** Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn. */
const backlog = 4096;
/** How often a path that changes under our hands is tried. */
const listenAttemptsMax = 4;

function checkPath(path: string): void {
  const length = Buffer.byteLength(path);
  if (length === 0 || path.includes('\0')) {
    throw new BrokerError(ErrorCode.InvalidArgument, 'a socket path is not empty and has no NUL');
  }
  if (length <= socketPathBytesMax) return;
  throw new BrokerError(
    ErrorCode.AddressTooLong,
    `the socket path has ${length} bytes; ${socketPathBytesMax} are possible: ${path}`,
  );
}

/**
 * A listening socket at the path; the caller's. The socket file of a dead server is replaced; a live server's, and a file that
 * is not a socket, are left alone (C63). Throws `address-in-use`, `address-too-long`, `system`.
 */
export function listenAt(system: SocketSystem, path: string, mode: number): number {
  checkPath(path);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return system.listen(path, mode, backlog);
    } catch (error) {
      if (!(error instanceof SystemRefusal)) throw error;
      if (error.code !== 'EADDRINUSE') {
        throw new BrokerError(ErrorCode.System, `cannot listen on ${path}: ${error.message}`, {
          cause: error,
        });
      }
      if (attempt === listenAttemptsMax || !removeStale(system, path)) {
        throw new BrokerError(ErrorCode.AddressInUse, `somebody already listens on ${path}`, {
          cause: error,
        });
      }
    }
  }
}

/** Removes the socket file of a dead server. False if the path is somebody's. */
function removeStale(system: SocketSystem, path: string): boolean {
  const before = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (before === undefined) return !path.startsWith('@');
  if (!before.isSocket()) return false;
  try {
    system.close(system.connect(path));
    return false;
  } catch (error) {
    if (!(error instanceof SystemRefusal)) throw error;
    if (error.code === 'ENOENT') return true;
    if (error.code !== 'ECONNREFUSED') return false;
  }
  // Somebody else may have been quicker: his file is not the one that refused.
  if (lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino !== before.ino) return true;
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A connected socket, the caller's; `undefined` if the backlog is full and another try is worth while. */
export function dial(system: SocketSystem, path: string): number | undefined {
  checkPath(path);
  try {
    return system.connect(path);
  } catch (error) {
    if (!(error instanceof SystemRefusal)) throw error;
    if (error.code === 'EAGAIN') return undefined;
    const cause = { cause: error };
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      throw new BrokerError(ErrorCode.PermissionDenied, `${path} may not be connected to`, cause);
    }
    if (error.code === 'EMFILE' || error.code === 'ENFILE') {
      throw new BrokerError(ErrorCode.System, `no descriptor is free to connect to ${path}`, cause);
    }
    throw new BrokerError(ErrorCode.Unreachable, `nobody listens on ${path} (${error.code})`, cause);
  }
}
