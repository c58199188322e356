/**
 * `capstan bench gate --baseline DIR [RUN]`: for a project's CI; where no run is named, one like the baseline is made. Fails only where a change for the worse is real: surely there, and larger
 * than the tolerance. What is unclear does not fail it, but is told.
 * Exit status: 0 nothing is surely worse, 1 something is (with the reason on standard error), 2 wrong usage or no such runs.
 */
import { Command } from 'commander';
import { abortOnSignals } from '../latency/abort.js';
import { readResults } from '../results/directory.js';
import { optionsOf, parsed, percentArgument, withComparisonOptions } from './compare-main.js';
import { comparisonText } from './compare-table.js';
import { type CellComparison, type CompareOptions, type Comparison, compareResults } from './comparison.js';
import type { OrderComparison } from './orders.js';
import { createPaint, type Output, standardOutput } from './output.js';
import { runAgain } from './rerun.js';

interface Arguments extends CompareOptions {
  readonly baseline: string;
  readonly tolerance: number;
  readonly json?: boolean;
  readonly color: boolean;
  readonly quiet?: boolean;
}

/** Larger than this a change for the worse fails the gate. */
export const defaultTolerance = 0.05;

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

function orderReason(order: OrderComparison): string {
  const { key, inversions_a, runs_a, inversions_b, runs_b, violations_b } = order;
  if (violations_b > 0) return `${key}: ${violations_b} violations of an order that is promised`;
  return `${key}: inversions in ${inversions_b} of ${runs_b} runs, before in ${inversions_a} of ${runs_a}`;
}

/** Only what is surely worse fails: cells that slowed by more than the tolerance, and cells and patterns that are broken now. */
export function gateVerdict(comparison: Comparison): GateVerdict {
  const { cells, orders, only_a, level } = comparison;
  const isBroken = ({ verdict, why }: CellComparison): boolean =>
    verdict === 'invalid' && why?.startsWith('B: ') === true && why.endsWith(' violations');
  const reasons = [
    ...cells.filter(({ verdict }) => verdict === 'worse').map((cell) => cellReason(cell, level)),
    ...cells.filter(isBroken).map(({ key, why }) => `${key}: ${why?.slice(3)}`),
    ...orders.filter(({ verdict }) => verdict === 'worse').map(orderReason),
  ];
  const count = (verdict: string): number => cells.filter((cell) => cell.verdict === verdict).length;
  const doubts = [
    ...only_a.map((key) => `${key}: was not measured again`),
    ...(count('unclear') > 0 ? [`${count('unclear')} unclear; more launches would tell`] : []),
    ...(count('too few launches') > 0
      ? [`${count('too few launches')} with too few launches to tell anything; use --standard`]
      : []),
  ];
  return { isPassed: reasons.length === 0, reasons, doubts };
}

function tell(comparison: Comparison, { json, color, quiet }: Arguments, output: Output): boolean {
  const verdict = gateVerdict(comparison);
  const { isPassed, reasons, doubts } = verdict;
  if (json === true) {
    const { band: tolerance, level, warnings } = comparison;
    const line = { kind: 'gate', is_passed: isPassed, reasons, doubts, warnings, tolerance, level };
    output.out(JSON.stringify(line));
  } else if (quiet !== true) {
    output.out(comparisonText(comparison, createPaint(output, color)));
    for (const doubt of doubts) output.out(`note: ${doubt}`);
  }
  for (const reason of reasons) output.error(`capstan bench gate: worse: ${reason}`);
  if (isPassed && json !== true) output.out('gate: passed, nothing is surely worse');
  return isPassed;
}

/** The exit status. */
export async function runGate(args: readonly string[], output = standardOutput()): Promise<number> {
  const command = withComparisonOptions(new Command('capstan bench gate'))
    .description('fail where a run is surely slower than another one')
    .argument('[run]', 'directory of the run that is judged; one like the baseline is made if none is named')
    .requiredOption('--baseline <dir>', 'directory of the run that it is judged by')
    .option('--tolerance <percent>', 'what it may be slower', percentArgument, defaultTolerance)
    .option('--quiet', 'only the verdict');
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const options = command.opts<Arguments & Parameters<typeof optionsOf>[0]>();
  const [run] = command.args;
  try {
    const baseline = readResults(options.baseline);
    const comparison = compareResults(
      baseline,
      run === undefined ? await runAgain(baseline, abortOnSignals()) : readResults(run),
      optionsOf(options, options.tolerance),
    );
    return tell(comparison, options, output) ? 0 : 1;
  } catch (error) {
    output.error(`capstan bench gate: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}
