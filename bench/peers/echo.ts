/**
 * The empty call: a service that returns what it gets, and the client that calls it.
 *
 * Both sides touch the payload: the client writes a number and a mark into it, the service changes it, the client checks it
 * (payload.ts). An answer that is not the changed question is a violation (lost, cut off, doubled or invented), and makes the cell fail.
 */
import type { CapabilityNode, Handle, Peer } from '../../broker/contract/index.js';
import { ErrorCode, hasCode } from '../../broker/contract/index.js';
import { isAnswer, stamp } from './payload.js';
import { type Done, deadlineMs, type PipelinedClient } from './pipelined.js';

/** Keeps the processor busy for so long, as work would. */
function spend(microseconds: number): void {
  const endMs = performance.now() + microseconds / 1000;
  while (performance.now() < endMs);
}

/**
 * A node that answers every call with its own bytes, the first one changed. `delayUs` is what the self-test injects, to see whether the
 * suite finds it; nothing else uses it.
 */
export function createEcho(peer: Peer, delayUs = 0): CapabilityNode {
  return peer.createNode({
    message(delivery): void {
      const { bytes } = delivery;
      if (delayUs > 0) spend(delayUs);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      delivery.reply?.send({ bytes });
    },
  });
}

/** Calls with `payloadBytes` in each. One for which there is no room now waits until there is, and its time runs meanwhile. */
export function createCaller(handle: Handle, payloadBytes: number): PipelinedClient {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const message = { bytes };
  const options = { deadlineMs };
  const begin = (sent: number, done: Done): void => {
    stamp(bytes, sent);
    handle.call(message, options).then(
      (answer) => done(isAnswer(answer.bytes, sent, bytes.length)),
      (error) => {
        if (!hasCode(error, ErrorCode.OverQuota)) done('failed');
        else
          handle.writable().then(
            () => begin(sent, done),
            () => done('failed'),
          );
      },
    );
  };
  return { send: (number, done) => begin((number << 1) >>> 0, done) };
}
