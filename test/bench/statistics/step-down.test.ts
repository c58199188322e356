/** The adjustment for many cells, and Fisher's test: exact values by hand, and how often chance is called a change. */
import test from 'ava';
import { betweenRuns } from '../../../bench/statistics/between-runs.js';
import { fisher } from '../../../bench/statistics/fisher.js';
import { leastP } from '../../../bench/statistics/mann-whitney.js';
import { stepDown } from '../../../bench/statistics/step-down.js';
import { createNoise } from './noise.js';

const seed = 1_993;

test('one cell whose launches do not overlap has the least p that the launches allow', (t) => {
  const a = [0, 0.01, 0.02, 0.03, 0.04];
  const b = a.map((value) => value + 1);
  const { p, assignments } = stepDown([{ a, b }], { seed });
  t.is(assignments, 252);
  t.true(Math.abs((p[0] ?? 1) - leastP(5, 5)) < 1e-12);
});

test('a large change among a hundred cells keeps that p, where Holm could find nothing', (t) => {
  const noise = createNoise(seed);
  const launches = (shift: number): number[] =>
    Array.from({ length: 5 }, () => shift + noise.normal() * 0.02);
  const cells = Array.from({ length: 100 }, (_, at) => ({
    a: launches(0),
    b: launches(at === 30 ? 0.4 : 0),
  }));
  const { p } = stepDown(cells, { seed });
  t.true((p[30] ?? 1) <= 0.05, `p is ${p[30]}`);
  t.true(leastP(5, 5) * 100 > 0.05);
  for (const [at, other] of p.entries()) if (at !== 30) t.true(other > 0.05);
});

test('values do not depend on who is A, and a cell without enough launches is left out', (t) => {
  const noise = createNoise(seed);
  const launches = (): number[] => Array.from({ length: 5 }, () => noise.normal());
  const cells = Array.from({ length: 6 }, () => ({ a: launches(), b: launches() }));
  const there = stepDown(cells, { seed });
  const back = stepDown(
    cells.map(({ a, b }) => ({ a: b, b: a })),
    { seed },
  );
  for (const [at, p] of there.p.entries()) t.true(Math.abs(p - (back.p[at] ?? 1)) < 1e-12);
  const more = stepDown([...cells, { a: [1], b: [2, 3, 4, 5, 6] }, { a: [], b: [] }], { seed });
  t.deepEqual(more.p.slice(0, 6), there.p);
  t.deepEqual(more.p.slice(6), [Number.NaN, Number.NaN]);
  t.like(stepDown([], { seed }), { p: [], assignments: 0, critical: Number.POSITIVE_INFINITY });
});

test('with more launches assignments are drawn, the true one among them, the same for a seed', (t) => {
  const noise = createNoise(seed);
  const a = Array.from({ length: 10 }, () => noise.normal() * 0.02);
  const b = Array.from({ length: 12 }, () => 0.5 + noise.normal() * 0.02);
  const options = { seed, assignmentsMax: 500 };
  const { p, assignments } = stepDown([{ a, b }], options);
  t.is(assignments, 500);
  t.is(p[0], 1 / 500);
  t.like(stepDown([{ a, b }], options), { p, assignments });
});

test('in 5 % of the pairs of equal runs any of 20 cells is found, and not more, whatever the cells have in common', (t) => {
  const noise = createNoise(seed);
  const trials = 400;
  for (const common of [0, 0.03]) {
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const passes = Array.from({ length: 10 }, () => noise.normal() * common);
      const cells = Array.from({ length: 20 }, () => {
        // Skewed, as times are.
        const values = passes.map((pass) => pass + (Math.exp(noise.normal()) - 1.6) * 0.02);
        return { a: values.slice(0, 5), b: values.slice(5) };
      });
      if (stepDown(cells, { seed: trial }).p.some((p) => p <= 0.05)) found++;
    }
    t.log(`in common ${common}: ${found} of ${trials}`);
    // 5 % of 400 is 20, with a deviation of 4.4.
    t.true(found <= 33, `${found} of ${trials}`);
  }
});

test('what most cells differ by between two runs is not taken for a change', (t) => {
  const noise = createNoise(seed);
  const cells = Array.from({ length: 50 }, () => ({ difference: noise.normal() * 0.02, error: 0.005 }));
  const { deviation, p } = betweenRuns(cells);
  t.true(deviation > 0.012 && deviation < 0.03, `deviation ${deviation}`);
  t.true(p.every((one) => one > 0.05));
  const changed = betweenRuns([...cells, { difference: 0.15, error: 0.005 }]);
  t.true((changed.p.at(-1) ?? 1) < 0.001);
  // Where most have changed it does not hide them.
  const all = betweenRuns(cells.map(({ error }) => ({ difference: 0.2, error })));
  t.true(all.p.every((one) => one < 0.001));
});

test('the lady tasting tea: three of four right has p 0.486, and tables turn about', (t) => {
  // Fisher, The Design of Experiments (1935), chapter 2: one-sided 17/70.
  t.is(fisher(3, 1, 1, 3).toFixed(4), (34 / 70).toFixed(4));
  t.is(fisher(4, 0, 0, 4).toFixed(4), (2 / 70).toFixed(4));
  t.is(fisher(2, 98, 12, 88), fisher(12, 88, 2, 98));
  t.is(fisher(0, 100, 0, 100), 1);
  t.true(fisher(0, 2000, 40, 1960) < 1e-9);
});
