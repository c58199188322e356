/** Every command, on a real manager, over every transport alike. */
import test, { type ExecutionContext } from 'ava';
import { transportSocket } from '../../clients/library/address.js';
import { transportNames } from '../../clients/library/connect.js';
import { jsonLines, startCapstan, TestManager } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';

const sleeper = 'type = process\ncommand = sleep 1000\n';

const services = {
  boot: 'type = internal\nwaits-for = web\nwaits-for = once\n',
  db: sleeper,
  web: `${sleeper}depends-on = db\nrestart = true\n`,
  once: 'type = scripted\ncommand = true\n',
  broken: 'type = scripted\ncommand = false\n',
  slow: 'type = scripted\ncommand = sleep 30\noptions = start-interruptible\n',
  talk: 'type = process\ncommand = sh -c "echo one; echo two; exec sleep 1000"\nlog-type = buffer\n',
  absent: 'type = process\ncommand = /nowhere/program\n',
  spare: sleeper,
  brief: `${sleeper}restart = no\n`,
  bad: 'type = process\ncommand = sleep 1\nnonsense = 1\n',
};

const managerFor = (t: ExecutionContext): Promise<TestManager> =>
  TestManager.start((undo) => t.teardown(undo), { services });

test.serial('start and stop say what has become of it, and that it was so already', async (t) => {
  const manager = await managerFor(t);
  t.deepEqual(await manager.command('start', 'spare'), {
    status: 0,
    stdout: "Service 'spare' started.\n",
    stderr: '',
  });
  t.is((await manager.command('start', 'spare')).stdout, "Service 'spare' (already) started.\n");
  t.is((await manager.command('stop', 'spare')).stdout, "Service 'spare' stopped.\n");
  t.is((await manager.command('stop', 'spare')).stdout, "Service 'spare' (already) stopped.\n");
  t.is((await manager.command('--quiet', 'start', 'spare')).stdout, '');
  const [restarted] = await manager.json('restart', 'spare');
  t.like(restarted, { service: 'spare', state: 'started', already: false });
  t.is(typeof restarted?.['pid'], 'number');
  t.is((await manager.command('stop', '--no-wait', 'spare', 'once')).status, 0);
});

test.serial('a failure is told with its reason, and the other services are done all the same', async (t) => {
  const manager = await managerFor(t);
  const both = await manager.command('start', 'broken', 'spare');
  t.is(both.status, 1);
  t.is(both.stdout, "Service 'spare' started.\n");
  t.true(both.stderr.startsWith('capstan: broken: '), both.stderr);
  t.true(both.stderr.includes("capstan status broken'"));
  const absent = await manager.command('start', 'absent');
  t.is(absent.status, 1);
  const status = await manager.status('absent');
  t.like(status, { state: 'stopped', failed: true, stop_reason: 'exec-failed' });
  t.is((status['exit'] as Record<string, unknown>)['kind'], 'not-executed');
  const bad = await manager.command('start', 'bad');
  t.is(bad.status, 1);
  t.true(bad.stderr.includes('bad:3:'), bad.stderr);
  const services = /capstan (check -d \/\S+ bad)$/m.exec(bad.stderr)?.[1]?.split(' ') ?? [];
  const checked = await manager.command(...services);
  t.is(checked.status, 1, 'the advice can be followed as it stands');
  t.true(checked.stderr.includes('bad:3:'), checked.stderr);
  const unknown = await manager.command('--json', 'start', 'nowhere');
  t.is(unknown.status, 1);
  t.like(jsonLines(unknown.stderr)[0], { error: 'not-found', service: 'nowhere' });
  const late = await manager.command('start', '--timeout', '0.2', 'slow');
  t.is(late.status, 1);
  t.true(late.stderr.includes('in time'), late.stderr);
  t.is((await manager.status('slow'))['state'], 'starting');
  t.is((await manager.command('stop', 'slow')).status, 0);
});

test.serial('what others need is not stopped, unless with force; pins hold', async (t) => {
  const manager = await managerFor(t);
  const refused = await manager.command('stop', 'db');
  t.is(refused.status, 1);
  t.true(refused.stderr.includes('web'), refused.stderr);
  t.true(refused.stderr.includes('--force'));
  t.is((await manager.command('stop', '--force', 'db')).status, 0);
  t.is((await manager.status('web'))['state'], 'stopped');
  t.is((await manager.command('start', '--pin', 'spare')).status, 0);
  t.is((await manager.status('spare'))['pinned'], 'started');
  const pinned = await manager.command('stop', 'spare');
  t.is(pinned.status, 1);
  t.true(pinned.stderr.includes('unpin'), pinned.stderr);
  t.is((await manager.command('unpin', 'spare')).stdout, "Service 'spare' unpinned.\n");
  await eventually(
    'the stop that the pin held up',
    async () => (await manager.status('spare'))['state'] === 'stopped',
  );
});

test.serial('release, wake, signal and unload', async (t) => {
  const manager = await managerFor(t);
  const wake = await manager.command('wake', 'spare');
  t.is(wake.status, 1);
  await manager.json('start', 'db');
  t.like((await manager.json('release', 'db'))[0], { service: 'db', state: 'started' });
  t.is((await manager.status('db'))['explicit'], false);
  await manager.json('start', 'spare');
  const pid = (await manager.status('spare'))['pid'];
  t.is((await manager.command('signal', 'KILL', 'spare')).status, 0);
  await eventually('its end or restart', async () => (await manager.status('spare'))['pid'] !== pid);
  t.is((await manager.status('db'))['last_failure'], null);
  const dead = await manager.command('signal', 'TERM', 'once');
  t.is(dead.status, 1);
  await manager.json('stop', 'spare');
  t.is((await manager.command('unload', 'spare')).stdout, "Service 'spare' unloaded.\n");
  t.is((await manager.command('status', 'spare')).status, 1);
  t.is((await manager.command('unload', 'db')).status, 1);
});

test.serial('why a service failed last is shown when it is up again', async (t) => {
  const manager = await managerFor(t);
  const { pid } = await manager.status('web');
  process.kill(Number(pid), 'SIGKILL');
  await eventually('its restart', async () => (await manager.status('web'))['restarts'] === 1);
  await eventually('its start', async () => (await manager.status('web'))['state'] === 'started');
  const web = await manager.status('web');
  t.is(web['failure'], null);
  t.like(web['last_failure'], {
    reason: 'terminated',
    text: 'its process was killed by SIGKILL',
    exit: { kind: 'signalled', code: 9 },
  });
  const block = (await manager.command('status', 'web')).stdout;
  t.regex(block, /last failure: +\d{4}-\d\d-\d\d [\d:]{8} \(\d+ s ago\): its process was killed by SIGKILL/);
});

test.serial('list and status have their fields, on every transport the same', async (t) => {
  const manager = await managerFor(t);
  await manager.json('start', 'talk');
  const answers: unknown[] = [];
  for (const transport of transportNames()) {
    const list = await manager.json('--transport', transport, 'list');
    const boot = list.find(({ name }) => name === 'boot');
    t.like(boot, { state: 'started', desired: 'started', pid: null, type: 'internal', explicit: true });
    const [web] = await manager.json('--transport', transport, 'status', 'web');
    t.like(web, { name: 'web', state: 'started', desired: 'started', failed: false, waits_for: [] });
    t.is(typeof web?.['pid'], 'number');
    t.is(typeof web?.['since_ms'], 'number');
    t.deepEqual(web?.['dependencies'], [{ name: 'db', kind: 'depends-on', state: 'started' }]);
    t.deepEqual(web?.['dependents'], [{ name: 'boot', kind: 'waits-for', state: 'started' }]);
    const [talk] = await manager.json('--transport', transport, 'status', 'talk');
    const [info] = await manager.json('--transport', transport, 'status');
    t.like(info, { transport, protocol: 1, rights: 'manage', shutting_down: false });
    t.is(info?.['socket'], transportSocket(manager.socket, transport), 'the one that was used');
    answers.push([list, web, talk]);
    const table = await manager.command('--transport', transport, 'list');
    t.regex(table.stdout, /^SERVICE +STATE/);
    t.regex(table.stdout, /^web +started +\d+/m);
    const block = await manager.command('--transport', transport, 'status', 'web');
    t.regex(block.stdout, /needs: +db \(depends-on, started\)/);
  }
  for (const answer of answers) t.deepEqual(answer, answers[0]);
});

for (const transport of transportNames()) {
  test.serial(`${transport}: a log is shown, followed and cleared`, async (t) => {
    const manager = await managerFor(t);
    await manager.json('--transport', transport, 'start', 'talk');
    await eventually('the log', async () => (await manager.command('log', 'talk')).stdout === 'one\ntwo\n');
    t.is((await manager.command('--transport', transport, 'log', '-n', '1', 'talk')).stdout, 'two\n');
    const follow = startCapstan(['--socket', manager.socket, '--transport', transport, 'log', '-f', 'talk']);
    t.teardown(() => follow.child.kill('SIGKILL'));
    await eventually('what there is', () => follow.stdout() === 'one\ntwo\n');
    await manager.json('restart', 'talk');
    await eventually('what comes', () => /one\ntwo\n.*one\ntwo\n$/s.test(follow.stdout()));
    follow.child.kill('SIGINT');
    t.is((await within('its end', follow.ended)).status, 0);
    const last = startCapstan(['--socket', manager.socket, '--transport', transport, 'log', '-f', 'talk']);
    t.teardown(() => last.child.kill('SIGKILL'));
    await eventually('what there is', () => last.stdout().includes('two'));
    const [line] = await manager.json('--transport', transport, 'log', '--clear', 'talk');
    t.like(line, { service: 'talk', text: 'one', number: 1 });
    t.is((await manager.command('log', 'talk')).stdout, '');
    const none = await manager.command('log', 'db');
    t.is(none.status, 1);
    t.true(none.stderr.includes('log-type = buffer'));
    t.is((await manager.command('shutdown')).status, 0);
    t.like(await within('its end', last.ended), { status: 0, stderr: '' });
  });

  test.serial(
    `${transport}: events come as they happen, until interrupted or the manager ends`,
    async (t) => {
      const manager = await managerFor(t);
      const all = startCapstan([
        '--socket',
        manager.socket,
        '--transport',
        transport,
        '--json',
        'events',
        '--current',
      ]);
      const some = startCapstan(['--socket', manager.socket, '--transport', transport, 'events', 'spare']);
      t.teardown(() => all.child.kill('SIGKILL'));
      t.teardown(() => some.child.kill('SIGKILL'));
      await eventually('the states', () => all.stdout().includes('"service":"web"'));
      await eventually('the word that it is not loaded', () => some.stderr().includes('waiting until it is'));
      const subscribed = async (): Promise<boolean> => {
        await manager.json('start', 'spare');
        await manager.json('stop', 'spare');
        return some.stdout().includes('started');
      };
      await eventually('events of one service', subscribed);
      await manager.json('start', 'spare');
      await manager.json('signal', 'TERM', 'spare');
      await manager.json('start', 'brief');
      await manager.json('signal', 'TERM', 'brief');
      await eventually('the end of its process', () => some.stdout().includes('killed by SIGTERM'));
      some.child.kill('SIGINT');
      const told = await within('its end', some.ended);
      t.is(told.status, 0);
      t.regex(told.stderr, /^capstan: no service 'spare' is loaded; waiting until it is$/m);
      const lines = told.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice('2026-01-01 00:00:00  '.length));
      t.deepEqual(
        lines.filter((line, at) => line === lines[at - 1]),
        [],
        'the same is not said twice',
      );
      t.false(some.stdout().includes('web'));
      t.is((await manager.command('shutdown')).status, 0);
      const { status, stdout } = await within('the end of the events', all.ended);
      const stopping = jsonLines(stdout).filter(
        ({ event, service, state }) => event === 'state' && service === 'brief' && state === 'stopping',
      );
      t.deepEqual(
        stopping.map(({ desired }) => desired),
        ['stopped'],
        'it does not come up again, and that is said from the beginning',
      );
      t.is(status, 0);
      const events = jsonLines(stdout);
      const started = events.find((event) => event['event'] === 'started' && event['service'] === 'spare');
      t.like(started, { state: 'started', desired: 'started', lost: 0 });
      t.is(typeof started?.['time_ms'], 'number');
      const kinds = events.map((event) => event['event']);
      t.true(
        kinds.includes('current') && kinds.includes('exit') && kinds.includes('shutdown'),
        kinds.join(' '),
      );
      const last = events.filter((event) => event['event'] === 'stopped' && event['service'] === 'db');
      t.is(last.length, 1);
    },
  );
}
