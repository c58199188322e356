/**
 * What a call costs while there is more to do: the open loop of W1 at random times (Poisson), at the first placement, over what this project
 * offers and the program in C. Each share is of the contender's own peak, so that a row of one is never the load of another's; who could not
 * carry what was offered is said only where the results tell it (`achieved_share`).
 */
import { type CellLine, isOverloaded, type ResultLine } from '../results/line.js';
import { doneText, launchesText, loadShareText } from './figures/calls.js';
import { peakOf, peaksOf } from './peak.js';
import * as say from './quantity.js';
import { cellsOf, isUsable, placementsOf } from './selection.js';
import type { ReportTable } from './table.js';
import { tailRange, tailSentences, tailText } from './tail.js';

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

function shares(cells: readonly CellLine[]): string {
  return say.listed(cells.map(loadShareText));
}

/** What the shares are of. */
function peakWords(cells: readonly CellLine[]): string {
  const { least, most, isByLaunch, isOne } = peaksOf(cells);
  const each = isByLaunch
    ? 'found anew in each launch'
    : 'found anew in each launch, here the median at each load';
  return isOne
    ? `a peak of about ${say.rate(most)} calls a second (${each})`
    : `peaks from ${say.rate(least)} to ${say.rate(most)} calls a second (${each})`;
}

/** Of one contender; empty where none of its cells may be used or has a median. */
function contenderSentence(cells: readonly CellLine[]): string[] {
  const usable = cells.filter(isUsable);
  const withMedian = usable.filter(({ p50_us }) => p50_us !== null);
  const withTail = usable.filter(({ p99_us }) => p99_us !== null);
  const [first] = withMedian;
  // A smoke run has too few samples even for a median.
  if (first === undefined) return [];
  const each = (told: readonly CellLine[], text: (cell: CellLine) => string): string =>
    say.listed(told.map((cell) => `${text(cell)} at ${loadShareText(cell)}`));
  const overloaded = usable.filter(isOverloaded);
  const isKnown = usable.every(({ achieved_share: share }) => share !== undefined);
  const carried = !isKnown
    ? []
    : overloaded.length === 0
      ? ['It carried all of it.']
      : [`At ${shares(overloaded)} it was overloaded, and that latency is the one of a backlog.`];
  const invalid = cells.filter((cell) => !isUsable(cell));
  return [
    [
      `Under load \`${first.contender}\` has ${peakWords(usable)}.`,
      `Of its peak in the same launch, its p50 is ${each(withMedian, ({ p50_us }) => say.time(p50_us))}.`,
      ...(withTail.length === 0 ? [] : [`Its p99 is ${each(withTail, tailText)}.`]),
      ...carried,
      ...(invalid.length === 0 ? [] : [`At ${shares(invalid)} its figures may not be used.`]),
    ].join(' '),
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
    [
      `Under load (Poisson: calls offered at random times, ${say.at(first.placement)}, latency from the planned moment) each share is of the contender's own peak: equal shares are not equal loads, and who has the higher peak was offered more.`,
      ...tailSentences(cells.filter(isUsable)),
    ].join(' '),
    ...sentences,
  ];
}

/** Undefined without an open loop. */
export function loadedTable(lines: readonly ResultLine[]): ReportTable | undefined {
  const cells = loadedCells(lines);
  if (cells.length === 0) return undefined;
  const hasDone = cells.some(({ achieved_share: share }) => share !== undefined);
  const hasTails = cells.some((cell) => tailRange(cell) !== undefined);
  const titles = [
    ...['peak/s', 'of its peak', 'offered/s', ...(hasDone ? ['done'] : []), 'launches', 'p50', 'p99'],
    ...(hasTails ? ['p99 of launches'] : []),
  ];
  return {
    columns: [{ title: 'contender' }, ...titles.map((title) => ({ title, isNumber: true }))],
    rows: cells.map((cell) => [
      cell.contender,
      say.count(peakOf(cell)),
      loadShareText(cell),
      say.count(cell.offered_per_second),
      ...(hasDone ? [doneText(cell) ?? '–'] : []),
      launchesText(cell),
      ...(isUsable(cell) ? [say.time(cell.p50_us), say.time(cell.p99_us)] : ['not usable', 'not usable']),
      ...(hasTails ? [isUsable(cell) ? (tailRange(cell) ?? '–') : 'not usable'] : []),
    ]),
  };
}

/** What stands above the table. */
export const loadedIntroduction =
  "An open loop of calls at random times (Poisson) at the first placement. Each share is of the contender's own peak (how it was found is below, in the method), in the same launch; what stands here is the median of the launches that count in this row: compare `offered/s` before two rows. Launches in which the machine stalled do not count, and a p99 is as sure as the spread of those of its launches.";
