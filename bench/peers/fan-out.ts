/**
 * One message to many receivers, each a process of its own. A sample is the time from before the multicast until the last receiver has the
 * message, by the receivers' own clocks (receipts.ts).
 */
import { setTimeout as sleep, setImmediate as turnEnd } from 'node:timers/promises';
import type { CapabilityNode, Handle, Peer } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { isMessage, markedBytesMin, readNumber, stamp } from './payload.js';
import { openCollector, openReporter } from './receipts.js';

/** A node that reports every message that comes to it, and one that is not whole twice, so that its count is wrong (receipts.ts). */
export function createReceiver(peer: Peer, receipts: string, index: number): CapabilityNode {
  const report = openReporter(receipts, index);
  return peer.createNode({
    message({ bytes }): void {
      const number = readNumber(bytes);
      if (!isMessage(bytes, number)) report(number);
      report(number);
    },
  });
}

export function createFanOutLoop(
  peer: Peer,
  handles: readonly Handle[],
  receipts: string,
  payloadBytes: number,
): ClosedLoop {
  const collect = openCollector(receipts, handles.length);
  const bytes = new Uint8Array(Math.max(payloadBytes, markedBytesMin));
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    // What is sent leaves when the event loop goes on to wait, so that has to happen before this process blocks: an immediate
    // that is set from within another runs after it.
    await turnEnd();
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      stamp(bytes, number);
      const start = process.hrtime.bigint();
      const { outcomes } = await peer.multicast(handles, { bytes });
      violations += outcomes.filter((outcome) => !outcome.ok).length;
      await turnEnd();
      const told = collect(number);
      violations += told.violations;
      samples.add(Number(told.lastNs - start) / 1e6);
    }
    return violations;
  };
}

const nothing = new Uint8Array(0);

/** Longer than any of the others has something to do for the batch before, on a machine that is not loaded. */
const pauseMs = 15;

/** Messages of a batch whose cost is measured; they are sent without waiting in between, and fit what one peer may have under way. */
export const fanOutBatch = 16;

/**
 * What sending costs the sender: batches of multicasts to the same receivers, which are sinks (stream.ts), and a call to each of
 * these behind each batch, so that nobody falls behind. A sample is the CPU time that `cpuTimeNs` (of the sender's one thread) has
 * grown by from before a batch until the kernel has it.
 *
 * Before each batch the sender sleeps. Without that, who sends to one goes on at once and who sends to 256 sleeps until they have
 * answered; and to come out of a sleep, with cold caches and a broker to be woken, costs more than the sending itself.
 */
export function createFanOutCost(
  peer: Peer,
  handles: readonly Handle[],
  payloadBytes: number,
  cpuTimeNs: () => number,
): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, markedBytesMin));
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      await sleep(pauseMs);
      const start = cpuTimeNs();
      for (let at = 0; at < fanOutBatch; at++) {
        stamp(bytes, number);
        number = (number + 1) >>> 0;
        void peer.multicast(handles, { bytes });
      }
      await turnEnd();
      samples.add((cpuTimeNs() - start) / 1e6);
      for (const answer of await Promise.all(handles.map((handle) => handle.call({ bytes: nothing })))) {
        const counted = new DataView(answer.bytes.buffer, answer.bytes.byteOffset).getUint32(0, true);
        if (counted !== number) violations++;
      }
    }
    return violations;
  };
}
