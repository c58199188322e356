/** What two runs are said to differ by, on runs whose truth is known. */
import test, { type ExecutionContext } from 'ava';
import { createPrng } from '../../../bench/latency/shuffle.js';
import type { Results } from '../../../bench/results/directory.js';
import { type Comparison, compareResults } from '../../../bench/statistics/comparison.js';
import {
  cellOf,
  launchedOrder,
  launchOf,
  orderOf,
  type RunShape,
  resultsOf,
  simulateRun,
  usualNoise,
} from './runs.js';

const shape: Omit<RunShape, 'seed'> = { cells: 20, launches: 5 };

/** Which cells have changed does not hang on the intervals. */
const few = { resamples: 100 };

function changed({ cells }: Comparison): string[] {
  return cells.filter(({ verdict }) => verdict === 'worse' || verdict === 'better').map(({ key }) => key);
}

test('in 20 pairs of identical cells no more is called changed than 5 % of the comparisons allow', (t) => {
  const trials = 40;
  let wrong = 0;
  let cells = 0;
  for (let trial = 0; trial < trials; trial++) {
    const a = simulateRun({ ...shape, seed: 100 + trial });
    const b = simulateRun({ ...shape, seed: 900 + trial });
    const found = changed(compareResults(a, b, few)).length;
    if (found > 0) wrong++;
    cells += found;
  }
  t.log(`${wrong} of ${trials} comparisons have a false change; ${cells} of ${trials * 20} cells`);
  // 5 % of 40 is 2, with a deviation of 1.4; by cells it would be 40 of 800 without the adjustment.
  t.true(wrong <= 5);
  t.true(cells <= 8);
});

/** How often a change of 10 %, up and down in turn, is found in one of 20 cells; never the wrong way round. */
function foundOf(t: ExecutionContext, launches: number, trials: number): number {
  let found = 0;
  for (let trial = 0; trial < trials; trial++) {
    const isUp = trial % 2 === 0;
    const factor = (cell: number): number => (cell === 7 ? (isUp ? 1.1 : 1 / 1.1) : 1);
    const a = simulateRun({ ...shape, launches, seed: 300 + trial });
    const b = simulateRun({ ...shape, launches, seed: 700 + trial, factor });
    const verdict = compareResults(a, b, few).cells[7]?.verdict;
    if (verdict === (isUp ? 'worse' : 'better')) found++;
    t.not(verdict, isUp ? 'better' : 'worse');
    t.not(verdict, 'unchanged');
  }
  t.log(`${launches} launches: found in ${found} of ${trials}`);
  return found;
}

test('a true change of 10 % in one of 20 cells is found, as what it is', (t) => {
  t.true(foundOf(t, 5, 20) >= 16);
  t.true(foundOf(t, 7, 20) >= 19);
});

test('also where two runs differ by more than their launches show, hardly a cell is called changed', (t) => {
  const trials = 20;
  const noise = { ...usualNoise, run: 0.015 };
  let wrong = 0;
  for (let trial = 0; trial < trials; trial++) {
    const a = simulateRun({ ...shape, seed: 100 + trial, noise });
    const b = simulateRun({ ...shape, seed: 900 + trial, noise });
    wrong += changed(compareResults(a, b, few)).length;
  }
  t.log(`${wrong} of ${trials * 20} cells`);
  // By launches alone it is one in twelve.
  t.true(wrong <= 0.025 * trials * 20);
});

const steady = [10, 10.02, 9.98, 10.01, 9.99];
const times = (factor: number, values: readonly number[] = steady): number[] =>
  values.map((value) => value * factor);

test('unchanged is said only where the interval is within the band; else it is unclear, with what would tell', (t) => {
  const restless = [9, 10, 11, 9.5, 10.5];
  const a = resultsOf([cellOf('quiet', steady), cellOf('restless', restless)]);
  const b = resultsOf([cellOf('quiet', times(1.01)), cellOf('restless', restless)]);
  const [quiet, noisy] = compareResults(a, b).cells;
  t.is(quiet?.verdict, 'unchanged');
  t.is(quiet?.ratio, 1.01);
  t.is(noisy?.verdict, 'unclear');
  t.true((noisy?.launches_needed ?? 0) > 5);
  t.regex(noisy?.why ?? '', /launches differ too much/);
});

test('with three launches nothing can be told, whatever they show', (t) => {
  const a = resultsOf([cellOf('bus', [10, 10.1, 9.9])]);
  const b = resultsOf([cellOf('bus', [30, 30.3, 29.7])]);
  const [cell] = compareResults(a, b).cells;
  t.is(cell?.verdict, 'too few launches');
  t.is(cell?.ratio, 3);
  t.is(cell?.p, null);
  t.is(cell?.a12, 1);
  const [alone] = compareResults(resultsOf([cellOf('bus', [10])]), resultsOf([cellOf('bus', [11])])).cells;
  t.is(alone?.ratio, 1.1);
  t.is(alone?.ratio_low, null);
});

test('one wild launch is no change and hides none', (t) => {
  const a = resultsOf([cellOf('same', steady), cellOf('slower', steady)]);
  const b = resultsOf([
    cellOf('same', [10, 10.02, 19, 10.01, 9.99]),
    cellOf('slower', times(1.2, [10, 10.02, 19, 10.01, 9.99])),
  ]);
  const [same, slower] = compareResults(a, b).cells;
  t.not(same?.verdict, 'worse');
  t.is(slower?.verdict, 'worse');
});

test('launches of two kinds, as many of each in either run as chance has it, are no change', (t) => {
  const seed = 7_919;
  let wrong = 0;
  const trials = 20;
  const next = createPrng(seed);
  const random = (): number => next() / 2 ** 32;
  const run = (): Results =>
    resultsOf(
      Array.from({ length: 20 }, (_, cell) => {
        const launches = Array.from(
          { length: 5 },
          () => 100 * (1 + 0.04 * random()) * (random() < 0.3 ? 1.4 : 1),
        );
        return cellOf(`contender ${cell}`, launches);
      }),
    );
  for (let trial = 0; trial < trials; trial++)
    wrong += changed(compareResults(run(), run(), few)).length > 0 ? 1 : 0;
  t.log(`seed ${seed}: ${wrong} of ${trials} comparisons have a false change`);
  // One in twenty, and no more than chance has of it. Where each run was asked for its wild launches by itself it was every second.
  t.true(wrong <= 4);
});

test('a slower machine is taken out by the baseline, both ratios are told, and differences are warned of', (t) => {
  const lines = (factor: number, slowed: number): ReturnType<typeof cellOf>[] => [
    cellOf('c-seqpacket', times(factor)),
    cellOf('bus', times(4 * factor)),
    cellOf('sockets', times(2 * factor * slowed)),
  ];
  const a = resultsOf(lines(1, 1));
  const b = resultsOf(lines(1.5, 1.3), { cpu: 'another' });
  const comparison = compareResults(a, b);
  const [base, bus, sockets] = comparison.cells;
  t.regex(comparison.warnings[0] ?? '', /cpu: test in A, another in B/);
  t.true(comparison.is_normalised);
  t.is(comparison.speed, 1.5);
  t.is(base?.verdict, 'baseline');
  t.is(bus?.verdict, 'unchanged');
  t.deepEqual([bus?.ratio, bus?.normalised], [1.5, 1]);
  t.is(sockets?.verdict, 'worse');
  t.is(sockets?.normalised, 1.3);
  // On one machine whose speed was the same the figures are taken as they are.
  t.false(compareResults(a, resultsOf(lines(1.01, 1))).is_normalised);
  // And where it was not, that shows without a difference in names.
  t.true(compareResults(a, resultsOf(lines(1.2, 1))).is_normalised);
  t.is(compareResults(a, b, { normalise: 'never' }).cells[1]?.verdict, 'worse');
});

test('a broken or invalid cell has no verdict, and a rate is better when it is greater', (t) => {
  const rate = (factor: number): ReturnType<typeof cellOf> => {
    const launches = steady.map((value, at) => launchOf(at, null, value * 1000 * factor));
    return cellOf('stream', [], { workload: 'W2', p50_us: null, launches });
  };
  const a = resultsOf([cellOf('bus', steady), cellOf('open', steady, { loop: 'open' }), rate(1)]);
  const b = resultsOf([
    cellOf('bus', times(2), { violations: 3 }),
    cellOf('open', times(2), { loop: 'open', invalid: 'the generator was late' }),
    rate(1.2),
  ]);
  const [bus, open, stream] = compareResults(a, b).cells;
  t.deepEqual([bus?.verdict, bus?.why], ['invalid', 'B: 3 violations']);
  t.deepEqual([open?.verdict, open?.why], ['invalid', 'B: the generator was late']);
  t.deepEqual([stream?.verdict, stream?.figure], ['better', 'per_second']);
});

test('without percentiles only W2 and W9 are compared by messages a second; elsewhere there are too few samples', (t) => {
  const cells = (factor: number, without: number): Results =>
    resultsOf(
      ['W1', 'W2', 'W6', 'W9', 'W10'].map((workload) => {
        const launches = steady.map((value, at) =>
          launchOf(at, at < without ? null : value * factor, 1e5 / (value * factor)),
        );
        return cellOf('bus', [], { workload, launches });
      }),
    );
  for (const [a, b, why] of [
    [5, 5, 'A has p50_us in 0 of 5 launches, B has p50_us in 0 of 5 launches'],
    [0, 1, 'B has p50_us in 4 of 5 launches'],
  ] as const) {
    const compared = compareResults(cells(1, a), cells(1.2, b)).cells;
    const [empty, stream, death, many, cold] = compared;
    for (const cell of [empty, death, cold]) {
      t.is(cell?.verdict, 'too few samples', cell?.key);
      t.is(cell?.figure, 'p50_us', cell?.key);
      t.is(cell?.why, why, cell?.key);
    }
    for (const cell of [stream, many]) t.deepEqual([cell?.verdict, cell?.figure], ['worse', 'per_second']);
  }
});

test('where the baseline has too few samples nothing is taken over it', (t) => {
  const whole = resultsOf([cellOf('c-seqpacket', steady), cellOf('bus', steady)]);
  const bare = resultsOf([
    cellOf('c-seqpacket', [], { launches: steady.map((_, at) => launchOf(at, null, 1000)) }),
    cellOf('bus', steady),
  ]);
  const over = compareResults(whole, bare, { normalise: 'always' }).cells[1];
  t.deepEqual([over?.verdict, over?.why], ['too few samples', "B's baseline has p50_us in 0 of 5 launches"]);
  t.is(compareResults(whole, bare, { normalise: 'never' }).cells[1]?.verdict, 'unchanged');
});

test('cells of one run only are named, and runs with nothing in common are refused', (t) => {
  const a = resultsOf([cellOf('bus', steady), cellOf('gone', steady)]);
  const b = resultsOf([cellOf('bus', steady), cellOf('new', steady)]);
  const { only_a, only_b } = compareResults(a, b);
  t.deepEqual([only_a.length, only_b.length], [1, 1]);
  t.regex(only_a[0] ?? '', /gone/);
  t.throws(() => compareResults(a, resultsOf([cellOf('other', steady)])), { message: /no cell in common/ });
});

test('patterns of W8 are compared by their launches, and a broken promise is worse', (t) => {
  const promised = { contender: 'bus', is_promised: true };
  const a = resultsOf([
    launchedOrder('relay', [1, 0, 2, 1, 1], 20),
    launchedOrder('triangle', [1, 0, 2, 1, 1], 20),
    orderOf('relay', 0, promised),
  ]);
  const b = resultsOf([
    launchedOrder('relay', [1, 2, 1, 0, 3], 20),
    launchedOrder('triangle', [12, 14, 10, 13, 11], 20),
    orderOf('relay', 1, { ...promised, violations: 1 }),
  ]);
  const verdicts = compareResults(a, b).orders.map(({ verdict }) => verdict);
  t.deepEqual(verdicts, ['unclear', 'worse', 'worse']);
});
