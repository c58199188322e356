/**
 * The stream: one-way messages in batches, each batch followed by a call that asks how many have arrived. `client-port.h` has the same
 * numbers for the peers in C.
 *
 * Some batches are under way at once, so that neither end waits for the other; a sample is the time from a batch's first message until
 * the answer that all of it is there. Where messages are large, so many would be more than a receiver may have waiting for it: then the
 * question is asked several times in a batch, and of these parts as many are under way. The receiver counts what comes in order and what
 * does not, so a message that was lost, doubled, overtaken or cut off shows (payload.ts).
 *
 * Where the kernel keeps few messages for a receiver (`manifest.queueDepth`) the sender waits for each until it is accepted, and tries
 * again what was refused.
 */
import { performance } from 'node:perf_hooks';
import type { CapabilityNode, Handle, Message, Peer, Receiver } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { callPatiently, sendPatiently } from './patience.js';
import { isMessage, markedBytesMin, stamp } from './payload.js';

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

/** What is answered: messages that came in order, and others (u32 each). */
const answerBytes = 8;

function createSinkReceiver(): Receiver['message'] {
  let counted = 0;
  let disorder = 0;
  const answer = new Uint8Array(answerBytes);
  const view = new DataView(answer.buffer);
  return ({ bytes, reply }) => {
    if (reply === undefined) {
      if (isMessage(bytes, counted)) counted = (counted + 1) >>> 0;
      else disorder++;
      return;
    }
    view.setUint32(0, counted, true);
    view.setUint32(4, disorder, true);
    reply.send({ bytes: answer });
  };
}

const question = { bytes: new Uint8Array(0) };

/** Where a stream goes. */
export type StreamTarget = Pick<Handle, 'send' | 'call' | 'writable'>;

export interface StreamShape {
  readonly payloadBytes: number;
  /** Who send at the same time to one receiver; 1 if it is not said. */
  readonly senders?: number;
  /** Whether each message waits until the one before it was accepted. */
  readonly isPatient: boolean;
}

/** Whether a stream over this transport has to be patient. */
export function needsPatience({ manifest }: Peer): boolean {
  return manifest.queueDepth !== undefined;
}

/** Whether the sink has had exactly so many messages, all in order; a patient question may be overtaken by later ones. */
function isArrived({ bytes }: { readonly bytes: Uint8Array }, expected: number, isPatient: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== answerBytes || view.getUint32(4, true) !== 0) return false;
  const ahead = (view.getUint32(0, true) - expected) >>> 0;
  return isPatient ? ahead <= streamWindow * streamBatch : ahead === 0;
}

/** The sender's loop. */
export function createStreamLoop(target: StreamTarget, shape: StreamShape): ClosedLoop {
  const { payloadBytes, senders = 1, isPatient } = shape;
  const bytes = new Uint8Array(Math.max(payloadBytes, markedBytesMin));
  const message = { bytes };
  const part = messagesPerPart(bytes.length, senders);
  let number = 0;
  const nextMessage = (): Message => {
    stamp(bytes, number);
    number = (number + 1) >>> 0;
    return message;
  };
  const sendPart = (): void => {
    // A refusal would be an unhandled rejection, which ends this process and fails the cell.
    for (let at = 0; at < part; at++) void target.send(nextMessage());
  };
  const sendPartPatiently = async (): Promise<void> => {
    for (let at = 0; at < part; at++) await sendPatiently(target, nextMessage());
  };
  const ask = async (expected: number): Promise<boolean> => {
    const answer = await (isPatient ? callPatiently(target, question) : target.call(question));
    return isArrived(answer, expected, isPatient);
  };
  return async (endMs, samples) => {
    let violations = 0;
    const underWay: Promise<void>[] = [];
    const askBehind = async (start: number, isLast: boolean): Promise<void> => {
      if (!(await ask(number))) violations++;
      if (isLast) samples.add(performance.now() - start);
    };
    while (performance.now() < endMs && !samples.isFull) {
      const start = performance.now();
      for (let sent = part; sent <= streamBatch; sent += part) {
        if (isPatient) await sendPartPatiently();
        else sendPart();
        underWay.push(askBehind(start, sent === streamBatch));
        if (underWay.length === streamWindow) await underWay.shift();
      }
    }
    await Promise.all(underWay);
    return violations;
  };
}
