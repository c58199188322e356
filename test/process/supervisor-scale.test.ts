/** Many services at once, and the manager of an ordinary user. */
import { chmodSync, readFileSync } from 'node:fs';
import test from 'ava';
import { eventually } from '../support/eventually.js';
import { prepareManager, startManager } from '../support/manager.js';
import { descendants, descriptorCount, isAlive } from '../support/processes.js';

test('U9, U11, U13: 1,000 services start, survive the broker, and stop; each has exactly one process', async (t) => {
  const services: Record<string, string> = { boot: '' };
  for (let index = 0; index < 1000; index += 1) {
    services[`s${index}`] = 'type = process\ncommand = /bin/sleep 1000\n';
    services['boot'] += `depends-on: s${index}\n`;
  }
  const manager = await startManager({ services });
  const client = await manager.client();
  const boot = await client.load('boot', { deadlineMs: 60_000 });
  const since = performance.now();
  await boot.start({ wait: true, deadlineMs: 60_000 });
  t.log(`1,000 services started in ${Math.round(performance.now() - since)} ms`);
  const list = await client.list();
  t.is(list.filter((status) => status.state === 'started').length, 1001);
  const pids = new Set(list.map((status) => status.pid).filter((pid) => pid !== undefined));
  t.is(pids.size, 1000);
  t.is(descendants(manager.initPid).length, 1001, 'and the broker');
  t.log(
    `the broker has ${descriptorCount(manager.brokerPid)} descriptors open, init ${descriptorCount(manager.initPid)}`,
  );
  const tookMs = await manager.killBroker();
  t.log(`another broker had taken over after ${Math.round(tookMs)} ms`);
  const again = await (await manager.client()).list();
  t.deepEqual(new Set(again.map((status) => status.pid).filter((pid) => pid !== undefined)), pids);
  const stopping = performance.now();
  manager.terminate();
  t.is(await manager.exited(), 0);
  t.log(`stopped in ${Math.round(performance.now() - stopping)} ms`);
  t.false([...pids].some(isAlive));
  t.is(await manager.end(), 0);
});

test('U13: a chain of 300 dependencies starts in order and stops', async (t) => {
  const services: Record<string, string> = {};
  for (let index = 0; index < 300; index += 1) {
    services[`s${index}`] =
      `type = process\ncommand = /bin/sleep 1000\n${index > 0 ? `depends-on: s${index - 1}\n` : ''}`;
  }
  const manager = await startManager({ services, start: ['s299'] });
  await manager.untilState('s299', 'started');
  t.is((await (await manager.client()).info()).servicesActive, 300);
  t.is(await manager.end(), 0);
});

test('U15: more services than the broker may have descriptors for; each is started, seen and stopped', async (t) => {
  const services: Record<string, string> = { boot: '' };
  for (let index = 0; index < 800; index += 1) {
    services[`s${index}`] = 'type = process\ncommand = /bin/sleep 1000\n';
    services['boot'] += `depends-on: s${index}\n`;
  }
  // Below 317 free descriptors the event loop takes no more packets, and init needs one for each process itself.
  const manager = await startManager({
    services,
    prefix: ['prlimit', '--nofile=1024:1024'],
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started', 60_000);
    t.true(descriptorCount(manager.brokerPid) < 400);
    const pid = await manager.pid('s799');
    process.kill(pid, 'SIGKILL');
    await manager.until('its end is seen', async () => (await manager.pid('s799')) !== pid);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U11: an ordinary user’s manager runs, is taken over, and ends', async (t) => {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot) t.log('run as the user that runs the tests');
  const manager = prepareManager({
    services: { a: 'type = process\ncommand = /bin/sleep 1000\nlog-type = buffer\n' },
    start: ['a'],
    prefix: isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [],
    // The user has to be able to make the directory of its control socket, and to read the descriptions.
    prepare: (directory) => {
      if (isRoot) chmodSync(directory, 0o777);
    },
  });
  try {
    await manager.ready();
    const pid = await manager.pid('a');
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    t.is(uid, isRoot ? '65534' : String(process.geteuid?.()));
    await manager.killBroker();
    t.is(await manager.pid('a'), pid);
    t.true(isAlive(pid));
    await eventually('nothing went wrong', () => !manager.errors.includes('refuse'));
  } finally {
    t.is(await manager.end(), 0);
  }
});
