/** What servers say of themselves: ages, what waits for whom, who is to blame, labels, and work that is bounded. */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import {
  cursorNumbers,
  type HandleFacts,
  type Introspection,
  type PassingItem,
  type PeerFacts,
  pageOf,
} from '../../broker/contract/introspection.js';
import { boundedLabel } from '../../broker/contract/labels.js';
import { introspectionStepsMax, nodeLabelBytesMax } from '../../broker/contract/limits.js';
import { Chronicle } from '../../transports/bus/router/chronicle.js';
import { createMemoryTransport } from '../../transports/memory/index.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/index.js';
import { bytesOf } from '../support/collector.js';
import { eventually, turns } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import { ManualTime } from '../support/manual-time.js';
import { createRandom } from '../support/random.js';

function told(world: World): Introspection {
  const { introspection } = world.server;
  if (introspection === undefined) throw new Error('this server says nothing about itself');
  return introspection;
}

function allPeers(of: Introspection): readonly PeerFacts[] {
  return of.peers({ itemsMax: 1000 }).items;
}

function allHandles(of: Introspection): readonly HandleFacts[] {
  return of.handles({ itemsMax: 1000 }).items;
}

test('ages follow the time that was handed in', async (t) => {
  const time = new ManualTime();
  const transport = createMemoryTransport({ time });
  const server = await transport.serve({
    path: 'a',
    root: ({ peer }) => {
      const root = peer.createNode({ message: () => {} }, { label: 'the root' });
      return () => root;
    },
  });
  time.advance(5_000);
  const session = await transport.connect({ path: 'a' });
  time.advance(7_000);
  const [held] = server.introspection?.handles({ itemsMax: 10 }).items ?? [];
  t.is(held?.sinceMs, 5_000);
  t.is(held?.node.label, 'the root');
  t.is(held?.count, 1);
  session.peer.close();
  t.deepEqual(server.introspection?.handles({ itemsMax: 10 }).items, []);
  server.close();
});

test.serial('bus: who does not take what it is sent is told with since when, and whose share is full', (t) =>
  inWorld(catalogFixture('bus'), async (world) => {
    const of = told(world);
    const receiver = await world.spawn();
    await receiver.ask('connect', world.path);
    await receiver.ask('node', 'full', 'keep');
    await receiver.ask('put', 'full');
    const sender = await world.connect();
    const handle = await take(sender.root, 'full');
    await drop(sender.root, 'full');
    const facts = (): PeerFacts | undefined => allPeers(of).find(({ pid }) => pid === receiver.pid);
    t.is(facts()?.blockedSinceMs, undefined);
    t.is(facts()?.nodes, 1);
    const refused: PassingItem[] = [];
    const end = of.observe((item) => {
      if (item.kind === 'refused') refused.push({ ...item });
    });
    receiver.stop();
    let refusals = 0;
    const bytes = new Uint8Array(32 * 1024);
    for (let at = 0; at < 4096 && refusals === 0; at += 1) {
      await handle.send({ bytes }).catch((error: unknown) => {
        if (!hasCode(error, ErrorCode.OverQuota)) throw error;
        refusals += 1;
      });
    }
    t.is(refusals, 1);
    const blocked = facts();
    t.true((blocked?.bytesInFlight ?? 0) > bytes.length);
    t.true((blocked?.itemsInFlight ?? 0) > 1);
    t.true((blocked?.blockedSinceMs ?? Number.POSITIVE_INFINITY) <= performance.now());
    const [held] = allHandles(of).filter(({ owner }) => owner?.pid === receiver.pid);
    t.is(held?.holder.pid, process.pid);
    t.true((held?.bytesInFlight ?? 0) > bytes.length);
    t.is(refused.length, 1);
    t.is(refused[0]?.code, ErrorCode.OverQuota);
    t.is(refused[0]?.to?.pid, receiver.pid);
    t.deepEqual(refused[0]?.blame, { resource: 'bytes', uid: process.getuid?.() ?? 0 });
    const [account] = of.accounts({ itemsMax: 10 }).items;
    const quota = account?.quotas.find(({ resource }) => resource === 'bytes');
    t.true((quota?.used ?? 0) > bytes.length && (quota?.used ?? 0) < (quota?.limit ?? 0));
    t.is(quota?.shares[0]?.used, quota?.used);
    receiver.resume();
    await eventually(
      'it takes everything',
      () => facts()?.bytesInFlight === 0 && facts()?.blockedSinceMs === undefined,
    );
    end();
    handle.close();
  }),
);

for (const name of ['memory', 'sockets', 'bus']) {
  test.serial(
    `${name}: what passes is told while somebody listens and not after, and uses are counted`,
    (t) =>
      inWorld(catalogFixture(name), async (world) => {
        const of = told(world);
        const label = 'ü'.repeat(200);
        const node = world.server.peer.createNode({ message: () => {} }, { label });
        t.is(node.label, boundedLabel(label));
        const one = await world.connect();
        const other = await world.connect();
        const items: string[] = [];
        const end = of.observe(({ kind, bytes }) => void items.push(`${kind} ${bytes}`));
        await put(one.root, 'x', one.peer.createNode({ message: () => {} }));
        const taken = await take(other.root, 'x');
        await turns();
        t.true(items.includes('call 5'), items.join(', '));
        const before = items.length;
        end();
        await other.root.call({ bytes: bytesOf('ping again') });
        t.is(items.length, before);
        const uses = allHandles(of).filter(({ holder }) => holder.pid === process.pid && !holder.isServer);
        t.true(uses.some(({ uses: count }) => count > 0));
        taken.close();
        node.destroy();
        await drop(one.root, 'x');
      }),
  );
}

test('a page looks at a bounded number of entries, and the next one goes on behind it', (t) => {
  const count = 2 * introspectionStepsMax + 5;
  let looked = 0;
  function* walk(after: number): Generator<{ cursor: string; at: number }> {
    for (let at = after + 1; at <= count; at += 1) {
      looked += 1;
      yield { cursor: String(at), at };
    }
  }
  const found: number[] = [];
  let pages = 0;
  for (let after: string | undefined = ''; after !== undefined; pages += 1) {
    looked = 0;
    const page: ReturnType<typeof pageOf<{ cursor: string; at: number }>> = pageOf(
      walk(cursorNumbers(after)[0]),
      {
        itemsMax: 10,
        fits: ({ at }) => at === 3 || at === count,
      },
    );
    t.true(looked <= introspectionStepsMax + 1);
    for (const { at } of page.items) found.push(at);
    after = page.next;
  }
  t.is(pages, 3);
  t.deepEqual(found, [3, count]);
});

test('a cursor that is none is the beginning', (t) => {
  t.deepEqual(cursorNumbers(undefined), [0, 0]);
  t.deepEqual(cursorNumbers('x.-1'), [0, 0]);
  t.deepEqual(cursorNumbers('3.17'), [3, 17]);
  t.deepEqual(cursorNumbers('99999999999999999999'), [0, 0]);
});

test('a label is cut between characters, and a short one stays as it is', (t) => {
  t.is(boundedLabel(undefined), '');
  t.is(boundedLabel('service web'), 'service web');
  for (const character of ['a', 'ü', '€', '😀']) {
    const label = boundedLabel(character.repeat(500));
    t.true(Buffer.byteLength(label) <= nodeLabelBytesMax);
    t.true(Buffer.byteLength(label) > nodeLabelBytesMax - 8);
    t.regex(label, new RegExp(`^(?:${character})+…$`, 'u'));
  }
});

test('the chronicle tells when a transaction was: exactly what is young, roughly what is old, in bounded memory', (t) => {
  const seed = 20_261;
  t.log(`seed ${seed}`);
  const random = createRandom(seed);
  const chronicle = new Chronicle();
  t.is(chronicle.momentOf(1, 77), 77);
  const moments: number[] = [0];
  let nowMs = 0;
  for (let sequence = 1; sequence <= 50_000; sequence += 1) {
    nowMs += random.below(40);
    moments.push(nowMs);
    chronicle.note(sequence, nowMs);
    if (sequence % 1000 === 0) t.true(chronicle.size <= 2048);
  }
  for (let sequence = 1; sequence <= 50_000; sequence += 97) {
    const told = chronicle.momentOf(sequence, nowMs);
    const age = nowMs - (moments[sequence] ?? 0);
    t.true(
      Math.abs(told - (moments[sequence] ?? 0)) <= 50 + 0.021 * age,
      `${sequence}: ${told} of ${moments[sequence]}`,
    );
  }
});
