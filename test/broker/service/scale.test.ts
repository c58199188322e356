/** A chain, a fan and layers: no recursion, and work that grows with the number of edges. */
import test, { type ExecutionContext } from 'ava';
import type { ServiceActions, ServiceDescription } from '../../../broker/service/index.js';
import { createServiceEngine, idleActions } from '../../../broker/service/index.js';
import { describe } from '../../support/service-world.js';

const count = 100_000;

/** Starts and stops the first service; returns how many events there were, and the time of each part. */
function upAndDown(t: ExecutionContext, title: string, descriptions: readonly ServiceDescription[]): number {
  let events = 0;
  let hasEnded = false;
  const actions: ServiceActions = {
    ...idleActions,
    event: () => {
      events++;
    },
    allStopped: () => {
      hasEnded = true;
    },
  };
  const engine = createServiceEngine(actions);
  const times = [performance.now()];
  const lap = (): unknown => times.push(performance.now());
  const [root] = engine.add(descriptions);
  if (root === undefined) throw new Error('no services');
  lap();
  engine.start(root, 0);
  lap();
  t.is(engine.activeCount, descriptions.length);
  engine.stop(root, 1);
  lap();
  t.is(engine.activeCount, 0);
  t.true(hasEnded);
  const [made, started, stopped] = times
    .slice(1)
    .map((time, index) => Math.round(time - (times[index] ?? 0)));
  t.log(`${title}: ${descriptions.length} services; add ${made} ms, start ${started} ms, stop ${stopped} ms`);
  return events;
}

const chain = (length: number): ServiceDescription[] =>
  Array.from({ length }, (_, index) =>
    describe(`s${index}`, 'internal', index + 1 < length ? [`s${index + 1}`] : []),
  );

test('G1 a chain of 100,000 services starts and stops', (t) => {
  t.is(upAndDown(t, 'chain', chain(10_000)), 20_000);
  t.is(upAndDown(t, 'chain', chain(count)), 2 * count);
});

test('G1 one service with 100,000 dependencies, and 100,000 that depend on one', (t) => {
  const leaves = Array.from({ length: count - 1 }, (_, index) => `s${index + 1}`);
  const wide = [describe('s0', 'internal', leaves), ...leaves.map((name) => describe(name, 'internal'))];
  t.is(upAndDown(t, 'fan', wide), 2 * count);
  const middle = leaves.slice(0, -1);
  const base = leaves.at(-1) ?? '';
  const both = [
    describe('s0', 'internal', middle),
    ...middle.map((name) => describe(name, 'internal', [base])),
    describe(base, 'internal'),
  ];
  t.is(upAndDown(t, 'fan in and out', both), 2 * count);
});

test('G1 layers: 100 layers of 50, each service on all of the next layer', (t) => {
  const services = [
    describe(
      'top',
      'internal',
      Array.from({ length: 50 }, (_, index) => `n0-${index}`),
    ),
  ];
  for (let layer = 0; layer < 100; layer++) {
    for (let index = 0; index < 50; index++) {
      const needs = layer === 99 ? [] : Array.from({ length: 50 }, (_, other) => `n${layer + 1}-${other}`);
      services.push(describe(`n${layer}-${index}`, 'internal', needs));
    }
  }
  t.is(upAndDown(t, 'layers', services), 2 * services.length);
});

test('G1 a fan of 5,000', (t) => {
  const leaves = Array.from({ length: 5000 }, (_, index) => `s${index + 1}`);
  upAndDown(t, 'fan', [
    describe('s0', 'internal', leaves),
    ...leaves.map((name) => describe(name, 'internal')),
  ]);
});

test('G1 starting and stopping 100,000 services allocates nothing', (t) => {
  const engine = createServiceEngine(idleActions);
  const [root] = engine.add(chain(count));
  if (root === undefined) throw new Error('no services');
  // The least of several rounds: what the compiler and other tests allocate meanwhile is not ours.
  let leastBytes = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 6; round++) {
    const before = process.memoryUsage().heapUsed;
    engine.start(root, 2 * round);
    engine.stop(root, 2 * round + 1);
    leastBytes = Math.min(leastBytes, Math.abs(process.memoryUsage().heapUsed - before));
  }
  t.log(`${leastBytes} bytes`);
  // One object of the smallest kind per service would be more than this.
  t.true(leastBytes < 16 * count);
});

test('G2 a failure at the end of a chain of 100,000 goes all the way up without recursion', (t) => {
  const services = chain(count);
  services[count - 1] = describe(`s${count - 1}`, 'process');
  let failures = 0;
  const engine = createServiceEngine({
    ...idleActions,
    event: (_, event) => {
      if (event === 'failed-start') failures++;
    },
  });
  const records = engine.add(services);
  const [first] = records;
  const last = records[count - 1];
  if (first === undefined || last === undefined) throw new Error('no services');
  engine.start(first, 0);
  engine.spawnFailed(last, 'start', 'exec', 2, 1);
  t.is(failures, count);
  t.is(engine.activeCount, 0);
});
