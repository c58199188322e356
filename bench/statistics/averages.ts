/** Averages that intervals and tests are made of. All are NaN for an empty list. */

export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The average for what multiplies: times, ratios. All values must be above 0. */
export function geometricMean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += Math.log(value);
  return Math.exp(sum / values.length);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The unbiased variance (over n − 1); NaN for fewer than two values. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return sum / (values.length - 1);
}

/** A launch that is further from the others than this many of their deviations, and further than this share, is wild. */
const wildDeviations = 4;
const wildShare = 0.06;
/** The deviation of normal values over their median distance from the median. */
const deviationOverDistance = 1.4826;

/**
 * The values with wild ones pulled to the bound beyond which they are wild, in the logarithm; null stays. One launch in fifty meets
 * something else that runs on the machine; it is to count as a slow launch, and not to be the whole average.
 */
export function tame(values: readonly (number | null)[]): (number | null)[] {
  const logs = values.filter((value) => value !== null).map(Math.log);
  if (logs.length < 3) return [...values];
  const centre = median(logs);
  const deviation = deviationOverDistance * median(logs.map((log) => Math.abs(log - centre)));
  const bound = Math.max(wildDeviations * deviation, wildShare);
  const pull = (log: number): number => Math.min(Math.max(log, centre - bound), centre + bound);
  return values.map((value) =>
    value === null
      ? null
      : Math.abs(Math.log(value) - centre) > bound
        ? Math.exp(pull(Math.log(value)))
        : value,
  );
}
