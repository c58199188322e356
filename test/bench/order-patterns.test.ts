/** W8 at smoke sizes: every pattern over every transport between processes, with real processes, and nothing left behind. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findDeliveryFaults } from '../../bench/check/delivery.js';
import type { Histories, HistoryEvent } from '../../bench/check/history.js';
import { placements } from '../../bench/index.js';
import { PeerProcess } from '../../bench/latency/peer-process.js';
import type { OrderLine } from '../../bench/results/line.js';
import { projectDirectory, startInOrder } from '../../bench/scenarios/contenders.js';
import { judgeOrder, type OrderSizes, orderSizes, runOrders } from '../../bench/scenarios/order.js';
import { OrderGroup } from '../../bench/scenarios/order-group.js';
import { arrivalsAt, orderPattern, orderPatterns } from '../../bench/scenarios/order-patterns.js';
import { preemptionPresence } from '../../bench/scenarios/order-preemption.js';
import type { Contender } from '../../bench/scenarios/scenario.js';
import { transports } from '../../transports/catalog.js';
import { eventually } from '../support/eventually.js';
import { checkDescriptors } from '../support/leaks.js';
import { accept, hear, receive, send, tell } from './histories.js';

checkDescriptors(test);

const seed = Number(process.env['CAPSTAN_SEED'] ?? 20_261_122);
const [placement] = placements();
const own = transports.filter(({ manifest }) => manifest.crossProcess).map(({ name }) => name);

function contender(name: string): Contender {
  const kind = name === 'node-net' ? 'node' : 'own';
  return { name, kind, waiting: 'block', launchers: {}, presence: () => ({ present: true }) };
}

async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-order-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function orders(
  names: readonly string[],
  sizes: OrderSizes,
): Promise<{ readonly lines: OrderLine[]; readonly notes: string[]; readonly steps: number[] }> {
  const notes: string[] = [];
  const steps: number[] = [];
  if (placement === undefined) throw new Error('there is no placement');
  const context = {
    placement,
    tier: 'smoke' as const,
    contenders: names.map(contender),
    cannot: (who: string, what: string) => void notes.push(`${who}: ${what}`),
  };
  const lines = await withDirectory((directory) =>
    runOrders(context, {
      directory,
      seed,
      launch: 0,
      sizes,
      onProgress: (_, share) => void steps.push(share),
    }),
  );
  return { lines, notes, steps };
}

for (const name of [...own, 'node-net']) {
  test.serial(
    `every pattern runs over ${name}, with and without a load, and no promise is broken`,
    async (t) => {
      t.timeout(100_000);
      t.log(`seed ${seed}`);
      const { lines, steps } = await orders([name], { ...orderSizes.smoke, loads: [0, 20] });
      t.deepEqual(
        lines.map(({ call, load_kib }) => `${call} ${load_kib}`),
        orderPatterns.flatMap((pattern) => [`${pattern.name} 0`, `${pattern.name} 20`]),
      );
      for (const line of lines) {
        t.is(line.runs, 3, line.call);
        t.is(line.violations, 0, `${line.call}: ${line.example}`);
        t.is(line.contender, name);
        if (line.is_promised) t.is(line.inversions, 0, line.example);
        if (line.inversions === 0) t.is(line.diagram, undefined);
      }
      t.is(lines.filter(({ is_promised }) => is_promised).length, { bus: 12, datagram: 2 }[name] ?? 0);
      t.is(steps.length, lines.length);
      for (const [at, share] of steps.entries()) t.is(share, at / lines.length);
    },
  );
}

test.serial(
  'a transport whose peers share a process is named as one that has no such patterns',
  async (t) => {
    const { lines, notes } = await orders(['memory'], orderSizes.smoke);
    t.deepEqual(lines, []);
    t.is(notes.length, 1);
    t.regex(notes[0] ?? '', /^memory: /);
  },
);

test.serial('processes are stopped and crowded out without anything being lost', async (t) => {
  t.timeout(100_000);
  t.log(`seed ${seed}`);
  const ways = ['stopped', 'neighbour', 'real-time'] as const;
  const { lines, notes } = await orders(['bus'], {
    patterns: ['triangle'],
    loads: [0],
    preemptions: ways,
    launches: 1,
    runs: 60,
    loadedRuns: 1,
    maxMs: 2_000,
  });
  for (const note of notes) t.log(note);
  const possible = ways.filter((way) => preemptionPresence(way).present);
  t.deepEqual(
    lines.map(({ preemption }) => preemption),
    possible,
  );
  t.is(notes.length, ways.length - possible.length);
  for (const line of lines) {
    t.is(line.violations, 0, line.example);
    t.is(line.inversions, 0, line.example);
    t.true(line.runs > 0);
  }
});

test.serial(
  'whoever is stopped goes on when the one who stops is left alone, as by a harness that was killed',
  async (t) => {
    t.log(`seed ${seed}`);
    const peers = join(projectDirectory, 'build', 'bench', 'peers');
    const sleepy = [process.execPath, join(peers, 'neighbour.js'), '1', '20000', '1'];
    const [victim, stopper] = await startInOrder([
      () => new PeerProcess('victim', sleepy),
      () => new PeerProcess('stopper', [process.execPath, join(peers, 'stopper.js')]),
    ]);
    const [pid = 0] = victim?.pids ?? [];
    const isStopped = (): boolean => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    stopper?.write(`begin ${seed} ${pid}`);
    t.is(await stopper?.line(10_000), 'begun');
    await eventually('the victim is stopped', isStopped);
    await stopper?.stop();
    t.false(isStopped());
    await victim?.stop();
  },
);

test.serial('histories have what the pattern says, and the load is not in them', async (t) => {
  t.log(`seed ${seed}`);
  if (placement === undefined) throw new Error('there is no placement');
  const pattern = orderPattern('receipt');
  const outcome = await withDirectory(async (directory) => {
    const group = await OrderGroup.start('sockets', placement, pattern.roles, directory, seed);
    try {
      const task = { pattern: pattern.name, runs: 2, loadMessages: 5, payloadBytes: 200, seed, maxMs: 5_000 };
      return await group.run(task);
    } finally {
      await group.end();
    }
  });
  t.is(outcome.runs, 2);
  t.false(outcome.isStuck);
  t.is(outcome.loadFaults, 0);
  t.deepEqual(findDeliveryFaults(outcome.histories), []);
  for (const role of pattern.roles) {
    const log = outcome.histories[role] ?? [];
    const arrived = log.filter(({ kind }) => kind === 'receive' || kind === 'hear');
    t.is(arrived.length, 2 * arrivalsAt(pattern, role).length, role);
    for (const { kind, digest } of log) t.is(digest !== undefined, kind === 'send' || kind === 'receive');
  }
  // The list of receivers is turned from run to run.
  const sends = (outcome.histories['a'] ?? []).filter(({ kind }) => kind === 'send');
  t.deepEqual(sends.map(({ to }) => to?.join(' ')).sort(), ['b d', 'd b']);
});

test.serial('a run in which somebody was killed is given up, and nobody is left', async (t) => {
  t.log(`seed ${seed}`);
  if (placement === undefined) throw new Error('there is no placement');
  const { roles, name: pattern } = orderPattern('relay');
  await withDirectory(async (directory) => {
    const group = await OrderGroup.start('sockets', placement, roles, directory, seed);
    const pids = group.peers.flatMap((peer) => [...peer.pids]);
    t.is(pids.length, 4);
    const task = { pattern, runs: 1_000_000, loadMessages: 0, payloadBytes: 0, seed, maxMs: 20_000 };
    const running = group.run({ ...task, patienceMs: 300 });
    const ended = t.throwsAsync(running, { message: /ended/ });
    // The processes are the hub, a, b and c; it is b that is missed.
    await eventually('b is under way', () => existsSync(`/proc/${pids[2]}`));
    process.kill(pids[2] ?? 0, 'SIGKILL');
    await ended;
    group.kill();
    for (const pid of pids) await eventually(`${pid} is gone`, () => !existsSync(`/proc/${pid}`));
  });
});

const inRun = (run: number, histories: Histories): Histories =>
  Object.fromEntries(
    Object.entries(histories).map(([role, log]) => [
      role,
      log.map((event): HistoryEvent => ({ ...event, message: `${event.message} ${run}`, run })),
    ]),
  );

const inverted = inRun(1, {
  a: [send('cause', 'c'), accept('cause'), tell('written', 'b')],
  b: [hear('written'), send('effect', 'c'), accept('effect')],
  c: [receive('effect'), receive('cause')],
});

function judged(order: 'per-handle' | 'causal' | 'total', histories: Histories): OrderLine {
  if (placement === undefined) throw new Error('there is no placement');
  const promise = { order, multicast: order === 'total' ? 'atomic' : 'loop' } as const;
  const pattern = orderPattern('completion');
  const cell = { contender: 'sockets', promise, placement, pattern, load: 0, preemption: 'none' } as const;
  return judgeOrder(cell, { histories, runs: 1, isStuck: false, loadFaults: 0 });
}

test('an inversion is a result where nobody promised that there is none, and a violation where somebody did', (t) => {
  for (const order of ['per-handle', 'causal'] as const) {
    const line = judged(order, inverted);
    t.is(line.inversions, 1);
    t.is(line.violations, 0);
    t.false(line.is_promised);
    t.regex(line.example ?? '', /c received effect before cause/);
    t.is(line.diagram?.arrows.find(({ role }) => role === 'cause')?.message, 'cause');
  }
  const line = judged('total', inverted);
  t.is(line.violations, 1);
  t.is(line.delivery_faults, 0);
  t.true(line.is_promised);
});

test('a lost message is a violation for everybody, and no inversion', (t) => {
  const { c: _, ...rest } = inverted;
  const line = judged('per-handle', { ...rest, c: [{ ...receive('cause 1'), run: 1 }] });
  t.is(line.inversions, 0);
  t.is(line.violations, 1);
  t.is(line.delivery_faults, 1);
  t.regex(line.example ?? '', /├── effect 1 .*✕.*effect 1 from b never reached c\n/s);
  t.is(line.diagram?.property, 'delivery');
});
