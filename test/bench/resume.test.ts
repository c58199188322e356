/** A run that was killed goes on where it was: every cell complete, nothing measured twice. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  CannotResume,
  failuresOf,
  prepareSuite,
  runSuite,
  type Suite,
  type SuiteOptions,
} from '../../bench/index.js';
import { readUnfinished } from '../../bench/launch-log.js';
import { writeResults } from '../../bench/results/directory.js';
import { isOrderLine } from '../../bench/results/line.js';
import { runBench } from '../../bench/run-command.js';
import { eventually } from '../support/eventually.js';
import { type Captured, captured } from './support/captured.js';
import { prepareSmokeRun } from './support/smoke-run.js';

const program = fileURLToPath(new URL('./support/smoke-run.js', import.meta.url));

function logOf(directory: string): string {
  const path = join(directory, 'launches.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

test('a run that was killed in the middle goes on, and what was measured is not measured again', async (t) => {
  t.timeout(110_000);
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const directory = join(root, 'out');
  const child = spawn(process.execPath, [program, directory], {
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: root },
  });
  try {
    const ended = once(child, 'close');
    // The head and one launch.
    await eventually('the first launch is over', () => linesOf(logOf(directory)).length >= 2, 60_000);
    child.kill('SIGKILL');
    await ended;
    const before = linesOf(logOf(directory));
    // Who is killed while it writes leaves half a line behind.
    appendFileSync(join(directory, 'launches.jsonl'), '{"group":"W1 two-c');
    const begun: string[] = [];
    const suite = prepareSmokeRun(directory, (text) => begun.push(text));
    t.is(suite.unfinished?.entries.length, before.length - 1);
    t.true(suite.plannedMs < suite.plan.plannedMs);
    const results = await runSuite(suite);
    const after = linesOf(logOf(directory));
    t.deepEqual(after.slice(0, before.length), before);
    const entries = after.slice(1).map((line) => JSON.parse(line) as { group?: string; launch?: number });
    const launches = entries.flatMap(({ group, launch }) => (group === undefined ? [] : [{ group, launch }]));
    t.is(results.run.parts?.length, 2);
    const names = launches.map(({ group, launch }) => `${group}, ${launch}`);
    t.is(new Set(names).size, names.length, 'no launch twice');
    t.is(names.length, suite.plan.steps.length);
    for (const { group } of launches.slice(0, before.length - 1)) {
      t.false(
        begun.some((text) => text.endsWith(`: ${group}`)),
        group,
      );
    }
    t.deepEqual(failuresOf(results), []);
    const cells = suite.plan.groups.reduce((sum, group) => sum + group.cells.length, 0);
    t.is(results.lines.length, cells);
    writeResults(results, directory);
    t.is(readUnfinished(directory), undefined, 'a finished run is not gone on with');
  } finally {
    child.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
});

test('--resume is refused where there is nothing to go on with, and where the plan is another', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const prepare = (): unknown =>
    prepareSuite({
      tier: 'smoke',
      seed: 1,
      peers: 'none',
      directory: root,
      mustResume: true,
      command: 'test',
    });
  try {
    t.throws(prepare, { instanceOf: CannotResume, message: /no unfinished run/ });
    appendFileSync(join(root, 'launches.jsonl'), '{"format":1,"fingerprint":"other"}\n');
    t.throws(prepare, { instanceOf: CannotResume, message: /another plan/ });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

function directoryOf(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Only the patterns of W8, three runs of each over `node-net`, and a transport that has none to run: something that it could not do. */
function prepareOrders(directory: string, more: Partial<SuiteOptions> = {}): Suite {
  return prepareSuite({
    tier: 'smoke',
    seed: 1,
    peers: ['node-net'],
    transports: ['memory'],
    workloads: ['W8'],
    directory,
    command: 'test',
    ...more,
  });
}

/** Serial, because temporary files of all tests of this process would be there. */
test.serial('a run whose log cannot be begun leaves no directory for sockets behind', async (t) => {
  const root = directoryOf(t);
  const out = join(root, 'out');
  const usual = process.env['TMPDIR'];
  const temporary = join(root, 'temporary');
  mkdirSync(temporary);
  const suite = prepareOrders(out);
  writeFileSync(out, 'in the way');
  process.env['TMPDIR'] = temporary;
  try {
    await t.throwsAsync(runSuite(suite), { message: /nothing can be written to/ });
    t.deepEqual(readdirSync(temporary), []);
  } finally {
    if (usual === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = usual;
  }
});

test('what W8 could not do is still said when the run went on after it', async (t) => {
  t.timeout(110_000);
  const directory = directoryOf(t);
  const first = await runSuite(prepareOrders(directory));
  const said = first.run.missing.filter((reason) => reason.startsWith('W8: '));
  t.regex(said.join(), /memory cannot/);
  const again = prepareOrders(directory);
  t.is(again.plannedMs, 0, 'nothing is left to be done');
  const second = await runSuite(again);
  t.deepEqual(
    second.run.missing.filter((reason) => reason.startsWith('W8: ')),
    said,
  );
});

test('a run that was interrupted between two launches of W8 keeps the first and makes the second', async (t) => {
  t.timeout(110_000);
  const directory = directoryOf(t);
  const interruption = new AbortController();
  const begun: string[] = [];
  const only = { tier: 'quick', transports: ['datagram'], peers: [] } as const;
  const interrupted = prepareOrders(directory, {
    ...only,
    signal: interruption.signal,
    onProgress: (text) => {
      if (text.startsWith('launch 2 of 2: W8')) interruption.abort(new Error('interrupted'));
    },
  });
  await t.throwsAsync(runSuite(interrupted), { message: 'interrupted' });
  const before = linesOf(logOf(directory));
  t.is(before.length, 2, 'the head and one launch');
  const again = prepareOrders(directory, { ...only, onProgress: (text) => void begun.push(text) });
  t.is(again.plannedMs, interrupted.plannedMs / 2);
  const results = await runSuite(again);
  t.true(begun.length > 0 && begun.every((text) => text.startsWith('launch 2 of 2: W8 relay over datagram')));
  const after = linesOf(logOf(directory));
  t.deepEqual(after.slice(0, 2), before);
  const entries = after.slice(1).map((line) => JSON.parse(line) as { launch?: number });
  t.deepEqual(
    entries.flatMap(({ launch }) => launch ?? []),
    [0, 1],
  );
  t.deepEqual(failuresOf(results), []);
  const orders = results.lines.filter(isOrderLine);
  t.deepEqual(
    orders.map(({ call, load_kib }) => `${call} ${load_kib}`),
    ['relay 0', 'relay 400'],
  );
  for (const { launches = [], runs, inversions, share_low, share_high } of orders) {
    t.deepEqual(
      launches.map(({ launch }) => launch),
      [0, 1],
    );
    t.true(launches.every((launch) => launch.runs > 0));
    t.is(
      launches.reduce((sum, launch) => sum + launch.runs, 0),
      runs,
    );
    t.is(inversions, 0, 'datagram promises it for a relay');
    t.is(share_low, 0);
    t.true((share_high ?? 0) > 0);
  }
});

test('stolen time and load are those of all parts of a run, each told by itself', async (t) => {
  const directory = directoryOf(t);
  const suite = prepareOrders(directory);
  const entry = (stolen_ticks: number, all_ticks: number, load_1min: number): unknown => ({
    orders: [],
    cannot: [],
    placement: suite.orders[0]?.placement.name,
    launch: 0,
    duration_ms: 100,
    stolen_ticks,
    all_ticks,
    load_1min,
  });
  const lines = [
    { format: 1, fingerprint: suite.plan.fingerprint, started: '2026-01-01T00:00:00.000Z', load_before: 90 },
    entry(0, 1_000, 1),
    entry(100, 1_000, 2),
    { resumed: '2026-01-01T01:00:00.000Z', load_before: 0 },
    { resumed: '2026-01-01T02:00:00.000Z', load_before: 0 },
    entry(0, 18_000, 3),
  ];
  writeFileSync(join(directory, 'launches.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { run } = await runSuite(prepareOrders(directory));
  t.is(run.started, '2026-01-01T00:00:00.000Z');
  t.is(run.duration_ms, 300);
  t.is(run.steal, 0.005);
  t.is(run.load_before, 90);
  t.deepEqual(run.parts, [
    { started: '2026-01-01T00:00:00.000Z', duration_ms: 200, steal: 0.05, load_before: 90, load_after: 2 },
    { started: '2026-01-01T02:00:00.000Z', duration_ms: 100, steal: 0, load_before: 0, load_after: 3 },
  ]);
  t.is(run.noise.length, 2);
  t.regex(run.noise[0] ?? '', /took 5\.0 % .* \(part 1 of 2\)/);
  t.regex(run.noise[1] ?? '', /load 90\.0 .* \(part 1 of 2\)/);
});

test('an unfinished run of another plan is not overwritten, with --resume or without', async (t) => {
  t.timeout(110_000);
  const directory = directoryOf(t);
  await runSuite(prepareOrders(directory));
  const log = logOf(directory);
  const message = /another plan .*, which would be lost/;
  // Another seed, and a run without W8, which has no groups of its own.
  for (const more of [{ seed: 2 }, { workloads: [] }]) {
    t.throws(() => prepareOrders(directory, more), { instanceOf: CannotResume, message });
  }
  t.is(logOf(directory), log);
  t.is(prepareOrders(directory, { seed: 2, mayReplace: true }).unfinished, undefined);
  t.is(logOf(directory), log, 'nothing is removed before the run begins');
  // A log in which nothing was measured is no loss.
  writeFileSync(join(directory, 'launches.jsonl'), '{"format":1,"fingerprint":"other"}\n');
  t.is(prepareOrders(directory).unfinished, undefined);
});

/** A run of three cells, which is over in a second. */
const smallRun = ['--smoke', '--workload', 'W10', '--transport', 'memory', '--peers', 'none', '--out'];

function bench(directory: string, ...more: readonly string[]): Promise<Captured> {
  const args = [...smallRun, directory, ...more];
  return captured((output) => runBench(args, output, () => new AbortController().signal));
}

test('a finished run is printed again by its own command, and lost to another one only with --replace', async (t) => {
  t.timeout(110_000);
  const directory = directoryOf(t);
  const runFile = join(directory, 'run.json');
  const first = await bench(directory);
  t.is(first.status, 0, first.error);
  const kept = readFileSync(runFile, 'utf8');
  rmSync(join(directory, 'report.md'));
  const again = await bench(directory);
  t.is(again.status, 0, again.error);
  t.is(again.out, first.out);
  t.regex(again.error, /holds this run, finished: begun .*nothing is measured again without --replace/);
  t.is(readFileSync(runFile, 'utf8'), kept);
  t.true(existsSync(join(directory, 'report.md')), 'who is killed while the report is made has one then');
  const resumed = await bench(directory, '--resume');
  t.is(resumed.status, 2);
  t.regex(resumed.error, /no unfinished run in .*, but a finished run/);
  const other = await bench(directory, '--seed', '2');
  t.is(other.status, 2, other.error);
  t.regex(
    other.error,
    /holds a finished run of another plan \('capstan bench --smoke .*', begun .*\), which would be lost/,
  );
  t.regex(other.error, /\n {2}use another --out, or --replace/);
  t.is(readFileSync(runFile, 'utf8'), kept);
  writeFileSync(join(directory, 'histograms', 'of-another-cell.hlog'), '');
  writeFileSync(join(directory, 'notes'), 'mine');
  const replaced = await bench(directory, '--seed', '2', '--replace');
  t.is(replaced.status, 0, replaced.error);
  t.is((JSON.parse(readFileSync(runFile, 'utf8')) as { seed: number }).seed, 2);
  t.false(existsSync(join(directory, 'histograms', 'of-another-cell.hlog')));
  t.true(existsSync(join(directory, 'notes')), 'nothing else is removed');
  t.is((await bench(directory, '--resume', '--replace')).status, 2);
});

test('a run that is stopped says how it goes on, and what finds it says which command that is', async (t) => {
  const directory = directoryOf(t);
  const controller = new AbortController();
  controller.abort(new Error('stopped by SIGINT'));
  const stopped = await captured((output) =>
    runBench([...smallRun, directory, '--replace'], output, () => controller.signal),
  );
  t.is(stopped.status, 1);
  const [, command = ''] = /stopped by SIGINT\n {2}'(.*)' goes on where it was$/.exec(stopped.error) ?? [];
  t.regex(command, /^capstan bench --smoke .*--out /);
  t.false(command.includes('--replace'));
  t.true(existsSync(join(directory, 'launches.jsonl')));
  const launch = { group: 'g', launch: 0, duration_ms: 1, cells: [] };
  appendFileSync(join(directory, 'launches.jsonl'), `${JSON.stringify(launch)}\n`);
  const { status, error } = await bench(directory, '--seed', '2');
  t.is(status, 2);
  t.true(error.includes(`an unfinished run of another plan ('${command}', begun 2`), error);
});

test('a log with a line that no run writes is refused with the line, and not touched', async (t) => {
  const directory = directoryOf(t);
  const path = join(directory, 'launches.jsonl');
  const head = '{"format":1,"fingerprint":"other"}';
  for (const [text, line] of [
    ['no log', 1],
    ['{}', 1],
    ['null', 1],
    [`${head}\nno log`, 2],
    [`${head}\n{}`, 2],
    [`${head}\n{"resumed":"2026-01-01T01:00:00.000Z","load_before":0}\n[]`, 3],
  ] as const) {
    writeFileSync(path, `${text}\n`);
    const { status, error } = await bench(directory);
    t.is(status, 2, text);
    const said = `capstan bench: ${path}:${line} is no line of a run's log of launches\n  use another --out, or --replace`;
    t.true(error.startsWith(said), error);
    t.is(logOf(directory), `${text}\n`);
  }
});

test('a run without its log, as the findings keep it, is another plan; a file is no directory', (t) => {
  const directory = directoryOf(t);
  writeFileSync(join(directory, 'run.json'), '{}');
  t.throws(() => prepareOrders(directory), {
    instanceOf: CannotResume,
    message: /finished run of another plan/,
  });
  t.throws(() => prepareOrders(join(directory, 'run.json')), {
    instanceOf: CannotResume,
    message: /no directory/,
  });
});

test('the command refuses to overwrite an unfinished run with status 2', (t) => {
  const directory = directoryOf(t);
  writeFileSync(
    join(directory, 'launches.jsonl'),
    '{"format":1,"fingerprint":"other"}\n{"group":"g","launch":0,"duration_ms":1,"cells":[]}\n',
  );
  const log = logOf(directory);
  const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
  const args = [...smallRun, directory];
  const { status, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  t.is(status, 2, stderr);
  t.regex(stderr, /another plan/);
  t.is(logOf(directory), log);
});
