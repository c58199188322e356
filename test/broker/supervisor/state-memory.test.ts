import test from 'ava';
import fc from 'fast-check';
import {
  createStateMemory,
  type GrowableMemory,
  openStateMemory,
  type StateMemory,
} from '../../../broker/supervisor/state-memory.js';
import { seedOf } from '../../support/random.js';

/** A memory in this process that can be copied as a crash would leave it. */
class PlainMemory implements GrowableMemory {
  readonly descriptor = -1;
  bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  grow(length: number): void {
    const longer = new Uint8Array(Math.ceil(length / 4096) * 4096);
    longer.set(this.bytes);
    this.bytes = longer;
  }

  copy(): PlainMemory {
    return new PlainMemory(this.bytes.slice());
  }
}

function opened(memory: PlainMemory): StateMemory {
  const state = openStateMemory(memory);
  if (typeof state === 'string') throw new Error(state);
  return state;
}

function contents(state: StateMemory): Record<string, string | undefined> {
  return Object.fromEntries([...state.keys()].sort().map((key) => [key, state.get(key)]));
}

function createdWith(texts: Readonly<Record<string, string>>): { memory: PlainMemory; state: StateMemory } {
  const memory = new PlainMemory(new Uint8Array(4096));
  const state = createStateMemory(memory);
  for (const [key, text] of Object.entries(texts)) state.set(key, text);
  state.commit();
  return { memory, state };
}

test('U8: what was committed is there for a successor, through growth of texts and of the memory', (t) => {
  const { memory, state } = createdWith({});
  const expected: Record<string, string> = {};
  for (let round = 1; round <= 4; round += 1) {
    for (let index = 0; index < 50; index += 1) {
      const text = `ü${'v'.repeat(round * 90)}${index}`;
      state.set(`service-${index}`, text, index % 3 === 0);
      expected[`service-${index}`] = text;
    }
    state.commit();
  }
  state.delete('service-3');
  state.commit();
  delete expected['service-3'];
  t.deepEqual(contents(opened(memory.copy())), Object.fromEntries(Object.entries(expected).sort()));
  t.deepEqual(contents(state), contents(opened(memory)));
});

test('U8: a batch that was not committed does not exist for a successor, and does not come back with its next commit', (t) => {
  const { memory, state } = createdWith({ a: '1', b: '1' });
  state.set('a', '2');
  state.set('a', '3');
  state.set('new', 'n'.repeat(300));
  state.set('constant', 'c', true);
  state.delete('b');
  t.is(state.get('a'), '3');
  const successor = opened(memory);
  t.deepEqual(contents(successor), { a: '1', b: '1' });
  successor.set('b', '2');
  successor.commit();
  t.deepEqual(contents(opened(memory)), { a: '1', b: '2' });
});

test('U8: freed blocks are used again: a thousand services that come and go need room for one', (t) => {
  const { memory, state } = createdWith({});
  for (let index = 0; index < 1000; index += 1) {
    state.set(`service-${index}`, 'x'.repeat(100));
    state.set('constant', `text ${index}`, true);
    state.commit();
    state.delete(`service-${index}`);
    state.commit();
  }
  t.true(state.usedBytes < 4096);
  t.true(state.freeBytes > 0);
  t.deepEqual(contents(opened(memory)), { constant: 'text 999' });
});

test('U8: a crash at any byte of a batch leaves all of it or nothing of it, and everything else', (t) => {
  const text = fc.string({ maxLength: 300 });
  fc.assert(
    fc.property(text, text, text, text, fc.nat(), (a1, b1, a2, b2, seed) => {
      const { memory, state } = createdWith({ other: 'untouched', a: a1, b: b1 });
      const old = memory.copy();
      state.set('a', a2);
      state.set('b', b2);
      const uncommitted = memory.copy();
      state.commit();
      // Some of the bytes that the batch wrote before its commit, in any order.
      old.grow(uncommitted.bytes.length);
      let random = seed;
      for (let at = 0; at < uncommitted.bytes.length; at += 1) {
        random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
        // The end moves last, by one store.
        if (at >= 8 && at < 12) continue;
        if (random & 0x10000) old.bytes[at] = uncommitted.bytes[at] ?? 0;
      }
      const torn = contents(opened(old));
      const whole = contents(opened(memory));
      return (
        JSON.stringify(torn) === JSON.stringify({ a: a1, b: b1, other: 'untouched' }) &&
        JSON.stringify(whole) === JSON.stringify({ a: a2, b: b2, other: 'untouched' })
      );
    }),
    { seed: seedOf(t) },
  );
  t.is(contents(opened(createdWith({ a: 'b' }).memory))['a'], 'b');
});

test('U8: a crash between the commit and the release of an old block: the newer text counts', (t) => {
  const { memory, state } = createdWith({ key: 'short' });
  const before = memory.copy();
  state.set('key', 'l'.repeat(400));
  state.commit();
  // The first block as it was: still marked as used.
  memory.bytes.set(before.bytes.subarray(32, 32 + 16 + 256), 32);
  const successor = opened(memory);
  t.deepEqual(contents(successor), { key: 'l'.repeat(400) });
  successor.set('second', 'takes the freed block');
  successor.commit();
  t.deepEqual(contents(opened(memory)), contents(successor));
});

test('U8: a memory that is not ours, of another version, or cut short is refused with the reason', (t) => {
  t.is(openStateMemory(new PlainMemory(new Uint8Array(4096))), 'not a state memory');
  const { memory } = createdWith({ a: 'b' });
  const other = memory.copy();
  other.bytes[4] = 9;
  t.regex(String(openStateMemory(other)), /version 9/);
  t.is(openStateMemory(new PlainMemory(memory.bytes.slice(0, 64))), 'state memory is cut short');
  const damaged = memory.copy();
  damaged.bytes.fill(255, 32, 40);
  t.is(openStateMemory(damaged), 'state memory is damaged');
});
