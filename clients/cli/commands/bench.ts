/**
 * `bench`: the comparison of the transports, which is a program of its own (`bench/main.ts`) and stands above the clients, so it is started
 * and not imported.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { exitStatus } from '../failure.js';
import type { CommandContext } from '../session.js';

const program = fileURLToPath(new URL('../../../bench/main.js', import.meta.url));

export interface BenchFlags {
  readonly quick?: boolean;
  readonly out?: string;
  readonly seed?: number;
}

/** Runs the benchmark with the same options; its exit status is the command's. Ctrl-C reaches both. */
export async function bench(context: CommandContext, flags: BenchFlags): Promise<number> {
  const { options } = context;
  const args = [
    ...(flags.quick === true ? ['--quick'] : []),
    ...(flags.out === undefined ? [] : ['--out', flags.out]),
    ...(flags.seed === undefined ? [] : ['--seed', String(flags.seed)]),
    ...(options.json === true ? ['--json'] : []),
    ...(options.quiet === true ? ['--quiet'] : []),
    ...(options.color ? [] : ['--no-color']),
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? exitStatus.failed;
}
