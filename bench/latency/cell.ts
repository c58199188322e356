/**
 * A cell of the matrix: one contender doing one kind of call at one size and placement. Its processes live through the whole launch and
 * sleep between blocks; a launch interleaves blocks of all its cells, so that a change of the machine hits all of them.
 */
import * as hdr from 'hdr-histogram-js';
import type { Holdings, Loop, CellName as ResultName, Varied, Waiting } from '../results/line.js';
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
  /** What they hold when everything is in place, where the cell is about that (W9). */
  readonly holdings?: Holdings;
  /** Called after the processes were stopped: removes what the launch left on disk. */
  readonly cleanUp?: () => Promise<void> | void;
}

export interface CellDefinition extends CellName {
  /** Messages that one sample stands for; 1 if it is not said. */
  readonly messagesPerSample?: number;
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
  /** Whether its client, though not pipelined, can have many under way while it is warmed up. */
  readonly canRush?: boolean;
  /** Cells with the same group (and workload and placement) are launched together and interleaved; those without are one group. */
  readonly group?: string;
  /**
   * Cells of a group with the same contender and the same sweep are steps of one sweep: measured on the same processes, in random order
   * (the loads of an open loop, say). Without it a cell has processes of its own.
   */
  readonly sweep?: string;
  /**
   * About how long a sample takes with what comes between two, ms, where that is long: blocks are made long enough for the samples that a
   * launch must have. Without it a block of any length has enough.
   */
  readonly sampleMs?: number;
  /** How long the client may take for a block beyond the block's own time; 20 s if it is not said. */
  readonly timeoutMs?: number;
  readonly launch: (directory: string) => Promise<CellProcesses>;
}

/** A cell's name as results have it. */
export function cellNameOf(definition: CellDefinition): ResultName {
  const { workload, contender, call, payloadBytes, placement, varied, loop, waiting } = definition;
  return {
    workload,
    contender,
    call,
    payload_bytes: payloadBytes,
    placement,
    loop: loop ?? 'closed',
    waiting: waiting ?? 'block',
    ...varied,
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
