/**
 * `bench`: the comparison of the transports, which is a program of its own (`bench/main.ts`) and stands above the clients, so it is started
 * and not imported.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { exitStatus } from '../failure.js';
import type { CommandContext } from '../session.js';

const program = fileURLToPath(new URL('../../../bench/main.js', import.meta.url));

/** Becomes a program that ends with this process, also where this one is killed (bench/peers/with-parent.c). */
const withParent = fileURLToPath(new URL('../../../../bench/peers/build/with-parent', import.meta.url));

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The words behind `bench`, and the options for everybody that stand before it; `--transport` is one of a run, too. */
function argumentsOf(context: CommandContext, words: readonly string[]): readonly string[] {
  const at = words.indexOf('bench');
  const before = words.slice(0, at);
  const behind = [...(before[0] === 'help' ? ['help'] : []), ...words.slice(at + 1)];
  const { options } = context;
  const hasTransport = before.some((word) => word === '--transport' || word.startsWith('--transport='));
  const given = [
    ...(hasTransport ? [`--transport=${options.transport}`] : []),
    ...(options.json === true ? ['--json'] : []),
    ...(options.quiet === true ? ['--quiet'] : []),
    ...(options.color ? [] : ['--no-color']),
  ];
  return [...behind, ...given.filter((option) => !behind.includes(option))];
}

/** The command line of the benchmark. Killed with this process it ends all that is its own, as if it were killed itself. */
function commandLine(args: readonly string[]): readonly string[] {
  const command = [process.execPath, program, ...args];
  if (!existsSync(withParent)) return command;
  return [withParent, String(process.pid), String(constants.signals.SIGKILL), ...command];
}

/**
 * Runs the benchmark with the same words; its exit status is the command's. A signal ends both, the benchmark first, which has processes and
 * files of its own: it gets the signal that came, so that it can name it. At a terminal Ctrl-C reaches both, and it takes the two that it gets for
 * one (`bench/latency/abort.ts`). This process then ends by the signal that came.
 */
export async function bench(context: CommandContext): Promise<number> {
  const [file = '', ...args] = commandLine(argumentsOf(context, process.argv.slice(2)));
  const child = spawn(file, args, { stdio: 'inherit' });
  let came: NodeJS.Signals | undefined;
  const end = (signal: NodeJS.Signals): void => {
    came = signal;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, end);
  const [status] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.removeListener(signal, end);
  if (came !== undefined) process.kill(process.pid, came);
  return status ?? exitStatus.failed;
}
