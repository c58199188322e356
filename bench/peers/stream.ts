/**
 * The stream: one-way messages in batches, each batch followed by a call that asks how many have arrived. `client-port.h` has the same
 * numbers for the peers in C.
 *
 * Some batches are under way at once, so that neither end waits for the other; a sample is the time from a batch's first message until
 * the answer that all of it is there. The receiver counts what comes in order, so a message that was lost, doubled or overtaken shows.
 */
import { performance } from 'node:perf_hooks';
import type { CapabilityNode, Handle, Peer, Receiver } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';

/** Messages between two questions, and questions that may be unanswered. */
export const streamBatch = 256;
const streamWindow = 4;

/** A node that counts the messages that come to it in the order of their numbers, and answers a call with that count. */
export function createSink(peer: Peer): CapabilityNode {
  return peer.createNode({ message: createSinkReceiver() });
}

/** What such a node does with a message. */
export function createSinkReceiver(): Receiver['message'] {
  let counted = 0;
  const answer = new Uint8Array(4);
  const view = new DataView(answer.buffer);
  return ({ bytes, reply }) => {
    if (reply === undefined) {
      if (readNumber(bytes) === counted) counted = (counted + 1) >>> 0;
      return;
    }
    view.setUint32(0, counted, true);
    reply.send({ bytes: answer });
  };
}

function readNumber(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}

const question = { bytes: new Uint8Array(0) };

export function createStreamLoop(handle: Pick<Handle, 'send' | 'call'>, payloadBytes: number): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  const message = { bytes };
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    const underWay: Promise<void>[] = [];
    const sendBatch = async (): Promise<void> => {
      const start = performance.now();
      for (let at = 0; at < streamBatch; at++) {
        view.setUint32(0, number, true);
        number = (number + 1) >>> 0;
        // A refusal would be an unhandled rejection, which ends this process and fails the cell.
        void handle.send(message);
      }
      const expected = number;
      const answer = await handle.call(question);
      samples.add(performance.now() - start);
      if (readNumber(answer.bytes) !== expected) violations++;
    };
    while (performance.now() < endMs && !samples.isFull) {
      underWay.push(sendBatch());
      if (underWay.length === streamWindow) await underWay.shift();
    }
    await Promise.all(underWay);
    return violations;
  };
}
