/** W8 within a run: patterns of messages in which order can break, counted over the transports that were chosen. */
import { transports } from '../transports/catalog.js';
import { queueDepthOf } from './report/cells.js';
import type { OrderLine } from './results/line.js';
import { type RelayResult, relayLoads, runRelayScenario } from './scenarios/relay.js';
import type { ScenarioContext, Tier } from './scenarios/scenario.js';

const relayRuns: Readonly<Record<Tier, number>> = { smoke: 5, quick: 200, standard: 1_000, full: 5_000 };

/** What it takes, about: starting the processes, and each run. */
const startMs = 900;
const runMs = 3;

function transportsOf(context: ScenarioContext): typeof transports {
  const chosen = context.contenders.map(({ name }) => name);
  return transports.filter(({ name, manifest }) => manifest.crossProcess && chosen.includes(name));
}

export function plannedOrdersMs(context: ScenarioContext): number {
  return transportsOf(context).length * relayLoads.length * (startMs + relayRuns[context.tier] * runMs);
}

function lineOf(result: RelayResult, isPromised: boolean): OrderLine {
  const depth = queueDepthOf(result.contender);
  return {
    kind: 'order',
    workload: 'W8',
    contender: result.contender,
    call: 'relay',
    placement: result.placement,
    payload_bytes: 0,
    load_kib: result.load,
    preemption: 'none',
    runs: result.runs,
    samples: result.runs,
    inversions: result.inversions,
    property: 'causal order',
    is_promised: isPromised,
    violations: result.violations,
    ...(result.example === undefined ? {} : { example: result.example }),
    ...(depth === undefined ? {} : { queue_depth: depth }),
  };
}

export async function measureOrders(
  context: ScenarioContext,
  directory: string,
  progress: (text: string, share: number) => void,
): Promise<OrderLine[]> {
  const { placement, tier } = context;
  const lines: OrderLine[] = [];
  const chosen = transportsOf(context);
  for (const [at, { name, manifest }] of chosen.entries()) {
    for (const [step, load] of relayLoads.entries()) {
      const share = (at * relayLoads.length + step) / (chosen.length * relayLoads.length);
      progress(`relay over ${name}, ${load} KiB ahead`, share);
      const result = await runRelayScenario(name, manifest, placement, load, relayRuns[tier], directory);
      lines.push(lineOf(result, manifest.order !== 'per-handle'));
    }
  }
  return lines;
}
