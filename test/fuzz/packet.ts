/**
 * What a decoder is fed: a few packets, each some bytes and a number of descriptors. As text a packet is one line, so that a case in
 * the corpus can be read, and a change of it be seen:
 *
 *     # comments, which say where the case is from
 *     2 18000000100000020300…     two descriptors, and the bytes in hexadecimal
 */
import { createHash } from 'node:crypto';

export interface Packet {
  readonly bytes: Uint8Array;
  readonly descriptors: number;
}

export type Case = readonly Packet[];

export function packetOf(hex: string, descriptors = 0): Packet {
  return { bytes: Uint8Array.from(Buffer.from(hex, 'hex')), descriptors };
}

export function caseText(input: Case): string {
  return input
    .map(({ bytes, descriptors }) => `${descriptors} ${Buffer.from(bytes).toString('hex')}\n`)
    .join('');
}

/** Throws for what is not such a text. */
export function readCase(text: string): Case {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const match = /^(\d+) ((?:[0-9a-f]{2})*)$/.exec(line);
    if (match === null) throw new Error(`not a packet: ${line}`);
    return packetOf(match[2] ?? '', Number(match[1]));
  });
}

/** A short name that is the same for the same packets. */
export function caseName(input: Case): string {
  return createHash('sha256').update(caseText(input)).digest('hex').slice(0, 10);
}

/** A view that ends where the packet ends: what reads outside of it throws. */
export function exactView(bytes: Uint8Array): DataView {
  return new DataView(bytes.slice().buffer);
}
