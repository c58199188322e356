/** What a comparison could have found is said, and is about what it finds. */
import test from 'ava';
import { compareResults } from '../../../bench/statistics/comparison.js';
import { detectableChange, detectableWords, usualDetectable } from '../../../bench/statistics/power.js';
import { type RunNoise, simulateRun } from './runs.js';

/** As cells of a full run differ from launch to launch, on a virtual machine that others use. */
const rough: RunNoise = { spread: 0.12, pass: 0.02, run: 0.005, wild: 0 };
const shape = { cells: 40, launches: 6, noise: rough };
const options = { resamples: 1, normalise: 'never' } as const;

test('on a run of many rough cells the detectable change is large, is said, and is found in most cases', (t) => {
  let found = 0;
  let half = 0;
  const tries = 60;
  for (let seed = 1; seed <= tries; seed++) {
    const a = simulateRun({ ...shape, seed });
    const same = compareResults(a, simulateRun({ ...shape, seed: seed + 1000 }), options);
    const [, cell] = same.cells;
    const least = cell?.detectable ?? Number.NaN;
    t.true(least > 0.1 && least < 2);
    const judge = (change: number): boolean => {
      const factor = (at: number): number => (at === 1 ? 1 + change : 1);
      const changed = compareResults(a, simulateRun({ ...shape, seed: seed + 1000, factor }), options);
      return changed.cells.find(({ key }) => key === cell?.key)?.verdict === 'worse';
    };
    if (judge(least)) found++;
    if (judge(least / 3)) half++;
    const [words = ''] = detectableWords(same.cells);
    t.regex(
      words,
      /^in half of the 40 cells that were judged a change of less than \d+ % would probably not/,
    );
    t.is(same.detectable, Number(usualDetectable(same.cells)?.toFixed(4)));
  }
  t.log(`a detectable change was found ${found} of ${tries} times, a third of it ${half} times`);
  // Less than four of five: how far so few and so rough launches spread is itself not known well.
  t.true(found >= tries * 0.5);
  t.true(half <= tries * 0.2);
});

test('where runs differ by more than launches do, a detectable change is found in four of five cases, too', (t) => {
  const steady: RunNoise = { spread: 0.005, pass: 0, run: 0.02, wild: 0 };
  const run = (seed: number, change = 0): ReturnType<typeof simulateRun> =>
    simulateRun({ cells: 40, launches: 6, noise: steady, seed, factor: (at) => (at === 1 ? 1 + change : 1) });
  const [quick, tries] = [{ ...options, resamples: 1 }, 30];
  let found = 0;
  for (let seed = 1; seed <= tries; seed++) {
    const before = run(seed);
    const [, cell] = compareResults(before, run(seed + 1000), quick).cells;
    const change = cell?.detectable ?? Number.NaN;
    const { cells } = compareResults(before, run(seed + 1000, change), quick);
    if (cells.find(({ key }) => key === cell?.key)?.verdict === 'worse') found++;
  }
  t.log(`a detectable change was found ${found} of ${tries} times`);
  t.true(found >= tries * 0.7, `${found} of ${tries}`);
});

test('a steadier cell, fewer cells and more launches show smaller changes; what is not judged shows none', (t) => {
  const limits = { critical: 3, floor: 0.02, deviation: 0.01, cells: 10, level: 0.05, band: 0.05 };
  const rises = [0.005, 0.02, 0.1].map((error) => detectableChange(error, limits) ?? Number.NaN);
  t.deepEqual(
    [...rises].sort((x, y) => x - y),
    rises,
  );
  t.true((detectableChange(0.1, { ...limits, critical: 4 }) ?? 0) > (rises[2] ?? 0));
  t.true(
    (detectableChange(0, { ...limits, critical: 0, deviation: 0 }) ?? 0) >= 0.05 - 1e-12,
    'never below the band',
  );
  t.is(detectableChange(Number.NaN, limits), null);
  t.is(detectableChange(0.1, { ...limits, critical: Number.POSITIVE_INFINITY }), null);
  t.deepEqual(detectableWords([{ detectable: null }]), []);
  t.regex(detectableWords([{ detectable: 0.344 }])[0] ?? '', /^a change of less than 34 % /);
  const few = compareResults(
    simulateRun({ seed: 1, cells: 3, launches: 3 }),
    simulateRun({ seed: 2, cells: 3, launches: 3 }),
  );
  t.is(few.detectable, null);
  t.true(few.cells.every(({ detectable }) => detectable === null));
});
