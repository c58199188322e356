/**
 * The empty call: a service that returns what it gets, and the closed loop that calls it.
 *
 * Both sides touch the payload: the loop writes a number into it, the service changes it, the loop checks it. An answer that
 * is not the changed question is a violation (lost, doubled or invented), and makes the cell fail.
 */
import { performance } from 'node:perf_hooks';
import type { CapabilityNode, Handle, Peer } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';

/** A node that answers every call with its own bytes, the first one changed. */
export function createEcho(peer: Peer): CapabilityNode {
  return peer.createNode({
    message(delivery): void {
      const { bytes } = delivery;
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      delivery.reply?.send({ bytes });
    },
  });
}

/** One call outstanding, the next as soon as the answer is there. */
export function createCallLoop(handle: Handle, payloadBytes: number): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    for (let now = performance.now(); now < endMs && !samples.isFull; ) {
      number = (number + 2) >>> 0;
      view.setUint32(0, number, true);
      const start = performance.now();
      const answer = await handle.call({ bytes });
      now = performance.now();
      samples.add(now - start);
      const got = answer.bytes;
      const echoed = (got[0] ?? 0) | ((got[1] ?? 0) << 8) | ((got[2] ?? 0) << 16) | ((got[3] ?? 0) << 24);
      if (echoed >>> 0 !== (number ^ 1) >>> 0 || got.length !== bytes.length) violations++;
    }
    return violations;
  };
}
