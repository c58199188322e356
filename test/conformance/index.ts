/**
 * The conformance suite: every clause of the contract on one transport. Adoption is one statement in
 * `test/transports/<name>.test.ts`:
 *
 *     transportConformance(test, fixture);
 */
import type { TestFn } from 'ava';
import { callClauses } from './calls.js';
import type { Clause } from './clause.js';
import { descriptorClauses } from './descriptors.js';
import { closeClauses, faultClauses } from './faults.js';
import { type Fixture, inWorld } from './fixture.js';
import { handleClauses } from './handles.js';
import { identityClauses } from './identity.js';
import { largeClauses } from './large.js';
import { limitClauses } from './limits.js';
import { messageClauses } from './messages.js';
import { multicastClauses } from './multicast.js';
import { orderClauses } from './order.js';
import { samenessClauses } from './sameness.js';

export type { Clause } from './clause.js';
export { type Fixture, inWorld, type RawConnection, type World } from './fixture.js';

/** All clauses, in the order of the contract. */
export const clauses: readonly Clause[] = [
  ...messageClauses,
  ...largeClauses,
  ...callClauses,
  ...handleClauses,
  ...samenessClauses,
  ...descriptorClauses,
  ...multicastClauses,
  ...orderClauses,
  ...limitClauses,
  ...faultClauses,
  ...closeClauses,
  ...identityClauses,
];

/** The clauses that say something about this transport. */
export function clausesFor(fixture: Fixture): Clause[] {
  return clauses.filter(({ applies }) => applies === undefined || applies(fixture.manifest, fixture));
}

/** Runs one clause in a world of its own. Rejects if the transport does not keep it. */
export function runClause(clause: Clause, fixture: Fixture, log?: (text: string) => void): Promise<void> {
  return inWorld(fixture, (world) => clause.run(world), log);
}

/** Declares one ava test for each clause. They run one after the other, because they count descriptors. */
export function transportConformance(test: TestFn, fixture: Fixture): void {
  test.serial.before(`a world opens and closes [${fixture.name}]`, async (t) => {
    // What a process opens once and keeps (an event loop, for one) is open before the first clause counts.
    await inWorld(fixture, async (world) => {
      await world.connect();
    }).catch(() => {});
    t.pass();
  });
  for (const clause of clausesFor(fixture)) {
    test.serial(`${clause.id} ${clause.title} [${fixture.name}]`, async (t) => {
      await t.notThrowsAsync(runClause(clause, fixture, (text) => t.log(text)));
    });
  }
}
