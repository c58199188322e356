/**
 * Rules Q1 to Q6 and M8 with real users: each program is a process with a uid of its own, and the kernel says so to the broker.
 */
import { chmodSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ConnectionShares } from '../../broker/contract/connection-shares.js';
import { itemOverheadBytes, peersMax, userBytesMax } from '../../broker/contract/limits.js';
import type { Session } from '../../broker/contract/transport.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/index.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { drop, exchangeAsRoot, put, take } from '../support/exchange.js';
import type { PeerChild } from '../support/peer-child.js';
import { ShareModel } from '../support/share-model.js';

/** A place in a world where programs of all users meet. */
interface Meeting {
  readonly world: World;
  connect(): Promise<Session>;
  /** A program of this user, connected. */
  spawn(uid: number): Promise<PeerChild>;
}

const firstUid = 54_400;
const messageBytes = 16_000;

async function meeting(t: ExecutionContext, body: (place: Meeting) => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) {
    t.log(
      'left out: only root can start programs of other users; the pure core is tested without (capability/quota.test)',
    );
    t.pass();
    return;
  }
  await inWorld(catalogFixture('bus'), async (world) => {
    const path = `${world.directory}/open`;
    chmodSync(world.directory, 0o755);
    const server = await world.transport.serve({
      path,
      mode: 0o666,
      root: exchangeAsRoot,
    });
    world.defer(() => server.close());
    await body({
      world,
      connect: () => world.connect({ path }),
      spawn: async (uid) => {
        const child = await world.spawn();
        await child.ask('become', uid, uid);
        await child.ask('connect', path);
        return child;
      },
    });
  });
}

interface Filled {
  readonly accepted: number;
  readonly quota: { readonly resource: string; readonly whose: string; readonly uid: number };
  readonly message: string;
}

async function fill(child: PeerChild, name: string): Promise<Filled> {
  return (await child.ask('fill', name, messageBytes)) as Filled;
}

async function called(session: Session, name: string, text: string): Promise<string> {
  const handle = await take(session.root, name);
  const answer = await within('an answer', handle.call({ bytes: bytesOf(text) }));
  handle.close();
  return textOf(answer.bytes);
}

test.serial(
  'Q2, Q3: twelve users, each taking all it can from a service that does not read, get their shares in turn',
  (t) =>
    meeting(t, async ({ connect, spawn }) => {
      const service = await spawn(firstUid);
      await service.ask('node', 'slow', 'keep');
      await service.ask('put', 'slow');
      const users: Awaited<ReturnType<typeof spawn>>[] = [];
      for (let at = 0; at < 12; at += 1) users.push(await spawn(firstUid + 1 + at));
      for (const user of users) await user.ask('take', 'slow');
      service.stop();
      const model = new ShareModel(userBytesMax);
      const uids = new Set<number>();
      for (const [at, user] of users.entries()) {
        const expected = model.takeAll([`${at}`, '', ''], messageBytes + itemOverheadBytes);
        const { accepted, quota, message } = await fill(user, 'slow');
        // What the kernel takes before the service's connection is full is in nobody's share.
        if (at === 0) t.true(accepted >= expected, `${accepted} are at least ${expected}`);
        else t.is(accepted, expected, `user ${at + 1}`);
        t.deepEqual([quota.resource, quota.whose], ['bytes', 'flow']);
        t.regex(
          message,
          /bytes in flight: the receiver does not take what this program, of uid \d+, has sent it/,
        );
        uids.add(quota.uid);
      }
      t.is(uids.size, 12, 'each is told its own user');
      const other = await connect();
      t.is(
        textOf((await within('an answer', other.root.call({ bytes: bytesOf('ping there') }))).bytes),
        'there',
      );
      service.resume();
      for (const user of users) await user.ask('persist', 'slow', 3, messageBytes);
      await drop(other.root, 'slow');
    }),
);

test.serial('Q3: of two programs of one user one is stuck, and the other gets its messages', (t) =>
  meeting(t, async ({ connect, spawn }) => {
    const [stuck, healthy, sender] = [
      await spawn(firstUid),
      await spawn(firstUid),
      await spawn(firstUid + 1),
    ];
    for (const [child, name] of [
      [stuck, 'stuck'],
      [healthy, 'healthy'],
    ] as const) {
      await child.ask('node', name, 'echo');
      await child.ask('put', name);
      await sender.ask('take', name);
    }
    stuck.stop();
    const { quota } = await fill(sender, 'stuck');
    t.is(quota.whose, 'flow');
    // The same program, another of its user, and another user: all reach the healthy one.
    t.is(await sender.ask('call', 'healthy', 'from who filled the other'), 'from who filled the other');
    const second = await spawn(firstUid + 1);
    await second.ask('take', 'healthy');
    await second.ask('take', 'stuck');
    t.is(await second.ask('call', 'healthy', 'from its user'), 'from its user');
    t.true((await fill(second, 'stuck')).accepted > 0, 'the other program of the sender has a part, too');
    const session = await connect();
    t.is(await called(session, 'healthy', 'from root'), 'from root');
    stuck.resume();
    await eventually(
      'the stuck one has all',
      async () => (await sender.ask('persist', 'stuck', 1, 10)) !== undefined,
    );
    for (const name of ['stuck', 'healthy']) await drop(session.root, name);
  }),
);

test.serial('M8: a client that never reads its answers gets no service into trouble', (t) =>
  meeting(t, async ({ connect, spawn }) => {
    const [service, bad, good] = [await connect(), await spawn(firstUid), await spawn(firstUid + 1)];
    const inbox = createCollector(service.peer);
    const busy = createCollector(service.peer, echo);
    await put(service.root, 'inbox', inbox.node);
    await put(service.root, 'busy', busy.node);
    await bad.ask('take', 'inbox');
    await good.ask('take', 'busy');
    const count = 2_000;
    await bad.ask('startCalls', 'inbox', count, 20);
    await eventually('the calls have arrived', () => inbox.deliveries.length >= count);
    bad.stop();
    // 120 MB of answers that nobody reads: what the caller has no room for is lost to the caller.
    const bytes = new Uint8Array(60_000);
    for (const [at, { reply }] of inbox.deliveries.entries()) {
      t.notThrows(() => reply?.send({ bytes }));
      // The service's own connection takes no more than it can carry in a turn.
      if (at % 20 === 0) t.is(await good.ask('call', 'busy', `${at}`), `${at}`);
    }
    bad.resume();
    let outcomes: string[] = [];
    await eventually('each call ends', async () => {
      outcomes = (await bad.ask('outcomes')) as string[];
      return outcomes.length >= count;
    });
    t.is(outcomes.length, count);
    t.deepEqual([...new Set(outcomes)].sort(), ['answer of 60000', 'reply-lost']);
    for (const name of ['inbox', 'busy']) await drop(service.root, name);
  }),
);

test.serial(
  'Q2, Q6: a service that is flooded by one user serves another within a bounded number of turns',
  (t) =>
    meeting(t, async ({ connect, spawn }) => {
      const [service, flooder, good] = [await connect(), await spawn(firstUid), await connect()];
      const busy = createCollector(service.peer, echo);
      await put(service.root, 'busy', busy.node);
      await flooder.ask('take', 'busy');
      await flooder.ask('flood', 'busy', messageBytes);
      await eventually('the flood has begun', () => busy.deliveries.length > 100);
      const before = busy.deliveries.length;
      for (let at = 0; at < 20; at += 1) t.is(await called(good, 'busy', `${at}`), `${at}`);
      // Each call waits at most for what is under way before it.
      const flood = busy.deliveries.length - before;
      t.true(flood < 20 * 4_000, `${flood} messages of the flood in 20 calls`);
      await flooder.kill();
      await drop(service.root, 'busy');
    }),
);

test.serial(
  'Q5: a refused program of another user that tries again only when told gets everything through',
  (t) =>
    meeting(t, async ({ connect, spawn }) => {
      const [slow, sender] = [await spawn(firstUid), await spawn(firstUid + 1)];
      await slow.ask('node', 'slow', 'keep');
      await slow.ask('put', 'slow');
      await sender.ask('take', 'slow');
      slow.stop();
      const { accepted } = await fill(sender, 'slow');
      const count = 1_000;
      const tellings = sender.ask('persist', 'slow', count, messageBytes);
      // It has something to be told of before there is room.
      await eventually('it is refused', async () => ((await sender.ask('outcomes')) as string[]).length > 0);
      slow.resume();
      const told = (await tellings) as number;
      t.true(told >= 1 && told <= count / 10, `told ${told} times for ${count} messages`);
      await eventually('all have arrived', async () => {
        return ((await slow.ask('texts', 'slow')) as string[]).length === accepted + count;
      });
      await drop((await connect()).root, 'slow');
    }),
);

test('Q6: connections are shared like everything else', (t) => {
  const shares = new ConnectionShares(peersMax);
  const taken = [1, 2, 3].map((uid) => {
    let count = 0;
    while (shares.enter(uid)) count += 1;
    return count;
  });
  t.deepEqual(taken, [8_192, 2_730, 1_365]);
  for (const [at, count] of taken.entries()) for (let left = 0; left < count; left += 1) shares.leave(at + 1);
  t.true(shares.enter(4));
  shares.leave(4);
  shares.leave(4);
  let again = 0;
  while (shares.enter(5)) again += 1;
  t.is(again, 8_192);
});
