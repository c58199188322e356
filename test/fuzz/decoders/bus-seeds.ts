/** The frames of the bus as cases: the vectors, and frames of every kind with fields of any value. */
import fc from 'fast-check';
import * as wire from '../../../transports/bus/wire.js';
import { readVectors } from '../../support/vectors.js';
import { words } from '../mutation.js';
import { type Packet, packetOf } from '../packet.js';

interface Vector {
  readonly from: 'client' | 'broker';
  readonly name: string;
  readonly hex: string;
}

const vectors = readVectors<Vector>('bus', 'version-1');

/** What one side says behind the greeting. */
export function busSeeds(from: Vector['from']): Packet[] {
  return vectors
    .filter((vector) => vector.from === from && vector.name !== 'hello')
    .map(({ hex }) => packetOf(hex, Number.parseInt(hex.slice(12, 14), 16)));
}

/** Ids that are near those that exist: the root is 1.1, own nodes are 0.1, 8.1, …, handles 9.1, … */
const ids = fc.oneof(
  fc.tuple(fc.constantFrom(0, 1, 2, 3, 8, 9, 11, 16, 17, 19, 0xffff_fff9), fc.constantFrom(0, 1, 1, 1, 2)),
  fc.tuple(words, words),
);

/** A frame from the words behind its header. */
function frame(kind: number, flags: number, body: readonly number[], payload = 0, descriptors = 0): Packet {
  const bytes = 8 + 4 * body.length + payload;
  const view = new DataView(new ArrayBuffer(wire.paddedBytes(bytes)));
  wire.writeHeader(view, 0, bytes, kind as wire.FrameKind, flags, descriptors);
  for (const [index, word] of body.entries()) view.setUint32(8 + 4 * index, word, true);
  return { bytes: new Uint8Array(view.buffer), descriptors };
}

const { FrameKind } = wire;
const payloads = fc.nat(40);
const idLists = (max: number): fc.Arbitrary<number[]> =>
  fc.array(ids, { maxLength: max }).map((list) => list.flat());
const descriptorCounts = fc.constantFrom(0, 0, 0, 0, 1, 2);

/** What a client can ask for. Serials are put in later. */
export const clientFrames: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom(FrameKind.Send, FrameKind.Call, FrameKind.Reply),
      to: ids,
      tag: words,
      transfers: idLists(3),
      payload: payloads,
      flags: fc.constantFrom(0, 0, 1),
      descriptors: descriptorCounts,
    })
    .map(({ kind, to, tag, transfers, payload, flags, descriptors }) => {
      const isCall = kind === FrameKind.Call;
      const head = [0, transfers.length / 2, ...to, isCall ? tag || 1 : 0, 0, ...transfers];
      return frame(kind, kind === FrameKind.Reply ? flags : 0, head, payload, descriptors);
    }),
  fc
    .record({
      to: idLists(4),
      list: fc.nat(4),
      isListed: fc.boolean(),
      isPartial: fc.nat(1),
      transfers: idLists(2),
      payload: payloads,
      descriptors: descriptorCounts,
    })
    .map(({ to, list, isListed, isPartial, transfers, payload, descriptors }) => {
      const inline = isListed ? [] : to;
      const head = [0, transfers.length / 2, inline.length / 2, isListed ? list : 0];
      const flags = isPartial | (isListed ? wire.listedFlag : 0);
      return frame(FrameKind.Multicast, flags, [...head, ...inline, ...transfers], payload, descriptors);
    }),
  fc
    .tuple(idLists(4), fc.nat(4))
    .map(([to, list]) => frame(FrameKind.List, 0, [0, to.length / 2, list, 0, ...to])),
  fc.tuple(ids, fc.nat(1)).map(([id, flags]) => frame(FrameKind.Create, flags, [0, 0, ...id])),
  idLists(3).map((list) => frame(FrameKind.Destroy, 0, [0, list.length / 2, ...list])),
  fc
    .array(fc.tuple(ids, words), { maxLength: 3 })
    .map((list) => frame(FrameKind.Release, 0, [0, list.length, ...list.flat(2)])),
  words.map((tag) => frame(FrameKind.Withdraw, 0, [0, tag])),
  ids.map((id) => frame(FrameKind.Holders, 0, [0, 0, ...id])),
);

/** What a broker can say. */
export const brokerFrames: fc.Arbitrary<Packet> = fc.oneof(
  fc
    .record({
      isShown: fc.boolean(),
      head: fc.tuple(fc.nat(40), fc.constantFrom(0, 1), words),
      to: ids,
      reply: ids,
      handles: idLists(3),
      payload: payloads,
      descriptors: descriptorCounts,
    })
    .map(({ isShown, head: [low, high, account], to, reply, handles, payload, descriptors }) => {
      const shown = isShown ? [account, 7, 8, 0] : [];
      const body = [low, high, account, handles.length / 2, ...to, ...reply, ...shown, ...handles];
      return frame(FrameKind.Message, isShown ? 1 : 0, body, payload, descriptors);
    }),
  fc
    .tuple(words, words, idLists(3), payloads, descriptorCounts)
    .map(([sequence, tag, handles, payload, descriptors]) =>
      frame(FrameKind.Answer, 0, [sequence, 0, tag, handles.length / 2, ...handles], payload, descriptors),
    ),
  fc
    .tuple(fc.constantFrom(FrameKind.Lost, FrameKind.Gone, FrameKind.Writable), words, ids)
    .map(([kind, sequence, id]) => frame(kind, 0, [sequence, 0, ...id])),
  fc
    .tuple(fc.constantFrom(FrameKind.Accepted, FrameKind.Refused), words, words, ids)
    .map(([kind, serial, count, rest]) => frame(kind, 0, [serial, count, ...rest])),
  fc.tuple(ids, words).map(([id, seen]) => frame(FrameKind.Unused, 0, [1, 0, ...id, seen, 0])),
  fc
    .tuple(words, fc.array(words, { maxLength: 3 }))
    .map(([serial, list]) => frame(FrameKind.Outcomes, 0, [serial, 2 * list.length, 1, 0, ...list])),
  fc
    .tuple(words, idLists(3))
    .map(([serial, list]) => frame(FrameKind.HolderList, 0, [serial, list.length / 2, ...list])),
  fc
    .tuple(ids, words)
    .map(([id, account]) => frame(FrameKind.Welcome, 0, [wire.magic, 1, account, 0, ...id])),
  words.map((code) => frame(FrameKind.Close, 0, [wire.magic, code])),
);

/** Sets the length of the last frame, and the packet's descriptors, to what they are. */
export function repairFrames(packet: Packet): Packet {
  const length = packet.bytes.length & ~7;
  if (length < 8) return packet;
  const bytes = packet.bytes.slice(0, length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let descriptors = 0;
  for (;;) {
    const frameLength = view.getUint32(at, true);
    if (view.getUint8(at + 6) > 4) view.setUint8(at + 6, 1);
    descriptors += view.getUint8(at + 6);
    if (frameLength < 8 || frameLength % 8 !== 0 || frameLength > length - at - 8) {
      view.setUint32(at, length - at, true);
      return { bytes, descriptors };
    }
    at += frameLength;
  }
}

/** Calls `visit` with the offset of each whole frame. */
export function walk(bytes: Uint8Array, visit: (view: DataView, at: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at, true);
    if (length < 8 || length > bytes.length - at) return;
    visit(view, at);
    at += length;
  }
}
