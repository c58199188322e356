/**
 * `node:child_process`: messages between a program and a child that it has forked.
 *
 * Configuration and reason: `fork` with its default, JSON; the payload is a text, because JSON has no bytes. A handle that is given away is
 * a `net.Socket`, which is what the channel can carry, one a message; `keepOpen` leaves the giver his own, as with every other contender.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { tasksetPath } from '../../latency/peer-process.js';
import {
  type Done,
  type PipelinedClient,
  serveCommands,
  servePipelined,
  serveUntilEnd,
} from '../client-port.js';
import { createStreamLoop } from '../stream.js';
import {
  createGiverLoop,
  createOwnerAnswer,
  ownerAnswerBytes,
  type TakerAnswer,
  tellAnswer,
} from './grant.js';
import { onMessages } from './node-net.js';
import { Counter, createPayload, createStreamTarget, numberOf } from './payload.js';

interface TextMessage {
  readonly number: number;
  readonly text: string;
}

/** One of the messages that pass handles on; the last one is the question. */
interface GrantMessage {
  readonly number: number;
  readonly isLast: boolean;
}

/** Forks this program in another role, pinned. It ends when the channel does, so it does not outlive its parent. */
async function forkPeer(cpu: string, ...args: readonly string[]): Promise<ChildProcess> {
  const pin =
    cpu === '-1' || tasksetPath === undefined
      ? {}
      : { execPath: tasksetPath, execArgv: ['-c', cpu, process.execPath] };
  const child = fork(process.argv[1] ?? '', ['child-process', ...args], {
    ...pin,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  // Without its child the cell has failed, and must not wait for answers.
  child.once('exit', () => process.exit(1));
  return child;
}

/** Ends the child, which lives as long as the channel; resolves when it has ended. */
async function release(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit');
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

/** A text of so many bytes in JSON. */
function createText(payloadBytes: number): string {
  return 'x'.repeat(Math.max(payloadBytes, 4));
}

/** The child: answers what comes, or with `isSink` counts it; there an empty text asks for the count. */
export function runChild(isSink: boolean): void {
  process.once('disconnect', () => process.exit(0));
  const counter = new Counter();
  process.on('message', ({ number, text }: TextMessage) => {
    if (!isSink) process.send?.({ number: (number ^ 1) >>> 0, text: text.replace('x', 'y') });
    else if (text.length > 0) counter.take(createPayload(number, 4));
    else process.send?.({ number: counter.counted, text });
  });
  process.send?.('ready');
}

export async function runForkClient(serviceCpu: string, payloadBytes: number): Promise<void> {
  const child = await forkPeer(serviceCpu, 'child');
  const text = createText(payloadBytes);
  const expected = text.replace('x', 'y');
  // The channel keeps the order.
  const underWay: { readonly number: number; readonly done: Done }[] = [];
  child.on('message', (answer: TextMessage) => {
    const first = underWay.shift();
    first?.done(answer.number === (first.number ^ 1) >>> 0 && answer.text === expected);
  });
  const calls: PipelinedClient = {
    send(number, done) {
      underWay.push({ number, done });
      child.send({ number, text });
    },
  };
  await servePipelined(calls, [child.pid ?? 0]);
  await release(child);
}

export async function runForkStream(serviceCpu: string, payloadBytes: number): Promise<void> {
  const child = await forkPeer(serviceCpu, 'sink');
  const text = createText(payloadBytes);
  const waiting: ((counted: number) => void)[] = [];
  child.on('message', ({ number }: TextMessage) => waiting.shift()?.(number));
  const target = createStreamTarget(
    (bytes) => void child.send({ number: numberOf(bytes), text }),
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.send({ number: 0, text: '' });
      }),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }), [child.pid ?? 0]);
  await release(child);
}

/** The owner: each connection is one of its nodes, and begins with the index of that (u32). */
export async function runOwner(path: string, payloadBytes: number): Promise<void> {
  const server = createServer((socket) => {
    let index = -1;
    onMessages(
      socket,
      () => (index < 0 ? 4 : Math.max(payloadBytes, 4)),
      (message) => {
        if (index < 0) index = numberOf(message);
        else socket.write(createOwnerAnswer(numberOf(message), index));
      },
    );
  });
  server.listen(path);
  await once(server, 'listening');
  await serveUntilEnd();
  server.close();
}

/** The taker, a child: gathers the sockets of a message, asks one of them, closes all and answers. */
export function runTaker(payloadBytes: number): void {
  process.once('disconnect', () => process.exit(0));
  let given: Socket[] = [];
  process.on('message', ({ number, isLast }: GrantMessage, socket: Socket) => {
    given.push(socket);
    if (!isLast) return;
    const all = given;
    given = [];
    const asked = all[number % all.length] ?? socket;
    onMessages(
      asked,
      () => ownerAnswerBytes,
      (answer) => {
        const told = tellAnswer(answer, all.length);
        for (const one of all) one.destroy();
        process.send?.(told);
      },
    );
    asked.write(createPayload(number, payloadBytes));
  });
  process.send?.('ready');
}

async function connectPaused(path: string, index: number): Promise<Socket> {
  const socket = createConnection(path);
  // What is answered on it is for the taker.
  socket.pause();
  await once(socket, 'connect');
  socket.write(createPayload(index, 4));
  return socket;
}

export async function runGiver(
  takerCpu: string,
  ownerPath: string,
  payloadBytes: number,
  count: number,
): Promise<void> {
  const taker = await forkPeer(takerCpu, 'taker', String(payloadBytes));
  const handles: Socket[] = [];
  for (let index = 0; index < count; index++) handles.push(await connectPaused(ownerPath, index));
  let finish: ((answer: TakerAnswer) => void) | undefined;
  taker.on('message', (answer: TakerAnswer) => finish?.(answer));
  const give = (number: number): Promise<TakerAnswer> =>
    new Promise((resolve) => {
      finish = resolve;
      for (const [at, handle] of handles.entries())
        taker.send({ number, isLast: at === count - 1 }, handle, { keepOpen: true });
    });
  await serveCommands(createGiverLoop(count, give), [taker.pid ?? 0]);
  await release(taker);
  for (const handle of handles) handle.destroy();
}
