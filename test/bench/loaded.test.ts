/** What question 1 says of calls under load, and of who could not carry it. */
import test from 'ava';
import { answersOf } from '../../bench/report/answers.js';
import { loadedSentences, loadedTable } from '../../bench/report/loaded.js';
import type { CellLine, ResultLine } from '../../bench/results/line.js';
import { syntheticResults } from './support/synthetic-results.js';

const lines = syntheticResults({ seed: 5, workloads: ['W1'], launches: 2 }).lines;

/** With what an open loop is told by results of today. */
function withDone(change: (cell: CellLine) => Partial<CellLine>): ResultLine[] {
  return lines.map((line) =>
    line.kind === 'order' || line.loop !== 'open' ? line : { ...line, ...change(line) },
  );
}

test('under load each contender has its peak, and p50 and p99 at each share of its own', (t) => {
  const [warning = '', ...each] = loadedSentences(lines);
  t.regex(warning, /each share is of the contender's own peak: equal shares are not equal loads/);
  t.deepEqual(
    each.map(
      (text) => /^Under load `([^`]+)` has (?:a peak of about|peaks from) .*calls a second/.exec(text)?.[1],
    ),
    ['bus', 'sockets', 'datagram', 'c-seqpacket'],
  );
  for (const text of each) t.notRegex(text, /undefined|NaN|overloaded|carried/);
  const table = loadedTable(lines);
  t.false(
    table?.columns.some(({ title }) => title === 'done'),
    'earlier results do not tell',
  );
  t.is(loadedTable([]), undefined);
  t.deepEqual(loadedSentences([]), []);
});

test('under load it is said who was overloaded, and where', (t) => {
  const done = withDone(({ contender, load_share = 0 }) => ({
    achieved_share: contender === 'bus' && load_share > 0.6 ? 0.5 : 1,
  }));
  const [, bus = '', sockets = ''] = loadedSentences(done);
  t.regex(
    bus,
    / At (70\u00a0% and )?90\u00a0% it was overloaded, and that latency is the one of a backlog\.$/,
  );
  t.regex(sockets, / It carried all of it\.$/);
  t.true(loadedTable(done)?.rows.some((row) => row[0] === 'bus' && row[4]?.includes('overloaded')));
});

test('under load a cell that may not be used is named, and has no figures', (t) => {
  const broken = withDone(({ contender, load_share = 0 }) =>
    contender === 'sockets' && load_share < 0.2 ? { invalid: 'the machine stalled' } : {},
  );
  const [, , sockets = ''] = loadedSentences(broken);
  t.regex(sockets, / At 10\u00a0% its figures may not be used\.$/);
  t.true(loadedTable(broken)?.rows.some((row) => row[0] === 'sockets' && row.includes('not usable')));
});

test('the first answer tells the p99 of a plain call beside the median, and how it varies', (t) => {
  const [{ short }] = answersOf(lines);
  const time = '\\d\\S*\u00a0\\S+';
  t.regex(
    short,
    new RegExp(`Its p99 is ${time} \\(${time} to ${time}\\) against ${time} \\(.*\\) on two cores`),
  );
  for (const sentence of short.split(/\. (?=[A-Z])/)) t.true(sentence.split(' ').length < 70, sentence);
});

test('a peak is told once only where it is the same at each load', (t) => {
  const peaks = (factor: number): string => {
    const done = withDone(({ load_share = 0 }) => ({
      peak_per_second: load_share > 0.6 ? 1e5 * factor : 1e5,
    }));
    return loadedSentences(done)[1] ?? '';
  };
  t.regex(
    peaks(1.02),
    /^Under load `bus` has a peak of about 102\u00a0k calls a second \(found anew in each launch, /,
  );
  const apart = peaks(1.2);
  t.regex(
    apart,
    /^Under load `bus` has peaks from 100\u00a0k to 120\u00a0k calls a second \(found anew in each launch/,
  );
  t.regex(apart, /Of its peak in the same launch, its p50 is .* at 10\u00a0%/);
  t.notRegex(apart, /of that peak/);
  // Where each launch tells its own peak, those are told and no medians.
  const told = withDone(({ launches }) => ({
    launches: launches.map((one, at) => ({ ...one, peak_per_second: 1e5 * (at + 1) })),
  }));
  t.regex(
    loadedSentences(told)[1] ?? '',
    /has peaks from 100\u00a0k to 200\u00a0k calls a second \(found anew in each launch\)\./,
  );
});

/** The open loops of `sockets` at 70 %, with these as the p99 of its launches. */
function withTails(p99s: readonly (number | null)[]): ResultLine[] {
  return withDone(({ contender, load_share = 0, launches }) => {
    const [one] = launches;
    return contender !== 'sockets' || load_share !== 0.7 || one === undefined
      ? {}
      : { p99_us: 23_400, launches: p99s.map((p99_us, launch) => ({ ...one, launch, p99_us })) };
  });
}

test('a p99 has the least and the greatest of its launches beside it, or that they have too few samples', (t) => {
  const said = (p99s: readonly (number | null)[]): string => loadedSentences(withTails(p99s))[2] ?? '';
  const row = (p99s: readonly (number | null)[]): readonly string[] =>
    loadedTable(withTails(p99s))?.rows.find((one) => one[0] === 'sockets' && one[2] === '70\u00a0%') ?? [];
  const spread = [25_500, 4900, 1600, 1050];
  t.regex(said(spread), /23\.4\u00a0ms \(1\.05\u00a0ms to 25\.5\u00a0ms\) at 70\u00a0%/);
  t.is(row(spread).at(-1), '1.05\u00a0ms to 25.5\u00a0ms');
  t.regex(
    said([null, 4900, 1600]),
    /23\.4\u00a0ms \(2 of 3 launches: 1\.60\u00a0ms to 4\.90\u00a0ms\) at 70\u00a0%/,
  );
  t.is(row([null, 4900, 1600]).at(-1), '1.60\u00a0ms to 4.90\u00a0ms (2 of 3)');
  t.regex(said([null, null]), /23\.4\u00a0ms \(no launch has samples enough\) at 70\u00a0%/);
  t.is(row([null, null]).at(-1), 'too few samples');
  t.regex(loadedSentences(withTails([null, null]))[0] ?? '', /says little about another run/);
  t.notRegex(loadedSentences(withTails(spread))[0] ?? '', /says little about another run/);
  t.regex(said([4900]), /23\.4\u00a0ms at 70\u00a0%/, 'one launch tells of no spread');
});

test('where nothing has samples enough, nothing is said', (t) => {
  const few = withDone(() => ({ p50_us: null, p99_us: null }));
  t.deepEqual(loadedSentences(few), []);
  const noTail = withDone(() => ({ p99_us: null }));
  for (const text of loadedSentences(noTail)) t.notRegex(text, /–|p99 is/);
});
