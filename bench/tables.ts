/**
 * The figures of the bus's tables: what a broker keeps for each peer and handle, what a message costs it when there are many of
 * something (W9), and what a multicast gains and costs (W4). docs/benchmark.md says how it is meant.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placements } from './index.js';
import type { Cell, Placement } from './latency/cell.js';
import { type RoundOptions, runRounds } from './latency/rounds.js';
import { type CellResult, cellResult } from './report/cells.js';
import { describeMachine, type Machine, stealSince, stealTicks } from './report/machine.js';
import { projectDirectory } from './scenarios/contenders.js';
import { fanOutCells, fanOutCostCells } from './scenarios/fan-out.js';
import {
  affordableHandles,
  affordablePeers,
  layouts,
  type ManyCellDefinition,
  type MemoryResult,
  manyCells,
  measureMemory,
} from './scenarios/many.js';

export interface TablesOptions extends RoundOptions {
  readonly payloadBytes: number;
  /** Idle peers, holders, handles: how many "many" are. */
  readonly many: number;
  readonly peers: number;
  readonly handlesPerPeer: number;
  readonly receivers: readonly number[];
  /** Receivers of the multicasts of which only the sender's cost is taken. */
  readonly costReceivers: readonly number[];
  /** Processes that the receivers of a multicast share at most. */
  readonly receiverProcesses: number;
  /** Only these parts; all of them if it is not said. */
  readonly parts?: readonly TablesPart[];
  /** Called with what is being done and how much of the whole is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
}

export const tablesParts = ['memory', 'cost', 'multicast', 'sender'] as const;
export type TablesPart = (typeof tablesParts)[number];

export const defaultTablesOptions: TablesOptions = {
  seed: 1,
  rounds: 16,
  blockMs: 120,
  warmUpMs: 1000,
  warmUpMaxMs: 8000,
  payloadBytes: 64,
  many: 10_000,
  peers: 10_000,
  handlesPerPeer: 100,
  receivers: [1, 2, 4, 8, 16, 64, 256],
  costReceivers: [1, 16, 256],
  receiverProcesses: 16,
};

/** Sizes at which all of it runs within the tests. */
export const smokeTablesOptions: TablesOptions = {
  ...defaultTablesOptions,
  rounds: 2,
  blockMs: 20,
  warmUpMs: 20,
  warmUpMaxMs: 40,
  many: 70,
  peers: 20,
  handlesPerPeer: 70,
  receivers: [1, 5],
  costReceivers: [1, 5],
  receiverProcesses: 2,
};

/** A cell of W4 or W9 that was measured in rounds. */
export interface TablesCell extends CellResult {
  /** W9: what there are many of, and how many. */
  readonly dimension: string | null;
  readonly many: number | null;
  /**
   * The cost that the cell is about (W9: the broker's CPU time for a message, W4 `multicast-cost`: the sender's) as a ratio to that
   * of the same contender with one of everything, or (W4 `multicast`) the time to the last receiver as a ratio to the loop over
   * `sockets`. The median of the ratios of the rounds.
   */
  readonly compared: number | null;
}

export interface TablesResult {
  readonly machine: Machine;
  readonly seed: number;
  readonly cells: readonly TablesCell[];
  readonly memory: readonly MemoryResult[];
  readonly durationMs: number;
  readonly steal: number;
  readonly missing: readonly string[];
}

type Progress = (text: string, share: number) => void;

function median(values: readonly number[]): number | null {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1];
  return middle === undefined ? null : Number(middle.toFixed(2));
}

/** The median over the rounds of one cell's value to another's. */
function compared(
  cell: Cell,
  base: Cell | undefined,
  value: (cell: Cell, round: number) => number,
): number | null {
  if (base === undefined) return null;
  return median(cell.blocks.map((_, round) => value(cell, round) / value(base, round)));
}

function p50Of(cell: Cell, round: number): number {
  return cell.blocks[round]?.p50Ns ?? Number.NaN;
}

function brokerCostOf(cell: Cell, round: number): number {
  const { brokerCpuNs = Number.NaN, samples = Number.NaN } = cell.blocks[round] ?? {};
  return brokerCpuNs / samples;
}

function line(cell: Cell, ratio: number | null): TablesCell {
  const { dimension = null, many = null } = cell.definition as Partial<ManyCellDefinition>;
  return { ...cellResult(cell, undefined), dimension, many, compared: ratio };
}

async function runCost(
  options: TablesOptions,
  placement: Placement,
  directory: string,
  progress: Progress,
): Promise<TablesCell[]> {
  const many = affordablePeers(options.many);
  const definitions = manyCells(placement, options.payloadBytes, many);
  const cells = await runRounds(`W9, ${placement.name}`, definitions, options, directory, progress);
  return cells.map((cell) => line(cell, compared(cell, cells[0], brokerCostOf)));
}

async function runMulticast(
  options: TablesOptions,
  placement: Placement,
  directory: string,
  progress: Progress,
): Promise<TablesCell[]> {
  const { receivers, payloadBytes, receiverProcesses } = options;
  const results: TablesCell[] = [];
  // One number of receivers after the other: the processes of all of them at once would be too many for a small machine.
  for (const [at, count] of receivers.entries()) {
    const definitions = fanOutCells(placement, payloadBytes, count, receiverProcesses).filter(
      ({ contender }) => contender !== 'c-seqpacket',
    );
    const step: Progress = (text, share) => progress(text, (at + share) / receivers.length);
    const name = `W4, ${count} receivers, ${placement.name}`;
    const cells = await runRounds(name, definitions, options, directory, step);
    const base = cells.find((cell) => cell.definition.contender === 'sockets');
    results.push(...cells.map((cell) => line(cell, compared(cell, base, p50Of))));
  }
  return results;
}

async function runSender(
  options: TablesOptions,
  placement: Placement,
  directory: string,
  progress: Progress,
): Promise<TablesCell[]> {
  const definitions = options.costReceivers.flatMap((count) =>
    fanOutCostCells(placement, options.payloadBytes, count, 1),
  );
  const cells = await runRounds(`W4, sender, ${placement.name}`, definitions, options, directory, progress);
  return cells.map((cell) => {
    const base = cells.find((other) => other.definition.contender === cell.definition.contender);
    return line(cell, compared(cell, base, p50Of));
  });
}

async function runMemory(
  options: TablesOptions,
  directory: string,
  progress: Progress,
): Promise<MemoryResult[]> {
  const peers = affordablePeers(options.peers);
  const handles = affordableHandles(peers, options.handlesPerPeer);
  const results: MemoryResult[] = [];
  for (const [at, layout] of layouts.entries()) {
    const step = (text: string): void => progress(`W9, memory, ${text}`, at / layouts.length);
    results.push(await measureMemory(layout, peers, handles, directory, options.signal, step));
  }
  return results;
}

/** Runs what is wanted of it. Leaves no process and no file behind, also when it fails or is aborted. */
export async function runTables(options: TablesOptions): Promise<TablesResult> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-tables-'));
  const start = performance.now();
  const ticks = stealTicks();
  const machine = describeMachine(projectDirectory);
  const [placement] = placements();
  const parts = options.parts ?? tablesParts;
  const missing: string[] = [];
  const wanted = Math.max(options.many, options.peers);
  if (affordablePeers(wanted) < wanted) {
    missing.push(
      `more than ${affordablePeers(wanted)} peers: the limit of descriptors (RLIMIT_NOFILE) is lower`,
    );
  }
  if (affordableHandles(options.peers, options.handlesPerPeer) < options.handlesPerPeer) {
    missing.push('a million handles: they need several users, and so root');
  }
  const cells: TablesCell[] = [];
  const memory: MemoryResult[] = [];
  try {
    for (const [at, part] of parts.entries()) {
      const progress: Progress = (text, share) => options.onProgress?.(text, (at + share) / parts.length);
      if (part === 'memory') memory.push(...(await runMemory(options, directory, progress)));
      else if (placement !== undefined) {
        const run = { cost: runCost, multicast: runMulticast, sender: runSender }[part];
        cells.push(...(await run(options, placement, directory, progress)));
      }
    }
    const durationMs = performance.now() - start;
    return { machine, seed: options.seed, cells, memory, durationMs, steal: stealSince(ticks), missing };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function memoryLine(result: MemoryResult): Record<string, unknown> {
  const bytes = (value: number): number => Number(value.toFixed(1));
  return {
    workload: 'W9',
    contender: 'bus',
    call: 'memory',
    payload_bytes: 0,
    layout: result.layout,
    peers: result.peers,
    handles: result.handles,
    resident_bytes_per_peer: bytes(result.residentPerPeer),
    used_bytes_per_peer: bytes(result.usedPerPeer),
    resident_bytes_per_handle: bytes(result.residentPerHandle),
    used_bytes_per_handle: bytes(result.usedPerHandle),
    resident_bytes_left_per_handle: bytes(result.residentLeftPerHandle),
    used_bytes_left_per_handle: bytes(result.usedLeftPerHandle),
    samples: 1,
    violations: 0,
  };
}

/** One object a cell, one a line, with the machine in each so that no line needs another to be understood. */
export function tablesLines({ cells, memory, seed, steal, machine }: TablesResult): string[] {
  return [...memory.map(memoryLine), ...cells].map((cell) =>
    JSON.stringify({ ...cell, seed, steal, machine }),
  );
}
