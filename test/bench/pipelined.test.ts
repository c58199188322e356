/** The port that drives clients: closed and open loops, errors, and what it costs itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runLaunch } from '../../bench/latency/launch.js';
import { measureSampleCostNs } from '../../bench/latency/sample-cost.js';
import { Samples } from '../../bench/latency/samples.js';
import { createSchedule, writeSchedule } from '../../bench/latency/schedule.js';
import { type Done, deadlineMs, Pipeline } from '../../bench/peers/pipelined.js';
import { checkDescriptors } from '../support/leaks.js';
import { FewSamples, plentyMs } from './support/few-samples.js';

checkDescriptors(test);

/** Nanoseconds of a block's samples, in the order in which they were recorded. */
function recorded(samples: Samples): number[] {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  try {
    const file = join(directory, 'samples');
    samples.write(file);
    const bytes = readFileSync(file);
    return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(at * 4));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openLoop(pipeline: Pipeline, schedule: BigUint64Array, samples: Samples) {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  try {
    const path = join(directory, 'schedule');
    writeSchedule(schedule, path);
    return await pipeline.open(path, samples);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test.serial(
  'a closed loop has as many calls under way as it was told, and the next when one is answered',
  async (t) => {
    const waiting: Done[] = [];
    const numbers: number[] = [];
    let most = 0;
    const pipeline = new Pipeline({
      send(number, done) {
        numbers.push(number);
        waiting.push(done);
        most = Math.max(most, waiting.length);
        setImmediate(() => waiting.shift()?.(true));
      },
    });
    const samples = new Samples();
    const block = await pipeline.run(performance.now() + 30, 7, 0, samples);
    t.is(most, 7);
    t.is(samples.count, numbers.length);
    t.deepEqual(
      numbers,
      numbers.map((_, at) => at),
    );
    t.deepEqual(block, { violations: 0, errors: 0 });
  },
);

test.serial(
  'a wrong answer is a violation, and an error is a sample of at least the deadline (point 12)',
  async (t) => {
    const pipeline = new Pipeline({
      send(number, done) {
        setImmediate(() => done(number === 1 ? false : number === 2 ? 'failed' : true));
      },
    });
    const samples = new FewSamples(3);
    const block = await pipeline.run(performance.now() + plentyMs, 1, 0, samples);
    t.deepEqual(block, { violations: 1, errors: 1 });
    const late = recorded(samples).filter((ns) => ns >= deadlineMs * 1e6);
    t.is(late.length, 1);
  },
);

test.serial(
  'times of an open loop count from the planned moment: a stall delays all that were due in it (point 3)',
  async (t) => {
    const stallMs = 60;
    const pipeline = new Pipeline({
      send(number, done) {
        if (number === 20) {
          const endMs = performance.now() + stallMs;
          while (performance.now() < endMs);
        }
        setImmediate(() => done(true));
      },
    });
    const samples = new Samples();
    const block = await openLoop(pipeline, createSchedule('constant', 1_000, 150, 1), samples);
    t.is(samples.count, 150);
    t.is(block.errors, 0);
    // One message a millisecond: those of the stall's first 40 ms waited 20 ms or more.
    const delayed = recorded(samples).filter((ns) => ns > 20e6).length;
    t.true(delayed >= 35, `${delayed} delayed`);
  },
);

test.serial(
  'what an open loop could not send, because nothing was answered, is an error of at least the deadline (point 12)',
  async (t) => {
    let sent = 0;
    const pipeline = new Pipeline({ send: () => void sent++ });
    const samples = new Samples();
    const block = await openLoop(pipeline, createSchedule('constant', 100_000, 50, 1), samples);
    t.true(sent < 5_000, `${sent} sent`);
    t.is(samples.count, 5_000);
    t.is(block.errors, 5_000);
    t.true(recorded(samples).every((ns) => ns >= deadlineMs * 1e6));
  },
);

test.serial('a schedule is the same for a seed, ascends, and has the rate that was asked for', (t) => {
  for (const kind of ['constant', 'poisson'] as const) {
    const schedule = createSchedule(kind, 20_000, 1_000, 7);
    t.deepEqual(schedule, createSchedule(kind, 20_000, 1_000, 7));
    t.true(schedule.every((offset, at) => at === 0 || offset >= (schedule[at - 1] ?? 0n)));
    const seconds = Number(schedule.at(-1) ?? 0n) / 1e9;
    t.true(Math.abs(seconds - 1) < 0.05, `${kind}: ${seconds}`);
  }
  t.notDeepEqual(createSchedule('poisson', 100, 1_000, 1), createSchedule('poisson', 100, 1_000, 2));
});

test.serial('a sample costs the harness less than 300 ns', async (t) => {
  let least = Number.POSITIVE_INFINITY;
  // A busy machine makes it look worse than it is, never better.
  for (let attempt = 0; attempt < 5 && least >= 300; attempt++)
    least = Math.min(least, await measureSampleCostNs());
  t.log(`${least} ns`);
  t.true(least < 300);
});

test.serial('a cell whose processes cannot be launched is noted, and the launch goes on', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const cell = (contender: string, payloadBytes: number) => ({
    workload: 'W1',
    contender,
    call: 'empty',
    payloadBytes,
    placement: 'one-core',
    launch: () => Promise.reject(new Error(`no ${contender} here`)),
  });
  const options = {
    seed: 1,
    rounds: 1,
    blockMs: 10,
    longBlockMs: 10,
    warmUpMs: 10,
    warmUpMaxMs: 10,
    rushMs: 5,
    samplesMin: 0,
  };
  try {
    const records = await runLaunch([cell('one', 1), cell('other', 2)], options, directory, () => {});
    t.deepEqual(
      records.map(({ failure, samples }) => [failure, samples]),
      [
        ['no one here', 0],
        ['no other here', 0],
      ],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
