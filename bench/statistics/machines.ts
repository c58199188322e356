/**
 * Whether two runs were made on the same kind of machine, and how much faster one of them was.
 *
 * A baseline is a cell whose program nobody changes: the ping-pong in C. What it took longer in B, the machine took longer.
 */
import type { Machine } from '../report/machine.js';
import type { Results } from '../results/directory.js';
import { type CellLine, variedNames } from '../results/line.js';
import { geometricMean, mean, tame } from './averages.js';
import { type BootstrapOptions, bootstrapRatio } from './bootstrap.js';
import type { PassFigures } from './pairs.js';

/** The contender that stands for the machine's speed. */
const baselineContender = 'c-seqpacket';

const compared = [
  'cpu',
  'cpus',
  'memory_mib',
  'kernel',
  'governor',
  'node',
  'v8',
] as const satisfies readonly (keyof Machine)[];

/** Memory differs by what the kernel keeps for itself; less than this share is the same machine. */
const sameMemory = 0.02;

/** What differs between the machines, a sentence each. The commit is not among it: that is what is compared. */
export function machineDifferences({ machine: a }: Results, { machine: b }: Results): string[] {
  const differences: string[] = [];
  for (const key of compared) {
    if (a[key] === b[key]) continue;
    const isMemory = key === 'memory_mib';
    if (isMemory && Math.abs(a.memory_mib - b.memory_mib) < sameMemory * a.memory_mib) continue;
    differences.push(`the machines differ in ${key}: ${a[key]} in A, ${b[key]} in B`);
  }
  if (a.node_flags.join(' ') !== b.node_flags.join(' ')) {
    const flags = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(' '));
    differences.push(
      `the machines differ in Node's flags: ${flags(a.node_flags)} in A, ${flags(b.node_flags)} in B`,
    );
  }
  const names = new Set([...Object.keys(a.mitigations), ...Object.keys(b.mitigations)]);
  const other = [...names].filter((name) => a.mitigations[name] !== b.mitigations[name]);
  if (other.length > 0) differences.push(`the machines differ in mitigations: ${other.sort().join(', ')}`);
  return differences;
}

/** How much of a cell's name another one shares; −1 where it cannot be its baseline. */
function nearness(line: CellLine, other: CellLine): number {
  const isPossible =
    other.contender === baselineContender &&
    other.placement === line.placement &&
    other.loop === line.loop &&
    other.invalid === undefined &&
    other.violations === 0;
  if (!isPossible) return -1;
  const varied = variedNames.filter((key) => other[key] === line[key]).length;
  const isSameSize = other.payload_bytes === line.payload_bytes;
  return (other.workload === line.workload ? 1000 : 0) + (isSameSize ? 100 : 0) + varied;
}

/**
 * The cell of the same run that stands for the machine's speed: that of the baseline's contender which is nearest in workload, size and
 * what is varied, at the same placement. A cell of that contender is its own.
 */
export function baselineOf(line: CellLine, cells: Iterable<CellLine>): CellLine | undefined {
  if (line.contender === baselineContender) return line;
  let found: CellLine | undefined;
  let best = -1;
  for (const other of cells) {
    const near = nearness(line, other);
    if (near > best) {
      best = near;
      found = other;
    }
  }
  return found;
}

/** A baseline's cell in two runs; `isRate` says that more is faster. */
interface Baseline {
  readonly raw: readonly [PassFigures, PassFigures];
  readonly isRate: boolean;
}

/** How slow a run was in each pass, by all baselines together; each of them is taken over its own mean in both runs. */
function passSpeeds(baselines: readonly Baseline[]): readonly [number[], number[]] {
  const runs: [number[][], number[][]] = [[], []];
  for (const { raw, isRate } of baselines) {
    const tamed = raw.map(tame);
    const centre = mean(tamed.flat().filter(isNumber).map(Math.log));
    for (const [at, passes] of runs.entries())
      for (const [pass, value] of (tamed[at] ?? []).entries()) {
        passes[pass] ??= [];
        if (value !== null) passes[pass]?.push((Math.log(value) - centre) * (isRate ? -1 : 1));
      }
  }
  const [a, b] = runs;
  const speedsOf = (passes: readonly number[][]): number[] =>
    passes.filter((logs) => logs.length > 0).map((logs) => Math.exp(mean(logs)));
  return [speedsOf(a), speedsOf(b)];
}

const isNumber = (value: number | null): value is number => value !== null;

/** How long the baselines take in B, as a ratio to A; null where there are none. */
export function speedOf(baselines: readonly Baseline[]): number | null {
  const ratios = baselines
    .map(({ raw: [a, b], isRate }) => {
      const average = (values: PassFigures): number => geometricMean(tame(values).filter(isNumber));
      return isRate ? average(a) / average(b) : average(b) / average(a);
    })
    .filter((ratio) => Number.isFinite(ratio));
  return ratios.length === 0 ? null : geometricMean(ratios);
}

/**
 * Whether the two machines surely differ in speed by more than this share: the whole 95 % interval over passes does. To divide by a baseline
 * adds what the baseline scatters by, and is worth that only where there is something to take out.
 */
export function isOtherSpeed(
  baselines: readonly Baseline[],
  share: number,
  draws: BootstrapOptions,
): boolean {
  const [a, b] = passSpeeds(baselines);
  if (a.length === 0 || b.length === 0) return false;
  const { low, high } = bootstrapRatio(b, a, draws);
  return low !== null && high !== null && (low > 1 + share || high < 1 / (1 + share));
}
