/**
 * The three questions of the suite, answered in words from the cells of one run. The words follow the numbers: a sentence says that
 * something is surely so only where the interval of the ratio excludes 1, also after correction for all questions of its table, and that
 * there is no interval where there is none. Used by the report and by docs/findings.md.
 */
import type { CellLine, OrderLine, ResultLine } from '../results/line.js';
import type { Interval } from '../statistics/bootstrap.js';
import { type Contrast, contrasts, contrastTable, extremes } from './contrast.js';
import { type Crossing, crossings, crossingWords, multicasts } from './crossing.js';
import {
  counted,
  isBoundOverRuns,
  orderContenders,
  patternsOf,
  pooledOver,
  promiseTable,
  shareRange,
} from './figures/order.js';
import { senderCells, sendingTime } from './figures/receivers.js';
import { usualStreams } from './figures/work.js';
import { loadedSentences } from './loaded.js';
import { memorySentences, memoryShort } from './memory.js';
import { patternOf } from './patterns.js';
import * as say from './quantity.js';
import {
  compared,
  cpuTime,
  distinct,
  grouped,
  medianTime,
  ordersOf,
  type Pair,
  pairs,
  placementsOf,
  roundTrips,
  throughput,
} from './selection.js';
import type { ReportTable } from './table.js';
import { tailSentences, tailText } from './tail.js';

export interface Answer {
  readonly question: 1 | 2 | 3;
  readonly asks: string;
  /** A few sentences, for who reads nothing else. */
  readonly short: string;
  /** The rest, a sentence each; code between backquotes. */
  readonly sentences: readonly string[];
  /** The numbers behind it; undefined where there are none. */
  readonly table: ReportTable | undefined;
}

/** What it takes to be called better or worse. */
function correction(family: string): string {
  return `better or worse is only what its interval shows and what remains after Holm's correction for ${family} together, so that with 95 % none of them is called so by chance`;
}

/** What stands over the table of each answer. */
export const tableTitles = {
  1: `The bus and sockets side by side, at the least and the greatest of what varies; medians of all launches together, or messages a second, and their ratio launch by launch, which is not the quotient of the medians; ${correction('all questions apart from multicasts')}`,
  2: `One message to many: a multicast over the bus, and a loop over sockets; medians of all launches together, and their ratio launch by launch, which is not the quotient of the medians; ${correction('all multicasts')}`,
  3: 'What was promised, and what was seen',
} as const;

const questions = {
  1: 'What does a brokered bus with global order cost over plain sockets, in latency, throughput, CPU and memory?',
  2: 'What does multicast gain, and from how many receivers on?',
  3: 'What goes wrong without causal or total order: how often, in which pattern of messages?',
} as const;

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

function byPlacement(cells: readonly CellLine[]): CellLine[] {
  const order = placementsOf(cells);
  return [...cells].sort((a, b) => order.indexOf(a.placement) - order.indexOf(b.placement));
}

/** `1.20 to 1.37`, or one number where both are the same. */
function spanOf(values: readonly number[]): string {
  const [least, most] = [say.ratio(Math.min(...values)), say.ratio(Math.max(...values))];
  return least === most ? most : `${least} to ${most}`;
}

function cpuSentence(lines: readonly ResultLine[]): string[] {
  const calls = contrasts(lines).filter(
    ({ workload, pair }) => workload === 'W1' && pair.ours.call === 'empty',
  );
  const streams = contrasts(lines).filter(({ workload }) => workload === 'W2');
  const part = (all: readonly Contrast[], what: string): string[] => {
    const values = all.flatMap(({ cpu }) => (cpu === null ? [] : [cpu.estimate]));
    return values.length === 0 ? [] : [`${spanOf(values)} times for ${what}`];
  };
  const parts = [...part(calls, 'a call'), ...part(streams, 'a one-way message')];
  return parts.length === 0
    ? []
    : [`CPU time of all processes together, bus over \`sockets\`: ${say.listed(parts)}.`];
}

const others: readonly { readonly workload: string; readonly what: string }[] = [
  { workload: 'W3', what: 'A handle given away, with the first call on it,' },
  { workload: 'W5', what: 'Taking a grant back' },
  { workload: 'W6', what: "The notice of a peer's death" },
  { workload: 'W7', what: 'A control operation of the service manager' },
  { workload: 'W10', what: 'A call after an idle gap' },
];

/** The range of the ratios of a workload, over all its cells. */
function otherSentences(lines: readonly ResultLine[]): string[] {
  return others.flatMap(({ workload, what }) => {
    const found = contrasts(lines).filter((one) => one.workload === workload);
    if (found.length === 0) return [];
    const over = found.length === 1 ? '' : `, in ${found.length} cells`;
    return [
      `${what} takes ${spanOf(found.map(({ ratio }) => ratio.estimate))} times as long over the bus as over \`sockets\` (${workload}${over}).`,
    ];
  });
}

/** Which way the differences lie, counted. */
function balanceSentence(lines: readonly ResultLine[]): string[] {
  const all = contrasts(lines).filter(({ workload }) => workload !== 'W4');
  if (all.length === 0) return [];
  const number = (verdict: Contrast['verdict']): number =>
    all.filter((one) => one.verdict === verdict).length;
  const hasIntervals = all.some(({ ratio }) => ratio.low !== null);
  return [
    `Of ${all.length} ${all.length === 1 ? 'question' : 'questions'} that both were asked apart from multicasts, the bus is surely better in ${number('better')}, surely worse in ${number('worse')}, and in ${number('same')} this run cannot tell them apart (Holm's correction for all of them together).`,
    ...(hasIntervals
      ? []
      : [
          'No ratio has an interval, for which it takes at least two launches with enough samples (and five for a narrow one): each may be chance.',
        ]),
  ];
}

/** Why there is no answer: what both would have to be measured in is not there, or there are too few samples of it. */
function unanswered(cells: readonly CellLine[], what: string): string {
  const has = (name: string): boolean => cells.some(({ contender }) => contender === name);
  return has('bus') && has('sockets')
    ? `This run cannot tell: its ${what}s over \`bus\` and \`sockets\` have too few samples.`
    : `This run does not answer it: it has no ${what} over both \`bus\` and \`sockets\`.`;
}

function foreignSentences(lines: readonly ResultLine[]): string[] {
  const calls = byPlacement(roundTrips(lines).filter(({ call }) => call === 'empty'));
  return ['dbus-broker', 'dbus-daemon'].flatMap((theirs) => {
    const found = comparisons(calls, ['bus', theirs], medianTime);
    if (found.length === 0) return [];
    const parts = found.map(
      ({ pair, value }) => `${say.times(value)} as long ${say.at(pair.ours.placement)}`,
    );
    return [
      `Beside another brokered bus, \`${theirs}\` with C at both ends, a call over ours takes ${say.listed(parts)}.`,
    ];
  });
}

/** `Its p99 is 2.08 ms against 259 µs on two cores.`: a median alone hides the rare long call. How it varies stands in brackets. */
function tailWords(found: readonly Compared[]): string[] {
  const told = found.filter(({ pair: { ours, theirs } }) => ours.p99_us !== null && theirs.p99_us !== null);
  if (told.length === 0) return [];
  const parts = told.map(
    ({ pair: { ours, theirs } }) => `${tailText(ours)} against ${tailText(theirs)} ${say.at(ours.placement)}`,
  );
  return [
    `Its p99 is ${say.listed(parts)}.`,
    ...tailSentences(told.flatMap(({ pair: { ours, theirs } }) => [ours, theirs])),
  ];
}

function firstAnswer(lines: readonly ResultLine[]): Answer {
  const calls = byPlacement(roundTrips(lines).filter(({ call }) => call === 'empty'));
  const found = comparisons(calls, ['bus', 'sockets'], medianTime);
  const parts = found.map(({ pair, value }) => `${say.times(value)} as long ${say.at(pair.ours.placement)}`);
  const cpu = found.flatMap(({ pair }) => compared(pair, cpuTime)?.estimate ?? []);
  const carried = comparisons(byPlacement(usualStreams(lines)), ['bus', 'sockets'], throughput).map(
    ({ pair, value }) => `${say.ratio(value.estimate)} times as many ${say.at(pair.ours.placement)}`,
  );
  const [first, ...others] = parts;
  const also = others.length === 0 ? '' : `, ${say.listed(others)}`;
  const short =
    first === undefined
      ? unanswered(calls, 'call')
      : [
          `A call over the bus takes ${first} as one over \`sockets\`${also}, by the median.`,
          ...(cpu.length === 0 ? [] : [`It takes ${spanOf(cpu)} times the CPU time.`]),
          ...tailWords(found),
          ...(carried.length === 0 ? [] : [`Of one-way messages it carries ${say.listed(carried)}.`]),
          ...memoryShort(lines),
        ].join(' ');
  const all = contrasts(lines).filter(({ workload }) => workload !== 'W4');
  return {
    question: 1,
    asks: questions[1],
    short,
    sentences: [
      ...loadedSentences(lines),
      ...cpuSentence(lines),
      ...otherSentences(lines),
      ...memorySentences(lines),
      ...foreignSentences(lines),
      ...balanceSentence(lines),
    ],
    table: all.length === 0 ? undefined : contrastTable(extremes(all)),
  };
}

function senderSentences(lines: readonly ResultLine[]): string[] {
  const cells = senderCells(lines).filter(({ contender }) => contender === 'bus' || contender === 'sockets');
  return [...grouped(cells, ({ contender, placement, call }) => `${contender} ${placement} ${call}`)].flatMap(
    ([, members]) => {
      const sorted = [...members].sort((a, b) => (a.receivers ?? 1) - (b.receivers ?? 1));
      const [first, last] = [sorted[0], sorted.at(-1)];
      if (first === undefined || last === undefined || first.receivers === last.receivers) return [];
      const value = compared({ ours: last, theirs: first }, medianTime);
      if (value === null) return [];
      return [
        `To reach ${last.receivers} instead of ${first.receivers} costs the sender ${say.times(value)} the CPU time over \`${first.contender}\` ${say.at(first.placement)} (${say.time(sendingTime(last))} against ${say.time(sendingTime(first))}).`,
      ];
    },
  );
}

/** What it costs the sender to reach the most receivers, ours over theirs. */
function senderContrast(lines: readonly ResultLine[]): string[] {
  const both = pairs(senderCells(lines), 'bus', 'sockets');
  return [...grouped(both, ({ ours }) => ours.placement).values()].flatMap((members) => {
    const most = members.reduce((a, b) => ((b.ours.receivers ?? 1) > (a.ours.receivers ?? 1) ? b : a));
    const value = compared(most, medianTime);
    const { receivers = 1, placement } = most.ours;
    return value === null || receivers === 1
      ? []
      : [
          `For its sender a multicast to ${receivers} over the bus takes ${say.times(value)} the CPU time of a loop over \`sockets\` ${say.at(placement)} (${say.time(sendingTime(most.ours))} against ${say.time(sendingTime(most.theirs))}).`,
        ];
  });
}

function crossingSentence(found: readonly Crossing[], lines: readonly ResultLine[]): string {
  if (found.length === 0) return unanswered(multicasts(lines), 'multicast');
  const judged = found.filter(({ steps }) => steps.some(({ ratio }) => ratio.low !== null));
  if (judged.length === 0)
    return 'This run cannot tell: its ratios of a multicast over the bus to a loop over `sockets` have no intervals, for which it takes at least two launches (and five for a narrow one).';
  const parts = judged.map(
    (crossing) => `${crossingWords(crossing, say.listed)} ${say.at(crossing.placement)}`,
  );
  return `A multicast over the bus has surely reached its last receiver sooner than a loop over \`sockets\` ${say.listed(parts)}.`;
}

function secondAnswer(lines: readonly ResultLine[]): Answer {
  const found = crossings(lines).filter(({ steps }) => steps.length > 0);
  const steps = found.map(
    (crossing) =>
      `Time of the multicast over that of the loop ${say.at(crossing.placement)}: ${say.listed(
        crossing.steps.map(({ receivers, ratio }) => `${say.ratio(ratio.estimate)} at ${receivers}`),
      )} ${crossing.steps.every(({ receivers }) => receivers === 1) ? 'receiver' : 'receivers'}.`,
  );
  const otherBrokers = ['dbus-broker', 'dbus-daemon'].flatMap((name) =>
    crossings(lines, name)
      .filter((crossing) => crossing.steps.length > 1)
      .map(
        (crossing) =>
          `A signal through \`${name}\`, with programs in C at both ends, over the loop ${say.at(crossing.placement)}: ${say.listed(
            crossing.steps.map(({ receivers, ratio }) => `${say.ratio(ratio.estimate)} at ${receivers}`),
          )} receivers.`,
      ),
  );
  const all = contrasts(lines).filter(({ workload }) => workload === 'W4');
  return {
    question: 2,
    asks: questions[2],
    // What it gains is not only when the last has it.
    short: [crossingSentence(found, lines), ...senderContrast(lines)].join(' '),
    sentences: [...steps, ...otherBrokers, ...senderSentences(lines)],
    table: all.length === 0 ? undefined : contrastTable(all),
  };
}

function orderSentence(contender: string, lines: readonly ResultLine[]): string {
  const mine = ordersOf(lines).filter((line) => line.contender === contender);
  const { inversions, violations } = counted(mine);
  const failed = violations > 0 ? ' Promises were broken: the run has failed.' : '';
  const promised = mine.every((line) => line.is_promised)
    ? 'promises that there is none'
    : mine.some((line) => line.is_promised)
      ? 'promises it for some of the patterns'
      : 'promises no order across handles';
  if (inversions === 0) {
    const parts = byLoad(mine).map(
      ({ what, members }) => `in ${say.count(counted(members).runs)} runs ${what}${noneWords(members)}`,
    );
    return `\`${contender}\` (${promised}): no inversion ${say.listed(parts)}; ${pooledOver(mine)}.${failed}`;
  }
  const patterns = patternsOf(mine).flatMap((call) => {
    const those = mine.filter((line) => line.call === call);
    const parts = byLoad(those).map(({ what, members }) => {
      const count = counted(members);
      return `${say.count(count.inversions)} of ${say.count(count.runs)} ${what}`;
    });
    return counted(those).inversions === 0 ? [] : [`${patternOf(call).title} (${parts.join(', ')})`];
  });
  return `\`${contender}\` (${promised}): runs with an inversion in the ${patterns.length === 1 ? 'pattern' : 'patterns'} ${say.listed(patterns)}; ${pooledOver(mine)}.${failed}`;
}

interface OrderLoad {
  readonly what: string;
  readonly members: readonly OrderLine[];
}

/**
 * Runs without load and runs with data queued ahead, as far as there are any. Never added up: there are many more of the first, because they
 * are short, and a load makes an inversion frequent over one and rare over another.
 */
function byLoad(lines: readonly OrderLine[]): OrderLoad[] {
  const loads = [
    { what: 'without load', members: lines.filter((line) => line.load_kib === 0) },
    { what: 'with data queued', members: lines.filter((line) => line.load_kib > 0) },
  ];
  return loads.filter(({ members }) => members.length > 0);
}

/** What no inversion at all excludes, in a bracket. */
function noneWords(lines: readonly OrderLine[]): string {
  const range = shareRange(lines);
  return range === undefined
    ? ' (one launch bounds nothing, because its runs may depend on each other)'
    : ` (${range} at the 95\u00a0% level, if those of a launch do not depend on each other)`;
}

/** With what follows it in a bracket; nothing where there is no interval. */
function rangeWords(lines: readonly OrderLine[]): string {
  const range = shareRange(lines);
  return range === undefined ? '' : `95\u00a0%: ${range}${isBoundOverRuns(lines) ? ' by runs alone' : ''}; `;
}

function rangeInBrackets(lines: readonly OrderLine[]): string {
  const words = rangeWords(lines);
  return words === '' ? '' : ` (${words.replace(/; $/, '')})`;
}

function shareOf(lines: readonly OrderLine[]): string {
  const { inversions, runs } = counted(lines);
  return runs === 0 ? '–' : say.percent(inversions / runs);
}

/** Follows who promises some of the patterns, where those are not among what is counted. */
const unpromised = ' in the patterns for which it promises nothing';

/** `10.0 % of 40 123 without load (95 %: 4.42 %–15.3 %)`; of none at all the bound, which is the rule of three. */
function loadShare({ what, members }: OrderLoad): string {
  const { runs, inversions } = counted(members);
  const range = shareRange(members);
  if (inversions > 0) return `${shareOf(members)} of ${say.count(runs)} ${what}${rangeInBrackets(members)}`;
  const bound = range === undefined ? '' : ` (${range} at the 95\u00a0% level, by runs alone)`;
  return `none of ${say.count(runs)} ${what}${bound}`;
}

/**
 * How often, over each and under each load, in one sentence; nothing where there are no runs. Patterns that a transport promises are not among
 * those of which it is asked how often they go wrong, but where it promises all of them.
 */
function shareSentence(orders: readonly OrderLine[], contenders: readonly string[]): string {
  const parts = contenders.map((contender) => {
    const mine = orders.filter((line) => line.contender === contender);
    const free = mine.filter((line) => !line.is_promised);
    const isPartly = free.length > 0 && free.length < mine.length;
    const where = isPartly ? unpromised : '';
    const shares = byLoad(free.length > 0 ? free : mine).map(loadShare);
    return `over \`${contender}\`${where} ${say.listed(shares)}`;
  });
  return `Runs with an inversion: ${parts.join('; ')}.`;
}

/** Who lies on which core decides who wins a race. */
function placementSentence(lines: readonly ResultLine[]): string[] {
  const orders = ordersOf(lines).filter(
    (line) => !line.is_promised && line.load_kib === 0 && line.preemption === 'none',
  );
  const places = distinct(orders, ({ placement }) => placement);
  if (places.length < 2 || counted(orders).inversions === 0) return [];
  const isPartly = (contender: string): boolean =>
    ordersOf(lines).some((line) => line.contender === contender && line.is_promised);
  const parts = orderContenders(orders).map((contender) => {
    const mine = orders.filter((line) => line.contender === contender);
    const shares = places.map((placement) => {
      const here = mine.filter((line) => line.placement === placement);
      return `${shareOf(here)}${rangeInBrackets(here)} ${say.at(placement)}`;
    });
    return `over \`${contender}\`${isPartly(contender) ? unpromised : ''} ${say.listed(shares)}`;
  });
  return [
    `With nothing queued and nobody interrupted the share of runs with an inversion, by who shares a core, is ${parts.join('; ')}.`,
  ];
}

/** What an inversion of each property is, in the words of who sees it. */
const inversionWords: Readonly<Record<string, string>> = {
  causality: 'an effect was received before its cause',
  agreement: 'receivers disagreed on the order',
};

/** What went wrong over whom, each kind apart, and over whom nothing did. */
function brokenSentence(orders: readonly OrderLine[], contenders: readonly string[]): string {
  const name = (names: readonly string[]): string => say.listed(names.map((one) => `\`${one}\``));
  const inverted = orders.filter(({ inversions }) => inversions > 0);
  const kinds = grouped(inverted, ({ property }) => inversionWords[property] ?? `${property} was not kept`);
  const parts = [...kinds].map(([what, members]) => {
    const broken = contenders.filter((one) => members.some(({ contender }) => contender === one));
    return `${what} over ${name(broken)}`;
  });
  const whole = contenders.filter((one) => inverted.every(({ contender }) => contender !== one));
  const never = parts.length === 1 ? 'never' : parts.length === 2 ? 'neither' : 'none of it';
  const rest = whole.length === 0 ? [] : [`${never} over ${name(whole).replace(' and ', ' or ')}`];
  const [first = '', ...others] = [...parts, ...rest];
  // With commas before each part, since names within them are listed with "and".
  const text = [first, ...others.map((part, at) => (at === others.length - 1 ? `and ${part}` : part))].join(
    ', ',
  );
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function thirdAnswer(lines: readonly ResultLine[]): Answer {
  const orders = ordersOf(lines);
  const contenders = orderContenders(orders);
  const names = contenders.map((one) => `\`${one}\``);
  const short =
    orders.length === 0
      ? 'This run does not answer it: it has no patterns of W8.'
      : counted(orders).inversions === 0
        ? `No inversion was seen over ${say.listed(names)}. ${shareSentence(orders, contenders)}`
        : `${brokenSentence(orders, contenders)} ${shareSentence(orders, contenders)}`;
  return {
    question: 3,
    asks: questions[3],
    short,
    sentences: [
      ...contenders.map((contender) => orderSentence(contender, lines)),
      ...placementSentence(lines),
    ],
    table: promiseTable(lines),
  };
}

export function answersOf(lines: readonly ResultLine[]): readonly [Answer, Answer, Answer] {
  return [firstAnswer(lines), secondAnswer(lines), thirdAnswer(lines)];
}
