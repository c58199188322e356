/**
 * `capstan bench …`: chooses between a run and what is done beside it, makes the run, and prints it. Progress goes to standard error, results
 * to standard output. Exit status: 0 done, 1 a cell failed or could not be run, 2 wrong usage, 3 done, but something that was asked for is
 * missing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { names } from './arguments.js';
import { oldBuildWords } from './code.js';
import { didYouMean, Failure, inOneLine, parsed, tellFailure, UsageError } from './failure.js';
import { failuresOf, prepareSuite, resultLines, runSuite, type Suite, workloads } from './index.js';
import { abortOnSignals } from './latency/abort.js';
import { assertStillThere } from './occupied.js';
import { createRunCommand, type RunArguments, subcommands } from './program.js';
import { writeReport } from './report/index.js';
import { createProgress, durationText } from './report/progress.js';
import { printResults } from './report/terminal.js';
import { makeDirectory, type Results, readResults, reportFile, writeResults } from './results/directory.js';
import { lockDirectory } from './results/lock.js';
import { allContenders } from './scenarios/index.js';
import type { Tier } from './scenarios/scenario.js';
import { type Output, standardOutput } from './statistics/output.js';

const name = 'capstan bench';
const status = { done: 0, failed: 1, usage: 2, incomplete: 3 };
const tiers: readonly Tier[] = ['smoke', 'quick', 'standard', 'full'];

function tierOf(options: RunArguments): Tier {
  const chosen = tiers.filter((tier) => options[tier] === true);
  if (chosen.length > 1)
    throw new UsageError(
      `${chosen.map((tier) => `--${tier}`).join(' and ')} are two sizes of a run`,
      'use one of --smoke, --quick, --standard and --full',
    );
  return chosen[0] ?? 'quick';
}

/** The command that repeats a run. */
function commandOf(
  tier: Tier,
  { out, workload, transport, placement, peers, launches, seed }: RunArguments,
): string {
  const words = [`capstan bench --${tier}`, `--seed ${seed}`, `--peers ${peers}`];
  if (launches !== undefined) words.push(`--launches ${launches}`);
  if (workload !== undefined) words.push(`--workload ${workload.join(',')}`);
  if (transport !== undefined) words.push(`--transport ${transport.join(',')}`);
  if (placement !== undefined) words.push(`--placement ${placement.join(',')}`);
  if (out !== undefined) words.push(`--out ${out}`);
  return words.join(' ');
}

/** Here and not where the option is parsed, because `auto` and `none` are no names. */
function peerNames(text: string): readonly string[] {
  try {
    return names(text);
  } catch {
    throw new UsageError('--peers has no names', 'use auto, none, or names separated by commas');
  }
}

function suiteOf(
  options: RunArguments,
  signal: AbortSignal,
  listen?: (text: string, share: number) => void,
): Suite {
  const tier = tierOf(options);
  const { out, workload, transport, placement, peers, launches, seed, resume, replace } = options;
  return prepareSuite({
    tier,
    seed,
    peers: peers === 'auto' || peers === 'none' ? peers : peerNames(peers),
    command: commandOf(tier, options),
    signal,
    ...(launches === undefined ? {} : { launches }),
    ...(workload === undefined ? {} : { workloads: workload }),
    ...(transport === undefined ? {} : { transports: transport }),
    ...(placement === undefined ? {} : { placements: placement }),
    ...(out === undefined ? {} : { directory: out }),
    ...(resume === true ? { mustResume: true } : {}),
    ...(replace === true ? { mayReplace: true } : {}),
    ...(listen === undefined ? {} : { onProgress: listen }),
  });
}

/** What is about to happen, before it takes an hour. */
function announce({ plan, plannedMs, unfinished }: Suite, output: Output): void {
  const cells = plan.groups.reduce((sum, group) => sum + group.cells.length, 0);
  const rest = unfinished === undefined ? '' : ', the rest of a run that was interrupted';
  const launches = `${plan.sizes.launches} ${plan.sizes.launches === 1 ? 'launch' : 'launches'} of each`;
  output.error(
    `${plan.tier}: ${cells} cells in ${plan.groups.length} groups, ${launches}; about ${durationText(plannedMs)}${rest}`,
  );
}

/** What is said and done before anything is announced. Throws `UsageError` if `--out` cannot be written. */
function begin({ machine }: Suite, { out }: RunArguments, output: Output): void {
  const { newer_sources = [] } = machine;
  if (newer_sources.length > 0) output.error(oldBuildWords(newer_sources));
  if (out !== undefined) makeDirectory(out);
}

/** The results that are there already, with their report, which a run that was killed at its very end lacks. */
async function finishedResults(directory: string, isQuiet: boolean, output: Output): Promise<Results> {
  const results = readResults(directory);
  if (!isQuiet)
    output.error(
      `${directory} holds this run, finished: begun ${results.run.started}; nothing is measured again without --replace`,
    );
  if (!existsSync(join(directory, reportFile))) await writeReport(results, directory);
  return results;
}

/** Measures what is to be measured. While it does and writes it down, its directory is its own. */
async function measuredResults(
  suite: Suite,
  options: RunArguments,
  isQuiet: boolean,
  endProgress: () => void,
  output: Output,
): Promise<Results> {
  const { out } = options;
  if (out === undefined) return measured(suite, options, isQuiet, endProgress, output);
  const release = lockDirectory(out);
  try {
    assertStillThere(suite.options, suite.plan.fingerprint, suite);
    return await measured(suite, options, isQuiet, endProgress, output);
  } catch (error) {
    const { signal, command } = suite.options;
    if (!(error instanceof Error) || error !== signal?.reason) throw error;
    throw new Failure(error.message, `'${command}' goes on where it was`);
  } finally {
    release();
  }
}

async function measured(
  suite: Suite,
  { out }: RunArguments,
  isQuiet: boolean,
  endProgress: () => void,
  output: Output,
): Promise<Results> {
  if (!isQuiet || suite.plan.tier === 'full') announce(suite, output);
  const results = await runSuite(suite);
  if (!isQuiet) endProgress();
  if (out !== undefined) {
    writeResults(results, out);
    for (const said of await writeReport(results, out)) if (!isQuiet) output.error(said);
  }
  return results;
}

async function main(options: RunArguments, output: Output, signals: Signals): Promise<number> {
  const isQuiet = options.quiet === true;
  const progress = createProgress(process.stderr.isTTY === true);
  const suite = suiteOf(options, signals(), isQuiet ? undefined : progress.step);
  if (suite.finished === undefined) begin(suite, options, output);
  const results =
    suite.finished === undefined
      ? await measuredResults(suite, options, isQuiet, progress.done, output)
      : await finishedResults(suite.finished, isQuiet, output);
  const isColoured = options.color && output.isTerminal && process.env['NO_COLOR'] === undefined;
  if (options.json === true) output.out(resultLines(results).join('\n'));
  else output.out(printResults(results, isColoured).replace(/\n$/, ''));
  for (const reason of results.run.missing) output.error(`missing: ${reason}`);
  const { tier, left_out: leftOut = [] } = results.run;
  if (leftOut.length > 0)
    output.error(`not in a ${tier} run: ${leftOut.join(', ')} (a larger size, or --peers with their names)`);
  const failures = failuresOf(results);
  for (const failure of failures) output.error(`failed: ${inOneLine(failure)}`);
  if (failures.length > 0) return status.failed;
  return suite.isIncomplete ? status.incomplete : status.done;
}

const commands = subcommands.map((one) => one.name);

function unknownCommand(word: string): UsageError {
  return new UsageError(`unknown command '${word}'${didYouMean(word, commands)}`, `see '${name} --help'`);
}

/** What is wrong with a word where options are expected. */
function strayWord(word: string, options: RunArguments): UsageError {
  if (word === 'help' || commands.includes(word))
    return new UsageError(
      `'${word}' stands behind options`,
      `use '${name} ${word} …', with the options behind it`,
    );
  const contenders = allContenders().map((contender) => contender.name);
  const isName = [...workloads, ...contenders].some(
    (known) => known === word || known === word.toUpperCase(),
  );
  const list =
    options.workload ?? options.transport ?? (options.peers === 'auto' ? undefined : [options.peers]);
  if (isName && list !== undefined)
    return new UsageError(
      `'${word}' stands alone`,
      `several names are separated by commas, without a space: ${[...list, word].join(',')}`,
    );
  return unknownCommand(word);
}

/** `args` begin with no name of a command. */
async function runRun(args: readonly string[], output: Output, signals: Signals): Promise<number> {
  const command = createRunCommand();
  const ended = parsed(command, args, output);
  if (ended !== undefined) return ended;
  const options = command.opts<RunArguments>();
  try {
    const [word] = command.args;
    if (word !== undefined) throw strayWord(word, options);
    return await main(options, output, signals);
  } catch (error) {
    tellFailure(output, name, error, options.json === true);
    return error instanceof UsageError ? status.usage : status.failed;
  }
}

/** What ends a run early, asked for when one begins. */
type Signals = () => AbortSignal;

/** The exit status. `help [COMMAND]` is the page of the command, as `--help` behind it is. */
export async function runBench(
  [word, ...args]: readonly string[],
  output = standardOutput(),
  signals: Signals = abortOnSignals,
): Promise<number> {
  if (word === undefined) return runRun([], output, signals);
  if (word === 'help') return runBench([...args.slice(0, 1), '--help'], output, signals);
  const subcommand = subcommands.find((one) => one.name === word);
  if (subcommand !== undefined) return (await subcommand.load()).run(args, output);
  if (word.startsWith('-')) return runRun([word, ...args], output, signals);
  tellFailure(output, name, unknownCommand(word), args.includes('--json'));
  return status.usage;
}
