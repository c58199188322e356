/**
 * From the records of all launches to the lines of the result: histograms are merged, sums are summed, and the ratio to the baseline is the
 * geometric mean of the ratios within launches, with an interval over them (benchmark method, points 6, 9 and 16). A launch pairs a
 * cell with the baseline that was interleaved with it, so that what hit the whole launch is in neither.
 */
import { inOneLine } from './failure.js';
import { type CellDefinition, cellNameOf } from './latency/cell.js';
import { type CellRecord, figuresOf, launchFigures, mergedHistogram, round } from './latency/record.js';
import type { LaunchEntry } from './launch-log.js';
import type { Group } from './plan.js';
import { queueDepthOf } from './report/cells.js';
import { type CellLine, cellKey, type Varied, variedNames } from './results/line.js';
import { median } from './statistics/averages.js';
import { bootstrapPairedRatio, type Interval } from './statistics/bootstrap.js';
import { encodeHistogram, percentileNs } from './statistics/histogram.js';

const usualBaseline = 'c-seqpacket';

interface Measured {
  readonly definition: CellDefinition;
  readonly key: string;
  /** By launch. */
  readonly records: ReadonlyMap<number, CellRecord>;
}

function isSameVaried(one: Varied = {}, other: Varied = {}): boolean {
  return variedNames.every((name) => one[name] === other[name]);
}

/** What a cell is compared with: the baseline that does the same, or, where none does, the only cell of the baseline in the group. */
function baselineOf(cell: Measured, group: readonly Measured[]): Measured | undefined {
  const { definition } = cell;
  const name = definition.baseline ?? usualBaseline;
  const candidates = group.filter((other) => other.definition.contender === name);
  const same = candidates.filter(
    ({ definition: other }) =>
      other.payloadBytes === definition.payloadBytes &&
      isSameVaried(other.varied, definition.varied) &&
      (other.loop ?? 'closed') === (definition.loop ?? 'closed'),
  );
  return (
    same.find((other) => other.definition.call === definition.call) ??
    (same.length === 1 ? same[0] : undefined) ??
    (candidates.length === 1 ? candidates[0] : undefined)
  );
}

/** Null where the launch gave no figures, or too few samples for a median (point 10). */
function p50Of(record: CellRecord | undefined): number | null {
  if (record === undefined || record.samples === 0 || record.invalid !== null || record.failure !== null)
    return null;
  return percentileNs(mergedHistogram([record]), 50);
}

/** p50 over the baseline's, by launch; null where no launch has both. */
function ratioOf(cell: Measured, baseline: Measured | undefined, seed: number): Interval | null {
  const own: number[] = [];
  const base: number[] = [];
  for (const [launch, record] of cell.records) {
    const numerator = p50Of(record);
    const denominator = p50Of(baseline?.records.get(launch));
    if (numerator === null || denominator === null || numerator * denominator === 0) continue;
    own.push(numerator);
    base.push(denominator);
  }
  return own.length === 0 ? null : bootstrapPairedRatio(own, base, { seed });
}

/** An end of an interval: of few launches it may be far from the figure, and must not become 0. */
function significant(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}

/** Why a cell's figures must not be used, if so. A launch in which the machine stalled is left out; with most of them gone nothing is left. */
function invalidityOf(records: readonly CellRecord[], launches: number): string | undefined {
  const failed = records.filter(({ failure }) => failure !== null);
  const why = failed[0]?.failure;
  if (typeof why === 'string') return `failed in ${failed.length} of ${launches} launches: ${inOneLine(why)}`;
  const stalled = records.filter(({ invalid }) => invalid !== null);
  if (stalled.length * 2 > launches) return stalled[0]?.invalid ?? undefined;
  return records.every(({ samples }) => samples === 0) ? 'no message was answered' : undefined;
}

/**
 * How much of an open loop was done in the time for which it was planned: the median over launches of this share of each, so that a single
 * launch with a stall of its own does not make a contender overloaded. Null for others.
 */
function achievedShare(records: readonly CellRecord[]): number | null {
  const shares = records.flatMap(({ planned_ms: planned, elapsed_ms: elapsed }) =>
    planned === undefined || planned === 0 ? [] : [Math.min(1, planned / elapsed)],
  );
  return shares.length === 0 ? null : round(median(shares), 3);
}

function lineOf(cell: Measured, group: readonly Measured[], launches: number, seed: number): CellLine {
  const { definition } = cell;
  const all = [...cell.records.values()];
  const used = all.filter(
    ({ failure, invalid, samples }) => failure === null && invalid === null && samples > 0,
  );
  const perSample = definition.messagesPerSample ?? 1;
  const histogram = mergedHistogram(used);
  const baseline = baselineOf(cell, group);
  const ratio = ratioOf(cell, baseline, seed);
  const colds = used.flatMap(({ cold_ns }) => (cold_ns === null ? [] : [cold_ns / 1000]));
  const offered = used.flatMap(({ offered_per_second }) => offered_per_second ?? []);
  const peaks = used.flatMap(({ peak_per_second }) => peak_per_second ?? []);
  const achieved = achievedShare(used);
  const stalled = all.filter(({ invalid }) => invalid !== null).length;
  const depth = queueDepthOf(definition.contender);
  const invalid = invalidityOf(all, launches);
  const figures = figuresOf(used, histogram, perSample);
  return {
    kind: 'cell',
    ...cellNameOf(definition),
    ...(offered.length === 0 ? {} : { offered_per_second: Math.round(median(offered)) }),
    ...figures,
    // What failed is not forgotten because its launch gave no figures.
    violations: all.reduce((sum, record) => sum + record.violations, 0),
    errors: all.reduce((sum, record) => sum + record.errors, 0),
    baseline: baseline?.definition.contender ?? null,
    ratio: significant(ratio?.estimate ?? null),
    ratio_low: significant(ratio?.low ?? null),
    ratio_high: significant(ratio?.high ?? null),
    cold_us: colds.length === 0 ? null : round(median(colds), 3),
    ...(depth === undefined ? {} : { queue_depth: depth }),
    ...(peaks.length === 0 ? {} : { peak_per_second: Math.round(median(peaks)) }),
    ...(achieved === null ? {} : { achieved_share: achieved }),
    ...(stalled === 0 ? {} : { launches_stalled: stalled }),
    ...(invalid === undefined ? {} : { invalid }),
    launches: used.map((record) => {
      const launch = [...cell.records].find(([, other]) => other === record)?.[0] ?? 0;
      return launchFigures(launch, record, perSample);
    }),
    histogram: encodeHistogram(histogram),
  };
}

/** A line for each cell of the plan, in its order. */
export function cellLines(
  groups: readonly Group[],
  entries: readonly Pick<LaunchEntry, 'group' | 'launch' | 'cells'>[],
  launches: number,
  seed: number,
): CellLine[] {
  return groups.flatMap((group) => {
    const ofGroup = entries.filter((entry) => entry.group === group.key);
    const measured = group.cells.map((definition): Measured => {
      const key = cellKey(cellNameOf(definition));
      const records = new Map<number, CellRecord>();
      for (const { launch, cells } of ofGroup) {
        const record = cells.find((candidate) => candidate.key === key);
        if (record !== undefined) records.set(launch, record);
      }
      return { definition, key, records };
    });
    return measured.map((cell) => lineOf(cell, measured, launches, seed));
  });
}
