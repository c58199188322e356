/** A comparison as text for people: warnings first, then what changed, then the rest, then what it all comes to. */
import Table from 'cli-table3';
import type { CellComparison, Comparison } from './comparison.js';
import type { OrderComparison } from './orders.js';
import type { Paint } from './output.js';
import type { Verdict } from './verdict.js';

/** What asks for attention comes first. */
const verdictOrder: readonly Verdict[] = [
  'worse',
  'better',
  'invalid',
  'unclear',
  'too few launches',
  'too few samples',
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

/** A figure with as many digits as mean something. */
function figure(value: number | null): string {
  if (value === null) return '–';
  return value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(2);
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

/** Why a cell has its verdict, if that is a question. */
function reasonOf({ verdict, why, launches_needed }: CellComparison): string | undefined {
  const more = launches_needed === undefined ? '' : `; about ${launches_needed} launches would tell`;
  return why === undefined ? undefined : `${verdict}: ${why}${more}`;
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

function cellsTable(cells: readonly CellComparison[], paint: Paint): string {
  const hasNormalised = cells.some(({ normalised }) => normalised !== null);
  const isMixed = cells.some(({ figure }) => figure !== cells[0]?.figure);
  const table = new Table({
    head: [
      'cell',
      ...(isMixed ? ['figure'] : []),
      'A',
      'B',
      'B/A (95 %)',
      ...(hasNormalised ? ['over baseline'] : []),
      'A12',
      'MW p',
      'adjusted p',
      'verdict',
    ],
    colAligns: ['left', ...(isMixed ? ['left' as const] : []), 'right', 'right', 'right'],
    ...plainStyle,
  });
  const order = (cell: CellComparison): number => verdictOrder.indexOf(cell.verdict);
  for (const cell of [...cells].sort((a, b) => order(a) - order(b))) {
    table.push([
      cell.key,
      ...(isMixed ? [cell.figure] : []),
      figure(cell.a),
      figure(cell.b),
      interval(cell.ratio, cell.ratio_low, cell.ratio_high),
      ...(hasNormalised ? [interval(cell.normalised, cell.normalised_low, cell.normalised_high)] : []),
      number(cell.a12, 2),
      p(cell.p_mann_whitney),
      p(cell.p),
      painted(cell.verdict, paint),
    ]);
  }
  return table.toString();
}

function ordersTable(orders: readonly OrderComparison[], paint: Paint): string {
  const table = new Table({
    head: ['pattern', 'A: runs with an inversion (launches)', 'B', 'Fisher p', 'adjusted p', 'verdict'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'left'],
    ...plainStyle,
  });
  for (const order of orders) {
    const count = (inversions: number, runs: number, launches: number, violations: number): string =>
      `${inversions} of ${runs} (${launches})${violations > 0 ? `, ${violations} violations` : ''}`;
    table.push([
      order.key,
      count(order.inversions_a, order.runs_a, order.launches_a, order.violations_a),
      count(order.inversions_b, order.runs_b, order.launches_b, order.violations_b),
      p(order.p_fisher),
      p(order.p),
      painted(order.verdict, paint),
    ]);
  }
  return table.toString();
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

/** How many of each verdict, and what the words stand for. */
function summary({
  cells,
  orders,
  band,
  level,
  is_normalised,
  assignments,
  between_runs,
}: Comparison): string[] {
  const all: readonly { readonly verdict: string }[] = [...cells, ...orders];
  const counts = verdictOrder
    .map((verdict) => ({ verdict, count: all.filter((one) => one.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`);
  return [
    counts.join(', '),
    `worse and better: surely different, by more than ${percent(band)}; any false one among them: at most ${percent(level)}`,
    `unchanged: the whole interval is within ${percent(band)}`,
    ...(assignments === 0
      ? []
      : [
          `${assignments} assignments of launches; cells differ by ${percent(between_runs)} between runs anyway`,
        ]),
    ...(orders.length === 0
      ? []
      : [
          `patterns: shares of launches, surely different or not, without a band; any false change among them: at most ${percent(level)}; unchanged: no inversion in either run`,
        ]),
    ...(is_normalised ? ['verdicts are over the baseline of each run, because the machines differ'] : []),
  ];
}

function only(name: string, keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [`only in ${name}:`, ...keys.map((key) => `  ${key}`)];
}

/** All lines. */
export function comparisonText(comparison: Comparison, paint: Paint): string {
  const { warnings, speed, cells, orders } = comparison;
  return [
    ...warnings.map((warning) => paint(`warning: ${warning}`, 'red')),
    ...(speed === null ? [] : [`the baseline takes ${speed.toFixed(3)} times as long in B as in A`]),
    ...(cells.length === 0 ? [] : [cellsTable(cells, paint), ...reasons(cells, paint)]),
    ...(orders.length === 0 ? [] : [ordersTable(orders, paint)]),
    ...only('A', comparison.only_a),
    ...only('B', comparison.only_b),
    ...summary(comparison),
  ].join('\n');
}
