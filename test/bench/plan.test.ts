/** Plans: how long a tier takes, who takes part, and in which order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Choice, chooseContenders } from '../../bench/choice.js';
import { UnknownName } from '../../bench/failure.js';
import { prepareSuite } from '../../bench/index.js';
import type { CellDefinition } from '../../bench/latency/cell.js';
import { blocksOf, rushes } from '../../bench/latency/launch.js';
import { placements } from '../../bench/placements.js';
import { createPlan, type Plan, tierSizes } from '../../bench/plan.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { allContenders, scenarios } from '../../bench/scenarios/index.js';
import type { Contender, Scenario, Tier } from '../../bench/scenarios/scenario.js';

const minute = 60_000;

/** All contenders, as if all were installed. */
function everybodyHere(): Contender[] {
  return allContenders().map((each) => ({ ...each, presence: () => ({ present: true }) as const }));
}

/** A busy machine takes longer than planned; a quick run is to take less than a minute even then, a standard one less than twenty. */
for (const [tier, limitMs, launches] of [
  ['quick', 0.75 * minute, 2],
  ['standard', 17 * minute, 5],
  ['full', 51 * minute, 6],
] as const) {
  test(`the ${tier} run with all contenders and W8 is planned to take less than ${limitMs / minute} min`, (t) => {
    const suite = prepareSuite({ tier, seed: 1, peers: 'auto', command: 'test', everybody: everybodyHere() });
    t.log(`${Math.round(suite.plannedMs / 1000)} s`);
    t.true(suite.plannedMs < limitMs);
    t.is(suite.plan.sizes.launches, launches);
  });
}

test('the page says how many blocks a cell has in a launch, how long they are, and how long a run is planned to take', (t) => {
  const page = readFileSync(join(projectDirectory, 'docs', 'benchmark.md'), 'utf8');
  const [, quickSeconds, standardMinutes, fullMinutes] =
    /planned to take less than (\d+) seconds, a standard one less than (\d+) minutes and a full one less than (\d+)/.exec(
      page,
    ) ?? [];
  const [, quickMs, standardMs, fullMs] =
    /two blocks of (\d+) ms in a launch of a quick run, eight of about (\d+) ms in a standard one and six of about (\d+) ms in a full one/.exec(
      page,
    ) ?? [];
  const everybody = everybodyHere();
  const hasTwoCores = placements()[0]?.name === 'two-cores';
  if (!hasTwoCores) t.log('how long blocks are is not looked at: the page is about two cores');
  for (const [tier, rounds, blockMs, limitMs] of [
    ['quick', 2, quickMs, Number(quickSeconds) * 1_000],
    ['standard', 8, standardMs, Number(standardMinutes) * minute],
    ['full', 6, fullMs, Number(fullMinutes) * minute],
  ] as const) {
    const { plan, plannedMs } = prepareSuite({ tier, seed: 1, peers: 'auto', command: 'test', everybody });
    t.is(plan.sizes.rounds, rounds);
    // Where there is no second core, or nothing that pins, there is less to measure, and blocks may be longer.
    if (hasTwoCores) t.is(plan.sizes.blockMs, Number(blockMs), tier);
    t.true(plannedMs < limitMs, tier);
  }
});

test("where a workload has several calls, its section of the benchmark's page says what each is", (t) => {
  const page = readFileSync(join(projectDirectory, 'docs', 'benchmark.md'), 'utf8');
  const calls = new Map<string, Set<string>>();
  for (const tier of ['quick', 'standard', 'full'] as const) {
    const options = { tier, seed: 1, peers: 'auto', command: 'test', everybody: everybodyHere() } as const;
    for (const { workload, call } of prepareSuite(options).plan.groups.flatMap(({ cells }) => cells))
      calls.set(workload, (calls.get(workload) ?? new Set()).add(call));
  }
  t.true(calls.get('W1')?.has('control'));
  for (const [workload, names] of calls) {
    const section = page.split('\n### ').find((text) => text.startsWith(`${workload}: `)) ?? '';
    for (const name of names.size > 1 ? names : [])
      t.true(section.includes(`\`${name}\``), `${workload} ${name}`);
  }
});

/** Whether a sample is a single round trip: of these a block of any length has enough. */
function isRoundTrip({ workload, call, varied = {} }: CellDefinition): boolean {
  if (workload === 'W1') return true;
  return (workload === 'W7' && call === 'status') || (workload === 'W10' && varied.gap_ms === 0);
}

/** A round trip through a slow contender on a slow machine. */
const roundTripMs = 1;

test('in a standard and a full run every cell is planned to have 20 samples in a launch (point 10)', (t) => {
  for (const tier of ['standard', 'full'] as const) {
    const { plan } = prepareSuite({
      tier,
      seed: 1,
      peers: 'auto',
      command: 'test',
      everybody: everybodyHere(),
    });
    t.true(plan.sizes.samplesMin >= 20);
    for (const cell of plan.groups.flatMap(({ cells }) => cells)) {
      const name = `${cell.workload} ${cell.contender} ${cell.call} ${JSON.stringify(cell.varied)}`;
      // Without a stated time nothing would make a block of it long enough.
      t.true(
        isRoundTrip(cell) || (cell.sampleMs ?? 0) > 0,
        `${name}: it is not said how long a sample takes`,
      );
      const { count, ms } = blocksOf(cell, plan.sizes);
      const samples = (count * ms) / (cell.sampleMs ?? roundTripMs);
      t.true(samples >= 20, `${name}: ${samples}`);
    }
  }
});

/** A plan of one workload, where all are installed. */
function planFor(tier: Tier, workload: string, choice: Choice): Plan {
  const { contenders, named } = chooseContenders(everybodyHere(), choice);
  const chosen = scenarios.filter((each) => each.workload === workload);
  const options = { tier, seed: 1, placements: placements(), identity: 'test' };
  return createPlan({ ...options, scenarios: chosen, contenders, named });
}

const countOf = ({ groups }: Plan, name: string): number =>
  groups.flatMap(({ cells }) => cells).filter(({ contender }) => contender === name).length;

test('who is asked for by name is left out by no tier, and by auto some are', (t) => {
  for (const [tier, workload, name] of [
    ['quick', 'W1', 'zeromq'],
    ['standard', 'W2', 'zeromq'],
    ['standard', 'W10', 'zeromq'],
    ['full', 'W10', 'node-net'],
    ['full', 'W2', 'grpc'],
  ] as const) {
    const [auto, named] = [
      planFor(tier, workload, { peers: 'auto' }),
      planFor(tier, workload, { peers: [name] }),
    ];
    t.true(countOf(named, name) > countOf(auto, name), `${tier} ${workload} ${name}`);
    // Of the others there are as many as before.
    t.is(countOf(named, 'bus'), countOf(auto, 'bus'), `${tier} ${workload} bus`);
  }
  t.is(countOf(planFor('standard', 'W10', { peers: 'none' }), 'memory'), 0);
  t.true(countOf(planFor('standard', 'W10', { peers: 'none', transports: ['memory'] }), 'memory') > 0);
});

test('a suite hands on who was asked for by name', (t) => {
  const asked = {
    tier: 'standard',
    seed: 1,
    workloads: ['W2'],
    command: 'test',
    everybody: everybodyHere(),
  } as const;
  t.is(countOf(prepareSuite({ ...asked, peers: 'auto' }).plan, 'zeromq'), 0);
  t.true(countOf(prepareSuite({ ...asked, peers: ['zeromq'] }).plan, 'zeromq') > 0);
});

test('of who is asked for by name it is said what is not measured, or why', (t) => {
  for (const { name } of allContenders().filter(({ kind }) => kind !== 'own')) {
    for (const tier of ['standard', 'full'] as const) {
      for (const { workload } of scenarios) {
        const plan = planFor(tier, workload, { peers: [name] });
        const isTold = plan.cannot.some((text) => text.includes(name));
        t.true(isTold || countOf(plan, name) > 0, `${tier} ${workload} ${name}`);
      }
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

test('who has no place in a run of this size is named as that, and not as missing', (t) => {
  const isLeftOut = ({ kind }: Contender): boolean => kind === 'foreign';
  const chosen = chooseContenders(all, { peers: 'auto', isLeftOut });
  t.deepEqual(names(chosen.contenders), ['c-seqpacket', 'sockets', 'bus', 'node-net']);
  t.deepEqual(chosen.leftOut, ['here', 'absent']);
  t.deepEqual(chosen.missing, []);
  const named = chooseContenders(all, { peers: ['here', 'absent'], isLeftOut });
  t.deepEqual(named.leftOut, []);
  t.deepEqual(named.missing, ['absent is not installed']);
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

test('with more launches a run takes longer, and its blocks are those of the usual number', (t) => {
  const planned = (launches?: number): Plan =>
    prepareSuite({
      tier: 'standard',
      seed: 1,
      peers: 'auto',
      command: 'test',
      everybody: everybodyHere(),
      workloads: ['W1'],
      ...(launches === undefined ? {} : { launches }),
    }).plan;
  const usual = planned();
  const many = planned(4 * usual.sizes.launches);
  t.is(many.sizes.launches, 4 * usual.sizes.launches);
  t.is(many.steps.length, 4 * usual.steps.length);
  t.deepEqual({ ...many.sizes, launches: 0, budgetMs: 0 }, { ...usual.sizes, launches: 0, budgetMs: 0 });
  t.true(Math.abs(many.plannedMs / usual.plannedMs - 4) < 0.01);
  t.not(many.fingerprint, usual.fingerprint);
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

test('at a placement that was asked for everything is measured, and nothing elsewhere', (t) => {
  const planAt = (...names: readonly string[]): Plan =>
    prepareSuite({ tier: 'standard', seed: 1, peers: 'none', command: 'test', placements: names }).plan;
  const placesOf = ({ groups }: Plan, workload: string): string[] => [
    ...new Set(groups.filter((group) => group.workload === workload).map(({ placement }) => placement)),
  ];
  for (const name of placements().map((one) => one.name)) {
    for (const workload of ['W1', 'W2', 'W7']) t.deepEqual(placesOf(planAt(name), workload), [name]);
  }
  const free = planAt('not-pinned');
  t.deepEqual(placesOf(free, 'W1'), ['not-pinned']);
  t.not(free.fingerprint, planAt(placements()[0]?.name ?? '').fingerprint);
  t.throws(() => planAt('elsewhere'), { message: /no placement elsewhere here/ });
});

test('messages to many begin with a rush, as calls do, and programs in C do not', (t) => {
  t.true(rushes({ workload: 'W4', contender: 'sockets' }));
  t.true(rushes({ workload: 'W1', contender: 'dbus-broker' }));
  t.false(rushes({ workload: 'W4', contender: 'c-seqpacket' }));
});
