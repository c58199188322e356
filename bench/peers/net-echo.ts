/**
 * What Node offers by itself: `node:net` over a Unix stream socket, length known to both sides.
 *
 * Configuration and reason: no framing and no encoding, a reused buffer to send, one write a message: the least that a program on
 * `node:net` can do. Unix sockets have no Nagle delay to switch off.
 */

import { createConnection, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { serveCommands } from './client-port.js';

/** Echoes with the first byte of each message changed; the client says the length of its messages in its first 4 bytes. */
export async function runNetServer(path: string): Promise<void> {
  const server = createServer((socket: Socket) => {
    let messageBytes = 0;
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      held = held.length === 0 ? data : Buffer.concat([held, data]);
      if (messageBytes === 0) {
        if (held.length < 4) return;
        messageBytes = held.readUInt32LE(0);
        held = held.subarray(4);
      }
      while (held.length >= messageBytes) {
        const message = held.subarray(0, messageBytes);
        held = held.subarray(messageBytes);
        message[0] = (message[0] ?? 0) ^ 1;
        socket.write(message);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  console.log(`ready ${process.pid}`);
  for await (const _ of process.stdin);
  server.close();
}

export async function runNetClient(path: string, payloadBytes: number): Promise<void> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const bytes = Buffer.alloc(Math.max(payloadBytes, 4));
  bytes.writeUInt32LE(bytes.length);
  socket.write(bytes.subarray(0, 4));
  const answer = Buffer.alloc(bytes.length);
  let received = 0;
  let finish: (() => void) | undefined;
  socket.on('data', (data: Buffer) => {
    received += data.copy(answer, received);
    if (received === bytes.length) finish?.();
  });
  let number = 0;
  await serveCommands(async (endMs, samples) => {
    let violations = 0;
    for (let now = performance.now(); now < endMs && !samples.isFull; ) {
      number = (number + 2) >>> 0;
      bytes.writeUInt32LE(number);
      received = 0;
      const start = performance.now();
      const answered = new Promise<void>((resolve) => {
        finish = resolve;
      });
      socket.write(bytes);
      await answered;
      now = performance.now();
      samples.add(now - start);
      if (answer.readUInt32LE() !== (number ^ 1) >>> 0) violations++;
    }
    return violations;
  });
  socket.destroy();
}
