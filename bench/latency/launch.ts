/**
 * One launch of a group of cells: all their processes are started and warmed up, then blocks of all cells run in an order that is shuffled
 * anew in each round, so that what the machine does meanwhile hits all of them (benchmark method, point 5); then they end.
 *
 * An open loop is offered a share of the *peak*: what the same processes did just before in a closed loop with many calls under way,
 * the median of some blocks that take part in the interleaving, too (point 4). The samples of a block in which the machine
 * stalled, so that the generator missed its schedule, are thrown away and it is run again; where one never succeeds, this launch of the
 * cell does not count (point 3).
 *
 * Wrong answers and errors count whenever they happen: those of the warm-up, of the blocks that find the peak, and of blocks that were
 * thrown away are in the record of each cell on these processes, although no sample of them is.
 *
 * A cell that fails (its process ends, or answers nothing) does not end the launch: it is noted and the others go on.
 */
import type { Histogram } from 'hdr-histogram-js';
import { cellKey } from '../results/line.js';
import { type CellDefinition, cellNameOf, createHistogram } from './cell.js';
import { PaceProbe } from './pace.js';
import { type CellRecord, createRecord } from './record.js';
import { createSchedule } from './schedule.js';
import { createShuffle, type Shuffle } from './shuffle.js';
import { addFaults, type Block, type Faults, noFaults, Stage } from './stage.js';

export interface LaunchOptions {
  readonly seed: number;
  /** Blocks of a cell. Many short ones meet the fast and the slow moments of a machine in the proportion in which it has them. */
  readonly rounds: number;
  readonly blockMs: number;
  /** Blocks of an open loop, of cells that sleep between requests and of those whose samples take long are longer, and fewer. */
  readonly longBlockMs: number;
  /** How many; default: as many as of the others. */
  readonly longRounds?: number;
  readonly warmUpMs: number;
  readonly warmUpMaxMs: number;
  /** How long at the beginning of it many calls are under way, where a compiler has to see what is worth its work. */
  readonly rushMs: number;
  /** Samples that a cell has in a launch, at least: with fewer there is no median of the launch (method, point 10). Default: 0. */
  readonly samplesMin?: number;
}

/** Calls under way where the peak is measured, and the blocks whose median it is. */
const peakOutstanding = 64;
export const peakBlocks = 3;

/** How often a block of an open loop is tried. */
const openAttempts = 3;

/** Blocks that a cell gets beyond the planned ones, at most, where its samples are too few; how long, and by how much that is too long. */
const moreBlocksMax = 3;
const moreBlockMsMax = 5_000;
const moreFactor = 1.1;

/** Why a launch of a cell does not count whose generator could not be in time: the machine's fault, not the contender's. */
export const missedSchedule = `the machine stalled, so that the generator missed its schedule, ${openAttempts} times in a row`;

/** Whether that is the reason; runs of earlier versions say it in other words. */
export function isMissedSchedule(invalid: string): boolean {
  return invalid.includes('the generator missed its schedule');
}

/** Whether the blocks of a cell are the long ones. */
function hasLongBlocks({ loop, varied }: CellDefinition): boolean {
  return loop === 'open' || (varied?.gap_ms ?? 0) > 0;
}

/** A block that has fewer samples than this is too short to have a median worth the name. */
const blockSamplesMin = 10;

/** How many blocks a cell has and how long they are: long enough for their share of the samples that a launch must have. */
export function blocksOf(
  cell: CellDefinition,
  sizes: Pick<LaunchOptions, 'rounds' | 'blockMs' | 'longBlockMs' | 'longRounds' | 'samplesMin'>,
): { readonly count: number; readonly ms: number } {
  const { rounds, longRounds = rounds, samplesMin = 0 } = sizes;
  const { sampleMs = 0 } = cell;
  const isLong = hasLongBlocks(cell) || sampleMs * blockSamplesMin > sizes.blockMs;
  const count = isLong ? longRounds : rounds;
  const usualMs = hasLongBlocks(cell) ? sizes.longBlockMs : sizes.blockMs;
  return { count, ms: Math.max(usualMs, Math.ceil((samplesMin * sampleMs) / count)) };
}

/** Whether a cell with so many blocks has one in this round: its blocks are spread over all rounds. */
function takesPart(count: number, round: number, rounds: number): boolean {
  return Math.floor(((round + 1) * count) / rounds) > Math.floor((round * count) / rounds);
}

/** Cells that share processes: the steps of a sweep; every other cell is alone. */
export function stagesOf(cells: readonly CellDefinition[]): CellDefinition[][] {
  const stages = new Map<string, CellDefinition[]>();
  for (const [at, cell] of cells.entries()) {
    const { contender, call, payloadBytes, sweep } = cell;
    const key = sweep === undefined ? String(at) : [contender, call, payloadBytes, sweep].join(' ');
    stages.set(key, [...(stages.get(key) ?? []), cell]);
  }
  return [...stages.values()];
}

/** One cell while its launch lasts. */
class Running {
  readonly definition: CellDefinition;
  readonly key: string;
  readonly #histogram: Histogram = createHistogram();
  readonly #blocks: Block[] = [];
  readonly #on: RunningStage;
  /** Of blocks that were thrown away. */
  #thrownAway: Faults = noFaults;
  #invalid: string | null = null;

  constructor(definition: CellDefinition, on: RunningStage) {
    this.definition = definition;
    this.key = cellKey(cellNameOf(definition));
    this.#on = on;
  }

  get offeredPerSecond(): number | null {
    const share = this.definition.varied?.load_share;
    return this.definition.loop === 'open' && share !== undefined ? Math.round(this.#on.peak * share) : null;
  }

  async block(
    options: LaunchOptions,
    seed: number,
    durationMs = blocksOf(this.definition, options).ms,
  ): Promise<void> {
    const { stage } = this.#on;
    if (stage === undefined || this.#on.failure !== null || this.#invalid !== null) return;
    const { varied = {} } = this.definition;
    const offered = this.offeredPerSecond;
    if (offered !== null) {
      await this.#open(stage, Math.max(offered, 1), durationMs, seed);
      return;
    }
    const shape = { outstanding: varied.outstanding ?? 1, gapMs: varied.gap_ms ?? 0 };
    this.#blocks.push(await stage.closed(durationMs, shape, this.#histogram));
  }

  async #open(stage: Stage, offered: number, durationMs: number, seed: number): Promise<void> {
    for (let attempt = 0; attempt < openAttempts; attempt++) {
      const kind = this.definition.varied?.schedule ?? 'constant';
      const schedule = createSchedule(kind, offered, durationMs, seed + attempt);
      const histogram = createHistogram();
      const block = await stage.open(schedule, histogram);
      if (block.isStalled) {
        this.#thrownAway = addFaults(this.#thrownAway, block);
        continue;
      }
      this.#blocks.push(block);
      this.#histogram.add(histogram);
      return;
    }
    this.#invalid = missedSchedule;
  }

  /** How long another block has to be that brings the samples to `samplesMin`; 0 where there are as many, or none can be hoped for. */
  missingMs(samplesMin: number): number {
    if (this.#on.failure !== null || this.definition.loop === 'open') return 0;
    const samples = this.#blocks.reduce((sum, block) => sum + block.samples, 0);
    if (samples >= samplesMin || samples === 0) return 0;
    const sampleMs = this.#blocks.reduce((sum, block) => sum + block.elapsedMs, 0) / samples;
    return Math.min(moreBlockMsMax, Math.ceil(moreFactor * sampleMs * (samplesMin - samples)));
  }

  record(): CellRecord {
    const { stage, failure, isSettled } = this.#on;
    return createRecord(this.key, this.#blocks, this.#histogram, {
      hasBroker: stage?.hasBroker === true,
      unrecorded: addFaults(this.#thrownAway, stage?.unrecorded ?? noFaults),
      cold_ns: stage?.coldNs ?? null,
      is_settled: isSettled,
      offered_per_second: this.offeredPerSecond,
      peak_per_second: this.offeredPerSecond === null ? null : Math.round(this.#on.peak),
      invalid: this.#invalid,
      failure,
      ...(stage?.holdings === undefined ? {} : { holdings: stage.holdings }),
    });
  }
}

class RunningStage {
  readonly cells: readonly Running[];
  readonly #definitions: readonly CellDefinition[];
  stage: Stage | undefined;
  /** Messages a second, for the cells of an open loop. */
  peak = 0;
  readonly #peaks: number[] = [];
  isSettled = false;
  failure: string | null = null;

  constructor(definitions: readonly CellDefinition[]) {
    this.#definitions = definitions;
    this.cells = definitions.map((definition) => new Running(definition, this));
  }

  get hasOpenCells(): boolean {
    return this.#definitions.some(({ loop }) => loop === 'open');
  }

  /** Does something for this stage; if that fails, its processes end and the failure is noted. */
  async attempt(signal: AbortSignal | undefined, act: () => Promise<void>): Promise<void> {
    signal?.throwIfAborted();
    if (this.failure !== null) return;
    try {
      await act();
    } catch (error) {
      // What a killed process leads to is not what went wrong.
      signal?.throwIfAborted();
      this.failure = error instanceof Error ? error.message : String(error);
      this.stage?.kill();
    }
  }

  async launch(directory: string, probe: PaceProbe): Promise<void> {
    const [first] = this.#definitions;
    if (first !== undefined) this.stage = await Stage.launch(first, directory, probe);
  }

  async warmUp({ warmUpMs, warmUpMaxMs, rushMs }: LaunchOptions): Promise<void> {
    const most = Math.max(...this.#definitions.map(({ varied }) => varied?.outstanding ?? 1));
    const outstanding = this.hasOpenCells ? peakOutstanding : most;
    const rush = this.#definitions.every(rushes) ? rushMs : 0;
    this.isSettled = (await this.stage?.warmUp(warmUpMs, warmUpMaxMs, outstanding, rush)) === true;
  }

  async measurePeak(durationMs: number): Promise<void> {
    const block = await this.stage?.closed(durationMs, { outstanding: peakOutstanding });
    if (block === undefined) return;
    this.#peaks.push((block.samples * 1000) / block.elapsedMs);
    this.#peaks.sort((a, b) => a - b);
    this.peak = this.#peaks[this.#peaks.length >> 1] ?? 0;
  }
}

/** Whether a cell's warm-up begins with a rush: it is of calls or of messages, of which many fit into one, and no program in C. */
export function rushes({ workload, contender }: Pick<CellDefinition, 'workload' | 'contender'>): boolean {
  return ['W1', 'W2', 'W3', 'W4', 'W7', 'W10'].includes(workload) && !contender.startsWith('c-');
}

/** Processes of so many stages start and end at the same time; nothing is measured meanwhile. */
const startedAtOnce = 3;

/** Share of the progress that starting counts for. */
const launchShare = 0.4;

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await act(item);
  };
  const workers = await Promise.allSettled(Array.from({ length: startedAtOnce }, worker));
  for (const outcome of workers) if (outcome.status === 'rejected') throw outcome.reason;
}

interface RunningCell {
  readonly stage: RunningStage;
  readonly cell: Running;
}

/** Blocks beyond the planned ones, for cells that have too few samples: on a slow machine the planned length is not enough. */
async function runMore(
  running: readonly RunningCell[],
  options: LaunchOptions,
  shuffle: Shuffle,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let more = 0; more < moreBlocksMax; more++) {
    for (const { stage, cell } of shuffle(running)) {
      const durationMs = cell.missingMs(options.samplesMin ?? 0);
      if (durationMs > 0) await stage.attempt(signal, () => cell.block(options, options.seed, durationMs));
    }
  }
}

/**
 * Runs one launch; resolves with a record for each cell. Also when it rejects (only because it was aborted), none of its processes is left.
 * `progress` is given the share of the launch that is done.
 */
export async function runLaunch(
  definitions: readonly CellDefinition[],
  options: LaunchOptions,
  directory: string,
  progress: (share: number) => void,
  signal?: AbortSignal,
): Promise<CellRecord[]> {
  const stages = stagesOf(definitions).map((cells) => new RunningStage(cells));
  const shuffle = createShuffle(options.seed);
  const probe = await PaceProbe.launch();
  const kill = (): void => {
    for (const { stage } of stages) stage?.kill();
    probe.kill();
  };
  let started = 0;
  signal?.addEventListener('abort', kill);
  try {
    await eachOf(stages, async (stage) => {
      progress((started++ / stages.length) * launchShare);
      await stage.attempt(signal, () => stage.launch(directory, probe));
    });
    for (const stage of stages) await stage.attempt(signal, () => stage.warmUp(options));
    for (let block = 0; block < peakBlocks; block++) {
      for (const stage of shuffle(stages.filter(({ hasOpenCells }) => hasOpenCells)))
        await stage.attempt(signal, () => stage.measurePeak(options.blockMs));
    }
    const running = stages.flatMap((stage) => stage.cells.map((cell) => ({ stage, cell })));
    const rounds = Math.max(...definitions.map((cell) => blocksOf(cell, options).count));
    for (let round = 0; round < rounds; round++) {
      progress(launchShare + ((1 - launchShare) * round) / rounds);
      const members = running.filter(({ cell }) =>
        takesPart(blocksOf(cell.definition, options).count, round, rounds),
      );
      for (const [at, { stage, cell }] of shuffle(members).entries()) {
        const seed = options.seed * 1_000 + round * running.length + at;
        await stage.attempt(signal, () => cell.block(options, seed));
      }
    }
    await runMore(running, options, shuffle, signal);
    await eachOf(stages, (stage) => stage.attempt(signal, async () => stage.stage?.stop()));
    await probe.stop();
    return running.map(({ cell }) => cell.record());
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}
