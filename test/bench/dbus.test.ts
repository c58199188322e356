/** The comparison with D-Bus at smoke sizes: private buses, real processes, and nothing left of them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { dbusLines, dbusPlacements, runDBusComparison, smokeDBusOptions } from '../../bench/dbus.js';
import { judgeMusts } from '../../bench/report/musts.js';
import { findDBus } from '../../bench/scenarios/dbus.js';
import { eventually } from '../support/eventually.js';

const presence = findDBus();

test.serial(
  'every contender that is here answers, nothing is violated, and the lines have their stable names',
  async (t) => {
    t.timeout(110_000);
    for (const reason of presence.missing) t.log(`not compared: ${reason}`);
    const result = await runDBusComparison(smokeDBusOptions);
    t.deepEqual(result.missing, presence.missing);
    const lines = dbusLines(result).map((line) => JSON.parse(line) as Record<string, unknown>);
    const names = (workload: string): string[] =>
      lines
        .filter((line) => line['workload'] === workload)
        .map((line) => `${line['contender']} ${line['call']}`)
        .sort();
    const ours = (call: string): string[] =>
      ['bus', 'c-seqpacket', 'sockets'].map((name) => `${name} ${call}`);
    const theirs = (call: string): string[] => presence.buses.map((name) => `${name} ${call}`);
    const direct = (call: string): string[] => (presence.hasPeers ? [`sdbus-direct ${call}`] : []);
    const calls = [...ours('empty'), 'c-broker empty', ...theirs('empty'), ...direct('empty')];
    t.deepEqual(names('W1'), calls.sort());
    const streams = [...ours('one-way'), ...theirs('one-way'), ...theirs('signal'), ...direct('one-way')];
    t.deepEqual(names('W2'), streams.sort());
    t.deepEqual(names('W4'), [...ours('multicast'), ...theirs('signal')].sort());
    for (const line of lines) {
      const name = `${line['workload']} ${line['contender']} ${line['call']}`;
      t.is(line['violations'], 0, name);
      t.true(Number(line['samples']) > 0, name);
      t.true(Number(line['cpu_us_per_message']) > 0, name);
      const isBrokered = ['bus', 'dbus-broker', 'dbus-daemon'].includes(String(line['contender']));
      t.is(line['broker_cpu_us_per_message'] !== null, isBrokered, name);
      t.is(line['placement'], dbusPlacements()[0]?.name, name);
    }
  },
);

test('a ratio is judged where both of its cells are, and named as not measured where one is missing', (t) => {
  const cell = {
    call: 'empty',
    payload_bytes: 64,
    receivers: 1,
    receiver_processes: 1,
    placement: 'one-core',
    loop: 'closed',
    p90_us: 1,
    p99_us: 1,
    p999_us: 1,
    max_us: 1,
    per_second: 1,
    cpu_us_per_message: 1,
    client_cpu_us_per_message: 1,
    broker_cpu_us_per_message: 1,
    per_broker_cpu_second: 1,
    ratio: 1,
    ratio_low: 1,
    ratio_high: 1,
    samples: 1,
    violations: 0,
    histogram: '',
  } as const;
  const musts = judgeMusts([
    { ...cell, workload: 'W1', contender: 'bus', p50_us: 20 },
    { ...cell, workload: 'W1', contender: 'dbus-broker', p50_us: 30 },
    { ...cell, workload: 'W2', contender: 'bus', call: 'one-way', p50_us: 1, per_broker_cpu_second: 20 },
    {
      ...cell,
      workload: 'W2',
      contender: 'dbus-broker',
      call: 'one-way',
      p50_us: 1,
      per_broker_cpu_second: 10,
    },
  ]);
  t.deepEqual(
    musts.map(({ value, must, reached }) => [value, must, reached]),
    [
      [0.67, 0.8, true],
      [null, 0.5, null],
      [2, 3, false],
    ],
  );
});

/** A process and all its descendants, as they are now. */
function treeOf(root: number): number[] {
  const found = [root];
  for (const pid of found) {
    const file = `/proc/${pid}/task/${pid}/children`;
    if (existsSync(file))
      found.push(...readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number));
  }
  return found;
}

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test.serial(`no process outlives a comparison that is ended by ${signal}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
    const main = join(fileURLToPath(import.meta.url), '..', '..', '..', 'bench', 'dbus-main.js');
    const child = spawn(process.execPath, [main, '--smoke', '--json'], {
      env: { ...process.env, TMPDIR: directory },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    let progress = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      progress += text;
    });
    try {
      await eventually('the first round', () => progress.includes('round 1 of'), 60_000);
      const tree = treeOf(child.pid ?? 0);
      t.true(tree.length > 5);
      child.kill(signal);
      await ended;
      await eventually(
        'all processes are gone',
        () => tree.every((pid) => !existsSync(`/proc/${pid}`)),
        20_000,
      );
      // Who is killed cannot remove its files.
      if (signal === 'SIGINT') t.deepEqual(readdirSync(directory), []);
    } finally {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
