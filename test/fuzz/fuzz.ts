/**
 * Fuzzing of one decoder: the corpus first, then fresh cases from a seed, and what is found made as small as it gets.
 */
import fc from 'fast-check';
import { keptCases } from './corpus.js';
import type { Decoder, Probe } from './decoder.js';
import { type Case, caseText } from './packet.js';

export interface Finding {
  readonly input: Case;
  readonly error: unknown;
  /** Of the corpus. */
  readonly path?: string;
}

export function findingText(decoder: string, { input, error, path }: Finding): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const where = path === undefined ? '' : ` (${path})`;
  return `${decoder}${where}: ${text}\nthe packets, each as descriptors and bytes:\n${caseText(input)}`;
}

/** Replays the corpus. */
export async function replay(decoder: Decoder): Promise<Finding | undefined> {
  const probe = await decoder.open();
  for (const { path, input } of keptCases(decoder.name)) {
    const error = await errorOf(probe, input);
    if (error !== undefined) return { input, error: error.value, path };
  }
  await probe.close();
  return undefined;
}

/** Fresh cases; `answers` hears what became of each. A probe that found something is not closed. */
export async function search(
  decoder: Decoder,
  seed: number,
  runs: number,
  answers: (input: Case, answer: string) => void = () => {},
): Promise<Finding | undefined> {
  const probe = await decoder.open();
  const property = fc.asyncProperty(decoder.cases, async (input) => {
    answers(input, await probe.check(input));
  });
  const details = await fc.check(property, { seed, numRuns: runs, endOnFailure: false });
  if (!details.failed) {
    await probe.close();
    return undefined;
  }
  const [input = []] = details.counterexample ?? [];
  return { input, error: details.errorInstance ?? 'it failed' };
}

async function errorOf(probe: Probe, input: Case): Promise<{ readonly value: unknown } | undefined> {
  try {
    await probe.check(input);
    return undefined;
  } catch (value) {
    return { value };
  }
}
