/**
 * A comparison as text for people: warnings first, then a table with what changed above the rest, then what it all comes to, where the eye is
 * when the command has ended. The verdict stands first in a line and the cell's long name last, where a narrow window may break it.
 */
import Table from 'cli-table3';
import { inOneLine } from '../failure.js';
import type { Results } from '../results/directory.js';
import type { CellComparison, Comparison } from './comparison.js';
import { errorGrowth, errorWords } from './errors.js';
import type { OrderComparison } from './orders.js';
import type { Paint } from './output.js';
import type { FigureName } from './pairs.js';
import { detectableWords } from './power.js';
import type { Verdict } from './verdict.js';

/** With more rows than this only those are listed that ask for attention, unless all are wanted. */
export const rowsMax = 30;

export interface TextOptions {
  readonly all?: boolean | undefined;
}

/** What asks for attention comes first. */
const verdictOrder: readonly Verdict[] = [
  'worse',
  'better',
  'invalid',
  'unclear',
  'too few launches',
  'too few samples',
  'too few runs',
  'unchanged',
  'baseline',
];

const plainStyle = { style: { head: [], border: [], compact: true } };

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

function interval(ratio: number | null, low: number | null, high: number | null): string {
  return low === null ? number(ratio, 3) : `${number(ratio, 3)} (${number(low, 3)}–${number(high, 3)})`;
}

/** What a figure is called, its unit, and what it says. */
const figureWords: Readonly<Record<FigureName, { name: string; unit: string; what: string }>> = {
  p50_us: { name: 'p50', unit: ' µs', what: 'p50: half of the messages took no longer' },
  p90_us: { name: 'p90', unit: ' µs', what: 'p90: nine of ten messages took no longer' },
  p99_us: { name: 'p99', unit: ' µs', what: 'p99: 99 of 100 messages took no longer' },
  per_second: { name: 'rate', unit: '/s', what: 'rate: messages a second' },
  cpu_us_per_message: { name: 'CPU', unit: ' µs', what: 'CPU: time of all processes for a message' },
};

/** A figure with its unit and as many digits as mean something. */
function figure(value: number | null, name: FigureName): string {
  if (value === null) return '–';
  const digits = value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return `${value.toFixed(digits)}${figureWords[name].unit}`;
}

function p(value: number | null): string {
  if (value === null) return '–';
  return value < 0.001 ? '< 0.001' : value.toFixed(3);
}

/** Coloured where it is a change; the word says it, too. */
function painted(verdict: string, paint: Paint): string {
  if (verdict === 'worse' || verdict === 'invalid') return paint(verdict, 'red');
  return verdict === 'better' ? paint(verdict, 'green') : verdict;
}

/** Why a cell has its verdict, if that is a question; `launches.jsonl` has all of an error with its stack. */
function reasonOf({ verdict, why, launches_needed }: CellComparison): string | undefined {
  const more =
    launches_needed === undefined ? '' : `; about ${launches_needed} launches would tell (--launches)`;
  return why === undefined ? undefined : `${verdict}: ${inOneLine(why)}${more}`;
}

/** Each reason once, with whom it is about: beside the verdicts they would make lines longer than any window. */
function reasons(cells: readonly CellComparison[], paint: Paint): string[] {
  const found = new Map<string, string[]>();
  for (const cell of cells) {
    const reason = reasonOf(cell);
    if (reason !== undefined) found.set(reason, [...(found.get(reason) ?? []), cell.key]);
  }
  return [...found].map(([reason, keys]) =>
    paint(`${reason} (${keys.length === 1 ? keys[0] : `${keys.length} cells`})`, 'dim'),
  );
}

/** Those that ask for attention, if there are too many to list them all. */
function listed<T extends { readonly verdict: Verdict }>(all: readonly T[], isAll: boolean): readonly T[] {
  const attention: readonly Verdict[] = ['worse', 'better', 'invalid'];
  return isAll || all.length <= rowsMax ? all : all.filter(({ verdict }) => attention.includes(verdict));
}

function byVerdict<T extends { readonly verdict: Verdict }>(all: readonly T[]): T[] {
  return [...all].sort((a, b) => verdictOrder.indexOf(a.verdict) - verdictOrder.indexOf(b.verdict));
}

function cellsTable(cells: readonly CellComparison[], paint: Paint): string {
  const hasNormalised = cells.some(({ normalised }) => normalised !== null);
  const isTested = cells.some((cell) => cell.p_mann_whitney !== null);
  const table = new Table({
    head: [
      'verdict',
      'figure',
      'A',
      'B',
      'B/A (95 %)',
      ...(hasNormalised ? ['over baseline (95 %)'] : []),
      ...(isTested ? ['A12', 'MW p', 'adjusted p'] : []),
      'cell',
    ],
    colAligns: ['left', 'left', 'right', 'right', 'right', ...(hasNormalised ? ['right' as const] : [])],
    ...plainStyle,
  });
  for (const cell of byVerdict(cells)) {
    table.push([
      painted(cell.verdict, paint),
      figureWords[cell.figure].name,
      figure(cell.a, cell.figure),
      figure(cell.b, cell.figure),
      interval(cell.ratio, cell.ratio_low, cell.ratio_high),
      ...(hasNormalised ? [interval(cell.normalised, cell.normalised_low, cell.normalised_high)] : []),
      ...(isTested ? [number(cell.a12, 2), p(cell.p_mann_whitney), p(cell.p)] : []),
      cell.key,
    ]);
  }
  return table.toString();
}

function ordersTable(orders: readonly OrderComparison[], paint: Paint): string {
  const table = new Table({
    head: ['verdict', 'A: runs with an inversion', 'B: the same', 'Fisher p', 'adjusted p', 'pattern'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    ...plainStyle,
  });
  for (const order of byVerdict(orders)) {
    const count = (inversions: number, runs: number, launches: number, violations: number): string =>
      `${inversions} of ${runs}, ${launches} ${launches === 1 ? 'launch' : 'launches'}${violations > 0 ? `, ${violations} violations` : ''}`;
    table.push([
      painted(order.verdict, paint),
      count(order.inversions_a, order.runs_a, order.launches_a, order.violations_a),
      count(order.inversions_b, order.runs_b, order.launches_b, order.violations_b),
      p(order.p_fisher),
      p(order.p),
      order.key,
    ]);
  }
  return table.toString();
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** The columns, in a line each. */
function columnWords(cells: readonly CellComparison[]): string[] {
  if (cells.length === 0) return [];
  const figures = [...new Set(cells.map((cell) => cell.figure))];
  const higher = figures.includes('per_second')
    ? 'B has more: of times and CPU that is worse, of a rate it is better'
    : 'B has more, which is worse';
  return [
    ...figures.map((name) => `${figureWords[name].what}; A and B are geometric means of what launches show`),
    `B/A above 1: ${higher}; (95 %) is where the true ratio lies, as far as launches can tell`,
  ];
}

/** Why the verdicts are not on the figures as they are. */
function normalisedWords({ normalised_because, speed }: Comparison): string[] {
  switch (normalised_because) {
    case 'machines':
      return [
        'verdicts are on "over baseline" (each figure over the C ping-pong of its run), because the machines differ',
      ];
    case 'speed': {
      const times = `took ${(speed ?? 1).toFixed(3)} times as long in B as in A`;
      return [
        `verdicts are on "over baseline" (each figure over the C ping-pong of its run), because that ${times}`,
      ];
    }
    case 'asked':
      return [
        'verdicts are on "over baseline" (each figure over the C ping-pong of its run), as --normalise always asks',
      ];
    case null:
      return [];
  }
}

/** At which pace of the cores times are. */
function paceWords({ pace_ratio }: Comparison): string[] {
  return pace_ratio === null
    ? []
    : [
        `p50 is at the same pace of the cores: in B the same work took ${pace_ratio.toFixed(3)} times as long as in A, which is taken out (--as-measured leaves it in)`,
      ];
}

/** What the verdicts that were given mean. */
function verdictWords({ cells, orders, band, level, assignments, between_runs }: Comparison): string[] {
  const has = (...verdicts: readonly Verdict[]): boolean =>
    [...cells, ...orders].some(({ verdict }) => verdicts.includes(verdict));
  const lines: (readonly [boolean, string])[] = [
    [
      has('worse', 'better'),
      `worse, better: surely different, by more than ${percent(band)}; any false one among them: at most ${percent(level)}`,
    ],
    [
      cells.some(({ verdict }) => verdict === 'unchanged'),
      `unchanged: the whole interval is within ${percent(band)}`,
    ],
    [has('unclear'), 'unclear: neither is sure; more launches would tell'],
    [
      has('too few launches'),
      'too few launches: with fewer than four on a side nothing is sure; --standard makes five, or as many as --launches says',
    ],
    [
      assignments > 0,
      `${assignments} assignments of launches; cells differ by ${percent(between_runs)} between runs anyway`,
    ],
    [
      orders.length > 0,
      'patterns: shares of launches, without a band; unchanged: no inversion in either run',
    ],
    [has('too few runs'), 'too few runs: no inversion in either, and fewer than 20 runs in one of them'],
  ];
  return lines.flatMap(([isSaid, text]) => (isSaid ? [text] : []));
}

/** What it comes to, in one line; what is asked for is said also where there is none. */
function countWords({ cells, orders }: Comparison): string {
  const all = [...cells, ...orders];
  const counts = verdictOrder
    .map((verdict) => ({ verdict, count: all.filter((one) => one.verdict === verdict).length }))
    .filter(({ verdict, count }) => count > 0 || verdict === 'worse' || verdict === 'better')
    .map(({ verdict, count }) => `${count} ${verdict}`);
  return counts.join(', ');
}

function only(name: string, keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [`only in ${name}:`, ...keys.map((key) => `  ${key}`)];
}

/** Cells in which more ended by an error, whatever their verdict: a median does not see them. */
function errorLines(cells: readonly CellComparison[], paint: Paint): string[] {
  return cells
    .filter((cell) => errorGrowth(cell) !== undefined)
    .map((cell) => paint(`more errors: ${cell.key}: ${errorWords(cell)}`, 'red'));
}

/** Which two runs: where they are, what was run and when, and which code. */
export function runsText(...runs: readonly [readonly [string, Results], readonly [string, Results]]): string {
  return runs
    .map(([where, { run, machine }], at) => {
      const code = `commit ${machine.commit.slice(0, 12)}${machine.is_dirty ? ', changed' : ''}`;
      const launches = `${run.launches} ${run.launches === 1 ? 'launch' : 'launches'} of each cell`;
      return `${at === 0 ? 'A (before)' : 'B (after) '} ${where}: --${run.tier}, begun ${run.started}, ${code}, ${launches}`;
    })
    .join('\n');
}

/** All lines. */
export function comparisonText(
  comparison: Comparison,
  paint: Paint,
  { all = false }: TextOptions = {},
): string {
  const { warnings, speed, cells, orders } = comparison;
  const [cellRows, orderRows] = [listed(cells, all), listed(orders, all)];
  const hidden = cells.length - cellRows.length + orders.length - orderRows.length;
  return [
    ...warnings.map((warning) => paint(`warning: ${warning}`, 'red')),
    ...(speed === null ? [] : [`the C ping-pong takes ${speed.toFixed(3)} times as long in B as in A`]),
    ...(cellRows.length === 0 ? [] : [cellsTable(cellRows, paint), ...reasons(cellRows, paint)]),
    ...(orderRows.length === 0 ? [] : [ordersTable(orderRows, paint)]),
    ...errorLines(cells, paint),
    ...only('A', comparison.only_a),
    ...only('B', comparison.only_b),
    '',
    ...columnWords(cellRows),
    ...verdictWords(comparison),
    ...paceWords(comparison),
    ...normalisedWords(comparison),
    ...detectableWords(cells),
    ...(hidden === 0 ? [] : [`${hidden} more are neither worse, better nor invalid: --all lists them`]),
    countWords(comparison),
  ].join('\n');
}
