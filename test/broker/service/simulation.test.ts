/**
 * Random graphs, random requests, random behaviour of processes; after every step the invariants are recounted, and at the
 * end a shutdown must come to its end. A failure prints the seed.
 */
import test from 'ava';
import type { ServiceDescription, ServiceWord } from '../../../broker/service/index.js';
import { createRandom, type Random } from '../../support/random.js';
import {
  brokenInvariants,
  describe,
  exitCode,
  exitSignal,
  ServiceWorld,
} from '../../support/service-world.js';

function randomGraph(random: Random): ServiceDescription[] {
  const count = 2 + random.below(7);
  const types = ['process', 'scripted', 'internal', 'process'] as const;
  const prefixes = ['', '', '', 'soft ', 'milestone '];
  const restarts = ['yes', 'no', 'on-failure'] as const;
  const descriptions: ServiceDescription[] = [];
  for (let index = 0; index < count; index++) {
    const needs: string[] = [];
    for (let other = 0; other < index; other++) {
      if (random.below(3) === 0) needs.push(`${prefixes[random.below(prefixes.length)] ?? ''}s${other}`);
    }
    const type = types[random.below(types.length)] ?? 'internal';
    const tells = type === 'process' && random.below(2) === 0;
    descriptions.push(
      describe(`s${index}`, type, needs, {
        ...(tells ? { readiness: { kind: 'socket' } } : {}),
        ...(tells && random.below(2) === 0 ? { watchdog: { timeoutMs: 300, signal: 6 } } : {}),
        restart: restarts[random.below(3)] ?? 'no',
        recoversSmoothly: random.below(4) === 0,
        stopCommand: random.below(3) === 0 ? ['/bin/stop'] : [],
        isStartInterruptible: random.below(2) === 0,
        isSkippable: random.below(3) === 0,
        termSignal: random.below(5) === 0 ? 0 : 15,
        restartDelayMs: random.below(2) * 200,
      }),
    );
  }
  return descriptions;
}

function randomStatus(random: Random): ReturnType<typeof exitCode> {
  return (
    [exitCode(0), exitCode(0), exitCode(1), exitSignal(2), exitSignal(9), exitSignal(15)][random.below(6)] ??
    exitCode(0)
  );
}

function pick<T>(random: Random, items: Iterable<T>): T | undefined {
  const all = [...items];
  return all.length === 0 ? undefined : all[random.below(all.length)];
}

const words: readonly ServiceWord[] = [
  { isReady: true },
  { isReady: true, statusText: 'ready' },
  { isReady: true, isStopping: true },
  { isReloading: true },
  { isStopping: true },
  { watchdog: 'alive' },
  { watchdog: 'trigger' },
  { watchdogMs: 0 },
  { watchdogMs: 700 },
  { extendMs: 900 },
  { statusText: 'busy', errno: 2, exitStatus: 3 },
];

/** A word of a process, which may not be told as launched yet, or may have ended. */
function saySomething(world: ServiceWorld, random: Random): string {
  const telling = [...world.engine.graph].filter((record) => record.description.readiness !== undefined);
  const record = pick(random, telling);
  if (record === undefined) return 'nothing';
  const index = random.below(words.length + 2);
  if (index === words.length) world.engine.readinessLost(record, world.nowMs);
  else if (index > words.length) {
    if (record.processState !== 'running') return 'nothing';
    world.engine.replaced(record, 9000 + random.below(9), world.nowMs);
  } else world.says(record.name, words[index] ?? {});
  return `${record.name} says ${JSON.stringify(words[index])} (${index})`;
}

/** One step; returns what was done, for the failure's text. */
function step(world: ServiceWorld, random: Random, hasRequests: boolean): string {
  world.nowMs += random.below(4) * 50;
  const name = pick(random, world.engine.graph)?.name ?? 's0';
  const record = world.record(name);
  switch (random.below(hasRequests ? 19 : 11) + (hasRequests ? 0 : 8)) {
    case 0:
    case 1:
      world.start(name, random.below(6) === 0);
      return `start ${name}`;
    case 2:
      world.stop(name, { isForced: random.below(2) === 0, isPinned: random.below(6) === 0 });
      return `stop ${name}`;
    case 3:
      world.engine.restart(record, world.nowMs);
      return `restart ${name}`;
    case 4:
      world.engine.release(record, world.nowMs);
      return `release ${name}`;
    case 5:
      world.engine.wake(record, world.nowMs, { isPinned: random.below(6) === 0 });
      return `wake ${name}`;
    case 6:
    case 7:
      world.engine.unpin(record, world.nowMs);
      return `unpin ${name}`;
    case 8:
    case 9:
    case 10:
    case 11: {
      const launch = pick(random, world.launching);
      if (launch === undefined) return 'nothing';
      const [service = '', purpose] = launch.split(' ');
      if (random.below(6) === 0) world.spawnFailed(service, purpose === 'stop' ? 'stop' : 'start');
      else world.spawned(service, purpose === 'stop' ? 'stop' : 'start');
      return `launched ${launch}`;
    }
    case 12:
    case 13:
    case 14: {
      const process = pick(random, world.running);
      if (process === undefined) return 'nothing';
      const [service = '', purpose] = process.split(' ');
      const status = randomStatus(random);
      world.exited(service, status, purpose === 'stop' ? 'stop' : 'start');
      return `exited ${process} ${JSON.stringify(status)}`;
    }
    case 15:
    case 16:
    case 17:
      return saySomething(world, random);
    default: {
      const timer = pick(
        random,
        [...world.timers.keys()].sort((a, b) => a.slot - b.slot),
      );
      if (timer === undefined) return 'nothing';
      world.fire(timer.name);
      return `timer ${timer.name}`;
    }
  }
}

function simulate(seed: number, steps: number): string | undefined {
  const random = createRandom(seed);
  const descriptions = randomGraph(random);
  const world = new ServiceWorld(descriptions);
  const trace: string[] = [];
  const failure = (problem: string): string => {
    const graph = descriptions.map(
      (d) =>
        `${d.name} ${d.type} restart=${d.restart} smooth=${d.recoversSmoothly} intr=${d.isStartInterruptible} stop=${d.stopCommand.length} <- ${d.dependencies.map((x) => `${x.kind} ${x.name}`).join(', ')}`,
    );
    return `seed ${seed}: ${problem}\n${graph.join('\n')}\n${trace.slice(-60).join('\n')}`;
  };
  const check = (): string | undefined => {
    const problems = brokenInvariants(world);
    return problems.length > 0 ? failure(problems.join('\n')) : undefined;
  };
  for (let index = 0; index < steps; index++) {
    world.log = [];
    trace.push(step(world, random, true), ...world.log.map((line) => `    ${line}`));
    const broken = check();
    if (broken !== undefined) return broken;
  }
  world.hasEnded = false;
  world.engine.stopAll(world.nowMs);
  for (let index = 0; index < 4000 && !world.hasEnded; index++) {
    const broken = check();
    if (broken !== undefined) return broken;
    world.log = [];
    trace.push(step(world, random, false), ...world.log.map((line) => `    ${line}`));
  }
  if (!world.hasEnded || world.engine.activeCount !== 0) return failure('the shutdown does not end');
  if (world.running.size + world.launching.size + world.timers.size > 0) return failure('something is left');
  return check();
}

test('E1–E20 random graphs, requests and processes keep the invariants, and a shutdown ends', (t) => {
  const first = Number(process.env['SEED'] ?? 1);
  const count = process.env['SEED'] === undefined ? 1500 : 1;
  for (let seed = first; seed < first + count; seed++) {
    const failure = simulate(seed, 120);
    if (failure !== undefined) {
      t.fail(failure);
      return;
    }
  }
  t.pass();
});

/** Runs a world, saves it, restores it into another at a shifted clock, and goes on with both alike. */
function simulateRestore(seed: number): string | undefined {
  const random = createRandom(seed);
  const world = new ServiceWorld(randomGraph(random));
  const before = random.below(80);
  for (let index = 0; index < before; index++) step(world, random, true);
  if (random.below(4) === 0) world.engine.stopAll(world.nowMs);
  const shiftMs = 1 + random.below(100_000);
  const copy = world.fork(shiftMs);
  const broken = brokenInvariants(copy);
  if (broken.length > 0) return `seed ${seed}: restored with ${broken.join(', ')}`;
  world.log = [];
  const after = random.below(1_000_000);
  const [one, other] = [createRandom(after), createRandom(after)];
  for (let index = 0; index < 60; index++) {
    const [a, b] = [step(world, one, true), step(copy, other, true)];
    const [logA, logB] = [world.take(true).join('\n'), copy.take(true).join('\n')];
    if (a !== b || logA !== logB) return `seed ${seed}, step ${index}: ${a} / ${b}\n${logA}\n--\n${logB}`;
    if (copy.nowMs - world.nowMs !== shiftMs) return `seed ${seed}: the clocks differ`;
  }
  for (const { name } of world.engine.graph) {
    const [a, b] = [world, copy].map((w) => timeless(w, name));
    if (a !== b) return `seed ${seed}: ${name}\n${a}\n${b}`;
  }
  return undefined;
}

function timeless(world: ServiceWorld, name: string): string {
  const { fields, ...rest } = world.engine.save(world.record(name));
  const kept = Object.entries(fields).filter(([field]) => !field.endsWith('Ms'));
  return JSON.stringify([kept, rest]);
}

test('R4 whoever saves only what is told to have changed has saved everything', (t) => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = createRandom(seed);
    const world = new ServiceWorld(randomGraph(random));
    const save = (name: string): string => JSON.stringify(world.engine.save(world.record(name)));
    const saved = new Map([...world.engine.graph].map(({ name }) => [name, save(name)]));
    for (let index = 0; index < 80; index++) {
      const what = step(world, random, true);
      for (const { name } of world.unsaved) saved.set(name, save(name));
      world.unsaved.clear();
      for (const [name, text] of saved)
        if (text !== save(name)) t.is(text, save(name), `seed ${seed}: ${what}`);
    }
  }
  t.pass();
});

test('R1–R3 an engine restored from what was saved behaves as the old one would have', (t) => {
  for (let seed = 1; seed <= 800; seed++) {
    const failure = simulateRestore(seed);
    if (failure !== undefined) {
      t.fail(failure);
      return;
    }
  }
  t.pass();
});

test('R2 a shutdown that had ended when the broker died is told again', (t) => {
  const world = new ServiceWorld([describe('a', 'internal')]);
  world.start('a');
  world.engine.stopAll(world.nowMs);
  world.hasEnded = false;
  const copy = world.fork();
  t.true(copy.hasEnded);
  t.is(copy.engine.activeCount, 0);
});
