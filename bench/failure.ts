/**
 * How a command of the benchmark fails: what is wrong and where, and on the next line what to do, as the other commands say it
 * (docs/commands.md); with `--json` as one object on standard error.
 */
import { type Command, CommanderError } from 'commander';
import type { Output } from './statistics/output.js';

/** Something that its user can mend; `advice` is what to do, empty where nothing useful can be said. */
export class Failure extends Error {
  readonly advice: string;

  constructor(message: string, advice = '') {
    super(message);
    this.advice = advice;
  }
}

/** The command line is wrong. */
export class UsageError extends Failure {}

/** A name that nobody has. `advice` says which there are, unless a better one is given. */
export class UnknownName extends UsageError {
  constructor(
    what: string,
    name: string,
    known: readonly string[],
    advice = `there are ${known.join(', ')}`,
  ) {
    super(`no ${what} is called '${name}'${didYouMean(name, known)}`, advice);
  }
}

/** More differences than this, or than two of five letters, and nobody meant that word. */
const differencesMax = 3;
const sharedMin = 0.6;

/** The words for a name that was probably meant, as commander has them for commands and options; empty where none is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = known
    .map((one) => ({ one, differences: differencesOf(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, differences }) => {
      const length = Math.max(name.length, one.length);
      return differences <= differencesMax && 1 - differences / length >= sharedMin;
    })
    .sort((a, b) => a.differences - b.differences);
  const best = near.filter(({ differences }) => differences === near[0]?.differences);
  if (best.length === 0) return '';
  const names = best.map(({ one }) => one).join(', ');
  return best.length === 1 ? ` (Did you mean ${names}?)` : ` (Did you mean one of ${names}?)`;
}

/** Letters that are to be added, left out, changed, or swapped with their neighbour (optimal string alignment). */
function differencesOf(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= from.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const changed = cell(i - 1, j - 1) + (isSame ? 0 : 1);
      const swapped = isSwapped ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      rows[i]?.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, changed, swapped));
    }
  }
  return cell(from.length, to.length);
}

/** Where in a program an error was thrown, as Node writes it above the error; it stands at the end of a line or is one. */
const thrownAt = /(?:^|: )(?:file:|node:|\/)\S+:\d+$/;

/** A path of two names or more, with what is before it, and its last name. */
const path = /(^|[\s'"`(=])(?:file:\/\/)?(?:\/[^\s/'"`(),;:]+)+\/([^\s/'"`(),;:]+)/g;

/**
 * Why something failed, in one line: of an error that a process wrote with its stack the line that names the error. Of paths only the last name
 * stays, because the directories are this machine's, and mostly gone.
 */
export function inOneLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  const named = more.find((line) => /^\w*Error\b.*: /.test(line));
  const reason = [first.replace(thrownAt, ''), named ?? ''].filter((part) => part !== '').join(': ');
  return (reason === '' ? first : reason).replace(path, '$1$2');
}

/** Tells on standard error why the command `name` (`capstan bench compare`) failed. */
export function tellFailure(output: Output, name: string, error: unknown, isJson: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof Failure ? error.advice : '';
  if (isJson) {
    const code = error instanceof UsageError ? 'usage' : 'failed';
    output.error(JSON.stringify({ error: code, message, ...(advice === '' ? {} : { advice }) }));
    return;
  }
  output.error(`${name}: ${message}`);
  if (advice !== '') output.error(`  ${advice}`);
}

/** With these it helps to see how the command is used. */
const aboutUsage = [
  'commander.missingArgument',
  'commander.excessArguments',
  'commander.missingMandatoryOptionValue',
];

/** What commander finds wrong, as an error of usage: its own words in one line, with the argument that is missing explained. */
function usageErrorOf(command: Command, { message, code }: CommanderError): UsageError {
  const text = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '');
  const missing = /^missing required argument '(.*)'$/.exec(text)?.[1];
  const argument = command.registeredArguments.find((one) => one.name() === missing);
  const what = argument === undefined ? '' : `, the ${argument.description}`;
  const use = aboutUsage.includes(code) ? `use '${command.name()} ${command.usage()}'; ` : '';
  return new UsageError(`${text}${what}`, `${use}see '${command.name()} --help'`);
}

/**
 * Parses with `command`, which keeps what it found. The exit status where there is nothing to do: its page is printed, or the usage is wrong,
 * which is told.
 */
export function parsed(command: Command, args: readonly string[], output: Output): number | undefined {
  command.exitOverride().configureOutput({
    writeOut: (text) => output.out(text.trimEnd()),
    // What is wrong is told below.
    writeErr: () => {},
  });
  try {
    command.parse(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const told = error instanceof CommanderError ? usageErrorOf(command, error) : error;
    if (!(told instanceof UsageError)) throw error;
    tellFailure(output, command.name(), told, args.includes('--json'));
    return 2;
  }
}
