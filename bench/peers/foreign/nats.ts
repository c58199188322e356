/**
 * NATS: its server on the loopback interface and its client for Node, as the distributed reference: what calls cost with a system that
 * could as well reach other machines.
 *
 * Configuration and reason: the server as it is installed, without persistence, monitoring or authentication; requests by the client's
 * multiplexed inbox, and subscriptions with a callback, which its documentation gives for those who want the least latency.
 */
import { setImmediate as turnEnd } from 'node:timers/promises';
import {
  type ClosedLoop,
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

interface Message {
  readonly data: Uint8Array;
  respond(data?: Uint8Array): boolean;
}

interface Connection {
  publish(subject: string, data: Uint8Array): void;
  request(subject: string, data: Uint8Array, options: { readonly timeout: number }): Promise<Message>;
  subscribe(
    subject: string,
    options: { readonly callback: (error: Error | null, message: Message) => void },
  ): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Nats {
  connect(options: { readonly servers: string; readonly reconnect: boolean }): Promise<Connection>;
}

const subjects = { echo: 'bench.echo', sink: 'bench.sink', count: 'bench.count', sent: 'bench.sent' };

/** Longer than the harness waits. */
const timeout = 10_000;

const nothing = new Uint8Array(0);

function connect(port: string): Promise<Connection> {
  const { connect } = loadPackage<Nats>('@nats-io/transport-node');
  return connect({ servers: `127.0.0.1:${port}`, reconnect: false });
}

export async function runNatsServer(port: string): Promise<void> {
  const connection = await connect(port);
  const counter = new Counter();
  connection.subscribe(subjects.echo, {
    callback(_, message) {
      touch(message.data);
      message.respond(message.data);
    },
  });
  connection.subscribe(subjects.sink, { callback: (_, { data }) => counter.take(data) });
  connection.subscribe(subjects.count, {
    callback: (_, message) => void message.respond(createPayload(counter.counted, 4)),
  });
  // The server knows of all subscriptions.
  await connection.flush();
  await serveUntilEnd();
  await connection.close();
}

export async function runNatsClient(port: string, payloadBytes: number): Promise<void> {
  const connection = await connect(port);
  const calls: PipelinedClient = {
    send(number, done) {
      connection.request(subjects.echo, createPayload(number, payloadBytes), { timeout }).then(
        ({ data }) => done(isAnswer(data, number, payloadBytes)),
        () => done('failed'),
      );
    },
  };
  await servePipelined(calls);
  await connection.close();
}

export async function runNatsStream(port: string, payloadBytes: number): Promise<void> {
  const connection = await connect(port);
  const target = createStreamTarget(
    (bytes) => connection.publish(subjects.sink, bytes),
    async () => numberOf((await connection.request(subjects.count, nothing, { timeout })).data),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }));
  await connection.close();
}

/** Receives what is published until end-of-file; `count` receivers in this process, each with a connection of its own. */
export async function runNatsReceivers(
  port: string,
  receipts: string,
  first: number,
  count: number,
): Promise<void> {
  const connections: Connection[] = [];
  for (let at = first; at < first + count; at++) {
    const connection = await connect(port);
    connections.push(connection);
    const report = openReporter(receipts, at);
    connection.subscribe(subjects.sent, { callback: (_, { data }) => reportWhole(data, report) });
    await connection.flush();
  }
  await serveUntilEnd();
  for (const connection of connections) await connection.close();
}

export async function runNatsPublisher(
  port: string,
  receipts: string,
  payloadBytes: number,
  receivers: number,
): Promise<void> {
  const connection = await connect(port);
  const collect = openCollector(receipts, receivers);
  let number = 0;
  const publish: ClosedLoop = async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      const start = process.hrtime.bigint();
      connection.publish(subjects.sent, createPayload(number, payloadBytes));
      // The client writes at the end of this turn, and that has to happen before this process blocks.
      await turnEnd();
      const told = collect(number);
      violations += told.violations;
      samples.add(Number(told.lastNs - start) / 1e6);
    }
    return violations;
  };
  await serveCommands(publish);
  await connection.close();
}
