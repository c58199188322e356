/** The benchmark's order checker finds what is there and nothing else. */
import test from 'ava';
import { findDeliveryFaults, findInversions, type HistoryEvent } from '../../bench/check/order.js';
import { createPrng } from '../../bench/latency/shuffle.js';

const send = (message: string, to: string): HistoryEvent => ({ kind: 'send', message, to });
const receive = (message: string): HistoryEvent => ({ kind: 'receive', message });

test('a relay in order has no inversion', (t) => {
  const histories = {
    a: [send('cause', 'c'), send('ask', 'b')],
    b: [receive('ask'), send('effect', 'c')],
    c: [receive('cause'), receive('effect')],
  };
  t.deepEqual(findInversions(histories), []);
  t.deepEqual(findDeliveryFaults(histories), []);
});

test('an effect before its cause is an inversion, named with both messages', (t) => {
  const histories = {
    a: [send('cause', 'c'), send('ask', 'b')],
    b: [receive('ask'), send('effect', 'c')],
    c: [receive('effect'), receive('cause')],
  };
  t.deepEqual(findInversions(histories), [{ receiver: 'c', cause: 'cause', effect: 'effect' }]);
});

test('two messages of one sender that were swapped are an inversion', (t) => {
  const histories = { a: [send('1', 'c'), send('2', 'c')], c: [receive('2'), receive('1')] };
  t.is(findInversions(histories).length, 1);
});

test('concurrent messages may arrive in any order', (t) => {
  const histories = { a: [send('1', 'c')], b: [send('2', 'c')], c: [receive('2'), receive('1')] };
  t.deepEqual(findInversions(histories), []);
});

test('lost, doubled and invented messages are found', (t) => {
  t.is(findDeliveryFaults({ a: [send('1', 'c')], c: [] }).length, 1);
  t.is(findDeliveryFaults({ a: [send('1', 'c')], c: [receive('1'), receive('1')] }).length, 1);
  t.throws(() => findInversions({ a: [], c: [receive('1')] }), { message: /nobody sent/ });
});

test('one pass finds an inversion exactly where comparing all pairs does', (t) => {
  const seed = Number(process.env['CAPSTAN_SEED'] ?? 20_261_122);
  t.log(`seed ${seed}`);
  const next = createPrng(seed);
  for (let run = 0; run < 300; run++) {
    const { histories, happensBefore } = randomRun(next);
    const pairs = Object.values(histories).some((history) => {
      const received = history.filter((event) => event.kind === 'receive').map((event) => event.message);
      return received.some((early, at) => received.slice(at + 1).some((late) => happensBefore(late, early)));
    });
    t.is(findInversions(histories).length > 0, pairs, `run ${run}`);
  }
});

/** Four processes that send to each other over channels that reorder; causality kept as sets of causes, not as clocks. */
function randomRun(next: () => number): {
  histories: Record<string, HistoryEvent[]>;
  happensBefore: (m: string, n: string) => boolean;
} {
  const names = ['a', 'b', 'c', 'd'];
  const histories: Record<string, HistoryEvent[]> = Object.fromEntries(names.map((name) => [name, []]));
  const known: Record<string, Set<string>> = Object.fromEntries(names.map((name) => [name, new Set()]));
  const causes = new Map<string, Set<string>>();
  const flying: { message: string; to: string }[] = [];
  for (let step = 0; step < 30; step++) {
    if (flying.length > 0 && next() % 2 === 0) {
      const [moved] = flying.splice(next() % flying.length, 1);
      if (moved === undefined) continue;
      histories[moved.to]?.push(receive(moved.message));
      for (const cause of [moved.message, ...(causes.get(moved.message) ?? [])]) known[moved.to]?.add(cause);
    } else {
      const from = names[next() % 4] ?? 'a';
      const to = names.filter((name) => name !== from)[next() % 3] ?? 'b';
      const message = `m${step}`;
      causes.set(message, new Set(known[from]));
      known[from]?.add(message);
      histories[from]?.push(send(message, to));
      flying.push({ message, to });
    }
  }
  return { histories, happensBefore: (m, n) => causes.get(n)?.has(m) ?? false };
}
