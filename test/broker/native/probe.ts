/** A handler that remembers what happened to its socket, and helpers to send frames. */

import { loadNative } from '../../../broker/native/addon.js';
import { frameLength, writeFrameHeader } from '../../../broker/native/frames.js';
import { type OpenPacketLoop, openPacketLoop } from '../../../broker/native/packet-loop.js';
import type { PacketHandler, PacketSocket } from '../../../broker/native/packets.js';
import { eventually } from '../../support/eventually.js';

export interface ReceivedPacket {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
  readonly pid: number;
  readonly uid: number;
}

export class Probe implements PacketHandler {
  readonly packets: ReceivedPacket[] = [];
  readonly endings: number[] = [];
  drains = 0;
  onPacket: (() => void) | undefined;
  readonly #loop: OpenPacketLoop;

  constructor(loop: OpenPacketLoop) {
    this.#loop = loop;
  }

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const bytes = this.#loop.receiveBytes.slice(offset, offset + length);
    this.packets.push({ bytes, descriptors, pid: this.#loop.senderPid, uid: this.#loop.senderUid });
    this.onPacket?.();
  }

  ended(errno: number): void {
    this.endings.push(errno);
  }

  drained(): void {
    this.drains += 1;
  }

  /** All received bytes, one packet after the other, as the numbers that `sendNumber` put into its frames. */
  numbers(): number[] {
    return this.packets.flatMap(({ bytes }) => numbersOf(bytes));
  }

  descriptors(): number[] {
    return this.packets.flatMap((packet) => [...packet.descriptors]);
  }

  async until(count: number): Promise<void> {
    await eventually(`${count} frames received`, () => this.numbers().length >= count);
  }

  async untilEnded(): Promise<number> {
    await eventually('the end', () => this.endings.length > 0);
    return this.endings[0] ?? -1;
  }
}

export function numbersOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at, true))
    numbers.push(view.getUint32(at + 8, true));
  return numbers;
}

/** Writes a frame with a number at the start of its body into what is begun on the socket. */
export function beginNumber(
  loop: OpenPacketLoop,
  socket: PacketSocket,
  number: number,
  bodyBytes = 8,
  descriptorCount = 0,
): void {
  const at = socket.begin(frameLength(bodyBytes));
  writeFrameHeader(loop.sendView, at, bodyBytes, 1, 0, descriptorCount);
  loop.sendView.setUint32(at + 8, number, true);
}

export function sendNumber(
  loop: OpenPacketLoop,
  socket: PacketSocket,
  number: number,
  bodyBytes = 8,
  descriptors: readonly number[] = [],
): void {
  beginNumber(loop, socket, number, bodyBytes, descriptors.length);
  socket.commit(descriptors);
}

export interface Pair {
  readonly loop: OpenPacketLoop;
  readonly left: PacketSocket;
  readonly right: PacketSocket;
  readonly atLeft: Probe;
  readonly atRight: Probe;
  /** Closes both sides and gives the loop back. */
  close(): void;
}

export const testSizes = { packetBytesMax: 72 * 1024, descriptorReserve: 64 };

/** Two connected sockets in one loop, each with a probe. */
export function createPair(): Pair {
  const loop = openPacketLoop(testSizes);
  const [a, b] = loadNative().socketpair();
  const atLeft = new Probe(loop);
  const atRight = new Probe(loop);
  const left = loop.adopt(a, atLeft);
  const right = loop.adopt(b, atRight);
  const close = (): void => {
    left.close();
    right.close();
    loop.release();
  };
  return { loop, left, right, atLeft, atRight, close };
}
