/**
 * The core of the bus under random schedules. `npm run simulate -- --minutes N` runs more of them.
 */
import test from 'ava';
import { createPlan } from './plan.js';
import { trySeed } from './report.js';
import { runPlan } from './run.js';

interface Volume {
  readonly seeds: number;
  readonly steps: number;
}

/** Many short schedules find more than few long ones; some long ones find what needs a history. */
const volumes: readonly Volume[] = [
  { seeds: 300, steps: 300 },
  { seeds: 10, steps: 2000 },
];

for (const { seeds, steps } of volumes) {
  test(`O1–O5, M1–M9, N1–N7, T1–T4, P3, Q4–Q6: ${seeds} random schedules of ${steps} steps keep every rule`, async (t) => {
    const first = steps * 1000;
    for (let seed = first; seed < first + seeds; seed += 1) {
      const failure = await trySeed(seed, steps);
      if (failure === undefined) continue;
      t.log(failure.text);
      t.fail(`${failure.violation.rule}: ${failure.violation.text}`);
      return;
    }
    t.log(`${seeds} schedules from seed ${first}, ${seeds * steps} steps`);
    t.pass();
  });
}

test('O1–O5: the schedules do what they are for: each kind of thing happens often', async (t) => {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let seed = 1; seed <= 60; seed += 1) {
    const { history } = await runPlan(createPlan(seed, 300));
    for (const event of history.events) {
      if (event.at > history.quietAt) break;
      count(event.kind);
      if (event.kind === 'issued' && event.to.length > 1) count(event.isPartial ? 'partial' : 'multicast');
      if (event.kind === 'issued' && event.carried.some((name) => name.startsWith('reply:')))
        count('reply given');
      if ('handles' in event && event.handles.some(({ isLive }) => !isLive)) count('dead handle');
      if (event.kind === 'ended' && event.how === 'killed') count('killed');
      if (event.kind === 'unused') count('unused');
    }
  }
  t.log(Object.fromEntries(counts));
  const wanted = [
    ...[
      'issued',
      'accepted',
      'received',
      'answered',
      'callFailed',
      'refused',
      'gone',
      'unused',
      'told',
      'waits',
    ],
    ...['multicast', 'partial', 'reply given', 'dead handle', 'killed', 'destroyed', 'closed', 'writable'],
  ];
  for (const what of wanted) t.true((counts.get(what) ?? 0) >= 3, what);
});

test('a seed is all there is to a schedule: the same one gives the same history', async (t) => {
  const [once, again] = [await runPlan(createPlan(7, 500)), await runPlan(createPlan(7, 500))];
  t.deepEqual(once.history.events, again.history.events);
  t.deepEqual(once.history.wire, again.history.wire);
});
