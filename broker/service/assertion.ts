/** Assertions: a failure is a bug of ours or of the supervisor, never bad input. */
import type { ServiceRecord } from './record.js';

/** Throws if `condition` does not hold; builds the text only then. */
export function expect(condition: boolean, record: ServiceRecord, problem: string): asserts condition {
  if (condition) return;
  throw new Error(`bug: service ${record.name} (${record.state}, ${record.phase}): ${problem}`);
}
