/**
 * One message to many receivers, each a process of its own. A sample is the time from before the multicast until the last receiver has the
 * message, by the receivers' own clocks (receipts.ts).
 */
import { setImmediate as turnEnd } from 'node:timers/promises';
import type { CapabilityNode, Handle, Peer } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { openCollector, openReporter } from './receipts.js';

/** A node that reports every message that comes to it. */
export function createReceiver(peer: Peer, receipts: string, index: number): CapabilityNode {
  const report = openReporter(receipts, index);
  return peer.createNode({
    message({ bytes }): void {
      report(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
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
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    // What is sent leaves when the event loop goes on to wait, so that has to happen before this process blocks: an immediate
    // that is set from within another runs after it.
    await turnEnd();
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      view.setUint32(0, number, true);
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

/** Messages of a batch whose cost is measured; they are sent without waiting in between. */
export const fanOutBatch = 64;

/**
 * What sending costs the sender: batches of multicasts to the same receivers, which are sinks (stream.ts), and a call to the last of
 * these behind each batch, so that nobody falls behind. A sample is the CPU time that `cpuTimeNs` (of the sender's one thread) has
 * grown by from before a batch until the kernel has it. What follows is the same for any number of receivers, but for how long it
 * takes: whoever has slept longer finds his caches colder, and that is not what is asked here.
 */
export function createFanOutCost(
  peer: Peer,
  handles: readonly Handle[],
  payloadBytes: number,
  cpuTimeNs: () => number,
): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  const last = handles.at(-1);
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull && last !== undefined) {
      const start = cpuTimeNs();
      for (let at = 0; at < fanOutBatch; at++) {
        view.setUint32(0, number, true);
        number = (number + 1) >>> 0;
        void peer.multicast(handles, { bytes });
      }
      await turnEnd();
      samples.add((cpuTimeNs() - start) / 1e6);
      const answer = await last.call({ bytes: new Uint8Array(0) });
      const counted = new DataView(answer.bytes.buffer, answer.bytes.byteOffset).getUint32(0, true);
      if (counted !== number) violations++;
    }
    return violations;
  };
}
