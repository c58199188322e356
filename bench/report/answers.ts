/**
 * The three questions of the suite, answered in words from the cells of one run. The words follow the numbers: a sentence says "longer" only
 * where the interval of the ratio excludes 1, and says so where it does not. Used by the report and by docs/findings.md.
 */
import type { CellLine, ResultLine } from '../results/line.js';
import type { Interval } from '../statistics/bootstrap.js';
import { crossings, crossingWords } from './crossing.js';
import { counted, leastExcluded, orderContenders, patternsOf } from './figures/order.js';
import { senderCells } from './figures/receivers.js';
import { usualStreams } from './figures/work.js';
import { patternOf } from './patterns.js';
import * as say from './quantity.js';
import {
  cellsOf,
  clientCpuTime,
  compared,
  cpuTime,
  grouped,
  isUsable,
  medianTime,
  ordersOf,
  type Pair,
  pairs,
  placementsOf,
  roundTrips,
  throughput,
  verdictOf,
} from './selection.js';

export interface Answer {
  readonly question: 1 | 2 | 3;
  readonly asks: string;
  /** One sentence, for who reads nothing else. */
  readonly short: string;
  /** The rest, a sentence each; code between backquotes. */
  readonly sentences: readonly string[];
}

const questions = {
  1: 'What does a brokered bus with global order cost over plain sockets, in latency, throughput, CPU and memory?',
  2: 'What does multicast gain, and from how many receivers on?',
  3: 'What goes wrong without causal or total order: how often, in which pattern of messages?',
} as const;

/** `1.37 times (95 %: 1.30–1.45)`. */
export function times(value: Interval): string {
  const range = value.low === null ? '' : ` (95\u00a0%: ${say.interval(value.low, value.high)})`;
  return `${say.ratio(value.estimate)} times${range}`;
}

function where(placement: string): string {
  if (placement === 'two-cores') return 'on two cores';
  if (placement === 'one-core') return 'on one core';
  return placement === 'not-pinned' ? 'not pinned' : `at ${placement}`;
}

interface Compared {
  readonly pair: Pair;
  readonly value: Interval;
}

function comparisons(
  cells: readonly CellLine[],
  names: readonly [ours: string, theirs: string],
  measure: typeof medianTime,
): Compared[] {
  return pairs(cells, ...names).flatMap((pair) => {
    const value = compared(pair, measure);
    return value === null ? [] : [{ pair, value }];
  });
}

/** What a ratio says, in words for less, the same and more. */
function worded(value: Interval, words: { less: string; same: string; more: string }): string {
  return words[verdictOf(value)];
}

function byPlacement(cells: readonly CellLine[]): CellLine[] {
  const order = placementsOf(cells);
  return [...cells].sort((a, b) => order.indexOf(a.placement) - order.indexOf(b.placement));
}

function callSentences(lines: readonly ResultLine[]): string[] {
  const calls = byPlacement(roundTrips(lines).filter(({ call }) => call === 'empty'));
  return comparisons(calls, ['bus', 'sockets'], medianTime).map(({ pair, value }) => {
    const verdict = worded(value, {
      less: 'is shorter than',
      same: 'differs from that over `sockets` by less than this run can tell',
      more: 'is longer than',
    });
    const than = verdictOf(value) === 'same' ? '' : ' that over `sockets`';
    const cpu = compared(pair, cpuTime);
    const spent =
      cpu === null
        ? ''
        : ` It spends ${times(cpu)} the CPU time: ${say.time(pair.ours.cpu_us_per_message)} instead of ${say.time(pair.theirs.cpu_us_per_message)}.`;
    return `The median call over the bus ${where(pair.ours.placement)} ${verdict}${than}: ${say.time(pair.ours.p50_us)} to ${say.time(pair.theirs.p50_us)}, ${times(value)}.${spent}`;
  });
}

function streamSentences(lines: readonly ResultLine[]): string[] {
  return comparisons(byPlacement(usualStreams(lines)), ['bus', 'sockets'], throughput).map(
    ({ pair, value }) => {
      const verdict = worded(value, {
        less: 'fewer',
        same: 'as many (as far as this run can tell)',
        more: 'more',
      });
      const cpu = compared(pair, cpuTime);
      const spent = cpu === null ? '' : `, at ${times(cpu)} the CPU time a message`;
      return `In a stream ${where(pair.ours.placement)} the bus carries ${verdict}: ${say.rate(pair.ours.per_second)} messages a second to ${say.rate(pair.theirs.per_second)} over \`sockets\`, ${times(value)}${spent}.`;
    },
  );
}

const others: readonly { readonly workload: string; readonly what: string }[] = [
  { workload: 'W3', what: 'A handle given away, with the first call on it,' },
  { workload: 'W5', what: 'Taking a grant back' },
  { workload: 'W6', what: "The notice of a peer's death" },
  { workload: 'W7', what: 'A control operation' },
  { workload: 'W10', what: 'A call after an idle gap' },
];

/** The range of the ratios bus/sockets of a workload, over all its cells. */
function otherSentences(lines: readonly ResultLine[]): string[] {
  return others.flatMap(({ workload, what }) => {
    const cells = cellsOf(lines).filter((cell) => cell.workload === workload && isUsable(cell));
    const values = comparisons(cells, ['bus', 'sockets'], medianTime).map(({ value }) => value.estimate);
    if (values.length === 0) return [];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const range =
      values.length === 1 || say.ratio(least) === say.ratio(most)
        ? say.ratio(most)
        : `${say.ratio(least)} to ${say.ratio(most)}`;
    const over = values.length === 1 ? '' : ` over ${values.length} cells`;
    return [
      `${what} takes ${range} times as long over the bus as over \`sockets\`${over} (${workload}, medians).`,
    ];
  });
}

function foreignSentences(lines: readonly ResultLine[]): string[] {
  const calls = byPlacement(roundTrips(lines).filter(({ call }) => call === 'empty'));
  return ['dbus-broker', 'dbus-daemon'].flatMap((theirs) => {
    const found = comparisons(calls, ['bus', theirs], medianTime);
    if (found.length === 0) return [];
    const parts = found.map(({ pair, value }) => `${times(value)} ${where(pair.ours.placement)}`);
    return [
      `Beside another brokered bus: a call over ours takes as long as one through \`${theirs}\` with C at both ends, times a factor: ${say.listed(parts)}.`,
    ];
  });
}

function memorySentences(lines: readonly ResultLine[]): string[] {
  const cells = cellsOf(lines).filter(
    (cell) => cell.workload === 'W9' && cell.contender === 'bus' && isUsable(cell),
  );
  return [
    ...grouped(
      cells,
      ({ call, placement, peers }) => `${call} ${placement} ${peers === undefined ? 'handles' : 'peers'}`,
    ),
  ].flatMap(([, members]) => {
    const many = (cell: CellLine): number => cell.peers ?? cell.handles ?? 1;
    const sorted = [...members].sort((a, b) => many(a) - many(b));
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (first === undefined || last === undefined || many(first) === many(last) || last.p50_us === null)
      return [];
    const value = compared({ ours: last, theirs: first }, cpuTime);
    if (value === null) return [];
    const what = first.peers === undefined ? 'handles' : 'peers';
    return [
      `With ${say.count(many(last))} ${what} instead of ${say.count(many(first))} a message over the bus costs ${times(value)} the CPU time (${say.placementName(first.placement)}).`,
    ];
  });
}

function firstAnswer(lines: readonly ResultLine[]): Answer {
  const calls = byPlacement(roundTrips(lines).filter(({ call }) => call === 'empty'));
  const found = comparisons(calls, ['bus', 'sockets'], medianTime);
  const parts = found.map(({ pair, value }) => `${times(value)} ${where(pair.ours.placement)}`);
  const streams = comparisons(byPlacement(usualStreams(lines)), ['bus', 'sockets'], throughput);
  const carried = streams.map(
    ({ pair, value }) => `${say.ratio(value.estimate)} ${where(pair.ours.placement)}`,
  );
  const short =
    parts.length === 0
      ? 'This run does not answer it: it has no call over both `bus` and `sockets`.'
      : `A call over the bus takes as long as one over \`sockets\` times ${say.listed(parts.map((part) => part.replace(' times', '')))}${
          carried.length === 0 ? '' : `; its throughput is that of \`sockets\` times ${say.listed(carried)}`
        }.`;
  return {
    question: 1,
    asks: questions[1],
    short,
    sentences: [
      ...callSentences(lines),
      ...streamSentences(lines),
      ...otherSentences(lines),
      ...memorySentences(lines),
      ...foreignSentences(lines),
    ],
  };
}

function senderSentences(lines: readonly ResultLine[]): string[] {
  const cells = senderCells(lines).filter(({ contender }) => contender === 'bus' || contender === 'sockets');
  return [...grouped(cells, ({ contender, placement, call }) => `${contender} ${placement} ${call}`)].flatMap(
    ([, members]) => {
      const sorted = [...members].sort((a, b) => (a.receivers ?? 1) - (b.receivers ?? 1));
      const [first, last] = [sorted[0], sorted.at(-1)];
      if (first === undefined || last === undefined || first.receivers === last.receivers) return [];
      const value = compared({ ours: last, theirs: first }, clientCpuTime);
      if (value === null) return [];
      return [
        `To reach ${last.receivers} instead of ${first.receivers} costs the sender ${times(value)} the CPU time over \`${first.contender}\` ${where(first.placement)} (${say.time(last.client_cpu_us_per_message)} to ${say.time(first.client_cpu_us_per_message)}).`,
      ];
    },
  );
}

function secondAnswer(lines: readonly ResultLine[]): Answer {
  const found = crossings(lines);
  const short =
    found.length === 0
      ? 'This run does not answer it: it has no multicast over both `bus` and `sockets`.'
      : `A multicast over the bus has reached its last receiver sooner than a loop over \`sockets\` ${say.listed(
          found.map((crossing) => `${crossingWords(crossing, say.listed)} ${where(crossing.placement)}`),
        )}.`;
  const steps = found.map(
    (crossing) =>
      `Multicast over loop ${where(crossing.placement)}: ${say.listed(
        crossing.steps.map(({ receivers, ratio }) => `${say.ratio(ratio.estimate)} at ${receivers}`),
      )} ${crossing.steps.length === 1 ? 'receiver' : 'receivers'}; where the interval holds 1 it is not decided.`,
  );
  return { question: 2, asks: questions[2], short, sentences: [...steps, ...senderSentences(lines)] };
}

function orderSentence(contender: string, lines: readonly ResultLine[]): string {
  const mine = ordersOf(lines).filter((line) => line.contender === contender);
  const { runs, inversions } = counted(mine);
  const promised = mine.every((line) => line.is_promised)
    ? 'promises that there is none'
    : mine.some((line) => line.is_promised)
      ? 'promises it for some of the patterns'
      : 'promises no order across handles';
  if (inversions === 0) {
    return `\`${contender}\` (${promised}): no inversion in ${say.count(runs)} runs, which excludes more than ${say.percent(leastExcluded(runs))} of such runs at the 95\u00a0% level.`;
  }
  const patterns = patternsOf(mine).flatMap((call) => {
    const count = counted(mine.filter((line) => line.call === call));
    return count.inversions === 0
      ? []
      : [`${patternOf(call).title} (${say.count(count.inversions)} of ${say.count(count.runs)} runs)`];
  });
  const failed = counted(mine).violations > 0 ? ' That is a promise broken: the run has failed.' : '';
  return `\`${contender}\` (${promised}): an inversion in ${say.count(inversions)} of ${say.count(runs)} runs, in the patterns ${say.listed(patterns)}.${failed}`;
}

/** How much more often under load, where it was varied. */
function loadSentence(lines: readonly ResultLine[]): string[] {
  const orders = ordersOf(lines).filter((line) => !line.is_promised);
  const idle = counted(orders.filter((line) => line.load_kib === 0));
  const loaded = counted(orders.filter((line) => line.load_kib > 0));
  if (idle.runs === 0 || loaded.runs === 0 || loaded.inversions + idle.inversions === 0) return [];
  return [
    `Where order is not promised, ${say.percent(idle.inversions / idle.runs)} of the runs with nothing queued had an inversion, and ${say.percent(loaded.inversions / loaded.runs)} of those with data queued ahead.`,
  ];
}

function thirdAnswer(lines: readonly ResultLine[]): Answer {
  const orders = ordersOf(lines);
  const contenders = orderContenders(orders);
  const broken = contenders.filter(
    (contender) => counted(orders.filter((line) => line.contender === contender)).inversions > 0,
  );
  const whole = contenders.filter((contender) => !broken.includes(contender));
  const name = (names: readonly string[]): string => say.listed(names.map((one) => `\`${one}\``));
  const short =
    orders.length === 0
      ? 'This run does not answer it: it has no patterns of W8.'
      : broken.length === 0
        ? `No inversion was seen over ${name(whole)} in ${say.count(counted(orders).runs)} runs.`
        : `An effect was received before its cause over ${name(broken)}${whole.length === 0 ? '' : `, and never over ${name(whole)}`}.`;
  return {
    question: 3,
    asks: questions[3],
    short,
    sentences: [...contenders.map((contender) => orderSentence(contender, lines)), ...loadSentence(lines)],
  };
}

export function answersOf(lines: readonly ResultLine[]): readonly [Answer, Answer, Answer] {
  return [firstAnswer(lines), secondAnswer(lines), thirdAnswer(lines)];
}
