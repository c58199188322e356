/** What `capstan bench …` does where its output cannot go: a reader that has ended, and a full disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { writeResults } from '../../bench/results/directory.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { cellOf, resultsOf } from './statistics/runs.js';

const capstan = join(projectDirectory, 'build', 'clients', 'cli', 'main.js');

/** A run before, and one that is twice as slow. */
function runsOf(t: ExecutionContext): { readonly a: string; readonly b: string } {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const [a, b] = [join(root, 'a'), join(root, 'b')];
  writeResults(resultsOf([cellOf('sockets', [1, 1.01, 0.99, 1, 1.02, 0.98])]), a);
  writeResults(resultsOf([cellOf('sockets', [2, 2.01, 1.99, 2, 2.02, 1.98])]), b);
  return { a, b };
}

interface Ended {
  readonly status: number | null;
  readonly error: string;
}

/** Runs a command whose standard output goes to this descriptor, or to a reader that has ended. */
async function run(args: readonly string[], out: number | 'ended'): Promise<Ended> {
  const child = spawn(process.execPath, [capstan, 'bench', ...args], {
    stdio: ['ignore', out === 'ended' ? 'pipe' : out, 'pipe'],
  });
  child.stdout?.destroy();
  let error = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    error += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, error };
}

test('a reader that has seen enough changes neither verdict nor status', async (t) => {
  const { a, b } = runsOf(t);
  const quiet = { status: 0, error: '' };
  t.deepEqual(await run(['--help'], 'ended'), quiet);
  t.deepEqual(await run(['compare', a, b], 'ended'), quiet);
  t.deepEqual(await run(['compare', a, b, '--json'], 'ended'), quiet);
  t.deepEqual(await run(['gate', '--baseline', a, a], 'ended'), quiet);
  const worse = await run(['gate', '--baseline', a, b], 'ended');
  t.is(worse.status, 1);
  t.regex(worse.error, /^capstan bench gate: worse: [^\n]*\n$/);
});

test('a full disk is told in one line and is a failure, whatever the command', async (t) => {
  const { a, b } = runsOf(t);
  const full = openSync('/dev/full', 'w');
  try {
    for (const args of [['--help'], ['compare', a, b], ['gate', '--baseline', a, a]]) {
      const { status, error } = await run(args, full);
      t.is(status, 1, args.join(' '));
      t.regex(error, /^capstan bench: the output cannot be written: ENOSPC: [^\n]*\n$/);
    }
  } finally {
    closeSync(full);
  }
});
