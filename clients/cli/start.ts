/**
 * `npm start`: the example services under a manager of their own, with a board of their states, until ctrl-C stops everything.
 * With `--once`: starts them, shows the board, measures for under a minute, stops everything, and exits.
 *
 * The manager has a private socket in a directory that is removed in the end, so this disturbs no other manager.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { connect } from '../library/connect.js';
import type { EventStream } from '../library/events.js';
import type { Manager } from '../library/manager.js';
import { Board } from './board.js';
import { Output } from './output.js';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const examples = fileURLToPath(new URL('../../../examples', import.meta.url));
/** The internal service that depends on all others. */
const target = 'boot';
/** How long the examples may take to start. */
const startMs = 60_000;
/** How often the board's times are brought up to date on a terminal. */
const refreshMs = 1_000;

const output = new Output(process.stdout, process.stderr, {
  json: false,
  quiet: false,
  color: process.stdout.isTTY === true && !process.env['NO_COLOR'],
});

/** Starts the manager; it leads a session of its own, so that ctrl-C reaches only this process, which stops it in order. */
function startManager(directory: string, socket: string): ChildProcess {
  const args = [main, 'run', '-d', examples, '--socket', socket, '--ready-fd', '3', '--quiet'];
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, CAPSTAN_EXAMPLE_DIR: join(directory, 'shared') },
    detached: true,
  });
}

/** Resolves when the manager's sockets accept; rejects if it ends before. */
async function ready(manager: ChildProcess): Promise<void> {
  const lines = manager.stdio[3] as Readable;
  const ended = once(manager, 'exit').then(() => {
    throw new Error('the manager has ended before it was ready');
  });
  ended.catch(() => undefined);
  await Promise.race([once(lines, 'data'), ended]);
  lines.destroy();
}

/** Resolves when the examples are up, or some have failed and nothing moves any more. */
async function follow(events: EventStream, board: Board, isUp: () => void): Promise<void> {
  for await (const event of events) {
    board.tell(event);
    const boot = board.find(target);
    if (boot !== undefined && boot.state !== 'starting' && board.isSettled) isUp();
  }
}

async function settled(board: Board, up: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, startMs);
  });
  await Promise.race([up, late]);
  clearTimeout(timer);
  return board.find(target)?.state === 'started';
}

async function measure(): Promise<number> {
  output.text('');
  const bench = spawn(process.execPath, [main, 'bench', '--quick'], { stdio: 'inherit' });
  const [status] = (await once(bench, 'exit')) as [number | null];
  return status ?? 1;
}

function howTo(socket: string): readonly string[] {
  const command = `npm run -s capstan -- --socket ${socket}`;
  const rests = ['list', 'status web', 'log --follow logger', 'restart --force web', 'events'];
  return [
    '',
    'From another terminal:',
    ...rests.map((rest) => `  ${command} ${rest}`),
    'Ctrl-C stops everything.',
    '',
  ];
}

/** Keeps the board up to date until a signal comes or the manager ends. */
async function stay(board: Board, isTerminal: boolean, end: Promise<unknown>): Promise<void> {
  const refresh = isTerminal ? setInterval(() => board.draw(Date.now()), refreshMs) : undefined;
  await end;
  clearInterval(refresh);
}

async function run(isOnce: boolean, directory: string): Promise<number> {
  const socket = join(directory, 'control');
  const child = startManager(directory, socket);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  let manager: Manager | undefined;
  let status = 1;
  try {
    await ready(child);
    manager = await connect({ socket });
    const isTerminal = process.stdout.isTTY === true && !isOnce;
    const board = new Board(output, isTerminal ? process.stdout : undefined);
    const events = await manager.events({ current: true });
    let isUp: () => void = () => undefined;
    const up = new Promise<void>((resolve) => {
      isUp = resolve;
    });
    const following = follow(events, board, isUp).catch(() => undefined);
    const hasStarted = await Promise.race([
      settled(board, up),
      interrupted.then(() => false),
      exited.then(() => false),
    ]);
    if (!isTerminal) board.draw(Date.now());
    status = hasStarted ? 0 : 1;
    if (isOnce) {
      if (hasStarted) status = await measure();
    } else {
      board.say(...howTo(socket));
      await stay(board, isTerminal, Promise.race([interrupted, exited]));
      status = 0;
    }
    board.say('Stopping everything.');
    child.kill('SIGTERM');
    await exited;
    await following;
  } finally {
    manager?.close();
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const [code] = await exited;
    if (code !== 0) status = 1;
  }
  return status;
}

const directory = mkdtempSync(join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), 'capstan-start-'));
try {
  process.exitCode = await run(process.argv.includes('--once'), directory);
} catch (error) {
  output.error(`capstan: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
