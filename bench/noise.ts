/** What makes the figures of a run doubtful, in words (benchmark method, point 15); nothing on a quiet machine. */
import { cpus } from 'node:os';
import type { CellLine } from './results/line.js';

/** Share of stolen CPU time, and load for each CPU before the run, from which it is called noisy. */
export const noisySteal = 0.01;
const noisyLoad = 0.25;
/** Share of launches that may still have been getting faster when they were measured. */
const unsettledShareMax = 0.2;

export interface Surroundings {
  readonly steal: number;
  readonly loadBefore: number;
}

export function noiseOf({ steal, loadBefore }: Surroundings, lines: readonly CellLine[]): string[] {
  const noise: string[] = [];
  if (steal > noisySteal) {
    noise.push(`the hypervisor took ${(steal * 100).toFixed(1)} % of the CPU time meanwhile`);
  }
  if (loadBefore > noisyLoad * cpus().length) {
    noise.push(`the machine was busy before the run: load ${loadBefore.toFixed(1)} on ${cpus().length} CPUs`);
  }
  const launches = lines.flatMap((line) => line.launches);
  const unsettled = launches.filter(({ is_settled }) => !is_settled).length;
  if (unsettled > unsettledShareMax * launches.length) {
    noise.push(
      `${unsettled} of ${launches.length} launches were still getting faster when they were measured`,
    );
  }
  return noise;
}
