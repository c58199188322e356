/** What the own transports and the limits in C do in the workloads W2 to W9, by their names: for whoever puts the contenders together. */

import { controlLaunchers } from './control.js';
import { deathHeldLaunchers, deathLaunchers } from './death.js';
import { multicastCostLaunchers, multicastLaunchers } from './fan-out.js';
import { grantLaunchers } from './grant.js';
import { manyLaunchers } from './many.js';
import { revokeLaunchers, revokeOneLaunchers } from './revoke.js';
import type { Action, Launcher } from './scenario.js';
import { streamLaunchers, streamManyLaunchers } from './stream.js';

const byAction: Partial<Readonly<Record<Action, Readonly<Record<string, Launcher>>>>> = {
  stream: streamLaunchers,
  'stream-many': streamManyLaunchers,
  give: grantLaunchers,
  multicast: multicastLaunchers,
  'multicast-cost': multicastCostLaunchers,
  revoke: revokeLaunchers,
  'revoke-one': revokeOneLaunchers,
  death: deathLaunchers,
  'death-held': deathHeldLaunchers,
  status: controlLaunchers('status'),
  list: controlLaunchers('list'),
  'start-event': controlLaunchers('start-event'),
  many: manyLaunchers,
};

/** The launchers of one of them: `memory`, `sockets`, `datagram`, `bus`, `c-seqpacket`. */
export function ownLaunchers(name: string): Partial<Readonly<Record<Action, Launcher>>> {
  return Object.fromEntries(
    Object.entries(byAction).flatMap(([action, launchers]) => {
      const launcher = launchers[name];
      return launcher === undefined ? [] : [[action, launcher]];
    }),
  );
}
