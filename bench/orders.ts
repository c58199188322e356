/** W8 within a run: how often its patterns are launched, how long that will take, and a launch at one placement. */
import type { OrderLine } from './results/line.js';
import { orderParticipants, orderSizes, runOrders } from './scenarios/order.js';
import type { ScenarioContext, Tier } from './scenarios/scenario.js';

/** What it takes, about: starting and ending the processes of one contender, and a run without and with messages ahead. */
const startMs = 1_500;
const runMs = 2;
const loadedRunMs = 12;

/** How often the processes of W8 are started anew. */
export function orderLaunches(tier: Tier): number {
  return orderSizes[tier].launches;
}

/** Of one launch. */
export function plannedOrdersMs(context: ScenarioContext): number {
  const { patterns, loads, preemptions, launches, runs, loadedRuns, maxMs } = orderSizes[context.tier];
  const cellMs = (load: number): number =>
    Math.min(maxMs, load === 0 ? runs * runMs : loadedRuns * loadedRunMs * Math.max(1, load / 400));
  const loadsMs = loads.reduce((sum, load) => sum + cellMs(load), 0) / launches;
  return orderParticipants(context) * (startMs + patterns.length * preemptions.length * loadsMs);
}

export interface OrderMeasuring {
  readonly seed: number;
  /** From 0. */
  readonly launch: number;
  readonly directory: string;
  readonly onProgress: (text: string, share: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** A launch of all patterns at one placement: counts of that launch. */
export function measureOrders(context: ScenarioContext, measuring: OrderMeasuring): Promise<OrderLine[]> {
  const { launch } = measuring;
  const name = `launch ${launch + 1} of ${orderLaunches(context.tier)}`;
  return runOrders(context, {
    ...measuring,
    onProgress: (text, share) => measuring.onProgress(`${name}: ${text}`, share),
  });
}
