/** Patterns of W8 in two runs: verdicts are over launches, however many runs each of them has. */
import test from 'ava';
import { createPrng } from '../../../bench/latency/shuffle.js';
import type { OrderLine } from '../../../bench/results/line.js';
import { compareOrders, type OrderComparison } from '../../../bench/statistics/orders.js';
import { launchedOrder, orderOf, resultsOf } from './runs.js';

const compare = (a: readonly OrderLine[], b: readonly OrderLine[]): OrderComparison[] =>
  compareOrders(resultsOf(a), resultsOf(b), 0.05);

const verdicts = (a: readonly OrderLine[], b: readonly OrderLine[]): string[] =>
  compare(a, b).map(({ verdict }) => verdict);

/** Launches of one run of many patterns; in some launches the processes lie so that nearly every race is lost, in all patterns. */
function dependent(next: () => number, patterns: number, launches: number, runs: number): OrderLine[] {
  const uniform = (): number => next() / 2 ** 32;
  const lost = Array.from({ length: launches }, () => (uniform() < 0.5 ? 0.9 : 0.1));
  return Array.from({ length: patterns }, (_, at) => {
    const inversions = lost.map((share) => {
      let some = 0;
      for (let run = 0; run < runs; run++) if (uniform() < share) some++;
      return some;
    });
    return launchedOrder(`pattern-${at}`, inversions, runs);
  });
}

test('launches that differ among themselves are no change, though the counts of runs say so', (t) => {
  const [one] = compare(
    [launchedOrder('relay', [40, 0, 0, 40, 0], 40)],
    [launchedOrder('relay', [40, 40, 0, 40, 0], 40)],
  );
  t.true((one?.p_fisher ?? 1) < 0.001);
  t.true((one?.p ?? 0) > 0.5);
  t.is(one?.verdict, 'unclear');
  t.deepEqual([one?.launches_a, one?.launches_b], [5, 5]);
});

test('runs that depend on each other within launches make no more than one comparison in twenty call anything changed', (t) => {
  const next = createPrng(20_261_122);
  let [wrong, wrongByRuns] = [0, 0];
  for (let trial = 0; trial < 60; trial++) {
    const found = compare(dependent(next, 12, 5, 40), dependent(next, 12, 5, 40));
    if (found.some(({ verdict }) => verdict === 'worse' || verdict === 'better')) wrong++;
    if (found.some(({ p_fisher }) => p_fisher * 12 <= 0.05)) wrongByRuns++;
  }
  t.log(`changed in ${wrong} of 60; by a test over runs in ${wrongByRuns}`);
  t.true(wrong <= 5, `${wrong}`);
  t.true(wrongByRuns > 20, `${wrongByRuns}`);
});

test('a pattern that went from none to many is found among a hundred that did not, with five launches and with four', (t) => {
  const next = createPrng(20_261_122);
  for (const launches of [5, 4]) {
    const many = [22, 9, 31, 14, 18].slice(0, launches);
    const none = many.map(() => 0);
    const [a, b] = [dependent(next, 99, launches, 40), dependent(next, 99, launches, 40)];
    const found = compare([launchedOrder('relay', none, 40), ...a], [launchedOrder('relay', many, 40), ...b]);
    t.is(found[0]?.verdict, 'worse', `${launches}: ${found[0]?.p}`);
    t.is(found.filter(({ verdict }) => verdict === 'worse' || verdict === 'better').length, 1);
    const back = compare([launchedOrder('relay', many, 40), ...b], [launchedOrder('relay', none, 40), ...a]);
    t.is(back[0]?.verdict, 'better');
  }
});

test('the least p is that of the assignments, for one pattern and for a hundred', (t) => {
  const next = createPrng(7);
  const quiet = Array.from({ length: 99 }, (_, at) => `quiet-${at}`);
  const some = (): number[] => [0, 1, 2, 3, 4].map(() => next() % 3);
  for (const others of [[], quiet]) {
    const [first] = compare(
      [launchedOrder('relay', [0, 0, 0, 0, 0], 40), ...others.map((call) => launchedOrder(call, some(), 40))],
      [
        launchedOrder('relay', [40, 40, 40, 40, 40], 40),
        ...others.map((call) => launchedOrder(call, some(), 40)),
      ],
    );
    t.is(first?.p, Number((2 / 252).toFixed(6)));
  }
});

test('three launches of each cannot tell, and neither can results of earlier versions; none in both is unchanged', (t) => {
  const before = [launchedOrder('relay', [0, 0, 0], 40), orderOf('triangle', 0), orderOf('receipt', 0)];
  const after = [launchedOrder('relay', [40, 40, 40], 40), orderOf('triangle', 90), orderOf('receipt', 0)];
  t.deepEqual(verdicts(before, after), ['too few launches', 'too few launches', 'unchanged']);
  t.deepEqual(
    compare(before, after).map(({ p, launches_a }) => [p, launches_a]),
    [
      [null, 3],
      [null, 1],
      [null, 1],
    ],
  );
  const [mixed] = compare([orderOf('relay', 3)], [launchedOrder('relay', [1, 2, 3, 4, 5], 40)]);
  t.is(mixed?.verdict, 'too few launches');
});

test('a promise that is broken is worse, whatever the launches say', (t) => {
  const promised = { contender: 'bus', is_promised: true };
  t.deepEqual(
    verdicts(
      [launchedOrder('relay', [0, 0], 40, promised)],
      [launchedOrder('relay', [0, 1], 40, { ...promised, violations: 1 })],
    ),
    ['worse'],
  );
});

test('a launch in which nothing ran is none, and a pattern without any run is not judged', (t) => {
  const none = orderOf('relay', 0, { runs: 0, launches: [] });
  t.deepEqual(verdicts([none], [none]), ['too few runs']);
  const line = launchedOrder('relay', [1, 2, 3, 4, 5], 40);
  const gap = {
    ...line,
    launches: [...(line.launches ?? []).slice(1), { launch: 5, runs: 0, inversions: 0, violations: 0 }],
  };
  t.is(compare([gap], [line])[0]?.launches_a, 4);
});
