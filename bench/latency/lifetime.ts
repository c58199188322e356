/**
 * What ends with the harness, even if that is killed: its processes, which the kernel tells (`with-parent.c`), and the directory in which
 * they meet, which a small process removes as soon as the harness has gone (`clean-up.c`). Where the two programs are not built, everything
 * but a kill still cleans up.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { signals } = constants;
/** Where the benchmark's programs in C are built. */
export const nativeDirectory = fileURLToPath(new URL('../../../bench/peers/build/', import.meta.url));
const withParentPath = join(nativeDirectory, 'with-parent');
const cleanUpPath = join(nativeDirectory, 'clean-up');

/**
 * The command line of a program that gets `signal` when the thread of this process that starts it has ended. It replaces itself by the
 * program: the process is the program's.
 */
export function endingWithParent(
  command: readonly string[],
  signal: 'SIGKILL' | 'SIGTERM',
): readonly string[] {
  if (!existsSync(withParentPath)) return command;
  return [withParentPath, String(process.pid), String(signals[signal]), ...command];
}

/** A directory for sockets and samples. */
export interface Scratch {
  readonly directory: string;
  /** Removes it. Calling it again does nothing. */
  readonly remove: () => void;
}

/** Makes a directory whose name begins with `prefix` among those for temporary files; it goes with this process at the latest. */
export function makeScratch(prefix: string): Scratch {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  const remover = existsSync(cleanUpPath)
    ? // In a session of its own, so that what kills the harness with all its processes leaves this one.
      spawn(cleanUpPath, [directory], { stdio: ['pipe', 'ignore', 'inherit'], detached: true })
    : undefined;
  remover?.unref();
  remover?.on('error', () => {});
  remover?.stdin.on('error', () => {});
  return {
    directory,
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
      remover?.kill('SIGKILL');
    },
  };
}
