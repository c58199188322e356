/** Plans: how long a tier takes, who takes part, and in which order. */
import test from 'ava';
import { chooseContenders, UnknownName } from '../../bench/choice.js';
import { prepareSuite } from '../../bench/index.js';
import { blockMsOf } from '../../bench/latency/launch.js';
import { placements } from '../../bench/placements.js';
import { createPlan, tierSizes } from '../../bench/plan.js';
import { allContenders } from '../../bench/scenarios/index.js';
import type { Contender, Scenario } from '../../bench/scenarios/scenario.js';

const minute = 60_000;

/** A busy machine takes a third longer than planned: so a standard run takes less than twenty minutes, a full one less than an hour. */
for (const [tier, limitMs, launches] of [
  ['quick', minute, 2],
  ['standard', 14.5 * minute, 5],
  ['full', 42 * minute, 6],
] as const) {
  test(`the ${tier} run with all contenders and W8 is planned to take less than ${limitMs / minute} min`, (t) => {
    const here = allContenders().map((each) => ({ ...each, presence: () => ({ present: true }) as const }));
    const suite = prepareSuite({ tier, seed: 1, peers: 'auto', command: 'test', everybody: here });
    t.log(`${Math.round(suite.plannedMs / 1000)} s`);
    t.true(suite.plannedMs < limitMs);
    t.is(suite.plan.sizes.launches, launches);
  });
}

test('in a standard and a full run every cell is planned to have 20 samples in a launch (point 10)', (t) => {
  for (const tier of ['standard', 'full'] as const) {
    const { plan } = prepareSuite({ tier, seed: 1, peers: 'auto', command: 'test' });
    t.true(plan.sizes.samplesMin >= 20);
    for (const cell of plan.groups.flatMap(({ cells }) => cells)) {
      const samples = (plan.sizes.rounds * blockMsOf(cell, plan.sizes)) / (cell.sampleMs ?? 0);
      t.true(samples >= 20, `${cell.workload} ${cell.contender} ${cell.call}: ${samples}`);
    }
  }
});

function contender(name: string, kind: Contender['kind'], isPresent = true): Contender {
  return {
    name,
    kind,
    waiting: 'block',
    launchers: { call: () => () => Promise.reject(new Error('not launched here')) },
    presence: () => (isPresent ? { present: true } : { present: false, reason: `${name} is not installed` }),
  };
}

const all = [
  contender('c-seqpacket', 'c'),
  contender('sockets', 'own'),
  contender('bus', 'own'),
  contender('here', 'foreign'),
  contender('absent', 'foreign', false),
  contender('node-net', 'node'),
];

const names = (contenders: readonly Contender[]): string[] => contenders.map(({ name }) => name);

test('auto takes whoever is installed and names who is not', (t) => {
  const chosen = chooseContenders(all, { peers: 'auto' });
  t.deepEqual(names(chosen.contenders), ['c-seqpacket', 'sockets', 'bus', 'here', 'node-net']);
  t.deepEqual(chosen.missing, ['absent is not installed']);
  t.false(chosen.isIncomplete);
});

test('a peer that was asked for by name and is absent makes the run incomplete', (t) => {
  const chosen = chooseContenders(all, { transports: ['bus'], peers: ['absent'] });
  t.deepEqual(names(chosen.contenders), ['c-seqpacket', 'bus']);
  t.true(chosen.isIncomplete);
});

test('without peers the baselines stay, which need no installation', (t) => {
  const none = chooseContenders(all, { peers: 'none' });
  t.deepEqual(names(none.contenders), ['c-seqpacket', 'sockets', 'bus', 'node-net']);
  t.deepEqual(names(chooseContenders(all, { peers: [] }).contenders), ['c-seqpacket', 'sockets', 'bus']);
});

test('a name that nobody has is refused', (t) => {
  t.throws(() => chooseContenders(all, { transports: ['socket'], peers: 'auto' }), {
    instanceOf: UnknownName,
  });
  t.throws(() => chooseContenders(all, { peers: ['nobody'] }), { instanceOf: UnknownName });
});

function scenario(cells: number): Scenario {
  return {
    workload: 'W1',
    title: 'a test',
    question: 1,
    cells: ({ placement, contenders }) =>
      contenders.flatMap(({ name, launchers }) =>
        Array.from({ length: cells }, (_, at) => ({
          workload: 'W1',
          contender: name,
          call: 'empty',
          payloadBytes: at,
          placement: placement.name,
          group: `${at % 3}`,
          launch: launchers.call?.(placement, { payloadBytes: at, varied: {} }) ?? (() => Promise.reject()),
        })),
      ),
  };
}

function planOf(cells: number, seed = 1): ReturnType<typeof createPlan> {
  return createPlan({
    tier: 'standard',
    seed,
    scenarios: [scenario(cells)],
    contenders: all,
    placements: placements().slice(0, 1),
    identity: 'test',
  });
}

test('every group is launched as often as the tier says, each pass in an order of its own', (t) => {
  const { steps, groups, sizes } = planOf(9);
  t.is(groups.length, 3);
  t.is(steps.length, 3 * sizes.launches);
  for (let launch = 0; launch < sizes.launches; launch++) {
    const pass = steps.slice(launch * 3, launch * 3 + 3);
    t.true(pass.every((step) => step.launch === launch));
    t.deepEqual(pass.map(({ group }) => group.key).sort(), groups.map(({ key }) => key).sort());
  }
});

test('with more to measure blocks get shorter and launches not fewer', (t) => {
  const large = planOf(60);
  t.is(large.sizes.launches, tierSizes.standard.launches);
  t.true(large.sizes.blockMs < tierSizes.standard.blockMs);
  t.is(planOf(3).sizes.blockMs, tierSizes.standard.blockMs);
});

test('equal plans have equal fingerprints, and others do not', (t) => {
  t.is(planOf(6).fingerprint, planOf(6).fingerprint);
  t.not(planOf(6).fingerprint, planOf(7).fingerprint);
  t.not(planOf(6).fingerprint, planOf(6, 2).fingerprint);
});

test('two cells of one name are refused, because they would be one line', (t) => {
  const twice: Scenario = {
    ...scenario(1),
    cells: (c) => [...scenario(1).cells(c), ...scenario(1).cells(c)],
  };
  t.throws(
    () =>
      createPlan({
        tier: 'smoke',
        seed: 1,
        scenarios: [twice],
        contenders: all.slice(0, 1),
        placements: placements().slice(0, 1),
        identity: 'test',
      }),
    { message: /two cells are called/ },
  );
});
