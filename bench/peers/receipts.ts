/**
 * Who has received what and when, told to the sender beside the transport: receipts.h describes the records and why.
 */
import { openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const receiptBytes = 16;
const receiversMax = 256;
/** Between two looks, and for how long in all. */
const lookMs = 0.1;
const patienceMs = 20_000;

/** Makes the file in which receivers report. */
export function createReceipts(path: string): void {
  writeFileSync(path, new Uint8Array(receiptBytes * receiversMax));
}

/** A receiver's end. The returned function says that it has this message: now, or since `ns` on the clock of `process.hrtime.bigint()`. */
export function openReporter(path: string, receiver: number): (number: number, ns?: bigint) => void {
  const descriptor = openSync(path, 'r+');
  const record = new DataView(new ArrayBuffer(receiptBytes));
  let count = 0;
  return (number, ns = process.hrtime.bigint()) => {
    count = (count + 1) >>> 0;
    record.setBigUint64(0, ns, true);
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

/** Between two looks of a polled collector. */
const pollMs = 1;

/**
 * A sender's end that does not block, for one who has to go on working until everybody has reported. The returned function resolves when
 * those who are named have reported once more; who says another number, reports twice, or without being named, is a violation. Throws
 * when they do not in time.
 */
export function openPolledCollector(
  path: string,
  receivers: number,
): (number: number, named: Iterable<number>) => Promise<Receipts> {
  const descriptor = openSync(path, 'r');
  const records = new DataView(new ArrayBuffer(receiptBytes * receivers));
  const counts = new Uint32Array(receivers);
  const countOf = (receiver: number): number => records.getUint32(receiver * receiptBytes + 12, true);
  return async (number, named) => {
    const awaited = new Set(named);
    const endMs = performance.now() + patienceMs;
    const haveAll = (): boolean => {
      readSync(descriptor, records, 0, records.byteLength, 0);
      return [...awaited].every((receiver) => countOf(receiver) !== counts[receiver]);
    };
    while (!haveAll()) {
      if (performance.now() > endMs)
        throw new Error(`not all ${awaited.size} receivers have told of ${number}`);
      await sleep(pollMs);
    }
    let lastNs = 0n;
    let violations = 0;
    for (let receiver = 0; receiver < receivers; receiver++) {
      const before = counts[receiver] ?? 0;
      counts[receiver] = countOf(receiver);
      if (counts[receiver] !== (before + (awaited.has(receiver) ? 1 : 0)) >>> 0) violations++;
      if (!awaited.has(receiver)) continue;
      if (records.getUint32(receiver * receiptBytes + 8, true) !== number) violations++;
      const ns = records.getBigUint64(receiver * receiptBytes, true);
      if (ns > lastNs) lastNs = ns;
    }
    return { lastNs, violations };
  };
}
