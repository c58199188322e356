/** What makes the figures of a run doubtful, in words (benchmark method, point 15); nothing on a quiet machine. */
import { cpus } from 'node:os';
import type { RunPart } from './results/directory.js';
import type { CellLine } from './results/line.js';
import { slownessOf } from './results/slowness.js';

/** Share of stolen CPU time, and load for each CPU before the run, from which it is called noisy. */
export const noisySteal = 0.01;
export const noisyLoad = 0.25;
/** Share of launches that may still have been getting faster when they were measured. */
const unsettledShareMax = 0.2;
/** Its warm-up has too few samples to tell, which says nothing of the machine (docs/benchmark.md, W6). */
const neverTold = 'W6';
/** Share of blocks during which somebody else used the same core. */
const slowedShareMax = 0.1;

/** Parts are looked at each by itself: a quiet hour does not make the minute before it quiet. */
export function noiseOf(
  parts: readonly Pick<RunPart, 'steal' | 'load_before'>[],
  lines: readonly CellLine[],
): string[] {
  const noise: string[] = [];
  for (const [at, { steal, load_before }] of parts.entries()) {
    const which = parts.length === 1 ? '' : ` (part ${at + 1} of ${parts.length})`;
    if (steal > noisySteal) {
      noise.push(`the hypervisor took ${(steal * 100).toFixed(1)} % of the CPU time meanwhile${which}`);
    }
    if (load_before > noisyLoad * cpus().length) {
      const load = `load ${load_before.toFixed(1)} on ${cpus().length} CPUs`;
      noise.push(`the machine was busy before the run: ${load}${which}`);
    }
  }
  const { share = 0, factor = null } = slownessOf(lines) ?? {};
  if (share > slowedShareMax && factor !== null) {
    noise.push(
      `neighbours on the host slowed down the cores in ${Math.round(share * 100)} % of the blocks, in which the same work took ${factor.toFixed(1)} times as long`,
    );
  }
  const launches = lines.flatMap((line) => (line.workload === neverTold ? [] : line.launches));
  const unsettled = launches.filter(({ is_settled }) => !is_settled).length;
  if (unsettled > unsettledShareMax * launches.length) {
    noise.push(
      `${unsettled} of ${launches.length} launches were still getting faster when they were measured`,
    );
  }
  return noise;
}
