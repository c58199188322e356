/**
 * A running `capstan-init` whose broker does what the test says (`scripted-broker.ts`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { initPath } from '../../broker/supervisor/init-path.js';
import {
  encodeAck,
  encodeFinish,
  encodeHello,
  encodeList,
  encodeSpawn,
  type InitEvent,
  type SpawnRequest,
} from '../../broker/supervisor/init-wire.js';
import { eventually, within } from './eventually.js';
import { Said } from './said.js';
import type { Order } from './scripted-broker.js';

/** An event as the scripted broker reports it: cookies are text, and the broker's number of the descriptor is with it. */
export type SeenEvent = { readonly descriptor?: number } & (
  | Exclude<InitEvent, { kind: 'service' }>
  | (Omit<Extract<InitEvent, { kind: 'service' }>, 'cookie'> & { readonly cookie: string })
);

export type SeenKind = SeenEvent['kind'];
export type Seen<K extends SeenKind> = Extract<SeenEvent, { kind: K }>;

interface Report {
  readonly event?: SeenEvent;
  readonly descriptor?: number;
  readonly ended?: number;
  readonly done?: unknown;
}

interface Greeting {
  readonly pid: number;
  readonly environment: Record<string, string>;
  /** Parent, process group, session. */
  readonly identity: readonly [number, number, number];
  readonly descriptors: string;
}

const scriptPath = fileURLToPath(new URL('./scripted-broker.js', import.meta.url));

/** One life of the broker. */
export class Broker {
  readonly greeting: Greeting;
  readonly events: SeenEvent[] = [];
  isEnded = false;
  endedWith: number | undefined;
  readonly #socket: Socket;
  readonly #waiting: ((value: unknown) => void)[] = [];
  #taken = 0;

  constructor(socket: Socket, greeting: Greeting) {
    this.#socket = socket;
    this.greeting = greeting;
  }

  get pid(): number {
    return this.greeting.pid;
  }

  report(report: Report): void {
    if (report.event !== undefined) {
      const { descriptor } = report;
      this.events.push(descriptor === undefined ? report.event : { ...report.event, descriptor });
    } else if (report.ended !== undefined) this.endedWith = report.ended;
    else this.#waiting.shift()?.(report.done);
  }

  order(order: Order): Promise<unknown> {
    const done = new Promise((resolve) => this.#waiting.push(resolve));
    this.#socket.write(`${JSON.stringify(order)}\n`);
    return within(`the broker's answer to ${order.do}`, done);
  }

  /** Sends a frame to init. The descriptors are the broker's numbers, and stay open there. */
  send(frame: Uint8Array, descriptors: readonly number[] = []): Promise<unknown> {
    return this.order({ do: 'send', frame: Buffer.from(frame).toString('base64'), descriptors });
  }

  /** Like `order`, for one that ends the broker: does not wait. */
  command(order: Order): void {
    this.#socket.write(`${JSON.stringify(order)}\n`);
  }

  async open(file: string, flags: string): Promise<number> {
    return (await this.order({ do: 'open', path: file, flags })) as number;
  }

  async look(descriptor: number | undefined): Promise<string> {
    return (await this.order({ do: 'look', descriptor: descriptor ?? -1 })) as string;
  }

  /** The next event of this kind that no call has returned before; events of other kinds are passed over. */
  async next<K extends SeenKind>(kind: K, deadlineMs?: number): Promise<Seen<K>> {
    let found: SeenEvent | undefined;
    const isThere = (): boolean => {
      while (found === undefined && this.#taken < this.events.length) {
        const event = this.events[this.#taken++];
        if (event?.kind === kind) found = event;
      }
      return found !== undefined;
    };
    await eventually(
      `init says ${kind}; it said ${JSON.stringify(this.events.slice(-4))}`,
      isThere,
      deadlineMs,
    );
    return found as Seen<K>;
  }

  of<K extends SeenKind>(kind: K): Seen<K>[] {
    return this.events.filter((event): event is Seen<K> => event.kind === kind);
  }

  async hello(): Promise<Seen<'welcome'>> {
    await this.send(encodeHello());
    return this.next('welcome');
  }

  /** HELLO where it was not said yet, and LIST; the answer without its END. */
  async takeOver(): Promise<{ services: Seen<'service'>[]; descriptors: Seen<'descriptor'>[] }> {
    if (this.of('welcome').length === 0) await this.hello();
    await this.send(encodeList());
    await this.next('end');
    return { services: this.of('service'), descriptors: this.of('descriptor') };
  }

  /** Starts a process; the answer, whichever it is. */
  async spawn(
    request: SpawnRequest,
    descriptors: readonly number[] = [],
  ): Promise<Seen<'spawned' | 'spawn-failed'>> {
    const before = this.events.length;
    await this.send(encodeSpawn(request), descriptors);
    let answer: Seen<'spawned' | 'spawn-failed'> | undefined;
    await eventually(`an answer to token ${request.token}`, () => {
      answer = this.events
        .slice(before)
        .filter((event) => event.kind === 'spawned' || event.kind === 'spawn-failed')
        .find((event) => event.token === request.token);
      return answer !== undefined;
    });
    return answer as Seen<'spawned' | 'spawn-failed'>;
  }

  async started(request: SpawnRequest, descriptors: readonly number[] = []): Promise<Seen<'spawned'>> {
    const answer = await this.spawn(request, descriptors);
    if (answer.kind !== 'spawned') throw new Error(`not started: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The exit of this token, acknowledged. */
  async exit(token: number): Promise<Seen<'exit'>> {
    const find = (): Seen<'exit'> | undefined => this.of('exit').find((exit) => exit.token === token);
    await eventually(`the exit of token ${token}`, () => find() !== undefined);
    const exit = find();
    if (exit === undefined) throw new Error('lost');
    await this.send(encodeAck(token, exit.sequence));
    return exit;
  }

  /** SIGKILL, as a crash. False where it has ended by itself already. */
  kill(): boolean {
    try {
      return process.kill(this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  }
}

export interface InitOptions {
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program and its arguments that execute what follows them (setpriv, unshare, nohup's like). */
  readonly through?: readonly string[];
  /** A shell script in place of the scripted broker. */
  readonly script?: string;
  /** Descriptors of the test for init's 3, 4, …. */
  readonly descriptors?: readonly number[];
}

export class InitRun {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly brokers: Broker[] = [];
  readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;
  readonly #said: Said;
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  constructor(child: ChildProcess, directory: string, server: Server, said: Said) {
    this.process = child;
    this.directory = directory;
    this.#server = server;
    this.#said = said;
    this.ended = new Promise((resolve) => {
      child.on('exit', (status, signal) => resolve({ status, signal }));
    });
    server.on('connection', (socket) => this.#connected(socket));
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** What init and its brokers have written. */
  get stderr(): string {
    return this.#said.text;
  }

  #connected(socket: Socket): void {
    let rest = '';
    let broker: Broker | undefined;
    this.#sockets.push(socket);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (broker !== undefined) broker.report(JSON.parse(line) as Report);
        else {
          broker = new Broker(socket, JSON.parse(line) as Greeting);
          this.brokers.push(broker);
        }
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (broker !== undefined) broker.isEnded = true;
    });
  }

  /** The broker with this index, once it is there and those before it were seen to end. */
  async broker(at = 0): Promise<Broker> {
    try {
      await eventually(
        `broker ${at} is there`,
        () => this.brokers.length > at && this.brokers.slice(0, at).every(({ isEnded }) => isEnded),
      );
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}; init said: ${this.stderr}`);
    }
    const broker = this.brokers[at];
    if (broker === undefined) throw new Error('lost');
    return broker;
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  text(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** Ends init through its broker, or by force, and looks that nothing is left of it. Idempotent. */
  async stop(): Promise<void> {
    const broker = this.brokers.at(-1);
    if (this.process.exitCode === null && this.process.signalCode === null) {
      if (broker !== undefined && !broker.isEnded) {
        if (broker.of('welcome').length === 0) await broker.hello().catch(() => {});
        await broker.send(encodeFinish(0, 100)).catch(() => {});
        broker.command({ do: 'exit', status: 0 });
      }
      await within('init ends', this.ended, 8000).catch(() => this.process.kill('SIGKILL'));
      await this.ended;
    }
    // A broker that has outlived its init ends with its test.
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#said.keep();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Starts init with a scripted broker. `stop` it whatever happens (`t.teardown`). */
export async function startInit(options: InitOptions = {}): Promise<InitRun> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'capstan-init-'));
  // A test may run init as another user, who must reach the socket and write files.
  chmodSync(directory, 0o777);
  const server = createServer();
  const socketPath = path.join(directory, 'control');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  chmodSync(socketPath, 0o777);
  const script = path.join(directory, 'broker');
  if (options.script !== undefined) writeFileSync(script, `#!/bin/sh\n${options.script}\n`, { mode: 0o755 });
  const words = [
    ...(options.through ?? []),
    initPath(process.env),
    ...(options.options ?? []),
    '--',
    ...(options.script === undefined ? [process.execPath, scriptPath, socketPath] : [script]),
  ];
  const said = new Said(path.join(directory, 'standard-error'));
  const child = spawn(words[0] ?? '', words.slice(1), {
    stdio: ['ignore', 'ignore', said.descriptor, ...(options.descriptors ?? [])],
    env: { ...process.env, ...options.env },
  });
  said.given();
  return new InitRun(child, directory, server, said);
}

/** What a test has for its end (`ExecutionContext`). */
interface Teardown {
  teardown(undo: () => void | Promise<void>): void;
}

/** The same options for an init that starts its broker again at once; those given win. */
export function quickly(options: InitOptions = {}): InitOptions {
  const quick = ['--restart-min', '10', '--restart-max', '40'];
  return { ...options, options: [...quick, ...(options.options ?? [])] };
}

/** Starts init; it is stopped with the test. */
export async function runInit(t: Teardown, options?: InitOptions): Promise<InitRun> {
  const init = await startInit(options);
  t.teardown(() => init.stop());
  return init;
}

/** The same, and its first broker has taken over. */
export async function readyInit(
  t: Teardown,
  options?: InitOptions,
): Promise<{ readonly init: InitRun; readonly broker: Broker }> {
  const init = await runInit(t, options);
  const broker = await init.broker();
  await broker.takeOver();
  return { init, broker };
}

/** A request for a shell script, with the least that is needed. */
export function shell(token: number, script: string, more: Partial<SpawnRequest> = {}): SpawnRequest {
  return {
    token,
    cookie: new TextEncoder().encode(`cookie ${token}`),
    argv: ['/bin/sh', '-c', script],
    env: ['PATH=/usr/bin:/bin'],
    targets: [],
    isolation: 'session',
    ...more,
  };
}
