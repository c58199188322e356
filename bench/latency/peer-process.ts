/**
 * One process of a cell, started by the harness: pinned by inheritance, ended by closing its standard input, killed if it does not
 * end by itself, and ended with the harness, even if that is killed. It says "ready PID…" when it can be used, and behind that "gc" if it
 * tells of its collections of garbage, and "crew" if all of these processes are clients (bench/peers/crew.ts).
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { endingWithParent, nativeDirectory } from './lifetime.js';

/** How long a peer may take to get ready, and to end. */
const patienceMs = 20_000;

export const tasksetPath = ['/usr/bin/taskset', '/bin/taskset'].find((path) => existsSync(path));

type Cpu = number | undefined;

/** The command line that pins a program to one CPU, or to several, or leaves it alone where one of them is undefined. */
export function pinned(cpu: Cpu | readonly Cpu[], command: readonly string[]): readonly string[] {
  const list = [cpu].flat();
  if (list.includes(undefined)) return command;
  if (tasksetPath === undefined) throw new Error('pinning needs taskset (util-linux)');
  return [tasksetPath, '-c', list.join(','), ...command];
}

export interface PeerProcessOptions {
  /**
   * A program with children of its own, such as a whole manager: any first line means ready, all of the tree's processes are accounted
   * for, and SIGTERM ends it.
   */
  readonly isTree?: boolean;
  /** It speaks for itself as others do, but has children that only it can end: when the harness dies it gets SIGTERM instead of SIGKILL. */
  readonly hasChildren?: boolean;
}

/** A process and all its descendants, as they are now. */
function treeOf(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (children !== '') found.push(...children.split(' ').map(Number));
  }
  return found;
}

export class PeerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #received: string[] = [];
  readonly #ended: Promise<void>;
  readonly #name: string;
  readonly #options: PeerProcessOptions;
  #wake: (() => void) | undefined;
  #errors = '';
  #isEnded = false;
  #tellsCollections = false;

  /** Every process that this peer consists of, for the accounting of CPU time. */
  pids: readonly number[] = [];

  /** Of a client: those among them that are clients. Others that it has started, a program in C its server, are other ends of the cell. */
  clientPids: readonly number[] = [];

  constructor(name: string, command: readonly string[], options: PeerProcessOptions = {}) {
    // A program with children of its own needs the time to end them.
    const signal = options.isTree === true || options.hasChildren === true ? 'SIGTERM' : 'SIGKILL';
    const [program = '', ...args] = endingWithParent(command, signal);
    this.#name = name;
    this.#options = options;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#lines.on('line', (line) => {
      this.#received.push(line);
      this.#wake?.();
    });
    this.#ended = new Promise((resolve) => {
      const finish = (): void => {
        this.#isEnded = true;
        this.#wake?.();
        resolve();
      };
      this.#child.on('close', finish);
      this.#child.on('error', (error) => {
        this.#errors += String(error);
        finish();
      });
    });
  }

  /** Waits for "ready"; throws with what the process wrote to standard error if it ends or does not answer. */
  async ready(): Promise<void> {
    const line = await this.line(patienceMs);
    if (this.#options.isTree === true) {
      this.pids = treeOf(this.#child.pid ?? 0);
      return;
    }
    if (!line.startsWith('ready')) throw new Error(`${this.#name} said "${line}" instead of ready`);
    const words = line.split(' ').slice(1);
    this.pids = words.filter((word) => /^\d+$/.test(word)).map(Number);
    // The first is the client itself, also where another process was started to start it (a manager's init).
    this.clientPids = words.includes('crew') ? this.pids : this.pids.slice(0, 1);
    this.#tellsCollections = words.includes('gc');
  }

  /** Time that collections of garbage took since this was asked last, ns; undefined for a peer that cannot tell. */
  async collectionsNs(): Promise<number | undefined> {
    if (!this.#tellsCollections) return undefined;
    this.write('gc');
    const [word, ns] = (await this.line(patienceMs)).split(' ');
    return word === 'gc' ? Number(ns) : undefined;
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The next line of its standard output. */
  async line(timeoutMs: number): Promise<string> {
    const endMs = performance.now() + timeoutMs;
    while (this.#received.length === 0) {
      if (this.#isEnded) throw this.#failure('ended');
      const remainingMs = endMs - performance.now();
      if (remainingMs <= 0) throw this.#failure(`did not answer in ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, remainingMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    return this.#received.shift() ?? '';
  }

  /** What has become of it, with all that it wrote to standard error. */
  #failure(what: string): Error {
    const wrote = this.#errors.trim();
    return new Error(`${this.#name} ${what}${wrote === '' ? '' : `: ${wrote}`}`);
  }

  /** Closes its standard input and waits until it has ended; kills it if it does not. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    if (this.#options.isTree === true) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends it at once, when a cell has failed. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/**
 * Starts a program in C that measures beside the cells, and speaks as their processes do. The caller stops or kills it. Throws if it is not built
 * or cannot be started, and leaves nothing then. `name` is for messages: `the stall watch`.
 */
export async function startBeside(name: string, program: string, ...args: string[]): Promise<PeerProcess> {
  const path = join(nativeDirectory, program);
  if (!existsSync(path)) throw new Error(`${name} is not built; run "npm run build:native"`);
  const started = new PeerProcess(name, [path, ...args]);
  try {
    await started.ready();
  } catch (error) {
    started.kill();
    throw error;
  }
  return started;
}
