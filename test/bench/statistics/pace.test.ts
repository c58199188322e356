/** Comparisons at equal pace: on simulated machines whose neighbours are busy now and then, from a seed. */
import { randomInt } from 'node:crypto';
import test from 'ava';
import type { Results } from '../../../bench/results/directory.js';
import type { LaunchFigures } from '../../../bench/results/line.js';
import { median } from '../../../bench/statistics/averages.js';
import { compareResults } from '../../../bench/statistics/comparison.js';
import { atEqualPace } from '../../../bench/statistics/pace.js';
import { createNoise } from './noise.js';
import { cellOf, launchOf, resultsOf } from './runs.js';

const blocks = 8;

interface Shape {
  readonly seed: number;
  /** Share of the blocks of a launch during which the neighbour is busy, from and to; each launch has one between them. */
  readonly busy: readonly [number, number];
  readonly launches?: number;
  readonly cells?: number;
  readonly factor?: (cell: number) => number;
}

/** A busy neighbour makes the fixed work take 1.8 times as long, and a message half as much of that in logarithms. */
const slowdown = Math.log(1.8);
const sensitivity = 0.5;

/** Every second block begins or ends in another state than the one in which most of it ran. */
function simulate({ seed, busy: [least, most], launches = 5, cells = 20, factor = () => 1 }: Shape): Results {
  const random = createNoise(seed);
  const shares = Array.from({ length: launches }, () => least + (most - least) * random.uniform());
  const lines = Array.from({ length: cells }, (_, cell) => {
    const usual = (10 + cell) * factor(cell);
    const figures = shares.map((share, at): LaunchFigures => {
      const both = Array.from({ length: blocks }, () => {
        const state = random.uniform() < share ? 1 : 0;
        const p50 = usual * Math.exp(sensitivity * slowdown * state) * random.factor(0.03);
        return { p50, pace: 5 * Math.exp(slowdown * state) * random.factor(0.01) };
      });
      const [p50_us, pace_us] = [both.map(({ p50 }) => p50), both.map(({ pace }) => pace)];
      return { ...launchOf(at, median(p50_us)), blocks: { p50_us, pace_us } };
    });
    return cellOf(`contender-${cell}`, [1], { launches: figures });
  });
  return resultsOf(lines);
}

const changedOf = (a: Results, b: Results, isAsMeasured = false): string[] =>
  compareResults(a, b, { resamples: 200, isAsMeasured })
    .cells.filter(({ verdict }) => verdict === 'worse' || verdict === 'better')
    .map(({ key, verdict }) => `${key} ${verdict}`);

test('what a busy neighbour does is no change, and hides none of 10 %', (t) => {
  const seed = randomInt(1_000_000_000);
  const trials = 40;
  let [wrong, found, measured] = [0, 0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const at = seed + 3 * trial;
    const before = simulate({ seed: at, busy: [0.1, 0.6] });
    const same = simulate({ seed: at + 1, busy: [0.5, 0.9] });
    const slower = simulate({ seed: at + 2, busy: [0.5, 0.9], factor: (cell) => (cell === 7 ? 1.1 : 1) });
    if (changedOf(before, same).length > 0) wrong += 1;
    if (changedOf(before, same, true).length > 0) measured += 1;
    if (changedOf(before, slower).some((text) => text.includes('contender-7 ') && text.endsWith('worse')))
      found += 1;
  }
  t.log(
    `seed ${seed}: ${wrong} of ${trials} have a false change, as measured ${measured}; 10 % found in ${found}`,
  );
  // Expected of 40: 2 at most.
  t.true(wrong <= 6, `${wrong} have a false change`);
  t.true(found >= trials * 0.8, `found in ${found}`);
  t.true(measured > trials / 2, 'the neighbour makes a difference that is seen otherwise');
});

test('the slope does not depend on which run a launch belongs to', (t) => {
  const [lineA, lineB] = [1, 2].map((seed) => simulate({ seed, busy: [0.2, 0.8], cells: 1 }).lines[0]);
  if (lineA?.kind === 'order' || lineB?.kind === 'order' || lineA === undefined || lineB === undefined)
    return t.fail();
  const straight = atEqualPace(lineA, lineB);
  const [first, second] = [lineA.launches.slice(0, 2), lineA.launches.slice(2)];
  const mixed = atEqualPace(
    { ...lineA, launches: [...first, ...lineB.launches.slice(2)] },
    { ...lineB, launches: [...lineB.launches.slice(0, 2), ...second] },
  );
  t.true(Math.abs((straight?.slope ?? 0) - sensitivity) < 0.1, `${straight?.slope}`);
  t.true(Math.abs((straight?.slope ?? 0) - (mixed?.slope ?? 1)) < 1e-9);
});

test('medians that are a tenth greater are so at equal pace, too', (t) => {
  const before = simulate({ seed: 5, busy: [0.3, 0.7], cells: 2 });
  const lines = before.lines.map((line) =>
    line.kind === 'order'
      ? line
      : { ...line, launches: line.launches.map((one) => ({ ...one, p50_us: (one.p50_us ?? 0) * 1.1 })) },
  );
  for (const { ratio } of compareResults(before, { ...before, lines }, { resamples: 200 }).cells)
    t.is(ratio, 1.1);
});

test('without a pace, or with too few blocks to tell what it does, figures are as they were measured', (t) => {
  const whole = simulate({ seed: 9, busy: [0.3, 0.7], cells: 1 });
  const change = (alter: (launch: LaunchFigures) => LaunchFigures): Results => ({
    ...whole,
    lines: whole.lines.map((line) =>
      line.kind === 'order' ? line : { ...line, launches: line.launches.map(alter) },
    ),
  });
  const few = change((launch) => ({
    ...launch,
    blocks: {
      p50_us: launch.blocks?.p50_us.slice(0, 2) ?? [],
      pace_us: launch.blocks?.pace_us.slice(0, 2) ?? [],
    },
  }));
  const none = change(({ blocks: _, ...launch }) => launch);
  const zero = change((launch) => ({ ...launch, blocks: { p50_us: [0, 1], pace_us: [1, 1] } }));
  for (const other of [few, none, zero]) {
    const [cell] = compareResults(other, other, { resamples: 200 }).cells;
    t.is(cell?.pace_ratio, null);
    t.is(cell?.ratio, 1);
  }
  const [cell] = compareResults(whole, whole, { resamples: 200 }).cells;
  t.is(cell?.pace_ratio, 1);
});
