/** The packets of the sockets transport: the check, the readers of frames, and that what is canonical is encoded as it came. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as wire from '../../../transports/sockets/wire.js';
import { decodePacket, encodePacket, type Frame, type MessageFrame } from '../../support/sockets-frames.js';
import { readVectors } from '../../support/vectors.js';
import { type Decoder, pureProbe } from '../decoder.js';
import { casesOf, words } from '../mutation.js';
import { type Case, exactView, type Packet, packetOf } from '../packet.js';
import { repairFrames } from './bus-seeds.js';

function vectors(name: string): Packet[] {
  return readVectors<{ readonly hex: string; readonly descriptors: number }>('sockets', name)
    .filter(({ hex }) => hex.length < 2000)
    .map(({ hex, descriptors }) => packetOf(hex, descriptors));
}

export const socketsSeeds: readonly Packet[] = [...vectors('packets-v1'), ...vectors('violations-v1')];

const messages: fc.Arbitrary<MessageFrame> = fc
  .record({
    kind: fc.constantFrom('message', 'call', 'reply'),
    serial: words,
    transfers: fc.array(
      fc.record({
        kind: fc.constantFrom('handle', 'reply', 'gone'),
        fence: fc.constantFrom(0, 1, 2, 0xffff_ffff),
      }),
      { maxLength: 3 },
    ),
    payload: fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    own: fc.nat(1),
  })
  .map(({ own, ...frame }) => ({
    ...frame,
    descriptors: own + frame.transfers.filter(({ kind }) => kind !== 'gone').length,
  })) as fc.Arbitrary<MessageFrame>;

const frames: fc.Arbitrary<Frame> = fc.oneof(
  { weight: 4, arbitrary: messages as fc.Arbitrary<Frame> },
  fc.record({ kind: fc.constant('attach'), fence: words }),
  fc.record({ kind: fc.constant('reply-attach'), serial: words, fence: words }),
  fc.record({ kind: fc.constant('reply-lost'), serial: words }),
  fc.record({ kind: fc.constant('ack'), received: words }),
  fc.record({ kind: fc.constant('refuse'), code: words }),
  fc.record({ kind: fc.constant('room'), hasRoom: words }),
  fc.record({ kind: fc.constant('gone') }),
  fc.record({ kind: fc.constant('same-answer'), serial: words, result: fc.nat(5) }),
  fc.record({
    kind: fc.constant('same'),
    serial: words,
    step: fc.nat(4),
    token: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  }),
  fc.record({ kind: fc.constant('hello'), lowest: fc.nat(3), highest: fc.nat(3), fence: words }),
  fc.record({ kind: fc.constant('welcome'), version: fc.nat(2) }),
) as fc.Arbitrary<Frame>;

/** Sound packets of some frames, with as many descriptors as they say. */
export const socketsPackets: fc.Arbitrary<Packet> = fc
  .array(frames, { minLength: 1, maxLength: 3 })
  .map((list) => {
    const bytes = encodePacket(list);
    const view = exactView(bytes);
    let descriptors = 0;
    for (let at = 0; at < bytes.length; at += wire.frameBytesAt(view, at)) {
      descriptors += wire.frameDescriptorsAt(view, at);
    }
    return { bytes, descriptors };
  });

export function isSound({ bytes, descriptors }: Packet): boolean {
  return wire.isPacketSound(exactView(bytes), 0, bytes.length, descriptors);
}

function check(input: Case): string {
  return input
    .map((packet) => {
      const { bytes, descriptors } = packet;
      const verdict = isSound(packet);
      const around = new Uint8Array(bytes.length + 48).fill(0xff);
      around.set(bytes, 24);
      assert.equal(wire.isPacketSound(new DataView(around.buffer), 24, bytes.length, descriptors), verdict);
      if (!verdict) return 'bad';
      // The readers look at nothing outside.
      const decoded = decodePacket(bytes.slice(), descriptors);
      assert.ok(decoded !== undefined);
      assert.deepEqual(decodePacket(bytes.slice(), descriptors), decoded);
      const again = encodePacket(decoded);
      const twice = decodePacket(again, descriptors);
      assert.deepEqual(twice, decoded, 'what was read can be said again');
      assert.deepEqual(encodePacket(twice ?? []), again);
      return decoded.map(({ kind }) => kind).join('+');
    })
    .join(' ');
}

export const sockets: Decoder = {
  name: 'sockets',
  cases: casesOf({ seeds: socketsSeeds, built: socketsPackets, repair: repairFrames, packetsMax: 2 }),
  runs: 2500,
  open: pureProbe(check),
};
