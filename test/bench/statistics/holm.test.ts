/** Holm's procedure: an example that textbooks repeat, and what must be true of every list. */
import test from 'ava';
import fc from 'fast-check';
import { holm } from '../../../bench/statistics/holm.js';
import { propertySeed } from './property.js';

test('the textbook example: 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02', (t) => {
  t.deepEqual(
    holm([0.01, 0.04, 0.03, 0.005]).map((p) => p.toFixed(3)),
    ['0.030', '0.060', '0.060', '0.020'],
  );
});

test('adjusted values are at least those given, at most those of Bonferroni, and keep their order', (t) => {
  const list = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(list, (ps) => {
      const adjusted = holm(ps);
      for (const [at, p] of ps.entries()) {
        const own = adjusted[at] ?? Number.NaN;
        t.true(own >= p && own <= Math.min(1, p * ps.length) + 1e-15);
        for (const [other, q] of ps.entries()) if (q >= p) t.true((adjusted[other] ?? 0) >= own - 1e-15);
      }
    }),
    propertySeed(t, 100),
  );
});

test('what was not tested stays so and counts for nobody', (t) => {
  t.deepEqual(holm([0.02, Number.NaN, 0.5]), [0.04, Number.NaN, 0.5]);
  t.deepEqual(holm([]), []);
});
