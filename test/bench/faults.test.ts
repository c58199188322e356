/** A wrong answer fails its cell whenever it happens, and what several clients say is put together rightly. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { CellDefinition } from '../../bench/latency/cell.js';
import { peakBlocks, runLaunch } from '../../bench/latency/launch.js';
import { PeerProcess } from '../../bench/latency/peer-process.js';
import type { CellRecord } from '../../bench/latency/record.js';
import { StallWatch } from '../../bench/latency/stall-watch.js';
import { cellLines } from '../../bench/lines.js';
import { combineAnswers } from '../../bench/peers/crew.js';
import { Counter, createStreamTarget } from '../../bench/peers/foreign/payload.js';
import { isAnswer, isMessage, stamp } from '../../bench/peers/payload.js';
import { createStreamLoop } from '../../bench/peers/stream.js';
import { checkDescriptors } from '../support/leaks.js';
import { FewSamples, plentyMs } from './support/few-samples.js';

checkDescriptors(test);

const clientPath = fileURLToPath(new URL('./support/scripted-client.js', import.meta.url));

/** The record of one launch of a cell whose client has this role (support/scripted-client.ts). */
async function launch(
  role: string,
  more: Partial<CellDefinition> = {},
  samplesMin = 0,
): Promise<CellRecord | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const definition: CellDefinition = {
    workload: 'W1',
    contender: role,
    call: 'empty',
    payloadBytes: 64,
    placement: 'not-pinned',
    async launch() {
      const client = new PeerProcess(role, [process.execPath, clientPath, role]);
      await client.ready();
      return { client, others: [] };
    },
    ...more,
  };
  const options = {
    seed: 1,
    rounds: 2,
    blockMs: 5,
    longBlockMs: 5,
    warmUpMs: 10,
    warmUpMaxMs: 20,
    rushMs: 5,
    samplesMin,
  };
  try {
    const [record] = await runLaunch([definition], options, directory, () => {});
    return record;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whether this user may have real-time priority, without which the watch proves nothing. */
async function canTellStalls(): Promise<boolean> {
  const watch = await StallWatch.launch(process.pid);
  const ended = await watch.begin();
  const stalls = await ended();
  await watch.stop();
  return stalls !== undefined;
}

const open: Partial<CellDefinition> = { loop: 'open', varied: { load_share: 0.5, schedule: 'constant' } };

test.serial('a client that is always right has neither violations nor errors', async (t) => {
  const record = await launch('right', open);
  t.is(record?.failure, null);
  t.is(record?.samples, 200);
  t.deepEqual([record?.violations, record?.errors], [0, 0]);
});

test.serial(
  'all that a process wrote when it ended is kept, and the line of its cell says why in one sentence',
  async (t) => {
    const dead = await launch('dies');
    assert(dead !== undefined);
    t.regex(
      dead.failure ?? '',
      /^dies ended: .*scripted-client\.js:\d+\n(?:.*\n)*RangeError: this is why\n {4}at /,
    );
    const cell = {
      workload: 'W1',
      contender: 'dies',
      call: 'empty',
      payloadBytes: 64,
      placement: 'not-pinned',
    };
    const cells = [{ ...cell, launch: () => Promise.reject(new Error('is never launched')) }];
    const groups = [{ key: 'g', workload: 'W1', placement: 'not-pinned', cells }];
    const [line] = cellLines(groups, [{ group: 'g', launch: 0, cells: [dead] }], 1, 1);
    t.is(line?.invalid, 'failed in 1 of 1 launches: dies ended: RangeError: this is why');
    t.is((await launch('mute'))?.failure, 'mute ended');
  },
);

test.serial('a wrong answer in the warm-up fails the cell', async (t) => {
  const record = await launch('warm-up');
  t.is(record?.samples, 200);
  t.deepEqual([record?.violations, record?.errors], [1, 1]);
});

test.serial('a wrong answer while the peak is sought fails the cell', async (t) => {
  const record = await launch('crowd', open);
  t.true((record?.violations ?? 0) > peakBlocks);
  t.is(record?.errors, record?.violations);
});

test.serial('a wrong answer in a block that is thrown away fails the cell', async (t) => {
  const record = await launch('late', open);
  if (!(await canTellStalls())) {
    t.log(
      'without the right to real-time priority nobody can tell that the machine stalled: no block is thrown away',
    );
    t.is(record?.late_ns, null);
    t.is(record?.samples, 200);
    return;
  }
  t.not(record?.invalid, null);
  t.is(record?.samples, 0);
  t.deepEqual([record?.violations, record?.errors], [3, 3]);
});

test.serial(
  'a cell that is slower than planned gets more blocks, until it has samples enough (point 10)',
  async (t) => {
    t.is((await launch('slow'))?.samples, 2);
    t.is((await launch('slow', {}, 4))?.samples, 4);
    // And no longer than would be fair to the others.
    t.is((await launch('slow', {}, 1_000))?.samples, 5);
  },
);

test.serial('the peak of which a share is offered is told (point 4)', async (t) => {
  const record = await launch('right', open);
  t.is(record?.peak_per_second, 100_000);
  t.is(record?.offered_per_second, 50_000);
  t.is((await launch('right'))?.peak_per_second, null);
});

test('11: the very first message of a launch is sent alone, whatever the cell is about', async (t) => {
  const sweep = await launch('told', { canOpen: true, varied: { outstanding: 256 } });
  t.is(sweep?.cold_ns, 1);
  const ofC = await launch('told', { contender: 'c-seqpacket', canOpen: true, varied: { outstanding: 256 } });
  t.is(ofC?.cold_ns, 1);
});

test('of clients that work at the same time counts and work are added, and of the time the longest is told', (t) => {
  const answers = ['done 10 1 elapsed_ns=500 gc_ns=7 errors=1', 'done 20 0 elapsed_ns=700 gc_ns=5 errors=2'];
  t.is(combineAnswers(answers), 'done 30 1 elapsed_ns=700 gc_ns=12 errors=3');
});

for (const length of [5, 8, 64, 4_096, 65_536]) {
  test(`of ${length} bytes what is cut off, lengthened or mixed up is no message and no answer`, (t) => {
    for (const number of [0, 1, 255, 256, 70_000, 0xffff_ffff]) {
      const bytes = new Uint8Array(length);
      stamp(bytes, number);
      t.true(isMessage(bytes, number));
      t.false(isMessage(bytes, (number + 1) >>> 0));
      const mixed = bytes.slice();
      mixed[length - 1] = (mixed[length - 1] ?? 0) ^ 1;
      t.false(isMessage(mixed, number));
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      t.true(isAnswer(bytes, number, length));
      t.false(isAnswer(bytes.subarray(0, length - 1), number, length));
      t.false(isAnswer(bytes, number + 2, length));
    }
  });
}

for (const [what, change] of [
  ['whole', (bytes: Uint8Array) => bytes],
  ['shorter by a byte', (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ['cut to their numbers', (bytes: Uint8Array) => bytes.subarray(0, 4)],
  ['longer by a byte', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
] as const) {
  test(`a stream whose messages arrive ${what} has ${what === 'whole' ? 'no ' : ''}violations`, async (t) => {
    const counter = new Counter();
    const target = createStreamTarget(
      (bytes) => counter.take(change(bytes)),
      () => Promise.resolve(counter.counted),
    );
    const stream = createStreamLoop(target, { payloadBytes: 64, isPatient: false });
    const samples = new FewSamples(1);
    const violations = await stream(performance.now() + plentyMs, samples);
    t.true(samples.count > 0);
    t.is(violations === 0, what === 'whole');
  });
}
