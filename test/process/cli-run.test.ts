/** `capstan run` from its beginning to its end. */
import { chmodSync } from 'node:fs';
import test from 'ava';
import { capstan, descendants, jsonLines, startCapstan, TestManager } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';

const sleeper = 'type = process\ncommand = sleep 1000\n';

const tree = {
  boot: 'type = internal\ndepends-on = web\n',
  web: `${sleeper}depends-on = db\n`,
  db: `${sleeper}stop-command = sleep 0.1\n`,
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test.serial(`${signal} stops everything in order, and nothing is left`, async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
    t.is((await manager.command('start', 'boot')).status, 0);
    t.true(descendants(manager.pid).length >= 3);
    const { status, stderr } = await manager.end(signal);
    t.is(status, 0, stderr);
    const order = ['web', 'db'].map((name) => stderr.indexOf(`[STOPPD] ${name}`));
    t.true((order[0] ?? -1) >= 0 && (order[0] ?? 0) < (order[1] ?? 0), stderr);
    t.true(stderr.includes('[  OK  ] web'));
  });
}

test.serial('shutdown ends it, and nothing is left', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
  const before = descendants(manager.pid);
  const { status, stdout } = await manager.command('shutdown');
  t.is(status, 0);
  t.true(stdout.includes('The manager has ended.'));
  t.is((await within('its end', manager.running.ended)).status, 0);
  await manager.demandNothingLeft(before);
  t.is((await manager.command('list')).status, 3);
});

test.serial('with --quiet nothing is printed but errors', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree, args: ['--quiet'] });
  await manager.command('start', 'boot');
  t.deepEqual(await manager.end(), { status: 0, stdout: '', stderr: '' });
});

test.serial('with --json every line is an object', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree, args: ['--json'] });
  await manager.command('start', 'boot');
  const { status, stdout, stderr } = await manager.end();
  t.is(status, 0);
  t.is(stdout, '');
  t.true(jsonLines(stderr).some((line) => line['kind'] === 'started' && line['service'] === 'web'));
});

test.serial('a socket that is taken is said by the second manager, and the first goes on', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
  const second = await capstan(['run', '-d', `${manager.directory}/services`, '--socket', manager.socket]);
  t.is(second.status, 1);
  t.true(second.stderr.includes('runs already'), second.stderr);
  t.true(second.stderr.includes(manager.socket));
  t.is((await manager.command('list')).status, 0);
});

test.serial('a hundred services come up and go down', async (t) => {
  const services: Record<string, string> = { boot: 'type = internal\n' };
  for (let at = 0; at < 100; at += 1) {
    services[`s${at}`] = sleeper + (at >= 10 ? `depends-on = s${at % 10}\n` : '');
    services['boot'] += `depends-on = s${at}\n`;
  }
  const manager = await TestManager.start((undo) => t.teardown(undo), { services });
  t.is((await manager.command('start', 'boot')).status, 0);
  const list = await manager.json('list');
  t.is(list.length, 101);
  t.true(list.every(({ state }) => state === 'started'));
  t.is(new Set(list.map(({ pid }) => pid)).size, 101);
  t.is((await manager.end()).status, 0);
});

test.serial(
  'a broker that is killed cuts its clients off with exit status 3, and the next one serves on',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
    await manager.json('start', 'boot');
    const web = await manager.status('web');
    const events = startCapstan(['--socket', manager.socket, '--json', 'events', '--current']);
    t.teardown(() => events.child.kill('SIGKILL'));
    await eventually('the states', () => events.stdout().includes('"service":"web"'));
    const [info] = await manager.json('status');
    process.kill(Number(info?.['pid']), 'SIGKILL');
    const cut = await within('the end of the events', events.ended);
    t.is(cut.status, 3);
    t.is(jsonLines(cut.stderr)[0]?.['error'], 'disconnected');
    t.like((await manager.json('status'))[0], { broker_restarts: 1 });
    t.is((await manager.status('web'))['pid'], web['pid']);
    t.is((await manager.end()).status, 0);
  },
);

test.serial('another user observes and changes nothing', async (t) => {
  if (process.geteuid?.() !== 0) {
    t.log('left out: only root can run a program as somebody else');
    t.pass();
    return;
  }
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
  chmodSync(manager.directory, 0o755);
  const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const as = (...args: readonly string[]) => capstan(['--socket', manager.socket, ...args], { prefix });
  for (const transport of ['sockets', 'bus']) {
    const list = await as('--transport', transport, 'list');
    t.is(list.status, 0, list.stderr);
    t.true(list.stdout.includes('web'));
    const info = jsonLines((await as('--transport', transport, '--json', 'status')).stdout)[0];
    t.is(info?.['rights'], 'observe');
    for (const args of [['stop', 'web'], ['start', 'web'], ['signal', 'KILL', 'db'], ['shutdown']]) {
      const refused = await as('--transport', transport, ...args);
      t.is(refused.status, 1, `${args.join(' ')}: ${refused.stdout}`);
      t.true(refused.stderr.includes('right to'), refused.stderr);
    }
  }
  t.is((await manager.status('web'))['state'], 'started');
});
