/**
 * Many comparisons at once: with twenty of nothing, one is below 5 % by chance. Holm's procedure (1979) keeps the probability that *any* of
 * them is wrongly called a difference below the level, whatever depends on what.
 */

/** Adjusted p-values, in the order of those given: each may be compared with the level by itself. A NaN is no test, and stays. */
export function holm(ps: readonly number[]): number[] {
  const order = ps
    .map((p, at) => ({ p, at }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
  const adjusted = [...ps];
  let floor = 0;
  for (const [rank, { p, at }] of order.entries()) {
    floor = Math.max(floor, Math.min(1, p * (order.length - rank)));
    adjusted[at] = floor;
  }
  return adjusted;
}
