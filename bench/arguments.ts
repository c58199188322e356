/** Arguments that the benchmark's own programs have in common. They throw what commander tells its user. */
import { InvalidArgumentError } from 'commander';

const launchesMax = 100;

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number');
  return Number(text);
}

/** How often the processes of each cell are started. */
export function launchCount(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > launchesMax) throw new InvalidArgumentError(`use 1 to ${launchesMax}`);
  return count;
}
