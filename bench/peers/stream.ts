/**
 * The stream: one-way messages in batches, each batch followed by a call that asks how many have arrived. `client-port.h` has the same
 * numbers for the peers in C.
 *
 * Some batches are under way at once, so that neither end waits for the other; a sample is the time from a batch's first message until
 * the answer that all of it is there. Where messages are large, so many would be more than a receiver may have waiting for it: then the
 * question is asked several times in a batch, and of these parts as many are under way. The receiver counts what comes in order, so a message that was lost, doubled or overtaken shows.
 */
import { performance } from 'node:perf_hooks';
import type { CapabilityNode, Handle, Peer, Receiver } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';

/** Messages of a sample. */
export const streamBatch = 256;
/** Questions that may be unanswered, and bytes between two of them at most, divided among the senders to one receiver. */
const streamWindow = 4;
const partBytesMax = 512 * 1024;

/** Messages between two questions: a whole batch, or as large a part of it as may be under way. */
function messagesPerPart(payloadBytes: number, senders: number): number {
  const most = Math.max(1, partBytesMax / Math.max(payloadBytes, 1) / senders);
  return Math.min(streamBatch, 2 ** Math.floor(Math.log2(most)));
}

/** A node that counts the messages that come to it in the order of their numbers, and answers a call with that count. */
export function createSink(peer: Peer): CapabilityNode {
  return peer.createNode({ message: createSinkReceiver() });
}

function createSinkReceiver(): Receiver['message'] {
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

/** The number at the beginning of a message. */
export function readNumber(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}

const question = { bytes: new Uint8Array(0) };

/** The sender's loop; `senders` work at the same time towards one receiver. */
export function createStreamLoop(
  handle: Pick<Handle, 'send' | 'call'>,
  payloadBytes: number,
  senders = 1,
): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  const message = { bytes };
  const part = messagesPerPart(bytes.length, senders);
  let number = 0;
  /** Sends a part; resolves to whether all until its end has arrived. */
  const sendPart = async (): Promise<boolean> => {
    for (let at = 0; at < part; at++) {
      view.setUint32(0, number, true);
      number = (number + 1) >>> 0;
      // A refusal would be an unhandled rejection, which ends this process and fails the cell.
      void handle.send(message);
    }
    const expected = number;
    const answer = await handle.call(question);
    return readNumber(answer.bytes) === expected;
  };
  return async (endMs, samples) => {
    let violations = 0;
    let start = 0;
    const underWay: Promise<void>[] = [];
    while (performance.now() < endMs && !samples.isFull) {
      for (let sent = 0; sent < streamBatch; sent += part) {
        if (sent === 0) start = performance.now();
        const began = start;
        const isLast = sent + part === streamBatch;
        const arrived = sendPart().then((isRight) => {
          if (!isRight) violations++;
          if (isLast) samples.add(performance.now() - began);
        });
        underWay.push(arrived);
        if (underWay.length === streamWindow) await underWay.shift();
      }
    }
    await Promise.all(underWay);
    return violations;
  };
}
