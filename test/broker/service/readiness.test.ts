/** What services say of themselves, and what the engine makes of it, on simulated time. */
import test from 'ava';
import type { ServiceDescription } from '../../../broker/service/index.js';
import {
  brokenInvariants,
  describe,
  exitCode,
  exitSignal,
  ServiceWorld,
} from '../../support/service-world.js';

type More = Parameters<typeof describe>[3];

const telling = (name: string, needs: readonly string[] = [], more: More = {}): ServiceDescription =>
  describe(name, 'process', needs, { readiness: { kind: 'socket' }, ...more });
const watched = (name: string, more: More = {}): ServiceDescription =>
  telling(name, [], { watchdog: { timeoutMs: 1000, signal: 6 }, ...more });

/** A started service `a`. */
function up(description: ServiceDescription): ServiceWorld {
  const world = new ServiceWorld([description]);
  world.start('a');
  world.spawned('a');
  world.says('a', { isReady: true });
  world.take();
  return world;
}

const due = (world: ServiceWorld, name = 'a'): number | undefined => {
  const dueMs = world.timers.get(world.record(name));
  return dueMs === undefined ? undefined : dueMs - world.nowMs;
};

test('W1 a process is started by its word and not by its launch, and dependents wait for that', (t) => {
  const world = new ServiceWorld([telling('a'), describe('b', 'internal', ['a'])]);
  world.start('b');
  world.spawned('a');
  t.deepEqual(
    [world.state('a'), world.record('a').phase, world.state('b')],
    ['starting', 'running', 'starting'],
  );
  t.is(due(world), 60_000);
  world.says('a', { isReady: true });
  t.deepEqual(world.take(), ['spawn a start', 'a started', 'b started']);
  t.is(due(world), undefined);
  world.says('a', { isReady: true });
  t.deepEqual(world.take(true), []);
  t.deepEqual(brokenInvariants(world), []);
});

test('W1 a word that comes before the launch is told counts as soon as it is', (t) => {
  const world = new ServiceWorld([telling('a')]);
  world.start('a');
  world.says('a', { isReady: true, statusText: 'x' });
  t.is(world.state('a'), 'starting');
  const successor = world.fork(500);
  for (const one of [world, successor]) {
    one.spawned('a');
    t.deepEqual([one.state('a'), one.record('a').statusText], ['started', 'x']);
  }
});

test('W2 the end before the word is a failed start, which is not tried again', (t) => {
  const world = new ServiceWorld([telling('a', [], { restart: 'yes' }), describe('b', 'internal', ['a'])]);
  world.start('b');
  world.spawned('a');
  world.exited('a', exitCode(0));
  t.deepEqual([world.state('a'), world.record('a').stopReason], ['stopped', 'failed']);
  t.is(world.record('b').stopReason, 'dependency-failed');
  t.deepEqual(world.take().slice(-4), ['a failed-start', 'a stopped', 'b failed-start', 'b stopped']);
});

test('W2 a start that takes too long is interrupted, and killed after the stop timeout', (t) => {
  const world = new ServiceWorld([telling('a', [], { startTimeoutMs: 500, stopTimeoutMs: 300 })]);
  world.start('a');
  world.spawned('a');
  t.is(due(world), 500);
  world.fire('a');
  t.deepEqual(world.take(), [
    'spawn a start',
    'note a start-timed-out',
    'signal a start 2 group',
    'a failed-start',
  ]);
  world.says('a', { isReady: true });
  t.is(world.state('a'), 'stopping', 'too late');
  t.is(due(world), 300);
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 group']);
  world.exited('a', exitSignal(9));
  t.is(world.record('a').stopReason, 'timed-out');
});

test('W5 what is said along with READY=1 is told with the new state and not once more; what follows from it then is', (t) => {
  const world = new ServiceWorld([telling('a'), telling('b')]);
  for (const name of ['a', 'b']) {
    world.start(name);
    world.spawned(name);
  }
  world.take();
  world.says('a', { isReady: true, statusText: 'listening' });
  t.deepEqual(world.take(), ['a started']);
  t.is(world.record('a').statusText, 'listening');
  world.says('b', { isReady: true, isStopping: true, statusText: 'short' });
  t.deepEqual(world.take(), ['b started', 'said b stopping short']);
});

test('W3 words of a process that has ended, and what is new in none, change nothing', (t) => {
  const world = up(telling('a'));
  world.says('a', { statusText: 'x' });
  world.says('a', { statusText: 'x' });
  t.deepEqual(world.take(), ['said a none x']);
  world.exited('a', exitCode(0));
  world.take();
  world.says('a', { statusText: 'y', isReady: true, watchdog: 'trigger', extendMs: 5 });
  t.deepEqual(world.take(true), []);
  t.is(world.record('a').statusText, 'x', 'the last word is kept');
  world.start('a');
  t.is(world.record('a').statusText, '', 'until the next launch');
});

test('W4 a process that is not ready is stopped like one that is, also if that is asked while it is launched', (t) => {
  for (const isLaunched of [true, false]) {
    const world = new ServiceWorld([telling('a', [], { stopTimeoutMs: 300 })]);
    world.start('a');
    if (isLaunched) world.spawned('a');
    world.stop('a');
    if (!isLaunched) world.spawned('a');
    t.deepEqual(world.take(), ['spawn a start', 'a start-cancelled', 'signal a start 15 group']);
    t.is(world.state('a'), 'stopping');
    t.is(due(world), 300);
    world.start('a');
    t.is(world.state('a'), 'stopping', 'that cannot be cancelled');
    world.exited('a', exitSignal(15));
    t.is(world.state('a'), 'starting');
    t.deepEqual(brokenInvariants(world), []);
  }
});

test('W4 with a stop command that is run; a pin holds the stop up until the service is ready', (t) => {
  const world = new ServiceWorld([telling('a', [], { stopCommand: ['/bin/stop'] })]);
  world.start('a');
  world.spawned('a');
  world.stop('a');
  t.deepEqual(world.take().slice(-2), ['a start-cancelled', 'spawn a stop']);
  const pinned = new ServiceWorld([telling('a')]);
  pinned.start('a', true);
  pinned.spawned('a');
  t.deepEqual(pinned.stop('a'), { ok: false, refusal: 'pinned-started' });
  pinned.says('a', { isReady: true });
  t.is(pinned.state('a'), 'started');
  pinned.engine.unpin(pinned.record('a'), pinned.nowMs);
  t.is(pinned.state('a'), 'stopping');
});

test('W5 reloading until it is ready again; stopping until it ends', (t) => {
  const world = up(watched('a', { stopTimeoutMs: 700 }));
  world.says('a', { isReloading: true, statusText: 'reading' });
  t.deepEqual(world.take(), ['said a reloading reading']);
  t.is(due(world), 1000, 'the watchdog goes on');
  world.says('a', { isReady: true, statusText: '' });
  t.deepEqual(world.take(), ['said a none ']);
  world.says('a', { isStopping: true });
  t.deepEqual(world.take(), ['said a stopping ']);
  t.deepEqual([world.state('a'), world.record('a').phase, due(world)], ['started', 'ending', 700]);
  world.says('a', { watchdog: 'alive' });
  t.is(due(world), 700, 'it is not watched any more');
  const dying = world.fork();
  world.exited('a', exitCode(0));
  t.deepEqual([world.state('a'), world.record('a').stopReason], ['stopped', 'terminated']);
  t.is(world.record('a').activity, 'none');
  dying.fire('a');
  t.deepEqual(dying.take(), ['note a stop-timed-out', 'signal a start 9 group']);
});

test('W5 STOPPING=1 and a stop that is asked for at the same time: one stop, in both orders', (t) => {
  const first = up(telling('a'));
  first.says('a', { isStopping: true });
  first.stop('a');
  t.deepEqual(first.take(), ['said a stopping ', 'signal a start 15 group']);
  const second = up(telling('a'));
  second.stop('a');
  second.says('a', { isStopping: true });
  t.deepEqual(second.take(), ['signal a start 15 group', 'said a stopping ']);
  for (const world of [first, second]) {
    t.is(due(world), 10_000);
    world.exited('a', exitCode(0));
    t.deepEqual([world.state('a'), world.record('a').stopReason], ['stopped', 'normal']);
  }
});

test('W6 signs of life move the watchdog; the service may set its time, and turn it off', (t) => {
  const world = up(watched('a'));
  t.is(due(world), 1000);
  world.nowMs += 900;
  world.says('a', { watchdog: 'alive' });
  t.is(due(world), 1000);
  world.nowMs += 500;
  t.is(world.fork(7000).timers.get(world.record('a')), undefined, 'timers are those of another engine');
  const successor = world.fork(7000);
  t.is(due(successor), 500, 'a successor goes on with what is left');
  world.says('a', { watchdogMs: 250 });
  t.is(due(world), 250);
  world.says('a', { watchdogMs: 0 });
  t.is(due(world), undefined);
  world.says('a', { watchdog: 'alive' });
  t.is(due(world), undefined);
});

test('W6 the watchdog rests while the service waits to stop, and goes on if the stop is cancelled', (t) => {
  const world = new ServiceWorld([watched('a'), describe('b', 'process', ['a'])]);
  world.start('b');
  world.spawned('a');
  world.says('a', { isReady: true });
  world.spawned('b');
  world.stop('a', { isForced: true });
  t.deepEqual([world.state('a'), due(world)], ['stopping', undefined]);
  world.start('a');
  t.deepEqual([world.state('a'), due(world)], ['started', 1000]);
  t.deepEqual(brokenInvariants(world), []);
});

test('W7 without a sign of life in time: signal, stop timeout, SIGKILL; dependents stop when it has ended', (t) => {
  const world = new ServiceWorld([watched('a', { stopTimeoutMs: 300 }), describe('b', 'internal', ['a'])]);
  world.start('b');
  world.spawned('a');
  world.says('a', { isReady: true });
  world.take();
  world.fire('a');
  t.deepEqual(world.take(), ['note a watchdog-expired', 'signal a start 6 group']);
  t.deepEqual([world.state('a'), world.state('b'), due(world)], ['started', 'started', 300]);
  world.says('a', { watchdog: 'alive' });
  world.says('a', { extendMs: 5000 });
  t.is(due(world), 300, 'what hangs gets no more time');
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 group']);
  world.exited('a', exitSignal(9));
  t.deepEqual(world.take(), ['b stopped', 'a stopped']);
  t.is(world.record('a').stopReason, 'watchdog');
});

test('W7 the end of a hung process is a failure, whatever its status, and follows the restart settings', (t) => {
  const failing = up(watched('a', { restart: 'on-failure' }));
  failing.fire('a');
  failing.exited('a', exitCode(0));
  t.is(failing.state('a'), 'starting');
  const smooth = up(watched('a', { restart: 'yes', recoversSmoothly: true, restartDelayMs: 5000 }));
  smooth.fire('a');
  smooth.exited('a', exitSignal(6));
  t.deepEqual(smooth.take(), ['note a watchdog-expired', 'signal a start 6 group', 'note a recovering']);
  t.deepEqual([smooth.state('a'), smooth.record('a').phase], ['started', 'delaying']);
  smooth.fire('a');
  smooth.spawned('a');
  t.deepEqual(
    [smooth.record('a').phase, due(smooth)],
    ['running', 60_000],
    'the new one is to say that it is ready',
  );
  smooth.says('a', { isReady: true });
  t.deepEqual([smooth.record('a').phase, due(smooth)], ['none', 1000]);
  const never = up(watched('a', { restart: 'no' }));
  never.fire('a');
  never.exited('a', exitSignal(6));
  t.is(never.state('a'), 'stopped');
});

test('W7 a new process that is not ready in time (smooth recovery) is stopped, and the service with it', (t) => {
  const world = up(
    telling('a', [], { restart: 'yes', recoversSmoothly: true, startTimeoutMs: 400, restartDelayMs: 0 }),
  );
  world.exited('a', exitCode(1));
  world.spawned('a');
  world.take();
  t.is(due(world), 400);
  world.fire('a');
  t.deepEqual(world.take(), ['note a start-timed-out', 'signal a start 15 group']);
  t.is(world.state('a'), 'stopping');
});

test('W7 WATCHDOG=trigger needs no watchdog, and before the service is ready it is a failed start', (t) => {
  const world = up(telling('a'));
  world.says('a', { watchdog: 'trigger' });
  world.says('a', { watchdog: 'trigger' });
  t.deepEqual(world.take(), ['note a watchdog-expired', 'signal a start 6 group']);
  const early = new ServiceWorld([watched('a')]);
  early.start('a');
  early.spawned('a');
  early.says('a', { watchdog: 'trigger' });
  t.is(due(early), 60_000, 'the start timeout goes on');
  early.exited('a', exitSignal(6));
  t.deepEqual([early.state('a'), early.record('a').stopReason], ['stopped', 'watchdog']);
});

test('W7 WATCHDOG=trigger that comes before the launch is told counts as soon as it is, also for another manager', (t) => {
  const world = new ServiceWorld([telling('a')]);
  world.start('a');
  world.take();
  world.says('a', { isReady: true, watchdog: 'trigger' });
  t.deepEqual(world.take(), []);
  const successor = world.fork(500);
  for (const one of [world, successor]) {
    one.spawned('a');
    t.true(one.take().includes('signal a start 6 group'));
    one.exited('a', exitSignal(6));
    t.deepEqual([one.state('a'), one.record('a').stopReason], ['stopped', 'watchdog']);
  }
});

test('W8 the process that goes on is treated as the one that has ended would have been', (t) => {
  const world = up(watched('a', { stopTimeoutMs: 300 }));
  world.engine.replaced(world.record('a'), 777, world.nowMs);
  t.deepEqual([world.record('a').pid, due(world)], [777, 1000]);
  t.deepEqual(world.take(true), []);
  world.stop('a');
  world.take();
  world.engine.replaced(world.record('a'), 778, world.nowMs);
  t.deepEqual(world.take(), ['signal a start 15 group']);
  world.fire('a');
  world.take();
  world.engine.replaced(world.record('a'), 779, world.nowMs);
  t.deepEqual(world.take(), ['signal a start 9 group'], 'the time is over');
  const hung = up(watched('a'));
  hung.fire('a');
  hung.take();
  hung.engine.replaced(hung.record('a'), 780, hung.nowMs);
  t.deepEqual(hung.take(), ['signal a start 6 group']);
  const unready = new ServiceWorld([telling('a')]);
  unready.start('a');
  unready.spawned('a');
  unready.fire('a');
  unready.take();
  unready.engine.replaced(unready.record('a'), 781, unready.nowMs);
  t.deepEqual(unready.take(), ['signal a start 2 group']);
});

test('W9 more time is given to what is under way, and never less', (t) => {
  const world = new ServiceWorld([telling('a', [], { startTimeoutMs: 1000, stopTimeoutMs: 500 })]);
  world.start('a');
  world.says('a', { extendMs: 1500 });
  t.is(due(world), 1500, 'while it is launched');
  world.spawned('a');
  world.nowMs += 1000;
  world.says('a', { extendMs: 100 });
  t.is(due(world), 500);
  world.says('a', { extendMs: 800 });
  t.is(due(world), 800);
  world.says('a', { isReady: true, extendMs: 5000 });
  t.is(due(world), undefined, 'nothing is under way');
  world.stop('a');
  world.says('a', { extendMs: 5000 });
  t.is(due(world), 5000);
});

test('W11 a pipe that is closed without a word fails the start; later it means nothing', (t) => {
  const pipe = { readiness: { kind: 'pipe', descriptor: 3 } } as const;
  const world = new ServiceWorld([describe('a', 'process', [], pipe)]);
  world.start('a');
  world.spawned('a');
  world.engine.readinessLost(world.record('a'), world.nowMs);
  t.deepEqual(world.take(), [
    'spawn a start',
    'note a readiness-lost',
    'signal a start 2 group',
    'a failed-start',
  ]);
  world.exited('a', exitSignal(2));
  t.is(world.record('a').stopReason, 'failed');
  const ready = up(describe('a', 'process', [], pipe));
  ready.engine.readinessLost(ready.record('a'), ready.nowMs);
  t.deepEqual(ready.take(true), []);
});
