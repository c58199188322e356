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
    each.map((text) => /^Under load `([^`]+)`, whose peak is [^,]+ calls a second/.exec(text)?.[1]),
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
    /at (70\u00a0% and )?90\u00a0% it was overloaded, and that latency is the one of a backlog\.$/,
  );
  t.regex(sockets, /it carried all of it\.$/);
  t.true(loadedTable(done)?.rows.some((row) => row[0] === 'bus' && row[4]?.includes('overloaded')));
});

test('under load a cell that may not be used is named, and has no figures', (t) => {
  const broken = withDone(({ contender, load_share = 0 }) =>
    contender === 'sockets' && load_share < 0.2 ? { invalid: 'the machine stalled' } : {},
  );
  const [, , sockets = ''] = loadedSentences(broken);
  t.regex(sockets, /; at 10\u00a0% its figures may not be used\.$/);
  t.true(loadedTable(broken)?.rows.some((row) => row[0] === 'sockets' && row.includes('not usable')));
});

test('the first answer tells the p99 of a plain call beside the median', (t) => {
  const [{ short }] = answersOf(lines);
  t.regex(short, /by the median, with a p99 of \d\S*\u00a0\S+ against \d\S*\u00a0\S+ on two cores/);
});
