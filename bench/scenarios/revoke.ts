/** W5: a grant is taken back, until its holders know and can do nothing more; bench/peers/revoke.ts says what a sample is. */
import type { CellDefinition } from '../latency/cell.js';
import { freshReceipts } from './fan-out.js';
import { launchParties, type Party, processTransports } from './parties.js';
import { type Launcher, type Scenario, type Tier, thoseWho, withRights } from './scenario.js';

/** All holders of a node lose it, or one of them loses its grant and the others keep theirs. */
const revocations = ['revoke', 'revoke-one'] as const;

type Revocation = (typeof revocations)[number];

const holders: Readonly<Record<Tier, Readonly<Record<Revocation, readonly number[]>>>> = {
  smoke: { revoke: [2], 'revoke-one': [2] },
  quick: { revoke: [], 'revoke-one': [] },
  standard: { revoke: [1, 64], 'revoke-one': [4] },
  full: { revoke: [1, 16, 64], 'revoke-one': [4, 16] },
};

/** Measured: a handle for each holder, which it uses, and what is taken back until all know. */
function sampleMsOf(call: Revocation, count: number): number {
  return 3 + (call === 'revoke' ? 0.3 : 1.2) * count;
}

/** Processes that the holders share at most; each holder is a peer with a connection of its own. */
const processesMax = 4;

function overTransport(name: string, revoked: 'all' | 'one'): Launcher {
  return (placement, { varied }) => {
    const count = varied.holders ?? 1;
    const share = Math.ceil(count / processesMax);
    return launchParties(name, placement, (directory) => {
      const receipts = freshReceipts(directory);
      const offers = Array.from({ length: Math.ceil(count / share) }, (_, at): Party => {
        const numbers = [at * share, Math.min(share, count - at * share)].map(String);
        return { cpu: placement.service, role: 'holders', args: [receipts, ...numbers] };
      });
      return {
        offers,
        client: { cpu: placement.client, role: 'revoker', args: [receipts, String(count), revoked] },
      };
    });
  };
}

/** How the own transports do it. */
export const revokeLaunchers: Readonly<Record<string, Launcher>> = Object.fromEntries(
  processTransports.map((name) => [name, overTransport(name, 'all')]),
);

export const revokeOneLaunchers: Readonly<Record<string, Launcher>> = Object.fromEntries(
  processTransports.map((name) => [name, overTransport(name, 'one')]),
);

export const revokeScenario: Scenario = {
  workload: 'W5',
  title: 'a grant is taken back, until the holder knows and can do nothing more',
  question: 1,
  cells: (context): CellDefinition[] =>
    revocations.flatMap((call) =>
      holders[context.tier][call].flatMap((count) =>
        thoseWho(
          withRights(context),
          call,
          call === 'revoke' ? 'take grants back' : 'take one grant back',
        ).map(({ contender, launcher }) => ({
          workload: 'W5',
          contender: contender.name,
          call,
          payloadBytes: 0,
          placement: context.placement.name,
          varied: { holders: count },
          waiting: contender.waiting,
          baseline: 'sockets',
          sampleMs: sampleMsOf(call, count),
          group: `${count} holders, ${call}`,
          launch: launcher(context.placement, { payloadBytes: 0, varied: { holders: count } }),
        })),
      ),
    ),
};
