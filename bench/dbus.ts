/**
 * The comparison with D-Bus: the same calls, streams and signals over Capstan's bus (broker, client and service in TypeScript) and over sd-bus in
 * C through dbus-broker and dbus-daemon, interleaved in one run. docs/benchmark.md says how it is meant.
 */
import { placements as pinnedPlacements } from './index.js';
import type { Placement } from './latency/cell.js';
import { makeScratch } from './latency/lifetime.js';
import { type LaunchesOptions, runLaunches } from './launches.js';
import type { Group } from './plan.js';
import { type CellResult, cellResult } from './report/cells.js';
import { describeMachine, type Machine, stealSince, stealTicks } from './report/machine.js';
import { judgeMusts } from './report/musts.js';
import { emptyCallCells, projectDirectory, spinningCallCells } from './scenarios/contenders.js';
import {
  type DBusPresence,
  dbusCallCells,
  dbusFanOutCells,
  dbusStreamCells,
  findDBus,
} from './scenarios/dbus.js';
import { fanOutCells } from './scenarios/fan-out.js';
import { streamCells } from './scenarios/stream.js';

export interface DBusOptions extends LaunchesOptions {
  readonly payloadBytes: number;
  readonly receivers: number;
  /** Only the first placement, and only to show that everything works. */
  readonly isSmoke: boolean;
  /** Only these workloads; all of them if it is not said. */
  readonly workloads?: readonly string[];
  /** Called with what is being done and how much of the whole is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
}

export const defaultDBusOptions: DBusOptions = {
  seed: 1,
  launches: 5,
  rounds: 3,
  blockMs: 80,
  longBlockMs: 80,
  warmUpMs: 200,
  warmUpMaxMs: 1_000,
  rushMs: 200,
  payloadBytes: 64,
  receivers: 16,
  isSmoke: false,
};

/** Sizes at which the comparison runs within the tests. */
export const smokeDBusOptions: DBusOptions = {
  ...defaultDBusOptions,
  launches: 1,
  rounds: 2,
  blockMs: 20,
  longBlockMs: 20,
  warmUpMs: 20,
  warmUpMaxMs: 20,
  rushMs: 5,
  receivers: 3,
  isSmoke: true,
};

export interface DBusResult {
  readonly machine: Machine;
  /** When it began, ISO 8601. */
  readonly started: string;
  readonly seed: number;
  readonly cells: readonly CellResult[];
  readonly durationMs: number;
  readonly steal: number;
  /** Contenders that could not be had here, each with what to install. */
  readonly missing: readonly string[];
}

/** One core, two cores, and where the kernel puts them. */
export function dbusPlacements(): Placement[] {
  const unpinned = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };
  const pinned = pinnedPlacements();
  return pinned.some(({ name }) => name === unpinned.name) ? pinned : [...pinned, unpinned];
}

/** What runs interleaved: cells of one workload at one placement. */
function groupsOf(options: DBusOptions, presence: DBusPresence): Group[] {
  const { payloadBytes, receivers, isSmoke, workloads } = options;
  const all = dbusPlacements();
  const first = all.slice(0, 1);
  const parts = [
    ...(isSmoke ? first : all).flatMap((placement) => [
      [
        ...emptyCallCells(placement, payloadBytes, ['c-seqpacket', 'c-broker', 'sockets', 'bus']),
        ...dbusCallCells(presence, placement, payloadBytes),
        ...spinningCallCells(placement, payloadBytes),
      ],
      [...streamCells(placement, payloadBytes), ...dbusStreamCells(presence, placement, payloadBytes)],
    ]),
    ...first.map((placement) => [
      ...fanOutCells(placement, payloadBytes, receivers),
      ...dbusFanOutCells(presence, placement, payloadBytes, receivers),
    ]),
  ];
  return parts.flatMap((cells) => {
    const [first] = cells;
    if (first === undefined || !(workloads?.includes(first.workload) ?? true)) return [];
    const { workload, placement } = first;
    return { key: `${workload}, ${placement}`, workload, placement, cells };
  });
}

/** Runs the comparison. Leaves no process and no file behind, also when it fails or is aborted. */
export async function runDBusComparison(options: DBusOptions): Promise<DBusResult> {
  const presence = findDBus();
  const { directory, remove } = makeScratch('capstan-dbus-');
  const start = performance.now();
  const ticks = stealTicks();
  const machine = describeMachine(projectDirectory);
  const started = new Date().toISOString();
  const groups = groupsOf(options, presence);
  try {
    const lines = await runLaunches(groups, options, directory, options.onProgress ?? ((): void => {}));
    return {
      machine,
      started,
      seed: options.seed,
      cells: lines.map(cellResult),
      durationMs: performance.now() - start,
      steal: stealSince(ticks),
      missing: presence.missing,
    };
  } finally {
    remove();
  }
}

/**
 * One object a cell, one a line, with the machine in each so that no line needs another to be understood. What must be reached stands with
 * the cell that must reach it (`musts`).
 */
export function dbusLines({ cells, started, seed, steal, machine }: DBusResult): string[] {
  const musts = judgeMusts(cells);
  return cells.map((cell) => {
    const { workload, contender, placement } = cell;
    const own = musts.filter(
      (must) =>
        must.workload === workload &&
        must.contender === contender &&
        must.call === cell.call &&
        must.placement === placement,
    );
    return JSON.stringify({
      ...cell,
      ...(own.length === 0 ? {} : { musts: own }),
      started,
      seed,
      steal,
      machine,
    });
  });
}
