/**
 * The peaks of a contender, of which an open loop offers shares. Each launch finds its own, and each load has the launches that count there;
 * so one number stands for all of them only where they agree.
 */
import type { CellLine } from '../results/line.js';

export interface Peaks {
  readonly least: number;
  readonly most: number;
  /** Whether they are those of the launches; else each is the median of the launches of a load, as earlier results have it. */
  readonly isByLaunch: boolean;
  /** Whether one number may stand for them. */
  readonly isOne: boolean;
}

/** Peaks of one contender that are no further apart than this, the greatest over the least, are told as one. */
const samePeak = 1.05;

/** Messages a second; results of earlier versions have only what was offered. */
export function peakOf(cell: CellLine): number {
  const { load_share: share = 1 } = cell;
  return cell.peak_per_second ?? (cell.offered_per_second ?? cell.per_second) / share;
}

/** Of the cells of one contender, at least one. */
export function peaksOf(cells: readonly CellLine[]): Peaks {
  const ofLaunches = cells.flatMap(({ launches }) =>
    launches.flatMap(({ peak_per_second: peak }) => peak ?? []),
  );
  const isByLaunch = ofLaunches.length > 0;
  const peaks = isByLaunch ? ofLaunches : cells.map(peakOf);
  const [least, most] = [Math.min(...peaks), Math.max(...peaks)];
  return { least, most, isByLaunch, isOne: most <= least * samePeak };
}
