/** W3: a handle is given to a third party, who makes one call on it; bench/peers/grant.ts says what a sample is. */
import type { CellDefinition } from '../latency/cell.js';
import { isOnCurves } from './call.js';
import { launchParties, launchTogether, processTransports } from './parties.js';
import { type Launcher, type Scenario, type ScenarioContext, type Tier, thoseWho } from './scenario.js';

const payloadBytes = 64;
const limit = 'c-fd';

const handles: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [2],
  quick: [],
  standard: [1, 64],
  full: [1, 8, 64],
};

function overTransport(name: string): Launcher {
  return (placement, shape) => {
    const count = String(shape.varied.handles ?? 1);
    return launchParties(name, placement, () => ({
      // The owner beside the giver: a call of the taker on its new handle crosses cores like the giver's to the taker.
      offers: [
        { cpu: placement.client, role: 'grant-owner', args: [count] },
        { cpu: placement.service, role: 'taker', args: [] },
      ],
      client: { cpu: placement.client, role: 'giver', args: [String(shape.payloadBytes), count] },
    }));
  };
}

/** How the own transports do it. */
export const grantLaunchers: Readonly<Record<string, Launcher>> = {
  memory: (placement, shape) => {
    const count = String(shape.varied.handles ?? 1);
    const giver = ['giver', String(shape.payloadBytes), count];
    return launchTogether(placement, [['grant-owner', count], ['taker'], giver]);
  },
  ...Object.fromEntries(processTransports.map((name) => [name, overTransport(name)])),
};

/** Measured, of the slowest: a round trip over two others, and what each handle costs where a descriptor goes with it. */
function sampleMsOf(count: number): number {
  return 0.8 + 0.04 * count;
}

/** Everybody gives one handle; more of them are a curve, on which the limit in C stays, because ratios are to it. */
function giversOf(context: ScenarioContext, count: number): ReturnType<typeof thoseWho> {
  return thoseWho(context, 'give', 'give a handle away').filter(
    ({ contender }) => count === 1 || contender.name === limit || isOnCurves(context, contender),
  );
}

export const grantScenario: Scenario = {
  workload: 'W3',
  title: 'a handle is given to a third party, who makes one call on it',
  question: 1,
  cells: (context): CellDefinition[] =>
    handles[context.tier].flatMap((count) =>
      giversOf(context, count).map(({ contender, launcher }) => ({
        workload: 'W3',
        contender: contender.name,
        call: 'grant',
        payloadBytes,
        placement: context.placement.name,
        varied: { handles: count },
        waiting: contender.waiting,
        baseline: limit,
        sampleMs: sampleMsOf(count),
        group: `${count} handles`,
        launch: launcher(context.placement, { payloadBytes, varied: { handles: count } }),
      })),
    ),
};
