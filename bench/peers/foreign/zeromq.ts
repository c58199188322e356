/**
 * ZeroMQ for Node, the package zeromq over ipc.
 *
 * Configuration and reason: DEALER and ROUTER, the pair that its guide gives for asynchronous requests, one I/O thread, water marks by
 * default (1,000 messages; a sender waits there). A socket of the package sends one message at a time, so what is to go stands in a queue.
 * One message to many goes by publish and subscribe; the sender is an XPUB, which is a PUB that also hears who has subscribed, and so knows
 * when all are there.
 */
import { setImmediate as turnEnd } from 'node:timers/promises';
import {
  type ClosedLoop,
  type Done,
  type PipelinedClient,
  serveCommands,
  servePipelined,
  serveUntilEnd,
} from '../client-port.js';
import { openCollector, openReporter } from '../receipts.js';
import { createStreamLoop } from '../stream.js';
import { loadPackage } from './package.js';
import {
  Counter,
  createPayload,
  createStreamTarget,
  isAnswer,
  numberOf,
  reportWhole,
  touch,
} from './payload.js';

type Frame = Uint8Array;

interface Socket extends AsyncIterable<Frame[]> {
  bind(address: string): Promise<void>;
  connect(address: string): void;
  send(message: Frame | readonly Frame[]): Promise<void>;
  close(): void;
}

interface ZeroMq {
  readonly Router: new () => Socket;
  readonly Dealer: new () => Socket;
  readonly Subscriber: new () => Socket & { subscribe(): void };
  readonly XPublisher: new (options: {
    readonly verbosity: 'allSubs';
  }) => Socket & { receive(): Promise<Frame[]> };
}

const load = (): ZeroMq => loadPackage<ZeroMq>('zeromq');
const nothing = new Uint8Array(0);

/** Answers what comes, or with `isSink` counts it; an empty message asks for the count. */
export async function runZeroMqServer(path: string, isSink: boolean): Promise<void> {
  const { Router } = load();
  const router = new Router();
  await router.bind(`ipc://${path}`);
  const counter = new Counter();
  const serve = async (): Promise<void> => {
    for await (const [from = nothing, bytes = nothing] of router) {
      if (!isSink) {
        touch(bytes);
        await router.send([from, bytes]);
      } else if (bytes.length > 0) counter.take(bytes);
      else await router.send([from, createPayload(counter.counted, 4)]);
    }
  };
  void serve();
  await serveUntilEnd();
  router.close();
}

/** A DEALER whose `send` may be called at any time. */
function connect(path: string): { readonly socket: Socket; send(bytes: Uint8Array): void } {
  const { Dealer } = load();
  const socket = new Dealer();
  socket.connect(`ipc://${path}`);
  let queue: Uint8Array[] = [];
  let isSending = false;
  const sendAll = async (): Promise<void> => {
    isSending = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (const bytes of batch) await socket.send(bytes);
    }
    isSending = false;
  };
  return {
    socket,
    send(bytes) {
      queue.push(bytes);
      if (!isSending) void sendAll();
    },
  };
}

export async function runZeroMqClient(path: string, payloadBytes: number): Promise<void> {
  const { socket, send } = connect(path);
  // One ROUTER answers in the order in which it is asked.
  const underWay: { readonly number: number; readonly done: Done }[] = [];
  const receive = async (): Promise<void> => {
    for await (const [bytes = nothing] of socket) {
      const first = underWay.shift();
      first?.done(isAnswer(bytes, first.number, payloadBytes));
    }
  };
  void receive();
  const calls: PipelinedClient = {
    send(number, done) {
      underWay.push({ number, done });
      send(createPayload(number, payloadBytes));
    },
  };
  await servePipelined(calls);
  socket.close();
}

export async function runZeroMqStream(path: string, payloadBytes: number): Promise<void> {
  const { socket, send } = connect(path);
  const waiting: ((counted: number) => void)[] = [];
  const receive = async (): Promise<void> => {
    for await (const [bytes = nothing] of socket) waiting.shift()?.(numberOf(bytes));
  };
  void receive();
  const target = createStreamTarget(
    send,
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        send(nothing);
      }),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }));
  socket.close();
}

/** Receives what is published until end-of-file; `count` receivers in this process, each with a socket of its own. */
export async function runZeroMqReceivers(
  path: string,
  receipts: string,
  first: number,
  count: number,
): Promise<void> {
  const { Subscriber } = load();
  const sockets = Array.from({ length: count }, (_, at) => {
    const socket = new Subscriber();
    // The sender binds later; the library tries until then.
    socket.connect(`ipc://${path}`);
    socket.subscribe();
    const report = openReporter(receipts, first + at);
    const receive = async (): Promise<void> => {
      for await (const [bytes = nothing] of socket) reportWhole(bytes, report);
    };
    void receive();
    return socket;
  });
  await serveUntilEnd();
  for (const socket of sockets) socket.close();
}

export async function runZeroMqPublisher(
  path: string,
  receipts: string,
  payloadBytes: number,
  receivers: number,
): Promise<void> {
  const { XPublisher } = load();
  const socket = new XPublisher({ verbosity: 'allSubs' });
  await socket.bind(`ipc://${path}`);
  for (let subscribed = 0; subscribed < receivers; subscribed++) await socket.receive();
  const collect = openCollector(receipts, receivers);
  let number = 0;
  const publish: ClosedLoop = async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      const start = process.hrtime.bigint();
      // When this resolves, the library's own thread has it, and goes on while this one blocks.
      await socket.send(createPayload(number, payloadBytes));
      const told = collect(number);
      violations += told.violations;
      samples.add(Number(told.lastNs - start) / 1e6);
      await turnEnd();
    }
    return violations;
  };
  await serveCommands(publish);
  socket.close();
}
