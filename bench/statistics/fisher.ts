/**
 * Fisher's exact test of a table of two by two ("The Design of Experiments", 1935): two runs, and how many of each did and did not. The
 * probability, if nothing differs, of a table with these margins that is as improbable as this one or more.
 */

/** ln n! by adding: the counts here are thousands at most. */
function logFactorials(most: number): Float64Array {
  const logs = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) logs[n] = (logs[n - 1] ?? 0) + Math.log(n);
  return logs;
}

/** Two-sided p of the table with rows (a, b) and (c, d). Counts are whole and not negative. */
export function fisher(a: number, b: number, c: number, d: number): number {
  const [top, bottom, left] = [a + b, c + d, a + c];
  const all = top + bottom;
  const logs = logFactorials(all);
  const log = (n: number): number => logs[n] ?? Number.NaN;
  const margins = log(top) + log(bottom) + log(left) + log(all - left) - log(all);
  const probability = (x: number): number =>
    Math.exp(margins - log(x) - log(top - x) - log(left - x) - log(bottom - left + x));
  const own = probability(a);
  let sum = 0;
  for (let x = Math.max(0, left - bottom); x <= Math.min(top, left); x++) {
    const p = probability(x);
    // Tables that are equally improbable must not be told apart by a rounding error.
    if (p <= own * (1 + 1e-7)) sum += p;
  }
  return Math.min(1, sum);
}
