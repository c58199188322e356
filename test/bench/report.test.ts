/** The report, from results that cover every workload: all its files, every figure with its table and its origin, and what is missing named. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HistogramLogReader } from 'hdr-histogram-js';
import { figuresOf } from '../../bench/report/figures/index.js';
import { writeReport } from '../../bench/report/index.js';
import { cellsOf } from '../../bench/report/selection.js';
import type { Results } from '../../bench/results/directory.js';
import { syntheticResults } from './support/synthetic-results.js';

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-report-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const seed = 11;
const small = ['W1', 'W4', 'W8'];

test('a full run gives every figure, each with its question, cells, command and numbers', async (t) => {
  t.log(`seed ${seed}`);
  const results = syntheticResults({ seed, launches: 3 });
  const { figures, absent } = figuresOf(results.lines);
  t.deepEqual(absent, []);
  const directory = temporaryDirectory(t);
  const said = await writeReport(results, directory);
  t.is(said.length, 4);
  const html = readFileSync(join(directory, 'report.html'), 'utf8');
  for (const figure of figures) {
    const begin = html.indexOf(`<figure id="${figure.id}">`);
    t.true(begin >= 0, figure.id);
    const text = html.slice(begin, html.indexOf('</figure>', begin));
    t.is(text.match(/<svg [^>]*role="img"/g)?.length, figure.panels.length, figure.id);
    t.is(text.match(/<desc /g)?.length, figure.panels.length, figure.id);
    t.regex(text, new RegExp(`Question ${figure.question}\\. Cells: ${figure.workloads[0]};`), figure.id);
    t.regex(text, /npm run -s capstan -- bench --standard --workload W\d+ --seed 11/, figure.id);
    t.is(text.match(/<tbody>/g)?.length, 1, figure.id);
  }
  for (const id of ['inversions', 'examples', 'trust', 'method', 'threats', 'patterns'])
    t.true(html.includes(`id="${id}"`), id);
  t.notRegex(html, /<script|<link|<img|src=|url\((?!#)|@import/);
  t.notRegex(html, /undefined|NaN|\[object/);
});

test('histograms are read back as they were, one file a cell', async (t) => {
  const results = syntheticResults({ seed, workloads: ['W1'], launches: 2 });
  const directory = temporaryDirectory(t);
  await writeReport(results, directory, async () => undefined);
  const cells = cellsOf(results.lines);
  const files = readdirSync(join(directory, 'histograms'));
  t.is(files.length, cells.length);
  let samples = 0;
  for (const file of files) {
    t.regex(file, /^[A-Za-z0-9=._-]+\.hlog$/);
    const reader = new HistogramLogReader(readFileSync(join(directory, 'histograms', file), 'utf8'));
    const histogram = reader.nextIntervalHistogram();
    samples += histogram === null ? 0 : histogram.totalCount;
    t.is(reader.nextIntervalHistogram(), null);
  }
  t.is(
    samples,
    cells.reduce((sum, cell) => sum + cell.samples, 0),
  );
});

test('without the drawing library everything but the HTML is written, and it says so', async (t) => {
  const directory = temporaryDirectory(t);
  const said = await writeReport(
    syntheticResults({ seed, workloads: ['W5'] }),
    directory,
    async () => undefined,
  );
  t.deepEqual(readdirSync(directory).sort(), ['cells.csv', 'histograms', 'report.md']);
  t.regex(said.at(-1) ?? '', /no report\.html: vega .* not installed/);
});

test('a run of one workload names the figures that it has no cells for; a run of nothing is a report, too', async (t) => {
  for (const workloads of [['W4'], []]) {
    const directory = temporaryDirectory(t);
    await writeReport(syntheticResults({ seed, workloads }), directory);
    const html = readFileSync(join(directory, 'report.html'), 'utf8');
    t.regex(html, /Round trip of a call: the run has no cells of W1/);
    t.regex(html, /This run does not answer it: it has no call over both/);
    t.is(html.includes('<figure id="fan-out">'), workloads.length > 0);
  }
});

test('cells that failed or are invalid are named with the reason, and are in no figure', async (t) => {
  const results = syntheticResults({ seed, workloads: small, launches: 2 });
  const broken: Results = {
    ...results,
    lines: results.lines.map((line) => {
      if (line.kind === 'order') return line;
      if (line.contender === 'nats') return { ...line, violations: 3 };
      return line.contender === 'grpc' ? { ...line, invalid: 'the generator missed its schedule' } : line;
    }),
  };
  for (const figure of figuresOf(broken.lines).figures) {
    t.false(
      figure.lines.some(({ contender }) => contender === 'nats' || contender === 'grpc'),
      figure.id,
    );
  }
  const directory = temporaryDirectory(t);
  await writeReport(broken, directory, async () => undefined);
  const markdown = readFileSync(join(directory, 'report.md'), 'utf8');
  t.regex(markdown, /W1 `nats` call, 64.B, two cores: failed, 3 violations/);
  t.regex(markdown, /W1 `grpc` call, 64.B, two cores: the generator missed its schedule/);
});

test('the table of cells has a line for each, with as many fields as the head', async (t) => {
  const results = syntheticResults({ seed, workloads: small, launches: 2 });
  const directory = temporaryDirectory(t);
  await writeReport(results, directory, async () => undefined);
  const [head = '', ...rows] = readFileSync(join(directory, 'cells.csv'), 'utf8').trimEnd().split('\r\n');
  t.is(rows.length, results.lines.length);
  const fields = head.split(',').length;
  for (const row of rows) t.is(row.replaceAll(/"(?:[^"]|"")*"/g, '').split(',').length, fields);
});
