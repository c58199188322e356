/** Question 3: what goes wrong without order, how often, in which pattern, and the shortest case of it. */
import type { OrderLine, ResultLine } from '../../results/line.js';
import { type LaunchCount, shareInterval } from '../../statistics/order-share.js';
import { patternOf } from '../patterns.js';
import * as say from '../quantity.js';
import { distinct, grouped, ordersOf, placementsOf } from '../selection.js';
import type { ReportTable } from '../table.js';

/** Runs and inversions of several lines together. */
export interface OrderCount {
  readonly runs: number;
  readonly inversions: number;
  readonly violations: number;
}

export function counted(lines: readonly OrderLine[]): OrderCount {
  const sum = (of: (line: OrderLine) => number): number => lines.reduce((all, line) => all + of(line), 0);
  return {
    runs: sum((line) => line.runs),
    inversions: sum((line) => line.inversions),
    violations: sum((line) => line.violations),
  };
}

/**
 * What each launch brought in all of these lines together: cells of a launch ran on the same processes, and contenders in turns, so that they
 * are one piece of evidence. Launches of another placement are others. Undefined where the results of an earlier version do not say.
 */
function launchesOf(lines: readonly OrderLine[]): LaunchCount[] | undefined {
  const pooled = new Map<string, { runs: number; inversions: number }>();
  for (const { launches, placement } of lines) {
    if (launches === undefined) return undefined;
    for (const { launch, runs, inversions } of launches) {
      const key = `${placement} ${launch}`;
      const before = pooled.get(key) ?? { runs: 0, inversions: 0 };
      pooled.set(key, { runs: before.runs + runs, inversions: before.inversions + inversions });
    }
  }
  return [...pooled.values()];
}

/** A draw of launches must give the same page again. */
const seed = 1;

/**
 * At the 95 % level: `3.1 %–4.2 %`, or `at most 0.3 %` where there is none. Undefined where there are fewer than two launches, whatever they
 * show: runs of one may all go the same way.
 */
export function shareRange(lines: readonly OrderLine[]): string | undefined {
  const { low, high } = shareInterval(launchesOf(lines) ?? [], seed);
  if (low === null || high === null) return undefined;
  if (counted(lines).inversions > 0) return `${say.percent(low)}–${say.percent(high)}`;
  const most = say.percent(high);
  return most.startsWith('<') ? most : `at most ${most}`;
}

/** Whether launches tell of no spread, because no run or every run has an inversion: then the bound counts runs (order-share.ts). */
export function isBoundOverRuns(lines: readonly OrderLine[]): boolean {
  const { runs, inversions } = counted(lines);
  return inversions === 0 || inversions === runs;
}

const overRunsMark = '†';

/** Below a table in which a bound is marked. */
const overRunsNote = `${overRunsMark} No run or every run had an inversion, so that launches tell of no spread: the bound is that of as many runs which do not depend on each other (the rule of three).`;

/** What a table has of it: `–` where there is none, and a mark where it counts runs. */
export function markedShareRange(lines: readonly OrderLine[]): string {
  const range = shareRange(lines);
  if (range === undefined) return '–';
  return isBoundOverRuns(lines) ? `${range} ${overRunsMark}` : range;
}

/** What stands below a table with these texts; undefined if none of them is marked. */
export function overRunsNoteOf(texts: readonly string[]): string | undefined {
  return texts.some((text) => text.endsWith(overRunsMark)) ? overRunsNote : undefined;
}

/** Over what the counts of these lines are added up: `6 patterns, 2 loads and 2 ways to interrupt in 5 launches`. */
export function pooledOver(lines: readonly OrderLine[]): string {
  const dimensions: readonly [number, string][] = [
    [distinct(lines, ({ call }) => call).length, 'patterns'],
    [distinct(lines, ({ load_kib }) => load_kib).length, 'loads'],
    [distinct(lines, ({ preemption }) => preemption).length, 'ways to interrupt'],
    [distinct(lines, ({ placement }) => placement).length, 'placements'],
  ];
  const varied = dimensions.filter(([count]) => count > 1).map(([count, what]) => `${count} ${what}`);
  const launches = launchesOf(lines)?.length;
  const times =
    launches === undefined ? 'one launch' : `${launches} ${launches === 1 ? 'launch' : 'launches'}`;
  return varied.length === 0 ? `in ${times}` : `${say.listed(varied)} in ${times}`;
}

const preemptionWords: Readonly<Record<string, string>> = {
  none: '',
  stopped: 'processes stopped now and then',
  neighbour: 'busy neighbours',
  'real-time': 'real-time neighbours',
};

/** Under which load, and interrupted how, in words. */
export function conditions(line: OrderLine): string {
  const load = line.load_kib === 0 ? 'no load' : `${line.load_kib}\u00a0KiB ahead`;
  const how = preemptionWords[line.preemption] ?? line.preemption;
  return how === '' ? load : `${load}, ${how}`;
}

/** Transports, those with the most inversions first. */
export function orderContenders(lines: readonly OrderLine[]): string[] {
  const share = (contender: string): number => {
    const { runs, inversions } = counted(lines.filter((line) => line.contender === contender));
    return runs === 0 ? 0 : inversions / runs;
  };
  return distinct(lines, ({ contender }) => contender).sort((a, b) => share(b) - share(a));
}

const patternOrder = ['relay', 'receipt', 'completion', 'triangle', 'concurrent', 'disjoint'];

export function patternsOf(lines: readonly OrderLine[]): string[] {
  const place = (call: string): number => {
    const at = patternOrder.findIndex((part) => call.includes(part));
    return at < 0 ? patternOrder.length : at;
  };
  return distinct(lines, ({ call }) => call).sort((a, b) => place(a) - place(b));
}

/** The counts of one placement. */
export interface HeatTable {
  readonly placement: string;
  readonly table: ReportTable;
}

/**
 * A table for each placement, because who shares a core decides who wins a race; in it a row for each transport and condition, a column for
 * each pattern; the ground is darker where more runs were wrong. A transport with no inversion there has one row.
 */
export function heatTables(lines: readonly ResultLine[]): HeatTable[] {
  const orders = ordersOf(lines);
  const patterns = patternsOf(orders);
  const contenders = orderContenders(orders);
  return placementsOf(orders).map((placement) => {
    const here = orders.filter((line) => line.placement === placement);
    return { placement, table: heatTable(here, contenders, patterns) };
  });
}

/** What stands over the table of a placement. */
export function heatTitle({ placement }: HeatTable): string {
  return `Runs with an inversion, of all runs, ${say.at(placement)}`;
}

function heatTable(
  here: readonly OrderLine[],
  contenders: readonly string[],
  patterns: readonly string[],
): ReportTable {
  const rows: string[][] = [];
  const heat: (number | undefined)[][] = [];
  for (const contender of contenders) {
    const mine = here.filter((line) => line.contender === contender);
    const byCondition = grouped(mine, conditions);
    const isWhole = byCondition.size > 1 && counted(mine).inversions === 0;
    const parts = isWhole ? new Map([[`all ${byCondition.size} conditions`, mine]]) : byCondition;
    for (const [condition, members] of parts) {
      const counts = patterns.map((call) => counted(members.filter((line) => line.call === call)));
      rows.push([
        contender,
        condition,
        ...counts.map(({ runs, inversions }) =>
          runs === 0 ? '–' : `${say.count(inversions)} of ${say.count(runs)}`,
        ),
      ]);
      heat.push([
        undefined,
        undefined,
        ...counts.map(({ runs, inversions }) => (runs === 0 ? undefined : heatOf(inversions / runs))),
      ]);
    }
  }
  return {
    columns: [
      { title: 'transport' },
      { title: 'condition' },
      ...patterns.map((call) => ({ title: patternOf(call).title, isNumber: true })),
    ],
    rows,
    heat,
  };
}

/** One run in a thousand is to be seen, too. */
function heatOf(share: number): number {
  return share === 0 ? 0 : 0.18 + 0.82 * share ** 0.5;
}

export function promiseTable(lines: readonly ResultLine[]): ReportTable | undefined {
  const orders = ordersOf(lines);
  if (orders.length === 0) return undefined;
  const rows = orderContenders(orders).flatMap((contender) =>
    patternsOf(orders).flatMap((call) => {
      const members = orders.filter((line) => line.contender === contender && line.call === call);
      const [first] = members;
      if (first === undefined) return [];
      const { runs, inversions } = counted(members);
      return [
        [
          contender,
          patternOf(call).title,
          first.property,
          first.is_promised ? 'yes' : 'no',
          say.count(launchesOf(members)?.length),
          say.count(runs),
          say.count(inversions),
          say.percent(runs === 0 ? 0 : inversions / runs),
          markedShareRange(members),
        ],
      ];
    }),
  );
  const note = overRunsNoteOf(rows.map((row) => row.at(-1) ?? ''));
  return {
    columns: [
      { title: 'transport' },
      { title: 'pattern' },
      { title: 'property' },
      { title: 'promised' },
      ...['launches', 'runs', 'with an inversion', 'share', '95 %'].map((title) => ({
        title,
        isNumber: true,
      })),
    ],
    rows,
    ...(note === undefined ? {} : { note }),
  };
}

export function patternTable(lines: readonly ResultLine[]): ReportTable {
  return {
    columns: [{ title: 'pattern' }, { title: 'what happens' }, { title: 'programs that contain it' }],
    rows: patternsOf(ordersOf(lines)).map((call) => {
      const { title, what, programs } = patternOf(call);
      return [title, what, programs];
    }),
  };
}

/** Whether the example is that of a message that was lost, doubled, invented or changed: no inversion then. */
export function isFaultExample({ diagram, delivery_faults = 0 }: OrderLine): boolean {
  return diagram === undefined ? delivery_faults > 0 : diagram.property === 'delivery';
}

/** The shortest examples, one a pattern: those with a drawing before those with text only. */
export function examples(lines: readonly ResultLine[], most = 3): OrderLine[] {
  const length = (line: OrderLine): number => (line.example ?? '').length;
  const withExample = ordersOf(lines)
    .filter((line) => line.example !== undefined || line.diagram !== undefined)
    .sort(
      (a, b) => Number(a.diagram === undefined) - Number(b.diagram === undefined) || length(a) - length(b),
    );
  return [...grouped(withExample, ({ call }) => call).values()]
    .flatMap(([first]) => first ?? [])
    .slice(0, most);
}
