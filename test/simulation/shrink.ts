/**
 * Makes a failing plan small: takes steps away, in ever smaller parts, as long as what is left breaks the same rule (Zeller's delta
 * debugging, from the back because the end of a plan usually came after the fault), then makes the numbers of the rest small.
 */
import type { Rule } from './check/index.js';
import type { Plan, Step } from './plan.js';

/** Whether a plan still breaks the rule. */
export type Trial = (plan: Plan) => Promise<readonly Rule[]>;

/** Runs that a shrinking may take. */
export const trialsMax = 4_000;

export async function shrinkPlan(plan: Plan, rule: Rule, trial: Trial): Promise<Plan> {
  let trials = 0;
  let best = plan;
  const isStillBroken = async (candidate: Plan): Promise<boolean> => {
    trials += 1;
    if (trials > trialsMax || !(await trial(candidate)).includes(rule)) return false;
    best = candidate;
    return true;
  };
  let length = Number.POSITIVE_INFINITY;
  while (best.steps.length < length && trials < trialsMax) {
    length = best.steps.length;
    for (let size = Math.ceil(length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let end = best.steps.length; end > 0; end -= size) {
        const steps = [...best.steps];
        steps.splice(Math.max(0, end - size), Math.min(size, end));
        await isStillBroken({ ...best, steps });
      }
    }
  }
  await isStillBroken({ ...best, limits: {} });
  for (let seats = 2; seats < best.seats; seats += 1) await isStillBroken({ ...best, seats });
  await simplify(best, isStillBroken);
  return best;
}

/** Numbers that mean nothing become 0, so that a reader does not look for a meaning. */
async function simplify(plan: Plan, isStillBroken: (candidate: Plan) => Promise<boolean>): Promise<void> {
  let steps: readonly Step[] = plan.steps;
  for (const [at, step] of plan.steps.entries()) {
    for (const detail of ['c', 'b', 'a'] as const) {
      const current = steps[at] ?? step;
      if (current[detail] === 0) continue;
      const simpler = steps.with(at, { ...current, [detail]: 0 });
      if (await isStillBroken({ ...plan, steps: simpler })) steps = simpler;
    }
  }
}
