/**
 * The system calls of this transport, over the native addon.
 */
import { randomBytes } from 'node:crypto';
import { isSystemError, loadNative } from '../../broker/native/addon.js';
import { readSealedMemory } from '../../broker/native/sealed-memory.js';
import { type SocketSystem, SystemRefusal } from './core.js';
import { sameTokenBytes } from './wire.js';

/** O_PATH of open(2), which Node has no name for. */
const openForPath = 0x20_0000;

/** Runs a system call; its failure becomes a `SystemRefusal`, everything else stays what it is. */
function refusing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (isSystemError(error)) throw new SystemRefusal(error.syscall, error.code, -error.errno);
    throw error;
  }
}

export function createSystem(): SocketSystem {
  const native = loadNative();
  return {
    createPair: () => refusing(() => native.socketpair()),
    listen: (path, mode, backlog) => refusing(() => native.listen(path, mode, backlog)),
    connect: (path) => refusing(() => native.connect(path)),
    passCredentials: (descriptor) => refusing(() => native.setPassCredentials(descriptor, true)),
    passRights: (descriptor, on) => {
      native.setPassRights(descriptor, on);
    },
    openPath: (path) => refusing(() => native.open(path, openForPath, 0)),
    duplicate: (descriptor) => refusing(() => native.duplicate(descriptor)),
    unreadBytes: (descriptor) => refusing(() => native.unreadBytes(descriptor)),
    isSocket: (descriptor) => native.isSeqpacketSocket(descriptor),
    sealBytes: (bytes) => refusing(() => native.sealBytes(bytes, 0, bytes.byteLength)),
    readSealed: (descriptor, length) => readSealedMemory(native, descriptor, length),
    createToken: () => randomBytes(sameTokenBytes),
    close: (descriptor) => {
      try {
        native.close(descriptor);
      } catch {
        // It was not open: a caller's mistake, told by the refusal that brought us here.
      }
    },
  };
}
