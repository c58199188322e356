/** The help pages of the benchmark's commands: what commander makes of their options, then exit statuses and examples. */
import type { Command } from 'commander';

export interface Page {
  /** What each exit status says, from 0. */
  readonly statuses: readonly string[];
  /** Command lines, each with what it is for. */
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** What else a reader should know, in paragraphs of their own. */
  readonly notes?: readonly string[];
}

/** Adds to a command what its page says after the options. */
export function withPage(command: Command, { statuses, examples, notes = [] }: Page): Command {
  const width = Math.max(...examples.map(([text]) => text.length));
  const lines = [
    ...notes.flatMap((note) => ['', note]),
    '',
    'Exit status:',
    ...statuses.map((text, status) => `  ${status}  ${text}`),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map(([text, what]) => `  ${text.padEnd(width)}  ${what}`),
  ];
  return command.helpOption('-h, --help', 'print this page').addHelpText('after', lines.join('\n'));
}
