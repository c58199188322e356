/** What capstan-init says to the broker: one frame in a packet is an event or nothing, and never anything else. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeInitEvent, eventDescriptors } from '../../../broker/supervisor/init-wire.js';
import { type Decoder, pureProbe } from '../decoder.js';
import { casesOf, words } from '../mutation.js';
import { type Case, exactView, type Packet } from '../packet.js';
import { repairFrames } from './bus-seeds.js';

/** The bytes of each event's body before its text, by kind; behind 70 and 74 stands the text's length. */
const bodies: readonly (readonly [kind: number, words: number, textLengthAt: number | undefined])[] = [
  [65, 14, 12],
  [66, 6, undefined],
  [67, 4, undefined],
  [68, 16, undefined],
  [69, 8, 6],
  [70, 2, 0],
  [71, 2, undefined],
  [72, 4, undefined],
  [73, 2, undefined],
  [74, 6, 4],
];

const events: fc.Arbitrary<Packet> = fc
  .record({
    body: fc.constantFrom(...bodies),
    fields: fc.array(words, { minLength: 16, maxLength: 16 }),
    text: fc.uint8Array({ maxLength: 20 }),
    descriptors: fc.constantFrom(0, 1),
  })
  .map(({ body: [kind, count, textLengthAt], fields, text, descriptors }) => {
    const length = 8 + 4 * count + (textLengthAt === undefined ? 0 : text.length);
    const padded = (length + 7) & ~7;
    const bytes = new Uint8Array(padded);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, padded, true);
    bytes.set([kind, 0, descriptors, padded - length], 4);
    for (let index = 0; index < count; index += 1) view.setUint32(8 + 4 * index, fields[index] ?? 0, true);
    if (textLengthAt !== undefined) {
      view.setUint32(8 + 4 * textLengthAt, text.length, true);
      bytes.set(text, 8 + 4 * count);
    }
    return { bytes, descriptors };
  });

function check(input: Case): string {
  return input
    .map(({ bytes }) => {
      const event = decodeInitEvent(exactView(bytes), 0, bytes.length);
      assert.deepEqual(decodeInitEvent(exactView(bytes), 0, bytes.length), event);
      const around = new Uint8Array(bytes.length + 48).fill(0xff);
      around.set(bytes, 24);
      assert.deepEqual(decodeInitEvent(new DataView(around.buffer), 24, bytes.length), event);
      if (event === undefined) return 'none';
      assert.ok([0, 1].includes(eventDescriptors(event)));
      return event.kind;
    })
    .join(' ');
}

export const initEvents: Decoder = {
  name: 'init-events',
  cases: casesOf({ seeds: [], built: events, repair: repairFrames, packetsMax: 1 }),
  runs: 2500,
  open: pureProbe(check),
};
