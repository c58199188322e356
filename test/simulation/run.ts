/** One schedule from beginning to end, and what the checker says of it. */
import { SimulatedBroker } from './broker.js';
import { checkHistory, type Violation } from './check/index.js';
import type { History } from './history.js';
import { type Plan, PlanRunner } from './plan.js';
import { probeQuota } from './quota-probe.js';
import { World } from './world.js';

export type BrokerMaker = (limits: Plan['limits']) => SimulatedBroker;

export interface RunResult {
  readonly history: History;
  readonly violations: readonly Violation[];
}

export const createBroker: BrokerMaker = (limits) => new SimulatedBroker(limits);

export async function runPlan(plan: Plan, make: BrokerMaker = createBroker): Promise<RunResult> {
  const broker = make(plan.limits);
  const world = new World(broker);
  const runner = new PlanRunner(world, plan);
  await runner.begin();
  for (const step of plan.steps) await runner.step(step);
  const history = await world.finish(plan.limits);
  const violations = checkHistory(history);
  if (violations.length > 0) return { history, violations };
  const text = probeQuota(broker, plan);
  return { history, violations: text === undefined ? [] : [{ rule: 'quota', text, about: [] }] };
}
