/**
 * Fuzzing as a program: `npm run fuzz -- --minutes 10`.
 *
 *     --minutes N      for so long (default 1)
 *     --decoder NAME   one decoder instead of all in turn (`list` names them)
 *     --seed S         the first seed, instead of a random one
 *     --replay         the corpus only
 *     --collect        keeps a case for each way of going that the corpus has not yet
 *
 * A counter-example is made as small as it gets and kept in test/corpus/<decoder>/, where every test run meets it again.
 * Exit status 0: nothing was found; 1: something was, and was printed; 2: wrong usage.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { numberOption, runMain, say, WrongUsage } from '../support/main-program.js';
import { keepCase, keptCases } from './corpus.js';
import type { Decoder } from './decoder.js';
import { decoders } from './decoders/index.js';
import { type Finding, findingText, replay, search } from './fuzz.js';
import { type Case, caseText } from './packet.js';

const seedMax = 2 ** 31;
const progressMs = 10_000;
/** A decoder's turn lasts as many ordinary runs. */
const turnRuns = 4;
/** Kept by `--collect` for each decoder. */
const collectedMax = 24;

function chosen(name: string | undefined): readonly Decoder[] {
  if (name === undefined) return decoders;
  const found = decoders.filter((decoder) => decoder.name === name);
  if (found.length > 0) return found;
  throw new WrongUsage(`decoders: ${decoders.map((decoder) => decoder.name).join(', ')}`);
}

function tell(decoder: Decoder, finding: Finding, seed: number | undefined): false {
  say(findingText(decoder.name, finding));
  if (seed !== undefined) {
    const path = keepCase(decoder.name, 'found', finding.input, `Found from seed ${seed}: ${finding.error}`);
    say(`kept as ${path}`);
  }
  say(`again: npm run fuzz -- --decoder ${decoder.name} --replay`);
  return false;
}

/** Keeps the smallest case of each answer. */
class Collection {
  readonly #decoder: Decoder;
  readonly #smallest = new Map<string, Case>();

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  readonly take = (input: Case, answer: string): void => {
    const known = this.#smallest.get(answer);
    if (known === undefined || caseText(input).length < caseText(known).length)
      this.#smallest.set(answer, input);
  };

  keep(): void {
    const room = collectedMax - keptCases(this.#decoder.name).length;
    const kept = [...this.#smallest].sort(([, a], [, b]) => caseText(a).length - caseText(b).length);
    for (const [answer, input] of kept.slice(0, Math.max(0, room))) {
      keepCase(this.#decoder.name, 'way', input, `One way to go: ${answer}`);
    }
  }
}

async function main(): Promise<boolean> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: { minutes: text, decoder: text, seed: text, replay: flag, collect: flag },
  });
  const list = chosen(values.decoder);
  for (const decoder of list) {
    const finding = await replay(decoder);
    if (finding !== undefined) return tell(decoder, finding, undefined);
    say(`${decoder.name}: ${keptCases(decoder.name).length} kept cases are as they should be`);
  }
  if (values.replay === true) return true;
  const startMs = performance.now();
  const endMs = startMs + numberOption('minutes', values.minutes, 1) * 60_000;
  const from = numberOption('seed', values.seed, randomInt(seedMax));
  say(`seeds from ${from}`);
  let toldMs = startMs;
  let cases = 0;
  for (let seed = from; performance.now() < endMs; seed += 1) {
    for (const decoder of list) {
      const collection = new Collection(decoder);
      const runs = turnRuns * decoder.runs;
      const finding = await search(
        decoder,
        seed,
        runs,
        values.collect === true ? collection.take : undefined,
      );
      if (finding !== undefined) return tell(decoder, finding, seed);
      collection.keep();
      cases += runs;
      if (performance.now() - toldMs < progressMs) continue;
      toldMs = performance.now();
      say(
        `${cases} cases, last seed ${seed} (${decoder.name}); ${Math.ceil(Math.max(0, endMs - toldMs) / 1000)} s left`,
      );
    }
  }
  say(`${cases} cases: nothing was found`);
  return true;
}

await runMain(main);
