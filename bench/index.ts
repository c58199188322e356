/**
 * The benchmark suite's entry: `runQuick` makes the first comparison in under a minute.
 *
 * Method (docs/benchmark.md has all of it): separate processes, one set for each cell; every cell of a placement is launched, warmed up,
 * and then blocks of all cells are run in an order that is shuffled anew in each round (from a seed), so that what the machine does
 * meanwhile hits all of them; ratios are taken to the C ping-pong of the same run and placement; a cell with a violation has failed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { transports } from '../transports/catalog.js';
import type { CellDefinition, Placement } from './latency/cell.js';
import { tasksetPath } from './latency/peer-process.js';
import { type RoundOptions, runRounds } from './latency/rounds.js';
import { type CellResult, cellResult, queueDepthOf } from './report/cells.js';
import { describeMachine, type Machine, stealSince, stealTicks } from './report/machine.js';
import { emptyCallCells, projectDirectory } from './scenarios/contenders.js';
import { controlCallCells } from './scenarios/control.js';
import { type RelayResult, relayLoads, runRelayScenario } from './scenarios/relay.js';

export interface BenchOptions extends RoundOptions {
  readonly payloadBytes: number;
  readonly relayRuns: number;
  /** Called with what is being done and how much of the whole is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
}

export const quickOptions: BenchOptions = {
  seed: 1,
  rounds: 12,
  blockMs: 90,
  warmUpMs: 450,
  warmUpMaxMs: 2_700,
  payloadBytes: 64,
  relayRuns: 200,
};

/** Share of stolen CPU time from which a run is called noisy. */
export const noisySteal = 0.01;

/** Sizes at which the whole suite runs within the tests. */
export const smokeOptions: BenchOptions = {
  ...quickOptions,
  rounds: 2,
  blockMs: 20,
  warmUpMs: 20,
  warmUpMaxMs: 20,
  relayRuns: 5,
};

export interface BenchResult {
  readonly machine: Machine;
  readonly seed: number;
  readonly cells: readonly CellResult[];
  readonly relays: readonly RelayResult[];
  readonly durationMs: number;
  /** Share of CPU time that the hypervisor took away during the run; above `noisySteal` the figures are to be doubted. */
  readonly steal: number;
  /** Contenders and placements that could not be had here, each with the reason. */
  readonly missing: readonly string[];
}

/** The placements that this machine offers: two cores, one core; not pinned where taskset is missing. */
export function placements(): Placement[] {
  if (tasksetPath === undefined) {
    return [{ name: 'not-pinned', client: undefined, service: undefined, broker: undefined }];
  }
  const oneCore: Placement = { name: 'one-core', client: 0, service: 0, broker: 0 };
  if (availableParallelism() < 2) return [oneCore];
  // The ends of a call on one core and what is between them on the other would spare the ends a migration; the
  // service stands where the C server stands, and the broker where the service is not.
  return [{ name: 'two-cores', client: 0, service: 1, broker: 0 }, oneCore];
}

async function runPlacement(
  placement: Placement,
  definitions: readonly CellDefinition[],
  options: BenchOptions,
  directory: string,
  progress: (text: string, share: number) => void,
): Promise<CellResult[]> {
  const cells = await runRounds(placement.name, definitions, options, directory, progress);
  const baseline = cells.find((cell) => cell.definition.contender === 'c-seqpacket');
  return cells.map((cell) => cellResult(cell, baseline));
}

async function runRelays(
  placement: Placement,
  options: BenchOptions,
  directory: string,
  progress: (text: string, share: number) => void,
): Promise<RelayResult[]> {
  const results: RelayResult[] = [];
  for (const { name, manifest } of transports) {
    if (!manifest.crossProcess) continue;
    for (const load of relayLoads) {
      progress(`relay over ${name}, ${load} KiB ahead`, 0);
      results.push(await runRelayScenario(name, manifest, placement, load, options.relayRuns, directory));
    }
  }
  return results;
}

/** Runs the comparison. Leaves no process and no file behind, also when it fails. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
  const start = performance.now();
  const ticks = stealTicks();
  const machine = describeMachine(projectDirectory);
  const chosen = placements();
  const report = options.onProgress ?? ((): void => {});
  const parts = chosen.length + 0.5;
  try {
    const cells: CellResult[] = [];
    for (const [at, placement] of chosen.entries()) {
      const definitions = [
        ...emptyCallCells(placement, options.payloadBytes),
        ...controlCallCells(placement),
      ];
      const progress = (text: string, share: number): void => report(text, (at + share) / parts);
      cells.push(...(await runPlacement(placement, definitions, options, directory, progress)));
    }
    const [first] = chosen;
    const relays =
      first === undefined
        ? []
        : await runRelays(first, options, directory, (text) => report(text, chosen.length / parts));
    const missing = tasksetPath === undefined ? ['pinning: taskset (util-linux) is not installed'] : [];
    return {
      machine,
      seed: options.seed,
      cells,
      relays,
      durationMs: performance.now() - start,
      steal: stealSince(ticks),
      missing,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One object a cell, one a line, with the machine in each so that no line needs another to be understood. */
export function benchLines(result: BenchResult): string[] {
  const { machine, seed, steal } = result;
  return [
    ...result.cells.map((cell) => JSON.stringify({ ...cell, seed, steal, machine })),
    ...result.relays.map((relay) => JSON.stringify({ ...relayLine(relay), seed, steal, machine })),
  ];
}

function relayLine(relay: RelayResult): Record<string, unknown> {
  const depth = queueDepthOf(relay.contender);
  return {
    workload: 'W8',
    contender: relay.contender,
    call: 'relay',
    payload_bytes: 0,
    placement: relay.placement,
    ...(depth === undefined ? {} : { queue_depth: depth }),
    load_kib: relay.load,
    runs: relay.runs,
    samples: relay.runs,
    inversions: relay.inversions,
    violations: relay.violations,
    ...(relay.example === undefined ? {} : { example: relay.example }),
  };
}

/** Writes `cells.jsonl` and `machine.json` into a directory, which is made if need be. */
export function writeBench(result: BenchResult, directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'cells.jsonl'), `${benchLines(result).join('\n')}\n`);
  writeFileSync(join(directory, 'machine.json'), `${JSON.stringify(result.machine, null, 2)}\n`);
}
