/** The broker is killed, at the worst moments; its services do not notice, and the next broker knows everything. */
import test from 'ava';
import { eventually } from '../support/eventually.js';
import { startManager, type TestManager } from '../support/manager.js';
import { descriptorCount, isAlive } from '../support/processes.js';

function many(count: number, text: string): Record<string, string> {
  const services: Record<string, string> = { boot: '' };
  for (let index = 0; index < count; index += 1) {
    services[`s${index}`] = text;
    services['boot'] += `waits-for: s${index}\n`;
  }
  return services;
}

async function pids(manager: TestManager): Promise<Map<string, number>> {
  const list = await (await manager.client()).list();
  return new Map(
    list.filter((status) => status.pid !== undefined).map((status) => [status.name, status.pid ?? 0]),
  );
}

test('U11: SIGKILL with 100 services: none dies, all are known again, and the manager can stop them', async (t) => {
  const manager = await startManager({
    services: many(100, 'type = process\ncommand = /bin/sleep 1000\n'),
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    const before = await pids(manager);
    t.is(before.size, 100);
    const descriptors = descriptorCount(manager.initPid);
    for (let round = 0; round < 3; round += 1) {
      const tookMs = await manager.killBroker();
      t.log(`the next broker was ready after ${Math.round(tookMs)} ms`);
      t.deepEqual(await pids(manager), before);
      t.true([...before.values()].every(isAlive));
      t.is(await manager.state('boot'), 'started');
    }
    t.is((await (await manager.client()).info()).brokerRestarts, 3);
    await eventually('init keeps no more than before', () => descriptorCount(manager.initPid) <= descriptors);
    const service = await (await manager.client()).find('s7');
    await service.stop({ wait: true, force: true });
    t.false(isAlive(before.get('s7') ?? 0));
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U10, U11: what exits while there is no broker is noticed: restarted if so configured, told with its status if not', async (t) => {
  const manager = await startManager({
    services: {
      again: 'type = process\ncommand = /bin/sh %/wait.sh\nrestart = yes\nrestart-delay = 0.1\n',
      once: 'type = process\ncommand = /bin/sh %/wait.sh\nrestart = no\n',
      lasting: 'type = process\ncommand = /bin/sleep 1000\nrestart = no\n',
      needs: 'depends-on: once\nrestart = no\n',
      boot: 'waits-for: again\nwaits-for: needs\nwaits-for: lasting\n',
    },
    files: {
      'wait.sh':
        'while [ ! -e %/go ]; do sleep 0.02; done\n[ -e %/gone ] && exec sleep 1000\ntouch %/gone\nexit 7\n',
    },
    initArguments: ['--restart-min', '700'],
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    const before = await pids(manager);
    manager.describe('lasting', 'this is not a description any more');
    const killed = manager.killBroker();
    // The two end while nobody but init is there.
    process.kill(before.get('again') ?? 0, 'SIGTERM');
    process.kill(before.get('once') ?? 0, 'SIGKILL');
    await killed;
    await manager.untilState('once', 'stopped');
    const client = await manager.client();
    const once = await client.find('once');
    t.deepEqual((await once.status()).exit, { kind: 'signalled', code: 9, stage: undefined });
    t.is(await manager.state('needs'), 'stopped');
    await manager.until('again runs again', async () => {
      const pid = await manager.pid('again');
      return pid !== 0 && pid !== before.get('again');
    });
    t.is(
      await manager.pid('lasting'),
      before.get('lasting') ?? 0,
      'its description cannot be read, and it runs on',
    );
    const lasting = await client.find('lasting');
    await lasting.stop({ wait: true, force: true });
    t.false(isAlive(before.get('lasting') ?? 0));
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U11: a start under way is continued: the script’s end is seen, and what waits for it starts then', async (t) => {
  const manager = await startManager({
    services: {
      script: 'type = scripted\ncommand = /bin/sh %/slow.sh\n',
      after: 'type = process\ncommand = /bin/sleep 1000\ndepends-on: script\n',
    },
    files: { 'slow.sh': 'echo started >> %/runs\nwhile [ ! -e %/go ]; do sleep 0.02; done\n' },
    start: ['after'],
  });
  try {
    await manager.until('the script runs', () => manager.lines('runs').length > 0);
    await manager.killBroker();
    t.is(await manager.state('script'), 'starting');
    t.is(await manager.state('after'), 'starting');
    manager.write('go', '');
    await manager.untilState('after', 'started');
    t.is(manager.lines('runs').length, 1, 'it was not run again');
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U8, U9: killed again and again while 60 services start one after another: each is started exactly once', async (t) => {
  const services: Record<string, string> = {};
  for (let index = 0; index < 60; index += 1) {
    services[`s${index}`] =
      `type = scripted\ncommand = /bin/sh %/once.sh ${index}\n${index > 0 ? `depends-on: s${index - 1}\n` : ''}`;
  }
  const manager = await startManager({
    services,
    files: { 'once.sh': 'echo $1 >> %/runs\n' },
    start: ['s59'],
  });
  try {
    for (let round = 0; round < 5; round += 1) await manager.killBroker();
    await manager.untilState('s59', 'started');
    t.deepEqual(
      manager.lines('runs'),
      Array.from({ length: 60 }, (_value, index) => String(index)),
    );
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U11, U13: a shutdown under way is finished by the next broker', async (t) => {
  const manager = await startManager({
    services: {
      slow: 'type = process\ncommand = /bin/sh %/slow.sh\n',
      first: 'type = process\ncommand = /bin/sleep 1000\ndepends-on: slow\n',
    },
    files: {
      'slow.sh': 'trap "touch %/asked" TERM\ntouch %/ready\nwhile [ ! -e %/go ]; do sleep 0.02; done\n',
    },
    start: ['first'],
  });
  await manager.untilState('first', 'started');
  await manager.until('the trap is set', () => manager.exists('ready'));
  await (await manager.client()).shutdown();
  await manager.until('it was asked to stop', () => manager.exists('asked'));
  await manager.killBroker();
  t.true((await (await manager.client()).info()).isShuttingDown);
  t.is(await manager.state('slow'), 'stopping');
  manager.write('go', '');
  t.is(await manager.exited(), 0);
  t.is(await manager.end(), 0);
});

test('U6: a service that logs is not hurt by the broker’s death, and no line of its is lost', async (t) => {
  const manager = await startManager({
    services: {
      talk: 'type = process\ncommand = /bin/sh %/talk.sh\nlog-type = buffer\nlog-buffer-size = 100000\n',
    },
    files: {
      'talk.sh':
        'trap "touch %/pipe" PIPE\ni=0\nwhile [ ! -e %/go ]; do echo "early $i"; i=$((i+1)); sleep 0.01; done\n' +
        'while [ $i -lt 100000 ]; do echo "line $i"; i=$((i+1)); [ -e %/stop ] && exec sleep 1000; sleep 0.005; done\n',
    },
    initArguments: ['--restart-min', '300'],
    start: ['talk'],
  });
  try {
    await manager.untilState('talk', 'started');
    const pid = await manager.pid('talk');
    const killed = manager.killBroker();
    await eventually('the broker is dead', () => !isAlive(manager.brokerPid));
    manager.write('go', '');
    await killed;
    manager.write('stop', '');
    const service = await (await manager.client()).find('talk');
    let numbers: number[] = [];
    await manager.until('its lines are there', async () => {
      const log = await service.log();
      const lines = log.lines.filter((line) => line.text.startsWith('line '));
      numbers = lines.map((line) => Number(line.text.slice(5)));
      return numbers.length > 20;
    });
    const first = numbers[0] ?? 0;
    t.deepEqual(
      numbers,
      numbers.map((_value, index) => first + index),
    );
    t.is(await manager.pid('talk'), pid);
    t.false(manager.exists('pipe'));
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U14: a client that connects while there is no broker waits and is served by the next', async (t) => {
  const manager = await startManager({
    services: { a: 'type = process\ncommand = /bin/sleep 1000\n' },
    initArguments: ['--restart-min', '300'],
    start: ['a'],
  });
  try {
    const killed = manager.killBroker();
    await eventually('the broker is dead', () => !isAlive(manager.brokerPid));
    t.is(await manager.state('a'), 'started');
    await killed;
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U12: init killed: the broker ends every service and itself', async (t) => {
  const manager = await startManager({
    services: many(5, 'type = process\ncommand = /bin/sleep 1000\n'),
    start: ['boot'],
  });
  await manager.untilState('boot', 'started');
  const running = [...(await pids(manager)).values()];
  const { brokerPid } = manager;
  process.kill(manager.initPid, 'SIGKILL');
  await eventually('the broker has ended', () => !isAlive(brokerPid));
  await eventually('the services have ended', () => !running.some(isAlive));
  await manager.abandon();
  t.false(isAlive(brokerPid));
});

test('U11: a broker that hangs is replaced by the watchdog; one that is only idle is not', async (t) => {
  const manager = await startManager({
    services: { a: 'type = process\ncommand = /bin/sleep 1000\n' },
    initArguments: ['--watchdog', '1500'],
    start: ['a'],
  });
  try {
    await manager.untilState('a', 'started');
    const pid = await manager.pid('a');
    const first = manager.brokerPid;
    // Three times the watchdog, in which nobody asks anything of the broker.
    await new Promise((resolve) => setTimeout(resolve, 4500));
    t.is(manager.brokerPid, first);
    t.true(isAlive(first));
    await manager.replaced(() => process.kill(first, 'SIGSTOP'));
    t.is(await manager.pid('a'), pid);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U11: signals that mean nothing to a manager change nothing', async (t) => {
  const manager = await startManager({
    services: { a: 'type = process\ncommand = /bin/sleep 1000\n' },
    start: ['a'],
  });
  try {
    await manager.untilState('a', 'started');
    process.kill(manager.initPid, 'SIGHUP');
    process.kill(manager.initPid, 'SIGUSR1');
    await manager.until(
      'both were heard',
      () => /SIGHUP/.test(manager.errors) && /SIGUSR1/.test(manager.errors),
    );
    t.is(await manager.state('a'), 'started');
  } finally {
    t.is(await manager.end(), 0);
  }
});
