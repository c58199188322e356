/**
 * The `capstan` command as people use it: run to its end, or a manager with `capstan run` in a directory of its own, which has
 * to leave nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { eventually, within } from './eventually.js';
import { descendants, isAlive } from './processes.js';

/** The command's program. */
export const capstanProgram = fileURLToPath(new URL('../../clients/cli/main.js', import.meta.url));

export interface CommandResult {
  /** Exit status; 128 and more for a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Run through this program with these arguments (setpriv). */
  readonly prefix?: readonly string[];
}

/** A command that goes on: its output so far, and its end. */
export interface RunningCommand {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<CommandResult>;
}

/** What every command of a test has in its environment: nothing of the tester's own manager. */
function cleanEnvironment(env: CommandOptions['env']): NodeJS.ProcessEnv {
  return { ...process.env, CAPSTAN_SOCKET: undefined, NO_COLOR: undefined, ...env };
}

export function startCapstan(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  return startProgram([process.execPath, capstanProgram, ...args], options);
}

export function startProgram(argv: readonly string[], options: CommandOptions = {}): RunningCommand {
  const [program = '', ...rest] = [...(options.prefix ?? []), ...argv];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: cleanEnvironment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr?.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    status: typeof code === 'number' ? code : 128 + (signal === 'SIGKILL' ? 9 : 15),
    stdout,
    stderr,
  }));
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Runs the command to its end. */
export async function capstan(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const running = startCapstan(args, options);
  try {
    return await within(`the end of capstan ${args.join(' ')}`, running.ended, 60_000);
  } finally {
    running.child.kill('SIGKILL');
  }
}

/** The objects that `--json` printed, one on each line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A directory that is removed with the test. */
export function temporaryDirectory(teardown: (undo: () => void) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-cli-'));
  teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes service descriptions (and other files) below a directory. */
export function writeServices(directory: string, services: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(services)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

export interface TestManagerOptions {
  readonly services: Readonly<Record<string, string>>;
  /** Names to start; default none, so that `boot` is. */
  readonly start?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A manager in a directory of its own. */
export class TestManager {
  readonly directory: string;
  readonly socket: string;
  readonly running: RunningCommand;

  private constructor(directory: string, options: TestManagerOptions) {
    this.directory = directory;
    this.socket = join(directory, 'control');
    const services = join(directory, 'services');
    mkdirSync(services);
    writeServices(services, options.services);
    this.running = startCapstan(
      [
        'run',
        '-d',
        services,
        '--socket',
        this.socket,
        '--ready-fd',
        '3',
        ...(options.args ?? []),
        ...(options.start ?? []),
      ],
      { cwd: directory, ...(options.env === undefined ? {} : { env: options.env }) },
    );
  }

  /** Starts it and waits until it answers. The teardown ends it and removes the directory. */
  static async start(
    teardown: (undo: () => Promise<void>) => void,
    options: TestManagerOptions,
  ): Promise<TestManager> {
    const directory = mkdtempSync(join(tmpdir(), 'capstan-run-'));
    const manager = new TestManager(directory, options);
    teardown(async () => {
      manager.running.child.kill('SIGTERM');
      try {
        await within('the end of the manager', manager.running.ended, 60_000);
      } finally {
        manager.running.child.kill('SIGKILL');
        rmSync(directory, { recursive: true, force: true });
      }
    });
    const lines = manager.running.child.stdio[3] as Readable;
    await within(
      'the manager to be ready',
      Promise.race([
        once(lines, 'data'),
        manager.running.ended.then((result) => {
          throw new Error(`the manager ended with ${result.status}: ${result.stderr}${result.stdout}`);
        }),
      ]),
      60_000,
    );
    return manager;
  }

  get pid(): number {
    return this.running.child.pid ?? -1;
  }

  /** Runs a command on this manager. */
  command(...args: readonly string[]): Promise<CommandResult> {
    return capstan(['--socket', this.socket, ...args]);
  }

  /** Runs a command with `--json` that has to succeed, and returns what it printed. */
  async json(...args: readonly string[]): Promise<Record<string, unknown>[]> {
    const { status, stdout, stderr } = await this.command('--json', ...args);
    if (status !== 0) throw new Error(`capstan ${args.join(' ')} ended with ${status}: ${stderr}`);
    return jsonLines(stdout);
  }

  /** The status of a service. */
  async status(name: string): Promise<Record<string, unknown>> {
    const [status = {}] = await this.json('status', name);
    return status;
  }

  /** Ends it with a signal and insists that nothing is left: no process, no socket. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<CommandResult> {
    const before = descendants(this.pid);
    this.running.child.kill(signal);
    const result = await within('the end of the manager', this.running.ended, 60_000);
    await this.demandNothingLeft(before);
    return result;
  }

  async demandNothingLeft(processes: readonly number[]): Promise<void> {
    await eventually('the end of all processes', () => !processes.some(isAlive));
    const left = readdirSync(this.directory).filter((name) => name.startsWith('control'));
    if (left.length > 0 || existsSync(this.socket)) throw new Error(`sockets are left: ${left.join(', ')}`);
  }
}
