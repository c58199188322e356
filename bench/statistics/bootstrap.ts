/**
 * Bootstrap intervals: what would the figure have been with other launches of the same kind?
 *
 * The values are those of launches, one each, because launches are independent of each other and samples are not (benchmark method,
 * point 6). Launches are drawn anew from those that there are, with replacement, many times; the spread of the figure over these draws is
 * its uncertainty. The draws come from a seed: equal input gives an equal interval.
 *
 * Three ways to make an interval of them:
 *
 * - `percentile`: the quantiles of the draws (Efron 1979). Too narrow for few launches: the draws spread by √((n−1)/n) less than they
 *   should, and their tails are a normal distribution's and not Student's. A nominal 95 % are about 86 % with five launches.
 * - `bca`: percentile with bias and skewness taken out (Efron 1987; Efron & Tibshirani 1993, ch. 14). Better for skewed statistics of
 *   many values; as narrow as percentile for few, since it corrects the shape and not the width.
 * - `expanded`, the one that is used: percentile with both narrownesses taken out, by drawing n−1 instead of n and by going as far into
 *   the tails as Student's distribution would (Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician
 *   69, 2015). With five launches its 95 % are 93 to 95 % (test/bench/statistics/coverage.test.ts).
 *
 * Runs have five to ten launches, so that the width matters more than the shape; what skewness times have, the logarithm takes out, which
 * the geometric mean implies.
 *
 * With fewer than five values none of the three helps: there are so few different draws that the tails are the least and the greatest value
 * themselves, and [least, greatest] holds the middle of a distribution in 50 % of the cases with two values, in 75 % with three and in 87.5 %
 * with four, because all of them may lie on one side of it. Then the interval is Student's (1908) and nothing is drawn: the figure's logarithm
 * ± t·s/√n, where t is 12.71, 4.30 and 3.18 for two, three and four values at 95 %. That is wide, which is what so few launches tell. s/√n is
 * the jackknife's standard error, for a mean the same number. Of two independent samples the variances are added, and the freedom is that of
 * the smaller one, which is never too narrow (Mickey and Brown, "Bounds on the distribution functions of the Behrens-Fisher statistic",
 * Annals of Mathematical Statistics 37, 1966); Welch's, which `expanded` has, is no such bound.
 */
import { createPrng } from '../latency/shuffle.js';
import { geometricMean, mean } from './averages.js';
import { normalCdf, normalQuantile, studentQuantile } from './distributions.js';

export type BootstrapMethod = 'expanded' | 'percentile' | 'bca';

export interface BootstrapOptions {
  readonly seed: number;
  /** How many draws; 4,000 if it is not said. */
  readonly resamples?: number;
  /** Confidence; 0.95 if it is not said. */
  readonly level?: number;
  /** `expanded` if it is not said. */
  readonly method?: BootstrapMethod;
  /** On what the interval of fewer than `fewestDrawn` values is symmetric; `logarithm` if it is not said, for what is always above 0. */
  readonly scale?: 'logarithm' | 'plain';
}

/**
 * A figure and where it may lie. Low and high are null where fewer than two values tell of no spread, and where a logarithm is wanted of what
 * is not above 0.
 */
export interface Interval {
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Must not keep the list that it gets: the next draw is written into it. */
export type Statistic<T> = (values: readonly T[]) => number;

export const defaultResamples = 4_000;

/** With fewer values than this nothing is drawn: the interval is Student's. */
export const fewestDrawn = 5;

interface Sample<T> {
  readonly values: readonly T[];
  readonly statistic: Statistic<T>;
}

/** The interval of a statistic of independent values. */
export function bootstrapInterval<T>(
  values: readonly T[],
  statistic: Statistic<T>,
  options: BootstrapOptions,
): Interval {
  return intervalOf([{ values, statistic }], ([only = Number.NaN]) => only, options);
}

/**
 * The interval of `statistic(numerators) / statistic(denominators)`, two independent samples of launches: a cell in two runs, say. The
 * geometric mean if no statistic is named. All values must be above 0.
 */
export function bootstrapRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  options: BootstrapOptions,
  statistic: Statistic<number> = geometricMean,
): Interval {
  if (statistic === geometricMean) {
    // The same thing, with the logarithms taken once and not for each draw.
    const logs = [numerators, denominators].map((values) => ({
      values: values.map(Math.log),
      statistic: mean,
    }));
    return intervalOf(logs, ([over = Number.NaN, under = Number.NaN]) => Math.exp(over - under), options);
  }
  const samples = [numerators, denominators].map((values) => ({ values, statistic }));
  return intervalOf(samples, ([over = Number.NaN, under = Number.NaN]) => over / under, options);
}

/**
 * The same where launch `i` of both was interleaved with the other, as all cells of a group are: the ratios within launches are averaged,
 * so that what hit a whole launch is in neither. Both lists have the same length; the geometric mean of ratios is the ratio of geometric
 * means, and the estimate is therefore the same as that of `bootstrapRatio`.
 */
export function bootstrapPairedRatio(
  numerators: readonly number[],
  denominators: readonly number[],
  options: BootstrapOptions,
): Interval {
  if (numerators.length !== denominators.length) throw new RangeError('pairs need lists of the same length');
  const ratios = numerators.map((value, at) => value / (denominators[at] ?? Number.NaN));
  return bootstrapInterval(ratios, geometricMean, options);
}

/** By Student's distribution, from as few values as there are. */
function studentInterval<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
  estimate: number,
  tail: number,
  scale: 'logarithm' | 'plain',
): Interval {
  const isLogarithm = scale === 'logarithm';
  const scaled = isLogarithm ? (figures: readonly number[]): number => Math.log(combine(figures)) : combine;
  const parts = jackknifeErrors(samples, scaled);
  const error = Math.sqrt(parts.reduce((sum, { variance }) => sum + variance, 0));
  const half = -studentQuantile(tail, Math.min(...parts.map(({ freedom }) => freedom))) * error;
  // What is not above 0 has no logarithm, and such a figure no interval on that scale.
  if (!Number.isFinite(half)) return { estimate, low: null, high: null };
  return isLogarithm
    ? { estimate, low: estimate * Math.exp(-half), high: estimate * Math.exp(half) }
    : { estimate, low: estimate - half, high: estimate + half };
}

function intervalOf<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
  options: BootstrapOptions,
): Interval {
  const {
    seed,
    resamples = defaultResamples,
    level = 0.95,
    method = 'expanded',
    scale = 'logarithm',
  } = options;
  if (!(level > 0 && level < 1)) throw new RangeError('a level is between 0 and 1');
  if (!(resamples >= 1)) throw new RangeError('there must be draws');
  const estimate = combine(samples.map(({ values, statistic }) => statistic(values)));
  if (samples.some(({ values }) => values.length < 2)) return { estimate, low: null, high: null };
  const tail = (1 - level) / 2;
  if (method === 'expanded' && samples.some(({ values }) => values.length < fewestDrawn)) {
    return studentInterval(samples, combine, estimate, tail, scale);
  }
  const draws = draw(samples, combine, resamples, createPrng(seed), method === 'expanded' ? 1 : 0);
  const [low, high] =
    method === 'percentile'
      ? [tail, 1 - tail]
      : method === 'bca'
        ? bcaTails(samples, combine, draws, estimate, tail)
        : expandedTails(samples, combine, tail);
  return { estimate, low: quantileOf(draws, low), high: quantileOf(draws, high) };
}

/** The figure of each draw, sorted. */
function draw<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
  resamples: number,
  next: () => number,
  fewer: number,
): Float64Array {
  const draws = new Float64Array(resamples);
  const buffers = samples.map(({ values }) => values.slice(fewer));
  const figures = samples.map(() => 0);
  for (let resample = 0; resample < resamples; resample++) {
    for (let at = 0; at < samples.length; at++) {
      const { values, statistic } = samples[at] as Sample<T>;
      const buffer = buffers[at] as T[];
      for (let place = 0; place < buffer.length; place++) {
        buffer[place] = values[Math.floor((next() / 2 ** 32) * values.length)] as T;
      }
      figures[at] = statistic(buffer);
    }
    draws[resample] = combine(figures);
  }
  return draws.sort();
}

/** The figure without each of the values in turn, a list for each sample. */
function jackknife<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
): number[][] {
  const whole = samples.map(({ values, statistic }) => statistic(values));
  return samples.map(({ values, statistic }, sample) =>
    values.map((_, left) => {
      const figure = statistic(values.filter((_, at) => at !== left));
      return combine(whole.map((other, at) => (at === sample ? figure : other)));
    }),
  );
}

function deviations(figures: readonly number[]): number[] {
  const centre = figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
  return figures.map((figure) => centre - figure);
}

/** What each sample adds to the variance of the figure, by the jackknife, and how many values that is from, less one. */
function jackknifeErrors<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
): { freedom: number; variance: number }[] {
  return jackknife(samples, combine).map((figures) => {
    const freedom = figures.length - 1;
    const squares = deviations(figures).reduce((sum, deviation) => sum + deviation ** 2, 0);
    return { freedom, variance: (squares * freedom) / figures.length };
  });
}

/** The tails of the draws that Student's distribution stands for; with two samples its freedom is that of Welch and Satterthwaite. */
function expandedTails<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
  tail: number,
): [number, number] {
  const parts = jackknifeErrors(samples, combine);
  const all = parts.reduce((sum, { variance }) => sum + variance, 0);
  const welch = all ** 2 / parts.reduce((sum, { variance, freedom }) => sum + variance ** 2 / freedom, 0);
  const least = Math.min(...parts.map(({ freedom }) => freedom));
  const wide = normalCdf(studentQuantile(tail, Number.isFinite(welch) ? welch : least));
  return [wide, 1 - wide];
}

/** Tails moved by bias (z0) and acceleration (a): Efron & Tibshirani 1993, equations 14.9 to 14.15. */
function bcaTails<T>(
  samples: readonly Sample<T>[],
  combine: (figures: readonly number[]) => number,
  draws: Float64Array,
  estimate: number,
  tail: number,
): [number, number] {
  let below = 0;
  // Draws equal to the estimate count half, so that a statistic with few values has no bias by definition.
  for (const figure of draws) below += figure < estimate ? 1 : figure === estimate ? 0.5 : 0;
  const share = Math.min(Math.max(below / draws.length, 0.5 / draws.length), 1 - 0.5 / draws.length);
  const bias = normalQuantile(share);
  // With several samples the influences of all stand side by side, each scaled to its own sample's size.
  const influences = jackknife(samples, combine).flatMap((figures) =>
    deviations(figures).map((deviation) => (deviation * (figures.length - 1)) / figures.length),
  );
  const squares = influences.reduce((sum, influence) => sum + influence ** 2, 0);
  const cubes = influences.reduce((sum, influence) => sum + influence ** 3, 0);
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const moved = (p: number): number => {
    const z = bias + normalQuantile(p);
    return normalCdf(bias + z / (1 - acceleration * z));
  };
  return [moved(tail), moved(1 - tail)];
}

/** The value at `p` of sorted draws: number (draws + 1)·p, between two in proportion. */
function quantileOf(sorted: Float64Array, p: number): number {
  const place = Math.min(Math.max((sorted.length + 1) * p - 1, 0), sorted.length - 1);
  const under = Math.floor(place);
  const low = sorted[under] ?? Number.NaN;
  const high = sorted[Math.min(under + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (place - under);
}
