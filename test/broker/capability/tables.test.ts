/** The tables below the rules: records in pages, the index of holders, and ids that never come again. */
import test from 'ava';
import { CallSlots } from '../../../broker/capability/call-slots.js';
import { type CallNumber, Calls } from '../../../broker/capability/calls.js';
import { ItemKind, ItemPool } from '../../../broker/capability/delivery-queue.js';
import { type HandleNumber, Handles, noHandle, type PeerNumber } from '../../../broker/capability/handles.js';
import { HeldTable, handleWord } from '../../../broker/capability/held-table.js';
import { createIdArena, IdTable } from '../../../broker/capability/id-table.js';
import { Marks } from '../../../broker/capability/marks.js';
import type { NodeNumber } from '../../../broker/capability/nodes.js';
import { RecordArena } from '../../../broker/capability/record-arena.js';
import { createRandom } from '../../support/random.js';

const seed = Number(process.env['SEED'] ?? 1);

function shuffle<Thing>(things: Thing[]): Thing[] {
  const random = createRandom(seed);
  for (let at = things.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [things[at], things[other]] = [things[other] as Thing, things[at] as Thing];
  }
  return things;
}

test('a record is somebody’s alone, begins with zeros, and its number is used again', (t) => {
  const arena = new RecordArena(3);
  const records = Array.from({ length: 20_000 }, () => arena.take());
  t.is(new Set(records).size, records.length);
  t.false(records.includes(0));
  for (const record of records) for (let word = 0; word < 3; word += 1) arena.set(record, word, record);
  t.true(records.every((record) => arena.get(record, 2) === record));
  for (const record of shuffle([...records]).slice(0, 19_000)) arena.free(record);
  t.is(arena.size, 1000);
  const again = Array.from({ length: 19_000 }, () => arena.take());
  t.true(again.every((record) => [0, 1, 2].every((word) => arena.get(record, word) === 0)));
  t.true(Math.max(...again) <= Math.max(...records), 'no memory beside what was there before');
});

test('pages without records are given back', (t) => {
  const arena = new RecordArena(1);
  const records = Array.from({ length: 50_000 }, () => arena.take());
  for (const record of shuffle(records)) arena.free(record);
  t.is(arena.size, 0);
  t.is(arena.pages, 1, 'one is kept for the next record');
});

test('N3: the index finds each holder of each node, while handles come and go', (t) => {
  t.log(`seed ${seed}`);
  const random = createRandom(seed);
  const handles = new Handles(2 ** 32);
  const known = new Map<string, HandleNumber>();
  for (let step = 0; step < 60_000; step += 1) {
    const node = (1 + random.below(100)) as NodeNumber;
    const peer = (1 + random.below(300)) as PeerNumber;
    const key = `${node} ${peer}`;
    const found = handles.find(node, peer);
    t.is(found, known.get(key) ?? noHandle);
    // Grows over the first half, and shrinks over the second.
    const isGrowing = random.below(60_000) > step;
    if (found === noHandle && isGrowing) known.set(key, handles.add(node, peer, step));
    else if (found !== noHandle && !isGrowing) {
      handles.remove(found);
      known.delete(key);
    }
  }
  for (const handle of known.values()) handles.remove(handle);
  t.is(handles.size, 0);
});

test('a handle says since when it is held, how often it was used, and whether its end was told', (t) => {
  const handles = new Handles(2 ** 32);
  const since = 2 ** 52 + 12_345;
  const handle = handles.add(1 as NodeNumber, 2 as PeerNumber, since);
  t.false(handles.isAnnounced(handle));
  handles.announce(handle);
  handles.use(handle);
  t.true(handles.isAnnounced(handle));
  t.deepEqual([handles.since(handle), handles.uses(handle), handles.count(handle)], [since, 1, 1]);
});

test('N1: an id that was given back never comes again, also when the table was made smaller', (t) => {
  t.log(`seed ${seed}`);
  const random = createRandom(seed);
  const table = new HeldTable(createIdArena());
  const everUsed = new Set<string>();
  const held: { place: number; generation: number; number: number }[] = [];
  for (let step = 1; step < 40_000; step += 1) {
    // In waves, so that the table shrinks again and again.
    const isGrowing = step % 4000 < 2000 ? random.below(4) > 0 : random.below(4) === 0;
    if (isGrowing || held.length === 0) {
      const isCall = random.below(8) === 0;
      const place = isCall ? table.addCall(step as CallNumber) : table.addHandle(step as HandleNumber);
      const generation = table.generation(place);
      const id = `${place} ${generation}`;
      t.false(everUsed.has(id));
      everUsed.add(id);
      if (!isCall) held.push({ place, generation, number: step });
      else table.remove(place);
    } else {
      const [gone] = held.splice(random.below(held.length), 1);
      if (gone === undefined) continue;
      t.is(table.findHandle(handleWord(gone.place), gone.generation), gone.number as HandleNumber);
      table.remove(gone.place);
      t.is(table.findHandle(handleWord(gone.place), gone.generation), noHandle);
    }
    t.is(table.size, held.length);
  }
});

test('a table whose owner gives back nearly everything becomes small again', (t) => {
  const arena = createIdArena();
  const table = new HeldTable(arena);
  const places = Array.from({ length: 10_000 }, (_, at) => table.addHandle((at + 1) as HandleNumber));
  t.true(arena.size > 500);
  for (const place of shuffle(places.slice(1))) table.remove(place);
  t.is(arena.size, 1);
  t.is(table.handleAt(0), 1 as HandleNumber);
  table.clear();
  t.is(arena.size, 0);
});

test('M2: a node that is named twice is found, in each operation anew', (t) => {
  const marks = new Marks();
  for (let operation = 0; operation < 3; operation += 1) {
    marks.begin();
    for (let node = 1; node <= 1024; node += 1) t.true(marks.add((node * 4096) as NodeNumber));
    for (let node = 1; node <= 1024; node += 1) t.false(marks.add((node * 4096) as NodeNumber));
  }
});

test('Q1: what ids and tags cost follows from how many there are, not from which', (t) => {
  const arena = createIdArena();
  const ids = new IdTable(arena);
  ids.set(65_535, 7, 3);
  t.is(arena.size, 1);
  t.deepEqual([ids.length, ids.entry(65_535), ids.generation(65_535)], [65_536, 7, 3]);
  t.deepEqual([ids.entry(0), ids.generation(40_000), ids.entry(65_536)], [0, 0, 0]);
  ids.set(17, 8, 1);
  ids.truncate(30);
  t.is(arena.size, 1);
  t.deepEqual([ids.entry(17), ids.entry(65_535), ids.length], [8, 0, 30]);
  ids.truncate(3);
  t.is(arena.size, 0);

  const slots = new CallSlots();
  const calls = new Calls();
  const [first, last] = [calls.take(), calls.take()];
  slots.set(65_535, last);
  slots.set(0, first);
  t.is(slots.chunks, 2);
  t.deepEqual([...slots], [first, last]);
  t.is(slots.get(65_535), last);
  t.is(slots.get(65_534), undefined);
  slots.clear(65_535);
  slots.clear(0);
  t.is(slots.chunks, 1, 'only the first stays');
  t.deepEqual([...slots], []);
});

test('an item that is used again has nothing of the one before', (t) => {
  const pool = new ItemPool();
  const item = pool.take(ItemKind.Message, 1);
  item.word = 8;
  item.generation = 1;
  pool.put(item);
  const again = pool.take(ItemKind.Lost, 2);
  t.is(again, item);
  t.deepEqual([again.word, again.generation], [0, 0]);
});
