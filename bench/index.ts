/**
 * The benchmark suite's entry: what a run is asked for, how it is planned, and its results. docs/benchmark.md has the method.
 *
 *   const suite = prepareSuite({ tier: 'quick', seed: 1, peers: 'auto', command: '' });
 *   const results = await runSuite(suite);
 */

import { isMissedSchedule } from './latency/launch.js';
import type { Results } from './results/directory.js';
import { isOrderLine } from './results/line.js';

export { UnknownName, UsageError } from './failure.js';
export { CannotResume } from './occupied.js';
export { placements } from './placements.js';
export { tierSizes } from './plan.js';
export { prepareSuite, runSuite, type Suite, type SuiteOptions, workloads } from './run.js';

/** One object a line of the result, with the machine in each so that no line needs another to be understood. */
export function resultLines({ run, machine, lines }: Results): string[] {
  const { seed, steal, tier } = run;
  return lines.map((line) => JSON.stringify({ ...line, tier, seed, steal, machine }));
}

/** Cells and patterns that failed, each as a sentence. A machine that was too busy for a schedule is no failure. */
export function failuresOf({ lines }: Results): string[] {
  return lines.flatMap((line) => {
    const name = `${line.workload} ${line.contender} ${line.call}, ${line.placement}`;
    if (line.violations > 0) return [`${name}: ${line.violations} violations`];
    if (isOrderLine(line) || line.invalid === undefined || isMissedSchedule(line.invalid)) return [];
    return [`${name}: ${line.invalid}`];
  });
}
