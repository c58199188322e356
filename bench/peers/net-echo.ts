/**
 * What Node offers by itself: `node:net` over a Unix stream socket, length known to both sides.
 *
 * Configuration and reason: no framing and no encoding, a reused buffer to send, one write a message: the least that a program on
 * `node:net` can do. Unix sockets have no Nagle delay to switch off.
 */

import { createConnection, createServer, type Socket } from 'node:net';
import { servePipelined, serveUntilEnd } from './client-port.js';
import { isAnswer, stamp } from './payload.js';
import type { Done, PipelinedClient } from './pipelined.js';

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
  await serveUntilEnd();
  server.close();
}

export async function runNetClient(path: string, payloadBytes: number): Promise<void> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const messageBytes = Math.max(payloadBytes, 4);
  const hello = Buffer.alloc(4);
  hello.writeUInt32LE(messageBytes);
  socket.write(hello);
  await servePipelined(createNetCaller(socket, messageBytes));
  socket.destroy();
}

interface Call {
  readonly bytes: Buffer;
  sent: number;
  done: Done;
}

/** Answers come in the order of the calls. A call's buffer is the kernel's until it has been answered, and is then used again. */
function createNetCaller(socket: Socket, messageBytes: number): PipelinedClient {
  const underWay: Call[] = [];
  const idle: Call[] = [];
  let oldest = 0;
  const answer = Buffer.alloc(messageBytes);
  let received = 0;
  socket.on('data', (data: Buffer) => {
    for (let at = 0; at < data.length; ) {
      const copied = data.copy(answer, received, at);
      at += copied;
      received += copied;
      if (received < messageBytes) return;
      received = 0;
      const call = underWay[oldest++];
      if (call === undefined) throw new Error('an answer without a call');
      if (oldest === underWay.length || oldest > 1024) {
        underWay.splice(0, oldest);
        oldest = 0;
      }
      idle.push(call);
      call.done(isAnswer(answer, call.sent, messageBytes));
    }
  });
  return {
    send(number, done): void {
      const call = idle.pop() ?? { bytes: Buffer.alloc(messageBytes), sent: 0, done };
      call.sent = (number << 1) >>> 0;
      call.done = done;
      stamp(call.bytes, call.sent);
      underWay.push(call);
      socket.write(call.bytes);
    },
  };
}
