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

/** Who reads has ended, or has seen enough (`| head`). */
const endedReader = ['EPIPE', 'ECONNRESET'];

/**
 * From now on a reader that ends is no failure of this process, which goes on to the exit status that it has without a reader. Output that
 * cannot be written for another reason, a full disk, is: `name` tells it in one line, and exit status 0 becomes 1.
 */
export function guardOutput(name: string): void {
  let hasFailed = false;
  process.stdout.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    if (hasFailed || endedReader.includes(code) || code === 'ERR_STREAM_DESTROYED') return;
    hasFailed = true;
    process.stderr.write(`${name}: the output cannot be written: ${message}\n`);
  });
  // There is nobody left to tell.
  process.stderr.on('error', () => {});
  process.on('exit', (status) => {
    if (hasFailed && status === 0) process.exitCode = 1;
  });
}

export type Paint = (text: string, colour: 'green' | 'red' | 'dim') => string;

const codes = { green: 32, red: 31, dim: 2 } as const;

/** Colours on a terminal that may have them (`NO_COLOR`, `--no-color`); the text as it is elsewhere. */
export function createPaint({ isTerminal }: Output, isWanted: boolean): Paint {
  const isColoured = isTerminal && isWanted && (process.env['NO_COLOR'] ?? '') === '';
  return (text, colour) => (isColoured ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text);
}
