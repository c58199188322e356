/**
 * W10, now and then: a call after an idle gap. Sleeping processors, cold caches and event loops that have gone to sleep count here; a busy
 * loop hides them. It is the usual life of a control plane.
 */
import { callCell, isOnCurves, pipelinedOf } from './call.js';
import { type Contender, isNamed, type Scenario, type ScenarioContext, type Tier } from './scenario.js';

const gaps: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [1],
  quick: [],
  standard: [0, 10, 50],
  full: [0, 1, 10, 100],
};

/** What another contender on the curves says as well: they would be some seconds of each launch. */
const leftOut = ['memory', 'node-net', 'c-shm-futex'];

/** Twenty samples of a gap of 100 ms are two seconds of each contender: a standard run ends at half of it. */
function isIdle(context: ScenarioContext, contender: Contender): boolean {
  if (context.tier === 'smoke' || isNamed(context, contender)) return true;
  return isOnCurves(context, contender) && !leftOut.includes(contender.name);
}

/** A request itself, and what a timer is late. */
const requestMs = 1.2;

export const idleScenario: Scenario = {
  workload: 'W10',
  title: 'A call after an idle gap',
  question: 1,
  cells: (context) =>
    context.isFirstPlacement === true && gaps[context.tier].length > 0
      ? pipelinedOf(context)
          .filter(({ contender }) => isIdle(context, contender))
          .flatMap(({ contender, launcher }) =>
            gaps[context.tier].map((gap) =>
              callCell(context, contender, launcher, {
                workload: 'W10',
                payloadBytes: 64,
                varied: { gap_ms: gap },
                group: 'gaps',
                sweep: 'gaps',
                ...(gap > 0 ? { sampleMs: gap + requestMs } : {}),
              }),
            ),
          )
      : [],
};
