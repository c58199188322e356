/** `capstan run` from its beginning to its end. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import test from 'ava';
import {
  capstan,
  capstanProgram,
  jsonLines,
  startCapstan,
  TestManager,
  writeServices,
} from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';
import { descendants } from '../support/processes.js';

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

test.serial(
  'over datagrams the same, as soon as somebody looks and the next broker has its door',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services: tree });
    await manager.json('start', 'boot');
    const over = ['--socket', manager.socket, '--transport', 'datagram', '--json'];
    const events = startCapstan([...over, 'events', '--current']);
    t.teardown(() => events.child.kill('SIGKILL'));
    await eventually('the states', () => events.stdout().includes('"service":"web"'));
    const [info] = await manager.json('status');
    process.kill(Number(info?.['pid']), 'SIGKILL');
    const cut = await within('the end of the events', events.ended);
    t.is(cut.status, 3);
    t.is(jsonLines(cut.stderr)[0]?.['error'], 'disconnected');
    await eventually('the next broker answers', async () => (await capstan([...over, 'list'])).status === 0);
    t.like(jsonLines((await capstan([...over, 'status'])).stdout)[0], {
      broker_restarts: 1,
      rights: 'manage',
    });
    const sockets = (): string[] =>
      readdirSync(manager.directory).filter((name) => name.includes('.datagram'));
    t.is(sockets().length, 2, `a door and its server, and nothing of the dead: ${sockets().join(' ')}`);
    t.is((await manager.end()).status, 0);
    t.deepEqual(sockets(), []);
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
  for (const transport of ['sockets', 'datagram', 'bus']) {
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

test.serial(
  'D4: over datagram nobody is known outside of a private directory, and the refusal says so',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), { services: { boot: sleeper } });
    const stop = (transport: string) =>
      capstan(['--socket', manager.socket, '--transport', transport, 'stop', 'nosuch', 'boot']);
    chmodSync(manager.directory, 0o755);
    const refused = await stop('datagram');
    t.is(refused.status, 1);
    t.true(refused.stderr.includes('right to control'), refused.stderr);
    t.true(refused.stderr.includes('mkdir -m 700 DIR'), refused.stderr);
    t.false(refused.stderr.includes('only root'), refused.stderr);
    t.is((await manager.status('boot'))['state'], 'started');
    chmodSync(manager.directory, 0o700);
    t.true((await stop('datagram')).stdout.includes("'boot' stopped"));
  },
);

test.serial('I11: a watchdog looks after the broker, and its limit is generous', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), { services: { boot: sleeper } });
  const words = readFileSync(`/proc/${manager.pid}/cmdline`, 'utf8').split('\0');
  t.is(words[words.indexOf('--watchdog') + 1], '60000');
  t.is((await manager.end()).status, 0);
});

test.serial(
  'a broker that spins before it sleeps answers on every transport, also its successor',
  async (t) => {
    const manager = await TestManager.start((undo) => t.teardown(undo), {
      services: { boot: sleeper },
      args: ['--spin-us', '50'],
    });
    const brokerWith = (option: string, value: string): number | undefined =>
      descendants(manager.pid).find((pid) => {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(option) && words[words.indexOf(option) + 1] === value;
      });
    for (const transport of ['sockets', 'bus', 'datagram']) {
      const { status, stdout } = await manager.command('--transport', transport, 'list');
      t.is(status, 0);
      t.true(stdout.includes('boot'), transport);
    }
    const broker = brokerWith('--spin-us', '50');
    t.not(broker, undefined);
    process.kill(broker ?? 0, 'SIGKILL');
    const answers = async (): Promise<boolean> => (await manager.command('list')).status === 0;
    await eventually('the successor answers', answers, 20_000);
    const successor = brokerWith('--spin-us', '50');
    t.true(successor !== undefined && successor !== broker);
    t.is((await manager.end()).status, 0);
  },
);

test.serial('the ready line comes also if the first broker is killed before it was ready', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-ready-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeServices(directory, { boot: sleeper });
  const running = startCapstan(
    ['run', '-d', directory, '--socket', join(directory, 'control'), '--ready-fd', '3'],
    { cwd: directory },
  );
  t.teardown(() => running.child.kill('SIGTERM'));
  const said = once(running.child.stdio[3] as Readable, 'data');
  let first: number | undefined;
  await eventually('there is a broker', () => {
    [first] = descendants(running.child.pid ?? -1);
    return first !== undefined;
  });
  process.kill(first ?? 0, 'SIGKILL');
  t.regex(String(await within('the ready line', said, 60_000)), /^ready /);
  running.child.kill('SIGTERM');
  t.is((await within('its end', running.ended, 60_000)).status, 0);
});

test.serial(
  'a standard error that nobody reads does not stop the manager, and nothing of it is lost',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'capstan-errors-'));
    t.teardown(() => rmSync(directory, { recursive: true, force: true }));
    // More than the pipe holds.
    const names = Array.from({ length: 700 }, (_, at) => `${'long-'.repeat(24)}${at}`);
    const services = Object.fromEntries(names.map((name) => [name, 'type = internal\n']));
    writeServices(directory, {
      ...services,
      boot: `type = internal\n${names.map((name) => `waits-for: ${name}\n`).join('')}`,
    });
    const fifo = join(directory, 'errors');
    const socket = join(directory, 'control');
    execFileSync('mkfifo', [fifo]);
    const descriptor = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    t.teardown(() => closeSync(descriptor));
    const script = 'exec "$1" "$2" run -d "$3" --socket "$4" 2>"$5"';
    const child = spawn(
      '/bin/sh',
      ['-c', script, 'sh', process.execPath, capstanProgram, directory, socket, fifo],
      {
        stdio: 'ignore',
      },
    );
    const ended = once(child, 'exit');
    t.teardown(() => child.kill('SIGKILL'));
    await eventually(
      'it answers',
      async () => /started since/.test((await capstan(['--socket', socket, 'status', 'boot'])).stdout),
      60_000,
    );
    let text = '';
    const bytes = Buffer.alloc(65536);
    await eventually('every line comes', () => {
      try {
        text += bytes.toString('utf8', 0, readSync(descriptor, bytes));
      } catch {
        // Nothing yet.
      }
      return names.every((name) => text.includes(`${name}\n`));
    });
    child.kill('SIGTERM');
    t.deepEqual(await within('its end', ended, 60_000), [0, null]);
  },
);
