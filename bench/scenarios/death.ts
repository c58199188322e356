/** W6: notice of a peer's death; bench/peers/death.ts says what a sample is. */
import { limits } from '../../broker/contract/index.js';
import type { CellDefinition } from '../latency/cell.js';
import { cpuArgument } from './contenders.js';
import { launchParties, processTransports } from './parties.js';
import { type Launcher, type Scenario, type Tier, thoseWho } from './scenario.js';

/** `death`: the victim owned nodes, and the watcher's handles to them are gone. `death-held`: it held handles, and nodes are unused. */
export const deaths = ['death', 'death-held'] as const;

const handles: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [3],
  quick: [],
  standard: [1, 100, 10_000],
  full: [1, 10, 100, 1_000, 10_000],
};

/** Longer than any transport may take to notice (contract C26), and still a sample (u32, in ns). */
const noticeTimeoutMs = 4 * limits.livenessProbeMs;
/** For two victims to be started and to give or take all that they shall have, and to be noticed. */
const blockPatienceMs = 2 * noticeTimeoutMs + 30_000;

function overTransport(name: string, estate: 'owned' | 'held'): Launcher {
  return (placement, { varied }) =>
    launchParties(name, placement, (_, path) => {
      const numbers = [varied.handles ?? 1, noticeTimeoutMs].map(String);
      const args = [name, path, estate, ...numbers, cpuArgument(placement.service)];
      return { offers: [], client: { cpu: placement.client, role: 'watcher', args } };
    });
}

function launchersOf(estate: 'owned' | 'held'): Readonly<Record<string, Launcher>> {
  return Object.fromEntries(processTransports.map((name) => [name, overTransport(name, estate)]));
}

/** How the own transports do it. */
export const deathLaunchers = launchersOf('owned');
export const deathHeldLaunchers = launchersOf('held');

export const deathScenario: Scenario = {
  workload: 'W6',
  title: 'notice of the death of a peer',
  question: 1,
  cells: (context): CellDefinition[] =>
    handles[context.tier].flatMap((count) =>
      deaths.flatMap((call) =>
        thoseWho(context, call, 'tell of a peer that was killed').map(({ contender, launcher }) => ({
          workload: 'W6',
          contender: contender.name,
          call,
          payloadBytes: 0,
          placement: context.placement.name,
          varied: { handles: count },
          waiting: contender.waiting,
          baseline: 'sockets',
          group: `${count} handles, ${call}`,
          timeoutMs: blockPatienceMs,
          launch: launcher(context.placement, { payloadBytes: 0, varied: { handles: count } }),
        })),
      ),
    ),
};
