/**
 * Question 1, memory in words: what all processes of a cell of W9 hold over the bus and over `sockets`, what it becomes with many handles or
 * peers, and what of it is the broker's. Resident memory has the runtime of each process in it, and pages that several share are counted
 * with each, so that ratios of it are smaller than what a message broker alone would show.
 */
import type { CellLine, Holdings, ResultLine } from '../results/line.js';
import type { Interval } from '../statistics/bootstrap.js';
import { launchRatio } from '../statistics/launch-ratio.js';
import { amountOf, crowdOf, growthForEach, heldBy, holders } from './figures/holdings.js';
import * as say from './quantity.js';
import { cellsOf, compared, cpuTime, grouped, isUsable, type Pair, pairs } from './selection.js';
import type { ReportTable } from './table.js';

const seed = 5;

const resident = ({ resident_bytes: bytes }: Holdings): number => bytes;
const descriptors = (held: Holdings): number => held.descriptors;
const ofBroker = ({ broker_resident_bytes: bytes }: Holdings): number | null => bytes;
const used = ({ broker_used_bytes: bytes }: Holdings): number | null => bytes;
const grown = ({ broker_grown_bytes: bytes }: Holdings): number | null => bytes;

/** Ours over theirs in resident memory of all processes, launch by launch; null where one of them does not say it. */
function residentRatio(ours: CellLine, theirs: CellLine): Interval | null {
  const value = ({ holdings }: { readonly holdings?: Holdings }): number | null =>
    holdings === undefined ? null : resident(holdings);
  return launchRatio(ours.launches, theirs.launches, value, seed);
}

function isOneOfEverything(cell: CellLine): boolean {
  return amountOf(cell) === 1;
}

function heldPairs(lines: readonly ResultLine[]): Pair[] {
  return pairs(holders(lines), 'bus', 'sockets');
}

/** How much more is held with one of everything, as a short sentence; nothing where that was not measured. */
export function memoryShort(lines: readonly ResultLine[]): string[] {
  return heldPairs(lines)
    .filter(({ ours }) => isOneOfEverything(ours))
    .slice(0, 1)
    .flatMap(({ ours, theirs }) => {
      const ratio = residentRatio(ours, theirs);
      return ratio === null
        ? []
        : [
            `The processes of the bus together hold ${say.times(ratio)} the memory ${say.at(ours.placement)}.`,
          ];
    });
}

function oneSentence({ ours, theirs }: Pair): string[] {
  const ratio = residentRatio(ours, theirs);
  if (ratio === null) return [];
  const broker = heldBy(ours, ofBroker);
  const part =
    broker === null
      ? ''
      : `; the broker is a process of ${say.memory(broker)}, with ${say.memory(heldBy(ours, used))} of heap and buffers in use`;
  return [
    `With one of everything all processes together hold ${say.memory(heldBy(ours, resident))} over the bus and ${say.memory(heldBy(theirs, resident))} over \`sockets\` ${say.at(ours.placement)}, ${say.times(ratio)} as much${part}.`,
  ];
}

/** What a crowd adds to what one of everything holds, over both. */
function crowdSentence(one: Pair, many: Pair): string[] {
  const [ours, theirs] = [residentRatio(many.ours, one.ours), residentRatio(many.theirs, one.theirs)];
  if (ours === null || theirs === null) return [];
  const open = (cell: CellLine, before: CellLine): string =>
    `${say.count(heldBy(cell, descriptors))} descriptors instead of ${say.count(heldBy(before, descriptors))}`;
  return [
    `With ${crowdOf(many.ours)} instead of one of everything they hold ${say.times(ours)} as much over the bus, in ${open(many.ours, one.ours)}, and ${say.times(theirs)} as much over \`sockets\`, in ${open(many.theirs, one.theirs)} (${say.at(many.ours.placement)}).`,
  ];
}

/** What many handles or peers cost a message, and by what the broker grows for them. */
function brokerSentences(lines: readonly ResultLine[]): string[] {
  const cells = cellsOf(lines).filter((cell) => cell.workload === 'W9' && isUsable(cell));
  return [...grouped(cells, ({ placement }) => placement)].flatMap(([placement, members]) =>
    (['handles', 'peers'] as const).flatMap((dimension) => {
      const other = dimension === 'handles' ? 'peers' : 'handles';
      const sorted = members
        .filter((cell) => cell.contender === 'bus' && (cell[other] ?? 1) === 1 && cell.holders === undefined)
        .sort((a, b) => (a[dimension] ?? 1) - (b[dimension] ?? 1));
      const [first, last] = [sorted[0], sorted.at(-1)];
      if (first === undefined || last === undefined) return [];
      return manySentences(first, last, dimension, say.at(placement));
    }),
  );
}

function manySentences(
  first: CellLine,
  last: CellLine,
  dimension: 'handles' | 'peers',
  place: string,
): string[] {
  const [few, many] = [first[dimension] ?? 1, last[dimension] ?? 1];
  const sentences: string[] = [];
  const cost = compared({ ours: last, theirs: first }, cpuTime);
  if (many > few && cost !== null) {
    sentences.push(
      `With ${say.count(many)} ${dimension} instead of ${say.count(few)} a message over the bus costs ${say.times(cost)} the CPU time ${place}.`,
    );
  }
  const growth = heldBy(last, grown);
  const each = growthForEach(last);
  if (growth !== null && each !== null) {
    sentences.push(
      `For ${say.count(many)} ${dimension} the memory in use of the broker grows by ${say.memory(growth)} (${place}): no more than ${say.count(each)} bytes for each, with what it takes to serve at all.`,
    );
  }
  return sentences;
}

export function memorySentences(lines: readonly ResultLine[]): string[] {
  const places = [...grouped(heldPairs(lines), ({ ours }) => ours.placement).values()];
  const held = places.flatMap((members) => {
    const one = members.find(({ ours }) => isOneOfEverything(ours));
    if (one === undefined) return [];
    const most = [...grouped(members, ({ ours }) => crowdOf(ours).replace(/^[\d\s]+/, '')).values()]
      .flatMap((kind) => kind.at(-1) ?? [])
      .filter((pair) => pair !== one);
    return [...oneSentence(one), ...most.flatMap((many) => crowdSentence(one, many))];
  });
  return [...held, ...brokerSentences(lines)];
}

/** Both side by side, a row for each crowd; undefined where not both were measured. */
export function memoryTable(lines: readonly ResultLine[]): ReportTable | undefined {
  const found = heldPairs(lines);
  if (found.length === 0) return undefined;
  const titles = [
    'bus',
    'sockets',
    'bus / sockets',
    '95 %',
    'of it the broker',
    'in use there',
    'descriptors, bus',
    'descriptors, sockets',
  ];
  return {
    columns: [
      { title: 'with' },
      { title: 'placement' },
      ...titles.map((title) => ({ title, isNumber: true })),
    ],
    rows: found.map(({ ours, theirs }) => {
      const ratio = residentRatio(ours, theirs);
      return [
        crowdOf(ours),
        say.placementName(ours.placement),
        say.memory(heldBy(ours, resident)),
        say.memory(heldBy(theirs, resident)),
        say.ratio(ratio?.estimate),
        say.interval(ratio?.low, ratio?.high),
        say.memory(heldBy(ours, ofBroker)),
        say.memory(heldBy(ours, used)),
        say.count(heldBy(ours, descriptors)),
        say.count(heldBy(theirs, descriptors)),
      ];
    }),
  };
}
