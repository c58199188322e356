/**
 * What the programs among the tests have in common (`npm run fuzz`, `fuzz:native`, `simulate`, `soak`): options that are numbers,
 * and an exit status of 0 for good, 1 for found something, 2 for wrong usage.
 */

/** The command line makes no sense; the message says what is wrong with it. */
export class WrongUsage extends Error {}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** As the least value of an option: anything above 0. */
export const aboveZero = Number.MIN_VALUE;

/** The value of an option `--name`, `otherwise` where it was not given. Throws `WrongUsage` unless it is a number from `least`. */
export function numberOption(name: string, text: string | undefined, otherwise: number, least = 0): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !(value >= least)) {
    const bound = least === aboveZero ? 'above 0' : `from ${least}`;
    throw new WrongUsage(`--${name} needs a number ${bound}, not '${text}'`);
  }
  return value;
}

function isWrongUsage(error: unknown): error is Error {
  if (error instanceof WrongUsage) return true;
  // What `parseArgs` of node:util throws for options that there are not.
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** Runs the program: whether all is as it should be. Sets the exit status; what is wrong with the usage is said, and then `usage`. */
export async function runMain(main: () => boolean | Promise<boolean>, usage?: string): Promise<void> {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    if (!isWrongUsage(error)) throw error;
    process.stderr.write(`${error.message}\n${usage === undefined ? '' : `${usage}\n`}`);
    process.exitCode = 2;
  }
}
