/**
 * Who writes to the directory of a run: at most one process at a time. While it does, an empty file is there whose name says which process
 * it is and when that was started, so that the file of one that was killed counts for nothing, also when another process has its number.
 *
 * Each process makes a file of its own and looks for others behind that: of two that begin at once at least one sees the other. Nobody
 * removes the file of a process that lives, as could happen with one name for all. A process of another machine, or of another PID
 * namespace, cannot be seen, and is not.
 */
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../failure.js';

const namePattern = /^\.capstan-written-by-(\d+)-(\d+)$/;

/** Two that begin at once both give way, and come again after times that differ. */
const triesMax = 5;
const pauseMs = 20;

/** When a process was started, in ticks since the machine was (proc(5), `/proc/PID/stat`, field 22); undefined if it has ended. */
function startOf(pid: number | 'self'): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in front, in parentheses, and may have any characters.
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => namePattern.test(name));
  } catch {
    return [];
  }
}

/** The process whose file it is, while that lives. */
function ownerOf(name: string): number | undefined {
  const [, pid, start] = namePattern.exec(name) ?? [];
  return start !== undefined && startOf(Number(pid)) === start ? Number(pid) : undefined;
}

/** Another process that writes to this directory. */
function writerOf(directory: string): number | undefined {
  return filesIn(directory)
    .map(ownerOf)
    .find((pid) => pid !== undefined && pid !== process.pid);
}

/** Throws `UsageError` if another process writes to this directory, which need not be there. */
export function assertFree(directory: string): void {
  const pid = writerOf(directory);
  if (pid !== undefined)
    throw new UsageError(
      `another run, process ${pid}, is writing to ${directory}`,
      `wait for its end, or stop it with 'kill ${pid}', and repeat this; or use another --out`,
    );
}

/**
 * Makes this process the one that writes to the directory, which is there, and removes what killed ones have left. Returns what ends that.
 * Throws `UsageError` if another process writes there.
 */
export function lockDirectory(directory: string): () => void {
  const own = join(directory, `.capstan-written-by-${process.pid}-${startOf('self')}`);
  const release = (): void => rmSync(own, { force: true });
  for (let tries = 1; ; tries++) {
    closeSync(openSync(own, 'w'));
    if (writerOf(directory) === undefined) break;
    release();
    if (tries === triesMax) assertFree(directory);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs * (1 + (process.pid % 7) * tries));
  }
  // One that lives has come since, will see this one, and removes its file itself.
  for (const name of filesIn(directory))
    if (ownerOf(name) === undefined) rmSync(join(directory, name), { force: true });
  return release;
}
