/** The distribution functions against the tables at the end of every textbook, and against simple-statistics. */
import test from 'ava';
import fc from 'fast-check';
import * as simple from 'simple-statistics';
import {
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from '../../../bench/statistics/distributions.js';
import { propertySeed } from './property.js';

test('the normal distribution is that of the tables', (t) => {
  t.is(normalCdf(0), 0.5);
  t.is(normalQuantile(0.975).toFixed(6), '1.959964');
  t.is(normalQuantile(0.95).toFixed(6), '1.644854');
  // One, two, three standard deviations; and the tails that a series about 0 has no digits for.
  t.is((normalCdf(1) - normalCdf(-1)).toFixed(7), '0.6826895');
  t.is((normalCdf(2) - normalCdf(-2)).toFixed(7), '0.9544997');
  t.is((normalCdf(3) - normalCdf(-3)).toFixed(7), '0.9973002');
  t.is(normalCdf(-5).toPrecision(6), '2.86652e-7');
  t.is(normalCdf(-10).toPrecision(6), '7.61985e-24');
});

test('the normal distribution agrees with simple-statistics', (t) => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (z) => {
      // Its values come from a table of four digits.
      t.true(Math.abs(normalCdf(z) - simple.cumulativeStdNormalProbability(z)) < 2e-3);
      t.true(Math.abs(normalQuantile(normalCdf(z)) - z) < 1e-9);
      t.true(Math.abs(normalCdf(z) + normalCdf(-z) - 1) < 1e-15);
    }),
    propertySeed(t, 100),
  );
});

test("Student's distribution is that of the tables", (t) => {
  const table: readonly (readonly [number, string])[] = [
    [1, '12.706'],
    [2, '4.303'],
    [4, '2.776'],
    [8, '2.306'],
    [9, '2.262'],
    [30, '2.042'],
    [120, '1.980'],
  ];
  for (const [freedom, expected] of table) t.is(studentQuantile(0.975, freedom).toFixed(3), expected);
  // With one degree of freedom it is Cauchy's, with two it has a closed form.
  t.true(Math.abs(studentCdf(1, 1) - 0.75) < 1e-14);
  t.true(Math.abs(studentCdf(3, 2) - (0.5 + 3 / (2 * Math.sqrt(2 + 9)))) < 1e-14);
});
