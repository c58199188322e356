/**
 * What programs that measure a part say beside their tables: in front where it was measured, behind whether it was quiet there, and at the
 * end how it went. A run of the whole suite says it in its report.
 */
import { inOneLine } from './failure.js';
import { noisySteal } from './noise.js';
import { failureOf } from './report/cells.js';
import type { Machine } from './report/machine.js';

interface Measured {
  readonly machine: Machine;
  readonly steal: number;
  readonly durationMs: number;
  readonly seed: number;
}

export type Write = (text: string) => void;

/** Prints what `printTables` writes with the machine in front of it and the circumstances behind it, on standard output. */
export function printMeasured(result: Measured, printTables: (write: Write) => void): void {
  const write: Write = (text) => void process.stdout.write(`${text}\n`);
  const { machine, steal } = result;
  write(
    `${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}`,
  );
  printTables(write);
  if (steal > noisySteal) {
    const percent = (steal * 100).toFixed(1);
    write(
      `\nnoisy: the hypervisor took ${percent} % of the CPU time meanwhile; repeat this when it is quiet`,
    );
  }
  write(
    `\n${Math.round(result.durationMs / 1000)} s, seed ${result.seed}, 1-minute load before: ${machine.load_1min}`,
  );
}

/** Says on standard error what is missing and which cells failed; the exit status: 0 done, 1 a cell failed, 3 something is missing. */
export function conclude<Cell extends Parameters<typeof failureOf>[0]>(
  { missing, cells }: { readonly missing: readonly string[]; readonly cells: readonly Cell[] },
  nameOf: (cell: Cell) => string,
): number {
  for (const reason of missing) process.stderr.write(`missing: ${reason}\n`);
  let hasFailed = false;
  for (const cell of cells) {
    const failure = failureOf(cell);
    if (failure === undefined) continue;
    process.stderr.write(`failed: ${nameOf(cell)}: ${inOneLine(failure)}\n`);
    hasFailed = true;
  }
  if (hasFailed) return 1;
  return missing.length > 0 ? 3 : 0;
}
