/**
 * The benchmark as a program; `capstan bench …` starts it with the same arguments. Progress goes to standard error, results to standard output.
 * Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage.
 */
import { Command, InvalidArgumentError } from 'commander';
import {
  type BenchResult,
  benchLines,
  noisySteal,
  placements,
  quickOptions,
  runBench,
  writeBench,
} from './index.js';
import { cellTable, relayTable } from './report/cells.js';
import { createProgress } from './report/progress.js';

interface Arguments {
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly out?: string;
  readonly seed: number;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
}

function printTables(result: BenchResult, isColoured: boolean): void {
  const { machine } = result;
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  write(
    `${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${machine.commit}`,
  );
  for (const { name } of placements()) {
    const cells = result.cells.filter((cell) => cell.placement === name);
    write(
      `\nRound trip of a call, one outstanding, ${name}; × C is the ratio to the blocking C ping-pong of this run`,
    );
    write(cellTable(cells, isColoured));
  }
  write('\nRelay: A tells C, A asks B, B tells C; an inversion is a C that got the effect before its cause');
  write(relayTable(result.relays, isColoured));
  if (result.steal > noisySteal) {
    const percent = (result.steal * 100).toFixed(1);
    write(
      `\nnoisy: the hypervisor took ${percent} % of the CPU time meanwhile; repeat this when it is quiet`,
    );
  }
  for (const reason of result.missing) write(`not measured: ${reason}`);
  write(
    `\n${Math.round(result.durationMs / 1000)} s, seed ${result.seed}, 1-minute load before: ${machine.load_1min}`,
  );
}

async function main(options: Arguments): Promise<number> {
  const progress = createProgress(process.stderr.isTTY === true);
  const isSilent = options.quiet === true;
  const result = await runBench({
    ...quickOptions,
    seed: options.seed,
    ...(isSilent ? {} : { onProgress: progress.step }),
  });
  if (!isSilent) progress.done();
  if (options.out !== undefined) writeBench(result, options.out);
  const isColoured = options.color && process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  if (options.json === true) process.stdout.write(`${benchLines(result).join('\n')}\n`);
  else printTables(result, isColoured);
  const failed = [...result.cells, ...result.relays].filter((cell) => cell.violations > 0);
  for (const cell of failed)
    process.stderr.write(`failed: ${cell.contender}: ${cell.violations} violations\n`);
  return failed.length > 0 ? 1 : 0;
}

const program = new Command('capstan bench')
  .description('compare the transports on this machine')
  .option('--quick', 'the first comparison, in under a minute (the only size there is so far)')
  .option('--json', 'one object a cell, one a line')
  .option('--out <dir>', 'write cells.jsonl and machine.json into this directory, too')
  .option('--seed <number>', 'order of the blocks', wholeNumber, quickOptions.seed)
  .option('--quiet', 'no progress')
  .option('--no-color', 'no colours')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
try {
  process.exitCode = await main(program.opts<Arguments>());
} catch (error) {
  process.stderr.write(`capstan bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
