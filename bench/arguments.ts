/** Arguments that the benchmark's programs have in common. They throw what commander tells its user, or `UnknownName`. */
import { InvalidArgumentError } from 'commander';
import { UnknownName } from './failure.js';

const launchesMax = 100;

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('use a whole number of at most 9 digits');
  return Number(text);
}

/** How often the processes of each cell are started. */
export function launchCount(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > launchesMax) throw new InvalidArgumentError(`use 1 to ${launchesMax}`);
  return count;
}

/** Names that are separated by commas; the option may be repeated. */
export function names(text: string, earlier: readonly string[] = []): readonly string[] {
  const given = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (given.length === 0) throw new InvalidArgumentError('use a name, or several separated by commas');
  return [...earlier, ...given];
}

type Names = (text: string, earlier?: readonly string[]) => readonly string[];

/** The same, of these names only, of which each is a `what`. */
function knownNames(what: string, known: readonly string[], written: (text: string) => string): Names {
  return (text, earlier) => {
    const given = names(written(text), earlier);
    const unknown = given.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new UnknownName(what, unknown, known);
    return given;
  };
}

/** Of these workloads only, in either case. */
export function workloadNames(known: readonly string[]): Names {
  return knownNames('workload', known, (text) => text.toUpperCase());
}

export function placementNames(known: readonly string[]): Names {
  return knownNames('placement', known, (text) => text.toLowerCase());
}
