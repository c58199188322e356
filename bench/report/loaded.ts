/**
 * What a call costs while there is more to do: the open loop of W1 at random times (Poisson), at the first placement, over what this project
 * offers and the program in C. Each share is of the contender's own peak, so that a row of one is never the load of another's; who could not
 * carry what was offered is said only where the results tell it (`achieved_share`).
 */
import { type CellLine, isOverloaded, type ResultLine } from '../results/line.js';
import { doneText, loadShareText } from './figures/calls.js';
import * as say from './quantity.js';
import { cellsOf, isUsable, placementsOf } from './selection.js';
import type { ReportTable } from './table.js';

const told = ['bus', 'sockets', 'datagram', 'c-seqpacket'];

/** Cells by contender, then by load; also those that may not be used, because a hole must be seen. */
function loadedCells(lines: readonly ResultLine[]): CellLine[] {
  const open = cellsOf(lines).filter(
    ({ workload, loop, schedule, load_share: share }) =>
      workload === 'W1' && loop === 'open' && schedule === 'poisson' && share !== undefined,
  );
  const [first] = placementsOf(open);
  return told.flatMap((name) =>
    open
      .filter(({ contender, placement }) => contender === name && placement === first)
      .sort((a, b) => shareOf(a) - shareOf(b)),
  );
}

function shareOf({ load_share: share = 0 }: CellLine): number {
  return share;
}

/** Results of earlier versions have only what was offered. */
function peakOf(cell: CellLine): number {
  return cell.peak_per_second ?? (cell.offered_per_second ?? cell.per_second) / shareOf(cell);
}

function shares(cells: readonly CellLine[]): string {
  return say.listed(cells.map(loadShareText));
}

/** Of one contender; empty where none of its cells may be used. */
function contenderSentence(cells: readonly CellLine[]): string[] {
  const usable = cells.filter(isUsable);
  const [first] = usable;
  if (first === undefined) return [];
  const times = usable.map(
    (cell) => `${say.time(cell.p50_us)} and ${say.time(cell.p99_us)} at ${loadShareText(cell)}`,
  );
  const overloaded = usable.filter(isOverloaded);
  const isKnown = usable.every(({ achieved_share: share }) => share !== undefined);
  const carried = !isKnown
    ? ''
    : overloaded.length === 0
      ? '; it carried all of it'
      : `; at ${shares(overloaded)} it was overloaded, and that latency is the one of a backlog`;
  const invalid = cells.filter((cell) => !isUsable(cell));
  const hole = invalid.length === 0 ? '' : `; at ${shares(invalid)} its figures may not be used`;
  return [
    `Under load \`${first.contender}\`, whose peak is ${say.rate(peakOf(first))} calls a second, has a p50 and a p99 of ${say.listed(times)} of that peak${carried}${hole}.`,
  ];
}

/** The warning first, then each of them. Empty without an open loop. */
export function loadedSentences(lines: readonly ResultLine[]): string[] {
  const cells = loadedCells(lines);
  const sentences = told.flatMap((name) =>
    contenderSentence(cells.filter(({ contender }) => contender === name)),
  );
  const [first] = cells;
  if (first === undefined || sentences.length === 0) return [];
  return [
    `Under load (Poisson: calls offered at random times, ${say.at(first.placement)}, latency from the planned moment) each share is of the contender's own peak: equal shares are not equal loads, and who has the higher peak was offered more.`,
    ...sentences,
  ];
}

/** Undefined without an open loop. */
export function loadedTable(lines: readonly ResultLine[]): ReportTable | undefined {
  const cells = loadedCells(lines);
  if (cells.length === 0) return undefined;
  const hasDone = cells.some(({ achieved_share: share }) => share !== undefined);
  const titles = ['peak/s', 'of its peak', 'offered/s', ...(hasDone ? ['done'] : []), 'p50', 'p99'];
  return {
    columns: [{ title: 'contender' }, ...titles.map((title) => ({ title, isNumber: true }))],
    rows: cells.map((cell) => [
      cell.contender,
      say.count(peakOf(cell)),
      loadShareText(cell),
      say.count(cell.offered_per_second),
      ...(hasDone ? [doneText(cell) ?? '–'] : []),
      ...(isUsable(cell) ? [say.time(cell.p50_us), say.time(cell.p99_us)] : ['not usable', 'not usable']),
    ]),
  };
}

/** What stands above the table. */
export const loadedIntroduction =
  "An open loop of calls at random times (Poisson) at the first placement. Each share is of the contender's own peak (how it was found is below, in the method): compare `offered/s` before two rows.";
