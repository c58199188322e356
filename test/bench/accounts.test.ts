/**
 * What the figures of a cell are of: where its threads run, whose CPU time is the client's, how much of a stream is under way, and what
 * becomes of a time that does not fit into a sample.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createHistogram, type Placement } from '../../bench/latency/cell.js';
import { tasksetPath } from '../../bench/latency/peer-process.js';
import { Samples } from '../../bench/latency/samples.js';
import { type Block, Stage } from '../../bench/latency/stage.js';
import { allContenders, scenarios } from '../../bench/scenarios/index.js';
import type { Action, CellShape } from '../../bench/scenarios/scenario.js';
import { checkDescriptors } from '../support/leaks.js';

checkDescriptors(test);

const nowhere: Placement = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };

interface Started {
  readonly stage: Stage;
  /** Those of the client, and of what it has started. */
  readonly pids: readonly number[];
}

/** Gives a cell of this contender to `act`; false if the contender is not here. */
async function withStage(
  name: string,
  action: Action,
  shape: CellShape,
  act: (started: Started) => Promise<void>,
  placement = nowhere,
): Promise<boolean> {
  const contender = allContenders().find((one) => one.name === name);
  const launcher = contender?.launchers[action];
  if (contender?.presence().present !== true || launcher === undefined) return false;
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const { payloadBytes, varied } = shape;
  let pids: readonly number[] = [];
  const launch = launcher(placement, shape);
  try {
    const stage = await Stage.launch(
      {
        ...{ workload: 'W1', contender: name, call: action, payloadBytes, varied },
        placement: placement.name,
        async launch(where) {
          const processes = await launch(where);
          pids = processes.client.pids;
          return processes;
        },
      },
      directory,
    );
    try {
      await act({ stage, pids });
      await stage.stop();
    } finally {
      stage.kill();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return true;
}

/** The CPUs on which the threads of a process may run, as the kernel writes them. */
function cpusOf(pid: number): Set<string | undefined> {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return new Set(
    tasks.map((task) => {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
    }),
  );
}

test('7: at one core every thread of the worker threads runs on it, those that collect garbage, too', async (t) => {
  if (tasksetPath === undefined) {
    t.log('skipped: taskset (util-linux) is not installed');
    t.pass();
    return;
  }
  const oneCore: Placement = { name: 'one-core', client: 0, service: 0, broker: 0 };
  const look = async ({ pids: [pid = 0] }: Started): Promise<void> => {
    t.deepEqual([...cpusOf(pid)], ['0']);
  };
  t.true(await withStage('worker-threads', 'call', { payloadBytes: 64, varied: {} }, look, oneCore));
});

test('7: at two cores they run on these and on no other one', async (t) => {
  if (tasksetPath === undefined || availableParallelism() < 2) {
    t.log('skipped: it needs two cores, and taskset (util-linux)');
    t.pass();
    return;
  }
  const twoCores: Placement = { name: 'two-cores', client: 0, service: 1, broker: 0 };
  const look = async ({ pids: [pid = 0] }: Started): Promise<void> => {
    t.deepEqual([...cpusOf(pid)].sort(), ['0', '0-1', '1']);
  };
  t.true(await withStage('worker-threads', 'call', { payloadBytes: 64, varied: {} }, look, twoCores));
});

const programs: readonly (readonly [name: string, action: Action, shape: CellShape])[] = [
  ['c-seqpacket', 'call', { payloadBytes: 64, varied: {} }],
  ['c-seqpacket', 'multicast', { payloadBytes: 64, varied: { receivers: 4 } }],
  ['child-process', 'call', { payloadBytes: 64, varied: {} }],
  ['node-net', 'call', { payloadBytes: 64, varied: {} }],
];

for (const [name, action, shape] of programs) {
  test(`2: of ${name}, ${action}, the client's share of the CPU time is without what it has started, and less than all`, async (t) => {
    const measure = async ({ stage }: Started): Promise<void> => {
      const { cpuNs, clientCpuNs, samples } = await stage.closed(100, {}, createHistogram());
      t.true(samples > 0);
      // Both ends have to wake up for each message, so neither has nearly all.
      t.true(clientCpuNs > 0.02 * cpuNs && clientCpuNs < 0.95 * cpuNs, `${clientCpuNs} of ${cpuNs} ns`);
    };
    t.true(await withStage(name, action, shape, measure));
  });
}

test('2: a client inside of a manager is counted once', async (t) => {
  const [cell] =
    scenarios
      .find(({ workload }) => workload === 'W7')
      ?.cells({
        placement: nowhere,
        isFirstPlacement: true,
        tier: 'smoke',
        contenders: allContenders().filter(({ name }) => name === 'memory'),
        named: ['memory'],
        cannot: () => {},
      })
      .filter(({ contender }) => contender === 'memory') ?? [];
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  let stage: Stage | undefined;
  try {
    if (cell !== undefined) stage = await Stage.launch(cell, directory);
    await stage?.closed(50, {});
    const block = await stage?.closed(200, {}, createHistogram());
    // One process is all of this cell: what its client spends in a block is what all of it does.
    t.true(block !== undefined && block.clientCpuNs > 0);
    t.is(block?.cpuNs, block?.clientCpuNs);
    await stage?.stop();
  } finally {
    stage?.kill();
    rmSync(directory, { recursive: true, force: true });
  }
});

test('2: to be told of a block and to hand over its samples is not in the CPU time of a client in Node', async (t) => {
  await withStage('node-net', 'call', { payloadBytes: 64, varied: {} }, async ({ stage }) => {
    await stage.closed(50, {});
    // A block whose time is over before it begins has one call.
    const blocks: Block[] = [];
    for (let at = 0; at < 10; at++) blocks.push(await stage.closed(0, {}, createHistogram()));
    t.true(blocks.every(({ samples }) => samples === 1));
    const least = Math.min(...blocks.map(({ clientCpuNs }) => clientCpuNs));
    t.true(least > 0 && least < 500_000, `${least} ns for one call`);
  });
});

/** Batches of a stream that are under way, by Little's law. */
const underWay = ({ p50Ns, samples, elapsedMs }: Block): number => ((p50Ns / 1e6) * samples) / elapsedMs;

const streamers: readonly string[] = allContenders()
  .filter(({ launchers }) => launchers.stream !== undefined)
  .map(({ name }) => name);

for (const name of streamers) {
  test.serial(
    `W2: ${name} has no more of a stream of large messages under way than the others`,
    async (t) => {
      const payloadBytes = allContenders().find((one) => one.name === name)?.payloadBytesMax ?? 65_536;
      const shape = { payloadBytes, varied: { senders: 1 } };
      const isHere = await withStage(name, 'stream', shape, async ({ stage }) => {
        const block = await stage.closed(150, {}, createHistogram());
        t.is(block.violations, 0);
        // Four parts of an eighth are half a batch, beside the one that a sample is from; four batches would be four.
        t.true(block.samples > 0 && underWay(block) < 2.5, `${underWay(block)} batches`);
      });
      if (isHere) return;
      t.log('skipped: it is not installed');
      t.pass();
    },
  );
}

test('12: a time that does not fit into a sample is kept as the most that does', (t) => {
  const samples = new Samples();
  for (const milliseconds of [4_294, 4_295, 5_000, 20_000]) samples.add(milliseconds);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  try {
    samples.write(join(directory, 'samples'));
    const bytes = readFileSync(join(directory, 'samples'));
    const told = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(at * 4));
    t.deepEqual(told, [4_294_000_000, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
