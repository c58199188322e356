/** The checker finds what it is there to find: brokers that are broken on purpose, each by the rule that it breaks. */
import test from 'ava';
import { brokenBrokers, findBroken } from './broken/index.js';
import { ruleNames } from './check/index.js';
import { trySeed } from './report.js';
import { runPlan } from './run.js';

/** Schedules within which each has to be found. */
const seedsMax = 80;
const steps = 300;

for (const broken of brokenBrokers) {
  test(`${broken.name} (${broken.what}) is found: ${broken.finds.join(', ')}`, async (t) => {
    const found = await findBroken(broken, seedsMax, steps);
    for (const [rule, { schedule, text }] of found) t.log(`${rule}, schedule ${schedule}: ${text}`);
    t.deepEqual([...found.keys()].sort(), [...broken.finds].sort());
  });
}

test('each rule of the checker is broken by some broken broker', (t) => {
  const found = new Set(brokenBrokers.flatMap(({ finds }) => finds));
  t.deepEqual(
    ruleNames.filter((rule) => !found.has(rule)),
    [],
  );
});

test('a failure shrinks to a few steps that break the same rule, drawn and with the command to run it again', async (t) => {
  const broken = brokenBrokers.find(({ name }) => name === 'acknowledges what was written');
  let failure: Awaited<ReturnType<typeof trySeed>>;
  for (let seed = 1; failure === undefined && seed <= seedsMax; seed += 1) {
    failure = await trySeed(seed, steps, {
      only: 'causal',
      ...(broken === undefined ? {} : { make: broken.make }),
    });
  }
  if (failure === undefined) return t.fail('not found');
  t.log(failure.text);
  t.true(failure.plan.steps.length <= 15, `${failure.plan.steps.length} steps`);
  t.regex(failure.text, /tells/);
  t.true(failure.text.includes(`--seed ${failure.seed} --steps ${steps}`));
  const again = await runPlan(failure.plan, broken?.make);
  t.true(again.violations.some(({ rule }) => rule === 'causal'));
});
