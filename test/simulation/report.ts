/** A failure as people read it: what is broken, the smallest schedule that breaks it, and how to run it again. */
import type { Rule, Violation } from './check/index.js';
import { drawHistory } from './diagram.js';
import type { Exploration } from './explore.js';
import { createPlan, type Plan, type Step } from './plan.js';
import { type BrokerMaker, createBroker, runPlan } from './run.js';
import type { Scene } from './script.js';
import { shrinkPlan } from './shrink.js';

export interface Failure {
  readonly seed: number;
  readonly steps: number;
  readonly violation: Violation;
  readonly plan: Plan;
  /** All of the above for people. */
  readonly text: string;
}

export interface TryOptions {
  readonly make?: BrokerMaker;
  /** Looks for violations of this rule alone. */
  readonly only?: Rule;
  /** What else the command to run it again needs. */
  readonly flags?: string;
}

/** Runs the schedule of a seed; `undefined` if it breaks nothing (or not this rule), else its smallest failing part. */
export async function trySeed(
  seed: number,
  steps: number,
  options: TryOptions = {},
): Promise<Failure | undefined> {
  const { make = createBroker, only, flags = '' } = options;
  const plan = createPlan(seed, steps);
  const { violations: all } = await runPlan(plan, make);
  const violation = all.find(({ rule }) => only === undefined || rule === only);
  if (violation === undefined) return undefined;
  const trial = async (part: Plan): Promise<readonly Rule[]> =>
    (await runPlan(part, make)).violations.map(({ rule }) => rule);
  const small = await shrinkPlan(plan, violation.rule, trial);
  const { history, violations } = await runPlan(small, make);
  const found = violations.find(({ rule }) => rule === violation.rule) ?? violation;
  const text = [
    `broken: ${found.rule}: ${found.text}`,
    `seed ${seed}, ${steps} steps, of which these ${small.steps.length} do it: ${small.steps.map(stepText).join(' ')}`,
    '',
    drawHistory(history, found.about),
    '',
    `again: node build/test/simulation/main.js --seed ${seed} --steps ${steps}${flags}`,
  ].join('\n');
  return { seed, steps, violation: found, plan: small, text };
}

export function sceneText(scene: Scene, { failure }: Exploration): string {
  const [violation] = failure?.violations ?? [];
  if (failure === undefined || violation === undefined) return `${scene.name}: nothing is broken`;
  return [
    `broken: ${violation.rule}: ${violation.text}`,
    `${scene.name}: ${scene.what}`,
    `moves: ${failure.path.join(', ')}`,
    '',
    drawHistory(failure.history, violation.about),
  ].join('\n');
}

function stepText({ kind, seat }: Step): string {
  return `${kind}/${seat}`;
}
