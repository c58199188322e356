/**
 * `capstan bench compare A B`: what changed between two runs, and how sure that is.
 * Exit status: 0 compared, whatever came of it; 1 the two cannot be compared; 2 wrong usage.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { placementNames, wholeNumber, workloadNames } from '../arguments.js';
import { Failure, parsed, tellFailure } from '../failure.js';
import { workloads } from '../index.js';
import { withPage } from '../pages.js';
import { knownPlacements } from '../placements.js';
import { type Results, readResults } from '../results/directory.js';
import type { ResultLine } from '../results/line.js';
import { comparisonText, rowsMax, runsText } from './compare-table.js';
import { type CompareOptions, type Comparison, compareResults, defaultBand } from './comparison.js';
import { createPaint, standardOutput } from './output.js';
import { type FigureName, figureNames } from './pairs.js';

interface Arguments extends Chosen {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly all?: boolean;
  readonly color: boolean;
  readonly band?: number;
  readonly figure: FigureName;
  readonly normalise: 'auto' | 'always' | 'never';
  readonly asMeasured?: boolean;
  readonly seed: number;
}

/** A share in percent, as a number between 0 and 1. */
export function percentArgument(text: string): number {
  const value = Number(text.replace(/ ?%$/, ''));
  if (!(value > 0 && value < 100))
    throw new InvalidArgumentError('use a number of percent between 0 and 100, for example 5');
  return value / 100;
}

/** The options that a comparison and a gate have in common. */
export function withComparisonOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--figure <name>',
        'what is compared; of W2 and W9 messages a second where a cell has no such figure',
      )
        .choices(figureNames)
        .default('p50_us'),
    )
    .option(
      '--workload <names>',
      'only these workloads, separated by commas, may be repeated; fewer cells leave less to chance',
      workloadNames(workloads),
    )
    .option(
      '--placement <names>',
      `only at these placements: ${knownPlacements.join(', ')}`,
      placementNames(knownPlacements),
    )
    .addOption(
      new Option(
        '--normalise <when>',
        'divide by the C ping-pong of the same run, so that a slower machine does not count; auto: where the machines, or surely their speeds, differ',
      )
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option(
      '--as-measured',
      'medians as they were measured, and not at the same pace of the cores, which a neighbour on the host may slow down',
    )
    .option(
      '--all',
      `list every cell; else what is worse, better or invalid, if there are more than ${rowsMax}`,
    )
    .option('--seed <number>', 'for what is drawn at random', wholeNumber, 1)
    .option('--no-color', 'no colours (also with NO_COLOR in the environment, or without a terminal)');
}

/** What these arguments ask of a comparison. */
export function optionsOf(
  {
    figure,
    normalise,
    seed,
    asMeasured = false,
  }: Pick<Arguments, 'figure' | 'normalise' | 'seed' | 'asMeasured'>,
  band: number,
): CompareOptions {
  return { figure, normalise, seed, band, isAsMeasured: asMeasured };
}

/** What of two runs is compared; all of it where nothing is said. */
export interface Chosen {
  readonly workload?: readonly string[];
  readonly placement?: readonly string[];
}

/** The run in a directory, as far as it is compared: cells and patterns of these workloads and placements. */
export function readRun(directory: string, chosen: Chosen): Results {
  return chosenOf(readResults(directory), directory, chosen);
}

export function chosenOf(results: Results, directory: string, { workload, placement }: Chosen): Results {
  const isChosen = (line: ResultLine): boolean =>
    (workload?.includes(line.workload) ?? true) && (placement?.includes(line.placement) ?? true);
  const lines = results.lines.filter(isChosen);
  if (lines.length > 0 || (workload === undefined && placement === undefined)) return { ...results, lines };
  const listed = (names: readonly string[] = []): string => [...new Set(names)].join(', ');
  const asked = [listed(workload), listed(placement)].filter((names) => names !== '').join(' at ');
  const there = listed(results.lines.map((line) => line.workload));
  const places = listed(results.lines.map((line) => line.placement));
  throw new Failure(
    `${directory} has no cells of ${asked}`,
    there === '' ? 'it has none at all' : `it has ${there}, at ${places}`,
  );
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

const name = 'capstan bench compare';

export function createCompareCommand(): Command {
  const command = new Command(name)
    .description('Says what changed between two runs, A before and B after, and how sure that is.')
    .argument('<A>', "directory of the run before, which 'capstan bench --out A' has written")
    .argument('<B>', "directory of the run after, which 'capstan bench --out B' has written")
    .option(
      '--band <percent>',
      `a smaller change does not matter (default: ${defaultBand * 100})`,
      percentArgument,
    );
  withComparisonOptions(command)
    .option('--json', 'one object a line: the comparison, then its cells and patterns')
    .option('--quiet', 'changes nothing: there is no progress');
  return withPage(command, {
    notes: [
      'docs/benchmark-statistics.md says what the columns and verdicts mean, and how they are found.\nOnly runs with four launches or more (--standard, --full, or --launches) can show a change.',
    ],
    statuses: ['compared, whatever came of it', 'the two cannot be compared', 'wrong usage'],
    examples: [
      ['capstan bench compare before after', 'what changed, as a table'],
      ['capstan bench compare before after --workload W1 --figure p99_us', 'the slowest hundredth of calls'],
    ],
  });
}

/** The exit status. */
export async function runCompare(args: readonly string[], output = standardOutput()): Promise<number> {
  const command = createCompareCommand();
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const options = command.opts<Arguments>();
  const [before = '', after = ''] = command.args;
  try {
    const [a, b] = [readRun(before, options), readRun(after, options)];
    const comparison = compareResults(a, b, optionsOf(options, options.band ?? defaultBand));
    if (options.json === true) for (const line of comparisonLines(comparison)) output.out(line);
    else {
      output.out(runsText([before, a], [after, b]));
      output.out(comparisonText(comparison, createPaint(output, options.color), options));
    }
    return 0;
  } catch (error) {
    tellFailure(output, name, error, options.json === true);
    return 1;
  }
}
