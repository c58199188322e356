/**
 * `capstan bench compare A B`: what changed between two runs, and how sure that is.
 * Exit status: 0 compared, whatever came of it; 1 the two cannot be compared; 2 wrong usage.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { readResults } from '../results/directory.js';
import type { CellName } from '../results/line.js';
import { comparisonText } from './compare-table.js';
import { type CompareOptions, type Comparison, compareResults, defaultBand } from './comparison.js';
import { createPaint, type Output, standardOutput } from './output.js';
import { type FigureName, figureNames } from './pairs.js';

interface Arguments {
  readonly json?: boolean;
  readonly color: boolean;
  readonly band: number;
  readonly figure: FigureName;
  readonly normalise: 'auto' | 'always' | 'never';
  readonly workload?: readonly string[];
  readonly seed: number;
}

/** A share in percent, as a number between 0 and 1. */
export function percentArgument(text: string): number {
  const value = Number(text.replace(/ ?%$/, ''));
  if (!(value > 0 && value < 100)) throw new InvalidArgumentError('use a number of percent, for example 5');
  return value / 100;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
}

/** The options that a comparison and a gate have in common. */
export function withComparisonOptions(command: Command): Command {
  return command
    .option('--json', 'one object a line: the comparison, then its cells and patterns')
    .addOption(
      new Option('--figure <name>', 'what is compared; of W2 and W9 messages a second where a cell has none')
        .choices(figureNames)
        .default('p50_us'),
    )
    .addOption(
      new Option('--normalise <when>', "whether figures are taken over the baseline's of their own run")
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option('--workload <name...>', 'only these workloads; fewer cells leave less to chance')
    .option('--seed <number>', 'for what is drawn at random', wholeNumber, 1)
    .option('--no-color', 'no colours');
}

/** What these arguments ask of a comparison. */
export function optionsOf(args: Omit<Arguments, 'band' | 'json' | 'color'>, band: number): CompareOptions {
  const { figure, normalise, workload, seed } = args;
  const wanted = workload?.map((name) => name.toUpperCase());
  const only = (name: CellName): boolean => wanted?.includes(name.workload) ?? true;
  return { figure, normalise, seed, band, only };
}

/** The comparison as JSON lines: `kind` is `comparison`, `cell`, `order` or `only`. */
function comparisonLines({ cells, orders, only_a, only_b, ...whole }: Comparison): string[] {
  const count = (verdict: string): number =>
    [...cells, ...orders].filter((one) => one.verdict === verdict).length;
  return [
    { kind: 'comparison', ...whole, worse: count('worse'), better: count('better') },
    ...cells.map(({ name, ...cell }) => ({ kind: 'cell', ...name, ...cell })),
    ...orders.map((order) => ({ kind: 'order', ...order })),
    ...only_a.map((key) => ({ kind: 'only', run: 'A', key })),
    ...only_b.map((key) => ({ kind: 'only', run: 'B', key })),
  ].map((line) => JSON.stringify(line));
}

/** Parses with `command` and hands over what it found; the exit status where there is nothing to do. */
export function parsed(
  command: Command,
  args: readonly string[],
  { out, error }: Output,
): number | undefined {
  command.exitOverride().configureOutput({
    writeOut: (text) => out(text.trimEnd()),
    writeErr: (text) => error(text.trimEnd()),
  });
  try {
    command.parse(args, { from: 'user' });
    return undefined;
  } catch (problem) {
    if (problem instanceof CommanderError) return problem.exitCode === 0 ? 0 : 2;
    throw problem;
  }
}

/** The exit status. */
export async function runCompare(args: readonly string[], output = standardOutput()): Promise<number> {
  const command = withComparisonOptions(new Command('capstan bench compare'))
    .description('what changed between two runs, and how sure that is')
    .argument('<A>', 'directory of the run before')
    .argument('<B>', 'directory of the run after')
    .option('--band <percent>', 'a smaller change does not matter', percentArgument, defaultBand);
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const options = command.opts<Arguments>();
  const [before = '', after = ''] = command.args;
  try {
    const comparison = compareResults(
      readResults(before),
      readResults(after),
      optionsOf(options, options.band),
    );
    if (options.json === true) for (const line of comparisonLines(comparison)) output.out(line);
    else output.out(comparisonText(comparison, createPaint(output, options.color)));
    return 0;
  } catch (error) {
    output.error(`capstan bench compare: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
