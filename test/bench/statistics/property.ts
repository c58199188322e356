/** Seeds of the property tests here: said in the log, so that a failed run can be run again (`CAPSTAN_SEED`). */
import { randomInt } from 'node:crypto';
import type { ExecutionContext } from 'ava';

/** The settings of one property, with a seed of its own that the test says. */
export function propertySeed(t: ExecutionContext, numRuns: number): { seed: number; numRuns: number } {
  const seed = Number(process.env['CAPSTAN_SEED'] ?? randomInt(2 ** 31));
  t.log(`CAPSTAN_SEED=${seed}`);
  return { seed, numRuns };
}
