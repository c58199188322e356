/** What is said of how far a run can be trusted follows its numbers: launches left out, the cost of a wake-up, noise. */
import test from 'ava';
import { runTable } from '../../bench/report/figures/trust.js';
import { threatsOf } from '../../bench/report/method.js';
import type { Results } from '../../bench/results/directory.js';
import type { CellLine } from '../../bench/results/line.js';
import { syntheticResults } from './support/synthetic-results.js';

const results = syntheticResults({ seed: 8, workloads: ['W1'], launches: 2 });

function changed(change: (cell: CellLine) => Partial<CellLine>): Results {
  const lines = results.lines.map((line) => (line.kind === 'order' ? line : { ...line, ...change(line) }));
  return { ...results, lines };
}

test('launches that were left out are told by contender and by load', (t) => {
  const stalled = changed(({ contender, loop, load_share, schedule }) =>
    loop === 'open' && contender === 'sockets' && load_share === 0.1 && schedule === 'poisson'
      ? { launches_stalled: 1 }
      : {},
  );
  const rows = runTable(stalled).rows.map((row) => row.join(' | '));
  const [who = ''] = rows.filter((row) => row.startsWith('launches of open loops left out'));
  t.regex(who, /\| 3 of \d+: `sockets` \(3 of \d+\), .*`bus` \(0 of \d+\)/);
  const [load = ''] = rows.filter((row) => row.startsWith('the same by the share'));
  t.regex(load, /\| 3 of \d+ at 10\u00a0%, 0 of \d+ at 50\u00a0%/);
  t.notRegex(runTable(results).rows.join('\n'), /left out, because|the same by the share/);
});

test('the cost of a wake-up is that of the run, and no number where the run does not have it', (t) => {
  const p50s: Readonly<Record<string, number>> = { 'two-cores': 57.2, 'one-core': 9.8 };
  const { lines } = changed(({ contender, placement, call, loop, outstanding = 1 }) => {
    const p50 = p50s[placement];
    return contender === 'c-seqpacket' && call === 'empty' && loop === 'closed' && outstanding === 1 && p50
      ? { p50_us: p50 }
      : {};
  });
  t.regex(
    threatsOf(lines).join('\n'),
    /a wake-up across cores cost about 24\u00a0µs in this run \(half of what/,
  );
  t.regex(threatsOf([]).join('\n'), /a wake-up across cores costs tens of microseconds, depends on/);
  for (const text of [...threatsOf(lines), ...threatsOf([])]) t.notRegex(text, /[{}]|undefined/);
});
