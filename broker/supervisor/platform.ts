/**
 * What the supervisor asks of the operating system itself: descriptors, pipes, files and the state memory. Everything else, and
 * every process, goes through init. `createPlatform` in `native-platform.ts` is the real one; tests hand in others.
 *
 * A function that fails throws an error with a numeric `errno`, positive or negative (Node's and the addon's differ);
 * `errnoOf` reads both.
 */
import type { GrowableMemory } from './state-memory.js';

export interface ProcessFacts {
  /** Process number of its parent, and of its group's leader. */
  readonly parent: number;
  readonly group: number;
  /** Its effective user. */
  readonly uid: number;
}

export interface Platform {
  /** Both ends close-on-exec; the read end does not block, the write end does, because programs expect it of their output. */
  createPipe(): { readonly read: number; readonly write: number };
  /** Close-on-exec. */
  duplicate(descriptor: number): number;
  close(descriptor: number): void;
  /** Reads what there is into `bytes`: the count, 0 at the end, or -errno. */
  read(descriptor: number, bytes: Uint8Array): number;
  /** Opens a log file for appending, made with `mode` if it is not there; an existing one gets `mode` too. */
  openLog(path: string, mode: number): number;
  /**
   * SIGKILL to the group that `pid` leads and, through the pidfd, to the process. With a pidfd the group is signalled only while
   * that says that `pid` is still meant; without one (-1) on trust. Does not throw.
   */
  kill(pidfd: number, pid: number): void;
  /** A pidfd of the process that has this number now. Throws ESRCH. */
  openProcess(pid: number): number;
  /** Whether the process has not ended. */
  isRunning(pidfd: number): boolean;
  /** Whether both mean the same process; true where the kernel cannot tell (before 6.9). */
  isSameProcess(pidfd: number, other: number): boolean;
  /** What /proc says of the process that has this number now; undefined where there is none. */
  describeProcess(pid: number): ProcessFacts | undefined;
  /**
   * The first directory on the way to `path` whose mode does not let such a user pass; undefined: none. Modes only: an access
   * control list may know better.
   */
  barredDirectory(path: string, uid: number, groups: readonly number[]): string | undefined;
  /** How many descriptors this process may have open. */
  descriptorLimit(): number;
  /** A new, empty shared memory. */
  createMemory(): GrowableMemory;
  /** The shared memory behind a descriptor, which it takes. */
  openMemory(descriptor: number): GrowableMemory;
  /** CLOCK_MONOTONIC in milliseconds: one clock for all processes since the machine started. */
  machineMs(): number;
}

/** The errno of what a platform function threw, as a positive number; 5 (EIO) where it has none. */
export function errnoOf(error: unknown): number {
  const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
  return typeof errno === 'number' && errno !== 0 ? Math.abs(errno) : 5;
}
