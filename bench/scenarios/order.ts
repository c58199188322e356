/**
 * W8: what goes wrong without causal or total order, how often, and in which pattern of messages. The patterns (order-patterns.ts) run over every
 * transport of the catalog whose peers can be different processes, and over `node:net` for reference; at several loads, and with processes being
 * interrupted on purpose (order-preemption.ts). The result is a count of runs, not a time.
 *
 * Two questions are put to the recorded histories, and they are not the same. *Is there an inversion?* That is what a program sees, and what
 * is counted: a multicast is one message, and what is told past the transport is a cause. *Is a promise broken?* That is what the manifest says,
 * no more: a multicast that is a loop is several messages there. A broken promise, and every fault of delivery, fails the cell.
 *
 * Runs of one life of the processes are not independent of each other: who lies where, and what is compiled, decides who wins a race, for all
 * of them. So the runs of a cell are divided among several launches (benchmark method, point 6). A launch starts the processes of every
 * contender anew and runs all cells on them, contenders in turns; what it brought is added up in bench/order-lines.ts.
 */
import { transports } from '../../transports/catalog.js';
import { type CounterExample, drawDelivery, findCounterExample } from '../check/counter-example.js';
import { findDeliveryFaults } from '../check/delivery.js';
import { renderDiagram } from '../check/diagram-text.js';
import { byRun, rename } from '../check/history.js';
import { breaks } from '../check/order.js';
import { brokenPromise, type OrderPromise } from '../check/promise.js';
import type { Placement } from '../latency/cell.js';
import { createShuffle } from '../latency/shuffle.js';
import { queueDepthOf } from '../report/cells.js';
import type { OrderLine } from '../results/line.js';
import { OrderGroup, type OrderOutcome } from './order-group.js';
import {
  isPromised,
  type OrderPattern,
  type OrderRole,
  orderPattern,
  orderPatterns,
} from './order-patterns.js';
import { Interferer, type Preemption, preemptionPresence } from './order-preemption.js';
import type { ScenarioContext, Tier } from './scenario.js';

/** What is run at a tier. */
export interface OrderSizes {
  readonly patterns: readonly string[];
  /** Messages of 1 KiB ahead. */
  readonly loads: readonly number[];
  readonly preemptions: readonly Preemption[];
  /** Lives of the processes; runs and time of a cell are divided among them. */
  readonly launches: number;
  /** Of all launches together, without and with a load, which takes some hundred times as long. */
  readonly runs: number;
  readonly loadedRuns: number;
  /** So long the runs of a cell may take in all launches; no run begins later, so that a slow contender has fewer. */
  readonly maxMs: number;
  /** Whether `node:net` is there for reference, beside the transports. Default: it is. */
  readonly hasReference?: boolean;
}

const all = orderPatterns.map(({ name }) => name);

export const orderSizes: Readonly<Record<Tier, OrderSizes>> = {
  smoke: {
    patterns: all,
    loads: [0],
    preemptions: ['none'],
    launches: 1,
    runs: 3,
    loadedRuns: 3,
    maxMs: 20_000,
  },
  quick: {
    patterns: ['relay'],
    loads: [0, 400],
    preemptions: ['none'],
    launches: 2,
    runs: 200,
    loadedRuns: 200,
    maxMs: 900,
    hasReference: false,
  },
  standard: {
    patterns: all,
    loads: [0, 400],
    preemptions: ['none', 'stopped'],
    launches: 5,
    runs: 1_000,
    loadedRuns: 200,
    maxMs: 1_500,
  },
  full: {
    patterns: all,
    loads: [0, 400, 1600],
    preemptions: ['none', 'stopped', 'neighbour', 'real-time'],
    launches: 6,
    runs: 1_000,
    loadedRuns: 200,
    maxMs: 800,
  },
};

/** The part of the runs, and of the time, that the given launch has; launches count from 0. */
export function partOf(sizes: OrderSizes, launch: number): Pick<OrderSizes, 'runs' | 'loadedRuns' | 'maxMs'> {
  const { launches, runs, loadedRuns, maxMs } = sizes;
  const upTo = (all: number, end: number): number => Math.floor((all * end) / launches);
  const part = (all: number): number => upTo(all, launch + 1) - upTo(all, launch);
  return { runs: part(runs), loadedRuns: part(loadedRuns), maxMs: Math.ceil(maxMs / launches) };
}

export interface OrderRunOptions {
  /** For sockets and pipes; the caller's, who removes it. */
  readonly directory: string;
  readonly seed: number;
  /** Which launch, from 0; it has its part of the runs, and an order of its own. */
  readonly launch: number;
  /** Default: those of the context's tier. */
  readonly sizes?: OrderSizes;
  /** Called before each cell with what it is and the share that is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
  /** Ends it between two cells; `runOrders` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of each message that matters. */
const payloadBytes = 64;

/** `node:net` has no manifest; what a stream socket promises is known. */
const netPromise: OrderPromise = { order: 'per-handle', multicast: 'loop' };

/** What a contender promises; undefined for one that the patterns do not run over. */
function promiseOf(contender: string): OrderPromise | undefined {
  if (contender === 'node-net') return netPromise;
  const manifest = transports.find(({ name }) => name === contender)?.manifest;
  return manifest?.crossProcess === true ? manifest : undefined;
}

interface OrderCell {
  readonly contender: string;
  readonly promise: OrderPromise;
  readonly placement: Placement;
  readonly pattern: OrderPattern;
  readonly load: number;
  readonly preemption: Preemption;
}

/** Counter-examples are looked for in so many runs with an inversion; they differ little. */
const examplesMax = 40;

/** From the histories of one launch to a line: the checkers' part. Pure. */
export function judgeOrder(cell: OrderCell, outcome: OrderOutcome): OrderLine {
  const { pattern, promise, contender } = cell;
  const { histories, loadFaults } = outcome;
  const faults = findDeliveryFaults(histories);
  let inversions = 0;
  let broken = 0;
  let shortest: CounterExample | undefined;
  for (const run of byRun(histories).values()) {
    if (brokenPromise(run, promise) !== undefined) broken++;
    if (!breaks(run, pattern.property)) continue;
    inversions++;
    if (inversions > examplesMax) continue;
    // Within one run the number of the run says nothing.
    const named = rename(run, (message) => message.replace(/ \d+$/, ''));
    const example = findCounterExample(named, pattern.property);
    if (example !== undefined && (shortest === undefined || example.size < shortest.size)) shortest = example;
  }
  // What reaches from one run into another is no inversion of the pattern; a promise it breaks all the same.
  if (broken === 0 && brokenPromise(histories, promise) !== undefined) broken = 1;
  const depth = queueDepthOf(contender);
  const [fault] = faults;
  const diagram = fault === undefined ? shortest?.diagram : drawDelivery(histories, fault);
  return {
    kind: 'order',
    workload: 'W8',
    contender,
    call: pattern.name,
    placement: cell.placement.name,
    payload_bytes: payloadBytes,
    ...(depth === undefined ? {} : { queue_depth: depth }),
    load_kib: cell.load,
    preemption: cell.preemption,
    runs: outcome.runs,
    samples: outcome.runs,
    inversions,
    property: pattern.property,
    is_promised: isPromised(pattern, promise),
    violations: faults.length + broken + loadFaults,
    delivery_faults: faults.length + loadFaults,
    ...(diagram === undefined ? {} : { example: renderDiagram(diagram), diagram }),
  };
}

/** The processes of each contender in one launch, started when they are first needed. */
class OrderGroups {
  readonly #groups = new Map<string, OrderGroup>();
  readonly #roles: readonly OrderRole[];
  readonly #options: OrderRunOptions;

  constructor(roles: readonly OrderRole[], options: OrderRunOptions) {
    this.#roles = roles;
    this.#options = options;
  }

  async of({ contender, placement }: OrderCell): Promise<OrderGroup> {
    const { directory, seed } = this.#options;
    const group =
      this.#groups.get(contender) ??
      (await OrderGroup.start(contender, placement, this.#roles, directory, seed));
    this.#groups.set(contender, group);
    return group;
  }

  /** After a run that did not end: the next cell gets new processes. */
  discard(contender: string): void {
    this.#groups.get(contender)?.kill();
    this.#groups.delete(contender);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.end()));
  }

  kill(): void {
    for (const group of this.#groups.values()) group.kill();
  }
}

async function runCell(
  cell: OrderCell,
  groups: OrderGroups,
  interferer: Interferer,
  sizes: ReturnType<typeof partOf>,
  seed: number,
): Promise<OrderLine> {
  const group = await groups.of(cell);
  await interferer.begin(cell.preemption, group.peers, cell.placement, seed);
  let outcome: OrderOutcome;
  try {
    outcome = await group.run({
      pattern: cell.pattern.name,
      runs: cell.load === 0 ? sizes.runs : sizes.loadedRuns,
      loadMessages: cell.load,
      payloadBytes,
      seed,
      maxMs: sizes.maxMs,
    });
  } finally {
    await interferer.pause();
  }
  if (outcome.isStuck) groups.discard(cell.contender);
  return judgeOrder(cell, outcome);
}

function rolesOf(cells: readonly OrderCell[]): OrderRole[] {
  return [...new Set(cells.flatMap(({ pattern }) => pattern.roles))].sort();
}

/** Who takes part in a run, as far as it matters to the patterns. */
export type OrderContext = Pick<ScenarioContext, 'tier' | 'contenders' | 'named'>;

/** Who is run over, with what each promises; who cannot be is told to the context. */
function participants(
  { contenders, named = [], cannot }: Pick<ScenarioContext, 'contenders' | 'named' | 'cannot'>,
  { hasReference = true }: OrderSizes,
): { readonly name: string; readonly promise: OrderPromise }[] {
  return contenders.flatMap(({ name, kind }) => {
    const promise = promiseOf(name);
    const isNamed = named.includes(name);
    if (promise !== undefined && (kind === 'own' || hasReference || isNamed)) return [{ name, promise }];
    if (kind === 'own') cannot(name, 'order between processes: its peers are in one');
    else if (isNamed) cannot(name, 'the patterns: only transports and node-net have processes for them');
    return [];
  });
}

/** How many contenders the patterns are run over in a run of that size. */
export function orderParticipants(context: OrderContext): number {
  return participants({ ...context, cannot: () => {} }, orderSizes[context.tier]).length;
}

/** Why nobody can be run over, and what to do; undefined where somebody can. */
export function emptyOrderWords(context: OrderContext): string | undefined {
  if (orderParticipants(context) > 0) return undefined;
  const { contenders, named = [] } = context;
  const asked = named.length > 0 ? named : contenders.map(({ name }) => name);
  const able = transports.filter(({ manifest }) => manifest.crossProcess).map(({ name }) => name);
  return `no pattern of W8 can be run over ${asked.join(', ')}; use --transport ${able.join(',')} (or one of them) or --peers node-net`;
}

/** All cells in the order in which they are run: contenders take turns, in an order that is shuffled for each question. */
function cellsOf(context: ScenarioContext, sizes: OrderSizes, seed: number): OrderCell[] {
  const { placement } = context;
  const shuffle = createShuffle(seed);
  const possible = sizes.preemptions.filter((preemption) => {
    const presence = preemptionPresence(preemption);
    if (!presence.present) context.cannot(`preemption ${preemption}`, presence.reason);
    return presence.present;
  });
  const who = participants(context, sizes);
  return possible.flatMap((preemption) =>
    sizes.patterns.map(orderPattern).flatMap((pattern) =>
      sizes.loads.flatMap((load) =>
        shuffle(who).map(({ name, promise }) => {
          return { contender: name, promise, placement, pattern, load, preemption };
        }),
      ),
    ),
  );
}

/** In the order of the contenders as they were given, each with its cells together. */
function sorted(lines: readonly OrderLine[], { contenders }: ScenarioContext): OrderLine[] {
  return contenders.flatMap(({ name }) => lines.filter(({ contender }) => contender === name));
}

/**
 * Runs one launch of W8 at one placement over those of the context's contenders that have different processes. What cannot be done here is told to the
 * context. Leaves no process behind, also when it fails.
 */
export async function runOrders(context: ScenarioContext, options: OrderRunOptions): Promise<OrderLine[]> {
  const sizes = options.sizes ?? orderSizes[context.tier];
  // Far from those of other launches, because each cell of a launch takes the next one.
  const seed = options.seed + options.launch * 10_007;
  const part = partOf(sizes, options.launch);
  const cells = cellsOf(context, sizes, seed);
  const groups = new OrderGroups(rolesOf(cells), { ...options, seed });
  const interferer = new Interferer();
  const lines: OrderLine[] = [];
  try {
    for (const [at, cell] of cells.entries()) {
      options.signal?.throwIfAborted();
      const { contender, pattern, load, preemption } = cell;
      const how = preemption === 'none' ? '' : `, ${preemption}`;
      options.onProgress?.(
        `W8 ${pattern.name} over ${contender}, ${load} KiB ahead${how}`,
        at / cells.length,
      );
      lines.push(await runCell(cell, groups, interferer, part, seed + at));
    }
    await Promise.all([interferer.end(), groups.end()]);
    return sorted(lines, context);
  } finally {
    interferer.kill();
    groups.kill();
  }
}
