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

/** Handles, of each. A notice that has to be looked for takes a second, so there is only one of these before the full tier. */
const handles: Readonly<Record<Tier, Readonly<Record<Death, readonly number[]>>>> = {
  smoke: { death: [3], 'death-held': [3] },
  quick: { death: [], 'death-held': [] },
  standard: { death: [100, 1_000], 'death-held': [100] },
  full: { death: [1, 10, 100, 1_000, 10_000], 'death-held': [1, 100, 10_000] },
};

/** Whether a death has to be looked for. */
function isSlow(name: string): boolean {
  return transports.find((entry) => entry.name === name)?.manifest.peerEnd === 'probe';
}

/** What the samples of a block take at least: so that a plan knows of it. */
function blockMsMin(name: string, tier: Tier, count: number): number {
  if (tier === 'smoke') return 0;
  return isSlow(name) ? 2 * limits.livenessProbeMs : 400 + count / 10;
}

function isMeasured(name: string, tier: Tier, call: Death, count: number): boolean {
  return !isSlow(name) || tier !== 'standard' || (call === 'death' && count === 100);
}

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
      if (!isMeasured(contender.name, context.tier, call, count)) return [];
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
        blockMsMin: blockMsMin(contender.name, context.tier, count),
        timeoutMs: blockPatienceMs,
        launch: launcher(context.placement, { payloadBytes: 0, varied }),
      };
    },
  );
}
