/**
 * Who has received what and when, told to the sender beside the transport: receipts.h describes the records and why.
 */
import { openSync, readSync, writeSync } from 'node:fs';

const receiptBytes = 16;

/** A receiver's end. The returned function says that it has this message, now. */
export function openReporter(path: string, receiver: number): (number: number) => void {
  // Both ways, so that opening does not wait for the reader.
  const descriptor = openSync(path, 'r+');
  const record = new DataView(new ArrayBuffer(receiptBytes));
  record.setUint32(12, receiver, true);
  return (number) => {
    record.setBigUint64(0, process.hrtime.bigint(), true);
    record.setUint32(8, number, true);
    writeSync(descriptor, record);
  };
}

export interface Receipts {
  /** The latest time that a receiver gave, as `process.hrtime.bigint()` counts. */
  readonly lastNs: bigint;
  readonly violations: number;
}

/** The sender's end. The returned function blocks until every receiver has reported. */
export function openCollector(path: string, receivers: number): (number: number) => Receipts {
  // The receivers hold the other end, and it ends with the last of them.
  const descriptor = openSync(path, 'r');
  const records = new DataView(new ArrayBuffer(receiptBytes * receivers));
  return (number) => {
    const seen = new Set<number>();
    let lastNs = 0n;
    let violations = 0;
    for (let count = 0; count < receivers; ) {
      const length = readSync(descriptor, records, 0, (receivers - count) * receiptBytes, null);
      if (length === 0) throw new Error('all receivers have ended');
      for (let at = 0; at < length; at += receiptBytes, count++) {
        const receiver = records.getUint32(at + 12, true);
        if (records.getUint32(at + 8, true) !== number || receiver >= receivers || seen.has(receiver))
          violations++;
        seen.add(receiver);
        const ns = records.getBigUint64(at, true);
        if (ns > lastNs) lastNs = ns;
      }
    }
    return { lastNs, violations };
  };
}
