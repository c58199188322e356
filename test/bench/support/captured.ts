/** A command of the benchmark, run in this process, with what it wrote. */
import type { Output } from '../../../bench/statistics/output.js';

export interface Captured {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

/** Runs it with an output of its own; lines are joined. */
export async function captured(
  run: (output: Output) => Promise<number>,
  isTerminal = false,
): Promise<Captured> {
  const out: string[] = [];
  const error: string[] = [];
  const status = await run({
    out: (text) => out.push(text),
    error: (text) => error.push(text),
    isTerminal,
  });
  return { status, out: out.join('\n'), error: error.join('\n') };
}
