/**
 * What a run does: from a tier and a choice of workloads and contenders to groups of cells, and the order in which they are launched.
 *
 * A *group* is launched together and its blocks are interleaved: the cells of one table at one placement. Every group is launched several
 * times, because intervals come from launches and not from samples (benchmark method, point 6); each pass over all groups has an order of
 * its own. How long all of that takes is computed beforehand, and the plan is made to fit: with more to measure, blocks get shorter, never the
 * launches fewer.
 */
import { createHash } from 'node:crypto';
import type { CellDefinition, Placement } from './latency/cell.js';
import { cellNameOf } from './latency/cell.js';
import { blocksOf, type LaunchOptions, peakBlocks, rushes, stagesOf } from './latency/launch.js';
import { createShuffle } from './latency/shuffle.js';
import { cellKey } from './results/line.js';
import type { Contender, Scenario, Tier } from './scenarios/scenario.js';

export interface TierSizes extends Omit<LaunchOptions, 'seed'> {
  readonly launches: number;
  readonly samplesMin: number;
  /** The whole run, W8 with it, is planned to take no longer, as far as blocks can be made shorter. */
  readonly budgetMs: number;
}

export const tierSizes: Readonly<Record<Tier, TierSizes>> = {
  smoke: {
    launches: 1,
    rounds: 1,
    blockMs: 15,
    longBlockMs: 15,
    warmUpMs: 15,
    warmUpMaxMs: 15,
    rushMs: 5,
    samplesMin: 1,
    budgetMs: 60_000,
  },
  quick: {
    launches: 2,
    rounds: 2,
    blockMs: 50,
    longBlockMs: 50,
    warmUpMs: 60,
    warmUpMaxMs: 150,
    rushMs: 120,
    samplesMin: 20,
    // A third longer is still less than a minute.
    budgetMs: 44_900,
  },
  standard: {
    launches: 5,
    rounds: 8,
    blockMs: 30,
    longBlockMs: 60,
    longRounds: 2,
    warmUpMs: 90,
    warmUpMaxMs: 600,
    rushMs: 140,
    samplesMin: 20,
    budgetMs: 16.8 * 60_000,
  },
  full: {
    launches: 6,
    rounds: 6,
    blockMs: 36,
    longBlockMs: 75,
    longRounds: 3,
    warmUpMs: 110,
    warmUpMaxMs: 1_000,
    rushMs: 300,
    samplesMin: 20,
    budgetMs: 50.5 * 60_000,
  },
};

/** Blocks and warm-ups are not made shorter than this share of what the tier wants. */
const scaleMin = 0.75;

/**
 * What it takes to start and end a process of Node with its share of what happens beside it, and all programs in C of a cell, and what a block
 * takes beside its own time; measured on two cores.
 */
const processMs = 180;
const launchNativeMs = 50;
const blockOverheadMs = 7;
/** One connection more, one service more in a manager. */
const peerMs = 1.3;
const serviceMs = 0.8;
/** One handle more that is held. */
const handleMs = 0.05;
/** How much longer than the least a warm-up is, as a rule, and how many samples it is at least where each takes long. */
const warmUpFactor = 1.3;
const warmUpSamples = 8;

/** Processes of Node that a usual cell of each of these has; all others are programs in C. */
const nodeProcesses: Readonly<Record<string, number>> = {
  memory: 1,
  sockets: 3,
  datagram: 3,
  bus: 3,
  'node-net': 2,
  'child-process': 2,
  'worker-threads': 2,
  zeromq: 2,
  nats: 2,
  grpc: 3,
};

export interface Group {
  readonly key: string;
  readonly workload: string;
  readonly placement: string;
  readonly cells: readonly CellDefinition[];
}

/** One launch of one group. */
export interface Step {
  readonly group: Group;
  readonly launch: number;
  readonly plannedMs: number;
}

export interface Plan {
  readonly tier: Tier;
  readonly seed: number;
  readonly sizes: TierSizes;
  readonly groups: readonly Group[];
  readonly steps: readonly Step[];
  readonly plannedMs: number;
  /** Equal for plans that measure the same in the same way: an interrupted run goes on only with an equal one. */
  readonly fingerprint: string;
  /** Contenders that cannot do what a scenario asks. */
  readonly cannot: readonly string[];
}

export interface PlanOptions {
  readonly tier: Tier;
  readonly seed: number;
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Contender[];
  /** Those of them that were asked for by name. Default: nobody. */
  readonly named?: readonly string[];
  readonly placements: readonly Placement[];
  /** What else two runs must have in common for one to go on where the other ended: the program's version, say. */
  readonly identity: string;
  /** Launches of each group; those of the tier if it is not said. Blocks are as long as they would be with these. */
  readonly launches?: number;
  /** What else the run does (W8): the budget is for both. Default: nothing. */
  readonly besideMs?: number;
}

function launchMsOf({ contender, varied = {} }: CellDefinition): number {
  const { receivers = 1, holders = 1, senders = 1, peers = 0, services = 0, handles = 0 } = varied;
  const connections = (peers + receivers + holders) * peerMs;
  const usual = nodeProcesses[contender];
  if (usual === undefined) return launchNativeMs + connections;
  const receiving = varied.receiver_processes ?? receivers;
  // Idle peers and the holders of W9 share one; the holders of W5 do not.
  const holding = peers > 0 ? 1 : Math.min(holders, holderProcessesMax);
  const processes = usual + receiving - 1 + holding - 1 + senders - 1;
  return processes * processMs + connections + services * serviceMs + handles * handleMs;
}

/** What comes before the rush and after it. */
function warmUpMsOf(stage: readonly CellDefinition[], sizes: TierSizes): number {
  // A sweep of gaps is warmed up without them.
  const sampleMs = Math.max(...stage.map(({ sampleMs = 0, varied }) => (varied?.gap_ms ? 0 : sampleMs)));
  return Math.max(
    sizes.warmUpMs * warmUpFactor,
    Math.min(warmUpSamples * sampleMs, sizes.warmUpMaxMs + sampleMs),
  );
}

/** How often a rush is repeated, about: who calls and who answers are busy for two thirds of it, and of three on one core each for a third. */
function rushesOf({ contender, placement }: CellDefinition): number {
  return contender === 'bus' && placement !== 'two-cores' ? 3 : 2;
}

/** How long one launch of these cells takes, about. */
function plannedLaunchMs(cells: readonly CellDefinition[], sizes: TierSizes): number {
  let sum = 0;
  for (const stage of stagesOf(cells)) {
    const [first] = stage;
    sum += (first === undefined ? 0 : launchMsOf(first)) + warmUpMsOf(stage, sizes);
    if (first !== undefined && stage.every(rushes)) sum += sizes.rushMs * rushesOf(first);
    if (stage.some(({ loop }) => loop === 'open')) sum += peakBlocks * (sizes.blockMs + blockOverheadMs);
    for (const cell of stage) {
      const { count, ms } = blocksOf(cell, sizes);
      sum += count * (ms + blockOverheadMs);
    }
  }
  return sum;
}

function groupsOf(cells: readonly CellDefinition[]): Group[] {
  const groups = new Map<string, CellDefinition[]>();
  for (const cell of cells) {
    const key = [cell.workload, cell.placement, cell.group ?? 'all'].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups].map(([key, members]) => {
    const [workload = '', placement = ''] = key.split(' ');
    return { key, workload, placement, cells: members };
  });
}

function scaled(sizes: TierSizes, scale: number): TierSizes {
  const ms = (value: number): number => Math.max(10, Math.round(value * scale));
  return {
    ...sizes,
    blockMs: ms(sizes.blockMs),
    longBlockMs: ms(sizes.longBlockMs),
    warmUpMs: ms(sizes.warmUpMs),
  };
}

const holderProcessesMax = 4;

const durationOf = (groups: readonly Group[], sizes: TierSizes): number =>
  sizes.launches * groups.reduce((sum, { cells }) => sum + plannedLaunchMs(cells, sizes), 0);

/**
 * The largest sizes, not above the tier's, with which the groups fit into the budget. The rush of a warm-up is not made shorter: code that
 * is not compiled yet is what would be measured.
 */
function fittingSizes(groups: readonly Group[], wanted: TierSizes, besideMs: number): TierSizes {
  const steps = 12;
  for (let step = 0; step < steps; step++) {
    const sizes = scaled(wanted, 1 - (step * (1 - scaleMin)) / steps);
    if (durationOf(groups, sizes) + besideMs <= wanted.budgetMs) return sizes;
  }
  return scaled(wanted, scaleMin);
}

/** The sizes of a tier with another number of launches: more of them take longer, and are no shorter. */
function tierSizesOf(tier: Tier, launches: number, besideMs: number): TierSizes {
  const usual = tierSizes[tier];
  const budgetMs = besideMs + ((usual.budgetMs - besideMs) * launches) / usual.launches;
  return { ...usual, launches, budgetMs };
}

/** Throws if two cells have the same name: they would be one line. */
export function assertDistinct(groups: readonly Group[]): void {
  const keys = new Set<string>();
  for (const { cells } of groups) {
    for (const cell of cells) {
      const key = cellKey(cellNameOf(cell));
      if (keys.has(key)) throw new Error(`two cells are called "${key}"`);
      keys.add(key);
    }
  }
}

/**
 * At how many placements a workload runs. Placement outweighs every choice of protocol where a message costs little else, and that is the
 * round trip; the others are compared at the first.
 */
function placementsMax(tier: Tier, workload: string): number {
  return workload === 'W1' || tier === 'quick' ? Number.POSITIVE_INFINITY : 1;
}

export function createPlan(options: PlanOptions): Plan {
  const { tier, seed, scenarios, contenders, named = [], placements, identity, besideMs = 0 } = options;
  const cannot = new Set<string>();
  const cells = placements.flatMap((placement, at) =>
    scenarios
      .filter(({ workload }) => at < placementsMax(tier, workload))
      .flatMap((scenario) =>
        scenario.cells({
          placement,
          isFirstPlacement: at === 0,
          tier,
          contenders,
          named,
          cannot: (name, what) => cannot.add(`${scenario.workload}: ${name} cannot: ${what}`),
        }),
      ),
  );
  const groups = groupsOf(cells);
  assertDistinct(groups);
  const { launches = tierSizes[tier].launches } = options;
  const sizes = fittingSizes(groups, tierSizesOf(tier, launches, besideMs), besideMs);
  const shuffle = createShuffle(seed);
  const steps = Array.from({ length: sizes.launches }, (_, launch) =>
    shuffle(groups).map((group) => ({
      group,
      launch,
      plannedMs: plannedLaunchMs(group.cells, sizes),
    })),
  ).flat();
  const names = groups.map(({ key, cells: members }) => [
    key,
    members.map((cell) => cellKey(cellNameOf(cell))),
  ]);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify({ tier, seed, sizes, names, identity }))
    .digest('hex');
  return {
    tier,
    seed,
    sizes,
    groups,
    steps,
    plannedMs: durationOf(groups, sizes),
    fingerprint,
    cannot: [...cannot],
  };
}
