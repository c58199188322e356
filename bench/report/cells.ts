/** Results as the world sees them: one JSON object a cell with stable names (docs/benchmark.md). */
import { transports } from '../../transports/catalog.js';
import type { Cell } from '../latency/cell.js';
import type { Figures } from '../results/line.js';
import { encodeHistogram, percentileNs } from '../statistics/histogram.js';

/** What the suite tells beside, and these programs do not. */
type MeanwhileFigure = 'gc_us_per_message' | 'wait_us_per_message' | 'switches_per_message';

/** Names are stable; add, never rename. Times in microseconds. */
export interface CellResult extends Omit<Figures, MeanwhileFigure | 'errors'> {
  readonly workload: string;
  readonly contender: string;
  readonly call: string;
  readonly payload_bytes: number;
  readonly receivers: number;
  readonly receiver_processes: number;
  readonly placement: string;
  /** Where the kernel keeps few messages for a receiver: how many, on this machine. */
  readonly queue_depth?: number;
  readonly loop: 'closed';
  readonly ratio: number | null;
  /** Least and greatest ratio among the interleaved rounds: how far the ratio can be trusted. */
  readonly ratio_low: number | null;
  readonly ratio_high: number | null;
  readonly histogram: string;
}

/** How many messages the kernel keeps for a receiver, where a transport's manifest says that they are few (sockets D6). */
export function queueDepthOf(contender: string): number | undefined {
  return transports.find(({ name }) => name === contender)?.manifest.queueDepth;
}

/** A percentile of a cell, where there are samples enough for it. */
export function percentileUs(cell: Cell, percentile: number): number | null {
  const ns = percentileNs(cell.histogram, percentile);
  return ns === null ? null : ns / 1000;
}

function ratios(cell: Cell, baseline: Cell | undefined): readonly number[] {
  if (baseline === undefined) return [];
  return cell.blocks
    .map((block, at) => block.p50Ns / (baseline.blocks[at]?.p50Ns ?? Number.NaN))
    .filter((ratio) => Number.isFinite(ratio) && ratio > 0)
    .sort((a, b) => a - b);
}

function round(value: number | null, digits = 2): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

/** The result of one cell; `baseline` is the C cell of the same run, placement and payload. */
export function cellResult(cell: Cell, baseline: Cell | undefined): CellResult {
  const { definition, blocks } = cell;
  const samples = blocks.reduce((sum, block) => sum + block.samples, 0);
  const seconds = blocks.reduce((sum, block) => sum + block.elapsedMs, 0) / 1000;
  const messages = samples * (definition.messagesPerSample ?? 1);
  const cpuUs = blocks.reduce((sum, block) => sum + block.cpuNs, 0) / 1000;
  const clientUs = blocks.reduce((sum, block) => sum + block.clientCpuNs, 0) / 1000;
  const brokerUs = blocks.reduce((sum, block) => sum + block.brokerCpuNs, 0) / 1000;
  const perMessage = (us: number): number => round(messages === 0 ? 0 : us / messages) ?? 0;
  const depth = queueDepthOf(definition.contender);
  const byRound = ratios(cell, baseline);
  const p50 = percentileUs(cell, 50);
  const baselineP50 = baseline === undefined ? null : percentileUs(baseline, 50);
  return {
    workload: definition.workload,
    contender: definition.contender,
    call: definition.call,
    payload_bytes: definition.payloadBytes,
    receivers: definition.receivers ?? 1,
    receiver_processes: definition.receiverProcesses ?? definition.receivers ?? 1,
    placement: definition.placement,
    ...(depth === undefined ? {} : { queue_depth: depth }),
    loop: 'closed',
    p50_us: round(p50),
    p90_us: round(percentileUs(cell, 90)),
    p99_us: round(percentileUs(cell, 99)),
    p999_us: round(percentileUs(cell, 99.9)),
    max_us: cell.histogram.maxValue / 1000,
    per_second: Math.round(messages / seconds),
    cpu_us_per_message: perMessage(cpuUs),
    client_cpu_us_per_message: perMessage(clientUs),
    broker_cpu_us_per_message: brokerUs === 0 ? null : perMessage(brokerUs),
    per_broker_cpu_second: brokerUs === 0 ? null : Math.round((messages * 1e6) / brokerUs),
    ratio: p50 === null || baselineP50 === null ? null : round(p50 / baselineP50),
    ratio_low: round(byRound[0] ?? null),
    ratio_high: round(byRound.at(-1) ?? null),
    samples,
    violations: cell.violations,
    histogram: encodeHistogram(cell.histogram),
  };
}
