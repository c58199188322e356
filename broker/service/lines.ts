/**
 * The text of a description, line by line (services D1–D4): physical lines are joined where a line ends in an odd number of
 * backslashes, and every character of the result can be traced back to its place in the file.
 */
import type { Place } from './description.js';

interface Segment {
  /** Where the segment begins in the joined text. */
  readonly offset: number;
  /** Of its first character, from 1. */
  readonly line: number;
}

/** One line as the format sees it. */
export class LogicalLine {
  readonly text: string;
  readonly #path: string;
  readonly #segments: readonly Segment[];

  constructor(path: string, text: string, segments: readonly Segment[]) {
    this.#path = path;
    this.text = text;
    this.#segments = segments;
  }

  /** Where the character at `offset` of `text` stands in the file. */
  place(offset: number): Place {
    let found = this.#segments[0];
    for (const segment of this.#segments) {
      if (segment.offset > offset) break;
      found = segment;
    }
    return { path: this.#path, line: found?.line ?? 1, column: offset - (found?.offset ?? 0) + 1 };
  }
}

/** What C calls white space, the end of the line excepted. */
export function isBlank(character: string | undefined): boolean {
  return (
    character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f'
  );
}

function isContinued(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

/** Splits a text into logical lines; `report` is told of continuations that lead nowhere. */
export function splitLines(
  path: string,
  text: string,
  report: (place: Place, message: string) => void,
): LogicalLine[] {
  const physical = text.split('\n');
  // A final end of line ends the last line and begins no other.
  if (physical.at(-1) === '') physical.pop();
  const lines: LogicalLine[] = [];
  for (let index = 0; index < physical.length; ) {
    const segments: Segment[] = [];
    let joined = '';
    for (;;) {
      const line = physical[index++] ?? '';
      segments.push({ offset: joined.length, line: index });
      if (!isContinued(line)) {
        joined += line;
        break;
      }
      // The backslash and the end of the line count as one space.
      joined += `${line.slice(0, -1)} `;
      const place = { path, line: index, column: line.length };
      if (index >= physical.length) {
        report(place, 'the line is to be continued, but the file ends here');
        break;
      }
      if (!isBlank(physical[index]?.[0])) {
        report(
          { path, line: index + 1, column: 1 },
          'a line that continues another must begin with white space',
        );
        break;
      }
    }
    lines.push(new LogicalLine(path, joined, segments));
  }
  return lines;
}
