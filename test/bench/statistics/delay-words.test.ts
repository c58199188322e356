/** Why the self-test did not find its delay. */
import test from 'ava';
import { compareResults } from '../../../bench/statistics/comparison.js';
import type { DelayFindings } from '../../../bench/statistics/self-test.js';
import { delayWords } from '../../../bench/statistics/self-test-main.js';
import { cellOf, launchOf, resultsOf } from './runs.js';

const steady = [50, 50.1, 49.9, 50.2, 49.8];

function findings(b: readonly number[], foundUs: number, others: readonly string[] = []): DelayFindings {
  const runs = [
    resultsOf([cellOf('sockets', steady)]),
    resultsOf([cellOf('sockets', b, { launches: b.map((p50, at) => launchOf(at, p50 === 0 ? null : p50)) })]),
  ] as const;
  const comparison = compareResults(...runs, { normalise: 'never' });
  return { delayUs: 20, contender: 'sockets', foundUs, others, comparison, runs, passed: false };
}

test('14: it is said whether the delay was found, and if not, what the cell was called and why', (t) => {
  const slower = steady.map((value) => value + 21);
  t.is(delayWords(findings(slower, 21)), 'injected delay of 20 µs found as 21.0 µs in sockets, nowhere else');
  const lacking = delayWords(findings([...slower.slice(1), 0], 346.5));
  t.regex(
    lacking,
    /^injected delay of 20 µs not found: sockets is called too few samples and not worse \(B has p50_us in 4 of 5/,
  );
  t.notRegex(lacking, /346|nowhere else/);
  t.regex(
    delayWords(findings([40, 90, 45, 200, 50], 30)),
    /is called unclear and not worse \(the launches differ/,
  );
  t.regex(
    delayWords(findings(slower, 346.5)),
    /346\.5 µs in sockets, which is not the 15 to 40 µs that it should be$/,
  );
  t.regex(
    delayWords(findings(slower, 21, ['W1 memory'])),
    /in sockets; said to have changed without one: W1 memory$/,
  );
});
