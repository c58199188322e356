/**
 * The benchmark as a program; `capstan bench …` starts it with the same arguments. Progress goes to standard error, results to standard
 * output. Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage, 3 done, but something that was asked for is missing.
 */
import { Command, InvalidArgumentError } from 'commander';
import {
  CannotResume,
  failuresOf,
  prepareSuite,
  resultLines,
  runSuite,
  type Suite,
  UnknownName,
  workloads,
} from './index.js';
import { abortOnSignals } from './latency/abort.js';
import { writeReport } from './report/index.js';
import { createProgress, durationText } from './report/progress.js';
import { printResults } from './report/terminal.js';
import { readResults, writeResults } from './results/directory.js';
import type { Tier } from './scenarios/scenario.js';

interface Arguments {
  readonly smoke?: boolean;
  readonly quick?: boolean;
  readonly standard?: boolean;
  readonly full?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly workload?: string[];
  readonly transport?: string[];
  readonly peers: string;
  readonly seed: number;
  readonly resume?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

const status = { done: 0, failed: 1, usage: 2, incomplete: 3 };

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
}

const namesOf = (text: string): string[] => text.split(',').filter((name) => name !== '');

/** May be repeated, and each may be a list. */
function names(text: string, earlier: string[] = []): string[] {
  return [...earlier, ...namesOf(text)];
}

function workloadNames(text: string, earlier: string[] = []): string[] {
  const given = namesOf(text.toUpperCase());
  const unknown = given.find((name) => !workloads.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`there are ${workloads.join(', ')}`);
  return [...earlier, ...given];
}

const tiers: readonly Tier[] = ['smoke', 'quick', 'standard', 'full'];

function tierOf(options: Arguments): Tier {
  const chosen = tiers.filter((tier) => options[tier] === true);
  if (chosen.length > 1) throw new UnknownName('use one of --smoke, --quick, --standard and --full');
  return chosen[0] ?? 'quick';
}

/** The command that repeats a run. */
function commandOf(tier: Tier, { out, workload, transport, peers, seed }: Arguments): string {
  const words = [`capstan bench --${tier}`, `--seed ${seed}`, `--peers ${peers}`];
  if (workload !== undefined) words.push(`--workload ${workload.join(',')}`);
  if (transport !== undefined) words.push(`--transport ${transport.join(',')}`);
  if (out !== undefined) words.push(`--out ${out}`);
  return words.join(' ');
}

function suiteOf(
  options: Arguments,
  signal: AbortSignal,
  listen?: (text: string, share: number) => void,
): Suite {
  const tier = tierOf(options);
  const { out, workload, transport, peers, seed, resume } = options;
  return prepareSuite({
    tier,
    seed,
    peers: peers === 'auto' || peers === 'none' ? peers : namesOf(peers),
    command: commandOf(tier, options),
    signal,
    ...(workload === undefined ? {} : { workloads: workload }),
    ...(transport === undefined ? {} : { transports: transport }),
    ...(out === undefined ? {} : { directory: out }),
    ...(resume === true ? { mustResume: true } : {}),
    ...(listen === undefined ? {} : { onProgress: listen }),
  });
}

/** What is about to happen, before it takes an hour. */
function announce({ plan, plannedMs, unfinished }: Suite): void {
  const cells = plan.groups.reduce((sum, group) => sum + group.cells.length, 0);
  const rest = unfinished === undefined ? '' : ', the rest of a run that was interrupted';
  process.stderr.write(
    `${plan.tier}: ${cells} cells in ${plan.groups.length} groups, ${plan.sizes.launches} launches of each; about ${durationText(plannedMs)}${rest}\n`,
  );
}

async function main(options: Arguments): Promise<number> {
  const isQuiet = options.quiet === true;
  const progress = createProgress(process.stderr.isTTY === true);
  const signal = abortOnSignals();
  const suite = suiteOf(options, signal, isQuiet ? undefined : progress.step);
  if (!isQuiet || suite.plan.tier === 'full') announce(suite);
  const results = await runSuite(suite);
  if (!isQuiet) progress.done();
  if (options.out !== undefined) {
    writeResults(results, options.out);
    for (const said of await writeReport(results, options.out))
      if (!isQuiet) process.stderr.write(`${said}\n`);
  }
  const isColoured = options.color && process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  if (options.json === true) process.stdout.write(`${resultLines(results).join('\n')}\n`);
  else process.stdout.write(printResults(results, isColoured));
  for (const reason of results.run.missing) process.stderr.write(`missing: ${reason}\n`);
  const failures = failuresOf(results);
  for (const failure of failures) process.stderr.write(`failed: ${failure}\n`);
  if (failures.length > 0) return status.failed;
  return suite.isIncomplete ? status.incomplete : status.done;
}

/** What is done beside a run, mostly with results that are there; each reads its own arguments. */
const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  compare: async (args) => (await import('./statistics/compare-main.js')).runCompare(args),
  gate: async (args) => (await import('./statistics/gate-main.js')).runGate(args),
  'self-test': async (args) => (await import('./statistics/self-test-main.js')).runSelfTestCommand(args),
  report: async (args) => remakeReport(args),
};

const usageOfSubcommands = `
With results that are there:
  capstan bench compare A B            what changed between two runs, and how sure that is
  capstan bench gate --baseline DIR [RUN]
                                       1 if a run is surely worse than a baseline, for a project's CI
  capstan bench report DIR             makes the report of a run again

Without:
  capstan bench self-test              whether the suite finds what is injected, and what it costs itself
`;

/** Makes report.html, report.md, cells.csv and the histograms of a run again. */
async function remakeReport([directory, ...more]: readonly string[]): Promise<number> {
  if (directory === undefined || directory.startsWith('-') || more.length > 0)
    throw new UnknownName('use: capstan bench report DIR');
  for (const said of await writeReport(readResults(directory), directory)) process.stdout.write(`${said}\n`);
  return status.done;
}

const program = new Command('capstan bench')
  .description('compare the transports on this machine, with each other and with what people use today')
  .option('--quick', 'the first comparison, in under a minute (if no other size is asked for)')
  .option('--standard', 'all workloads, in under twenty minutes')
  .option('--full', 'the most, with intervals to publish; says beforehand how long')
  .option('--smoke', 'seconds: that everything works, not how fast it is')
  .option('--out <dir>', 'write results and their report there; an interrupted run goes on from it')
  .option('--workload <names>', `only these: ${workloads.join(', ')}; may be repeated`, workloadNames)
  .option('--transport <names>', 'only these transports; may be repeated', names)
  .option(
    '--peers <names>',
    'what else is compared: auto (what is installed), none (but C and Node), or names',
    'auto',
  )
  .option('--seed <number>', 'seed for the order of everything', wholeNumber, 1)
  .option('--resume', 'go on with the unfinished run in --out, or say why not')
  .option('--json', 'one object a cell, one a line')
  .option('--quiet', 'no progress')
  .option('--no-color', 'no colours')
  .addHelpText('after', usageOfSubcommands)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? status.done : status.usage))
  .action(async (options: Arguments) => {
    process.exitCode = await main(options);
  });

try {
  const [word = '', ...args] = process.argv.slice(2);
  const subcommand = subcommands[word];
  if (subcommand === undefined) await program.parseAsync();
  else process.exitCode = await subcommand(args);
} catch (error) {
  process.stderr.write(`capstan bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode =
    error instanceof UnknownName || error instanceof CannotResume ? status.usage : status.failed;
}
