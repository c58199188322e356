/** Signals, orphans, and the end of everything (docs/spec/init.md I13–I16), also as PID 1. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { encodeAdopt, encodeFinish, encodeList, encodeSignal } from '../../broker/supervisor/init-wire.js';
import { eventually, pause, within } from '../support/eventually.js';
import { type InitOptions, type InitRun, quickly, readyInit, shell, startInit } from '../support/init-run.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { hasTakenSignals, stopProcess } from '../support/stopping.js';

const SIGUSR1 = 10;
const SIGTERM = 15;

/** Quickly started again, and with a short time for services to end. */
function hasty(options: InitOptions = {}): InitOptions {
  return quickly({ ...options, options: ['--grace', '300', ...(options.options ?? [])] });
}

/** The pid that a script has written into a file. */
async function writtenPid(init: InitRun, name: string): Promise<number> {
  await eventually(`${name} is written`, () => existsSync(init.file(name)) && init.text(name).endsWith('\n'));
  return Number(init.text(name));
}

const isGone = (pid: number): Promise<void> => eventually(`${pid} is gone`, () => !isAlive(pid));

test('I13: a signal goes to the process, or to its group', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  const script = (name: string): string =>
    `trap "" TERM; sh -c 'trap "echo got >${init.file(name)}; exit" USR1; echo $$ >${init.file(`${name}-pid`)}; while :; do sleep 0.02; done' & trap "exit 7" USR1; echo $$ >${init.file(`${name}-outer`)}; while :; do sleep 0.02; done`;
  await broker.started(shell(1, script('a')));
  await broker.started(shell(2, script('b')));
  const inner = await writtenPid(init, 'a-pid');
  // Both processes of both have set their traps.
  for (const name of ['b-pid', 'a-outer', 'b-outer']) await writtenPid(init, name);
  await broker.send(encodeSignal(1, SIGUSR1, 'process'));
  t.is((await broker.exit(1)).status, 7);
  t.true(isAlive(inner));
  t.false(existsSync(init.file('a')));
  await broker.send(encodeSignal(2, SIGUSR1, 'group'));
  t.is((await broker.exit(2)).status, 7);
  await eventually('the group got it too', () => existsSync(init.file('b')));
  process.kill(inner, 'SIGKILL');
});

test('I13: who is gone, or a signal that does not exist, is refused', async (t) => {
  const { broker } = await readyInit(t, hasty());
  await broker.started(shell(1, 'exit 0'));
  const exit = await broker.next('exit');
  await broker.send(encodeSignal(1, SIGTERM, 'process'));
  t.like(await broker.next('refused'), { request: 'signal', errno: 3, token: 1 });
  await broker.send(encodeSignal(1, SIGTERM, 'group'));
  t.like(await broker.next('refused'), { request: 'signal', errno: 3, token: 1 });
  await broker.send(encodeSignal(99, SIGTERM, 'process'));
  t.like(await broker.next('refused'), { request: 'signal', errno: 3, token: 99 });
  await broker.started(shell(2, 'exec sleep 60'));
  await broker.send(encodeSignal(2, 65, 'process'));
  t.like(await broker.next('refused'), { request: 'signal', errno: 22, token: 2 });
  t.is(exit.token, 1);
});

test('I13: a process without a group of its own: init and the broker are not signalled with it', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  await broker.started(shell(1, 'exec sleep 60', { isolation: 'none' }));
  await broker.send(encodeSignal(1, 9, 'group'));
  t.is((await broker.exit(1)).status, 9);
  t.true(isAlive(init.pid) && isAlive(broker.pid));
});

test('I13: what is left of a group ends with its leader where that was asked for', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  const script = (name: string): string => `sleep 60 & echo $! >${init.file(name)}; exit 3`;
  await broker.started(shell(1, script('left')));
  await broker.started(shell(2, script('ended'), { endsGroup: true }));
  const left = await writtenPid(init, 'left');
  const ended = await writtenPid(init, 'ended');
  t.is((await broker.exit(1)).status, 3);
  t.is((await broker.exit(2)).status, 3);
  await isGone(ended);
  t.true(isAlive(left));
  process.kill(left, 'SIGKILL');
});

test('I14: an orphan is reaped and told', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  await broker.started(shell(1, `(sleep 0.1; exit 5) & echo $! >${init.file('orphan')}`));
  const orphan = await writtenPid(init, 'orphan');
  t.like(await broker.next('orphan'), { pid: orphan, cause: 'exited', status: 5, lost: 0 });
  t.false(existsSync(`/proc/${orphan}`));
});

test('I14: an orphan can be adopted, and then its exit is kept like any other', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  await broker.started(shell(1, `setsid sleep 60 & echo $! >${init.file('daemon')}; sleep 0.1`));
  const daemon = await writtenPid(init, 'daemon');
  await broker.exit(1);
  await broker.send(encodeAdopt(2, daemon, new TextEncoder().encode('daemon')));
  t.is((await broker.next('spawned')).token, 1);
  const adopted = await broker.next('spawned');
  t.like(adopted, { token: 2, pid: daemon, isDead: false, isRepeated: false });
  t.is(await broker.look(adopted.descriptor), `pidfd of ${daemon}`);
  for (const stranger of [process.pid, broker.pid, daemon, 1, 0]) {
    await broker.send(encodeAdopt(3, stranger, new Uint8Array(0)));
    t.like(await broker.next('spawn-failed'), { token: 3, stage: 'adopt', errno: 10 });
  }
  broker.kill();
  const next = await init.broker(1);
  const { services } = await next.takeOver();
  t.like(services[0], { token: 2, cookie: 'daemon', isAdopted: true });
  await next.send(encodeSignal(2, SIGTERM, 'group'));
  t.like(await next.exit(2), { cause: 'killed', status: 15 });
});

test('I15: signals are passed on, and kept while there is no broker', async (t) => {
  const { init, broker } = await readyInit(
    t,
    hasty({ options: ['--restart-min', '1000', '--restart-max', '1000'] }),
  );
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGQUIT'] as const) {
    process.kill(init.pid, signal);
    t.is((await broker.next('signalled')).signal, { SIGHUP: 1, SIGUSR1: 10, SIGQUIT: 3 }[signal]);
  }
  broker.kill();
  await eventually('the broker is gone', () => init.stderr.includes('again in'));
  process.kill(init.pid, 'SIGHUP');
  process.kill(init.pid, 'SIGUSR2');
  process.kill(init.pid, 'SIGHUP');
  const next = await init.broker(1);
  await next.hello();
  t.is((await next.next('signalled')).signal, 1);
  t.is((await next.next('signalled')).signal, 12);
  await next.takeOver();
  t.is(next.of('signalled').length, 2);
});

test('I15: a SIGTERM that a broker was told before it died is told to the next one too', async (t) => {
  // Long enough for a broker to start on a slow build, short enough to wait for.
  const { init, broker } = await readyInit(t, hasty({ options: ['--watchdog', '4000'] }));
  // Unread: it hangs, and the watchdog replaces it.
  broker.command({ do: 'hang' });
  await pause(100);
  process.kill(init.pid, 'SIGTERM');
  const next = await init.broker(1);
  await next.hello();
  t.is((await next.next('signalled')).signal, SIGTERM);
});

test('I15: a SIGTERM ends everything if brokers die before they can be told', async (t) => {
  const init = await startInit(hasty());
  t.teardown(() => init.stop());
  const broker = await init.broker();
  process.kill(init.pid, 'SIGTERM');
  await pause(50);
  t.is(init.process.exitCode, null, 'it is to be told when it has said hello');
  broker.kill();
  t.deepEqual(await within('init ends', init.ended), { status: 143, signal: null });
});

test('I15: two signals at once are one; the next that the broker does not react to ends everything, the stubborn too', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  const soft = await broker.started(
    shell(1, `trap "echo bye >${init.file('soft')}; exit" TERM; while :; do sleep 0.02; done`),
  );
  const hard = await broker.started(shell(2, 'trap "" TERM; while :; do sleep 0.02; done'));
  broker.command({ do: 'hang' });
  // Init finds both together: no time passes between them, however busy the machine is.
  stopProcess(init.pid);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGCONT'] as const) process.kill(init.pid, signal);
  await eventually('init knows of both', () => hasTakenSignals(init.pid));
  await pause(600);
  t.true(isAlive(soft.pid), 'two at once are one');
  process.kill(init.pid, 'SIGTERM');
  t.deepEqual(await within('init ends', init.ended), { status: 143, signal: null });
  t.is(init.text('soft'), 'bye\n');
  for (const pid of [soft.pid, hard.pid, broker.pid]) t.false(existsSync(`/proc/${pid}`));
});

test('I15: a second SIGTERM ends everything when the broker has said nothing since the first', async (t) => {
  const { init } = await readyInit(t, hasty());
  process.kill(init.pid, 'SIGTERM');
  await eventually('init knows of it', () => hasTakenSignals(init.pid));
  await pause(600);
  t.is(init.process.exitCode, null);
  process.kill(init.pid, 'SIGTERM');
  t.deepEqual(await within('init ends', init.ended), { status: 143, signal: null });
});

test('I15: a second SIGINT is passed on to a broker that reacts; the third ends everything', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  process.kill(init.pid, 'SIGINT');
  await broker.next('signalled');
  await broker.send(encodeList());
  await pause(600);
  process.kill(init.pid, 'SIGINT');
  await broker.next('signalled');
  await pause(50);
  t.is(init.process.exitCode, null);
  process.kill(init.pid, 'SIGINT');
  t.deepEqual(await within('init ends', init.ended), { status: 130, signal: null });
});

test('I15: SIGTERM without a broker ends everything at once', async (t) => {
  const { init, broker } = await readyInit(
    t,
    hasty({ options: ['--restart-min', '20000', '--restart-max', '20000'] }),
  );
  const service = await broker.started(shell(1, 'exec sleep 60'));
  broker.kill();
  await eventually('init waits', () => init.stderr.includes('again in 20000 ms'));
  process.kill(init.pid, 'SIGTERM');
  t.deepEqual(await within('init ends', init.ended), { status: 143, signal: null });
  t.false(existsSync(`/proc/${service.pid}`));
});

test('I16: FINISH ends what is left, however deep it hides, and its status is init’s', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  const script = `trap "" TERM
    setsid sh -c 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; echo \\$\\$ >${init.file('deep')}; while :; do sleep 0.05; done" & while :; do sleep 0.05; done' &
    (trap "" TERM; sleep 60 & echo $! >${init.file('stopped')}; kill -STOP $!; wait) &
    while :; do sleep 0.05; done`;
  const service = await broker.started(shell(1, script));
  const deep = await writtenPid(init, 'deep');
  const stopped = await writtenPid(init, 'stopped');
  // Time enough for the answer below, also on a busy machine.
  await broker.send(encodeFinish(42, 2000));
  t.like(await broker.spawn(shell(2, 'exit 0')), { kind: 'spawn-failed', stage: 'ending', errno: 108 });
  broker.command({ do: 'exit', status: 0 });
  t.deepEqual(await within('init ends', init.ended), { status: 42, signal: null });
  for (const pid of [service.pid, deep, stopped, broker.pid]) t.false(isAlive(pid), `${pid}`);
});

test('I16: a broker that sends FINISH and dies, or stays, is ended too', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  await broker.send(encodeFinish(0));
  t.deepEqual(await within('init ends', init.ended, 4000), { status: 0, signal: null });
  await eventually('the broker is gone', () => broker.isEnded);
});

test('I16: nothing but init and the broker holds descriptors of the connection, and a killed init is seen', async (t) => {
  const { init, broker } = await readyInit(t, hasty());
  const service = await broker.started(shell(1, 'exec sleep 60'));
  process.kill(init.pid, 'SIGKILL');
  await eventually('the broker sees the end', () => broker.endedWith === 0);
  t.true(isAlive(service.pid), 'a killed init takes nobody with it');
  process.kill(service.pid, 'SIGKILL');
});

test('I6: the broker’s program must exist at the first start', async (t) => {
  const init = await startInit({ through: ['/bin/sh', '-c', 'exec "$1" -- /nonexistent/program', 'sh'] });
  t.teardown(() => init.stop());
  t.deepEqual(await within('init ends', init.ended), { status: 127, signal: null });
  const message = /cannot start \/nonexistent\/program: No such file/;
  await eventually('init says why', () => message.test(init.stderr));
});

/** Whether a pid namespace can be made here, and how: as root, or with a user namespace. */
function unshare(): string[] {
  const asUser = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return ['unshare', ...asUser, '--pid', '--fork', '--kill-child', '--mount-proc'];
}

/** The init in the namespace: the one child of `unshare`. */
async function innerPid(init: InitRun): Promise<number> {
  await eventually('unshare has a child', () => childrenOf(init.pid).length === 1);
  return childrenOf(init.pid)[0] ?? -1;
}

test('I14 I16: as PID 1 it reaps everybody, never gives up, and takes all with it when it ends', async (t) => {
  const init = await startInit(hasty({ through: unshare(), options: ['--restart-limit', '1'] }));
  t.teardown(() => init.stop());
  await Promise.race([init.broker(), init.ended]);
  const [first] = init.brokers;
  if (first === undefined) {
    t.log(`no pid namespace can be made here: ${init.stderr}`);
    t.regex(init.stderr, /^unshare: /m, 'it is unshare that failed, not init');
    return;
  }
  const welcome = await first.hello();
  t.like(welcome, { pid: 1, isFirstProcess: true });
  const inner = await innerPid(init);
  const kill = (): void => {
    const [broker] = childrenOf(inner);
    if (broker === undefined) throw new Error('init has no broker');
    process.kill(broker, 'SIGKILL');
  };
  kill();
  await init.broker(1);
  kill();
  await init.broker(2);
  kill();
  const broker = await init.broker(3);
  await broker.takeOver();
  await broker.started(
    shell(1, '(sleep 0.1; exit 6) & (trap "" TERM; while :; do sleep 0.05; done) & exit 2'),
  );
  t.is((await broker.exit(1)).status, 2);
  t.like(await broker.next('orphan'), { status: 6 });
  process.kill(inner, 'SIGTERM');
  t.is((await broker.next('signalled')).signal, SIGTERM);
  await broker.send(encodeFinish(9));
  broker.command({ do: 'exit', status: 0 });
  t.deepEqual(await within('init ends', init.ended), { status: 9, signal: null });
});

test('I13–I16: all of it as an ordinary user without privileges', async (t) => {
  const through =
    process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
  const { init, broker } = await readyInit(t, hasty({ through }));
  const uid = readFileSync(`/proc/${broker.pid}/status`, 'utf8').match(/^Uid:\t(\d+)/m)?.[1];
  t.not(uid, '0');
  await broker.started(shell(1, `(sleep 60 & echo $! >${init.file('left')}); exec sleep 60`));
  const left = await writtenPid(init, 'left');
  broker.kill();
  const next = await init.broker(1);
  const { services } = await next.takeOver();
  t.is(services.length, 1);
  await next.send(encodeSignal(1, SIGTERM, 'process'));
  t.is((await next.exit(1)).status, SIGTERM);
  t.true(isAlive(left));
  await next.send(encodeFinish(3));
  next.command({ do: 'exit', status: 0 });
  t.deepEqual(await within('init ends', init.ended), { status: 3, signal: null });
  t.false(isAlive(left));
});

test('usage: what is wrong is said, with status 2', async (t) => {
  for (const [options, message] of [
    ['', /no program to start/],
    ['--services 0 -- /bin/true', /--services takes a number from 1/],
    ['--nonsense -- /bin/true', /nonsense/],
    ['--pass-fd 999 -- /bin/true', /not an open descriptor/],
  ] as const) {
    const init = await startInit({ through: ['/bin/sh', '-c', `exec "$1" ${options}`, 'sh'] });
    t.teardown(() => init.stop());
    t.is((await init.ended).status, 2);
    await eventually(`init says ${message}`, () => message.test(init.stderr));
  }
});
