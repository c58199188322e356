/**
 * The comparison with D-Bus: the same calls, streams and signals over Capstan's bus (broker, client and service in TypeScript) and over sd-bus in
 * C through dbus-broker and dbus-daemon, interleaved in one run. docs/benchmark.md says how it is meant.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placements as pinnedPlacements } from './index.js';
import type { CellDefinition, Placement } from './latency/cell.js';
import { type RoundOptions, runRounds } from './latency/rounds.js';
import { type CellResult, cellResult } from './report/cells.js';
import { describeMachine, type Machine, stealSince, stealTicks } from './report/machine.js';
import { emptyCallCells, projectDirectory } from './scenarios/contenders.js';
import {
  type DBusPresence,
  dbusCallCells,
  dbusFanOutCells,
  dbusStreamCells,
  findDBus,
} from './scenarios/dbus.js';
import { fanOutCells } from './scenarios/fan-out.js';
import { streamCells } from './scenarios/stream.js';

export interface DBusOptions extends RoundOptions {
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
  rounds: 10,
  blockMs: 90,
  warmUpMs: 450,
  warmUpMaxMs: 2_700,
  payloadBytes: 64,
  receivers: 16,
  isSmoke: false,
};

/** Sizes at which the comparison runs within the tests. */
export const smokeDBusOptions: DBusOptions = {
  ...defaultDBusOptions,
  rounds: 2,
  blockMs: 20,
  warmUpMs: 20,
  warmUpMaxMs: 20,
  receivers: 3,
  isSmoke: true,
};

export interface DBusResult {
  readonly machine: Machine;
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
function partsOf(options: DBusOptions, presence: DBusPresence): CellDefinition[][] {
  const { payloadBytes, receivers, isSmoke, workloads } = options;
  const all = dbusPlacements();
  const first = all.slice(0, 1);
  const parts = [
    ...(isSmoke ? first : all).flatMap((placement) => [
      [
        ...emptyCallCells(placement, payloadBytes, ['c-seqpacket', 'c-broker', 'sockets', 'bus']),
        ...dbusCallCells(presence, placement, payloadBytes),
      ],
      [...streamCells(placement, payloadBytes), ...dbusStreamCells(presence, placement, payloadBytes)],
    ]),
    ...first.map((placement) => [
      ...fanOutCells(placement, payloadBytes, receivers),
      ...dbusFanOutCells(presence, placement, payloadBytes, receivers),
    ]),
  ];
  return parts.filter(([cell]) => cell !== undefined && (workloads?.includes(cell.workload) ?? true));
}

/** Runs the comparison. Leaves no process and no file behind, also when it fails or is aborted. */
export async function runDBusComparison(options: DBusOptions): Promise<DBusResult> {
  const presence = findDBus();
  const directory = mkdtempSync(join(tmpdir(), 'capstan-dbus-'));
  const start = performance.now();
  const ticks = stealTicks();
  const machine = describeMachine(projectDirectory);
  const report = options.onProgress ?? ((): void => {});
  const parts = partsOf(options, presence);
  try {
    const cells: CellResult[] = [];
    for (const [at, definitions] of parts.entries()) {
      const { workload = '', placement = '' } = definitions[0] ?? {};
      const name = `${workload}, ${placement}`;
      const progress = (text: string, share: number): void => report(text, (at + share) / parts.length);
      const run = await runRounds(name, definitions, options, directory, progress);
      const baseline = run.find((cell) => cell.definition.contender === 'c-seqpacket');
      cells.push(...run.map((cell) => cellResult(cell, baseline)));
    }
    return {
      machine,
      seed: options.seed,
      cells,
      durationMs: performance.now() - start,
      steal: stealSince(ticks),
      missing: presence.missing,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One object a cell, one a line, with the machine in each so that no line needs another to be understood. */
export function dbusLines({ cells, seed, steal, machine }: DBusResult): string[] {
  return cells.map((cell) => JSON.stringify({ ...cell, seed, steal, machine }));
}
