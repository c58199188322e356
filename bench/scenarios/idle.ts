/**
 * W10, now and then: a call after an idle gap. Sleeping processors, cold caches and event loops that have gone to sleep count here; a busy
 * loop hides them. It is the usual life of a control plane.
 */
import { callCell, isOnCurves, pipelinedOf } from './call.js';
import type { Scenario, Tier } from './scenario.js';

const gaps: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [1],
  quick: [],
  standard: [0, 10, 100],
  full: [0, 1, 2, 5, 10, 20, 50, 100],
};

/** Requests that a block has at least. */
const requestsMin = 2;

export const idleScenario: Scenario = {
  workload: 'W10',
  title: 'A call after an idle gap',
  question: 1,
  cells: (context) =>
    context.isFirstPlacement === true && gaps[context.tier].length > 0
      ? pipelinedOf(context)
          .filter(({ contender }) => isOnCurves(context, contender))
          .flatMap(({ contender, launcher }) =>
            gaps[context.tier].map((gap) =>
              callCell(context, contender, launcher, {
                workload: 'W10',
                payloadBytes: 64,
                varied: { gap_ms: gap },
                group: 'gaps',
                sweep: 'gaps',
                ...(gap > 0 ? { blockMsMin: requestsMin * gap + 20 } : {}),
              }),
            ),
          )
      : [],
};
