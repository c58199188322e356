/**
 * The real command at smoke size, with what is made of a run: it is stopped and gone on with, reported, compared, and judged by the gate,
 * which measures by itself.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Browser, findBrowser } from '../../bench/report/browser.js';
import { checkReport } from '../../bench/report/check.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { eventually } from '../support/eventually.js';

const capstan = join(projectDirectory, 'build', 'clients', 'cli', 'main.js');
const findings = join(projectDirectory, 'build', 'bench', 'report', 'findings-main.js');
const patienceMs = 60_000;

const root = mkdtempSync(join(tmpdir(), 'capstan-smoke-'));
const out = join(root, 'out');
/** Everything that a command leaves behind is in `root`, and so says the environment of its processes. */
const env = { ...process.env, TMPDIR: root };
const words = [
  'bench',
  '--smoke',
  '--quiet',
  '--workload',
  'W1',
  '--transport',
  'sockets',
  '--peers',
  'none',
  '--out',
  out,
];

test.after.always(() => rmSync(root, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

function run(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env }, (_, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, out: stdout, error: stderr }),
    );
  });
}

function launches(): number {
  const log = join(out, 'launches.jsonl');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 2 : 0;
}

/** Processes that a command of this test started, by number. */
function processes(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(join('/proc', name, 'environ'), 'utf8').includes(`TMPDIR=${root}\0`);
    } catch {
      return false;
    }
  });
}

/** Whoever was killed at the end may still be ending. */
async function noProcesses(t: ExecutionContext): Promise<void> {
  await eventually('all processes are gone', () => processes().length === 0, 20_000);
  t.deepEqual(processes(), []);
}

const leftOf = (what: string): string[] => readdirSync(root).filter((name) => name.includes(what));

async function seen(t: ExecutionContext, file: string): Promise<void> {
  const program = findBrowser();
  if (program === undefined) {
    t.log('not looked at: there is no Chromium here (Debian: apt-get install chromium)');
    return;
  }
  const browser = new Browser(program);
  t.teardown(() => browser.close());
  t.deepEqual(await checkReport(browser, file), []);
}

test.serial('a run that SIGINT stops leaves no process, and the same command completes it', async (t) => {
  t.timeout(110_000);
  const child = spawn(process.execPath, [capstan, ...words], { stdio: 'ignore', env });
  const ended = once(child, 'exit');
  await eventually('a launch is over', () => launches() >= 1, patienceMs);
  child.kill('SIGINT');
  t.deepEqual(await ended, [null, 'SIGINT']);
  await noProcesses(t);
  t.deepEqual(leftOf('capstan-bench'), []);
  t.false(existsSync(join(out, 'run.json')));
  const { status, error } = await run(capstan, words);
  t.is(status, 0, error);
  const { parts } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { parts: unknown[] };
  t.is(parts.length, 2);
});

test.serial(
  'the report of a run so short is whole, says that it is, and calls nothing missing that is there',
  async (t) => {
    t.timeout(110_000);
    const file = join(out, 'report.html');
    await seen(t, file);
    const [html, markdown] = [readFileSync(file, 'utf8'), readFileSync(join(out, 'report.md'), 'utf8')];
    for (const text of [html, markdown]) {
      t.regex(text, /a smoke run shows that everything works, and not how fast it is/);
      t.notRegex(text, /NaN|undefined|Infinity/);
      t.notRegex(text, /no cells of W1, (one call|open loop)/);
    }
    t.regex(html, /1 launch of each cell/);
    t.true(readdirSync(join(out, 'histograms')).length > 0);
  },
);

test.serial("the benchmark's page names all files of a run", (t) => {
  const page = readFileSync(join(projectDirectory, 'docs', 'benchmark.md'), 'utf8');
  const names = readdirSync(out);
  t.true(names.includes('launches.jsonl'));
  for (const name of names) t.regex(page, new RegExp(`\`${name}[\`/]`), name);
});

test.serial(
  'findings --out writes the page and the results elsewhere, and no document is touched',
  async (t) => {
    const page = join(projectDirectory, 'docs', 'benchmark.md');
    const before = readFileSync(page, 'utf8');
    const place = join(root, 'findings');
    t.is((await run(findings, [out, '--out', place])).status, 0);
    t.deepEqual(readdirSync(place).sort(), ['findings.md', 'results']);
    t.is(readFileSync(page, 'utf8'), before);
    t.is((await run(findings, [out, '--out', place, '--check'])).status, 2);
  },
);

test.serial(
  'the gate measures by itself where no run is named, passes, and says what it could not judge',
  async (t) => {
    t.timeout(110_000);
    const { status, out: said, error } = await run(capstan, ['bench', 'gate', '--baseline', out]);
    t.is(status, 0, error);
    t.regex(error, /measuring again: capstan bench --smoke/);
    t.regex(said, /too few launches|too few samples/);
    t.regex(said, /gate: passed/);
    t.deepEqual(leftOf('capstan-gate'), []);
    await noProcesses(t);
  },
);

test.serial('compare of two such runs puts – where nothing was measured, and each reason once', async (t) => {
  const { status, out: said } = await run(capstan, ['bench', 'compare', out, out]);
  t.is(status, 0);
  t.notRegex(said, / 0\.00 |NaN/);
  const reasons = said.split('\n').filter((line) => line.startsWith('too few'));
  t.true(reasons.length > 0);
  t.is(new Set(reasons).size, reasons.length);
  const lines = (await run(capstan, ['bench', 'compare', out, out, '--json'])).out.trim().split('\n');
  const cells = lines.map(
    (line) => JSON.parse(line) as { kind: string; a?: number | null; launches_a?: number },
  );
  t.is(cells[0]?.kind, 'comparison');
  for (const { a, launches_a } of cells.filter(({ kind }) => kind === 'cell'))
    t.is(a === null, launches_a === 0);
});
