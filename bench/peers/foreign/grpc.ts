/**
 * gRPC for Node, @grpc/grpc-js over a Unix socket.
 *
 * Configuration and reason: messages in protocol buffers by way of @grpc/proto-loader, unary calls, one channel for all calls, no
 * credentials and no compression, all else by default: what its guide for Node shows. A stream of one-way messages is a streaming call,
 * which its guide on performance advises for many messages that belong together.
 */
import { join } from 'node:path';
import { type PipelinedClient, serveCommands, servePipelined, serveUntilEnd } from '../client-port.js';
import { createStreamLoop } from '../stream.js';
import { loadPackage, peersDirectory } from './package.js';
import { Counter, createPayload, createStreamTarget, isAnswer, touch } from './payload.js';

interface Payload {
  readonly payload: Uint8Array;
}

interface Count {
  readonly counted: number;
}

type Answer<T> = (error: Error | null, value?: T) => void;

interface Duplex<Out, In> {
  write(message: Out): boolean;
  end(): void;
  on(event: 'data', listener: (message: In) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

interface PeerClient {
  waitForReady(deadline: Date, ready: (error?: Error) => void): void;
  Echo(request: Payload, answer: Answer<Payload>): void;
  Send(): Duplex<Payload, Count>;
  close(): void;
}

interface PeerService {
  Echo(call: { readonly request: Payload }, answer: Answer<Payload>): void;
  Send(call: Duplex<Count, Payload>): void;
}

interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly Server: new () => {
    addService(definition: unknown, service: PeerService): void;
    bindAsync(address: string, credentials: unknown, bound: (error: Error | null) => void): void;
    forceShutdown(): void;
  };
  loadPackageDefinition(definition: unknown): {
    readonly capstan: {
      readonly bench: {
        readonly Peer: { readonly service: unknown; new (address: string, credentials: unknown): PeerClient };
      };
    };
  };
}

interface ProtoLoader {
  loadSync(path: string, options: { readonly keepCase: boolean; readonly defaults: boolean }): unknown;
}

const readyWithinMs = 10_000;

function loadPeer(grpc: Grpc): ReturnType<Grpc['loadPackageDefinition']>['capstan']['bench']['Peer'] {
  const loader = loadPackage<ProtoLoader>('@grpc/proto-loader');
  const definition = loader.loadSync(join(peersDirectory, 'peer.proto'), { keepCase: true, defaults: true });
  return grpc.loadPackageDefinition(definition).capstan.bench.Peer;
}

export async function runGrpcServer(path: string): Promise<void> {
  const grpc = loadPackage<Grpc>('@grpc/grpc-js');
  const server = new grpc.Server();
  server.addService(loadPeer(grpc).service, {
    Echo({ request }, answer) {
      touch(request.payload);
      answer(null, request);
    },
    Send(call) {
      const counter = new Counter();
      call.on('data', ({ payload }) => {
        if (payload.length === 0) call.write({ counted: counter.counted });
        else counter.take(payload);
      });
      call.on('end', () => call.end());
      call.on('error', () => {});
    },
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  await serveUntilEnd();
  server.forceShutdown();
}

async function connect(path: string): Promise<PeerClient> {
  const grpc = loadPackage<Grpc>('@grpc/grpc-js');
  const client = new (loadPeer(grpc))(`unix:${path}`, grpc.credentials.createInsecure());
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(new Date(Date.now() + readyWithinMs), (error) =>
      error === undefined ? resolve() : reject(error),
    ),
  );
  return client;
}

export async function runGrpcClient(path: string, payloadBytes: number): Promise<void> {
  const client = await connect(path);
  const calls: PipelinedClient = {
    send(number, done) {
      client.Echo({ payload: createPayload(number, payloadBytes) }, (error, answer) => {
        done(
          error === null && answer !== undefined ? isAnswer(answer.payload, number, payloadBytes) : 'failed',
        );
      });
    },
  };
  await servePipelined(calls);
  client.close();
}

export async function runGrpcStream(path: string, payloadBytes: number): Promise<void> {
  const client = await connect(path);
  const stream = client.Send();
  const waiting: ((counted: number) => void)[] = [];
  stream.on('data', ({ counted }) => waiting.shift()?.(counted));
  const question = { payload: new Uint8Array(0) };
  const target = createStreamTarget(
    (payload) => void stream.write({ payload }),
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        stream.write(question);
      }),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }));
  stream.end();
  client.close();
}
