/**
 * Small graphs, all of them: every state that any order of requests and events can reach is visited, its invariants are
 * recounted, and from each of them the services come to rest, and a shutdown ends. Each step starts from a saved and restored
 * engine, so that this also tries restoring in every reachable state.
 */
import test, { type ExecutionContext } from 'ava';
import type { ServiceDescription } from '../../../broker/service/index.js';
import {
  brokenInvariants,
  describe,
  exitCode,
  exitSignal,
  ServiceWorld,
} from '../../support/service-world.js';

type Move = readonly [what: string, move: (world: ServiceWorld) => void];

/** All that may happen next, except what is refused at once. */
function moves(world: ServiceWorld, hasPins: boolean): Move[] {
  const found: Move[] = [];
  for (const { name } of world.engine.graph) {
    found.push([`start ${name}`, (w) => w.start(name)]);
    found.push([`stop ${name}`, (w) => w.stop(name, { isForced: true })]);
    found.push([`release ${name}`, (w) => w.engine.release(w.record(name), w.nowMs)]);
    found.push([`restart ${name}`, (w) => w.engine.restart(w.record(name), w.nowMs)]);
    if (!hasPins) continue;
    found.push([`start pinned ${name}`, (w) => w.start(name, true)]);
    found.push([`stop pinned ${name}`, (w) => w.stop(name, { isForced: true, isPinned: true })]);
    found.push([`unpin ${name}`, (w) => w.engine.unpin(w.record(name), w.nowMs)]);
  }
  for (const launch of world.launching) {
    const [name = '', purpose] = launch.split(' ');
    found.push([`spawned ${launch}`, (w) => w.spawned(name, purpose === 'stop' ? 'stop' : 'start')]);
    found.push([`spawn failed ${launch}`, (w) => w.spawnFailed(name, purpose === 'stop' ? 'stop' : 'start')]);
  }
  for (const name of readinessProcesses(world)) {
    const words = [
      { isReady: true },
      { isReloading: true },
      { isStopping: true },
      { watchdog: 'trigger' },
    ] as const;
    for (const word of words) found.push([`${name} says ${JSON.stringify(word)}`, (w) => w.says(name, word)]);
    found.push([`${name} is replaced`, (w) => w.engine.replaced(w.record(name), 7, w.nowMs)]);
    found.push([`${name} can say nothing`, (w) => w.engine.readinessLost(w.record(name), w.nowMs)]);
  }
  for (const process of world.running) {
    const [name = '', purpose] = process.split(' ');
    for (const status of [exitCode(0), exitCode(1), exitSignal(15)]) {
      const what = `exited ${process} ${JSON.stringify(status)}`;
      found.push([what, (w) => w.exited(name, status, purpose === 'stop' ? 'stop' : 'start')]);
    }
  }
  for (const { name } of world.timers.keys()) found.push([`timer ${name}`, (w) => w.fire(name)]);
  return found;
}

/** Services whose process says how it is, and runs. */
function readinessProcesses(world: ServiceWorld): string[] {
  const names: string[] = [];
  for (const record of world.engine.graph)
    if (record.description.readiness !== undefined && record.processState === 'running')
      names.push(record.name);
  return names;
}

const deciding = new Map<string, boolean>();

/** Whether a field of a saved record decides about the future. Remembered, because it is asked a million times. */
function decides(field: string): boolean {
  let answer = deciding.get(field);
  if (answer === undefined) {
    answer = !/AtMs|DueMs|pid|Pid|restartCount|exec/.test(field);
    deciding.set(field, answer);
  }
  return answer;
}

/** Everything that decides about the future; times do not, because these graphs have neither delays nor limits. */
function key(world: ServiceWorld): string {
  const parts: string[] = [];
  for (const record of world.engine.graph) {
    const { fields, links } = world.engine.save(record);
    const kept = Object.entries(fields).filter(([name]) => decides(name));
    parts.push(JSON.stringify([kept, links, world.timers.has(record), record.exitStatus]));
  }
  return parts.join('|');
}

function explore(
  t: ExecutionContext,
  descriptions: readonly ServiceDescription[],
  hasPins: boolean,
  statesMax: number,
): void {
  const first = new ServiceWorld(descriptions);
  const seen = new Set([key(first)]);
  const open: { world: ServiceWorld; trace: readonly string[] }[] = [{ world: first, trace: [] }];
  for (let index = 0; index < open.length; index++) {
    const entry = open[index];
    if (entry === undefined) break;
    const { world, trace } = entry;
    const fork = world.forks();
    for (const [what, move] of moves(world, hasPins)) {
      const next = fork();
      const path = [...trace, what];
      move(next);
      const problems = brokenInvariants(next);
      if (problems.length > 0) {
        t.fail(`${problems.join('\n')}\n${path.join('\n')}\n${next.log.join('\n')}`);
        return;
      }
      const id = key(next);
      if (seen.has(id)) continue;
      seen.add(id);
      const forkOfNext = next.forks();
      const resting = forkOfNext();
      if (!resting.settle() || brokenInvariants(resting).length > 0) {
        t.fail(`does not come to rest:\n${path.join('\n')}\n${brokenInvariants(resting).join('\n')}`);
        return;
      }
      const ending = forkOfNext();
      ending.engine.stopAll(ending.nowMs);
      if (!ending.settle() || ending.engine.activeCount > 0) {
        t.fail(`the shutdown does not end:\n${path.join('\n')}`);
        return;
      }
      if (seen.size < statesMax) open.push({ world: next, trace: path });
    }
  }
  t.log(`${seen.size} states${seen.size >= statesMax ? ', the limit' : ', all there are'}`);
  t.pass();
}

/** No delays and no limits: then the reachable states are finitely many. */
const free = { restartDelayMs: 0, restartLimitCount: 0 };

test('E1–E19 one service of each type: every reachable state', (t) => {
  for (const type of ['process', 'scripted', 'internal'] as const) {
    const more = { ...free, restart: 'yes', stopCommand: ['/bin/stop'], isStartInterruptible: true } as const;
    explore(t, [describe('a', type, [], more)], true, 3000);
  }
});

test('E1–E19 a process and its dependent, with pins: every reachable state', (t) => {
  explore(
    t,
    [describe('a', 'process', [], free), describe('b', 'internal', ['a'], { ...free, restart: 'yes' })],
    true,
    3000,
  );
});

test('E1–E17 a script and a process that needs it', (t) => {
  const script = describe('a', 'scripted', [], { ...free, restart: 'yes' });
  explore(t, [script, describe('b', 'process', ['a'], { ...free, restart: 'on-failure' })], false, 2500);
});

test('E1–E17 a chain of three', (t) => {
  const graph = [
    describe('a', 'process', [], { ...free, restart: 'yes' }),
    describe('b', 'internal', ['a'], { ...free, restart: 'yes' }),
    describe('c', 'process', ['b'], free),
  ];
  explore(t, graph, false, 4000);
});

test('E1–E17 soft dependency, milestone and smooth recovery', (t) => {
  const graph = [
    describe('a', 'process', [], { ...free, restart: 'yes', recoversSmoothly: true }),
    describe('b', 'internal', ['soft a'], free),
    describe('c', 'internal', ['milestone a'], { ...free, restart: 'yes' }),
  ];
  explore(t, graph, false, 4000);
});

test('E1–E17 a diamond of four', (t) => {
  const graph = [
    describe('a', 'process', [], { ...free, restart: 'on-failure' }),
    describe('b', 'internal', ['a'], free),
    describe('c', 'internal', ['a'], { ...free, restart: 'yes' }),
    describe('d', 'internal', ['b', 'c'], { ...free, restart: 'yes' }),
  ];
  explore(t, graph, false, 4000);
});

const telling = { ...free, readiness: { kind: 'socket' }, watchdog: { timeoutMs: 1000, signal: 6 } } as const;

test('W1–W9 a process that says how it is: every reachable state', (t) => {
  for (const recoversSmoothly of [false, true]) {
    explore(t, [describe('a', 'process', [], { ...telling, restart: 'yes', recoversSmoothly })], true, 6000);
  }
});

test('W1–W9 a process that says how it is, and what needs it', (t) => {
  const a = describe('a', 'process', [], { ...telling, restart: 'on-failure', stopCommand: ['/bin/stop'] });
  explore(t, [a, describe('b', 'internal', ['a'], { ...free, restart: 'yes' })], false, 4000);
});
