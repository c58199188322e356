/**
 * A cell of the matrix: one contender doing one kind of call at one size and placement. Its processes live through the whole launch and
 * sleep between blocks; the run interleaves blocks of all cells, so that a change of the machine hits all of them.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as hdr from 'hdr-histogram-js';
import type { Loop, Varied, Waiting } from '../results/line.js';
import type { PeerProcess } from './peer-process.js';

/** Which CPUs the ends and what is between them run on; part of a cell's name because it outweighs every choice of protocol. */
export interface Placement {
  readonly name: string;
  readonly client: number | undefined;
  readonly service: number | undefined;
  readonly broker: number | undefined;
}

export interface CellName {
  readonly workload: string;
  readonly contender: string;
  /** What is done: `empty` is a call that returns its payload, `control` a control call, `one-way` a message that wants no reply … */
  readonly call: string;
  readonly payloadBytes: number;
  readonly placement: string;
}

/** The processes of a cell, the client among them. */
export interface CellProcesses {
  readonly client: PeerProcess;
  readonly others: readonly PeerProcess[];
  /** The one among the others that routes every message, where there is one. */
  readonly broker?: PeerProcess;
  /** Called after the processes were stopped: removes what the launch left on disk. */
  readonly cleanUp?: () => Promise<void> | void;
}

export interface CellDefinition extends CellName {
  /** Messages that one sample stands for; 1 if it is not said. */
  readonly messagesPerSample?: number;
  /** Receivers of one message; 1 if it is not said. */
  readonly receivers?: number;
  /** Processes that the receivers share; as many as receivers if it is not said. */
  readonly receiverProcesses?: number;
  /** What varies within the workload, as it stands in the result. */
  readonly varied?: Varied;
  /** How everybody in this cell waits; `block` if it is not said. */
  readonly waiting?: Waiting;
  /** `closed` if it is not said. An open cell is offered `varied.load_share` of the peak that was measured on its own processes. */
  readonly loop?: Loop;
  /** The contender to which the ratio of this cell is; `c-seqpacket` if it is not said. */
  readonly baseline?: string;
  /** Whether its client is pipelined, so that it serves `open`, many outstanding, and gaps. */
  readonly canOpen?: boolean;
  /** Cells with the same group (and workload and placement) are launched together and interleaved; those without are one group. */
  readonly group?: string;
  /**
   * Cells of a group with the same contender and the same sweep are steps of one sweep: measured on the same processes, in random order
   * (the loads of an open loop, say). Without it a cell has processes of its own.
   */
  readonly sweep?: string;
  /** How long the client may take for a block beyond the block's own time; 20 s if it is not said. */
  readonly timeoutMs?: number;
  readonly launch: (directory: string) => Promise<CellProcesses>;
}

export interface Block {
  readonly samples: number;
  readonly violations: number;
  /** CPU time of all processes of the cell, of its client and of its broker. */
  readonly cpuNs: number;
  readonly clientCpuNs: number;
  readonly brokerCpuNs: number;
  readonly elapsedMs: number;
  readonly p50Ns: number;
}

/** CPU time that all threads of these processes have used, in ns (schedstat, proc(5)); 0 for one that has ended. */
export function cpuNanoseconds(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    try {
      for (const task of readdirSync(`/proc/${pid}/task`)) {
        const text = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8');
        sum += Number(text.split(' ')[0]);
      }
    } catch {
      // Ended meanwhile: its share of this block is unknown and the block fails elsewhere.
    }
  }
  return sum;
}

/** Begins to count what a cell's processes spend; the function that it returns tells how much it was. */
function cpuMeter(processes: CellProcesses): () => Pick<Block, 'cpuNs' | 'clientCpuNs' | 'brokerCpuNs'> {
  const { client, broker, others } = processes;
  const read = (): readonly number[] => [
    cpuNanoseconds(client.pids),
    cpuNanoseconds(broker?.pids ?? []),
    cpuNanoseconds(others.filter((peer) => peer !== broker).flatMap((peer) => peer.pids)),
  ];
  const before = read();
  return () => {
    const [clientCpuNs = 0, brokerCpuNs = 0, restNs = 0] = read().map((ns, at) => ns - (before[at] ?? 0));
    return { cpuNs: clientCpuNs + brokerCpuNs + restNs, clientCpuNs, brokerCpuNs };
  };
}

export function createHistogram(): hdr.Histogram {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000_000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    useWebAssembly: false,
  });
}

/** Blocks of the shortest warm-up; how many of the last ones must show no progress; what progress is. */
const warmUpBlocks = 5;
const settledBlocks = 3;
const progressFactor = 0.95;

/** Whether the last blocks' medians are no clear progress over those before. */
function hasSettled(medians: readonly number[]): boolean {
  if (medians.length < warmUpBlocks) return false;
  const recent = Math.min(...medians.slice(-settledBlocks));
  return recent > progressFactor * Math.min(...medians.slice(0, -settledBlocks));
}

/** The samples of one block as a client wrote them, into the histogram; returns their median. Removes the file. */
function readSamples(file: string, histogram: hdr.Histogram | undefined): number {
  const bytes = readFileSync(file);
  rmSync(file, { force: true });
  const samples = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  if (histogram !== undefined) for (const sample of samples) histogram.recordValue(Math.max(sample, 1));
  samples.sort();
  return samples[samples.length >> 1] ?? 0;
}

/** A launched cell: runs blocks and gathers its histogram. */
export class Cell {
  readonly definition: CellDefinition;
  readonly histogram = createHistogram();
  readonly blocks: Block[] = [];
  readonly #directory: string;
  #processes: CellProcesses | undefined;

  constructor(definition: CellDefinition, directory: string) {
    this.definition = definition;
    this.#directory = directory;
  }

  async launch(): Promise<void> {
    this.#processes = await this.definition.launch(this.#directory);
  }

  /**
   * Runs blocks without recording them until the median has stopped falling: none of the last few is clearly below all before them.
   * Takes `leastMs` or more, and `mostMs` at most.
   */
  async warmUp(leastMs: number, mostMs: number): Promise<void> {
    const medians: number[] = [];
    const blockMs = leastMs / warmUpBlocks;
    while (!hasSettled(medians) && medians.length * blockMs < mostMs) {
      const block = await this.#run(blockMs);
      medians.push(block.p50Ns);
    }
  }

  async block(durationMs: number): Promise<void> {
    this.blocks.push(await this.#run(durationMs, this.histogram));
  }

  async #run(durationMs: number, histogram?: hdr.Histogram): Promise<Block> {
    const processes = this.#processes;
    if (processes === undefined) throw new Error('this cell is not launched');
    const file = join(this.#directory, `samples-${process.pid}.u32`);
    const spent = cpuMeter(processes);
    const start = performance.now();
    processes.client.write(`run ${Math.ceil(durationMs)} ${file}`);
    const [word, samples, violations] = (await processes.client.line(durationMs + 20_000)).split(' ');
    const elapsedMs = performance.now() - start;
    if (word !== 'done') throw new Error(`${this.definition.contender}: the client did not finish its block`);
    const cpu = spent();
    const p50Ns = readSamples(file, histogram);
    return { samples: Number(samples), violations: Number(violations), ...cpu, elapsedMs, p50Ns };
  }

  async stop(): Promise<void> {
    const processes = this.#processes;
    this.#processes = undefined;
    if (processes === undefined) return;
    await processes.client.stop();
    for (const peer of processes.others) await peer.stop();
    await processes.cleanUp?.();
  }

  kill(): void {
    this.#processes?.client.kill();
    for (const peer of this.#processes?.others ?? []) peer.kill();
  }
}
