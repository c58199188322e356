/** A run like an earlier one, made now: what a gate judges where no run is named. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failuresOf } from '../index.js';
import { endingWithParent, makeScratch } from '../latency/lifetime.js';
import { type Results, readResults } from '../results/directory.js';

const benchMain = join(fileURLToPath(import.meta.url), '..', '..', 'main.js');
/** How each command begins that a run writes down. */
const start = 'capstan bench ';

/** The arguments of a run's command, with its results going elsewhere. Undefined if it is none that can be run again. */
export function argumentsOf(command: string, directory: string): string[] | undefined {
  if (!command.startsWith(start)) return undefined;
  const words = command.slice(start.length).split(' ');
  const out = words.indexOf('--out');
  // The directory stands last, and may have spaces in it.
  const kept = out === -1 ? words : words.slice(0, out);
  return [...kept, '--quiet', '--out', directory];
}

/** With which a run ends that has results: all is well, a cell failed, something that was asked for is missing (bench/main.ts). */
const finished = { done: 0, failed: 1, incomplete: 3 };

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Why the results of a run that ended so are not those of a run that came to its end, if so. */
function brokenOff({ status, signal }: Ended): string | undefined {
  if (signal !== null) return `the run was ended by ${signal}`;
  const isFinished = Object.values(finished).some((known) => known === status);
  return isFinished ? undefined : `the run ended with status ${status}`;
}

/**
 * Runs the benchmark (`program`) as the baseline was run; its errors go to standard error. Rejects if it does not come to its end, or leaves no
 * results; a cell that failed is in these. Leaves no process and no file behind, also when this process is killed.
 */
export async function runAgain(
  { run }: Results,
  signal: AbortSignal,
  program: string = benchMain,
): Promise<Results> {
  const scratch = makeScratch('capstan-gate-');
  const directory = join(scratch.directory, 'run');
  try {
    const args = argumentsOf(run.command, directory);
    if (args === undefined) throw new Error(`"${run.command}" cannot be run again; name a run`);
    const ended = await new Promise<Ended>((resolve, reject) => {
      const [file = '', ...rest] = endingWithParent([process.execPath, program, ...args], 'SIGTERM');
      const child = spawn(file, rest, {
        stdio: ['ignore', 'ignore', 'inherit'],
        signal,
      });
      child.once('error', reject);
      child.once('close', (status, killedBy) => resolve({ status, signal: killedBy }));
    });
    signal.throwIfAborted();
    const reason = brokenOff(ended);
    if (reason !== undefined) throw new Error(reason);
    const results = readResults(directory);
    // Then it failed at something else than a cell, and nobody knows what of it is right.
    if (ended.status === finished.failed && failuresOf(results).length === 0)
      throw new Error('the run failed, and no cell of it has');
    return results;
  } finally {
    scratch.remove();
  }
}
