/** Every decoder under its corpus and a few seconds of fresh cases; `npm run fuzz` does the same for longer. */
import { randomInt } from 'node:crypto';
import test from 'ava';
import { keptCases } from './corpus.js';
import { decoders } from './decoders/index.js';
import { findingText, replay, search } from './fuzz.js';

for (const decoder of decoders) {
  test.serial(`F1, C61: ${decoder.name}: what was found before, and one case of each kind`, async (t) => {
    t.true(keptCases(decoder.name).length > 0);
    const finding = await replay(decoder);
    t.is(finding === undefined ? '' : findingText(decoder.name, finding), '');
  });

  test.serial(`F1, C61: ${decoder.name}: fresh cases`, async (t) => {
    const seed = randomInt(2 ** 31);
    t.log(`seed ${seed}`);
    const finding = await search(decoder, seed, decoder.runs);
    t.is(finding === undefined ? '' : `seed ${seed}: ${findingText(decoder.name, finding)}`, '');
  });
}
