/**
 * The processes of one cell in one launch, and the blocks that they run. A stage is launched, warmed up, runs blocks when it is told to,
 * sleeps between them, and is stopped; whoever launches it stops or kills it.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Histogram } from 'hdr-histogram-js';
import type { Holdings } from '../results/line.js';
import { geometricMean } from '../statistics/averages.js';
import { type Account, accountOf, spentSince, sumOf } from './accounts.js';
import type { CellDefinition, CellProcesses } from './cell.js';
import { type PaceProbe, pinnedCpus } from './pace.js';
import { writeSchedule } from './schedule.js';
import { isStalled, StallWatch } from './stall-watch.js';

/** What a block gave. Times of processes are those of all processes of the cell, where no other is named. */
export interface Block {
  readonly samples: number;
  readonly violations: number;
  readonly errors: number;
  readonly cpuNs: number;
  readonly clientCpuNs: number;
  readonly brokerCpuNs: number;
  readonly waitNs: number;
  readonly switches: number;
  /** Collections of garbage, in those processes that tell; undefined where none does. */
  readonly gcNs: number | undefined;
  readonly elapsedMs: number;
  readonly p50Ns: number;
  /** How long a fixed piece of work took on these cores, immediately before and after, on average (pace.ts); undefined where nobody looked. */
  readonly paceNs: number | undefined;
  /** Of an open loop: from the first planned moment to the last. */
  readonly plannedMs: number | undefined;
  /** Of an open loop: how late the machine woke anybody at worst, where that can be told, and whether that spoils the block. */
  readonly lateNs: number | undefined;
  readonly isStalled: boolean;
}

/** What went wrong in blocks, whatever becomes of their samples. */
export type Faults = Pick<Block, 'violations' | 'errors'>;

export const noFaults: Faults = { violations: 0, errors: 0 };

export function addFaults(some: Faults, more: Faults): Faults {
  return { violations: some.violations + more.violations, errors: some.errors + more.errors };
}

/** Blocks of the shortest warm-up; how many of the last ones must show no progress; what progress is. */
const warmUpBlocks = 5;
const settledBlocks = 3;
const progressFactor = 0.95;

/** Calls under way at the beginning of a warm-up, where the client can, and what comes before. */
const rushOutstanding = 32;
const coldMs = 1;

/**
 * A rush is repeated until each process that takes part has had this share of its length in CPU time, so many times at most: where three
 * share a core each gets a third of it, and its compiler as well. Who is busy for less than `takesPartShare` of the time takes no part.
 */
const rushCpuShare = 0.8;
const rushesMax = 4;
const takesPartShare = 0.2;

/** How long a client may take beyond the block's own time, if its cell does not say. */
const patienceMs = 20_000;

/** Whether the last blocks' medians are no clear progress over those before. */
function hasSettled(medians: readonly number[]): boolean {
  if (medians.length < warmUpBlocks) return false;
  const recent = Math.min(...medians.slice(-settledBlocks));
  return recent > progressFactor * Math.min(...medians.slice(0, -settledBlocks));
}

/** Begins to count; the function that it returns tells what was spent since. */
function createMeter(processes: CellProcesses): () => Omit<Account, 'cpuNs'> & {
  readonly cpuNs: number;
  readonly clientCpuNs: number;
  readonly brokerCpuNs: number;
} {
  const { client, broker, others } = processes;
  const startedByClient = client.pids.filter((pid) => !client.clientPids.includes(pid));
  const rest = [...startedByClient, ...others.filter((peer) => peer !== broker).flatMap(({ pids }) => pids)];
  const read = (): readonly Account[] => [client.clientPids, broker?.pids ?? [], rest].map(accountOf);
  const before = read();
  return () => {
    const spent = read().map((account, at) => spentSince(before[at] ?? account, account));
    const sum = sumOf(spent);
    return { ...sum, clientCpuNs: spent[0]?.cpuNs ?? 0, brokerCpuNs: spent[1]?.cpuNs ?? 0 };
  };
}

/**
 * The same where the client tells what it spent in the block itself: to read a command and to write samples takes a process of Node about a
 * millisecond, which is much where a block has few samples.
 */
function withOwnCpu<T extends Pick<Block, 'cpuNs' | 'clientCpuNs'>>(spent: T, ownNs: number | undefined): T {
  if (ownNs === undefined) return spent;
  return { ...spent, cpuNs: spent.cpuNs - spent.clientCpuNs + ownNs, clientCpuNs: ownNs };
}

/** One of each peer: the others, such as the thousand services of a manager, are where it has put them. */
function mainPids({ client, others }: CellProcesses): number[] {
  return [client, ...others].flatMap(({ pids }) => pids.slice(0, 1)).concat(client.clientPids);
}

export class Stage {
  readonly #definition: CellDefinition;
  readonly #directory: string;
  readonly #processes: CellProcesses;
  readonly #probe: PaceProbe | undefined;
  readonly #cpus: readonly number[];
  #isStopped = false;
  #watch: StallWatch | undefined;
  #coldNs: number | undefined;
  #unrecorded: Faults = noFaults;

  private constructor(
    definition: CellDefinition,
    directory: string,
    processes: CellProcesses,
    probe: PaceProbe | undefined,
  ) {
    this.#definition = definition;
    this.#directory = directory;
    this.#processes = processes;
    this.#probe = probe;
    this.#cpus = probe === undefined ? [] : pinnedCpus(mainPids(processes));
  }

  /** The probe stays the caller's; without one nobody looks at the pace of the cores. */
  static async launch(definition: CellDefinition, directory: string, probe?: PaceProbe): Promise<Stage> {
    return new Stage(definition, directory, await definition.launch(directory), probe);
  }

  /** The very first message of the launch; undefined before the first block. */
  get coldNs(): number | undefined {
    return this.#coldNs;
  }

  /** What the processes held when they were launched, where the cell is about that (W9). */
  get holdings(): Holdings | undefined {
    return this.#processes.holdings;
  }

  /** Of all blocks without a histogram, such as those of the warm-up: a wrong answer counts whenever it comes. */
  get unrecorded(): Faults {
    return this.#unrecorded;
  }

  get hasBroker(): boolean {
    return this.#processes.broker !== undefined;
  }

  /**
   * Runs blocks without recording them until the median has stopped falling: none of the last few is clearly below all before them.
   * Takes `leastMs` or more, and `mostMs` at most; returns whether it has settled.
   *
   * Before that come `rushMs` with many calls under way, where the client can do that. A few calls one after the other are too few to make
   * a compiler see what is worth its work: a broker in JavaScript would look settled, several times slower than it is. Where processes
   * share a core, which its compiler does, too, the rush is longer, until each had about `rushMs` for itself.
   */
  async warmUp(leastMs: number, mostMs: number, outstanding = 1, rushMs = 0): Promise<boolean> {
    const medians: number[] = [];
    // The first message of all is sent alone, because it is the cold one.
    if (rushMs > 0 || outstanding > 1) await this.closed(coldMs, {});
    if (rushMs > 0) await this.#rush(rushMs);
    const blockMs = leastMs / warmUpBlocks;
    // Where a sample takes longer than a block shall, the time counts and not the blocks.
    const endMs = performance.now() + mostMs;
    while (!hasSettled(medians) && medians.length * blockMs < mostMs && performance.now() < endMs) {
      const block = await this.closed(blockMs, { outstanding });
      medians.push(block.p50Ns);
    }
    return hasSettled(medians);
  }

  async #rush(rushMs: number): Promise<void> {
    const { canOpen, canRush } = this.#definition;
    const outstanding = canOpen === true || canRush === true ? rushOutstanding : 1;
    const { client, others } = this.#processes;
    const pids = [client, ...others].flatMap((peer) => peer.pids);
    const before = pids.map((pid) => accountOf([pid]));
    for (let turn = 1; turn <= rushesMax; turn++) {
      await this.closed(rushMs, { outstanding });
      const spentMs = pids.map((pid, at) => (accountOf([pid]).cpuNs - (before[at]?.cpuNs ?? 0)) / 1e6);
      const busyMs = spentMs.filter((ms) => ms > takesPartShare * rushMs * turn);
      if (busyMs.every((ms) => ms >= rushCpuShare * rushMs)) return;
    }
  }

  /** A closed loop of `outstanding` calls under way, or one after a gap. Records into the histogram, if there is one. */
  async closed(
    durationMs: number,
    shape: { readonly outstanding?: number; readonly gapMs?: number },
    histogram?: Histogram,
  ): Promise<Block> {
    const file = join(this.#directory, `samples-${process.pid}.u32`);
    const { outstanding = 1, gapMs = 0 } = shape;
    const extra = gapMs > 0 ? ` ${outstanding} ${gapMs}` : outstanding > 1 ? ` ${outstanding}` : '';
    return this.#run(`run ${Math.ceil(durationMs)} ${file}${extra}`, durationMs, file, histogram);
  }

  /** An open loop by a schedule. */
  async open(schedule: BigUint64Array, histogram?: Histogram): Promise<Block> {
    const file = join(this.#directory, `samples-${process.pid}.u32`);
    const schedulePath = join(this.#directory, `schedule-${process.pid}.u64`);
    writeSchedule(schedule, schedulePath);
    const plannedMs = Number(schedule.at(-1) ?? 0n) / 1e6;
    try {
      this.#watch ??= await StallWatch.launch(this.#processes.client.pids[0] ?? 0);
      const ended = await this.#watch.begin();
      const block = await this.#run(`open ${file} ${schedulePath}`, plannedMs, file, histogram);
      const stalls = await ended();
      return {
        ...block,
        plannedMs,
        lateNs: stalls?.worstNs,
        isStalled: stalls !== undefined && isStalled(stalls),
      };
    } finally {
      rmSync(schedulePath, { force: true });
    }
  }

  async #run(command: string, durationMs: number, file: string, histogram?: Histogram): Promise<Block> {
    const { client, others } = this.#processes;
    const { contender, timeoutMs = patienceMs } = this.#definition;
    if (histogram !== undefined) for (const peer of others) await peer.collectionsNs();
    const probe = histogram === undefined ? undefined : this.#probe;
    const paceBefore = await probe?.measure(this.#cpus);
    const spent = createMeter(this.#processes);
    const start = performance.now();
    client.write(command);
    const [word, samples, violations, ...notes] = (await client.line(durationMs + timeoutMs)).split(' ');
    const answeredMs = performance.now() - start;
    if (word !== 'done') throw new Error(`${contender}: the client did not finish its block`);
    const accounts = spent();
    const paceAfter = await probe?.measure(this.#cpus);
    const keys = new Map(notes.map((note) => note.split('=') as [string, string]));
    const note = (name: string): number | undefined => (keys.has(name) ? Number(keys.get(name)) : undefined);
    const elapsedNs = note('elapsed_ns');
    const faults = { violations: Number(violations), errors: note('errors') ?? 0 };
    if (histogram === undefined) this.#unrecorded = addFaults(this.#unrecorded, faults);
    return {
      samples: Number(samples),
      ...faults,
      ...withOwnCpu(accounts, note('cpu_ns')),
      gcNs: histogram === undefined ? undefined : await this.#collectionsNs(note('gc_ns')),
      elapsedMs: elapsedNs === undefined ? answeredMs : elapsedNs / 1e6,
      p50Ns: this.#readSamples(file, histogram),
      paceNs:
        paceBefore === undefined || paceAfter === undefined
          ? undefined
          : geometricMean([paceBefore, paceAfter]),
      plannedMs: undefined,
      lateNs: undefined,
      isStalled: false,
    };
  }

  async #collectionsNs(ofClient: number | undefined): Promise<number | undefined> {
    let sum = ofClient;
    for (const peer of this.#processes.others) {
      const ns = await peer.collectionsNs();
      if (ns !== undefined) sum = (sum ?? 0) + ns;
    }
    return sum;
  }

  /** The samples of one block as a client wrote them, into the histogram; returns their median. Removes the file. */
  #readSamples(file: string, histogram: Histogram | undefined): number {
    const bytes = readFileSync(file);
    rmSync(file, { force: true });
    const samples = new Uint32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    );
    this.#coldNs ??= samples[0];
    if (histogram !== undefined) for (const sample of samples) histogram.recordValue(Math.max(sample, 1));
    samples.sort();
    return samples[samples.length >> 1] ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#processes.client.stop();
    for (const peer of this.#processes.others) await peer.stop();
    await this.#watch?.stop();
    await this.#processes.cleanUp?.();
  }

  kill(): void {
    this.#processes.client.kill();
    for (const peer of this.#processes.others) peer.kill();
    this.#watch?.kill();
  }
}
