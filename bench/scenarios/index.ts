/** The scenarios of the suite, in the order of the method; whoever writes one lists it here. */
import type { Scenario } from './scenario.js';

export const scenarios: readonly Scenario[] = [];
