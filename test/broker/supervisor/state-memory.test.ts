import test from 'ava';
import fc from 'fast-check';
import {
  createStateMemory,
  type GrowableMemory,
  openStateMemory,
  type StateMemory,
} from '../../../broker/supervisor/state-memory.js';

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

test('what was set is there for a successor, through growth of texts and of the memory', (t) => {
  const memory = new PlainMemory(new Uint8Array(4096));
  const state = createStateMemory(memory);
  const expected: Record<string, string> = {};
  for (let round = 1; round <= 4; round += 1) {
    for (let index = 0; index < 50; index += 1) {
      const text = `ü${'v'.repeat(round * 90)}${index}`;
      state.set(`service-${index}`, text);
      expected[`service-${index}`] = text;
    }
  }
  state.delete('service-3');
  delete expected['service-3'];
  t.deepEqual(contents(opened(memory.copy())), contents(state));
  t.deepEqual(contents(state), Object.fromEntries(Object.entries(expected).sort()));
});

test('freed blocks are used again: a thousand services that come and go need room for one', (t) => {
  const memory = new PlainMemory(new Uint8Array(4096));
  const state = createStateMemory(memory);
  for (let index = 0; index < 1000; index += 1) {
    state.set(`service-${index}`, 'x'.repeat(100));
    state.delete(`service-${index}`);
  }
  t.true(state.usedBytes < 4096);
  t.is(opened(memory).size, 0);
});

test('a crash at any store of a change leaves the old text or the new one, and all other keys', (t) => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 400 }),
      fc.string({ maxLength: 900 }),
      fc.nat(),
      (before, after, seed) => {
        const memory = new PlainMemory(new Uint8Array(4096));
        const state = createStateMemory(memory);
        state.set('other', 'untouched');
        state.set('key', before);
        const old = memory.copy();
        state.set('key', after);
        // Bytes of the change in any number, but the check sum last: what a killed writer can leave behind.
        const torn = old.copy();
        torn.grow(memory.bytes.length);
        const changed: number[] = [];
        for (let at = 16; at < memory.bytes.length; at += 1) {
          if (memory.bytes[at] !== torn.bytes[at]) changed.push(at);
        }
        const count = changed.length === 0 ? 0 : seed % changed.length;
        for (const at of changed.slice(0, count)) torn.bytes[at] = memory.bytes[at] ?? 0;
        const found = contents(opened(torn));
        return found['other'] === 'untouched' && (found['key'] === before || found['key'] === after);
      },
    ),
  );
  t.is(contents(opened(createdWith('a', 'b')))['a'], 'b');
});

function createdWith(key: string, text: string): PlainMemory {
  const memory = new PlainMemory(new Uint8Array(4096));
  createStateMemory(memory).set(key, text);
  return memory;
}

test('a crash between the new block and the release of the old one: the newer text counts', (t) => {
  const memory = createdWith('key', 'short');
  const grown = memory.copy();
  opened(grown).set('key', 'l'.repeat(400));
  // The first block as it was: still marked as used.
  grown.bytes.set(memory.bytes.subarray(16, 16 + 8 + 512), 16);
  const state = opened(grown);
  t.is(state.get('key'), 'l'.repeat(400));
  t.is(state.size, 1);
  state.set('second', 'takes the freed block');
  t.deepEqual(contents(opened(grown.copy())), contents(state));
});

test('a memory that is not ours, of another version, or cut short is refused with the reason', (t) => {
  t.is(openStateMemory(new PlainMemory(new Uint8Array(4096))), 'not a state memory');
  const other = createdWith('a', 'b');
  other.bytes[4] = 9;
  t.regex(String(openStateMemory(other)), /version 9/);
  const cut = createdWith('a', 'b');
  t.is(openStateMemory(new PlainMemory(cut.bytes.slice(0, 64))), 'state memory is cut short');
});
