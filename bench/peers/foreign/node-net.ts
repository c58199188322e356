/**
 * A stream of one-way messages over `node:net` (the calls are in net-echo.ts).
 *
 * Configuration and reason: no framing and no encoding, because the connection begins with the length of its messages; one write a
 * message, which Node gathers into few system calls as long as the socket is busy.
 */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { serveCommands, serveUntilEnd } from '../client-port.js';
import { markedBytesMin } from '../payload.js';
import { createStreamLoop } from '../stream.js';
import { Counter, createPayload, createStreamTarget, numberOf } from './payload.js';

/** The number of a message that asks how many have come. */
const question = 0xffff_ffff;

/** Cuts what comes into messages of `length()` bytes, which may change with each. */
export function onMessages(socket: Socket, length: () => number, listen: (message: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    for (let bytes = length(); held.length >= bytes; bytes = length()) {
      const message = held.subarray(0, bytes);
      held = held.subarray(bytes);
      listen(message);
    }
  });
}

export async function runNetSink(path: string): Promise<void> {
  const server = createServer((socket) => {
    const counter = new Counter();
    let payloadBytes = 0;
    onMessages(
      socket,
      () => (payloadBytes === 0 ? 4 : payloadBytes),
      (message) => {
        if (payloadBytes === 0) payloadBytes = numberOf(message);
        else if (numberOf(message) === question) socket.write(createPayload(counter.counted, 4));
        else counter.take(message);
      },
    );
  });
  server.listen(path);
  await once(server, 'listening');
  await serveUntilEnd();
  server.close();
}

export async function runNetStream(path: string, payloadBytes: number): Promise<void> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  const asking = createPayload(question, Math.max(payloadBytes, markedBytesMin));
  socket.write(createPayload(asking.length, 4));
  const waiting: ((counted: number) => void)[] = [];
  onMessages(
    socket,
    () => 4,
    (answer) => waiting.shift()?.(numberOf(answer)),
  );
  const target = createStreamTarget(
    (bytes) => void socket.write(bytes),
    () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(asking);
      }),
  );
  await serveCommands(createStreamLoop(target, { payloadBytes, isPatient: false }));
  socket.destroy();
}
