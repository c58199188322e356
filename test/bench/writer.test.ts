/** One process at a time writes to the directory of a run, and the run ends with the command that made it, killed or not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { lockDirectory } from '../../bench/results/lock.js';
import { runBench } from '../../bench/run-command.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { eventually } from '../support/eventually.js';
import { descendants, isAlive } from '../support/processes.js';
import { type Captured, captured } from './support/captured.js';

const capstan = join(projectDirectory, 'build', 'clients', 'cli', 'main.js');

function rootOf(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const wordsFor = (out: string, ...more: readonly string[]): string[] =>
  `--smoke --quiet --workload W1 --transport sockets --peers none --out ${out}`.split(' ').concat(more);

const bench = (out: string, ...more: readonly string[]): Promise<Captured> =>
  captured((output) => runBench(wordsFor(out, ...more), output, () => new AbortController().signal));

function linesOf(out: string): number {
  const log = join(out, 'launches.jsonl');
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
}

/**
 * Starts a run that writes to `out` below `root`, which is where temporary files go, too; does `act` when the first launch is over, given
 * all processes below the command, the run itself first; and sends `signal` to the command, after which nothing may be left but `out`.
 */
async function endedBy(
  signal: NodeJS.Signals,
  [file, ...words]: readonly [string, ...string[]],
  out: string,
  act: (tree: readonly number[]) => Promise<void> | void,
): Promise<void> {
  const root = dirname(out);
  const command = spawn(file, words, {
    cwd: projectDirectory,
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: root },
  });
  let tree: readonly number[] = [];
  try {
    const ended = once(command, 'close');
    await eventually('a launch is over', () => linesOf(out) >= 2, 60_000);
    tree = descendants(command.pid ?? 0);
    await act(tree);
    tree = descendants(command.pid ?? 0);
    command.kill(signal);
    await ended;
    await eventually('its processes have ended', () => !tree.some(isAlive));
    await eventually('its directory is removed', () => readdirSync(root).length === 1);
  } finally {
    command.kill('SIGKILL');
    for (const one of tree.filter(isAlive)) process.kill(one, 'SIGKILL');
  }
}

test('a run that is under way is not measured beside; killed with its command, it goes on later', async (t) => {
  t.timeout(110_000);
  const out = join(rootOf(t), 'out');
  const words = [capstan, 'bench', ...wordsFor(out)];
  await endedBy('SIGKILL', [process.execPath, ...words], out, async ([main = 0]) => {
    // It stays where it is, alive, until all has been asked.
    process.kill(main, 'SIGSTOP');
    const before = readFileSync(join(out, 'launches.jsonl'), 'utf8');
    for (const more of [[], ['--resume'], ['--replace'], ['--seed', '7']]) {
      const { status, error } = await bench(out, ...more);
      t.is(status, 2, more.join(' '));
      t.true(error.includes(`another run, process ${main}, is writing to ${out}`), error);
      t.true(error.includes(`kill ${main}`), error);
    }
    t.is(readFileSync(join(out, 'launches.jsonl'), 'utf8'), before);
  });
  const { status, error } = await bench(out);
  t.is(status, 0, error);
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { parts: unknown[] };
  t.is(run.parts.length, 2);
  t.deepEqual(
    readdirSync(out).filter((name) => name.startsWith('.')),
    [],
  );
});

test('SIGTERM to npm, as of a CI that has waited enough, ends the run', async (t) => {
  t.timeout(60_000);
  const out = join(rootOf(t), 'out');
  const words = ['run', '-s', 'capstan', '--', 'bench', ...wordsFor(out, '--launches', '100')];
  await endedBy('SIGTERM', ['npm', ...words], out, () => {});
  t.deepEqual(readdirSync(out), ['launches.jsonl']);
});

test('what a killed writer has left counts for nothing, also where its number is used again', (t) => {
  const directory = rootOf(t);
  const ended = `.capstan-written-by-${2 ** 22 + 1}-1`;
  const another = `.capstan-written-by-${process.ppid}-1`;
  for (const name of [ended, another]) writeFileSync(join(directory, name), '');
  const release = lockDirectory(directory);
  const [own, ...rest] = readdirSync(directory);
  t.regex(own ?? '', new RegExp(`^\\.capstan-written-by-${process.pid}-\\d+$`));
  t.deepEqual(rest, []);
  release();
  t.deepEqual(readdirSync(directory), []);
});
