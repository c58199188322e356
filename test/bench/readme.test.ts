/** The numbers in the documents are those of the results in the repository. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import test from 'ava';
import { allNumbers, renderReadme, withNumbers } from '../../bench/report/readme.js';
import { syntheticResults } from './support/synthetic-results.js';

for (const numbers of allNumbers) {
  const { documentPath, resultsPath } = numbers;
  test(`the numbers in ${basename(documentPath)} are what ${basename(resultsPath)} says`, (t) => {
    const document = readFileSync(documentPath, 'utf8');
    t.is(withNumbers(numbers, document), document);
  });
}

test('README has few rows, each ratio with its interval, and says of which run they are', (t) => {
  const results = syntheticResults({ seed: 7, workloads: ['W1'], launches: 6 });
  const text = renderReadme(results).join('\n');
  const rows = text.split('\n').filter((line) => /^\| (two cores|one core) /.test(line));
  t.true(rows.length > 2 && rows.length <= 12);
  for (const row of rows) {
    const ratio = row.split(' | ').at(-2) ?? '';
    t.regex(ratio, row.includes('c-seqpacket') ? /^1$/ : /^[\d.]+ \([\d.]+–[\d.]+\)$/, row);
  }
  const { machine, run } = results;
  for (const one of [
    run.tier,
    '6 launches',
    run.started.slice(0, 10),
    machine.cpu,
    machine.node,
    machine.commit,
  ])
    t.true(text.includes(one), one);
  t.throws(() => renderReadme({ ...results, lines: [] }), { message: /no calls/ });
});

test('README gives no ratio of a run whose launches are too few for an interval', (t) => {
  const results = syntheticResults({ seed: 7, workloads: ['W1'], launches: 1 });
  const lines = results.lines.map((line) =>
    line.kind === 'order' ? line : { ...line, ratio_low: null, ratio_high: null },
  );
  const text = renderReadme({ ...results, lines }).join('\n');
  t.regex(text, /\| sockets \|[^|]+\|[^|]+\| – \|/);
});
