/** The benchmark's checkers find what is there and nothing else, and show the smallest part of a history that is wrong. */
import test from 'ava';
import fc from 'fast-check';
import { drawDelivery, findCounterExample } from '../../bench/check/counter-example.js';
import { findDeliveryFaults } from '../../bench/check/delivery.js';
import { renderDiagram } from '../../bench/check/diagram-text.js';
import { asLoop, byRun, type Histories, namesOf, restrict } from '../../bench/check/history.js';
import { breaks, findInversions, findOvertaken } from '../../bench/check/order.js';
import { createPrng } from '../../bench/latency/shuffle.js';
import { accept, hear, randomHistories, receive, send, sequencedHistories, tell } from './histories.js';

const seed = Number(process.env['CAPSTAN_SEED'] ?? 20_261_122);

const relay: Histories = {
  a: [send('cause', 'c'), send('ask', 'b')],
  b: [receive('ask'), send('effect', 'c')],
  c: [receive('effect'), receive('cause')],
};

test('a relay in order has no inversion', (t) => {
  const histories = { ...relay, c: [receive('cause'), receive('effect')] };
  t.deepEqual(findInversions(histories), []);
  t.deepEqual(findDeliveryFaults(histories), []);
  t.is(findCounterExample(histories, 'agreement'), undefined);
});

test('an effect before its cause is an inversion, named with both messages, and no fault of a handle', (t) => {
  t.deepEqual(findInversions(relay), [{ receiver: 'c', cause: 'cause', effect: 'effect' }]);
  t.deepEqual(findOvertaken(relay), []);
  t.true(breaks(relay, 'agreement'));
});

test('two messages of one sender that were swapped break the order of their handle, if it was one', (t) => {
  const c = [receive('2'), receive('1')];
  const one = { a: [send('1', 'c'), send('2', 'c')], c };
  t.is(findOvertaken(one).length, 1);
  t.is(findInversions(one).length, 1);
  const two = {
    a: [
      { ...send('1', 'c'), handle: 'x' },
      { ...send('2', 'c'), handle: 'y' },
    ],
    c,
  };
  t.is(findOvertaken(two).length, 0);
  t.is(findInversions(two).length, 1);
});

test('concurrent messages may arrive in any order', (t) => {
  const histories = { a: [send('1', 'c')], b: [send('2', 'c')], c: [receive('2'), receive('1')] };
  t.deepEqual(findInversions(histories), []);
  t.false(breaks(histories, 'agreement'));
});

test('two receivers that disagree about concurrent messages keep causality and break agreement', (t) => {
  const histories = {
    a: [send('1', 'c', 'd')],
    b: [send('2', 'c', 'd')],
    c: [receive('2'), receive('1')],
    d: [receive('1'), receive('2')],
  };
  t.deepEqual(findInversions(histories), []);
  const found = findCounterExample(histories, 'agreement');
  t.is(found?.size, 2);
  t.regex(found?.text ?? '', /no one order fits: c received 2 before 1; d received 1 before 2/);
});

test('what is told past the transport is a cause if it is asked for, and only from the acceptance on', (t) => {
  const told = (...a: Histories[string]): Histories => ({
    a,
    b: [hear('written'), send('effect', 'c')],
    c: [receive('effect'), receive('cause')],
  });
  const after = told(send('cause', 'c'), accept('cause'), tell('written', 'b'));
  t.is(findInversions(after).length, 1);
  t.true(breaks(after, 'agreement'));
  t.is(findInversions(after, { beside: false }).length, 0);
  t.false(breaks(after, 'agreement', { beside: false }));
  const before = told(send('cause', 'c'), tell('written', 'b'), accept('cause'));
  t.is(findInversions(before).length, 0);
  t.false(breaks(before, 'agreement'));
});

test('bus O4: a contradiction in which no two receivers share two messages is found with all its three', (t) => {
  const histories = {
    a: [send('T', 'x'), accept('T'), tell('done', 'b')],
    b: [hear('done'), send('U', 'y')],
    c: [send('M', 'x', 'y')],
    x: [receive('M'), receive('T')],
    y: [receive('U'), receive('M')],
  };
  t.deepEqual(findInversions(histories), []);
  const found = findCounterExample(histories, 'agreement');
  t.deepEqual(namesOf(found?.histories ?? {}).sort(), ['M', 'T', 'U', 'done']);
  t.regex(found?.text ?? '', /U was caused by T/);
});

test('a loop is several messages: an overtaken part of a multicast breaks the order of the multicast, not of the loop', (t) => {
  const histories = {
    a: [send('cause', 'b', 'c'), accept('cause')],
    b: [receive('cause'), send('effect', 'c')],
    c: [receive('effect'), receive('cause')],
  };
  t.is(findInversions(histories).length, 1);
  t.is(findInversions(asLoop(histories)).length, 0);
  const other = { ...histories, a: [send('cause', 'c', 'b'), accept('cause')] };
  t.is(findInversions(asLoop(other)).length, 1);
});

test('lost, doubled, invented, misdirected and changed messages are found', (t) => {
  const kinds = (histories: Histories): string[] => findDeliveryFaults(histories).map(({ kind }) => kind);
  t.deepEqual(kinds({ a: [send('1', 'c')], c: [] }), ['lost']);
  t.deepEqual(kinds({ a: [send('1', 'b', 'c')], b: [receive('1')], c: [] }), ['lost']);
  t.deepEqual(kinds({ a: [send('1', 'c')], c: [receive('1'), receive('1')] }), ['doubled']);
  t.deepEqual(kinds({ a: [], c: [receive('1')] }), ['invented']);
  t.deepEqual(kinds({ a: [send('1', 'b')], b: [receive('1')], c: [receive('1')] }), ['invented']);
  const changed = { a: [{ ...send('1', 'c'), digest: 1 }], c: [{ ...receive('1'), digest: 2 }] };
  t.deepEqual(kinds(changed), ['changed']);
});

test('repetitions are judged by themselves, with every process in each', (t) => {
  const runs = byRun({
    a: [
      { ...send('1', 'b'), run: 1 },
      { ...send('2', 'b'), run: 2 },
    ],
    b: [{ ...receive('1'), run: 1 }],
    c: [],
  });
  t.deepEqual([...runs.keys()], [1, 2]);
  t.deepEqual(Object.keys(runs.get(2) ?? {}), ['a', 'b', 'c']);
  t.is(findDeliveryFaults(runs.get(2) ?? {}).length, 1);
});

test('one pass finds an inversion exactly where comparing all pairs does', (t) => {
  t.log(`seed ${seed}`);
  const next = createPrng(seed);
  for (let run = 0; run < 300; run++) {
    const { histories, happensBefore } = randomHistories(next);
    const pairs = Object.values(histories).some((history) => {
      const received = history.filter((event) => event.kind === 'receive').map((event) => event.message);
      return received.some((early, at) => received.slice(at + 1).some((late) => happensBefore(late, early)));
    });
    t.is(findInversions(histories).length > 0, pairs, `run ${run}`);
  }
});

const properties = ['fifo', 'causality', 'agreement'] as const;

test('whatever a sequencer delivered keeps every property', (t) => {
  t.log(`seed ${seed}`);
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 60 }), (number, steps) => {
      const histories = sequencedHistories(createPrng(number), steps);
      t.deepEqual(findDeliveryFaults(histories), []);
      for (const property of properties) {
        t.false(breaks(histories, property));
        t.false(breaks(asLoop(histories), property));
      }
    }),
    { seed, numRuns: 200 },
  );
});

/** The same histories, but one receiver got two neighbours in the other order. Undefined if nobody received two. */
function swapped(histories: Histories, choice: number): { histories: Histories; pair: string[] } | undefined {
  const places = Object.entries(histories).flatMap(([name, log]) => {
    const received = log.flatMap(({ kind }, at) => (kind === 'receive' ? [at] : []));
    // Only neighbours in its whole history, so that nothing it sent in between becomes impossible.
    return received.filter((at) => log[at + 1]?.kind === 'receive').map((at) => ({ name, at }));
  });
  const place = places[choice % Math.max(1, places.length)];
  if (place === undefined) return undefined;
  const log = [...(histories[place.name] ?? [])];
  const [first, second] = log.splice(place.at, 2);
  if (first === undefined || second === undefined) return undefined;
  log.splice(place.at, 0, second, first);
  return { histories: { ...histories, [place.name]: log }, pair: [first.message, second.message] };
}

test('a swapped pair is found exactly if an order knew of it, with the pair in a minimal counter-example', (t) => {
  t.log(`seed ${seed}`);
  let found = 0;
  fc.assert(
    fc.property(fc.integer(), fc.nat(), fc.integer({ min: 10, max: 80 }), (number, choice, steps) => {
      const clean = sequencedHistories(createPrng(number), steps);
      const bad = swapped(clean, choice);
      if (bad === undefined) return;
      for (const property of properties) {
        const example = findCounterExample(bad.histories, property);
        t.is(example !== undefined, breaks(bad.histories, property));
        if (example === undefined) continue;
        found++;
        const names = namesOf(example.histories);
        for (const message of bad.pair) t.true(names.includes(message), `${message} of seed ${number}`);
        t.true(breaks(example.histories, property));
        for (const name of names) {
          const without = restrict(example.histories, ({ message }) => message !== name);
          t.false(breaks(without, property), `${name} is not needed`);
        }
        t.is(example.size, names.length);
      }
    }),
    { seed, numRuns: 200 },
  );
  t.true(found > 100, `only ${found} of the swaps mattered`);
});

test('the diagram shows what crossed, in rows that every history agrees with', (t) => {
  const found = findCounterExample(relay, 'causality');
  t.is(
    found?.text,
    [
      '  a             b             c',
      '  ├── cause ────┼───────────╮ │',
      '  ├── ask ─────▶│           ╎ │',
      '  │             ├── effect ─┼▶│    c gets effect: the effect',
      '  │             │           ╰▶│    c gets cause: the cause, too late',
      '',
      'c received effect before cause, although cause was sent first',
      '',
    ].join('\n'),
  );
  const roles = found?.diagram.arrows.map(({ message, role }) => `${message} ${role}`).sort();
  t.deepEqual(roles, ['ask link', 'cause cause', 'effect effect']);
  for (const { fromRow, toRow } of found?.diagram.arrows ?? []) t.true((toRow ?? 0) > fromRow);
});

test('a lost message is drawn as one that ends on the way', (t) => {
  const histories = { a: [send('1', 'c')], b: [receive('2')], c: [] };
  const [fault] = findDeliveryFaults(histories).filter(({ kind }) => kind === 'lost');
  t.truthy(fault);
  if (fault === undefined) return;
  const diagram = drawDelivery(histories, fault);
  t.deepEqual(diagram.processes, ['a', 'c']);
  t.is(diagram.arrows[0]?.toRow, null);
  t.regex(renderDiagram(diagram), /├── 1 .*✕ │\n\n1 from a never reached c\n/);
});
