/**
 * Runs a plan: launch after launch, each written down as soon as it is over, until the results are complete. A run that is interrupted goes
 * on where it was, with the same plan and the same directory; what was measured is not measured again.
 */
import { loadavg } from 'node:os';
import { type Choice, type Chosen, chooseContenders } from './choice.js';
import { UsageError } from './failure.js';
import type { Placement } from './latency/cell.js';
import { runLaunch } from './latency/launch.js';
import { makeScratch } from './latency/lifetime.js';
import { measureSampleCostNs } from './latency/sample-cost.js';
import { isLaunchEntry, isOrderEntry, LaunchLog, type Unfinished } from './launch-log.js';
import { cellLines } from './lines.js';
import { noiseOf } from './noise.js';
import { foundFor } from './occupied.js';
import { orderLines } from './order-lines.js';
import { measureOrders, orderLaunches, plannedOrdersMs } from './orders.js';
import { durationMsOf, MeanwhileMeter, partsOf, stealOf } from './parts.js';
import { placementsOf } from './placements.js';
import { createPlan, type Group, type Plan } from './plan.js';
import { describeMachine, type Machine } from './report/machine.js';
import { type Results, type Run, readResults, removeRun } from './results/directory.js';
import { isNotInQuick } from './scenarios/call.js';
import { projectDirectory } from './scenarios/contenders.js';
import { allContenders, scenarios } from './scenarios/index.js';
import { emptyOrderWords } from './scenarios/order.js';
import type { Contender, ScenarioContext, Tier } from './scenarios/scenario.js';

export interface SuiteOptions extends Choice {
  readonly tier: Tier;
  readonly seed: number;
  /** Launches of each cell but those of W8; as many as the tier has if it is not said. */
  readonly launches?: number;
  /** `W1` … `W10`; all that the tier has if it is not said. */
  readonly workloads?: readonly string[];
  /** Names of placements; those of the tier if it is not said. */
  readonly placements?: readonly string[];
  /** Where launches are written down; without it an interrupted run is lost. */
  readonly directory?: string;
  /** An unfinished run must be there; without it one is taken up if it is there and has the same plan (occupied.ts). */
  readonly mustResume?: boolean;
  /** What is in the directory is removed when the run begins. */
  readonly mayReplace?: boolean;
  /** Who can be compared; default: all whom the suite knows. */
  readonly everybody?: readonly Contender[];
  /** The command that repeats it, for the record. */
  readonly command: string;
  /** Given what is being done, and the share of the whole that is done, 0 to 1. */
  readonly onProgress?: (text: string, share: number) => void;
  readonly signal?: AbortSignal;
}

/** Everything that is known before the first launch. */
export interface Suite {
  readonly options: SuiteOptions;
  readonly plan: Plan;
  readonly contenders: readonly Contender[];
  readonly placements: readonly Placement[];
  readonly missing: readonly string[];
  /** Whom the size of the run leaves out, installed or not. */
  readonly leftOut: readonly string[];
  readonly isIncomplete: boolean;
  /** What cannot be done in W8, which is known when it has run. */
  readonly cannotOrder: ReadonlySet<string>;
  /** Contexts in which W8 runs; none if it was not chosen. */
  readonly orders: readonly ScenarioContext[];
  readonly machine: Machine;
  readonly unfinished: Unfinished | undefined;
  /** The directory, if it holds this run, finished: there is nothing to be done. */
  readonly finished: string | undefined;
  /** Of what is still to be done. */
  readonly plannedMs: number;
}

/** The workloads that can be asked for. */
export const workloads: readonly string[] = [...scenarios.map(({ workload }) => workload), 'W8'].sort(
  (a, b) => Number(a.slice(1)) - Number(b.slice(1)),
);

const isDone = ({ unfinished }: Pick<Suite, 'unfinished'>, group: string, launch: number): boolean =>
  unfinished?.entries.some((e) => isLaunchEntry(e) && e.group === group && e.launch === launch) ?? false;

/** What must not change within a run beside its cells: on what it runs, which code, and what of W8 belongs to it. */
function identityOf(
  { code, node, kernel, cpu, cpus, memory_mib, governor, mitigations }: Machine,
  { contenders, named }: Pick<Chosen, 'contenders' | 'named'>,
  isOrdered: boolean,
): string {
  const orders = isOrdered ? [contenders.map(({ name }) => name), named] : null;
  const machine = [kernel, cpu, cpus, memory_mib, governor, mitigations];
  return JSON.stringify([code, node, machine, orders]);
}

/** How many cells a workload has at the first placement of a run of this size. */
function cellCount(
  workload: string,
  {
    placements,
    ...who
  }: Pick<ScenarioContext, 'tier' | 'contenders' | 'named'> & {
    readonly placements: readonly Placement[];
  },
): number {
  const scenario = scenarios.find((one) => one.workload === workload);
  const [placement] = placements;
  if (scenario === undefined || placement === undefined) return 0;
  return scenario.cells({ ...who, placement, isFirstPlacement: true, cannot: () => {} }).length;
}

/** At how many placements W8 runs: where everybody has a core, and in a full run where all share one. */
const orderPlacements = (tier: Tier): number => (tier === 'full' ? 2 : 1);

/**
 * Why workloads that were asked for have no cells, a sentence each: the size of the run leaves them out for those who take part, or nobody of
 * these can do them. W8 has none in any plan; `emptyOrders` says why it has nobody to be run over, if so.
 */
function emptyWorkloads(
  { tier, workloads: asked = [], transports }: SuiteOptions,
  groups: readonly Group[],
  cellsAt: (workload: string, other: Tier) => number,
  emptyOrders: string | undefined,
): string[] {
  const whose = transports === undefined ? '' : ` of ${transports.join(', ')}`;
  const orders = asked.includes('W8') && emptyOrders !== undefined ? [emptyOrders] : [];
  const others = [...new Set(asked)]
    .filter((workload) => workload !== 'W8' && !groups.some((group) => group.workload === workload))
    .map((workload) => {
      const larger = (['standard', 'full'] as const).find((other) => cellsAt(workload, other) > 0);
      const advice = larger === undefined ? 'nor has a larger one' : `use --${larger}`;
      return `a ${tier} run has no ${workload}${whose}; ${advice}`;
    });
  return [...others, ...orders];
}

/** Plans a run. Throws `UnknownName` for a contender that nobody has, `UsageError` if nothing would be measured, and `CannotResume`. */
export function prepareSuite(options: SuiteOptions): Suite {
  const { tier, seed } = options;
  const { contenders, named, leftOut, missing, isIncomplete } = chooseContenders(
    options.everybody ?? allContenders(),
    { ...options, ...(tier === 'quick' ? { isLeftOut: isNotInQuick } : {}) },
  );
  const { placements, missing: unplaced } = placementsOf(tier, options.placements);
  const machine = describeMachine(projectDirectory);
  const isChosen = (workload: string): boolean => options.workloads?.includes(workload) ?? true;
  const isOrdered = isChosen('W8');
  const cannot = new Set<string>();
  const orders = placements
    .slice(0, isOrdered ? orderPlacements(tier) : 0)
    .map((placement, at): ScenarioContext => {
      const note = (name: string, what: string): void => void cannot.add(`W8: ${name} cannot: ${what}`);
      return { placement, isFirstPlacement: at === 0, tier, contenders, named, cannot: note };
    });
  const plan = createPlan({
    tier,
    seed,
    contenders,
    named,
    placements,
    scenarios: scenarios.filter(({ workload }) => isChosen(workload)),
    identity: identityOf(machine, { contenders, named }, isOrdered),
    ...(options.launches === undefined ? {} : { launches: options.launches }),
    besideMs: orderStepsOf(orders).reduce((sum, { context }) => sum + plannedOrdersMs(context), 0),
  });
  const emptyOrders = emptyOrderWords({ tier, contenders, named });
  const empty = emptyWorkloads(
    options,
    plan.groups,
    (workload, other) => cellCount(workload, { tier: other, contenders, named, placements }),
    emptyOrders,
  );
  const hasOrders = orders.length > 0 && emptyOrders === undefined;
  if (empty.length > 0 && plan.groups.length === 0 && !hasOrders) {
    // Who is not installed is missing, and perhaps the reason.
    const why = [...(isIncomplete ? missing : []), ...empty];
    throw new UsageError(`nothing would be measured: ${why.join('; ')}`, `see 'capstan bench --help'`);
  }
  const { unfinished, finished } = foundFor(options, plan.fingerprint);
  const leftMs =
    plan.steps
      .filter(({ group, launch }) => !isDone({ unfinished }, group.key, launch))
      .reduce((sum, step) => sum + step.plannedMs, 0) +
    orderStepsOf(orders)
      .filter((step) => !isOrderDone(unfinished, step))
      .reduce((sum, { context }) => sum + plannedOrdersMs(context), 0);
  return {
    options,
    plan,
    contenders,
    placements,
    leftOut,
    missing: [...missing, ...unplaced, ...plan.cannot, ...empty],
    cannotOrder: cannot,
    isIncomplete: isIncomplete || unplaced.length > 0 || empty.length > 0,
    orders,
    machine,
    unfinished,
    finished,
    plannedMs: finished === undefined ? leftMs : 0,
  };
}

/** One launch of W8 at one placement. */
interface OrderStep {
  readonly context: ScenarioContext;
  readonly launch: number;
}

/** Launch by launch, as the groups of the plan are: each pass is over all placements. */
function orderStepsOf(contexts: readonly ScenarioContext[]): OrderStep[] {
  const launches = Math.max(0, ...contexts.map(({ tier }) => orderLaunches(tier)));
  return Array.from({ length: launches }, (_, launch) =>
    contexts.map((context) => ({ context, launch })),
  ).flat();
}

function isOrderDone(unfinished: Unfinished | undefined, { context, launch }: OrderStep): boolean {
  const { name } = context.placement;
  return (
    unfinished?.entries.some((e) => isOrderEntry(e) && e.placement === name && e.launch === launch) ?? false
  );
}

/** Calls the listener with a share of the whole that only grows. */
class Progress {
  readonly #listen: (text: string, share: number) => void;
  readonly #plannedMs: number;
  #doneMs = 0;

  constructor(plannedMs: number, listen: (text: string, share: number) => void = () => {}) {
    this.#plannedMs = Math.max(plannedMs, 1);
    this.#listen = listen;
  }

  /** For one part that takes about `plannedMs`. */
  part(plannedMs: number): { step: (text: string, share: number) => void; done: () => void } {
    return {
      step: (text, share) =>
        this.#listen(text, Math.min(1, (this.#doneMs + share * plannedMs) / this.#plannedMs)),
      done: () => {
        this.#doneMs += plannedMs;
      },
    };
  }
}

async function runSteps(
  suite: Suite,
  log: LaunchLog,
  meter: MeanwhileMeter,
  directory: string,
  progress: Progress,
): Promise<void> {
  const { plan, options } = suite;
  const { signal } = options;
  for (const [at, { group, launch, plannedMs }] of plan.steps.entries()) {
    if (isDone(suite, group.key, launch)) continue;
    signal?.throwIfAborted();
    const part = progress.part(plannedMs);
    const name = `launch ${launch + 1} of ${plan.sizes.launches}: ${group.key}`;
    const start = performance.now();
    const launchOptions = { ...plan.sizes, seed: plan.seed * 10_007 + at };
    const cells = await runLaunch(
      group.cells,
      launchOptions,
      directory,
      (share) => part.step(name, share),
      signal,
    );
    const duration_ms = Math.round(performance.now() - start);
    log.append({ group: group.key, launch, duration_ms, ...meter.read(), cells });
    part.done();
  }
}

async function runOrders(
  suite: Suite,
  log: LaunchLog,
  meter: MeanwhileMeter,
  directory: string,
  progress: Progress,
): Promise<void> {
  const { signal } = suite.options;
  const { seed } = suite.plan;
  for (const step of orderStepsOf(suite.orders)) {
    if (isOrderDone(suite.unfinished, step)) continue;
    const { context, launch } = step;
    signal?.throwIfAborted();
    const part = progress.part(plannedOrdersMs(context));
    const start = performance.now();
    const measuring = { seed, launch, directory, onProgress: part.step, signal };
    const orders = await measureOrders(context, measuring);
    const duration_ms = Math.round(performance.now() - start);
    const cannot = [...suite.cannotOrder];
    const placement = context.placement.name;
    log.append({ orders, placement, launch, cannot, duration_ms, ...meter.read() });
    part.done();
  }
}

/** Runs what is still to be done; of a run that is finished these are its results. Leaves no process and no file behind but those of its directory, also when it fails. */
export async function runSuite(suite: Suite): Promise<Results> {
  const { options, plan, machine, unfinished } = suite;
  if (suite.finished !== undefined) return readResults(suite.finished);
  const meter = new MeanwhileMeter();
  const now = new Date().toISOString();
  const head = unfinished?.head ?? {
    format: 1,
    fingerprint: plan.fingerprint,
    started: now,
    load_before: machine.load_1min,
    command: options.command,
  };
  const { directory } = options;
  if (directory !== undefined && options.mayReplace === true) removeRun(directory);
  const log =
    directory !== undefined && unfinished !== undefined
      ? LaunchLog.resume(directory, unfinished, { resumed: now, load_before: machine.load_1min })
      : LaunchLog.start(directory, head);
  const progress = new Progress(suite.plannedMs, options.onProgress);
  // Not before the log could be begun: what throws above leaves nothing behind.
  const scratch = makeScratch('capstan-bench-');
  try {
    const sampleCostNs = await measureSampleCostNs();
    await runSteps(suite, log, meter, scratch.directory, progress);
    await runOrders(suite, log, meter, scratch.directory, progress);
    const launches = log.entries.filter(isLaunchEntry);
    const cells = cellLines(plan.groups, launches, plan.sizes.launches, plan.seed);
    const orders = log.entries.filter(isOrderEntry);
    const parts = partsOf(head, log.entries);
    const run: Run = {
      format: 1,
      tier: plan.tier,
      seed: plan.seed,
      command: options.command,
      started: head.started,
      duration_ms: durationMsOf(log.entries),
      launches: plan.sizes.launches,
      steal: stealOf(log.entries),
      load_before: Math.max(...parts.map(({ load_before }) => load_before)),
      load_after: loadavg()[0] ?? 0,
      parts,
      sample_cost_ns: sampleCostNs,
      // From the log, and not from this process: the patterns may have run in an earlier part.
      missing: [...new Set([...suite.missing, ...orders.flatMap(({ cannot }) => cannot)])],
      ...(suite.leftOut.length === 0 ? {} : { left_out: suite.leftOut }),
      noise: noiseOf(parts, cells),
    };
    return { run, machine, lines: [...cells, ...orderLines(orders, plan.seed)] };
  } finally {
    scratch.remove();
  }
}
