/**
 * The figures of the bus's tables as a program: `npm run -s bench:tables`. Progress goes to standard error, results to standard output.
 * Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage, 3 done, but not at the sizes that are wanted.
 */
import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { noisySteal } from './index.js';
import { abortOnSignals } from './latency/abort.js';
import { fanOutBatch } from './peers/fan-out.js';
import { createProgress } from './report/progress.js';
import {
  defaultTablesOptions,
  runTables,
  smokeTablesOptions,
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
  readonly only?: TablesPart[];
}

function part(text: string, earlier: TablesPart[] = []): TablesPart[] {
  const found = tablesParts.find((name) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`use ${tablesParts.join(', ')}`);
  return [...earlier, found];
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
}

function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const built = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) built.push(row.map((cell) => String(cell ?? '–')));
  return built.toString();
}

function printTables(result: TablesResult): void {
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  const { machine, cells, memory } = result;
  write(
    `${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}`,
  );
  if (memory.length > 0) {
    write(
      '\nMemory of the broker after collection, in bytes: resident, and used of heap and buffers in brackets',
    );
    const rows = memory.map((each) => [
      each.layout === 'own' ? 'each to a node of its own, the node included' : 'to a few nodes',
      `${each.peers} / ${each.handles}`,
      `${each.residentPerPeer.toFixed(0)} (${each.usedPerPeer.toFixed(0)})`,
      `${each.residentPerHandle.toFixed(1)} (${each.usedPerHandle.toFixed(1)})`,
      `${each.residentLeftPerHandle.toFixed(1)} (${each.usedLeftPerHandle.toFixed(1)})`,
    ]);
    write(table(['handles', 'peers / handles', 'an idle peer', 'a handle', 'left when released'], rows));
  }
  const many = cells.filter((cell) => cell.workload === 'W9');
  if (many.length > 0) {
    write('\nCPU time of the broker for a one-way message, with many of one thing');
    const rows = many.map((cell) => [
      cell.dimension,
      cell.many,
      cell.broker_cpu_us_per_message,
      cell.compared,
    ]);
    write(table(['many', 'how many', 'µs a message', '× one'], rows));
  }
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
      isCost ? ((cell.p50_us ?? 0) / fanOutBatch).toFixed(2) : cell.p50_us,
      cell.compared,
    ]);
    const unit = isCost ? ['CPU µs', '× one receiver'] : ['p50 µs', '× sockets'];
    write(table(['contender', 'receivers', 'in processes', ...unit], rows));
  }
  if (result.steal > noisySteal) {
    write(`\nnoisy: the hypervisor took ${(result.steal * 100).toFixed(1)} % of the CPU time meanwhile`);
  }
  write(
    `\n${Math.round(result.durationMs / 1000)} s, seed ${result.seed}, 1-minute load before: ${machine.load_1min}`,
  );
}

async function main(options: Arguments): Promise<number> {
  const progress = createProgress(process.stderr.isTTY === true);
  const result = await runTables({
    ...(options.smoke === true ? smokeTablesOptions : defaultTablesOptions),
    seed: options.seed,
    signal: abortOnSignals(),
    ...(options.only === undefined ? {} : { parts: options.only }),
    ...(options.quiet === true ? {} : { onProgress: progress.step }),
  });
  if (options.quiet !== true) progress.done();
  const lines = `${tablesLines(result).join('\n')}\n`;
  if (options.out !== undefined) writeFileSync(options.out, lines);
  if (options.json === true) process.stdout.write(lines);
  else printTables(result);
  for (const reason of result.missing) process.stderr.write(`missing: ${reason}\n`);
  const failed = result.cells.filter((cell) => cell.violations > 0 || cell.samples === 0);
  for (const { workload, contender, call, violations } of failed) {
    process.stderr.write(`failed: ${workload} ${contender} ${call}: ${violations} violations\n`);
  }
  if (failed.length > 0) return 1;
  return result.missing.length > 0 ? 3 : 0;
}

const program = new Command('npm run -s bench:tables --')
  .description('what the bus keeps for a peer and a handle, and what a message costs it with many of them')
  .option('--json', 'one object a cell, one a line')
  .option('--out <file>', 'write these lines into a file, too')
  .option('--smoke', 'small sizes and a few blocks only: shows that everything works, not how fast it is')
  .option('--only <part>', `${tablesParts.join(', ')}; may be repeated`, part)
  .option('--seed <number>', 'order of the blocks', wholeNumber, defaultTablesOptions.seed)
  .option('--quiet', 'no progress')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
try {
  process.exitCode = await main(program.opts<Arguments>());
} catch (error) {
  process.stderr.write(`bench:tables: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
