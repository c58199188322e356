/**
 * The patterns of W8 in two runs: in which share of its runs each launch had an inversion, and whether that changed.
 *
 * The unit is the launch. Runs of one launch share their processes, and a launch may lose nearly every race or none; a test that counts
 * runs (Fisher's exact test of the two by two counts) takes that for a change as soon as two launches differ. So Fisher's p stands
 * beside the verdict as a description of the counts, and the verdict is from an exact test over assignments: if nothing has changed, it
 * is chance which launches belong to which run.
 *
 * Holm's procedure over a rank test cannot be used: the least p of five launches against five is 2/252 or 0.0079, of six against six
 * 0.0022, and a standard run has 96 patterns. With Westfall and Young's step-down of the greatest difference (step-down.ts, decision 0016)
 * the least p of *any* number of patterns is that of one: 0.0079 with five launches, 0.029 with four; with three (0.1) and fewer
 * nothing can be told, and the verdict says so. A pattern that went from none in every launch to many in every launch is found among a
 * hundred that did not change (test/bench/statistics/orders.test.ts). Launches of equal number keep together over all cells, because
 * what a launch did to one pattern it did to the others: they ran on the same processes.
 *
 * The measure needs a scale on which a share of 1 % and one of 50 % are equally sure. That is 2·arcsin √share, whose variance is 1/runs
 * whatever the share (Anscombe 1948 has it with a correction for small counts, which is left out: it would tell 0 of 30 from 0 of 40).
 * A difference is divided by √(1/runs of A + 1/runs of B), what independent runs would differ by, and the step-down's floor is 1 of that:
 * launches that agree by chance, all zeros for example, are not surer than their runs. Where launches differ by more, their
 * own deviation takes over.
 *
 * What launches cannot show is that two *runs* differ, because the machine has other guests an hour later. Races are more sensitive to that
 * than times are; a `worse` says that the share is surely another one, and not that the program is the cause. So the gate tells of it, and
 * fails only for a promise that is broken (gate-main.ts).
 */
import type { Results } from '../results/directory.js';
import { isOrderLine, type OrderLine } from '../results/line.js';
import { mean } from './averages.js';
import { fisher } from './fisher.js';
import { leastP } from './mann-whitney.js';
import { stepDown } from './step-down.js';

export interface OrderComparison {
  readonly key: string;
  readonly runs_a: number;
  readonly runs_b: number;
  readonly inversions_a: number;
  readonly inversions_b: number;
  readonly violations_a: number;
  readonly violations_b: number;
  /** Launches that have a run of it; a line of an earlier version is one. */
  readonly launches_a: number;
  readonly launches_b: number;
  /** Fisher's exact test of the counts of runs, two-sided: a description, as if runs were independent. */
  readonly p_fisher: number;
  /** Over launches, adjusted for all patterns; null where there are too few. What the verdict is from. */
  readonly p: number | null;
  /** `worse`: surely more runs with an inversion, or one where the manifest promises that there is none. `unchanged`: none in either; `too few runs`: so, in so few that it says nothing. */
  readonly verdict: 'worse' | 'better' | 'unclear' | 'unchanged' | 'too few launches' | 'too few runs';
}

/** Names what was run: equal in two runs, it is the same question. */
export function orderKey(line: OrderLine): string {
  const { contender, call, placement, payload_bytes, load_kib, preemption, property } = line;
  return [
    'W8',
    contender,
    call,
    property,
    `${payload_bytes}B`,
    `load=${load_kib}KiB`,
    preemption,
    placement,
  ].join(' ');
}

function ordersOf({ lines }: Results): Map<string, OrderLine> {
  return new Map(lines.filter(isOrderLine).map((line) => [orderKey(line), line]));
}

interface OrderPair {
  readonly key: string;
  readonly lineA: OrderLine;
  readonly lineB: OrderLine;
}

/** Shares of launches on the scale on which they are equally sure, by launch; null where a launch has no run. */
function anglesOf({ launches, runs, inversions }: OrderLine): (number | null)[] {
  const angles: (number | null)[] = [];
  for (const part of launches ?? [{ launch: 0, runs, inversions }]) {
    while (angles.length < part.launch) angles.push(null);
    angles[part.launch] = part.runs === 0 ? null : 2 * Math.asin(Math.sqrt(part.inversions / part.runs));
  }
  return angles;
}

interface Angles {
  readonly a: readonly (number | null)[];
  readonly b: readonly (number | null)[];
}

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** In units of what independent runs would differ by. */
function scaled({ lineA, lineB }: OrderPair): Angles {
  const unit = Math.sqrt(1 / Math.max(1, lineA.runs) + 1 / Math.max(1, lineB.runs));
  const [a, b] = [lineA, lineB].map((line) =>
    anglesOf(line).map((angle) => (angle === null ? null : angle / unit)),
  );
  return { a: a ?? [], b: b ?? [] };
}

/** For the assignments that are drawn where there are too many to go through. */
const seed = 1;

/** Adjusted for all pairs; null where there are too few launches for any test at this level. */
function adjust(pairs: readonly Angles[], level: number): (number | null)[] {
  const canTell = ({ a, b }: Angles): boolean => {
    const [launchesA, launchesB] = [present(a).length, present(b).length];
    return Math.min(launchesA, launchesB) >= 2 && leastP(launchesA, launchesB) <= level;
  };
  // What gets no verdict must not stand in the way of what does.
  const { p } = stepDown(
    pairs.map((pair) => (canTell(pair) ? pair : { a: [], b: [] })),
    { seed, floor: 1 },
  );
  return p.map((value) => (Number.isNaN(value) ? null : value));
}

/** None in fewer runs than this may be a share of more than 14 % (the rule of three, and 95 %). */
const fewestRuns = 20;

function verdictOf(
  { lineA, lineB }: OrderPair,
  { a, b }: Angles,
  p: number | null,
  level: number,
): OrderComparison['verdict'] {
  if (lineB.violations > 0 && lineA.violations === 0) return 'worse';
  if (lineA.inversions === 0 && lineB.inversions === 0)
    return Math.min(lineA.runs, lineB.runs) < fewestRuns ? 'too few runs' : 'unchanged';
  if (p === null) return 'too few launches';
  if (p > level) return 'unclear';
  return mean(present(b)) > mean(present(a)) ? 'worse' : 'better';
}

/** The patterns that both runs have, in the order of A. */
export function compareOrders(a: Results, b: Results, level: number): OrderComparison[] {
  const inB = ordersOf(b);
  const pairs = [...ordersOf(a)].flatMap(([key, lineA]): OrderPair[] => {
    const lineB = inB.get(key);
    return lineB === undefined ? [] : [{ key, lineA, lineB }];
  });
  const angles = pairs.map(scaled);
  const adjusted = adjust(angles, level);
  return pairs.map((pair, at): OrderComparison => {
    const { key, lineA, lineB } = pair;
    const own = angles[at] ?? { a: [], b: [] };
    const p = adjusted[at] ?? null;
    const counts = [
      lineA.inversions,
      lineA.runs - lineA.inversions,
      lineB.inversions,
      lineB.runs - lineB.inversions,
    ] as const;
    return {
      key,
      runs_a: lineA.runs,
      runs_b: lineB.runs,
      inversions_a: lineA.inversions,
      inversions_b: lineB.inversions,
      violations_a: lineA.violations,
      violations_b: lineB.violations,
      launches_a: present(own.a).length,
      launches_b: present(own.b).length,
      p_fisher: Number(fisher(...counts).toFixed(6)),
      p: p === null ? null : Number(p.toFixed(6)),
      verdict: verdictOf(pair, own, p, level),
    };
  });
}
