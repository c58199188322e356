/** README's first use is what a terminal shows. */
import test from 'ava';
import { withExamples } from '../support/examples-manager.js';
import { normalised, record, splitReadme } from '../support/first-use.js';

test('the commands of the first use print what README says', async (t) => {
  t.timeout(110_000);
  const { transcript } = splitReadme();
  await withExamples(async (socket) => {
    t.is(normalised(await record(transcript, socket)), normalised(transcript));
  });
});
