/**
 * `node:child_process`: messages between a program and a child that it has forked.
 *
 * Configuration and reason: `fork` with its default, JSON; the payload is a text, because JSON has no bytes; its last
 * letter follows from the number beside it and from its length. A handle that is given away is
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
import { createPayload, createStreamTarget, numberOf } from './payload.js';

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

const letters = 'abcdefghijklmnop';

function lastLetterOf(number: number, length: number): string {
  return letters.charAt((number ^ length ^ (length >>> 8)) & (letters.length - 1));
}

/** Texts of so many bytes in JSON that begin so, made beforehand; the function gives that of a number. */
function createTexts(payloadBytes: number, first = 'x'): (number: number) => string {
  const length = Math.max(payloadBytes, 4);
  const texts = Array.from(letters, (_, at) => first + 'x'.repeat(length - 2) + lastLetterOf(at, length));
  return (number) => texts[number & (letters.length - 1)] ?? '';
}

/** The child: answers what comes, or with `isSink` counts it; there an empty text asks for the count. */
export function runChild(isSink: boolean): void {
  process.once('disconnect', () => process.exit(0));
  let counted = 0;
  process.on('message', ({ number, text }: TextMessage) => {
    if (!isSink) process.send?.({ number: (number ^ 1) >>> 0, text: text.replace('x', 'y') });
    else if (text.length === 0) process.send?.({ number: counted, text });
    else if (number === counted && text.endsWith(lastLetterOf(number, text.length)))
      counted = (counted + 1) >>> 0;
  });
  process.send?.('ready');
}

export async function runForkClient(serviceCpu: string, payloadBytes: number): Promise<void> {
  const child = await forkPeer(serviceCpu, 'child');
  const textOf = createTexts(payloadBytes);
  const expectedOf = createTexts(payloadBytes, 'y');
  // The channel keeps the order.
  const underWay: { readonly number: number; readonly done: Done }[] = [];
  child.on('message', (answer: TextMessage) => {
    const first = underWay.shift();
    first?.done(answer.number === (first.number ^ 1) >>> 0 && answer.text === expectedOf(first.number));
  });
  const calls: PipelinedClient = {
    send(number, done) {
      underWay.push({ number, done });
      child.send({ number, text: textOf(number) });
    },
  };
  await servePipelined(calls, [child.pid ?? 0]);
  await release(child);
}

export async function runForkStream(serviceCpu: string, payloadBytes: number): Promise<void> {
  const child = await forkPeer(serviceCpu, 'sink');
  const textOf = createTexts(payloadBytes);
  const waiting: ((counted: number) => void)[] = [];
  child.on('message', ({ number }: TextMessage) => waiting.shift()?.(number));
  const target = createStreamTarget(
    (bytes) => {
      const number = numberOf(bytes);
      child.send({ number, text: textOf(number) });
    },
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
