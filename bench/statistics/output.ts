/** Where a command writes, handed in so that a test can read it. */

export interface Output {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly isTerminal: boolean;
}

/** This process's own. */
export function standardOutput(): Output {
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    isTerminal: process.stdout.isTTY === true,
  };
}

export type Paint = (text: string, colour: 'green' | 'red' | 'dim') => string;

const codes = { green: 32, red: 31, dim: 2 } as const;

/** Colours on a terminal that may have them (`NO_COLOR`, `--no-color`); the text as it is elsewhere. */
export function createPaint({ isTerminal }: Output, isWanted: boolean): Paint {
  const isColoured = isTerminal && isWanted && (process.env['NO_COLOR'] ?? '') === '';
  return (text, colour) => (isColoured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text);
}
