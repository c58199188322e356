/**
 * The figures of the bus's tables: what a broker keeps for each peer and handle, what a message costs it when there are many of
 * something (W9), and what a multicast gains and costs (W4). docs/benchmark.md says how it is meant.
 */
import { placements } from './index.js';
import type { CellDefinition, Placement } from './latency/cell.js';
import { makeScratch } from './latency/lifetime.js';
import { type LaunchesOptions, type Progress, runLaunches } from './launches.js';
import type { Group } from './plan.js';
import { type CellResult, cellResult } from './report/cells.js';
import { describeMachine, type Machine, stealSince, stealTicks } from './report/machine.js';
import type { LaunchFigures } from './results/line.js';
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
import { mean } from './statistics/averages.js';
import { type LaunchRatio, launchRatio, type Reached, reachedBy } from './statistics/launch-ratio.js';

export interface TablesOptions extends LaunchesOptions {
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
  /** How often memory is measured, each time in a broker of its own: it hardly differs, and takes long. */
  readonly memoryLaunches: number;
  /** Only these parts; all of them if it is not said. */
  readonly parts?: readonly TablesPart[];
  /** Called with what is being done and how much of the whole is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
}

export const tablesParts = ['memory', 'cost', 'multicast', 'sender'] as const;
export type TablesPart = (typeof tablesParts)[number];

export const defaultTablesOptions: TablesOptions = {
  seed: 1,
  launches: 5,
  rounds: 5,
  blockMs: 150,
  longBlockMs: 150,
  warmUpMs: 600,
  warmUpMaxMs: 3000,
  rushMs: 0,
  payloadBytes: 64,
  many: 10_000,
  peers: 10_000,
  handlesPerPeer: 100,
  receivers: [1, 2, 4, 8, 16, 64, 256],
  costReceivers: [1, 16, 256],
  receiverProcesses: 16,
  memoryLaunches: 2,
};

/** A message costs the broker less than a fifth more with ten thousand of something than with one. */
const growthMost = 1.2;

/** Sizes at which all of it runs within the tests. */
export const smokeTablesOptions: TablesOptions = {
  ...defaultTablesOptions,
  launches: 1,
  rounds: 2,
  blockMs: 20,
  longBlockMs: 20,
  warmUpMs: 20,
  warmUpMaxMs: 40,
  many: 70,
  peers: 20,
  handlesPerPeer: 70,
  receivers: [1, 5],
  costReceivers: [1, 5],
  receiverProcesses: 2,
  memoryLaunches: 1,
};

/** A cell of W4 or W9. */
export interface TablesCell extends CellResult {
  /** W9: what there are many of, and how many. */
  readonly dimension: string | null;
  readonly many: number | null;
  /**
   * The cost that the cell is about (W9: the broker's CPU time for a message, W4 `multicast-cost`: the sender's) as a ratio to that
   * of the same contender with one of everything, or (W4 `multicast`) the time to the last receiver as a ratio to the loop over
   * `sockets`. The geometric mean of the ratios within launches, with its 95 % interval over launches.
   */
  readonly compared: number | null;
  readonly compared_low: number | null;
  readonly compared_high: number | null;
  /** Of how many launches the ratio is: those in which one of the two has too few samples are left out. */
  readonly compared_launches: number | null;
  /**
   * W9: what `compared` may be at most, and whether the whole interval keeps that, `null` where the ratio was not measured; absent where
   * nothing is asked.
   */
  readonly must?: number;
  readonly reached?: Reached | null;
}

/** Memory of one layout: the averages of what was measured each time, and each of them. */
export interface MemoryMeasured {
  readonly average: MemoryResult;
  readonly launches: readonly MemoryResult[];
}

export interface TablesResult {
  readonly machine: Machine;
  readonly seed: number;
  readonly cells: readonly TablesCell[];
  readonly memory: readonly MemoryMeasured[];
  readonly durationMs: number;
  readonly steal: number;
  readonly missing: readonly string[];
}

/** One number of receivers is a group: the processes of all of them at once would be too many for a small machine. */
function groupsOf(part: TablesPart, options: TablesOptions, placement: Placement): Group[] {
  const { payloadBytes, receivers, costReceivers, receiverProcesses } = options;
  const group = (workload: string, what: string, cells: readonly CellDefinition[]): Group => {
    return { key: `${workload}, ${what}, ${placement.name}`, workload, placement: placement.name, cells };
  };
  if (part === 'cost')
    return [group('W9', 'cost', manyCells(placement, payloadBytes, affordablePeers(options.many)))];
  if (part === 'multicast')
    return receivers.map((count) => {
      const cells = fanOutCells(placement, payloadBytes, count, receiverProcesses);
      const ours = cells.filter(({ contender }) => contender !== 'c-seqpacket');
      return group('W4', `${count} receivers`, ours);
    });
  if (part === 'sender')
    return [
      group(
        'W4',
        'sender',
        costReceivers.flatMap((count) => fanOutCostCells(placement, payloadBytes, count, 1)),
      ),
    ];
  return [];
}

/** A cell before it is compared. */
export type UncomparedCell = CellResult & Pick<TablesCell, 'dimension' | 'many'>;

/** Of a cell that failed there is no figure (method, point 13), and of nothing that is compared with it. */
const isUsable = ({ violations, invalid }: CellResult): boolean => violations === 0 && invalid === undefined;

/** The launches of a cell to which another is compared, and the figure that is. */
function comparedOf(
  cell: UncomparedCell,
  cells: readonly UncomparedCell[],
  seed: number,
): LaunchRatio | null {
  if (!isUsable(cell)) return null;
  const alike = cells
    .filter(isUsable)
    .filter(({ workload, call }) => workload === cell.workload && call === cell.call);
  const [base, value] =
    cell.workload === 'W9'
      ? [
          alike.find(({ dimension }) => dimension === 'none'),
          (figures: Pick<LaunchFigures, 'broker_cpu_us_per_message'>) => figures.broker_cpu_us_per_message,
        ]
      : [
          alike.find(({ contender, receivers }) =>
            cell.call === 'multicast'
              ? contender === 'sockets' && receivers === cell.receivers
              : contender === cell.contender,
          ),
          (figures: Pick<LaunchFigures, 'p50_us'>) => figures.p50_us,
        ];
  return base === undefined ? null : launchRatio(cell.launches, base.launches, value, seed);
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toFixed(3));
}

function withCompared(cell: UncomparedCell, cells: readonly UncomparedCell[], seed: number): TablesCell {
  const ratio = comparedOf(cell, cells, seed);
  const isGrowth = cell.workload === 'W9' && cell.dimension !== 'none';
  return {
    ...cell,
    compared: rounded(ratio?.estimate),
    compared_low: rounded(ratio?.low),
    compared_high: rounded(ratio?.high),
    compared_launches: ratio?.launches ?? null,
    ...(isGrowth
      ? { must: growthMost, reached: ratio === null ? null : reachedBy(ratio, 'most', growthMost) }
      : {}),
  };
}

/** Each cell with its ratio to the one that it is compared with, and with what it must reach. */
export function comparedCells(cells: readonly UncomparedCell[], seed: number): TablesCell[] {
  return cells.map((cell) => withCompared(cell, cells, seed));
}

async function runCells(
  groups: readonly Group[],
  options: TablesOptions,
  directory: string,
  progress: Progress,
): Promise<TablesCell[]> {
  const lines = await runLaunches(groups, options, directory, progress);
  const definitions = groups.flatMap(({ cells }) => cells);
  const cells = lines.map((line, at): UncomparedCell => {
    const { dimension = null, many = null } = definitions[at] as Partial<ManyCellDefinition>;
    return { ...cellResult(line), dimension, many };
  });
  return comparedCells(cells, options.seed);
}

function averageOf(measured: readonly MemoryResult[]): MemoryResult {
  const [first] = measured;
  if (first === undefined) throw new Error('no memory was measured');
  const average = (of: (result: MemoryResult) => number): number => mean(measured.map(of));
  return {
    layout: first.layout,
    peers: first.peers,
    handles: first.handles,
    residentPerPeer: average(({ residentPerPeer }) => residentPerPeer),
    usedPerPeer: average(({ usedPerPeer }) => usedPerPeer),
    residentPerHandle: average(({ residentPerHandle }) => residentPerHandle),
    usedPerHandle: average(({ usedPerHandle }) => usedPerHandle),
    residentLeftPerHandle: average(({ residentLeftPerHandle }) => residentLeftPerHandle),
    usedLeftPerHandle: average(({ usedLeftPerHandle }) => usedLeftPerHandle),
  };
}

async function runMemory(
  options: TablesOptions,
  directory: string,
  progress: Progress,
): Promise<MemoryMeasured[]> {
  const { memoryLaunches, signal } = options;
  const peers = affordablePeers(options.peers);
  const handles = affordableHandles(peers, options.handlesPerPeer);
  const measured = new Map<string, MemoryResult[]>(layouts.map((layout) => [layout, []]));
  for (let launch = 0; launch < memoryLaunches; launch++) {
    for (const [at, layout] of layouts.entries()) {
      const share = (launch * layouts.length + at) / (memoryLaunches * layouts.length);
      const step = (text: string): void =>
        progress(`launch ${launch + 1} of ${memoryLaunches}: W9, memory, ${text}`, share);
      const result = await measureMemory(layout, peers, handles, directory, signal, step);
      measured.get(layout)?.push(result);
    }
  }
  return [...measured.values()].map((launches) => ({ average: averageOf(launches), launches }));
}

/** Runs what is wanted of it. Leaves no process and no file behind, also when it fails or is aborted. */
export async function runTables(options: TablesOptions): Promise<TablesResult> {
  const { directory, remove } = makeScratch('capstan-tables-');
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
  const groups = parts.flatMap((part) => (placement === undefined ? [] : groupsOf(part, options, placement)));
  const memoryShare = parts.includes('memory') ? 1 / parts.length : 0;
  const report = options.onProgress ?? ((): void => {});
  try {
    const memory = parts.includes('memory')
      ? await runMemory(options, directory, (text, share) => report(text, share * memoryShare))
      : [];
    const cells = await runCells(groups, options, directory, (text, share) =>
      report(text, memoryShare + share * (1 - memoryShare)),
    );
    const durationMs = performance.now() - start;
    return { machine, seed: options.seed, cells, memory, durationMs, steal: stealSince(ticks), missing };
  } finally {
    remove();
  }
}

function memoryFigures(result: MemoryResult): Record<string, number> {
  const bytes = (value: number): number => Number(value.toFixed(1));
  return {
    resident_bytes_per_peer: bytes(result.residentPerPeer),
    used_bytes_per_peer: bytes(result.usedPerPeer),
    resident_bytes_per_handle: bytes(result.residentPerHandle),
    used_bytes_per_handle: bytes(result.usedPerHandle),
    resident_bytes_left_per_handle: bytes(result.residentLeftPerHandle),
    used_bytes_left_per_handle: bytes(result.usedLeftPerHandle),
  };
}

function memoryLine({ average, launches }: MemoryMeasured): Record<string, unknown> {
  return {
    workload: 'W9',
    contender: 'bus',
    call: 'memory',
    payload_bytes: 0,
    layout: average.layout,
    peers: average.peers,
    handles: average.handles,
    ...memoryFigures(average),
    launches: launches.map((result, launch) => ({ launch, ...memoryFigures(result) })),
    samples: launches.length,
    violations: 0,
  };
}

/** One object a cell, one a line, with the machine in each so that no line needs another to be understood. */
export function tablesLines({ cells, memory, seed, steal, machine }: TablesResult): string[] {
  return [...memory.map(memoryLine), ...cells].map((cell) =>
    JSON.stringify({ ...cell, seed, steal, machine }),
  );
}
