/** The cells of one workload and placement as a table with bars: what is compared is the length. */
import Table from 'cli-table3';
import type { LaunchFigures } from '../results/line.js';
import { type CellResult, failureOf } from './cells.js';
import { interval } from './quantity.js';

const barWidth = 24;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar for `share` of the width, exact to an eighth of a character. */
export function bar(share: number): string {
  const parts = Math.max(1, Math.round(Math.min(share, 1) * barWidth * 8));
  return '█'.repeat(parts >> 3) + (eighths[parts & 7] ?? '');
}

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** What a table says of all launches and of each: results of earlier versions do not tell the launches. */
interface Launched {
  readonly p50_us: number | null;
  readonly launches?: readonly Pick<LaunchFigures, 'p50_us'>[];
}

/**
 * p50 of all launches, and in brackets the least and the greatest of single ones: where the kernel chooses the cores, launches are of two
 * kinds, and the p50 of all of them is that of nobody.
 */
export function p50OverLaunches({ p50_us, launches = [] }: Launched): string {
  const each = launches.flatMap(({ p50_us: p50 }) => p50 ?? []);
  const all = number(p50_us, 1);
  if (each.length < 2) return all;
  const [least, most] = [Math.min(...each), Math.max(...each)];
  const digits = most < 100 ? 1 : 0;
  return `${all} [${least.toFixed(digits)}–${most.toFixed(digits)}]`;
}

/** The ratio to the program in C, and in brackets its 95 % interval. */
function ratioOverLaunches({ ratio, ratio_low, ratio_high }: CellResult): string {
  const range = interval(ratio_low, ratio_high);
  return range === '–' ? number(ratio, 2) : `${number(ratio, 2)} (${range})`;
}

/** Bars show p50, or for a stream the messages a second. */
export function comparisonTable(cells: readonly CellResult[], isColoured: boolean): string {
  const isStream = cells[0]?.workload === 'W2';
  const lengthOf = (cell: CellResult): number => (isStream ? cell.per_second : (cell.p50_us ?? 0));
  const longest = Math.max(...cells.map(lengthOf));
  const table = new Table({
    head: [
      'contender',
      'call',
      'p50 µs [launches]',
      'p99 µs',
      '× C (95 %)',
      'messages/s',
      'CPU µs',
      'of it broker',
      'per broker CPU s',
      isStream ? 'messages/s' : 'p50',
    ],
    colAligns: ['left', 'left', ...Array<'right'>(7).fill('right'), 'left'],
    ...(isColoured ? {} : { style: { head: [], border: [] } }),
  });
  for (const cell of cells) {
    const failure = failureOf(cell);
    table.push([
      failure === undefined ? cell.contender : `${cell.contender} FAILED (${failure})`,
      cell.call,
      p50OverLaunches(cell),
      number(cell.p99_us, 1),
      ratioOverLaunches(cell),
      String(cell.per_second),
      number(cell.cpu_us_per_message, 1),
      number(cell.broker_cpu_us_per_message, 2),
      number(cell.per_broker_cpu_second, 0),
      bar(lengthOf(cell) / longest),
    ]);
  }
  return table.toString();
}
