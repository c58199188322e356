/** Results for people at a terminal: a table for each workload, placement and kind of loop, then what there is to say of the run. */
import Table from 'cli-table3';
import { inOneLine } from '../failure.js';
import type { Results } from '../results/directory.js';
import { type CellLine, isOrderLine, type OrderLine, type Varied, variedNames } from '../results/line.js';
import { ratioText, ratioTitle } from './baseline.js';
import { markedShareRange, overRunsNoteOf } from './figures/order.js';
import { durationText } from './progress.js';
import { placementsOf } from './selection.js';

const titles: Readonly<Record<string, string>> = {
  W1: 'Round trip of a call',
  W2: 'Stream of one-way messages',
  W3: 'A handle given away, and one call on it',
  W4: 'One message to many receivers, until the last has it',
  W5: 'A grant taken back, until the holder knows',
  W6: 'Notice of the death of a peer',
  W7: 'Control operations',
  W9: 'Many handles and peers',
  W10: 'A call after an idle gap',
};

const plain = { head: [], border: [] };

/** No lines between rows: there are many. */
const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

function variedText(varied: Varied): string {
  return variedNames
    .filter((name) => varied[name] !== undefined)
    .map((name) => `${name} ${varied[name]}`)
    .join(', ');
}

/** The ratio with its interval. */
function intervalText({ ratio, ratio_low, ratio_high }: CellLine): string {
  if (ratio === null) return '–';
  if (ratio_low === null || ratio_high === null) return ratio.toFixed(2);
  return `${ratio.toFixed(2)} (${ratio_low.toFixed(2)}–${ratio_high.toFixed(2)})`;
}

function nameText(cell: CellLine): string {
  if (cell.violations > 0) return `${cell.contender} FAILED (${cell.violations} violations)`;
  return cell.invalid === undefined ? cell.contender : `${cell.contender} (not to be used)`;
}

/** How what is offered is spread, for the name of a table; earlier results may not tell. */
function loopText({ loop, schedule }: CellLine): string {
  if (loop === 'closed') return '';
  return schedule === undefined ? ', open loop' : `, open loop (${schedule})`;
}

/** In an open loop it is part of the name of the table. */
function variedInTable({ schedule: _, ...varied }: CellLine): string {
  return variedText(varied);
}

function cellTable(cells: readonly CellLine[], isColoured: boolean): string {
  const table = new Table({
    head: [
      'contender',
      'call',
      'bytes',
      'varied',
      'p50 µs',
      'p99 µs',
      `${ratioTitle(cells)} (95 %)`,
      'a second',
      'CPU µs',
      'cold µs',
      'samples',
    ],
    colAligns: ['left', 'left', 'right', 'left', ...Array<'right'>(7).fill('right')],
    chars,
    ...(isColoured ? {} : { style: plain }),
  });
  for (const cell of cells) {
    table.push([
      nameText(cell),
      cell.call,
      String(cell.payload_bytes),
      variedInTable(cell),
      number(cell.p50_us, 1),
      number(cell.p99_us, 1),
      ratioText(intervalText(cell), cell, cells),
      String(cell.per_second),
      number(cell.cpu_us_per_message, 2),
      number(cell.cold_us, 0),
      String(cell.samples),
    ]);
  }
  return table.toString();
}

/** Whether there must be no inversion, and whether that was kept; a lost message fails a cell of which nothing is promised, too. */
function promiseText({ is_promised, violations }: OrderLine): string {
  if (violations > 0) return 'FAILED';
  return is_promised ? 'kept' : 'none';
}

function orderTable(orders: readonly OrderLine[], isColoured: boolean): string {
  const table = new Table({
    head: [
      'contender',
      'pattern',
      'KiB ahead',
      'preemption',
      'launches',
      'runs',
      'inversions',
      '95 %',
      'promise',
    ],
    colAligns: ['left', 'left', 'right', 'left', 'right', 'right', 'right', 'right', 'left'],
    chars,
    ...(isColoured ? {} : { style: plain }),
  });
  for (const line of orders) {
    table.push([
      line.contender,
      line.call,
      String(line.load_kib),
      line.preemption,
      String(line.launches?.length ?? '–'),
      String(line.runs),
      String(line.inversions),
      markedShareRange([line]),
      promiseText(line),
    ]);
  }
  const note = overRunsNoteOf(orders.map((line) => markedShareRange([line])));
  return note === undefined ? table.toString() : `${table.toString()}\n${note}`;
}

/** Of each pattern the shortest run that went wrong, one that was promised not to before the others. */
function shortestInversions(orders: readonly OrderLine[]): string[] {
  const shortest = new Map<string, OrderLine>();
  const rank = ({ violations, diagram }: OrderLine): number =>
    (diagram?.rows ?? 0) - (violations > 0 ? 1e6 : 0);
  for (const line of orders) {
    const known = shortest.get(line.call);
    if (line.example !== undefined && (known === undefined || rank(line) < rank(known)))
      shortest.set(line.call, line);
  }
  return [...shortest.values()].map(({ call, contender, load_kib, preemption, example }) => {
    const how = preemption === 'none' ? '' : `, ${preemption}`;
    return `\n${call} over ${contender}, ${load_kib} KiB ahead${how}:\n\n${example?.trimEnd()}`;
  });
}

/** All of it as text that ends with a newline. */
export function printResults({ run, machine, lines }: Results, isColoured: boolean): string {
  const text: string[] = [
    `${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}`,
  ];
  const cells = lines.filter((line): line is CellLine => !isOrderLine(line));
  const tables = new Map<string, CellLine[]>();
  for (const cell of cells) {
    // Closed loops, and open ones by schedule, are never in one table (method, point 3).
    const key = `${cell.workload}: ${titles[cell.workload] ?? ''}; ${cell.placement}${loopText(cell)}`;
    tables.set(key, [...(tables.get(key) ?? []), cell]);
  }
  for (const [title, members] of tables) {
    text.push(
      `\n${title}`,
      cellTable(members, isColoured),
      ...members.flatMap(({ contender, invalid }) =>
        invalid === undefined ? [] : [`${contender}: ${inOneLine(invalid)}`],
      ),
    );
  }
  const orders = lines.filter(isOrderLine);
  for (const placement of placementsOf(orders)) {
    text.push(
      `\nW8: runs in which messages came in an order that they must not have (docs/benchmark-order.md); ${placement}`,
      orderTable(
        orders.filter((line) => line.placement === placement),
        isColoured,
      ),
    );
  }
  text.push(...shortestInversions(orders));
  text.push(...run.noise.map((reason) => `\nnoisy: ${reason}; repeat this when it is quiet`));
  text.push(
    `\n${durationText(run.duration_ms)}, seed ${run.seed}, ${run.launches} ${run.launches === 1 ? 'launch' : 'launches'} of each cell; a sample costs the harness ${run.sample_cost_ns ?? '–'} ns, a look at the clock ${machine.clock_cost_ns} ns`,
  );
  return `${text.join('\n')}\n`;
}
