/**
 * What one cell gave in one launch, as it is kept in `launches.jsonl`: sums and a histogram, from which everything else is computed, so
 * that a run which was interrupted loses nothing but the launch that was under way.
 */
import type { Histogram } from 'hdr-histogram-js';
import type { BlockFigures, Figures, Holdings, LaunchFigures } from '../results/line.js';
import { decodeHistogram, encodeHistogram, mergeHistograms, percentileNs } from '../statistics/histogram.js';
import type { Block, Faults } from './stage.js';

/** Names are those of the file. Sums are over all recorded blocks of the launch. */
export interface CellRecord {
  /** `cellKey` of the cell. */
  readonly key: string;
  readonly samples: number;
  /** These two are of all blocks, also of the warm-up and of those whose samples were thrown away. */
  readonly violations: number;
  readonly errors: number;
  readonly elapsed_ms: number;
  readonly cpu_ns: number;
  readonly client_cpu_ns: number;
  /** Null where no process routes. */
  readonly broker_cpu_ns: number | null;
  readonly gc_ns: number | null;
  readonly wait_ns: number;
  readonly switches: number;
  readonly cold_ns: number | null;
  readonly is_settled: boolean;
  /** Of an open loop: how late the machine woke anybody at worst; null where that cannot be told. */
  readonly late_ns: number | null;
  /** Of an open loop: from the first planned moments to the last of all blocks. */
  readonly planned_ms?: number;
  /** Of an open loop: messages a second that were offered. */
  readonly offered_per_second: number | null;
  /** Of an open loop: the peak of which that is a share, messages a second. */
  readonly peak_per_second?: number | null;
  /** Why the figures of this launch must not be used; null if they may. */
  readonly invalid: string | null;
  /** Why there are none; null if the cell ran to its end. */
  readonly failure: string | null;
  /** W9. */
  readonly holdings?: Holdings;
  /** Medians of the blocks, ns. */
  readonly rounds: readonly number[];
  /** The pace of the cores beside each of these blocks, ns (pace.ts); absent where it was not looked at. */
  readonly paces?: readonly number[];
  readonly histogram: string;
}

/** What a launch gives beside the sums of its blocks. */
export type LaunchNotes = Pick<
  CellRecord,
  'cold_ns' | 'is_settled' | 'offered_per_second' | 'peak_per_second' | 'invalid' | 'failure' | 'holdings'
> & { readonly hasBroker: boolean; readonly unrecorded: Faults };

export function createRecord(
  key: string,
  blocks: readonly Block[],
  histogram: Histogram,
  notes: LaunchNotes,
): CellRecord {
  const sum = (of: (block: Block) => number): number => blocks.reduce((total, block) => total + of(block), 0);
  const tellsCollections = blocks.some(({ gcNs }) => gcNs !== undefined);
  const late = blocks.flatMap(({ lateNs }) => (lateNs === undefined ? [] : [lateNs]));
  const planned = blocks.flatMap(({ plannedMs }) => (plannedMs === undefined ? [] : [plannedMs]));
  const paces = blocks.flatMap(({ paceNs }) => (paceNs === undefined ? [] : [Math.round(paceNs)]));
  const { hasBroker, unrecorded, ...rest } = notes;
  return {
    key,
    samples: sum((block) => block.samples),
    violations: sum((block) => block.violations) + unrecorded.violations,
    errors: sum((block) => block.errors) + unrecorded.errors,
    elapsed_ms: sum((block) => block.elapsedMs),
    cpu_ns: sum((block) => block.cpuNs),
    client_cpu_ns: sum((block) => block.clientCpuNs),
    broker_cpu_ns: hasBroker ? sum((block) => block.brokerCpuNs) : null,
    gc_ns: tellsCollections ? sum((block) => block.gcNs ?? 0) : null,
    wait_ns: sum((block) => block.waitNs),
    switches: sum((block) => block.switches),
    late_ns: late.length === 0 ? null : Math.max(...late),
    ...(planned.length === 0 ? {} : { planned_ms: planned.reduce((total, ms) => total + ms, 0) }),
    ...rest,
    rounds: blocks.map(({ p50Ns }) => p50Ns),
    ...(paces.length === 0 || paces.length < blocks.length ? {} : { paces }),
    histogram: encodeHistogram(histogram),
  };
}

/** All samples of these records, in one histogram: percentiles are never averaged (benchmark method, point 9). */
export function mergedHistogram(records: readonly CellRecord[]): Histogram {
  return mergeHistograms(records.map(({ histogram }) => decodeHistogram(histogram)));
}

export function round(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

function percentileUs(histogram: Histogram, percentile: number): number | null {
  const ns = percentileNs(histogram, percentile);
  return ns === null ? null : ns / 1000;
}

/** The figures of these records together; `histogram` is that of all of them. */
export function figuresOf(
  records: readonly CellRecord[],
  histogram: Histogram,
  messagesPerSample: number,
): Figures {
  const sum = (of: (record: CellRecord) => number | null): number =>
    records.reduce((total, record) => total + (of(record) ?? 0), 0);
  const has = (of: (record: CellRecord) => number | null): boolean =>
    records.some((record) => of(record) !== null);
  const messages = sum((record) => record.samples) * messagesPerSample;
  const perMessage = (value: number, digits = 3): number =>
    round(messages === 0 ? 0 : value / messages, digits) ?? 0;
  const elapsedMs = sum((record) => record.elapsed_ms);
  const brokerNs = sum((record) => record.broker_cpu_ns);
  const isBrokered = has((record) => record.broker_cpu_ns);
  return {
    p50_us: percentileUs(histogram, 50),
    p90_us: percentileUs(histogram, 90),
    p99_us: percentileUs(histogram, 99),
    p999_us: percentileUs(histogram, 99.9),
    max_us: histogram.maxValue / 1000,
    per_second: elapsedMs === 0 ? 0 : Math.round((messages * 1000) / elapsedMs),
    cpu_us_per_message: perMessage(sum((record) => record.cpu_ns) / 1000),
    client_cpu_us_per_message: perMessage(sum((record) => record.client_cpu_ns) / 1000),
    broker_cpu_us_per_message: isBrokered ? perMessage(brokerNs / 1000) : null,
    per_broker_cpu_second: isBrokered && brokerNs > 0 ? Math.round((messages * 1e9) / brokerNs) : null,
    gc_us_per_message: has((record) => record.gc_ns)
      ? perMessage(sum((record) => record.gc_ns) / 1000)
      : null,
    wait_us_per_message: perMessage(sum((record) => record.wait_ns) / 1000),
    switches_per_message: perMessage(
      sum((record) => record.switches),
      4,
    ),
    samples: sum((record) => record.samples),
    violations: sum((record) => record.violations),
    errors: sum((record) => record.errors),
  };
}

export function launchFigures(launch: number, record: CellRecord, messagesPerSample: number): LaunchFigures {
  const us = (ns: number | null): number | null => round(ns === null ? null : ns / 1000, 3);
  return {
    launch,
    ...figuresOf([record], mergedHistogram([record]), messagesPerSample),
    cold_us: us(record.cold_ns),
    is_settled: record.is_settled,
    late_us: us(record.late_ns),
    ...(typeof record.peak_per_second === 'number' ? { peak_per_second: record.peak_per_second } : {}),
    ...(record.paces === undefined ? {} : { blocks: blocksOf(record.rounds, record.paces) }),
    ...(record.holdings === undefined ? {} : { holdings: record.holdings }),
  };
}

function blocksOf(rounds: readonly number[], paces: readonly number[]): BlockFigures {
  const us = (ns: number): number => Number((ns / 1000).toFixed(3));
  return { p50_us: rounds.map(us), pace_us: paces.map(us) };
}
