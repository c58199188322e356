/** What the suite runs and over whom: the scenarios in the order of the method, and all contenders. Whoever writes one lists it here. */
import { ownContenders } from './contenders.js';
import type { Contender, Scenario } from './scenario.js';

export const scenarios: readonly Scenario[] = [];

/** Everybody who can be compared, present here or not. */
export function allContenders(): Contender[] {
  return ownContenders();
}
