/** Payloads of the foreign contenders, as ../payload.ts has them. */
import { isMessage, isAnswer as isWholeAnswer, readNumber, stamp } from '../payload.js';
import type { StreamTarget } from '../stream.js';

export { readNumber as numberOf } from '../payload.js';

/** A payload of its own for each message, as a program has it whose library keeps what it is given until it is sent. */
export function createPayload(number: number, payloadBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  stamp(bytes, number);
  return bytes;
}

/** Whether it answers question `number`. */
export function isAnswer(bytes: Uint8Array, number: number, payloadBytes: number): boolean {
  return isWholeAnswer(bytes, number, Math.max(payloadBytes, 4));
}

/** Changes a question into its answer. */
export function touch(bytes: Uint8Array): void {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
}

/** Counts messages that come whole and in the order of their numbers. */
export class Counter {
  counted = 0;

  take(bytes: Uint8Array): void {
    if (isMessage(bytes, this.counted)) this.counted = (this.counted + 1) >>> 0;
  }
}

/** What a receiver of one message to many reports: its number, and twice where it is not whole, so that its count is wrong. */
export function reportWhole(bytes: Uint8Array, report: (number: number) => void): void {
  const number = readNumber(bytes);
  if (!isMessage(bytes, number)) report(number);
  report(number);
}

const sent = Promise.resolve(0);

/**
 * What `createStreamLoop` (stream.ts) sends to, over something else: `send` takes bytes that are its own, and `count` asks how
 * many have come.
 */
export function createStreamTarget(
  send: (bytes: Uint8Array) => void,
  count: () => Promise<number>,
): StreamTarget {
  return {
    send({ bytes = new Uint8Array(0) }) {
      send(bytes.slice());
      return sent;
    },
    async call() {
      // A message out of order is not counted, so the count says all.
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setUint32(0, await count(), true);
      return { bytes, handles: [], descriptors: [], sequence: 0 };
    },
    writable: () => Promise.resolve(),
  };
}
