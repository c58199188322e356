/** The numbers in the documents are those of the results in the repository. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import test from 'ava';
import { allNumbers, renderDBus, renderReadme, withNumbers } from '../../bench/report/readme.js';
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
  t.regex(text, /\| sockets \|[^|]+\|[^|]+\| – \| – \|/);
});

test('README says why a run was noisy, and nothing of a quiet one', (t) => {
  const results = syntheticResults({ seed: 7, workloads: ['W1'], launches: 6 });
  const said = (noise: readonly string[]): string =>
    renderReadme({ ...results, run: { ...results.run, noise } }).join('\n');
  t.notRegex(said([]), /noisy/);
  t.regex(
    said(['the hypervisor took 2.0 % of the CPU time', 'the machine was busy']),
    /; the run was noisy: the hypervisor took 2\.0 % of the CPU time and the machine was busy\.$/,
  );
});

test('the tables beside D-Bus say when they were measured, how quiet that was, and by what', (t) => {
  const dbus = allNumbers.find(({ resultsPath }) => resultsPath.endsWith('dbus.jsonl'));
  const kept = readFileSync(dbus?.resultsPath ?? '', 'utf8').trimEnd();
  const said = (load: number, steal: number): string => {
    const lines = kept.split('\n').map((line) => {
      const one = JSON.parse(line) as { machine: object };
      const machine = { ...one.machine, load_1min: load, commit: 'abc123' };
      return JSON.stringify({ ...one, started: '2999-01-01T10:00:00.000Z', steal, machine });
    });
    return renderDBus(lines.join('\n')).slice(0, 3).join('\n');
  };
  t.regex(
    said(0.1, 0.001),
    /^Measured on 2999-01-01 on .*, commit abc123; 64 bytes, \d+ launches of each cell\./,
  );
  t.regex(
    said(0.1, 0.001),
    /load before it was 0\.10 on \d+ CPUs, .* 0\.100\u00a0% of the CPU time meanwhile\.\n/,
  );
  t.regex(said(0.1, 0.001), /`npm run -s compare:dbus -- --json > docs\/results\/dbus\.jsonl`/);
  t.regex(said(2.5, 0.001), /the run was noisy, and its figures are to be read with care\.\n/);
  t.regex(said(0.1, 0.02), /the run was noisy/);
});
