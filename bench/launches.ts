/**
 * Groups of cells launched several times, for the comparisons that are programs of their own (`compare:dbus`, `bench:tables`): the launches,
 * records and lines of the suite, without its plan and its log. Each pass launches every group once, in an order of its own from the seed,
 * so that what the machine does for a while hits a launch of each group and not all launches of one (benchmark method, points 5 and 6).
 */
import { type LaunchOptions, runLaunch } from './latency/launch.js';
import type { CellRecord } from './latency/record.js';
import { createShuffle } from './latency/shuffle.js';
import { cellLines } from './lines.js';
import { assertDistinct, type Group } from './plan.js';
import type { CellLine } from './results/line.js';

export interface LaunchesOptions extends LaunchOptions {
  /** How often the processes of each cell are started; intervals need two, and five to be narrow. */
  readonly launches: number;
  /** Ends the run early: its processes are killed and `runLaunches` rejects. */
  readonly signal?: AbortSignal;
}

export type Progress = (text: string, share: number) => void;

/**
 * Runs all launches of all groups; resolves with a line for each cell, in the order of the groups. No process is left, also when it rejects
 * (because it was aborted, or because two cells have the same name).
 */
export async function runLaunches(
  groups: readonly Group[],
  options: LaunchesOptions,
  directory: string,
  progress: Progress,
): Promise<CellLine[]> {
  const { launches, seed, signal } = options;
  assertDistinct(groups);
  const shuffle = createShuffle(seed);
  const steps = Array.from({ length: launches }, (_, launch) =>
    shuffle(groups).map((group) => ({ group, launch })),
  ).flat();
  const entries: { group: string; launch: number; cells: CellRecord[] }[] = [];
  for (const [at, { group, launch }] of steps.entries()) {
    signal?.throwIfAborted();
    const text = `launch ${launch + 1} of ${launches}: ${group.key}`;
    const cells = await runLaunch(
      group.cells,
      { ...options, seed: seed * 10_007 + at },
      directory,
      (share) => progress(text, (at + share) / steps.length),
      signal,
    );
    entries.push({ group: group.key, launch, cells });
  }
  return cellLines(groups, entries, launches, seed);
}
