/** The comparison with D-Bus at smoke sizes: private buses, real processes, and nothing left of them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { dbusLines, dbusPlacements, runDBusComparison, smokeDBusOptions } from '../../bench/dbus.js';
import { p50OverLaunches } from '../../bench/report/comparison.js';
import { type JudgedCell, judgeMusts, mustRow } from '../../bench/report/musts.js';
import type { LaunchFigures } from '../../bench/results/line.js';
import { findDBus } from '../../bench/scenarios/dbus.js';
import { eventually } from '../support/eventually.js';
import { descendants } from '../support/processes.js';
import { launchesOf } from './support/launches.js';

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
    const calls = [
      ...ours('empty'),
      'c-broker empty',
      'bus-spin empty',
      ...theirs('empty'),
      ...direct('empty'),
    ];
    t.deepEqual(names('W1'), calls.sort());
    const streams = [...ours('one-way'), ...theirs('one-way'), ...theirs('signal'), ...direct('one-way')];
    t.deepEqual(names('W2'), streams.sort());
    t.deepEqual(names('W4'), [...ours('multicast'), ...theirs('signal')].sort());
    for (const line of lines) {
      const name = `${line['workload']} ${line['contender']} ${line['call']}`;
      t.is(line['violations'], 0, name);
      t.true(Number(line['samples']) > 0, name);
      t.true(Number(line['cpu_us_per_message']) > 0, name);
      const isBrokered = ['bus', 'bus-spin', 'dbus-broker', 'dbus-daemon'].includes(
        String(line['contender']),
      );
      t.is(line['broker_cpu_us_per_message'] !== null, isBrokered, name);
      t.is(line['placement'], dbusPlacements()[0]?.name, name);
      t.is((line['launches'] as unknown[]).length, 1, name);
    }
    // What must be reached stands with the bus's cells; one launch tells nothing of it.
    const musts = lines.flatMap((line) => (line['musts'] ?? []) as Record<string, unknown>[]);
    t.deepEqual(
      musts.map(({ workload, contender, over }) => `${workload} ${contender} / ${over}`),
      ['W1 bus / dbus-broker', 'W1 bus / dbus-daemon', 'W2 bus / dbus-broker', 'W4 bus / sockets'],
    );
    for (const must of musts) t.true(['unclear', null].includes(must['reached'] as string | null));
  },
);

type Known = Omit<Partial<LaunchFigures>, 'launch'>;

/** A cell with the figures of each launch; those of all together are not what is judged. */
function judged(workload: string, contender: string, call: string, launches: readonly Known[]): JudgedCell {
  const cell = { workload, contender, call, placement: 'one-core', p50_us: 1, per_broker_cpu_second: 1 };
  return { ...cell, violations: 0, launches: launchesOf(launches) };
}

const calls = (contender: string, p50s: readonly number[]): JudgedCell =>
  judged(
    'W1',
    contender,
    'empty',
    p50s.map((p50_us) => ({ p50_us })),
  );

const streams = (contender: string, rates: readonly number[]): JudgedCell =>
  judged(
    'W2',
    contender,
    'one-way',
    rates.map((per_broker_cpu_second) => ({ per_broker_cpu_second })),
  );

test('a ratio is judged by its interval over launches, and named as not measured where a cell is missing', (t) => {
  const musts = judgeMusts([
    calls('bus', [20, 21, 60]),
    calls('dbus-broker', [30, 31.5, 90]),
    streams('bus', [20, 21, 19]),
    streams('dbus-broker', [10, 10, 10]),
  ]);
  t.deepEqual(
    musts.map(({ value, must, reached }) => [value, must, reached]),
    [
      [0.667, 0.8, 'yes'],
      [null, 0.5, null],
      [1.998, 3, 'no'],
    ],
  );
  const [first, second, third] = musts;
  t.deepEqual([first?.low, first?.high], [0.667, 0.667]);
  t.deepEqual([second?.low, second?.high], [null, null]);
  t.deepEqual([first?.launches, first?.launches_used], [3, 3]);
  t.deepEqual([second?.launches, second?.launches_used], [null, null]);
  t.true(third !== undefined && Number(third.low) < 2 && Number(third.high) < 3);
});

test('launches that a ratio leaves out are counted, and the table says so', (t) => {
  const few = judged('W1', 'bus', 'empty', [
    { p50_us: 20 },
    { p50_us: null },
    { p50_us: 21 },
    { p50_us: 60 },
  ]);
  const [some] = judgeMusts([few, calls('dbus-broker', [30, 31, 31.5, 90])]);
  t.deepEqual([some?.value, some?.launches, some?.launches_used], [0.667, 4, 3]);
  t.is(some === undefined ? '' : mustRow(some)[2], '0.67 (3 of 4 launches)');
  const [all] = judgeMusts([calls('bus', [20, 21]), calls('dbus-broker', [30, 31.5])]);
  t.is(all === undefined ? '' : mustRow(all)[2], '0.67');
});

test('a ratio whose interval holds the bound is unclear, whatever its estimate', (t) => {
  // The bus lies below the bound in two launches and far above it in the third.
  const [must] = judgeMusts([calls('bus', [20, 21, 40]), calls('dbus-broker', [40, 41, 42])]);
  t.true(must !== undefined && Number(must.value) < 0.8 && Number(must.high) > 0.8);
  t.is(must?.reached, 'unclear');
});

test('one launch has a ratio and no answer, and neither have results from before there were launches', (t) => {
  const [one] = judgeMusts([calls('bus', [20]), calls('dbus-broker', [40])]);
  t.deepEqual([one?.value, one?.low, one?.reached], [0.5, null, 'unclear']);
  const earlier = (contender: string, p50_us: number): JudgedCell => {
    const { launches: _, ...cell } = calls(contender, []);
    return { ...cell, p50_us };
  };
  const [old] = judgeMusts([earlier('bus', 20), earlier('dbus-broker', 40)]);
  t.deepEqual([old?.value, old?.low, old?.reached], [0.5, null, 'unclear']);
});

test('a cell that failed is not judged', (t) => {
  const failed = { ...calls('bus', [20, 20, 20]), violations: 1 };
  t.is(judgeMusts([failed, calls('dbus-broker', [40, 40, 40])])[0]?.reached, null);
  const invalid = { ...calls('bus', [20, 20, 20]), invalid: 'failed in 1 of 4 launches: it ended' };
  t.is(judgeMusts([invalid, calls('dbus-broker', [40, 40, 40])])[0]?.reached, null);
});

test('a table shows the launches: where the kernel chooses the cores they are of two kinds', (t) => {
  const launches = launchesOf([{ p50_us: 48.2 }, { p50_us: 136.4 }, { p50_us: 53 }]);
  t.is(p50OverLaunches({ p50_us: 54, launches }), '54.0 [48–136]');
  t.is(
    p50OverLaunches({ p50_us: 9.5, launches: launchesOf([{ p50_us: 9.4 }, { p50_us: 9.71 }]) }),
    '9.5 [9.4–9.7]',
  );
  t.is(p50OverLaunches({ p50_us: 54, launches: launches.slice(0, 1) }), '54.0');
  t.is(p50OverLaunches({ p50_us: 54 }), '54.0');
  t.is(p50OverLaunches({ p50_us: null, launches: launchesOf([{}, {}]) }), '–');
});

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
      await eventually('the first launch', () => progress.includes('launch 1 of'), 60_000);
      let tree: number[] = [];
      const hasSeveral = (): boolean => {
        tree = [child.pid ?? 0, ...descendants(child.pid ?? 0)];
        return tree.length > 5;
      };
      await eventually('processes of several cells', hasSeveral, 60_000);
      child.kill(signal);
      await ended;
      await eventually(
        'all processes are gone',
        () => tree.every((pid) => !existsSync(`/proc/${pid}`)),
        20_000,
      );
      t.true(tree.length > 5);
      // Who is killed cannot remove its files.
      if (signal === 'SIGINT') t.deepEqual(readdirSync(directory), []);
    } finally {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    }
  });
}
