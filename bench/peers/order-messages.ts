/**
 * What the messages of W8 look like: a name and a run that can be read again, filled up to a size with bytes that depend on both; and load,
 * numbered through by each sender, which its receiver checks at once instead of recording it.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const endOfName = 0;
const loadMark = 1;

/** Every message of load. */
export const loadBytes = 1024;

export interface NamedMessage {
  readonly name: string;
  readonly run: number;
}

/** The bytes of a message: at least `payloadBytes` of them. */
export function namedBytes({ name, run }: NamedMessage, payloadBytes: number): Uint8Array {
  const text = encoder.encode(`${name} ${run}`);
  const bytes = new Uint8Array(Math.max(payloadBytes, text.length + 1));
  bytes.set(text);
  bytes[text.length] = endOfName;
  for (let at = text.length + 1; at < bytes.length; at++) bytes[at] = (at * 31 + run) & 0xff;
  return bytes;
}

/** Undefined for what cannot be read, whoever sent it. */
export function readNamed(bytes: Uint8Array): NamedMessage | undefined {
  const end = bytes.indexOf(endOfName);
  const match = /^([a-z]+) (\d+)$/.exec(decoder.decode(bytes.subarray(0, Math.max(0, end))));
  const [, name, run] = match ?? [];
  return name === undefined ? undefined : { name, run: Number(run) };
}

export function isLoad(bytes: Uint8Array): boolean {
  return bytes[0] === loadMark;
}

/** A message of load: `number` counts what this sender has offered to this receiver; what was declined leaves a gap. */
export function writeLoad(into: Buffer, sender: number, number: number): void {
  into.fill((sender * 16 + number) & 0xff);
  into[0] = loadMark;
  into[1] = sender;
  into.writeUInt32LE(number, 2);
}

function numberOfLoad(bytes: Uint8Array): number {
  return bytes.length < loadBytes ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true);
}

/**
 * Of the load that one process received: how much, and how much was not later than what it had of that sender before, or not as it was sent.
 * Whether something is missing can be seen only beside what was accepted of it.
 */
export interface LoadCount {
  readonly received: number;
  readonly faults: number;
}

export interface LoadJudge {
  take(bytes: Uint8Array): void;
  /** What was counted since the last time. */
  drain(): LoadCount;
}

export function createLoadJudge(): LoadJudge {
  const expected = Buffer.alloc(loadBytes);
  const next = new Map<number, number>();
  let count = { received: 0, faults: 0 };
  return {
    take(bytes) {
      count.received++;
      const sender = bytes[1] ?? 0;
      const number = numberOfLoad(bytes);
      writeLoad(expected, sender, number);
      if (number < (next.get(sender) ?? 0) || expected.compare(bytes) !== 0) count.faults++;
      next.set(sender, number + 1);
    },
    drain() {
      const drained = count;
      count = { received: 0, faults: 0 };
      return drained;
    },
  };
}
