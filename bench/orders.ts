/** W8 within a run: how long its patterns will take, and running them at one placement. */
import type { OrderLine } from './results/line.js';
import { orderSizes, runOrders } from './scenarios/order.js';
import type { ScenarioContext } from './scenarios/scenario.js';

/** What it takes, about: starting the processes of one contender, and a run without and with messages ahead. */
const startMs = 1_500;
const runMs = 2;
const loadedRunMs = 12;

/** Contenders that take part have processes of their own and a promise about order: transports, and the plain stream socket. */
function participants({ contenders }: ScenarioContext): number {
  return contenders.filter(({ name, kind }) => (kind === 'own' && name !== 'memory') || name === 'node-net')
    .length;
}

export function plannedOrdersMs(context: ScenarioContext): number {
  const { patterns, loads, preemptions, runs, loadedRuns, maxMs } = orderSizes[context.tier];
  const cellMs = (load: number): number =>
    Math.min(maxMs, load === 0 ? runs * runMs : loadedRuns * loadedRunMs * Math.max(1, load / 400));
  const loadsMs = loads.reduce((sum, load) => sum + cellMs(load), 0);
  return participants(context) * (startMs + patterns.length * preemptions.length * loadsMs);
}

export function measureOrders(
  context: ScenarioContext,
  seed: number,
  directory: string,
  progress: (text: string, share: number) => void,
  signal: AbortSignal | undefined,
): Promise<OrderLine[]> {
  return runOrders(context, { directory, seed, onProgress: progress, signal });
}
