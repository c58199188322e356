/**
 * What is fuzzed: a decoder with the cases it is fed, and what must hold of each.
 *
 * A check that returns is passed. Its answer says in a few words what became of the case; cases whose answers differ went different
 * ways, and the corpus keeps one of each.
 */
import type fc from 'fast-check';
import type { Case } from './packet.js';

export interface Decoder {
  readonly name: string;
  readonly cases: fc.Arbitrary<Case>;
  /** Cases of one ordinary test run. */
  readonly runs: number;
  /** What the checks share; `close` insists that nothing is left of them. */
  open(): Promise<Probe>;
}

export interface Probe {
  /** Throws if a property does not hold. */
  check(input: Case): string | Promise<string>;
  close(): void | Promise<void>;
}

/** A decoder without anything around it. */
export function pureProbe(check: (input: Case) => string): () => Promise<Probe> {
  return async () => ({ check, close: () => {} });
}
