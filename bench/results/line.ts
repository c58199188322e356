/**
 * Results as they are written: JSON lines with stable names (docs/benchmark.md). Everything that reads results (report, comparison,
 * gate, findings) reads these, and nothing else of the harness.
 *
 * A *cell* is one contender doing one thing at one size, load and placement. A *launch* is one life of its processes; intervals come
 * from launches, not from samples (benchmark method, point 6). Times are in microseconds unless a name says otherwise; what was not
 * measured, or has too few samples behind it (point 10), is null.
 */

import type { MessageDiagram } from '../check/diagram.js';

/** How everybody in a table waits (point 2): blocking in the kernel, polling without sleeping in it, or spinning in memory. */
export type Waiting = 'block' | 'poll' | 'spin';

/** When the next message goes: when an answer is there, or by a schedule that does not look at answers (point 3). */
export type Loop = 'closed' | 'open';

/** What can vary within a workload. In a line only those that its workload varies are present. */
export interface Varied {
  /** Calls that may be unanswered at once (W1). */
  readonly outstanding?: number;
  /** Sending processes (W2). */
  readonly senders?: number;
  /** Handles in one message (W3), handles that the dead peer held (W6), handles that there are (W9). */
  readonly handles?: number;
  /** Who holds the grant that is taken back (W5). */
  readonly holders?: number;
  /** Receivers of one message, and the processes that they share (W4). */
  readonly receivers?: number;
  readonly receiver_processes?: number;
  /** Services of the manager (W7). */
  readonly services?: number;
  /** Connected peers (W9). */
  readonly peers?: number;
  /** Idle time before each request, ms (W10). */
  readonly gap_ms?: number;
  /** Of an open loop: share of the measured peak that is offered, what that is in messages a second, and how it is spread. */
  readonly load_share?: number;
  readonly offered_per_second?: number;
  readonly schedule?: 'constant' | 'poisson';
}

export const variedNames = [
  'outstanding',
  'senders',
  'handles',
  'holders',
  'receivers',
  'receiver_processes',
  'services',
  'peers',
  'gap_ms',
  'load_share',
  'offered_per_second',
  'schedule',
] as const satisfies readonly (keyof Varied)[];

/** Names a cell: equal names in two runs are the same question. */
export interface CellName extends Varied {
  /** `W1` … `W10`. */
  readonly workload: string;
  readonly contender: string;
  /** What is done, for example `empty`, `control`, `one-way`, `multicast`, `grant`, `revoke`, `death`. */
  readonly call: string;
  readonly payload_bytes: number;
  /** `two-cores`, `one-core` or `not-pinned`. */
  readonly placement: string;
  readonly loop: Loop;
  readonly waiting: Waiting;
}

/** What was measured, of one launch or of all of a cell's launches together. */
export interface Figures {
  readonly p50_us: number | null;
  readonly p90_us: number | null;
  readonly p99_us: number | null;
  readonly p999_us: number | null;
  readonly max_us: number;
  readonly per_second: number;
  /** CPU time of all processes of the cell for each message; then the client's and the broker's share of it. */
  readonly cpu_us_per_message: number;
  readonly client_cpu_us_per_message: number;
  readonly broker_cpu_us_per_message: number | null;
  /** Messages routed in a second of the broker's own CPU time. */
  readonly per_broker_cpu_second: number | null;
  /** What else happened meanwhile, of all processes together: garbage collection, waiting for a CPU, switches that nobody asked for. */
  readonly gc_us_per_message: number | null;
  readonly wait_us_per_message: number | null;
  readonly switches_per_message: number | null;
  readonly samples: number;
  /** Lost, doubled, invented or changed messages, and order that was promised and not kept. More than none: the cell has failed. */
  readonly violations: number;
  /**
   * Ended by an error or a deadline; in the histogram with at least the deadline (point 12), but for those of the warm-up and of blocks
   * that were thrown away, which are only counted.
   */
  readonly errors: number;
}

/**
 * What a cell's processes hold while its messages run (W9). `resident_bytes` and `descriptors` are those of all its processes together;
 * the broker's memory is told after collection, `broker_grown_bytes` is by how much its used memory (heap and buffers) has grown since
 * there was nothing.
 */
export interface Holdings {
  readonly resident_bytes: number;
  readonly descriptors: number;
  readonly broker_resident_bytes: number | null;
  readonly broker_used_bytes: number | null;
  readonly broker_grown_bytes: number | null;
  readonly broker_descriptors: number | null;
}

/** The blocks of a launch, in their order. */
export interface BlockFigures {
  readonly p50_us: readonly number[];
  /** How long a fixed piece of work took on the cell's cores meanwhile: more of it is a slower core (latency/pace.ts). */
  readonly pace_us: readonly number[];
}

/** One launch. */
export interface LaunchFigures extends Figures {
  readonly launch: number;
  /** The first message of the launch, before anything was warm (point 11). */
  readonly cold_us: number | null;
  /** Whether the warm-up ended because its medians had settled. */
  readonly is_settled: boolean;
  /**
   * Of an open loop: how late the machine woke at worst somebody whom no contender can delay; null without the right to real-time priority.
   * A launch in which it was so too often is left out (`launches_stalled`).
   */
  readonly late_us: number | null;
  /** Of an open loop: the peak of the same processes in this launch, messages a second (method, point 4). Earlier results do not have it. */
  readonly peak_per_second?: number;
  /** Earlier results do not have it. */
  readonly blocks?: BlockFigures;
  /** W9. */
  readonly holdings?: Holdings;
}

/** A cell of a finished run, as `cells.jsonl` and `--json` have it. */
export interface CellLine extends CellName, Figures {
  readonly kind?: 'cell';
  /**
   * The contender whose cell of the same launches the ratio is to; null where none of them does the same. Results of earlier versions do
   * not have it.
   */
  readonly baseline?: string | null;
  /** p50 over that of the baseline, by launch; null where there is none, or too few samples for a median in every launch (point 10). */
  readonly ratio: number | null;
  /** 95 % interval of the ratio, over launches (statistics/bootstrap.ts); null with fewer than two of them. */
  readonly ratio_low: number | null;
  readonly ratio_high: number | null;
  readonly cold_us: number | null;
  /** Where the kernel keeps few messages for a receiver: how many, on this machine. */
  readonly queue_depth?: number;
  /** Of an open loop: the peak of which `load_share` is offered, messages a second; the median over launches. Earlier results do not have it. */
  readonly peak_per_second?: number;
  /**
   * Of an open loop: how long the load was planned to last, over how long it took until the last answer, at most 1: of all blocks of a
   * launch together, and then the median over launches, which one launch with a stall of its own does not move. Below `overloadedShare`
   * more was offered than the contender can carry, and its latency is that of a backlog. Earlier results do not have it, or that of all
   * launches together.
   */
  readonly achieved_share?: number;
  /**
   * Of an open loop: launches that are left out, because the machine stalled in them. Absent where there is none; where they are more than
   * half, the cell is invalid.
   */
  readonly launches_stalled?: number;
  /** Why the figures must not be used, if so: a generator that missed its schedule, say. */
  readonly invalid?: string;
  readonly launches: readonly LaunchFigures[];
  /** All samples of all launches, merged: HdrHistogram V2, compressed, base64; values in ns. */
  readonly histogram: string;
}

/** Runs of a pattern in one launch: they share processes, compiled code and what the machine did then. */
export interface OrderLaunch {
  readonly launch: number;
  readonly runs: number;
  readonly inversions: number;
  readonly violations: number;
}

/** A pattern of W8 on one contender at one load: a count, not a time. */
export interface OrderLine {
  readonly kind: 'order';
  readonly workload: 'W8';
  readonly contender: string;
  /** The pattern, for example `relay`. */
  readonly call: string;
  readonly placement: string;
  readonly payload_bytes: number;
  readonly load_kib: number;
  /** How the scheduler was made to interfere: not, by real-time neighbours, by stopped processes … */
  readonly preemption: string;
  readonly runs: number;
  readonly samples: number;
  /** Runs with at least one inversion, of which property. */
  readonly inversions: number;
  /**
   * 95 % interval of the share of such runs, over launches (statistics/order-share.ts); null with fewer than two of them. Where no run or
   * every run has an inversion, launches tell of no spread, and the bound is over runs, as if those of a launch did not depend on each other
   * (the rule of three). Results of earlier versions do not have it.
   */
  readonly share_low?: number | null;
  readonly share_high?: number | null;
  readonly property: string;
  /** Whether the manifest promises that there is none; then each is a violation. */
  readonly is_promised: boolean;
  readonly violations: number;
  /** How many of the violations are messages that were lost, doubled, invented or changed. Earlier results do not have it. */
  readonly delivery_faults?: number;
  /** The shortest inversion as a message diagram of lines of text. */
  readonly example?: string;
  /** The same for drawing: who sent what to whom, and the order of events at each process. */
  readonly diagram?: MessageDiagram;
  readonly queue_depth?: number;
  /** What the counts are the sums of. Results of earlier versions do not have it; theirs are of one launch. */
  readonly launches?: readonly OrderLaunch[];
}

/** An open loop that did less of what was offered than this was overloaded. */
const overloadedShare = 0.95;

export function isOverloaded({ achieved_share }: CellLine): boolean {
  return achieved_share !== undefined && achieved_share < overloadedShare;
}

export type ResultLine = CellLine | OrderLine;

export function isOrderLine(line: ResultLine): line is OrderLine {
  return line.kind === 'order';
}

/** A cell's name as one string: the same for the same question, whatever the order of the fields. */
export function cellKey(name: CellName): string {
  const varied = variedNames.filter((key) => key !== 'offered_per_second' && name[key] !== undefined);
  const parts = [
    name.workload,
    name.contender,
    name.call,
    `${name.payload_bytes}B`,
    name.placement,
    name.loop,
  ];
  return [...parts, name.waiting, ...varied.map((key) => `${key}=${name[key]}`)].join(' ');
}
