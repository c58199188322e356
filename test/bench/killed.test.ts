/** A benchmark that is killed leaves nothing behind but its results: no process, and no directory of sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { writeResults } from '../../bench/results/directory.js';
import { eventually } from '../support/eventually.js';
import { descendants, isAlive } from '../support/processes.js';
import { cellOf, resultsOf } from './statistics/runs.js';

const capstan = fileURLToPath(new URL('../../clients/cli/main.js', import.meta.url));
const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

/** Whether it is a manager's init, and no program that is about to become it. */
function isInit(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'capstan-init';
  } catch {
    return false;
  }
}

/** Whether a peer receives at a socket of its own somewhere below. */
function receives(directory: string): boolean {
  try {
    return readdirSync(directory, { recursive: true }).some((name) => basename(String(name)).startsWith('~'));
  } catch {
    // Something was removed meanwhile.
    return false;
  }
}

/** Kills the command when it has a whole manager running, and waits until all is gone. */
async function killAtManager(t: ExecutionContext, ...args: readonly string[]): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const harness = spawn(process.execPath, [main, '--smoke', '--peers', 'none', ...args], {
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: root },
  });
  const pid = harness.pid ?? 0;
  let tree: number[] = [];
  try {
    const ended = once(harness, 'close');
    await eventually('a manager runs with its broker', () => {
      tree = descendants(pid);
      return tree.some((one) => isInit(one) && descendants(one).length > 0);
    });
    t.true(readdirSync(root).some((name) => name.startsWith('capstan-bench-')));
    harness.kill('SIGKILL');
    await ended;
    await eventually('its processes have ended', () => !tree.some(isAlive));
    await eventually('its directory is removed', () => readdirSync(root).length === 0);
    t.deepEqual(readdirSync(root), []);
  } finally {
    harness.kill('SIGKILL');
    for (const one of tree.filter(isAlive)) process.kill(one, 'SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

test('killed while a manager and its client are measured, it leaves neither processes nor files', (t) =>
  killAtManager(t, '--workload', 'W7', '--transport', 'sockets'));

test('killed while a manager with its client inside is measured, it leaves neither processes nor files', (t) =>
  killAtManager(t, '--workload', 'W7', '--transport', 'memory'));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`ended by ${signal} while peers receive at sockets of their own, it leaves nothing and names the signal`, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
    const words = [
      'bench',
      '--quick',
      '--workload',
      'W1',
      '--transport',
      'datagram',
      '--peers',
      'none',
      '--quiet',
    ];
    const command = spawn(process.execPath, [capstan, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TMPDIR: root, XDG_RUNTIME_DIR: root },
      // In a group of its own, so that the signal reaches all of it, as from a terminal.
      detached: true,
    });
    const pid = command.pid ?? 0;
    let [tree, said]: [number[], string] = [[], ''];
    command.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    try {
      const ended = once(command, 'close');
      await eventually('a client receives at a socket of its own', () => {
        tree = descendants(pid);
        return receives(root);
      });
      process.kill(-pid, signal);
      t.deepEqual(await ended, [null, signal]);
      await eventually('its processes have ended', () => !tree.some(isAlive));
      await eventually('its files are removed', () => readdirSync(root).length === 0);
      t.regex(said, new RegExp(`stopped by ${signal}\\n`));
    } finally {
      command.kill('SIGKILL');
      for (const one of tree.filter(isAlive)) process.kill(one, 'SIGKILL');
      rmSync(root, { recursive: true, force: true });
    }
  });
}

test('a gate that is killed ends the run that it makes, and leaves no files', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const [baseline, temporary] = [join(root, 'baseline'), join(root, 'temporary')];
  const kept = resultsOf([cellOf('sockets', [1, 1, 1, 1])]);
  const command = 'capstan bench --smoke --peers none --transport sockets --workload W1';
  writeResults({ ...kept, run: { ...kept.run, command } }, baseline);
  mkdirSync(temporary);
  const gate = spawn(process.execPath, [main, 'gate', '--baseline', baseline], {
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: temporary },
  });
  let tree: number[] = [];
  try {
    const ended = once(gate, 'close');
    await eventually('the run has processes', () => {
      tree = descendants(gate.pid ?? 0);
      return tree.some((one) => descendants(one).length > 1);
    });
    gate.kill('SIGKILL');
    await ended;
    await eventually('its processes have ended', () => !tree.some(isAlive));
    await eventually('its directories are removed', () => readdirSync(temporary).length === 0);
    t.pass();
  } finally {
    gate.kill('SIGKILL');
    for (const one of tree.filter(isAlive)) process.kill(one, 'SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
});
