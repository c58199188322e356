/**
 * The figures of the bus's tables as a program: `npm run -s bench:tables`. Progress goes to standard error, results to standard output.
 * Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage, 3 done, but not at the sizes that are wanted.
 */
import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { launchCount, wholeNumber } from './arguments.js';
import { abortOnSignals } from './latency/abort.js';
import { fanOutBatch } from './peers/fan-out.js';
import { conclude, printMeasured, type Write } from './program-output.js';
import { p50OverLaunches } from './report/comparison.js';
import { createProgress } from './report/progress.js';
import { interval } from './report/quantity.js';
import type { MemoryResult } from './scenarios/many.js';
import {
  defaultTablesOptions,
  type MemoryMeasured,
  runTables,
  smokeTablesOptions,
  type TablesCell,
  type TablesPart,
  type TablesResult,
  tablesLines,
  tablesParts,
} from './tables.js';

interface Arguments {
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly out?: string;
  readonly seed: number;
  readonly launches?: number;
  readonly only?: TablesPart[];
}

function part(text: string, earlier: TablesPart[] = []): TablesPart[] {
  const found = tablesParts.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`use ${tablesParts.join(', ')}`);
  return [...earlier, found];
}

function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const built = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) built.push(row.map((cell) => String(cell ?? '–')));
  return built.toString();
}

/** A figure of the memory, with the least and the greatest of those that were measured. */
function bytes({ average, launches }: MemoryMeasured, of: (result: MemoryResult) => number): string {
  const values = launches.map(of);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(1));
  const spread = values.length < 2 ? '' : ` [${least}–${most}]`;
  return `${of(average).toFixed(1)}${spread}`;
}

function printMemory(memory: readonly MemoryMeasured[], write: Write): void {
  if (memory.length === 0) return;
  write(
    '\nMemory of the broker after collection, in bytes; in brackets the least and greatest of single brokers',
  );
  const rows = memory.flatMap((each) => {
    const { layout, peers, handles } = each.average;
    const what = layout === 'own' ? 'each to a node of its own, the node included' : 'to a few nodes';
    const count = `${peers} / ${handles}`;
    return [
      [
        what,
        count,
        'resident',
        bytes(each, ({ residentPerPeer }) => residentPerPeer),
        bytes(each, ({ residentPerHandle }) => residentPerHandle),
        bytes(each, ({ residentLeftPerHandle }) => residentLeftPerHandle),
      ],
      [
        what,
        count,
        'used of heap and buffers',
        bytes(each, ({ usedPerPeer }) => usedPerPeer),
        bytes(each, ({ usedPerHandle }) => usedPerHandle),
        bytes(each, ({ usedLeftPerHandle }) => usedLeftPerHandle),
      ],
    ];
  });
  write(
    table(['handles', 'peers / handles', 'memory', 'an idle peer', 'a handle', 'left when released'], rows),
  );
}

function comparedText({
  compared,
  compared_low,
  compared_high,
  compared_launches,
  launches,
}: TablesCell): string[] {
  const isWhole = compared_launches === null || compared_launches >= launches.length;
  const of = isWhole ? '' : ` (${compared_launches} of ${launches.length} launches)`;
  return [compared === null ? '–' : `${compared.toFixed(2)}${of}`, interval(compared_low, compared_high)];
}

function printCost(cells: readonly TablesCell[], write: Write): void {
  const many = cells.filter((cell) => cell.workload === 'W9');
  if (many.length === 0) return;
  write('\nCPU time of the broker for a one-way message, with many of one thing');
  const rows = many.map((cell) => [
    cell.dimension,
    cell.many,
    cell.broker_cpu_us_per_message,
    ...comparedText(cell),
    cell.must === undefined ? '' : `≤ ${cell.must}`,
    cell.must === undefined ? '' : (cell.reached ?? 'not measured'),
  ]);
  write(table(['many', 'how many', 'µs a message', '× one', '95 %', 'must', 'reached'], rows));
}

function printFans(cells: readonly TablesCell[], write: Write): void {
  for (const call of ['multicast', 'multicast-cost']) {
    const fans = cells.filter((cell) => cell.workload === 'W4' && cell.call === call);
    if (fans.length === 0) continue;
    const isCost = call === 'multicast-cost';
    write(
      isCost
        ? '\nCPU time of the sender for one message to many'
        : '\nOne message to many, until the last has it',
    );
    const rows = fans.map((cell) => [
      cell.contender,
      cell.receivers,
      cell.receiver_processes,
      isCost ? ((cell.p50_us ?? 0) / fanOutBatch).toFixed(2) : p50OverLaunches(cell),
      ...comparedText(cell),
    ]);
    const unit = isCost ? ['CPU µs', '× one receiver'] : ['p50 µs [launches]', '× sockets'];
    write(table(['contender', 'receivers', 'in processes', ...unit, '95 %'], rows));
  }
}

function printTables({ cells, memory }: TablesResult, write: Write): void {
  printMemory(memory, write);
  printCost(cells, write);
  printFans(cells, write);
}

async function main(options: Arguments): Promise<number> {
  const progress = createProgress(process.stderr.isTTY === true);
  const result = await runTables({
    ...(options.smoke === true ? smokeTablesOptions : defaultTablesOptions),
    seed: options.seed,
    signal: abortOnSignals(),
    ...(options.launches === undefined
      ? {}
      : { launches: options.launches, memoryLaunches: Math.min(options.launches, 2) }),
    ...(options.only === undefined ? {} : { parts: options.only }),
    ...(options.quiet === true ? {} : { onProgress: progress.step }),
  });
  if (options.quiet !== true) progress.done();
  const lines = `${tablesLines(result).join('\n')}\n`;
  if (options.out !== undefined) writeFileSync(options.out, lines);
  if (options.json === true) process.stdout.write(lines);
  else printMeasured(result, (write) => printTables(result, write));
  return conclude(result, ({ workload, contender, call }) => `${workload} ${contender} ${call}`);
}

const program = new Command('npm run -s bench:tables --')
  .description('what the bus keeps for a peer and a handle, and what a message costs it with many of them')
  .option('--json', 'one object a cell, one a line')
  .option('--out <file>', 'write these lines into a file, too')
  .option('--smoke', 'small sizes and a few blocks only: shows that everything works, not how fast it is')
  .option('--only <part>', `${tablesParts.join(', ')}; may be repeated`, part)
  .option(
    '--launches <number>',
    'how often each cell is launched; intervals need two, and five to be narrow',
    launchCount,
  )
  .option('--seed <number>', 'order of the launches and blocks', wholeNumber, defaultTablesOptions.seed)
  .option('--quiet', 'no progress')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
try {
  process.exitCode = await main(program.opts<Arguments>());
} catch (error) {
  process.stderr.write(`bench:tables: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
