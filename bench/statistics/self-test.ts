/**
 * Does the suite find what it is for (benchmark method, point 14)? Three questions:
 *
 * - An *injected delay*: the service of one contender is made to spend 20 µs on each call. Run with and without, the comparison must say
 *   that this cell became worse, by about as much, and that no other cell changed. Launches with and without take turns, block by block,
 *   so that the machine is the same for both.
 * - A *swapping transport* delivers two messages in ten thousand in the wrong order: the checkers must find each swap, and nothing in the
 *   same stream without (bench/check/self-test.ts).
 * - The *null transport*: what a sample costs the harness itself, with nothing to measure.
 */
import { loadavg } from 'node:os';
import type { Histogram } from 'hdr-histogram-js';
import { runSwappingSelfTest, type SwappingSelfTest } from '../check/self-test.js';
import { killingAtEnd } from '../latency/abort.js';
import { type CellDefinition, cellNameOf, createHistogram, type Placement } from '../latency/cell.js';
import { makeScratch } from '../latency/lifetime.js';
import { PaceProbe } from '../latency/pace.js';
import {
  type CellRecord,
  createRecord,
  figuresOf,
  launchFigures,
  mergedHistogram,
} from '../latency/record.js';
import { measureSampleCostNs } from '../latency/sample-cost.js';
import { createShuffle } from '../latency/shuffle.js';
import { type Block, type Faults, Stage } from '../latency/stage.js';
import { describeMachine } from '../report/machine.js';
import type { Results } from '../results/directory.js';
import { type CellLine, cellKey } from '../results/line.js';
import {
  clientLast,
  emptyCallCells,
  freshPath,
  projectDirectory,
  startPeer,
} from '../scenarios/contenders.js';
import { type Comparison, compareResults } from './comparison.js';
import { encodeHistogram } from './histogram.js';

export interface SelfTestOptions {
  readonly seed: number;
  readonly placement: Placement;
  readonly launches: number;
  readonly rounds: number;
  readonly blockMs: number;
  readonly warmUpMs: number;
  readonly delayUs: number;
  /** The contenders that are run; the delay is injected into `delayed`, which is one of them. */
  readonly contenders: readonly string[];
  /** Of each of the two senders through the swapping transport. */
  readonly messages: number;
  readonly onProgress?: (text: string, share: number) => void;
  /** Ends the test early: its processes are killed and it rejects. */
  readonly signal?: AbortSignal;
}

/** Into whose service the delay is injected: a transport whose ends are both ours. */
export const delayedContender = 'sockets';

/** What a sample may cost the harness. */
export const sampleCostMaxNs = 300;

/** What an injected delay may be found as, as a share of it: the processor is not only there for it. */
export const foundShares = { least: 0.75, most: 2 };

export interface DelayFindings {
  readonly delayUs: number;
  readonly contender: string;
  /** By how much the median of its cell is greater. */
  readonly foundUs: number;
  /** Cells beside it that were said to have changed. */
  readonly others: readonly string[];
  readonly comparison: Comparison;
  /** What was compared: all contenders without the delay, and with it in one. */
  readonly runs: readonly [without: Results, delayed: Results];
  readonly passed: boolean;
}

export interface SelfTest {
  readonly delay: DelayFindings;
  readonly swapping: SwappingSelfTest;
  readonly sampleCostNs: number;
  readonly durationMs: number;
  /** Processes that wanted a processor in the minute before. */
  readonly load: number;
  readonly passed: boolean;
}

/** One contender, with or without the delay, over all launches. */
interface Side {
  readonly definition: CellDefinition;
  /** By launch. */
  readonly records: CellRecord[];
}

/** A side in one launch. */
interface Launched {
  readonly side: Side;
  readonly stage: Stage;
  readonly blocks: Block[];
  readonly histogram: Histogram;
  isSettled: boolean;
}

/** The service spends so long on each call; else this is the cell as every run has it. */
function delayedCell(cell: CellDefinition, placement: Placement, delayUs: number): CellDefinition {
  return {
    ...cell,
    launch: async (directory) => {
      const path = freshPath(directory);
      const { contender, payloadBytes } = cell;
      return clientLast([
        () => startPeer(placement.broker, 'hub', contender, path),
        () => startPeer(placement.service, 'service', contender, path, '--delay-us', String(delayUs)),
        () => startPeer(placement.client, 'client', contender, path, String(payloadBytes)),
      ]);
    },
  };
}

/** One launch of both sides; also when it rejects, none of its processes is left. */
async function runPass(
  pass: number,
  sides: readonly Side[],
  options: SelfTestOptions,
  directory: string,
): Promise<void> {
  const { signal, warmUpMs, rounds, blockMs } = options;
  const stages: Launched[] = [];
  const probes: PaceProbe[] = [];
  const kill = (): void => {
    for (const { stage } of stages) stage.kill();
    for (const probe of probes) probe.kill();
  };
  const shuffle = createShuffle(options.seed + pass);
  await killingAtEnd(signal, kill, async () => {
    const probe = await PaceProbe.launch();
    probes.push(probe);
    // All start side by side, so that a pass is short; those that have started end also if another one cannot.
    const started = await Promise.allSettled(
      shuffle(sides).map(async (side) => {
        const stage = await Stage.launch(side.definition, directory, probe);
        stages.push({ side, stage, isSettled: false, blocks: [], histogram: createHistogram() });
      }),
    );
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
    for (const launched of shuffle(stages)) {
      signal?.throwIfAborted();
      launched.isSettled = await launched.stage.warmUp(warmUpMs, warmUpMs * 2);
    }
    for (let round = 0; round < rounds; round++) {
      for (const { stage, blocks, histogram } of shuffle(stages)) {
        signal?.throwIfAborted();
        blocks.push(await stage.closed(blockMs, {}, histogram));
      }
    }
    for (const { side, stage, blocks, histogram, isSettled } of stages) {
      side.records.push(recordOf(side.definition, blocks, histogram, isSettled, stage.unrecorded));
      await stage.stop();
    }
    await probe.stop();
  });
}

function recordOf(
  definition: CellDefinition,
  blocks: readonly Block[],
  histogram: Histogram,
  isSettled: boolean,
  unrecorded: Faults,
): CellRecord {
  return createRecord(cellKey(cellNameOf(definition)), blocks, histogram, {
    hasBroker: false,
    unrecorded,
    cold_ns: null,
    is_settled: isSettled,
    offered_per_second: null,
    invalid: null,
    failure: null,
  });
}

function lineOf({ definition, records }: Side): CellLine {
  const merged = mergedHistogram(records);
  return {
    ...cellNameOf(definition),
    ...figuresOf(records, merged, 1),
    cold_us: null,
    ratio: null,
    ratio_low: null,
    ratio_high: null,
    launches: records.map((record, launch) => launchFigures(launch, record, 1)),
    histogram: encodeHistogram(merged),
  };
}

function resultsOf(sides: readonly Side[], { seed, launches }: SelfTestOptions, startMs: number): Results {
  return {
    run: {
      format: 1,
      tier: 'smoke',
      seed,
      command: 'capstan bench self-test',
      started: new Date(startMs).toISOString(),
      duration_ms: 0,
      launches,
      steal: 0,
      load_before: 0,
      load_after: 0,
      sample_cost_ns: null,
      missing: [],
      noise: [],
    },
    machine: describeMachine(projectDirectory),
    lines: sides.map(lineOf),
  };
}

/** With and without the delay, and what the comparison says of it. */
async function findDelay(options: SelfTestOptions, directory: string): Promise<DelayFindings> {
  const { placement, delayUs, contenders, launches, onProgress } = options;
  const startMs = performance.timeOrigin + performance.now();
  const cells = emptyCallCells(placement, 64, contenders);
  const side = (definition: CellDefinition): Side => ({ definition, records: [] });
  const without = cells.map(side);
  const delayed = cells.map((cell) =>
    side(cell.contender === delayedContender ? delayedCell(cell, placement, delayUs) : cell),
  );
  for (let pass = 0; pass < launches; pass++) {
    onProgress?.(`injected delay: launch ${pass + 1} of ${launches}`, (pass / launches) * 0.9);
    await runPass(pass, [...without, ...delayed], options, directory);
  }
  const [a, b] = [resultsOf(without, options, startMs), resultsOf(delayed, options, startMs)];
  // Both were made at the same time on the same machine: there is nothing to take out.
  const comparison = compareResults(a, b, { seed: options.seed, normalise: 'never' });
  const cell = comparison.cells.find(({ name }) => name.contender === delayedContender);
  const foundUs = (cell?.b ?? 0) - (cell?.a ?? 0);
  const others = comparison.cells
    .filter((other) => other !== cell && (other.verdict === 'worse' || other.verdict === 'better'))
    .map(({ key }) => key);
  const isAsLarge = foundUs >= foundShares.least * delayUs && foundUs <= foundShares.most * delayUs;
  const passed = cell?.verdict === 'worse' && isAsLarge && others.length === 0;
  return { delayUs, contender: delayedContender, foundUs, others, comparison, runs: [a, b], passed };
}

/** All three. Leaves no process and no file behind, also when it fails. */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTest> {
  const start = performance.now();
  const [load = 0] = loadavg();
  const { directory, remove } = makeScratch('capstan-self-test-');
  try {
    const delay = await findDelay(options, directory);
    options.signal?.throwIfAborted();
    options.onProgress?.('swapping transport', 0.9);
    const { messages, seed } = options;
    const swapping = await runSwappingSelfTest({ messages, seed });
    options.onProgress?.('null transport', 0.97);
    const sampleCostNs = await measureSampleCostNs();
    const passed = delay.passed && swapping.passed && sampleCostNs < sampleCostMaxNs;
    return { delay, swapping, sampleCostNs, durationMs: performance.now() - start, load, passed };
  } finally {
    remove();
  }
}
