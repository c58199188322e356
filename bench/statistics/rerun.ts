/** A run like an earlier one, made now: what a gate judges where no run is named. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/**
 * Runs the benchmark as the baseline was run; its errors go to standard error. Rejects if it leaves no results. Leaves no file behind.
 */
export async function runAgain({ run }: Results, signal: AbortSignal): Promise<Results> {
  const root = mkdtempSync(join(tmpdir(), 'capstan-gate-'));
  const directory = join(root, 'run');
  try {
    const args = argumentsOf(run.command, directory);
    if (args === undefined) throw new Error(`"${run.command}" cannot be run again; name a run`);
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [benchMain, ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
        signal,
      });
      child.once('error', reject);
      child.once('close', () => resolve());
    });
    signal.throwIfAborted();
    return readResults(directory);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
