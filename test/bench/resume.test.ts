/** A run that was killed goes on where it was: every cell complete, nothing measured twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { CannotResume, failuresOf, prepareSuite, runSuite } from '../../bench/index.js';
import { readUnfinished } from '../../bench/launch-log.js';
import { writeResults } from '../../bench/results/directory.js';
import { eventually } from '../support/eventually.js';
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
    const launches = after.slice(1).map((line) => JSON.parse(line) as { group: string; launch: number });
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
