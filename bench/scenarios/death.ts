/** W6: notice of a peer's death; bench/peers/death.ts says what a sample is. */
import { limits } from '../../broker/contract/index.js';
import { transports } from '../../transports/catalog.js';
import type { CellDefinition } from '../latency/cell.js';
import { cpuArgument } from './contenders.js';
import { affordableDescriptors } from './many.js';
import { launchParties, processTransports } from './parties.js';
import {
  type Launcher,
  type Scenario,
  type ScenarioContext,
  type Tier,
  thoseWho,
  withRights,
} from './scenario.js';

/** `death`: the victim owned nodes, and the watcher's handles to them are gone. `death-held`: it held handles, and nodes are unused. */
export const deaths = ['death', 'death-held'] as const;

type Death = (typeof deaths)[number];

/**
 * Handles, of each. A sample costs a process, which is a fifth of a second, and a launch must have some dozens: so a standard run has one
 * cell, and none has 10,000, which a victim needs a second and a half to give.
 */
const handles: Readonly<Record<Tier, Readonly<Record<Death, readonly number[]>>>> = {
  smoke: { death: [3], 'death-held': [3] },
  quick: { death: [], 'death-held': [] },
  standard: { death: [100], 'death-held': [] },
  full: { death: [100, 1_000], 'death-held': [100] },
};

/** Whether a death has to be looked for. */
function isSlow(name: string): boolean {
  return transports.find((entry) => entry.name === name)?.manifest.peerEnd === 'probe';
}

/** Measured: starting a victim, giving it what it shall have, and its end. */
function sampleMsOf(name: string, count: number): number {
  return 210 + count / 12 + (isSlow(name) ? limits.livenessProbeMs / 2 : 0);
}

const tooSlow =
  'have a median of its notices within the time of a run: each is found by the next probe, which may take a second';

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
    deaths.flatMap((call) => handles[context.tier][call].flatMap((count) => cellsOf(context, call, count))),
};

function cellsOf(context: ScenarioContext, call: Death, count: number): CellDefinition[] {
  const varied = { handles: count };
  return thoseWho(withRights(context), call, 'tell of a peer that was killed').flatMap(
    ({ contender, launcher }) => {
      // Twenty of them are a quarter of a minute in each launch, and say nothing but the interval of probes.
      if (isSlow(contender.name) && context.tier !== 'smoke') {
        context.cannot(contender.name, tooSlow);
        return [];
      }
      if (affordableDescriptors(count) < count) {
        context.cannot(contender.name, `have ${count} handles with the limit of descriptors here`);
        return [];
      }
      return {
        workload: 'W6',
        contender: contender.name,
        call,
        payloadBytes: 0,
        placement: context.placement.name,
        varied,
        waiting: contender.waiting,
        baseline: 'sockets',
        group: `${count} handles, ${call}`,
        sampleMs: sampleMsOf(contender.name, count),
        timeoutMs: blockPatienceMs,
        launch: launcher(context.placement, { payloadBytes: 0, varied }),
      };
    },
  );
}
