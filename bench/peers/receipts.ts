/**
 * Who has received what and when, told to the sender beside the transport: receipts.h describes the records and why.
 */
import { openSync, readSync, writeFileSync, writeSync } from 'node:fs';

const receiptBytes = 16;
const receiversMax = 256;
/** Between two looks, and for how long in all. */
const lookMs = 0.1;
const patienceMs = 20_000;

/** Makes the file in which receivers report. */
export function createReceipts(path: string): void {
  writeFileSync(path, new Uint8Array(receiptBytes * receiversMax));
}

/** A receiver's end. The returned function says that it has this message, now. */
export function openReporter(path: string, receiver: number): (number: number) => void {
  const descriptor = openSync(path, 'r+');
  const record = new DataView(new ArrayBuffer(receiptBytes));
  let count = 0;
  return (number) => {
    count = (count + 1) >>> 0;
    record.setBigUint64(0, process.hrtime.bigint(), true);
    record.setUint32(8, number, true);
    record.setUint32(12, count, true);
    writeSync(descriptor, record, 0, receiptBytes, receiver * receiptBytes);
  };
}

export interface Receipts {
  /** The latest time that a receiver gave, as `process.hrtime.bigint()` counts. */
  readonly lastNs: bigint;
  readonly violations: number;
}

/** The sender's end. The returned function blocks until every receiver has message `number`; throws if that takes too long. */
export function openCollector(path: string, receivers: number): (number: number) => Receipts {
  const descriptor = openSync(path, 'r');
  const records = new DataView(new ArrayBuffer(receiptBytes * receivers));
  const never = new Int32Array(new SharedArrayBuffer(4));
  const haveAll = (number: number): boolean => {
    readSync(descriptor, records, 0, records.byteLength, 0);
    for (let at = 0; at < receivers; at++) {
      if (records.getUint32(at * receiptBytes + 8, true) !== number) return false;
    }
    return true;
  };
  return (number) => {
    const endMs = performance.now() + patienceMs;
    do {
      Atomics.wait(never, 0, 0, lookMs);
      if (performance.now() > endMs) throw new Error(`not all ${receivers} receivers have message ${number}`);
    } while (!haveAll(number));
    let lastNs = 0n;
    let violations = 0;
    for (let at = 0; at < receivers; at++) {
      const ns = records.getBigUint64(at * receiptBytes, true);
      if (ns > lastNs) lastNs = ns;
      if (records.getUint32(at * receiptBytes + 12, true) !== number) violations++;
    }
    return { lastNs, violations };
  };
}
