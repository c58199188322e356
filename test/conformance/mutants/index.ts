/**
 * Transports that are broken on purpose: the memory transport with one mistake each, to prove that the suite sees it.
 */
import { callMutants } from './calls.js';
import { descriptorMutants, groupMutants } from './groups.js';
import { handleMutants } from './handles.js';
import { limitMutants } from './limits.js';
import { messageMutants } from './messages.js';
import type { Mutant } from './mutant.js';
import { samenessMutants } from './sameness.js';

export const mutants: readonly Mutant[] = [
  ...messageMutants,
  ...callMutants,
  ...handleMutants,
  ...samenessMutants,
  ...descriptorMutants,
  ...groupMutants,
  ...limitMutants,
];
