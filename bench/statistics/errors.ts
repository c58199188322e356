/**
 * Calls that ended by an error or by the deadline. They stay in the data with at least the deadline, where a median does not see them as long
 * as they are fewer than half: they are compared by themselves.
 *
 * Their share of the samples has no interval over launches, because nearly all cells have none at all; so the limits are plain. What is above
 * one in a thousand and more than twice that of A is told. It fails the gate above one in a hundred, if there are three or more: one or two
 * among a few dozen samples (W6, W10) say nothing of a share.
 */
import type { CellLine } from '../results/line.js';

export interface ErrorCounts {
  readonly errors_a: number;
  readonly errors_b: number;
  readonly samples_a: number;
  readonly samples_b: number;
}

const toldAbove = 0.001;
const failsAbove = 0.01;
const growth = 2;
const fewest = 3;

export function errorCounts(a: CellLine, b: CellLine): ErrorCounts {
  return { errors_a: a.errors, errors_b: b.errors, samples_a: a.samples, samples_b: b.samples };
}

/** Errors of the warm-up count, too, so that there may be more of them than samples. */
function shareOf(errors: number, samples: number): number {
  return errors === 0 ? 0 : errors / Math.max(errors, samples);
}

/** `fails`: so many more that the gate fails; `told`: more; undefined: not more. */
export function errorGrowth({
  errors_a,
  errors_b,
  samples_a,
  samples_b,
}: ErrorCounts): 'fails' | 'told' | undefined {
  const [a, b] = [shareOf(errors_a, samples_a), shareOf(errors_b, samples_b)];
  if (b <= toldAbove || b <= growth * a) return undefined;
  return b > failsAbove && errors_b >= fewest ? 'fails' : 'told';
}

/** The counts in words. */
export function errorWords({ errors_a, errors_b, samples_a, samples_b }: ErrorCounts): string {
  return `errors or deadlines in ${errors_b} of ${samples_b} samples, before in ${errors_a} of ${samples_a}`;
}
