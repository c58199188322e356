/**
 * The names in the JSON are an interface (docs/benchmark.md, "Names in the JSON", and docs/benchmark-statistics.md): what real lines have is
 * documented, what is documented is there, and each number of a comparison and of the gate has its unit in its name or on the page.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Results, readResults, writeResults } from '../../bench/results/directory.js';
import { type BlockFigures, type CellLine, variedNames } from '../../bench/results/line.js';
import { runBench } from '../../bench/run-command.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { runCompare } from '../../bench/statistics/compare-main.js';
import { runGate } from '../../bench/statistics/gate-main.js';
import { cellOf, launchedOrder, resultsOf } from './statistics/runs.js';
import { captured } from './support/captured.js';

type Line = Readonly<Record<string, unknown>>;

const docs = join(projectDirectory, 'docs');

/** The only line of a page that begins like that. */
function paragraph(page: string, beginning: string): string {
  const found = readFileSync(join(docs, page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(beginning));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} lines that begin with '${beginning}'`);
  return found[0] ?? '';
}

function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`([a-z][a-z0-9_]*)`/g)].map(([, name = '']) => name));
}

/** Words of the list that are values of a field and no names. */
const values = new Set(['cell', 'order', 'closed', 'open', 'block', 'poll', 'spin', 'null']);

/** Names of a line's fields, and of those of its launches and of what these hold. */
function fieldsOf(line: Line): string[] {
  const launches = (line['launches'] ?? []) as readonly Line[];
  const holdings = launches.flatMap((launch) => Object.keys((launch['holdings'] ?? {}) as Line));
  const blocks = launches.flatMap((launch) => Object.keys((launch['blocks'] ?? {}) as Line));
  return [...Object.keys(line), ...launches.flatMap((launch) => Object.keys(launch)), ...holdings, ...blocks];
}

const linesOf = (text: string): Line[] => text.split('\n').map((line) => JSON.parse(line) as Line);

/** Lines of a run that is made now, over the transport whose kernel queue is short: an open loop, patterns, and what is held. */
async function smokeLines(): Promise<Line[]> {
  const args = ['--smoke', '--quiet', '--json', '--peers', 'none', '--transport', 'datagram'];
  const { out, error } = await captured((output) =>
    runBench([...args, '--workload', 'W1,W8,W9'], output, () => new AbortController().signal),
  );
  if (out === '') throw new Error(error);
  return linesOf(out);
}

test('docs/benchmark.md names every field that a line has, and none that no line has', async (t) => {
  t.timeout(110_000);
  const documented = namesIn(paragraph('benchmark.md', 'Stable: '));
  const smoke = new Set((await smokeLines()).flatMap(fieldsOf));
  for (const name of ['load_share', 'holdings', 'load_kib', 'queue_depth', 'machine'])
    t.true(smoke.has(name), `the run should have had ${name}`);
  const undocumented = [...smoke].filter((name) => !documented.has(name));
  t.deepEqual(undocumented, []);
  // A smoke run varies little and finds no inversion; the run of the findings does.
  const kept = readResults(join(docs, 'results', 'findings')).lines.flatMap((line) => fieldsOf({ ...line }));
  t.deepEqual(
    [...new Set(kept)].filter((name) => !documented.has(name)),
    [],
  );
  // Where nothing went wrong no line has it.
  const known = new Set<string>([...smoke, ...kept, ...variedNames, ...values, 'invalid']);
  t.deepEqual(
    [...documented].filter((name) => !known.has(name)),
    [],
  );
});

const steady = [10, 10.02, 9.98, 10.01, 9.99];
const times = (factor: number): number[] => steady.map((value) => value * factor);

/** Of each launch there are blocks, of which some had a slower core. */
function withBlocks(line: CellLine): CellLine {
  const blocksOf = (p50: number): BlockFigures => ({ p50_us: [p50, p50, p50, p50], pace_us: [5, 5, 9, 9] });
  return { ...line, launches: line.launches.map((one) => ({ ...one, blocks: blocksOf(one.p50_us ?? 1) })) };
}

/** A cell that is the machine's speed, one that may change, one whose launches differ, one that no other run has, and a pattern. */
function runWith(factor: number, only: string): Results {
  return resultsOf([
    cellOf('c-seqpacket', steady),
    withBlocks(cellOf('bus', times(4 * factor))),
    cellOf('sockets', [9, 10, 11, 10, 9.5]),
    cellOf(only, steady),
    launchedOrder('relay', [1, 2, 3, 2, 1], 100),
  ]);
}

function directories(t: ExecutionContext): readonly [string, string] {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const paths = [join(root, 'a'), join(root, 'b')] as const;
  writeResults(runWith(1, 'datagram'), paths[0]);
  writeResults(runWith(1.5, 'memory'), paths[1]);
  return paths;
}

/** What `compare` and the gate print with `--json`. */
async function judgements(t: ExecutionContext): Promise<Line[]> {
  const [a, b] = directories(t);
  const compared = await captured((output) => runCompare([a, b, '--json', '--normalise', 'always'], output));
  const gated = await captured((output) => runGate(['--baseline', a, b, '--json'], output));
  return [...linesOf(compared.out), ...linesOf(gated.out)];
}

/** The cell's name is explained with the results; its only numbers are these and bytes. */
const ofTheName = ['workload', 'contender', 'call', 'payload_bytes', 'placement', 'loop', 'waiting'];
const varied = new Set<string>(variedNames);
const hasUnit = (name: string): boolean => /_(us|ns|ms|bytes|kib)$/.test(name);

test('docs/benchmark-statistics.md names every field of a comparison and of the gate, and the unit of each number', async (t) => {
  const lines = await judgements(t);
  t.deepEqual([...new Set(lines.map(({ kind }) => kind))].sort(), [
    'cell',
    'comparison',
    'gate',
    'only',
    'order',
  ]);
  const documented = {
    compare: namesIn(paragraph('benchmark-statistics.md', 'Names in the JSON are stable: ')),
    gate: namesIn(paragraph('benchmark-statistics.md', 'With `--json` the gate prints ')),
  };
  const units = namesIn(paragraph('benchmark-statistics.md', 'Of the numbers '));
  // It names the unit of the two before it.
  units.delete('figure');
  for (const line of lines) {
    const names = line['kind'] === 'gate' ? documented.gate : new Set([...documented.compare, ...units]);
    const isNamed = (name: string): boolean =>
      names.has(name) || (line['kind'] === 'cell' && (ofTheName.includes(name) || varied.has(name)));
    t.deepEqual(
      Object.keys(line).filter((name) => !isNamed(name)),
      [],
      `fields of ${line['kind']}`,
    );
    const numbers = Object.keys(line).filter((name) => typeof line[name] === 'number');
    t.deepEqual(
      numbers.filter((name) => !units.has(name) && !hasUnit(name) && !varied.has(name)),
      [],
      `numbers of ${line['kind']}`,
    );
  }
  // Nothing is named there that is no number of these lines, also of those that are told only sometimes.
  const seen = new Set(
    lines.flatMap((line) => Object.keys(line).filter((name) => typeof line[name] === 'number')),
  );
  t.deepEqual(
    [...units].filter((name) => !seen.has(name)),
    [],
  );
});
