/** What the suite runs and over whom: the scenarios in the order of the method, and all contenders. Whoever writes one lists it here. */
import { callScenario } from './call.js';
import { ownContenders } from './contenders.js';
import { controlScenario } from './control.js';
import { deathScenario } from './death.js';
import { fanOutScenario } from './fan-out.js';
import { foreignContenders, nodeNetLaunchers } from './foreign.js';
import { grantScenario } from './grant.js';
import { idleScenario } from './idle.js';
import { manyScenario } from './many.js';
import { ownLaunchers } from './own-launchers.js';
import { revokeScenario } from './revoke.js';
import type { Contender, Scenario } from './scenario.js';
import { streamScenario } from './stream.js';

export const scenarios: readonly Scenario[] = [
  callScenario,
  streamScenario,
  grantScenario,
  fanOutScenario,
  revokeScenario,
  deathScenario,
  controlScenario,
  manyScenario,
  idleScenario,
];

/** Everybody who can be compared, present here or not. */
export function allContenders(): Contender[] {
  const own = ownContenders().map((contender) => ({
    ...contender,
    launchers: {
      ...contender.launchers,
      ...ownLaunchers(contender.name),
      ...(contender.name === 'node-net' ? nodeNetLaunchers : {}),
    },
  }));
  return [...own, ...foreignContenders];
}
