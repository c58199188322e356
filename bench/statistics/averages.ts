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
/**
 * Not more than one launch in so many is wild. Two of five are no accident: the launches are of two kinds, as where the kernel spreads the
 * processes over the cores in some of them only, and to pull the fewer to the more would make a change of chance.
 */
const launchesForWild = 5;
/** The deviation of normal values over their median distance from the median. */
const deviationOverDistance = 1.4826;

/**
 * The values with wild ones pulled to the bound beyond which they are wild, in the logarithm; null stays. One launch in fifty meets
 * something else that runs on the machine; it is to count as a slow launch, and not to be the whole average. Where more than one in five
 * would be wild all stay as they are.
 */
export function tame(values: readonly (number | null)[]): (number | null)[] {
  const logs = values.filter((value) => value !== null).map(Math.log);
  if (logs.length < 3) return [...values];
  const centre = median(logs);
  const deviation = deviationOverDistance * median(logs.map((log) => Math.abs(log - centre)));
  const bound = Math.max(wildDeviations * deviation, wildShare);
  const isWild = (log: number): boolean => Math.abs(log - centre) > bound;
  const wild = logs.filter(isWild).length;
  if (wild > Math.max(1, Math.floor(logs.length / launchesForWild))) return [...values];
  const pull = (log: number): number => Math.min(Math.max(log, centre - bound), centre + bound);
  return values.map((value) =>
    value === null ? null : isWild(Math.log(value)) ? Math.exp(pull(Math.log(value))) : value,
  );
}

/** How far from its neighbour a lonely value is, in distances that neighbours usually have. */
const lonelyDistances = 6;

/**
 * Wild values of two samples that are to be tested against each other, pulled to their neighbour; null stays. Here a value
 * is wild if none of either sample is near it. That does not depend on which sample it is in, so that under every assignment of launches to
 * samples the same values are pulled: to ask each sample by itself would pull a launch that is one of a kind there and make the samples agree
 * with themselves, which is what a test takes for a difference. Of launches of two kinds none is lonely.
 */
export function tameTogether(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
): readonly [(number | null)[], (number | null)[]] {
  const logs = [...a, ...b].filter((value) => value !== null).map(Math.log);
  if (logs.length < 3) return [[...a], [...b]];
  const sorted = logs.sort((x, y) => x - y);
  const neighbourOf = (log: number): number => {
    const at = sorted.indexOf(log);
    const [below = Number.NEGATIVE_INFINITY, above = Number.POSITIVE_INFINITY] = [
      sorted[at - 1],
      sorted[at + 1],
    ];
    return log - below < above - log ? below : above;
  };
  const bound = Math.max(
    lonelyDistances * median(sorted.map((log) => Math.abs(log - neighbourOf(log)))),
    wildShare,
  );
  const tamed = (value: number | null): number | null => {
    if (value === null) return null;
    const [log, neighbour] = [Math.log(value), neighbourOf(Math.log(value))];
    return Math.abs(log - neighbour) <= bound ? value : Math.exp(neighbour);
  };
  return [a.map(tamed), b.map(tamed)];
}
