/**
 * In which share of its runs a pattern of W8 goes wrong, and how sure that is.
 *
 * Runs within a launch depend on each other: the same processes, laid out once, race each other on a machine that is busy or not just then. So
 * a launch is the unit, and a share is an estimate from clusters: all inversions over all runs, with a bootstrap over launches
 * (bootstrap.ts), which draws launches with their runs.
 *
 * Few launches can agree by chance, with one inversion in each, say, and then the draws have no spread at all. But runs that were
 * independent would still have spread by the binomial distribution, and dependence seldom makes that less. The interval is therefore never
 * narrower than that of Wilson (1927) over all runs, and reaches as far as either. Of fewer than five launches nothing is drawn; theirs is
 * Student's interval, symmetric about the share, as far as there are shares.
 *
 * Where no launch has any inversion, there is nothing to draw from. What n runs without one exclude at 95 % is a share above 1 − 0.05^(1/n),
 * about 3/n: the rule of three. That one counts runs, because nothing shows by how much they depend on each other; if the first run of a
 * launch decides for all of them, it is the launches that count, and five of them exclude no more than 45 %. Who tells the bound says so. All
 * of it holds for "always" as for "never".
 */
import { bootstrapInterval, type Interval } from './bootstrap.js';
import { normalQuantile } from './distributions.js';

export interface LaunchCount {
  readonly runs: number;
  readonly inversions: number;
}

/** The share of inversions that n runs (or launches) without one exclude at the 95 % level; 1 for none. */
export function leastExcluded(runs: number): number {
  return runs === 0 ? 1 : 1 - 0.05 ** (1 / runs);
}

function countOf(launches: readonly LaunchCount[]): LaunchCount {
  let [runs, inversions] = [0, 0];
  for (const launch of launches) {
    runs += launch.runs;
    inversions += launch.inversions;
  }
  return { runs, inversions };
}

function shareOf(launches: readonly LaunchCount[]): number {
  const { runs, inversions } = countOf(launches);
  return inversions / runs;
}

/** Wilson's score interval at 95 %, as if all runs were independent. */
function wilson({ runs, inversions }: LaunchCount): readonly [low: number, high: number] {
  const z = normalQuantile(0.975);
  const share = inversions / runs;
  const scale = 1 + z ** 2 / runs;
  const centre = (share + z ** 2 / (2 * runs)) / scale;
  const half = (z * Math.sqrt((share * (1 - share)) / runs + (z / (2 * runs)) ** 2)) / scale;
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/**
 * The share of runs with an inversion and its 95 % interval over launches; where no run or every run has one, the bound is over runs. Without
 * bounds where fewer than two launches have a run; NaN where none has.
 */
export function shareInterval(launches: readonly LaunchCount[], seed: number): Interval {
  const ran = launches.filter(({ runs }) => runs > 0);
  const all = countOf(ran);
  const estimate = shareOf(ran);
  if (ran.length < 2) return { estimate, low: null, high: null };
  if (all.inversions === 0) return { estimate, low: 0, high: leastExcluded(all.runs) };
  if (all.inversions === all.runs) return { estimate, low: 1 - leastExcluded(all.runs), high: 1 };
  const drawn = bootstrapInterval(ran, shareOf, { seed, scale: 'plain' });
  const [low, high] = wilson(all);
  return {
    estimate,
    low: Math.max(0, Math.min(low, drawn.low ?? low)),
    high: Math.min(1, Math.max(high, drawn.high ?? high)),
  };
}
