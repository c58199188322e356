/**
 * A manager for process tests: a real capstan-init, a real broker, real services, in a directory of its own. It can be asked
 * through the library, its broker can be killed, and at the end nothing of it may be left: `end` checks that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initPath } from '../../broker/supervisor/init-path.js';
import { connect, type Manager } from '../../clients/library/index.js';
import { eventually, patienceMs, within } from './eventually.js';
import type { ManagerSettings } from './manager-main.js';
import { createParts } from './parts.js';
import { descendants, isAlive } from './processes.js';
import { Said } from './said.js';

const program = fileURLToPath(new URL('./manager-main.js', import.meta.url));

export interface ManagerOptions {
  /** Name and text of each description. */
  readonly services: Readonly<Record<string, string>>;
  /** Name and text of other files in its directory, such as scripts. */
  readonly files?: Readonly<Record<string, string>>;
  readonly start?: readonly string[];
  readonly transports?: readonly string[];
  readonly initArguments?: readonly string[];
  readonly socketPath?: string;
  /** Run init through this, for example `['setpriv', '--reuid=65534', …]`. */
  readonly prefix?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with its directory before it is started. */
  readonly prepare?: (directory: string) => void;
}

export class TestManager {
  readonly directory: string;
  readonly socketPath: string;
  readonly #init: ChildProcess;
  readonly #exited: Promise<number>;
  readonly #readyPids: number[] = [];
  readonly #said: Said;
  #manager: Manager | undefined;

  constructor(directory: string, options: ManagerOptions) {
    this.directory = directory;
    this.socketPath = options.socketPath ?? join(directory, 'run', 'control');
    const settings: ManagerSettings = {
      socketPath: this.socketPath,
      transports: options.transports ?? ['sockets'],
      serviceDirectories: [join(directory, 'services')],
      startNames: options.start ?? [],
      readyDescriptor: 3,
    };
    const command = [
      ...(options.prefix ?? []),
      initPath(process.env),
      ...['--pass-fd', '3', '--restart-min', '10', '--grace', '2000'],
      ...(options.initArguments ?? []),
      ...['--', process.execPath, program, JSON.stringify(settings)],
    ];
    const [file = '', ...rest] = command;
    this.#said = new Said(join(directory, 'standard-error'));
    this.#init = spawn(file, rest, {
      stdio: ['ignore', 'ignore', this.#said.descriptor, 'pipe'],
      env: { ...process.env, ...options.environment },
      cwd: directory,
    });
    this.#said.given();
    this.#exited = new Promise((resolve) => {
      this.#init.on('exit', (code, signal) => resolve(code ?? (signal === null ? -1 : 1000)));
    });
    const ready = this.#init.stdio[3];
    ready?.on('error', () => {});
    (ready as NodeJS.ReadableStream | null)?.on('data', (text: Buffer) => {
      for (const line of text.toString().split('\n')) if (line !== '') this.#readyPids.push(Number(line));
    });
  }

  /** What init and broker wrote to their standard error. */
  get errors(): string {
    return this.#said.text;
  }

  get initPid(): number {
    return this.#init.pid ?? 0;
  }

  /** The broker that was ready last. */
  get brokerPid(): number {
    return this.#readyPids.at(-1) ?? 0;
  }

  /** Waits until the `count`th broker is ready. */
  async ready(count = 1): Promise<void> {
    await this.#while(`broker ${count} is ready`, () => this.#readyPids.length >= count);
  }

  /** A connection, made when it is first needed and again after a broker was killed. */
  async client(): Promise<Manager> {
    this.#manager ??= await connect({ socket: this.socketPath, parts: createParts(), onError: () => {} });
    return this.#manager;
  }

  /** SIGKILL to the broker; waits for the next one. Returns how long that took, in milliseconds. */
  async killBroker(): Promise<number> {
    return this.replaced(() => process.kill(this.brokerPid, 'SIGKILL'));
  }

  /** Does something that ends the broker, and waits for the next one. Returns how long that took, in milliseconds. */
  async replaced(act: () => void): Promise<number> {
    const count = this.#readyPids.length;
    this.#manager?.close();
    this.#manager = undefined;
    const since = performance.now();
    act();
    await this.ready(count + 1);
    return performance.now() - since;
  }

  async state(name: string): Promise<string> {
    const service = await (await this.client()).find(name);
    const { state } = await service.status();
    service.close();
    return state;
  }

  async pid(name: string): Promise<number> {
    const service = await (await this.client()).find(name);
    try {
      let status = await service.status();
      // Being launched: init has not said yet which process it is.
      await eventually(`${name} is launched`, async () => {
        status = await service.status();
        return status.pid !== undefined || status.state !== 'starting';
      });
      return status.pid ?? 0;
    } finally {
      service.close();
    }
  }

  /** Waits for a condition, which fails with what was written to standard error meanwhile. */
  async until(
    what: string,
    condition: () => boolean | Promise<boolean>,
    deadlineMs = patienceMs,
  ): Promise<void> {
    await this.#while(what, condition, deadlineMs);
  }

  async untilState(name: string, state: string, deadlineMs = patienceMs): Promise<void> {
    await this.#while(`${name} is ${state}`, async () => (await this.state(name)) === state, deadlineMs);
  }

  /** A file of this manager's directory, as lines; none if it is not there. */
  lines(name: string): string[] {
    const path = join(this.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  exists(name: string): boolean {
    return existsSync(join(this.directory, name));
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  describe(name: string, text: string): void {
    writeFileSync(join(this.directory, 'services', name), text);
  }

  /** Names of the sockets for readiness that are beside the control socket. */
  notifySockets(): string[] {
    const directory = dirname(this.socketPath);
    return existsSync(directory) ? readdirSync(directory).filter((name) => name.includes('.notify-')) : [];
  }

  /** Asks init to end everything, as a terminal does. */
  terminate(): void {
    this.#init.kill('SIGTERM');
  }

  /** init's exit status. */
  exited(): Promise<number> {
    return this.#telling(within('init exits', this.#exited, 60_000));
  }

  /** Removes what init cannot remove any more, because it was killed. */
  async abandon(): Promise<void> {
    this.#manager?.close();
    await this.exited();
    this.#said.keep();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Ends everything and checks that nothing is left: no process, no socket. Returns init's exit status. */
  async end(): Promise<number> {
    const before = descendants(this.initPid);
    this.#manager?.close();
    this.#manager = undefined;
    if (this.#init.exitCode === null && this.#init.signalCode === null) this.terminate();
    try {
      const status = await this.exited();
      await eventually(`no process is left of ${before.join(' ')}`, () => !before.some(isAlive));
      if (existsSync(this.socketPath)) throw new Error('the control socket is left');
      return status;
    } finally {
      for (const pid of [this.initPid, ...before]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      this.#said.keep();
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  async #while(
    what: string,
    condition: () => boolean | Promise<boolean>,
    deadlineMs = patienceMs,
  ): Promise<void> {
    await this.#telling(eventually(what, condition, deadlineMs));
  }

  /** What fails, fails with what was written to standard error. */
  async #telling<T>(waiting: Promise<T>): Promise<T> {
    try {
      return await waiting;
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; it said:\n${this.errors}`);
    }
  }
}

/** Starts a manager and waits until it is ready. `%` in descriptions and files stands for its directory. */
export async function startManager(options: ManagerOptions): Promise<TestManager> {
  const manager = prepareManager(options);
  try {
    await manager.ready();
  } catch (error) {
    await manager.end().catch(() => {});
    throw error;
  }
  return manager;
}

/** Starts a manager and does not wait. */
export function prepareManager(options: ManagerOptions): TestManager {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
  mkdirSync(join(directory, 'services'));
  for (const [name, text] of Object.entries(options.services)) {
    writeFileSync(join(directory, 'services', name), text.replaceAll('%', directory));
  }
  for (const [name, text] of Object.entries(options.files ?? {})) {
    writeFileSync(join(directory, name), text.replaceAll('%', directory), { mode: 0o755 });
  }
  options.prepare?.(directory);
  return new TestManager(directory, options);
}
