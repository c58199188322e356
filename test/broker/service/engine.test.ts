/** The engine, event by event; each test is named after the rule and the race. */
import test from 'ava';
import {
  brokenInvariants,
  describe,
  exitCode,
  exitSignal,
  ServiceWorld,
} from '../../support/service-world.js';

const process = (name: string, needs: string[] = [], more = {}) => describe(name, 'process', needs, more);
const scripted = (name: string, needs: string[] = [], more = {}) => describe(name, 'scripted', needs, more);
const internal = (name: string, needs: string[] = [], more = {}) => describe(name, 'internal', needs, more);

test('E1 starting brings up dependencies first, in the order of the description; stopping goes the other way', (t) => {
  const world = new ServiceWorld([process('a'), process('b'), internal('c', ['a', 'b'])]);
  t.deepEqual(world.start('c'), { ok: true, isDone: false });
  t.deepEqual(world.take(), ['spawn a start', 'spawn b start']);
  world.spawned('b');
  t.is(world.state('c'), 'starting');
  world.spawned('a');
  t.deepEqual(world.take(), ['b started', 'a started', 'c started']);
  t.deepEqual(world.start('c'), { ok: true, isDone: true });
  world.stop('c');
  t.deepEqual(world.take(), ['c stopped', 'signal a start 15 group', 'signal b start 15 group']);
  world.exited('a', exitSignal(15));
  world.exited('b', exitSignal(15));
  t.deepEqual(world.take(), ['a stopped', 'b stopped']);
  t.true(world.hasEnded);
});

test('E2 a service stays up while something requires it, and stops when nothing does', (t) => {
  const world = new ServiceWorld([internal('base'), internal('x', ['base']), internal('y', ['soft base'])]);
  world.start('x');
  world.start('y');
  world.stop('x');
  t.is(world.state('base'), 'started');
  world.engine.release(world.record('y'), world.nowMs);
  t.is(world.state('base'), 'stopped');
});

test('E2 release of a service that others require says that nothing more will come', (t) => {
  const world = new ServiceWorld([internal('base'), internal('x', ['base'])]);
  world.start('base');
  world.start('x');
  t.deepEqual(world.engine.release(world.record('base'), world.nowMs), { ok: true, isDone: true });
  t.is(world.state('base'), 'started');
  world.stop('x');
  t.is(world.state('base'), 'stopped');
});

test('E3 stop is refused while something depends on it, and nothing happens; forced, the dependents stop first', (t) => {
  const world = new ServiceWorld([process('base'), process('x', ['base'])]);
  world.bringUp('x');
  t.deepEqual(world.stop('base'), { ok: false, refusal: 'has-dependents' });
  t.deepEqual(world.take(), []);
  world.stop('base', { isForced: true });
  t.deepEqual(world.take(), ['signal x start 15 group']);
  world.exited('x');
  t.deepEqual(world.take(), ['x stopped', 'signal base start 15 group']);
  world.exited('base');
  t.is(world.engine.activeCount, 0);
});

test('E4 a forced stop inhibits automatic restart, of the dependents too', (t) => {
  const world = new ServiceWorld([
    internal('base', [], { restart: 'yes' }),
    internal('x', ['base'], { restart: 'yes' }),
  ]);
  world.start('x');
  world.stop('base', { isForced: true });
  t.is(world.engine.activeCount, 0);
  t.false(world.record('x').isExplicit);
});

test('E5 a soft dependency is waited for, but neither its failure nor its end matters', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['soft a'])]);
  world.start('x');
  t.is(world.state('x'), 'starting');
  world.spawnFailed('a');
  t.deepEqual(world.take(), ['spawn a start', 'a failed-start', 'a stopped', 'x started']);
  world.start('a');
  world.spawned('a');
  t.is(world.record('a').requiredBy, 2);
  world.exited('a', exitCode(1));
  t.is(world.state('a'), 'stopped');
  t.is(world.state('x'), 'started');
});

test('E6 a milestone must start, and may then stop', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['milestone a'])]);
  world.start('x');
  world.spawnFailed('a');
  t.deepEqual([world.state('x'), world.record('x').stopReason], ['stopped', 'dependency-failed']);
  world.start('x');
  world.spawned('a');
  t.is(world.state('x'), 'started');
  world.exited('a');
  t.deepEqual([world.state('a'), world.state('x')], ['stopped', 'started']);
});

test('E7 a failed start fails those that wait for it, takes back marks, and lets dependencies go', (t) => {
  const world = new ServiceWorld([
    process('dep'),
    scripted('a', ['dep']),
    internal('b', ['a']),
    internal('c', ['b']),
  ]);
  world.start('c');
  world.spawned('dep');
  world.spawned('a');
  world.take();
  world.exited('a', exitCode(3));
  t.deepEqual(world.take(), [
    'a failed-start',
    'a stopped',
    'b failed-start',
    'b stopped',
    'c failed-start',
    'c stopped',
    'signal dep start 15 group',
  ]);
  t.deepEqual([world.record('a').stopReason, world.record('c').stopReason], ['failed', 'dependency-failed']);
  t.false(world.record('c').isExplicit);
  t.deepEqual(world.record('a').exitStatus, exitCode(3));
});

test('E8 an exec failure keeps its stage and errno, and is not retried', (t) => {
  const world = new ServiceWorld([process('a', [], { restart: 'yes' })]);
  world.start('a');
  world.spawnFailed('a');
  const { state, stopReason, execStage, execErrno } = world.record('a');
  t.deepEqual([state, stopReason, execStage, execErrno], ['stopped', 'exec-failed', 'exec', 2]);
  t.is(world.timers.size + world.launching.size, 0);
});

test('E9 a soft dependency that comes back is held again by its active dependents', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['soft a'])]);
  world.bringUp('x');
  world.exited('a');
  t.is(world.record('a').requiredBy, 0);
  world.start('a');
  world.spawned('a');
  world.engine.release(world.record('a'), world.nowMs);
  t.is(world.state('a'), 'started');
});

test('E10 start while it waits for its dependents cancels the stop', (t) => {
  const world = new ServiceWorld([process('base'), process('a', ['base']), process('x', ['a'])]);
  world.bringUp('x');
  world.stop('base', { isForced: true });
  world.take();
  world.start('a');
  t.deepEqual(world.take(), ['a stop-cancelled', 'a started', 'base stop-cancelled', 'base started']);
  t.deepEqual([world.state('base'), world.state('a'), world.state('x')], ['started', 'started', 'stopping']);
  world.exited('x');
  t.deepEqual([world.state('base'), world.state('a'), world.state('x')], ['started', 'started', 'stopped']);
});

test('E10 start while its process is being stopped restarts it afterwards', (t) => {
  const world = new ServiceWorld([process('a')]);
  world.bringUp('a');
  world.stop('a');
  world.start('a');
  t.is(world.state('a'), 'stopping');
  world.take();
  world.exited('a', exitSignal(15));
  t.deepEqual(world.take(), ['a stopped', 'spawn a start']);
});

test('E10 the process dies while it waits for its dependents: nothing cancels the stop any more', (t) => {
  const world = new ServiceWorld([process('a'), process('x', ['a'])]);
  world.bringUp('x');
  world.stop('a', { isForced: true });
  world.exited('a', exitSignal(11));
  world.start('x');
  t.is(world.state('x'), 'stopping');
  world.take();
  world.exited('x');
  t.deepEqual(world.take(), ['x stopped', 'a stopped', 'spawn a start']);
  world.spawned('a');
  t.deepEqual(world.take(), ['a started', 'spawn x start']);
});

test('E11 stop while it waits for a dependency is at once', (t) => {
  const world = new ServiceWorld([scripted('a'), internal('x', ['a'])]);
  world.start('x');
  world.stop('x');
  t.deepEqual(world.take(), ['spawn a start', 'x start-cancelled', 'x stopped']);
  world.spawned('a');
  world.exited('a');
  t.deepEqual(world.take(), ['a started', 'a stopped']);
});

test('E11 stop during a start that cannot be interrupted waits for its end', (t) => {
  const world = new ServiceWorld([scripted('a', [], { stopCommand: ['/bin/undo'] })]);
  world.start('a');
  world.spawned('a');
  world.stop('a');
  t.is(world.state('a'), 'starting');
  world.take();
  world.exited('a');
  t.deepEqual(world.take(), ['a started', 'spawn a stop']);
  world.spawned('a', 'stop');
  world.exited('a', exitCode(1), 'stop');
  t.deepEqual(world.take(), ['note a stop-command-failed', 'a stopped']);
});

test('E11 stop, then start again, during a start that cannot be interrupted: nothing happened', (t) => {
  const world = new ServiceWorld([scripted('a')]);
  world.start('a');
  world.spawned('a');
  world.stop('a');
  world.start('a');
  world.exited('a');
  t.is(world.state('a'), 'started');
});

test('E11 an interruptible start is interrupted; its exit code decides about the stop command', (t) => {
  const options = { isStartInterruptible: true, stopCommand: ['/bin/undo'] };
  for (const [status, after] of [
    [exitCode(1), ['a stopped']],
    [exitSignal(2), ['spawn a stop']],
    [exitCode(0), ['spawn a stop']],
  ] as const) {
    const world = new ServiceWorld([scripted('a', [], options)]);
    world.start('a');
    world.spawned('a');
    world.take();
    world.stop('a');
    t.deepEqual(world.take(), ['signal a start 2 group', 'a start-cancelled']);
    world.exited('a', status);
    t.deepEqual(world.take(), [...after]);
  }
});

test('E11 an interruptible start that is being launched is interrupted as soon as it is there', (t) => {
  const world = new ServiceWorld([scripted('a', [], { isStartInterruptible: true })]);
  world.start('a');
  world.stop('a');
  t.deepEqual(world.take(), ['spawn a start', 'a start-cancelled']);
  world.spawned('a');
  t.deepEqual(world.take(), ['signal a start 2 group']);
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 group']);
  world.exited('a', exitSignal(9));
  t.is(world.state('a'), 'stopped');
});

test('E11 stop while the process is being launched waits for the launch', (t) => {
  const world = new ServiceWorld([process('a')]);
  world.start('a');
  world.stop('a');
  world.take();
  world.spawned('a');
  t.deepEqual(world.take(), ['a started', 'signal a start 15 group']);
});

test('E12 a process that ends takes its dependents down first, and is then stopped for good with restart = no', (t) => {
  const world = new ServiceWorld([process('a'), process('x', ['a'])]);
  world.start('a');
  world.bringUp('x');
  world.exited('a', exitCode(0));
  t.deepEqual(world.take(), ['signal x start 15 group']);
  t.is(world.state('a'), 'stopping');
  world.exited('x');
  t.deepEqual(world.take(), ['x stopped', 'a stopped']);
  t.is(world.record('a').stopReason, 'terminated');
  t.false(world.record('a').isExplicit || world.record('x').isExplicit);
});

test('E13 restart = yes: down with the dependents and up again with them', (t) => {
  const world = new ServiceWorld([
    process('a', [], { restart: 'yes' }),
    internal('x', ['a'], { restart: 'yes' }),
  ]);
  world.bringUp('x');
  world.nowMs += 5000;
  world.exited('a', exitCode(1));
  t.deepEqual(world.take(), ['x stopped', 'a stopped', 'spawn a start']);
  world.spawned('a');
  t.deepEqual(world.take(), ['a started', 'x started']);
  t.is(world.record('x').requiredBy, 1);
});

test('E13 a dependent that restarts brings back a dependency that would not restart by itself', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['a'], { restart: 'yes' })]);
  world.bringUp('x');
  world.nowMs += 5000;
  world.exited('a', exitCode(1));
  world.spawned('a');
  t.deepEqual([world.state('a'), world.state('x')], ['started', 'started']);
});

test('E13 restart = on-failure: only after a failing exit code or a signal that means a crash', (t) => {
  for (const [status, restarts] of [
    [exitCode(0), false],
    [exitCode(1), true],
    [exitSignal(15), false],
    [exitSignal(1), false],
    [exitSignal(2), false],
    [exitSignal(10), false],
    [exitSignal(12), false],
    [exitSignal(9), true],
    [exitSignal(11), true],
  ] as const) {
    const world = new ServiceWorld([process('a', [], { restart: 'on-failure' })]);
    world.bringUp('a');
    world.nowMs += 1000;
    world.exited('a', status);
    t.is(world.launching.has('a start'), restarts, JSON.stringify(status));
  }
});

test('E14 the restart delay counts from the last launch, for scripts too', (t) => {
  const world = new ServiceWorld([
    process('a', [], { restart: 'yes', restartDelayMs: 0 }),
    scripted('s', ['a'], { restart: 'yes', restartDelayMs: 700 }),
  ]);
  world.bringUp('s');
  world.nowMs += 300;
  world.exited('a', exitCode(1));
  world.spawned('a');
  t.deepEqual(world.take(true).slice(-1), ['arm s 400']);
  t.is(world.record('s').phase, 'delaying');
  world.stop('s');
  t.is(world.state('s'), 'stopped');
});

test('E15 four lives in ten seconds with the default limit, then it stays stopped', (t) => {
  const world = new ServiceWorld([
    process('a', [], { restart: 'yes' }),
    internal('x', ['a'], { restart: 'yes' }),
  ]);
  world.start('x');
  for (let life = 1; life <= 3; life++) {
    world.spawned('a');
    world.exited('a', exitCode(1));
    t.deepEqual(world.take(true).slice(-1), ['arm a 200'], `life ${life}`);
    world.fire('a');
  }
  world.spawned('a');
  world.exited('a', exitCode(1));
  t.true(world.take().includes('note a restarting-too-quickly'));
  t.is(world.engine.activeCount, 0);
  t.is(world.nowMs, 1600);
  // A start that is asked for begins a new window.
  world.start('a');
  world.spawned('a');
  world.exited('a', exitCode(1));
  world.fire('a');
  t.deepEqual([...world.launching], ['a start']);
});

test('E15 after the interval has passed the count begins anew', (t) => {
  const world = new ServiceWorld([process('a', [], { restart: 'yes' })]);
  world.start('a');
  for (let life = 0; life < 20; life++) {
    world.spawned('a');
    world.nowMs += 4000;
    world.exited('a', exitCode(1));
    t.true(world.launching.has('a start'), `life ${life}`);
  }
});

test('E16 smooth recovery: a new process, and nobody else notices', (t) => {
  const world = new ServiceWorld([
    process('a', [], { restart: 'yes', recoversSmoothly: true }),
    internal('x', ['a']),
  ]);
  world.bringUp('x');
  world.exited('a', exitSignal(11));
  t.deepEqual(world.take(), ['note a recovering']);
  world.fire('a');
  t.deepEqual(world.take(), ['spawn a start']);
  world.spawned('a');
  t.deepEqual([world.state('a'), world.state('x'), world.take().length], ['started', 'started', 0]);
  world.exited('a', exitSignal(11));
  world.fire('a');
  world.spawnFailed('a');
  t.deepEqual([world.state('x'), world.record('a').stopReason], ['stopped', 'terminated']);
});

test('E16 stop during smooth recovery, in the delay and in the launch', (t) => {
  const world = new ServiceWorld([process('a', [], { restart: 'yes', recoversSmoothly: true })]);
  world.bringUp('a');
  world.exited('a', exitSignal(11));
  world.stop('a');
  t.is(world.state('a'), 'stopped');
  world.bringUp('a');
  world.exited('a', exitSignal(11));
  world.fire('a');
  world.stop('a');
  t.is(world.state('a'), 'stopping');
  world.spawned('a');
  world.exited('a', exitSignal(15));
  t.is(world.state('a'), 'stopped');
});

test('E17 manual restart takes hard dependents along, whatever their setting', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['a']), internal('y', ['soft a'])]);
  world.start('y');
  world.bringUp('x');
  t.deepEqual(world.engine.restart(world.record('a'), world.nowMs), { ok: true, isDone: false });
  t.is(world.record('x').stopReason, 'normal');
  t.deepEqual([world.state('x'), world.state('y')], ['starting', 'started']);
  world.exited('a', exitSignal(15));
  world.spawned('a');
  t.deepEqual([world.state('x'), world.state('a'), world.timers.size], ['started', 'started', 0]);
  t.deepEqual(world.engine.restart(world.record('x'), world.nowMs).ok, true);
  world.stop('x');
  t.deepEqual(world.engine.restart(world.record('x'), world.nowMs), { ok: false, refusal: 'not-started' });
});

test('E18 a start pin keeps it and its dependencies up; what was asked for happens on unpin', (t) => {
  const world = new ServiceWorld([internal('base'), internal('a', ['base'])]);
  world.start('a', true);
  t.deepEqual(world.stop('a'), { ok: false, refusal: 'pinned-started' });
  t.deepEqual(world.stop('base', { isForced: true }), { ok: false, refusal: 'pinned-started' });
  t.deepEqual([world.state('a'), world.state('base')], ['started', 'started']);
  t.deepEqual(brokenInvariants(world), []);
  world.engine.unpin(world.record('a'), world.nowMs);
  t.is(world.engine.activeCount, 0);
});

test('E18 a pin given and then a start: the stop that waited is forgotten', (t) => {
  const world = new ServiceWorld([internal('a')]);
  world.start('a', true);
  world.stop('a');
  world.start('a');
  world.engine.unpin(world.record('a'), world.nowMs);
  t.is(world.state('a'), 'started');
});

test('E18 a failed start removes the start pin', (t) => {
  const world = new ServiceWorld([process('base'), internal('a', ['base'])]);
  world.start('a', true);
  world.spawnFailed('base');
  t.false(world.record('a').isPinnedStarted || world.record('base').isHeldStarted);
});

test('E19 a stop pin refuses starts and fails dependents, until unpinned', (t) => {
  const world = new ServiceWorld([internal('a'), internal('x', ['a']), internal('y', ['soft a'])]);
  world.stop('a', { isPinned: true });
  t.deepEqual(world.start('a'), { ok: false, refusal: 'pinned-stopped' });
  world.start('x');
  t.deepEqual(world.take(), ['x failed-start', 'x stopped']);
  world.start('y');
  t.is(world.state('y'), 'started');
  world.engine.unpin(world.record('a'), world.nowMs);
  t.true(world.start('x').ok);
  t.is(world.state('x'), 'started');
});

test('E19 a stop pin during the stop: those who wait fail when it has stopped, or start if it is unpinned in time', (t) => {
  for (const isUnpinned of [false, true]) {
    const world = new ServiceWorld([process('a'), internal('x', ['a'])]);
    world.bringUp('a');
    world.stop('a', { isPinned: true });
    world.start('x');
    if (isUnpinned) world.engine.unpin(world.record('a'), world.nowMs);
    world.exited('a');
    if (isUnpinned) world.spawned('a');
    t.is(world.state('x'), isUnpinned ? 'started' : 'stopped');
  }
});

test('E20 shutdown stops everything in order, refuses starts, and ends', (t) => {
  const world = new ServiceWorld([
    process('a', [], { restart: 'yes' }),
    internal('x', ['a'], { restart: 'yes' }),
    scripted('s', ['a']),
  ]);
  world.start('x', true);
  world.start('s');
  world.spawned('a');
  world.spawned('s');
  world.take();
  world.engine.stopAll(world.nowMs);
  t.deepEqual(world.take(), ['x stopped']);
  t.deepEqual(world.start('x'), { ok: false, refusal: 'shutting-down' });
  t.deepEqual(world.engine.restart(world.record('a'), world.nowMs), { ok: false, refusal: 'shutting-down' });
  t.deepEqual(world.engine.wake(world.record('a'), world.nowMs), { ok: false, refusal: 'shutting-down' });
  world.exited('s');
  world.exited('a');
  t.true(world.hasEnded);
  t.is(world.engine.activeCount, 0);
});

test('E20 shutdown of a service that is pinned while it starts does not hang', (t) => {
  const world = new ServiceWorld([scripted('a'), internal('x', ['a'])]);
  world.start('x', true);
  world.spawned('a');
  world.engine.stopAll(world.nowMs);
  t.is(world.state('x'), 'stopped');
  world.exited('a');
  t.true(world.hasEnded);
});

test('E20 shutdown with nothing running ends at once', (t) => {
  const world = new ServiceWorld([internal('a')]);
  world.engine.stopAll(world.nowMs);
  t.true(world.hasEnded);
});

test('E21 wake starts it for its active dependents, without a mark', (t) => {
  const world = new ServiceWorld([process('a'), internal('x', ['soft a'])]);
  t.deepEqual(world.engine.wake(world.record('a'), world.nowMs), {
    ok: false,
    refusal: 'no-active-dependents',
  });
  world.bringUp('x');
  world.exited('a');
  t.true(world.engine.wake(world.record('a'), world.nowMs).ok);
  world.spawned('a');
  t.false(world.record('a').isExplicit);
  world.stop('x');
  t.is(world.state('a'), 'stopping');
});

test('E22 unload forgets a stopped service without dependents, and its name and slot are free again', (t) => {
  const world = new ServiceWorld([internal('a'), internal('x', ['a'])]);
  t.deepEqual(world.engine.unload(world.record('a')), { ok: false, refusal: 'has-dependents' });
  world.start('x');
  t.deepEqual(world.engine.unload(world.record('x')), { ok: false, refusal: 'not-stopped' });
  world.stop('x');
  const { slot } = world.record('x');
  t.true(world.engine.unload(world.record('x')).ok);
  t.true(world.engine.unload(world.record('a')).ok);
  t.is(world.engine.graph.size, 0);
  const [again] = world.engine.add([internal('a'), internal('x', ['a'])]);
  t.true(again !== undefined && again.slot <= Math.max(slot, 1));
});

test('P1 the start timeout of a script: SIGINT, the start has failed, then SIGKILL', (t) => {
  const world = new ServiceWorld([
    scripted('a', [], { startTimeoutMs: 500, stopTimeoutMs: 100 }),
    internal('x', ['a']),
  ]);
  world.start('x');
  world.spawned('a');
  world.take();
  world.fire('a');
  t.is(world.nowMs, 1500);
  t.deepEqual(world.take(), [
    'note a start-timed-out',
    'signal a start 2 group',
    'a failed-start',
    'x failed-start',
    'x stopped',
  ]);
  t.is(world.record('a').stopReason, 'timed-out');
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 group']);
  world.exited('a', exitSignal(9));
  t.deepEqual(world.take(), ['a stopped']);
});

test('P2 the stop timeout: SIGKILL; without one it waits for ever', (t) => {
  const world = new ServiceWorld([
    process('a', [], { stopTimeoutMs: 100, termSignal: 0, signalsProcessOnly: true }),
  ]);
  world.bringUp('a');
  world.stop('a');
  t.deepEqual(world.take(true), ['a: stopping', 'arm a 100']);
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 process']);
  world.exited('a', exitSignal(9));
  const patient = new ServiceWorld([process('a', [], { stopTimeoutMs: 0 })]);
  patient.bringUp('a');
  patient.stop('a');
  t.is(patient.timers.size, 0);
});

test('P3 a process with a stop command is stopped when both have ended, in either order', (t) => {
  for (const isMainFirst of [true, false]) {
    const world = new ServiceWorld([process('a', [], { stopCommand: ['/bin/halt'] })]);
    world.bringUp('a');
    world.stop('a');
    t.deepEqual(world.take(), ['spawn a stop']);
    world.spawned('a', 'stop');
    world.exited('a', exitCode(0), isMainFirst ? 'start' : 'stop');
    t.is(world.state('a'), 'stopping');
    world.exited('a', exitCode(0), isMainFirst ? 'stop' : 'start');
    t.is(world.state('a'), 'stopped');
  }
});

test('P4 a stop command that fails or cannot be run: the process is signalled', (t) => {
  const world = new ServiceWorld([process('a', [], { stopCommand: ['/bin/halt'] })]);
  world.bringUp('a');
  world.stop('a');
  world.spawnFailed('a', 'stop');
  t.deepEqual(world.take(), ['spawn a stop', 'note a stop-command-not-run', 'signal a start 15 group']);
  world.exited('a');
  world.bringUp('a');
  world.stop('a');
  world.spawned('a', 'stop');
  world.exited('a', exitCode(1), 'stop');
  t.deepEqual(world.take(), ['spawn a stop', 'note a stop-command-failed', 'signal a start 15 group']);
  world.fire('a');
  t.deepEqual(world.take(), ['note a stop-timed-out', 'signal a start 9 group']);
});

test('P5 a skippable script that is interrupted by hand counts as started', (t) => {
  const world = new ServiceWorld([scripted('a', [], { isSkippable: true })]);
  world.start('a');
  world.spawned('a');
  world.exited('a', exitSignal(2));
  t.deepEqual([world.state('a'), world.record('a').isSkipped], ['started', true]);
});

test('E23 an action that calls back into the engine is a bug, and says so', (t) => {
  const world = new ServiceWorld([internal('a')]);
  const a = world.record('a');
  Object.defineProperty(world, 'log', { value: { length: 0, push: () => world.engine.unpin(a, 0) } });
  t.throws(() => world.start('a'), { message: /called back/ });
});
