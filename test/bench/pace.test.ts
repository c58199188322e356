/** The pace of the cores: what the probe tells of real ones, what a launch keeps of it, and what a run says of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type CellDefinition, cellNameOf } from '../../bench/latency/cell.js';
import { runLaunch } from '../../bench/latency/launch.js';
import { PaceProbe, pinnedCpus } from '../../bench/latency/pace.js';
import { PeerProcess, pinned } from '../../bench/latency/peer-process.js';
import { cellLines } from '../../bench/lines.js';
import { noiseOf } from '../../bench/noise.js';
import { placements } from '../../bench/placements.js';
import { slownessOf } from '../../bench/results/slowness.js';
import { ownContenders } from '../../bench/scenarios/contenders.js';
import { checkDescriptors } from '../support/leaks.js';
import { cellOf, launchOf } from './statistics/runs.js';

checkDescriptors(test);

/** As the pace of a block is: microseconds of a fixed piece of work. */
function isPace(ns: number | undefined): boolean {
  return ns !== undefined && ns > 100 && ns < 10_000_000;
}

test.serial('the probe tells the pace of each CPU, of any one, and that it may not use one', async (t) => {
  const probe = await PaceProbe.launch();
  try {
    t.true(isPace(await probe.measure([0])));
    t.true(isPace(await probe.measure([])));
    t.is(await probe.measure([1_000_000]), undefined);
    t.true(isPace(await probe.measure([0, 0])), 'it goes on afterwards');
  } finally {
    await probe.stop();
  }
});

test.serial('the CPUs of processes are those to which all of them are pinned', async (t) => {
  const peers = [0, 0, undefined].map(
    (cpu) => new PeerProcess('a sleeper', pinned(cpu, ['sh', '-c', 'echo ready $$; read line'])),
  );
  try {
    for (const peer of peers) await peer.ready();
    const [first = [], second = [], free = []] = peers.map(({ pids }) => pids);
    t.deepEqual(pinnedCpus([...first, ...second]), [0]);
    t.deepEqual(pinnedCpus([...first, 0x3fffffff]), [0], 'who has ended is nowhere');
    const isOneCpu = pinnedCpus(free).length === 1;
    t.deepEqual(pinnedCpus([...first, ...free]), isOneCpu ? [0] : []);
  } finally {
    for (const peer of peers) await peer.stop();
  }
});

test.serial(
  'each block of a launch has a median and a pace, and short blocks are more than long ones',
  async (t) => {
    const [placement] = placements();
    const contender = ownContenders().find(({ name }) => name === 'c-seqpacket');
    const call = contender?.launchers.call;
    if (placement === undefined || call === undefined) throw new Error('there is no C ping-pong');
    const cell = (gapMs: number): CellDefinition => ({
      workload: 'W10',
      contender: 'c-seqpacket',
      call: 'empty',
      payloadBytes: 64,
      placement: placement.name,
      varied: { gap_ms: gapMs },
      launch: call.call(contender?.launchers, placement, { payloadBytes: 64, varied: {} }),
    });
    const options = {
      ...{ seed: 1, rounds: 5, blockMs: 4, longBlockMs: 20, longRounds: 2 },
      ...{ warmUpMs: 5, warmUpMaxMs: 10, rushMs: 0 },
    };
    const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
    try {
      const cells = [cell(0), cell(1)];
      const records = await runLaunch(cells, options, directory, () => {});
      const group = { key: 'all', workload: 'W10', placement: placement.name, cells };
      const lines = cellLines([group], [{ group: 'all', launch: 0, cells: records }], 1, 1);
      t.deepEqual(
        lines.map(({ gap_ms }) => gap_ms),
        cells.map((one) => cellNameOf(one).gap_ms),
      );
      const blocks = lines.map(({ launches }) => launches[0]?.blocks);
      t.deepEqual(
        blocks.map((one) => one?.p50_us.length),
        [5, 2],
      );
      for (const one of blocks) {
        t.is(one?.pace_us.length, one?.p50_us.length);
        t.true(one?.p50_us.every((us) => us > 0));
        t.true(one?.pace_us.every((us) => isPace(us * 1000)));
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);

test('in how many blocks the cores were slowed down is said by placement, and makes a run noisy', (t) => {
  const blocksOf = (pace_us: readonly number[]) => ({ p50_us: pace_us.map(() => 10), pace_us });
  const lineOf = (placement: string, pace_us: readonly number[]) =>
    cellOf('c-seqpacket', [10], { placement, launches: [{ ...launchOf(0, 10), blocks: blocksOf(pace_us) }] });
  // Another placement has another fastest: it is not a slow block of this one.
  const busy = [lineOf('one-core', [5, 5, 5.2, 9, 9]), lineOf('two-cores', [7, 7, 7, 7, 12.6])];
  t.deepEqual(slownessOf(busy), { share: 0.3, factor: 1.8 });
  const parts = [{ steal: 0, load_before: 0 }];
  t.deepEqual(noiseOf(parts, busy), [
    'neighbours on the host slowed down the cores in 30 % of the blocks, in which the same work took 1.8 times as long',
  ]);
  const quiet = [lineOf('one-core', [5, 5, 5, 5.5, 6])];
  t.deepEqual(slownessOf(quiet), { share: 0, factor: null });
  t.deepEqual(noiseOf(parts, quiet), []);
  t.is(slownessOf([cellOf('c-seqpacket', [10])]), undefined);
});
