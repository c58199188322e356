/**
 * Packets that are nearly right: seeds with a few changes of the kinds that decoders get wrong. A change is a plain value, so a
 * counter-example shrinks to the changes that matter.
 */
import fc from 'fast-check';
import type { Case, Packet } from './packet.js';

type Mutation =
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'grow'; readonly bytes: number }
  | { readonly kind: 'byte'; readonly at: number; readonly value: number }
  | { readonly kind: 'nudge'; readonly at: number; readonly value: number }
  | { readonly kind: 'extreme'; readonly at: number; readonly value: number }
  /** Bytes of one packet are put into it again: frames concatenated, repeated, misplaced. */
  | { readonly kind: 'repeat'; readonly at: number; readonly bytes: number; readonly to: number }
  | { readonly kind: 'descriptors'; readonly by: number };

/** Where fields end, tables begin, and numbers change their sign. */
const extremes = [
  0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 64, 65, 253, 254, 255, 256, 1023, 1024, 1025, 65_535, 65_536,
  0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_fffe, 0xffff_ffff,
];

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut', 'grow'), bytes: fc.integer({ min: 1, max: 24 }) }),
  fc.record({ kind: fc.constant('byte'), at: fc.nat(127), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('nudge'), at: fc.nat(31), value: fc.constantFrom(-8, -1, 1, 8) }),
  fc.record({ kind: fc.constant('extreme'), at: fc.nat(31), value: fc.constantFrom(...extremes) }),
  fc.record({
    kind: fc.constant('repeat'),
    at: fc.nat(15),
    bytes: fc.constantFrom(8, 16, 24, 32),
    to: fc.nat(15),
  }),
  fc.record({ kind: fc.constant('descriptors'), by: fc.constantFrom(-1, 1, 2) }),
) as fc.Arbitrary<Mutation>;

function splice(bytes: Uint8Array, mutation: Mutation & { kind: 'repeat' }): Uint8Array {
  const from = (8 * mutation.at) % bytes.length;
  const to = (8 * mutation.to) % (bytes.length + 8);
  const part = bytes.subarray(from, from + mutation.bytes);
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, to), part, bytes.subarray(to)]));
}

function mutateBytes(original: Uint8Array, mutation: Mutation): Uint8Array {
  if (mutation.kind === 'cut') {
    return original.slice(0, Math.max(0, original.length - mutation.bytes));
  }
  const bytes = original.slice();
  if (mutation.kind === 'grow') return Uint8Array.from([...bytes, ...new Uint8Array(mutation.bytes)]);
  if (mutation.kind === 'descriptors' || bytes.length === 0) return bytes;
  if (mutation.kind === 'repeat') return splice(bytes, mutation);
  if (mutation.kind === 'byte') {
    bytes[mutation.at % bytes.length] = mutation.value;
    return bytes;
  }
  if (bytes.length < 4) return bytes;
  const view = new DataView(bytes.buffer);
  const at = (4 * mutation.at) % (bytes.length - 3);
  const old = view.getUint32(at, true);
  view.setUint32(at, mutation.kind === 'nudge' ? old + mutation.value : mutation.value, true);
  return bytes;
}

function mutate(packet: Packet, changes: readonly Mutation[]): Packet {
  let { bytes, descriptors } = packet;
  for (const change of changes) {
    bytes = mutateBytes(bytes, change);
    if (change.kind === 'descriptors') descriptors = Math.min(4, Math.max(0, descriptors + change.by));
  }
  return { bytes, descriptors };
}

/** Where a format has the length of a frame: set to what it is, so that a change behind it is looked at. */
export type Repair = (packet: Packet, index: number) => Packet;

const noise: fc.Arbitrary<Packet> = fc.record({
  bytes: fc.uint8Array({ maxLength: 96 }),
  descriptors: fc.constantFrom(0, 0, 0, 1, 3),
});

interface Sources {
  readonly seeds: readonly Packet[];
  /** Sound packets with fields of any value. */
  readonly built: fc.Arbitrary<Packet>;
  /** Most cases are repaired after they were changed, because otherwise few would get behind the first check. */
  readonly repair: Repair;
  readonly packetsMax: number;
}

/** Cases for a decoder. */
export function casesOf({ seeds, built, repair, packetsMax }: Sources): fc.Arbitrary<Case> {
  const base = seeds.length === 0 ? built : fc.oneof(fc.constantFrom(...seeds), built);
  const changed = fc
    .tuple(base, fc.array(mutations, { maxLength: 3 }), fc.nat(3))
    .map(([packet, changes, luck]) => ({ packet: mutate(packet, changes), isRepaired: luck > 0 }));
  const raw = noise.map((packet) => ({ packet, isRepaired: false }));
  return fc
    .array(fc.oneof({ weight: 12, arbitrary: changed }, { weight: 1, arbitrary: raw }), {
      minLength: 1,
      maxLength: packetsMax,
    })
    .map((parts) =>
      parts.map(({ packet, isRepaired }, index) => (isRepaired ? repair(packet, index) : packet)),
    );
}

/** Words that ids, counts and serials are made of. */
export const words: fc.Arbitrary<number> = fc.oneof(
  fc.nat(40),
  fc.constantFrom(...extremes),
  fc.nat(0xffff_ffff),
);
