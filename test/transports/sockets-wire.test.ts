/**
 * The frames of the sockets transport: vectors of version 1, which must never change, and packets that nobody should send.
 */
import test from 'ava';
import fc from 'fast-check';
import {
  inlineBytesMax,
  messageHandlesMax,
  payloadBytesMax,
  sealedBytesInFlightMax,
} from '../../broker/contract/limits.js';
import { seedOf } from '../support/random.js';
import { decodePacket, encodePacket, type Frame, type MessageFrame } from '../support/sockets-frames.js';
import { readVectors } from '../support/vectors.js';

interface Violation {
  readonly name: string;
  readonly hex: string;
  readonly descriptors: number;
}

interface Vector extends Violation {
  readonly frames: readonly Frame[];
}

for (const { name, hex, descriptors, frames } of readVectors<Vector>('sockets', 'packets-v1')) {
  test(`S9 vector, both directions: ${name}`, (t) => {
    t.is(Buffer.from(encodePacket(frames)).toString('hex'), hex);
    t.deepEqual(decodePacket(Buffer.from(hex, 'hex'), descriptors), [...frames]);
  });
}

for (const { name, hex, descriptors } of readVectors<Violation>('sockets', 'violations-v1')) {
  test(`S9 violation: ${name}`, (t) => {
    t.is(decodePacket(Buffer.from(hex, 'hex'), descriptors), undefined);
  });
}

test('S9 a packet announces no more sealed memory than may be in flight', (t) => {
  const sealed: MessageFrame = {
    ...{ kind: 'message', serial: 0, transfers: [], payload: '' },
    ...{ sealed: payloadBytesMax, descriptors: 1 },
  };
  const most = sealedBytesInFlightMax / payloadBytesMax;
  const packet = (count: number): Uint8Array => encodePacket(Array.from({ length: count }, () => sealed));
  t.is(decodePacket(packet(most), most)?.length, most);
  t.is(decodePacket(packet(most + 1), most + 1), undefined);
});

const word = fc.integer({ min: 0, max: 0xffffffff });
const half = fc.integer({ min: 0, max: 0xffff });
const messageFrames: fc.Arbitrary<Frame> = fc
  .record({
    kind: fc.constantFrom<MessageFrame['kind'][]>('message', 'call', 'reply'),
    serial: word,
    transfers: fc.array(
      fc.record({
        kind: fc.constantFrom<('handle' | 'reply' | 'gone')[]>('handle', 'reply', 'gone'),
        fence: word,
      }),
      { maxLength: 8 },
    ),
    payload: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    sealed: fc.option(fc.integer({ min: inlineBytesMax + 1, max: payloadBytesMax })),
    own: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ own, sealed, ...frame }) => ({
    ...frame,
    ...(sealed === null ? {} : { payload: '', sealed }),
    descriptors:
      frame.transfers.filter(({ kind }) => kind !== 'gone').length + own + (sealed === null ? 0 : 1),
  }));
const frames: fc.Arbitrary<Frame> = fc.oneof(
  messageFrames,
  fc.record({ kind: fc.constant('hello' as const), lowest: half, highest: half, fence: word }),
  fc.record({ kind: fc.constant('welcome' as const), version: half }),
  fc.record({ kind: fc.constant('refuse' as const), code: word }),
  fc.record({ kind: fc.constant('reply-lost' as const), serial: word }),
  fc.record({ kind: fc.constant('reply-attach' as const), serial: word, fence: word }),
  fc.record({ kind: fc.constant('attach' as const), fence: word }),
  fc.record({ kind: fc.constant('ack' as const), received: word }),
  fc.record({ kind: fc.constant('gone' as const) }),
  fc.record({
    kind: fc.constant('same' as const),
    serial: word,
    step: word,
    token: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  }),
  fc.record({ kind: fc.constant('same-answer' as const), serial: word, result: word }),
  fc.record({ kind: fc.constant('room' as const), hasRoom: word }),
);

function descriptorsOf(frame: Frame): number {
  if (frame.kind === 'attach' || frame.kind === 'reply-attach') return 1;
  return 'descriptors' in frame ? frame.descriptors : 0;
}

test('S9 what is written is read back, and the descriptors belong to their frames', (t) => {
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 6 }), (packet) => {
      const descriptors = packet.reduce((sum, frame) => sum + descriptorsOf(frame), 0);
      t.deepEqual(decodePacket(encodePacket(packet), descriptors), packet);
      t.is(decodePacket(encodePacket(packet), descriptors + 1), undefined);
    }),
    { seed: seedOf(t), numRuns: 300 },
  );
});

test('S9 any bytes are either sound or refused, and what is sound is within the limits', (t) => {
  const packets = fc.oneof(
    fc.uint8Array({ maxLength: 96 }),
    // Sound packets with a few bytes changed come closer to the edges.
    fc
      .tuple(
        fc.array(frames, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(4095), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      )
      .map(([packet, changes]) => {
        const bytes = encodePacket(packet);
        for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
        return bytes;
      }),
  );
  fc.assert(
    fc.property(packets, fc.nat(8), (bytes, descriptors) => {
      const decoded = decodePacket(bytes, descriptors);
      if (decoded === undefined) return;
      let claimed = 0;
      for (const frame of decoded) {
        claimed += descriptorsOf(frame);
        if (!('payload' in frame)) continue;
        t.true(frame.payload.length <= 2 * inlineBytesMax);
        const { sealed } = frame;
        t.true(sealed === undefined || (sealed > inlineBytesMax && sealed <= payloadBytesMax));
        t.true(frame.transfers.length <= messageHandlesMax);
      }
      t.is(claimed, descriptors);
    }),
    { seed: seedOf(t), numRuns: 2000 },
  );
});
