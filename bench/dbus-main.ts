/**
 * The comparison with D-Bus as a program: `npm run -s compare:dbus`. Progress goes to standard error, results to standard output.
 * Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage, 3 done, but a contender is missing here.
 */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { launchCount, wholeNumber } from './arguments.js';
import {
  type DBusResult,
  dbusLines,
  dbusPlacements,
  defaultDBusOptions,
  runDBusComparison,
  smokeDBusOptions,
} from './dbus.js';
import { abortOnSignals } from './latency/abort.js';
import { conclude, printMeasured, type Write } from './program-output.js';
import { comparisonTable } from './report/comparison.js';
import { judgeMusts, mustTable } from './report/musts.js';
import { createProgress } from './report/progress.js';

interface Arguments {
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly out?: string;
  readonly seed: number;
  readonly launches?: number;
  readonly only?: string[];
}

const titles: readonly (readonly [workload: string, title: string])[] = [
  ['W1', 'Round trip of an empty call, one outstanding'],
  ['W2', 'One-way messages, pipelined; p50 and × C are of a batch of 256, until all of it has arrived'],
  ['W4', 'One message to many receivers, until the last has it'],
];

/** Who waits in another way is not in one table with those who block. */
const spinningTitle = 'The same with --spin-us 50 at the broker and both ends, compared with nobody else:';

function workload(text: string, earlier: string[] = []): string[] {
  if (!titles.some(([name]) => name === text)) throw new InvalidArgumentError('use W1, W2 or W4');
  return [...earlier, text];
}

function printTables(result: DBusResult, isColoured: boolean, isJudged: boolean, write: Write): void {
  write('sockets and bus are TypeScript at both ends (bus: the broker, too); dbus-* and sdbus-direct are C');
  for (const [workload, title] of titles) {
    for (const { name } of dbusPlacements()) {
      const cells = result.cells.filter((cell) => cell.workload === workload && cell.placement === name);
      const blocking = cells.filter(({ waiting }) => waiting === 'block');
      const spinning = cells.filter(({ waiting }) => waiting === 'spin');
      if (blocking.length > 0) write(`\n${title}: ${name}\n${comparisonTable(blocking, isColoured)}`);
      if (spinning.length > 0) write(`${spinningTitle}\n${comparisonTable(spinning, isColoured)}`);
    }
  }
  if (isJudged) {
    write('\nWhat must be reached: yes or no where the whole interval over launches says so');
    write(mustTable(judgeMusts(result.cells), isColoured));
  }
}

async function main(options: Arguments): Promise<number> {
  const progress = createProgress(process.stderr.isTTY === true);
  const isSilent = options.quiet === true;
  const result = await runDBusComparison({
    ...(options.smoke === true ? smokeDBusOptions : defaultDBusOptions),
    seed: options.seed,
    signal: abortOnSignals(),
    ...(options.launches === undefined ? {} : { launches: options.launches }),
    ...(options.only === undefined ? {} : { workloads: options.only }),
    ...(isSilent ? {} : { onProgress: progress.step }),
  });
  if (!isSilent) progress.done();
  const lines = `${dbusLines(result).join('\n')}\n`;
  if (options.out !== undefined) writeFileSync(options.out, lines);
  const isColoured = options.color && process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  if (options.json === true) process.stdout.write(lines);
  else printMeasured(result, (write) => printTables(result, isColoured, options.smoke !== true, write));
  return conclude(result, ({ workload, contender, placement }) => `${workload} ${contender}, ${placement}`);
}

const program = new Command('npm run -s compare:dbus --')
  .description('compare the bus with D-Bus on this machine, in about four minutes')
  .option('--json', 'one object a cell, one a line')
  .option('--out <file>', 'write these lines into a file, too')
  .option('--smoke', 'a few blocks only: shows that everything works, not how fast it is')
  .option('--only <workload>', 'W1 (calls), W2 (stream) or W4 (one to many); may be repeated', workload)
  .option(
    '--launches <number>',
    'how often each cell is launched; intervals need two, and five to be narrow',
    launchCount,
  )
  .option('--seed <number>', 'order of the launches and blocks', wholeNumber, defaultDBusOptions.seed)
  .option('--quiet', 'no progress')
  .option('--no-color', 'no colours')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();
try {
  process.exitCode = await main(program.opts<Arguments>());
} catch (error) {
  process.stderr.write(`compare:dbus: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
