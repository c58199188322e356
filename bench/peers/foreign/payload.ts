/** Payloads of the foreign contenders: they begin with a number, and an answer has its first byte changed. */
import type { StreamTarget } from '../stream.js';

/** A payload of its own for each message, as a program has it whose library keeps what it is given until it is sent. */
export function createPayload(number: number, payloadBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  bytes[0] = number;
  bytes[1] = number >>> 8;
  bytes[2] = number >>> 16;
  bytes[3] = number >>> 24;
  return bytes;
}

/** The number at the beginning of a payload, or that of nothing where it is too short. */
export function numberOf(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}

/** Whether it answers question `number`. */
export function isAnswer(bytes: Uint8Array, number: number, payloadBytes: number): boolean {
  return bytes.length === Math.max(payloadBytes, 4) && numberOf(bytes) === (number ^ 1) >>> 0;
}

/** Changes a question into its answer. */
export function touch(bytes: Uint8Array): void {
  bytes[0] = (bytes[0] ?? 0) ^ 1;
}

/** Counts messages that come in the order of their numbers. */
export class Counter {
  counted = 0;

  take(bytes: Uint8Array): void {
    if (numberOf(bytes) === this.counted) this.counted = (this.counted + 1) >>> 0;
  }
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
      return { bytes: createPayload(await count(), 8), handles: [], descriptors: [], sequence: 0 };
    },
    writable: () => Promise.resolve(),
  };
}
