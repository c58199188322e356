#!/usr/bin/env node
/**
 * The `capstan` command. Starts quickly: what a command needs is imported when it is called (docs/commands.md).
 */
import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { exitStatus, report, UsageError } from './failure.js';
import { Output } from './output.js';
import { createProgram } from './program.js';

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `help bench …` is the benchmark's own page, as `bench help …` is: nobody else knows its options. */
function ownHelp(args: readonly string[]): readonly string[] {
  const [first, second, ...rest] = args;
  return first === 'help' && second === 'bench' ? ['bench', 'help', ...rest] : args;
}

/** Runs a command line and returns the exit status. Nothing is thrown. */
async function run(args: readonly string[]): Promise<number> {
  let status: number = exitStatus.done;
  const program = createProgram(version(), process.env, (code) => {
    status = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitStatus.done;
    // Without a command the help has been printed, which says it all.
    if (error instanceof CommanderError && error.code === 'commander.help') return exitStatus.usage;
    const json = args.includes('--json');
    return report(
      new Output(process.stdout, process.stderr, { json, quiet: false, color: false }),
      error instanceof CommanderError ? usageError(program, args, error) : error,
    );
  }
}

/** What commander finds wrong with a command line, as an error of usage like the others. */
function usageError(program: Command, args: readonly string[], error: CommanderError): UsageError {
  const command = args.find((arg) => program.commands.some((candidate) => candidate.name() === arg));
  return new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '), command);
}

// A reader that has seen enough (`capstan events | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitStatus.done);
});

process.exitCode = await run(ownHelp(process.argv.slice(2)));
