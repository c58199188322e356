/** Who is connected, who holds what, who pays, and what passes: the manager's introspection, on each transport that offers it. */
import test from 'ava';
import { BrokerError, limits } from '../../../broker/contract/index.js';
import type { HandleInfo, Manager, PassedItem, PeerInfo } from '../../../clients/library/index.js';
import { type ControlWorld, controlTransports, inControlWorld } from '../../support/control-world.js';
import { eventually, turns, within } from '../../support/eventually.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function serviceHandles(manager: Manager, service: string): Promise<HandleInfo[]> {
  return all(manager.handles({ services: [service] }));
}

/** Takes items until one is wanted. */
async function next(
  items: AsyncIterator<PassedItem>,
  wanted: (item: PassedItem) => boolean,
): Promise<PassedItem> {
  for (;;) {
    const { value, done } = await within('an item of the monitor', items.next());
    if (done === true || value === undefined) throw new Error('the monitor has ended');
    if (wanted(value)) return value;
  }
}

/** The transports that say something about themselves. */
const offering = ['memory', 'sockets', 'bus'];

for (const entry of controlTransports.filter(({ name }) => offering.includes(name))) {
  const on = (
    title: string,
    body: (world: ControlWorld, t: import('ava').ExecutionContext) => Promise<void>,
  ): void => {
    test.serial(`${entry.name}: ${title}`, (t) => inControlWorld(entry, (world) => body(world, t)));
  };

  on('a handle appears when it is given away and disappears when it is closed', async (world, t) => {
    world.supervisor.add('web');
    const manager = await world.connect();
    t.deepEqual(await serviceHandles(manager, 'web'), []);
    const service = await manager.find('web');
    const [held, ...others] = await serviceHandles(manager, 'web');
    t.deepEqual(others, []);
    t.is(held?.node, 'service web');
    t.is(held?.service, 'web');
    t.is(held?.rights, 'manage');
    t.is(held?.holder.pid, process.pid);
    t.is(held?.holder.isManager, false);
    t.true(held?.owner?.isManager);
    t.is(held?.payerUid, process.geteuid?.());
    t.is(held?.isGone, false);
    service.close();
    await eventually(
      'the closed handle is gone',
      async () => (await serviceHandles(manager, 'web')).length === 0,
    );
  });

  on('ages are those of the monotonic clock, and uses are counted', async (world, t) => {
    world.supervisor.add('web');
    const manager = await world.connect();
    const before = performance.now();
    const service = await manager.find('web');
    for (let at = 0; at < 5; at += 1) await service.status();
    const [held] = await serviceHandles(manager, 'web');
    t.true((held?.ageMs ?? -1) >= 0 && (held?.ageMs ?? -1) <= performance.now() - before, `${held?.ageMs}`);
    t.is(held?.uses, 5);
    const [again] = await serviceHandles(manager, 'web');
    t.true((again?.ageMs ?? 0) >= (held?.ageMs ?? 0));
    service.close();
  });

  on('peers are told with their rights and counts, and go when they close', async (world, t) => {
    const manager = await world.connect();
    const other = await world.connect();
    await other.ping();
    const peers = (await all(manager.peers())).filter(({ isManager }) => !isManager);
    t.true(peers.length >= 1);
    for (const peer of peers) {
      t.is(peer.pid, process.pid);
      t.is(peer.transport, entry.name);
      t.is(peer.rights, 'manage');
      t.is(peer.blockedMs, undefined);
      t.true((peer.handles ?? 1) >= 1);
    }
    const handlesOf = (list: readonly PeerInfo[]): number =>
      list.reduce((sum, { handles }) => sum + (handles ?? 0), 0);
    const before = handlesOf(peers);
    other.close();
    await eventually('the peer is gone', async () => {
      const now = (await all(manager.peers())).filter(({ isManager }) => !isManager);
      return handlesOf(now) < before;
    });
  });

  on('accounts say what each user uses', async (world, t) => {
    const manager = await world.connect();
    const accounts = await all(manager.accounts());
    const own = accounts.find(({ uid }) => uid === process.geteuid?.());
    t.truthy(own);
    t.true((own?.peers ?? 0) >= 1);
    t.deepEqual(
      own?.quotas.map(({ resource }) => resource),
      ['bytes', 'handles', 'descriptors', 'nodes', 'calls'],
    );
  });

  on('lists come in pages, and nothing is told twice', async (world, t) => {
    const manager = await world.connect();
    const count = limits.introspectionItemsMax * 2 + 3;
    for (let at = 0; at < count; at += 1) world.supervisor.add(`s${String(at).padStart(4, '0')}`);
    const services = await Promise.all(world.supervisor.list().map(({ name }) => manager.find(name)));
    const told = (await all(manager.handles())).filter(({ service }) => service !== undefined);
    t.is(told.length, count);
    t.is(new Set(told.map(({ nodeId }) => nodeId)).size, count);
    const last = services.at(-1)?.name ?? '';
    t.deepEqual(
      (await serviceHandles(manager, last)).map(({ service }) => service),
      [last],
    );
    for (const service of services) service.close();
  });

  on('measures count what is open and what has passed', async (world, t) => {
    const manager = await world.connect();
    const before = await manager.measure();
    for (let at = 0; at < 10; at += 1) await manager.ping();
    const after = await manager.measure();
    const of = (measures: typeof before) => measures.transports.find(({ name }) => name === entry.name);
    t.true((of(after)?.calls ?? 0) >= (of(before)?.calls ?? 0) + 10);
    t.true((of(after)?.replies ?? 0) >= (of(before)?.replies ?? 0) + 10);
    t.is(of(after)?.peers, 1);
    t.true((of(after)?.nodes ?? 0) >= 2);
    t.true((of(after)?.handles ?? 0) >= 1);
    t.true(after.residentBytes > 0 && after.descriptors > 0 && after.cpuMs > 0);
    t.true(after.eventLoopDelayMs >= 0);
    t.is(after.serviceRestarts, 5);
    t.is(after.logBytes, 6);
  });

  on("an observer sees what is its own user's, and cannot monitor", async (world, t) => {
    world.supervisor.add('web');
    const root = await world.connect();
    const service = await root.find('web');
    const observer = await world.connect(4_000_000);
    // The transport names the caller by the kernel's word, which is this process: only the rights are another's.
    const seen = await all(observer.handles());
    t.true(seen.every(({ holder }) => holder.uid === process.geteuid?.()));
    const facet = await root.facet('observe');
    t.true((await all(facet.peers())).length > 0);
    const error = await t.throwsAsync(observer.monitor());
    t.is(error instanceof BrokerError ? error.codeName : '', 'permission-denied');
    t.true((await observer.measure()).residentBytes > 0);
    facet.close();
    service.close();
  });

  on('a monitor is told of calls and replies, with their nodes and latencies', async (world, t) => {
    world.supervisor.add('web');
    const manager = await world.connect();
    const watcher = await world.connect();
    const service = await manager.find('web');
    const monitor = await watcher.monitor({ services: ['web'], bytes: 2 });
    const items = monitor[Symbol.asyncIterator]();
    await service.status();
    const call = await next(items, ({ kind }) => kind === 'call');
    t.is(call.node, 'service web');
    t.is(call.bytes, 2);
    t.deepEqual([...(call.payload ?? [])], [26, 0]);
    t.is(call.sender?.pid, process.pid);
    t.true(call.receiver?.isManager);
    const reply = await next(items, ({ kind }) => kind === 'reply');
    t.true((reply.latencyMs ?? -1) >= 0);
    t.is(reply.payload?.length, 2);
    t.true(reply.sender?.isManager);
    monitor.close();
    service.close();
    await eventually('no monitor is left', async () => (await manager.measure()).monitors === 0);
  });

  on('payloads are not told unless they are asked for', async (world, t) => {
    const manager = await world.connect();
    const monitor = await manager.monitor({ kinds: ['call'] });
    const items = monitor[Symbol.asyncIterator]();
    await manager.ping();
    const call = await next(items, ({ bytes }) => bytes === 2);
    t.is(call.payload, undefined);
    monitor.close();
    const error = await t.throwsAsync(manager.monitor({ bytes: limits.monitorBytesMax + 1 }));
    t.is(error instanceof BrokerError ? error.codeName : '', 'invalid-argument');
  });

  on('monitors are not told of what monitors are told', async (world, t) => {
    const manager = await world.connect();
    const one = await (await world.connect()).monitor();
    const two = await (await world.connect()).monitor();
    const items = two[Symbol.asyncIterator]();
    await manager.ping();
    await next(items, ({ kind }) => kind === 'reply');
    const before = await manager.measure();
    await turns(50);
    const after = await manager.measure();
    const sent = (measures: typeof before): number =>
      measures.transports.reduce((sum, { messages }) => sum + messages, 0);
    // One batch for each monitor for the measuring itself, and not a flood.
    t.true(sent(after) - sent(before) <= 8, `${sent(after) - sent(before)} messages`);
    one.close();
    two.close();
  });

  on(
    'a monitor that does not read loses items and is told how many; nobody waits for it',
    async (world, t) => {
      const manager = await world.connect();
      const watcher = await world.connect();
      const monitor = await watcher.monitor({ kinds: ['call'] });
      // Nothing is taken from it: the stream keeps the newest.
      const count = limits.monitorQueueItemsMax + 1000;
      for (let at = 0; at < count; at += 50) {
        await Promise.all(Array.from({ length: 50 }, () => manager.ping()));
      }
      const measured = await manager.measure();
      t.true((measured.transports[0]?.calls ?? 0) >= count);
      const items = monitor[Symbol.asyncIterator]();
      await eventually('the items have come', async () => {
        await turns(2);
        return true;
      });
      const { value } = await within('an item', items.next());
      t.true((value?.lost ?? 0) > 0, `lost ${value?.lost}`);
      monitor.close();
    },
  );
}
