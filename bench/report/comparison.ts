/** The cells of one workload and placement as a table with bars: what is compared is the length. */
import Table from 'cli-table3';
import type { CellResult } from './cells.js';

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

/** Bars show p50, or for a stream the messages a second. */
export function comparisonTable(cells: readonly CellResult[], isColoured: boolean): string {
  const isStream = cells[0]?.workload === 'W2';
  const lengthOf = (cell: CellResult): number => (isStream ? cell.per_second : (cell.p50_us ?? 0));
  const longest = Math.max(...cells.map(lengthOf));
  const table = new Table({
    head: [
      'contender',
      'call',
      'p50 µs',
      'p99 µs',
      '× C',
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
    table.push([
      cell.violations > 0 ? `${cell.contender} FAILED (${cell.violations} violations)` : cell.contender,
      cell.call,
      number(cell.p50_us, 1),
      number(cell.p99_us, 1),
      number(cell.ratio, 2),
      String(cell.per_second),
      number(cell.cpu_us_per_message, 1),
      number(cell.broker_cpu_us_per_message, 2),
      number(cell.per_broker_cpu_second, 0),
      bar(lengthOf(cell) / longest),
    ]);
  }
  return table.toString();
}
