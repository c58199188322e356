import test from 'ava';
import fc from 'fast-check';
import {
  checkFrames,
  describeViolation,
  FrameViolation,
  frameBodyBytes,
  frameFlags,
  frameKind,
  frameLength,
  readFrames,
  writeFrameHeader,
} from '../../../broker/native/frames.js';
import { seedOf } from '../../support/random.js';

interface Frame {
  readonly body: Uint8Array;
  readonly kind: number;
  readonly flags: number;
  readonly descriptors: number;
}

const frames = fc.array(
  fc.record({
    body: fc.uint8Array({ maxLength: 100 }),
    kind: fc.integer({ min: 0, max: 255 }),
    flags: fc.integer({ min: 0, max: 255 }),
    descriptors: fc.integer({ min: 0, max: 253 }),
  }),
  { minLength: 1, maxLength: 20 },
);

function encode(list: readonly Frame[], start = 0): DataView {
  const length = list.reduce((sum, frame) => sum + frameLength(frame.body.length), start);
  const view = new DataView(new ArrayBuffer(length + 8));
  // What was in the memory before must not show through the padding.
  new Uint8Array(view.buffer).fill(0xff);
  let at = start;
  for (const { body, kind, flags, descriptors } of list) {
    const written = writeFrameHeader(view, at, body.length, kind, flags, descriptors);
    new Uint8Array(view.buffer).set(body, at + 8);
    at += written;
  }
  return view;
}

function decode(view: DataView, start: number, length: number, count: number): Frame[] | FrameViolation {
  const list: Frame[] = [];
  let expected = 0;
  const violation = readFrames(view, start, length, count, {
    frame(offset, _length, descriptorStart, descriptors) {
      if (descriptorStart !== expected) throw new Error('descriptors out of order');
      expected += descriptors;
      const body = new Uint8Array(view.buffer, offset + 8, frameBodyBytes(view, offset)).slice();
      list.push({ body, kind: frameKind(view, offset), flags: frameFlags(view, offset), descriptors });
    },
  });
  return violation === FrameViolation.None ? list : violation;
}

const sumOf = (list: readonly Frame[]): number => list.reduce((sum, frame) => sum + frame.descriptors, 0);

test('sockets S9: what was written as frames is read as the same frames, wherever the packet lies', (t) => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 0, max: 9 }), (list, eighths) => {
      const start = eighths * 8;
      const view = encode(list, start);
      t.deepEqual(decode(view, start, view.byteLength - 8 - start, sumOf(list)), list);
    }),
    { seed: seedOf(t) },
  );
  t.pass();
});

test('sockets S9: descriptors that the frames do not declare, or that are missing, are a violation', (t) => {
  fc.assert(
    fc.property(
      frames,
      fc.integer({ min: -3, max: 3 }).filter((by) => by !== 0),
      (list, by) => {
        const view = encode(list);
        return decode(view, 0, view.byteLength - 8, sumOf(list) + by) === FrameViolation.DescriptorCount;
      },
    ),
    { seed: seedOf(t) },
  );
  t.pass();
});

test('sockets S9: a packet cut anywhere but between frames hands out nothing', (t) => {
  fc.assert(
    fc.property(frames, fc.nat(), (list, where) => {
      const view = encode(list);
      const cut = where % (view.byteLength - 8);
      const ends = new Set([0]);
      let at = 0;
      for (const frame of list) {
        at += frameLength(frame.body.length);
        ends.add(at);
      }
      const violation = checkFrames(view, 0, cut, sumOf(list));
      if (!ends.has(cut))
        return violation === FrameViolation.Truncated || violation === FrameViolation.BadLength;
      return violation === FrameViolation.None || violation === FrameViolation.DescriptorCount;
    }),
    { seed: seedOf(t) },
  );
  t.pass();
});

test('sockets S9: any bytes are either refused before the first frame or walked within their bounds', (t) => {
  const words = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.constantFrom(0, 8, 16, 24, 32, 0x80000000, 0xfffffff8, 0xffffffff),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 300 }), (list, count) => {
      const view = new DataView(new ArrayBuffer(list.length * 4));
      list.forEach((word, index) => {
        view.setUint32(index * 4, word, true);
      });
      let seen = 0;
      let descriptors = 0;
      const violation = readFrames(view, 0, view.byteLength, count, {
        frame(offset, length, start, own) {
          if (offset !== seen || length < 8 || start !== descriptors) throw new Error('a gap');
          seen += length;
          descriptors += own;
        },
      });
      return violation === FrameViolation.None
        ? seen === view.byteLength && descriptors === count
        : seen === 0;
    }),
    { seed: seedOf(t), numRuns: 2000 },
  );
  t.pass();
});

test('sockets S9: more padding than a frame can have is a violation', (t) => {
  const view = encode([{ body: new Uint8Array(8), kind: 1, flags: 0, descriptors: 0 }]);
  for (const padding of [8, 100, 255]) {
    view.setUint8(7, padding);
    t.is(checkFrames(view, 0, 16, 0), FrameViolation.BadPadding);
  }
  const bare = encode([{ body: new Uint8Array(0), kind: 1, flags: 0, descriptors: 0 }]);
  bare.setUint8(7, 1);
  t.is(checkFrames(bare, 0, 8, 0), FrameViolation.BadPadding, 'a header cannot be padding');
});

test('padding is zeros', (t) => {
  const view = encode([{ body: Uint8Array.of(1, 2, 3), kind: 1, flags: 0, descriptors: 0 }]);
  t.deepEqual([...new Uint8Array(view.buffer, 0, 16)], [16, 0, 0, 0, 1, 0, 0, 5, 1, 2, 3, 0, 0, 0, 0, 0]);
});

test('every violation has a sentence', (t) => {
  const sentences = Object.values(FrameViolation).map(describeViolation);
  t.is(new Set(sentences).size, sentences.length);
});
