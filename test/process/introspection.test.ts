/** Introspection on a real manager, with real programs in other processes. */
import { chmodSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { limits } from '../../broker/contract/index.js';
import { capstan, jsonLines, startCapstan, TestManager } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';
import { exampleServices, normalised, readPage, record } from '../support/introspection-page.js';
import { readOpenMetrics } from '../support/openmetrics.js';
import { stopProcess } from '../support/stopping.js';

const managerFor = (t: ExecutionContext): Promise<TestManager> =>
  TestManager.start((undo) => t.teardown(undo), { services: exampleServices });

type Row = Record<string, unknown>;

function pidOf(row: Row | undefined, side: 'holder' | 'owner'): unknown {
  const peer = row?.[side];
  return typeof peer === 'object' && peer !== null && 'pid' in peer ? peer.pid : undefined;
}

test.serial('docs/introspection.md shows what the commands print', async (t) => {
  const page = readPage();
  t.is(normalised(await record(page, await managerFor(t))), normalised(page));
});

/** The transports whose servers say something about themselves. */
const telling = ['sockets', 'bus'];

for (const transport of telling) {
  test.serial(`${transport}: what a program holds appears, and goes when it is killed`, async (t) => {
    const manager = await managerFor(t);
    const events = startCapstan(['--socket', manager.socket, '--transport', transport, 'events', 'web']);
    const { pid } = events.child;
    try {
      const held = async (): Promise<Row[]> => manager.json('handles', '--peer', String(pid));
      await eventually('the program holds the stream', async () =>
        (await held()).some(({ node }) => node === 'events'),
      );
      const rows = (await held()).filter((row) => pidOf(row, 'holder') === pid);
      t.deepEqual(rows.map(({ node }) => node).sort(), ['events', 'manager']);
      for (const row of rows) {
        t.is(row['transport'], transport);
        t.is(row['gone'], false);
        t.true(Number(row['age_ms']) >= 0 && Number(row['age_ms']) < 60_000, String(row['age_ms']));
      }
      const [peer] = await manager.json('peers', '--peer', String(pid));
      t.is(peer?.['rights'], 'manage');
      t.is(peer?.['program'], 'node');
      const tree = await manager.command('handles', '--tree', '--node', 'events');
      t.regex(tree.stdout, new RegExp(`events \\(observe\\)\\n.*─ ${pid} node`));
      events.child.kill('SIGKILL');
      await eventually('nothing is left of it', async () => (await held()).length === 0);
      t.deepEqual(await manager.json('peers', '--peer', String(pid)), []);
    } finally {
      events.child.kill('SIGKILL');
    }
  });

  test.serial(
    `${transport}: a monitor that is stopped loses items, is told so, and delays nobody`,
    async (t) => {
      const manager = await managerFor(t);
      const args = [
        '--socket',
        manager.socket,
        '--transport',
        transport,
        '--json',
        'monitor',
        '--bytes',
        '256',
      ];
      const monitor = startCapstan(args);
      try {
        await eventually(
          'the monitor is open',
          async () => (await manager.json('metrics'))[0]?.['monitors'] === 1,
        );
        await eventually('it tells something', () => monitor.stdout().includes('"kind":"call"'));
        stopProcess(monitor.child.pid ?? 0);
        const { connect } = await import('../../clients/library/index.js');
        const client = await connect({ socket: manager.socket });
        t.teardown(() => client.close());
        // More than the queue of the monitor and of the sockets to it hold; the longer the payloads are, the fewer it takes.
        const rounds = 340;
        const nobody = 'x'.repeat(limits.monitorBytesMax);
        let refused = 0;
        const ask = (): Promise<unknown> => client.find(nobody).catch(() => (refused += 1));
        for (let at = 0; at < rounds; at += 1) await Promise.all(Array.from({ length: 50 }, ask));
        t.is(refused, 50 * rounds);
        // Nobody waits for the monitor: it stands still all the while.
        await within('an answer', client.info());
        monitor.child.kill('SIGCONT');
        const lost = (): number =>
          jsonWhole(monitor.stdout()).reduce((sum, row) => sum + Number(row['lost']), 0);
        await eventually('it is told what it has lost', () => lost() > 0);
        t.log(`${lost()} of ${4 * rounds * 50} items lost`);
      } finally {
        monitor.child.kill('SIGCONT');
        monitor.child.kill('SIGTERM');
        await within('the end of the monitor', monitor.ended);
      }
    },
  );
}

/** The whole lines of what was printed so far. */
function jsonWhole(text: string): Row[] {
  return jsonLines(text.slice(0, text.lastIndexOf('\n') + 1));
}

test.serial('a monitor shows no payload unless asked, and ends with the manager', async (t) => {
  const manager = await managerFor(t);
  const monitor = startCapstan([
    '--socket',
    manager.socket,
    '--json',
    'monitor',
    '--kind',
    'call',
    '--service',
    'web',
  ]);
  await eventually('it tells of a call', async () => {
    await manager.command('--transport', 'bus', 'status', 'web');
    return monitor.stdout().includes('\n');
  });
  for (const row of jsonWhole(monitor.stdout())) {
    t.is(row['payload_hex'], null);
    t.is(row['kind'], 'call');
    t.is(row['node'], 'service web');
    t.is(row['transport'], 'bus');
  }
  await manager.command('shutdown');
  t.is((await within('the end of the monitor', monitor.ended)).status, 0);
});

test.serial('the names of JSON are stable', async (t) => {
  const manager = await managerFor(t);
  const keys = (row: Row | undefined): string => Object.keys(row ?? {}).join(' ');
  const party = 'id pid program uid user manager';
  const [peer] = await manager.json('peers');
  t.is(
    keys(peer),
    `transport ${party} age_ms rights nodes handles calls_outstanding replies_owed bytes_in_flight items_in_flight descriptors_in_flight messages_in messages_out blocked_ms`,
  );
  const [handle] = await manager.json('handles');
  t.is(
    keys(handle),
    'transport holder owner node_id node service rights count uses age_ms bytes_in_flight descriptors_in_flight payer gone',
  );
  t.is(keys(handle?.['holder'] as Row), party);
  const [account] = await manager.json('handles', '--accounts');
  t.is(keys(account), 'transport uid user peers quotas');
  const [measures] = await manager.json('metrics');
  t.is(
    keys(measures),
    'version uptime_ms transports services service_restarts broker_restarts started_ms cpu_ms resident_bytes heap_bytes descriptors descriptors_max event_loop_delay_ms log_bytes monitors',
  );
});

test.serial(
  'metrics are OpenMetrics, and their lines are as many however many peers there are',
  async (t) => {
    const manager = await managerFor(t);
    const families = async () => readOpenMetrics((await manager.command('metrics')).stdout);
    const count = (list: Awaited<ReturnType<typeof families>>): number =>
      list.reduce((sum, { samples }) => sum + samples.length, 0);
    const before = await families();
    for (const { name, type, help } of before) {
      t.regex(name, /^capstan_[a-z_]+$/);
      t.regex(help, /\.$/);
      t.notRegex(name, /_(ms|milliseconds|kilobytes|kb)$/);
      t.true(type === 'gauge' || type === 'counter');
    }
    const followers = Array.from({ length: 6 }, (_, at) =>
      startCapstan([
        '--socket',
        manager.socket,
        '--transport',
        at % 2 === 0 ? 'sockets' : 'bus',
        'events',
        'web',
      ]),
    );
    try {
      const peersOf = (list: typeof before): number =>
        list
          .find(({ name }) => name === 'capstan_peers')
          ?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0;
      await eventually('all are connected', async () => peersOf(await families()) >= 7);
      t.is(count(await families()), count(before));
    } finally {
      for (const follower of followers) follower.child.kill('SIGTERM');
      await Promise.all(followers.map(({ ended }) => ended));
    }
    const prometheus = await manager.command('metrics', '--format', 'prometheus');
    t.notRegex(prometheus.stdout, /# EOF/);
    t.regex(prometheus.stdout, /^# TYPE capstan_calls_total counter$/m);
    t.regex(prometheus.stdout, /^capstan_calls_total\{transport="bus"\} \d+$/m);
  },
);

test.serial('another user sees what is its own, and cannot monitor', async (t) => {
  if (process.geteuid?.() !== 0) {
    t.log('needs root to become another user');
    t.pass();
    return;
  }
  const manager = await managerFor(t);
  const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const asOther = (...args: readonly string[]) => capstan(['--socket', manager.socket, ...args], { prefix });
  chmodSync(manager.directory, 0o755);
  t.is((await asOther('list')).status, 0);
  for (const transport of telling) {
    const mine = startCapstan(['--socket', manager.socket, '--transport', transport, 'events', 'web']);
    try {
      await eventually(
        'a program of root',
        async () => (await manager.json('peers', '--peer', String(mine.child.pid))).length > 0,
      );
      for (const what of ['peers', 'handles']) {
        const seen = await asOther('--transport', transport, '--json', what);
        t.is(seen.status, 0, seen.stderr);
        const rows = jsonLines(seen.stdout);
        t.true(rows.length > 0);
        for (const row of rows) t.is(what === 'peers' ? row['uid'] : (row['holder'] as Row)['uid'], 65_534);
      }
      const accounts = jsonLines(
        (await asOther('--transport', transport, '--json', 'handles', '--accounts')).stdout,
      );
      t.true(accounts.every(({ uid }) => uid === 65_534));
      const refused = await asOther('--transport', transport, '--json', 'monitor');
      t.is(refused.status, 1);
      t.is((JSON.parse(refused.stderr) as Row)['error'], 'permission-denied');
      const metrics = await asOther('--transport', transport, 'metrics');
      t.true(readOpenMetrics(metrics.stdout).length > 10);
    } finally {
      mine.child.kill('SIGTERM');
      await mine.ended;
    }
  }
});
