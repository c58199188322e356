/**
 * `capstan bench gate --baseline DIR [RUN]`: for a project's CI; where no run is named, one like the baseline is made. Fails only where a
 * change for the worse is real: surely there, and larger than the tolerance; where many more calls end by an error; where a cell of the run has failed or broken a promise, whatever
 * the baseline shows. What is unclear, and what could not be judged, does not fail it, but is told. So is a pattern of W8 that surely has
 * inversions in more of its runs where nobody promises that there are none: launches cannot show that two runs differ (orders.ts).
 * Exit status: 0 no cell is surely worse and no promise broken, 1 one is (with the reason on standard error), 2 wrong usage or no such runs.
 */
import { Command } from 'commander';
import { inOneLine, parsed, tellFailure } from '../failure.js';
import { abortOnSignals } from '../latency/abort.js';
import { isMissedSchedule } from '../latency/launch.js';
import { withPage } from '../pages.js';
import type { Results } from '../results/directory.js';
import { cellKey, isOrderLine, type ResultLine } from '../results/line.js';
import {
  type Chosen,
  chosenOf,
  optionsOf,
  percentArgument,
  readRun,
  withComparisonOptions,
} from './compare-main.js';
import { comparisonText, runsText } from './compare-table.js';
import { type CellComparison, type Comparison, compareResults } from './comparison.js';
import { errorGrowth, errorWords } from './errors.js';
import { type OrderComparison, orderKey } from './orders.js';
import { createPaint, type Output, standardOutput } from './output.js';
import { detectableWords } from './power.js';
import { runAgain } from './rerun.js';
import type { Verdict } from './verdict.js';

interface Arguments extends Chosen {
  readonly baseline: string;
  readonly tolerance?: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
  readonly quiet?: boolean;
}

/** Larger than this a change for the worse fails the gate. */
const defaultTolerance = 0.05;

/** What the gate says of a comparison. */
export interface GateVerdict {
  readonly isPassed: boolean;
  /** Why not, a sentence each. */
  readonly reasons: readonly string[];
  /** What it could not tell, a sentence each. */
  readonly doubts: readonly string[];
}

function cellReason(cell: CellComparison, level: number): string {
  const [ratio, low, high] = cell.is_normalised
    ? [cell.normalised, cell.normalised_low, cell.normalised_high]
    : [cell.ratio, cell.ratio_low, cell.ratio_high];
  const by = ((ratio ?? 1) - 1) * 100;
  const range = [low, high].map((end) => `${(((end ?? 1) - 1) * 100).toFixed(1)}`).join(' to ');
  const p = Math.max(cell.p ?? 1, 0.0001);
  const sure = `p ${p.toFixed(4)} of at most ${level}, for all cells together`;
  return `${cell.key}: ${cell.figure} ${by > 0 ? '+' : ''}${by.toFixed(1)} % (95 %: ${range} %; ${sure})`;
}

function orderDoubt(order: OrderComparison): string {
  const { key, inversions_a, runs_a, inversions_b, runs_b } = order;
  const counts = `inversions in ${inversions_b} of ${runs_b} runs, before in ${inversions_a} of ${runs_a}`;
  return `${key}: ${counts}; surely more, but no promise is broken, and races depend on the machine`;
}

/**
 * What is wrong with a line by itself: violations, or a cell that failed. A generator that missed its schedule is the machine's fault and
 * none of these.
 */
function faultOf(line: ResultLine): string | undefined {
  if (isOrderLine(line)) {
    return line.violations > 0 ? `${line.violations} violations of an order that is promised` : undefined;
  }
  if (line.violations > 0) return `${line.violations} violations`;
  return line.invalid !== undefined && isMissedSchedule(line.invalid) ? undefined : line.invalid;
}

const keyOf = (line: ResultLine): string => (isOrderLine(line) ? orderKey(line) : cellKey(line));

/** What is broken in a run, by the key of its line; what the baseline shows does not excuse it. */
function faultsOf({ lines }: Results): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  for (const line of lines) {
    const fault = faultOf(line);
    if (fault !== undefined) faults.set(keyOf(line), fault);
  }
  return faults;
}

/** How many cells got no verdict for one reason, and what would help. */
function counted(cells: readonly { readonly verdict: Verdict }[], verdict: Verdict, text: string): string[] {
  const count = cells.filter((cell) => cell.verdict === verdict).length;
  return count === 0 ? [] : [`${count} ${text}`];
}

/** Fails for cells that surely slowed by more than the tolerance, for those with many more errors (errors.ts), and for whatever failed or broke a promise in B. */
function gateVerdict(comparison: Comparison, a: Results, b: Results): GateVerdict {
  const { cells, orders, only_a, level } = comparison;
  const faults = faultsOf(b);
  const isWorse = ({ verdict, key }: CellComparison | OrderComparison): boolean =>
    verdict === 'worse' && !faults.has(key);
  const reasons = [
    ...cells.filter(isWorse).map((cell) => cellReason(cell, level)),
    ...cells
      .filter((cell) => errorGrowth(cell) === 'fails' && !faults.has(cell.key))
      .map((cell) => `${cell.key}: ${errorWords(cell)}`),
    ...[...faults].map(([key, fault]) => `${key}: ${inOneLine(fault)}`),
  ];
  const doubts = [
    ...only_a.map((key) => `${key}: was not measured again`),
    ...b.run.missing.filter((what) => !a.run.missing.includes(what)).map((what) => `missing now: ${what}`),
    ...cells
      .filter(({ verdict, key }) => verdict === 'invalid' && !faults.has(key))
      .map(({ key, why }) => `${key}: not judged; ${inOneLine(why ?? '')}`),
    ...cells
      .filter((cell) => errorGrowth(cell) === 'told' && !faults.has(cell.key))
      .map((cell) => `${cell.key}: ${errorWords(cell)}`),
    ...orders.filter(isWorse).map(orderDoubt),
    ...counted(cells, 'unclear', 'unclear; more launches would tell'),
    ...((comparison.detectable ?? 0) > comparison.band ? detectableWords(cells) : []),
    ...counted(
      [...cells, ...orders],
      'too few launches',
      'with too few launches to tell anything; use --standard or --launches',
    ),
    ...counted(orders, 'too few runs', 'with no inversion, in too few runs to tell anything'),
    ...counted(cells, 'too few samples', 'with too few samples in a launch to tell anything'),
  ];
  return { isPassed: reasons.length === 0, reasons, doubts };
}

/** Whether anything could have been found worse. */
function isJudged({ cells, orders }: Comparison): boolean {
  const judged: readonly Verdict[] = ['worse', 'better', 'unchanged', 'unclear'];
  return orders.some(({ p }) => p !== null) || cells.some(({ verdict }) => judged.includes(verdict));
}

function tell(
  comparison: Comparison,
  { isPassed, reasons, doubts }: GateVerdict,
  { json, color, quiet, all }: Arguments,
  output: Output,
): boolean {
  if (json === true) {
    const { band: tolerance, level, warnings, detectable } = comparison;
    const line = {
      kind: 'gate',
      is_passed: isPassed,
      reasons,
      doubts,
      warnings,
      tolerance,
      level,
      detectable,
    };
    output.out(JSON.stringify(line));
  } else {
    if (quiet !== true) output.out(comparisonText(comparison, createPaint(output, color), { all }));
    for (const doubt of doubts) output.out(`note: ${doubt}`);
  }
  for (const reason of reasons) output.error(`capstan bench gate: worse: ${reason}`);
  if (isPassed && json !== true)
    output.out(
      isJudged(comparison)
        ? 'gate: passed, no cell is surely worse and no promise is broken'
        : 'gate: passed, nothing failed; but no cell could be judged',
    );
  else if (json !== true)
    output.out(
      `gate: failed, for ${reasons.length} ${reasons.length === 1 ? 'reason' : 'reasons'} on standard error`,
    );
  return isPassed;
}

const name = 'capstan bench gate';

export function createGateCommand(): Command {
  const command = new Command(name)
    .description(
      "Fails a project's CI where a run is surely worse than a baseline, where a cell failed in it, or a promise of a transport is broken.",
    )
    .usage('--baseline <dir> [options] [RUN]')
    .argument('[RUN]', 'directory of the run that is judged; one like the baseline is made if none is named')
    .requiredOption(
      '--baseline <dir>',
      "directory of the run that it is judged by, of 'capstan bench --standard --out'",
    )
    .option(
      '--tolerance <percent>',
      `what it may be slower (default: ${defaultTolerance * 100})`,
      percentArgument,
    );
  withComparisonOptions(command)
    .option('--json', 'one object: the verdict')
    .option('--quiet', 'only the verdict, and what it could not tell');
  return withPage(command, {
    notes: [
      'What is unclear or could not be judged does not fail it, and is told.\nOnly runs with four launches or more (--standard, --full, or --launches) can show that figures are worse.',
    ],
    statuses: [
      'no cell is surely worse, none failed, and no promise is broken',
      'one is, with the reason on standard error',
      'wrong usage, or no such runs',
    ],
    examples: [
      ['capstan bench gate --baseline kept', 'measures as the baseline was measured, and judges that'],
      ['capstan bench gate --baseline kept DIR', 'judges the run in DIR'],
    ],
  });
}

/** The exit status. */
export async function runGate(args: readonly string[], output = standardOutput()): Promise<number> {
  const command = createGateCommand();
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const options = command.opts<Arguments & Parameters<typeof optionsOf>[0]>();
  const [run] = command.args;
  try {
    const baseline = readRun(options.baseline, options);
    if (run === undefined && options.quiet !== true)
      output.error(`${name}: measuring again: ${baseline.run.command}`);
    const judged =
      run === undefined
        ? chosenOf(await runAgain(baseline, abortOnSignals()), 'the run that was made', options)
        : readRun(run, options);
    const wanted = optionsOf(options, options.tolerance ?? defaultTolerance);
    const comparison = compareResults(baseline, judged, wanted);
    const verdict = gateVerdict(comparison, baseline, judged);
    if (options.json !== true && options.quiet !== true)
      output.out(runsText([options.baseline, baseline], [run ?? 'measured now', judged]));
    return tell(comparison, verdict, options, output) ? 0 : 1;
  } catch (error) {
    tellFailure(output, name, error, options.json === true);
    return 2;
  }
}
