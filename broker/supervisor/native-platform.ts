/** The real `Platform`, over the addon and Node's file functions. */
import { constants, fchmodSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isSystemError, loadNative } from '../native/addon.js';
import type { Platform, ProcessFacts } from './platform.js';
import type { GrowableMemory } from './state-memory.js';

const pageBytes = 4096;
/** The first size of a state memory: enough for some hundred services; pages that are not touched cost nothing. */
const memoryBytesInitial = 1024 * 1024;
const SIGKILL = 9;

class Mapping implements GrowableMemory {
  readonly descriptor: number;
  #bytes: Uint8Array;

  constructor(descriptor: number, bytes: Uint8Array) {
    this.descriptor = descriptor;
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  grow(bytes: number): void {
    const native = loadNative();
    const length = Math.ceil(bytes / pageBytes) * pageBytes;
    native.ftruncate(this.descriptor, length);
    this.#bytes = new Uint8Array(native.mapShared(this.descriptor, length, true));
  }
}

/** /proc/PID/stat has state, parent and group behind the name, which may hold anything. */
function describeProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(status) ?? [];
    return { parent: Number(parent), group: Number(group), uid: Number(uid ?? -1) };
  } catch {
    return undefined;
  }
}

function barredDirectory(path: string, uid: number, groups: readonly number[]): string | undefined {
  if (uid === 0) return undefined;
  const steps: string[] = [];
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    steps.unshift(at);
    if (at === dirname(at)) break;
  }
  return steps.find((step) => {
    const stat = statSync(step, { throwIfNoEntry: false });
    if (stat === undefined) return true;
    const bit = stat.uid === uid ? 0o100 : groups.includes(stat.gid) ? 0o010 : 0o001;
    return (stat.mode & bit) === 0;
  });
}

export function createPlatform(): Platform {
  const native = loadNative();
  const closeAfterFailure = <T>(descriptor: number, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      native.close(descriptor);
      throw error;
    }
  };
  return {
    createPipe() {
      const [read, write] = native.pipe();
      native.setNonBlocking(write, false);
      return { read, write };
    },
    duplicate: (descriptor) => native.duplicate(descriptor),
    close: (descriptor) => native.close(descriptor),
    read: (descriptor, bytes) => native.read(descriptor, bytes, 0, bytes.length),
    openLog(path, mode) {
      const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY, O_NONBLOCK } = constants;
      // Without O_NONBLOCK a FIFO that nobody reads would stop the manager.
      const descriptor = native.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK, mode);
      return closeAfterFailure(descriptor, () => {
        native.setNonBlocking(descriptor, false);
        if (fstatSync(descriptor).isFile()) fchmodSync(descriptor, mode);
        return descriptor;
      });
    },
    kill(pidfd, pid) {
      try {
        if (pidfd >= 0) native.pidfdSendSignal(pidfd, 0);
        process.kill(-pid, SIGKILL);
      } catch {
        // It has ended, or leads no group.
      }
      try {
        if (pidfd >= 0) native.pidfdSendSignal(pidfd, SIGKILL);
      } catch {
        // It has ended.
      }
    },
    openProcess: (pid) => native.pidfdOpen(pid),
    isRunning(pidfd) {
      try {
        native.pidfdSendSignal(pidfd, 0);
        return true;
      } catch (error) {
        // EPERM: it is there, and somebody else's.
        return isSystemError(error, 'EPERM');
      }
    },
    // A pidfd has an inode for each process since 6.9, and one for all before that.
    isSameProcess: (pidfd, other) =>
      fstatSync(pidfd, { bigint: true }).ino === fstatSync(other, { bigint: true }).ino,
    describeProcess,
    barredDirectory,
    descriptorLimit: () => native.descriptorLimit(),
    createMemory() {
      const descriptor = native.memfdCreate('capstan-state', false);
      return closeAfterFailure(descriptor, () => {
        native.ftruncate(descriptor, memoryBytesInitial);
        return new Mapping(
          descriptor,
          new Uint8Array(native.mapShared(descriptor, memoryBytesInitial, true)),
        );
      });
    },
    openMemory(descriptor) {
      return closeAfterFailure(descriptor, () => {
        const length = fstatSync(descriptor).size;
        return new Mapping(descriptor, new Uint8Array(native.mapShared(descriptor, length, true)));
      });
    },
    machineMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  };
}
