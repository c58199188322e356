/** Lives of services with real processes: order, restarts, timeouts, what is left behind. */
import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import test from 'ava';
import { eventually } from '../support/eventually.js';
import { prepareManager, startManager } from '../support/manager.js';
import { descendants, descriptorCount, isAlive } from '../support/processes.js';

/** A service that writes when it starts and stops. */
const worker = (name: string, ...more: readonly string[]): string =>
  `type = process\ncommand = /bin/sh %/worker.sh ${name}\n${more.join('\n')}\n`;
const workerScript =
  'trap "echo stop $1 >> %/order; exit 0" TERM\necho start $1 >> %/order\nwhile :; do sleep 0.05; done\n';

test('U13: services start after what they depend on, and stop before it', async (t) => {
  const manager = await startManager({
    services: {
      a: `type = scripted\ncommand = /bin/sh %/script.sh start a\nstop-command = /bin/sh %/script.sh stop a\n`,
      b: worker('b', 'depends-on: a'),
      c: `type = scripted\ncommand = /bin/sh %/script.sh start c\nstop-command = /bin/sh %/script.sh stop c\ndepends-on: b\n`,
      boot: 'depends-on: c\n',
    },
    files: { 'worker.sh': workerScript, 'script.sh': 'sleep 0.05\necho $1 $2 >> %/order\n' },
    start: ['boot'],
  });
  await manager.untilState('boot', 'started');
  // b counts as started as soon as its program runs; it has written when its trap is set.
  await manager.until('b has written', () => manager.lines('order').includes('start b'));
  manager.terminate();
  t.is(await manager.exited(), 0);
  const order = manager.lines('order');
  t.is(order[0], 'start a');
  t.deepEqual([...order.slice(1, 3)].sort(), ['start b', 'start c']);
  t.deepEqual(order.slice(3), ['stop c', 'stop b', 'stop a']);
  t.is(await manager.end(), 0);
});

test('U10: a process that ends is started again after the delay, until the limit', async (t) => {
  const manager = await startManager({
    services: {
      flap: 'type = process\ncommand = /bin/sh %/flap.sh\nrestart = yes\nrestart-delay = 0.2\nrestart-limit-count = 3\nrestart-limit-interval = 10\n',
    },
    files: { 'flap.sh': 'cut -d" " -f1 /proc/uptime >> %/times\nexit 3\n' },
    start: ['flap'],
  });
  try {
    await manager.until('it has given up', () => manager.errors.includes('restarting too quickly'));
    await manager.untilState('flap', 'stopped');
    t.is(manager.lines('times').length, 4, 'one start and three restarts');
    t.regex(manager.errors, /\[FAILED\] flap: its process exited with status 3/);
    const service = await (await manager.client()).find('flap');
    t.like(await service.status(), { restarts: 3, isFailed: true, stopReason: 'terminated' });
    const times = manager.lines('times').map(Number);
    // The delay counts from launch to launch, and a script may write late: what is between the first and the last is three delays.
    const spanS = (times.at(-1) ?? 0) - (times[0] ?? 0);
    t.true(spanS >= 0.4, times.join(' '));
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U13: a process that ignores the signal to stop is killed after stop-timeout', async (t) => {
  const manager = await startManager({
    services: { deaf: 'type = process\ncommand = /bin/sh %/deaf.sh\nstop-timeout = 0.3\n' },
    files: { 'deaf.sh': 'trap "" TERM\necho ready >> %/order\nwhile :; do sleep 0.05; done\n' },
    start: ['deaf'],
  });
  try {
    await manager.until('it ignores the signal', () => manager.lines('order').length > 0);
    const pid = await manager.pid('deaf');
    const service = await (await manager.client()).find('deaf');
    const since = performance.now();
    await service.stop({ wait: true });
    const took = performance.now() - since;
    t.true(took >= 290, `${took} ms`);
    t.false(isAlive(pid));
    t.deepEqual((await service.status()).exit, { kind: 'signalled', code: 9, stage: undefined });
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U3: what is left of a process’s group ends with it, and what left the group is ended with the manager', async (t) => {
  const manager = await startManager({
    services: { parent: 'type = process\ncommand = /bin/sh %/parent.sh\nrestart = no\n' },
    files: {
      'parent.sh': 'sleep 1000 &\necho $! > %/inside\nsetsid sleep 1000 &\necho $! > %/outside\nsleep 0.2\n',
    },
    start: ['parent'],
  });
  await manager.until('both children are there', () => manager.lines('outside').length > 0);
  const inside = Number(manager.lines('inside')[0]);
  const outside = Number(manager.lines('outside')[0]);
  await manager.untilState('parent', 'stopped');
  await eventually('the group is gone', () => !isAlive(inside));
  t.true(isAlive(outside));
  t.true(descendants(manager.initPid).includes(outside), 'it was reparented to init');
  t.is(await manager.end(), 0);
  t.false(isAlive(outside));
});

test('U15: a broker that has started and stopped a hundred services has no descriptor more than before', async (t) => {
  const services: Record<string, string> = { boot: '' };
  for (let index = 0; index < 100; index += 1) {
    services[`s${index}`] = 'type = process\ncommand = /bin/sleep 1000\n';
    services['boot'] += `depends-on: s${index}\n`;
  }
  const manager = await startManager({ services });
  try {
    const client = await manager.client();
    const boot = await client.load('boot');
    const idle = async (): Promise<void> =>
      eventually('no service is active', async () => (await client.info()).servicesActive === 0);
    await boot.start({ wait: true });
    await boot.stop({ wait: true });
    await idle();
    const before = descriptorCount(manager.brokerPid);
    const beforeInit = descriptorCount(manager.initPid);
    for (let round = 0; round < 3; round += 1) {
      await boot.start({ wait: true });
      t.is(descriptorCount(manager.brokerPid), before + 100, 'one pidfd for each process');
      await boot.stop({ wait: true });
      await idle();
    }
    t.is(descriptorCount(manager.brokerPid), before);
    await eventually('init has none either', () => descriptorCount(manager.initPid) === beforeInit);
    boot.close();
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U14: a taken control socket ends the second manager with a sentence and status 1, and the first works on', async (t) => {
  const services = { a: 'type = process\ncommand = /bin/sleep 1000\n' };
  const first = await startManager({ services, start: ['a'] });
  try {
    const second = prepareManager({ services, start: ['a'], socketPath: first.socketPath });
    t.is(await second.exited(), 1);
    t.regex(
      second.errors,
      /another manager listens on .*control; stop it, or name another path with --socket/,
    );
    rmSync(second.directory, { recursive: true, force: true });
    t.is(await first.state('a'), 'started');
  } finally {
    t.is(await first.end(), 0);
  }
});

test('U14: a control path that the kernel cannot take ends the manager with a sentence and status 1', async (t) => {
  const manager = prepareManager({ services: {}, socketPath: `/tmp/${'x'.repeat(120)}` });
  t.is(await manager.exited(), 1);
  t.regex(manager.errors, /is longer than the 107 bytes that the kernel allows/);
  rmSync(manager.directory, { recursive: true, force: true });
});

test('U14: the directory of the control socket is made for its owner only, and the socket too', async (t) => {
  const manager = await startManager({ services: {} });
  t.is(statSync(dirname(manager.socketPath)).mode & 0o777, 0o700);
  t.is(statSync(manager.socketPath).mode & 0o777, 0o600);
  t.is(await manager.end(), 0);
});
