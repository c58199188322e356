/**
 * `node:worker_threads`: two threads of ONE process, each with a JavaScript of its own, and a MessageChannel between them. Nothing that
 * happens to one process can happen to one of them alone, so this is no way to isolate a service; it says what leaving the process costs.
 *
 * Configuration and reason: a `MessagePort` on each side, and payloads that are cloned, which is the default and leaves the sender its own.
 * A port can be moved but not copied: to give access away, a program makes a channel, and that is what the giver does for each handle.
 * CPU time is that of the process, so no share of the client is known.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import { tasksetPath } from '../../latency/peer-process.js';
import { type Done, type PipelinedClient, serveCommands, servePipelined } from '../client-port.js';
import { createStreamLoop } from '../stream.js';
import { createGiverLoop, createOwnerAnswer, type TakerAnswer, tellAnswer } from './grant.js';
import { Counter, createPayload, createStreamTarget, isAnswer, numberOf, touch } from './payload.js';

/** What a thread is started with. */
interface ThreadData {
  readonly role: 'echo' | 'sink' | 'owner' | 'taker';
  readonly cpu: string;
  readonly port: MessagePort;
}

interface GrantMessage {
  readonly bytes: Uint8Array;
  readonly ports: readonly MessagePort[];
}

const nothing = new Uint8Array(0);

/** Pins the calling thread alone; the kernel's number of it is only told by the file system. */
function pinThread(cpu: string): void {
  if (cpu === '-1' || tasksetPath === undefined) return;
  const thread = basename(readlinkSync('/proc/thread-self'));
  execFileSync(tasksetPath, ['-c', '-p', cpu, thread], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function serveEcho(port: MessagePort): void {
  port.on('message', (bytes: Uint8Array) => {
    touch(bytes);
    port.postMessage(bytes);
  });
}

function serveSink(port: MessagePort): void {
  const counter = new Counter();
  port.on('message', (bytes: Uint8Array) => {
    if (bytes.length > 0) counter.take(bytes);
    else port.postMessage(createPayload(counter.counted, 4));
  });
}

/** The owner is sent one end of each new channel; the place in the message is the node that it leads to. */
function serveOwner(port: MessagePort): void {
  port.on('message', ({ ports }: GrantMessage) => {
    for (const [index, node] of ports.entries())
      node.on('message', (bytes: Uint8Array) => node.postMessage(createOwnerAnswer(numberOf(bytes), index)));
  });
}

function serveTaker(port: MessagePort): void {
  port.on('message', ({ bytes, ports }: GrantMessage) => {
    const asked = ports[numberOf(bytes) % ports.length];
    asked?.once('message', (answer: Uint8Array) => {
      const told = tellAnswer(answer, ports.length);
      for (const one of ports) one.close();
      port.postMessage(told);
    });
    asked?.postMessage(bytes);
  });
}

const roles: Readonly<Record<ThreadData['role'], (port: MessagePort) => void>> = {
  echo: serveEcho,
  sink: serveSink,
  owner: serveOwner,
  taker: serveTaker,
};

/** What a thread other than the first does; this file is also what it is started from. */
function runThread({ role, cpu, port }: ThreadData): void {
  pinThread(cpu);
  roles[role](port);
  parentPort?.postMessage('ready');
}

if (parentPort !== null) runThread(workerData as ThreadData);

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
}

async function startThread(role: ThreadData['role'], cpu: string): Promise<Thread> {
  const { port1, port2 } = new MessageChannel();
  const workerData: ThreadData = { role, cpu, port: port2 };
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData, transferList: [port2] });
  worker.once('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  await once(worker, 'message');
  return { worker, port: port1 };
}

export async function runThreadClient(
  clientCpu: string,
  serviceCpu: string,
  payloadBytes: number,
): Promise<void> {
  const { worker, port } = await startThread('echo', serviceCpu);
  pinThread(clientCpu);
  // A port keeps the order.
  const underWay: { readonly number: number; readonly done: Done }[] = [];
  port.on('message', (bytes: Uint8Array) => {
    const first = underWay.shift();
    first?.done(isAnswer(bytes, first.number, payloadBytes));
  });
  const calls: PipelinedClient = {
    send(number, done) {
      underWay.push({ number, done });
      port.postMessage(createPayload(number, payloadBytes));
    },
  };
  await servePipelined(calls);
  await worker.terminate();
}

export async function runThreadStream(
  clientCpu: string,
  serviceCpu: string,
  payloadBytes: number,
): Promise<void> {
  const { worker, port } = await startThread('sink', serviceCpu);
  pinThread(clientCpu);
  const waiting: ((counted: number) => void)[] = [];
  port.on('message', (bytes: Uint8Array) => waiting.shift()?.(numberOf(bytes)));
  const target = createStreamTarget(
    (bytes) => port.postMessage(bytes),
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        port.postMessage(nothing);
      }),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }));
  await worker.terminate();
}

export async function runThreadGiver(
  giverCpu: string,
  takerCpu: string,
  payloadBytes: number,
  count: number,
): Promise<void> {
  const owner = await startThread('owner', takerCpu);
  const taker = await startThread('taker', takerCpu);
  pinThread(giverCpu);
  let finish: ((answer: TakerAnswer) => void) | undefined;
  taker.port.on('message', (answer: TakerAnswer) => finish?.(answer));
  const give = (number: number): Promise<TakerAnswer> =>
    new Promise((resolve) => {
      finish = resolve;
      const channels = Array.from({ length: count }, () => new MessageChannel());
      const owned = channels.map(({ port1 }) => port1);
      const given = channels.map(({ port2 }) => port2);
      owner.port.postMessage({ bytes: nothing, ports: owned }, owned);
      taker.port.postMessage({ bytes: createPayload(number, payloadBytes), ports: given }, given);
    });
  await serveCommands(createGiverLoop(count, give));
  await owner.worker.terminate();
  await taker.worker.terminate();
}
