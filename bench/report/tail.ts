/**
 * How far the p99 of a cell says something about another run: the least and the greatest p99 of its launches. That of the cell is of all
 * samples together, so that one launch with a pause in it can decide it alone; and a launch has a p99 of its own only where it has enough
 * samples for one (method, point 9). Results of which launches are not kept with it say nothing here.
 */
import type { CellLine } from '../results/line.js';
import * as say from './quantity.js';

/** What is known of the p99 of the launches of a cell, µs. */
interface Tail {
  readonly launches: number;
  /** Of those launches that have samples enough, in order of size. */
  readonly p99s: readonly number[];
}

/** Undefined where launches were kept without it, or there is only one, which tells of no spread. */
function tailOf({ launches }: CellLine): Tail | undefined {
  // Launches that were kept without it have no such field, whatever their type says.
  const isKept = launches.every(({ p99_us }) => (p99_us as number | null | undefined) !== undefined);
  if (launches.length < 2 || !isKept) return undefined;
  const p99s = launches.flatMap(({ p99_us }) => p99_us ?? []).sort((a, b) => a - b);
  return { launches: launches.length, p99s };
}

/** `1.05 ms to 25.5 ms`, of how many launches where not all have one; `too few samples` where none has. */
export function tailRange(cell: CellLine): string | undefined {
  const tail = tailOf(cell);
  if (tail === undefined) return undefined;
  const { launches, p99s } = tail;
  const [least, most] = [p99s[0], p99s.at(-1)];
  if (least === undefined) return 'too few samples';
  const of = p99s.length < launches ? ` (${p99s.length} of ${launches})` : '';
  const range = p99s.length === 1 ? say.time(least) : `${say.time(least)} to ${say.time(most)}`;
  return `${range}${of}`;
}

/** The p99 of a cell, and in a bracket how it varies between launches: `23.4 ms (1.05 ms to 25.5 ms)`. */
export function tailText(cell: CellLine): string {
  const p99 = say.time(cell.p99_us);
  const tail = tailOf(cell);
  if (tail === undefined) return p99;
  const { launches, p99s } = tail;
  if (p99s.length === 0) return `${p99} (no launch has samples enough)`;
  const few = p99s.length < launches ? `${p99s.length} of ${launches} launches: ` : '';
  const [least, most] = [say.time(p99s[0]), say.time(p99s.at(-1))];
  return `${p99} (${few}${p99s.length === 1 ? least : `${least} to ${most}`})`;
}

/** What the brackets mean, for all cells that stand together; nothing where there are none. */
export function tailSentences(cells: readonly CellLine[]): string[] {
  const tails = cells.flatMap((cell) => (cell.p99_us === null ? [] : (tailOf(cell) ?? [])));
  if (tails.length === 0) return [];
  const isShort = tails.some(({ launches, p99s }) => p99s.length < launches);
  return [
    'The bracket after a p99 has the least and the greatest of single launches.',
    ...(isShort
      ? [
          'A launch without enough samples has no p99 of its own; a p99 that rests on such launches says little about another run.',
        ]
      : []),
  ];
}
