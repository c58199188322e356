/**
 * Two transports side by side in everything that both were measured in: the table that answers the first question, and the list of where
 * one is better and where it is not. Which is better is said only where the ratio has an interval, that excludes 1, and this remains after
 * correction for all questions: multicasts are a family of their own, as they have a table of their own.
 */
import type { CellLine, ResultLine } from '../results/line.js';
import { variedNames } from '../results/line.js';
import type { Interval } from '../statistics/bootstrap.js';
import * as say from './quantity.js';
import {
  cellsOf,
  compared,
  cpuTime,
  grouped,
  isUsable,
  medianTime,
  type Pair,
  pairs,
  placementsOf,
  type Ratio,
  throughput,
  verdictsOf,
} from './selection.js';
import type { ReportTable } from './table.js';

export interface Contrast {
  readonly workload: string;
  readonly what: string;
  readonly placement: string;
  readonly pair: Pair;
  /** Ours over theirs, in time or in messages a second. */
  readonly ratio: Ratio;
  readonly isRate: boolean;
  readonly cpu: Interval | null;
  /** `same`: this run cannot tell, because 1 is inside of the interval, there is none, or it may be chance among so many questions. */
  readonly verdict: 'better' | 'same' | 'worse';
}

const names: Readonly<Record<string, string>> = {
  W1: 'call',
  W2: 'one-way messages',
  W3: 'handle given away, and a call on it',
  W4: 'one message to many, until the last has it',
  'W4 multicast-cost': 'one message to many, for its sender',
  'W5 revoke': 'node taken back from all its holders',
  'W5 revoke-one': "one holder's grant taken back",
  'W6 death': "notice of a peer's death, whose nodes are held",
  'W6 death-held': "notice of a peer's death, which held nodes",
  W7: 'control operation',
  W9: 'batch of messages when there are many',
  W10: 'call after an idle gap',
};

function scheduleWords({ schedule }: CellLine): string {
  return schedule === 'poisson' ? 'at random times' : 'evenly';
}

/** What is done, with all that varies in words: no two cells of one contender and placement have the same. */
export function whatOf(cell: CellLine): string {
  const parts: string[] = [];
  if (cell.workload === 'W1' || cell.workload === 'W2') parts.push(say.bytes(cell.payload_bytes));
  if (cell.loop === 'open')
    parts.push(`open loop at ${say.percent(cell.load_share ?? 0)} of the peak, ${scheduleWords(cell)}`);
  for (const name of variedNames) {
    const value = cell[name];
    if (value === undefined || typeof value === 'string') continue;
    if (name === 'receiver_processes' || name === 'offered_per_second' || name === 'load_share') continue;
    if ((name === 'outstanding' || name === 'senders') && value === 1) continue;
    if (name === 'gap_ms') parts.push(`${value}\u00a0ms idle`);
    else
      parts.push(
        value === 1
          ? `1 ${name.replace(/s$/, '')}`
          : `${say.count(value)} ${name.replace(/s?$/, name === 'outstanding' ? '' : 's')}`,
      );
  }
  const isNamed = cell.workload === 'W7' || cell.call === 'control';
  const what = names[`${cell.workload} ${cell.call}`] ?? names[cell.workload] ?? cell.workload;
  const name = `${what}${isNamed ? ` \`${cell.call}\`` : ''}`;
  return parts.length === 0 ? name : `${name}, ${parts.join(', ')}`;
}

/** The questions of one table with their verdicts. */
function judged(family: readonly Omit<Contrast, 'verdict'>[]): Contrast[] {
  const verdicts = verdictsOf(family.map(({ ratio }) => ratio));
  return family.map((one, at): Contrast => {
    const verdict = verdicts[at] ?? 'same';
    const better = one.isRate ? 'more' : 'less';
    return { ...one, verdict: verdict === 'same' ? 'same' : verdict === better ? 'better' : 'worse' };
  });
}

/**
 * Every question that both were asked, in the order of the workloads and placements. Not those of an open loop: there each is offered shares
 * of its own peak, and the same share is another load.
 */
export function contrasts(lines: readonly ResultLine[], ours = 'bus', theirs = 'sockets'): Contrast[] {
  const cells = cellsOf(lines).filter(
    (cell) => isUsable(cell) && cell.loop === 'closed' && cell.call !== 'multicast-cost',
  );
  const order = placementsOf(cells);
  const number = (workload: string): number => Number(workload.slice(1));
  const found = pairs(cells, ours, theirs).flatMap((pair): Omit<Contrast, 'verdict'>[] => {
    const { workload, placement } = pair.ours;
    const isRate = workload === 'W2';
    const ratio = compared(pair, isRate ? throughput : medianTime);
    if (ratio === null) return [];
    return [
      { workload, what: whatOf(pair.ours), placement, pair, ratio, isRate, cpu: compared(pair, cpuTime) },
    ];
  });
  return [...grouped(found, ({ workload }) => (workload === 'W4' ? 'multicasts' : 'others')).values()]
    .flatMap(judged)
    .sort(
      (a, b) =>
        number(a.workload) - number(b.workload) ||
        Number(b.pair.ours.call === 'empty') - Number(a.pair.ours.call === 'empty') ||
        a.pair.ours.call.localeCompare(b.pair.ours.call) ||
        order.indexOf(a.placement) - order.indexOf(b.placement),
    );
}

/** How much of something there is: what the varied values amount to. */
function amount({ ours }: Pair): number {
  return (
    (ours.outstanding ?? 1) *
      (ours.senders ?? 1) *
      (ours.handles ?? 1) *
      (ours.holders ?? 1) *
      (ours.receivers ?? 1) *
      (ours.services ?? 1) *
      (ours.peers ?? 1) +
    (ours.gap_ms ?? 0) +
    (ours.loop === 'open' ? 1000 : 0)
  );
}

/** Of each workload, call and placement the least and the greatest amount, at the payload nearest to 64 bytes. */
export function extremes(all: readonly Contrast[]): Contrast[] {
  const distance = ({ pair }: Contrast): number => Math.abs(Math.log((pair.ours.payload_bytes + 1) / 65));
  return [
    ...grouped(all, ({ workload, placement, pair }) => `${workload} ${pair.ours.call} ${placement}`).values(),
  ].flatMap((members) => {
    const nearest = Math.min(...members.map(distance));
    const usual = members.filter((one) => distance(one) === nearest && one.pair.ours.loop === 'closed');
    const sorted = (usual.length > 0 ? usual : members).sort((a, b) => amount(a.pair) - amount(b.pair));
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (first === undefined || last === undefined) return [];
    return first === last ? [first] : [first, last];
  });
}

function value(cell: CellLine, isRate: boolean): string {
  return isRate ? `${say.rate(cell.per_second)}/s` : say.time(cell.p50_us);
}

export function contrastTable(all: readonly Contrast[], ours = 'bus', theirs = 'sockets'): ReportTable {
  return {
    columns: [
      { title: 'what' },
      { title: 'placement' },
      ...[ours, theirs, `${ours} / ${theirs}`, '95 %', 'CPU time'].map((title) => ({
        title,
        isNumber: true,
      })),
      { title: `${ours} is` },
    ],
    rows: all.map(({ what, placement, pair, ratio, isRate, cpu, verdict }) => [
      what,
      say.placementName(placement),
      value(pair.ours, isRate),
      value(pair.theirs, isRate),
      say.ratio(ratio.estimate),
      say.interval(ratio.low, ratio.high),
      cpu === null ? '–' : `×\u00a0${say.ratio(cpu.estimate)}`,
      verdict === 'same' ? 'not sure' : verdict,
    ]),
  };
}
