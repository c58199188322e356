/** The socket file of a server: taken over from a dead one, refused to a second living one, removed at the end. */
import { statSync, unlinkSync } from 'node:fs';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import { isSystemError, type Native } from '../../broker/native/addon.js';

/** Connections that may wait to be accepted; the kernel lowers it to net.core.somaxconn. */
const backlog = 4096;

export function checkPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes === 0) throw new BrokerError(ErrorCode.InvalidArgument, 'a socket path must not be empty');
  if (bytes > limits.socketPathBytesMax) {
    throw new BrokerError(
      ErrorCode.AddressTooLong,
      `a socket path has at most ${limits.socketPathBytesMax} bytes, not ${bytes}: ${path}`,
    );
  }
}

/** Listens on a path. Throws `address-in-use`, `address-too-long`, `system`; then nothing was changed. */
export function listenOn(native: Native, path: string, mode: number): number {
  checkPath(path);
  try {
    return native.listen(path, mode, backlog);
  } catch (error) {
    if (!isSystemError(error, 'EADDRINUSE')) throw systemFault(`cannot listen on ${path}`, error);
  }
  if (isAlive(native, path)) {
    throw new BrokerError(ErrorCode.AddressInUse, `somebody already listens on ${path}`);
  }
  try {
    unlinkSync(path);
    return native.listen(path, mode, backlog);
  } catch (error) {
    if (isSystemError(error, 'EADDRINUSE')) {
      throw new BrokerError(ErrorCode.AddressInUse, `somebody already listens on ${path}`, { cause: error });
    }
    throw systemFault(`cannot replace the socket ${path}`, error);
  }
}

/** Only a socket that refuses connections is left over from a dead server; everything else is somebody's. */
function isAlive(native: Native, path: string): boolean {
  try {
    native.close(native.connect(path));
    return true;
  } catch (error) {
    return !isSystemError(error, 'ECONNREFUSED');
  }
}

export function systemFault(what: string, cause: unknown): BrokerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BrokerError(ErrorCode.System, `${what}: ${why}`, { cause });
}

/** Which file stands at a path, to recognise it again; `undefined` if there is none. */
export function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** Removes the socket file, unless a successor has put its own there. */
export function removeSocket(path: string, file: string | undefined): void {
  if (file === undefined || fileAt(path) !== file) return;
  try {
    unlinkSync(path);
  } catch {
    // Somebody was faster, or may: it is gone or it is stale, and a stale one is replaced.
  }
}
