/**
 * Rules F2 and F3: a broker and a receiver that have no descriptors left, in processes with a small limit.
 */
import test from 'ava';
import { descriptorReserve } from '../../broker/contract/limits.js';
import type { Session } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/index.js';
import { bytesOf, createCollector, textOf } from '../support/collector.js';
import { eventually, pause, within } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import type { PeerChild } from '../support/peer-child.js';
import { descriptorCount, limitDescriptors } from '../support/processes.js';

const native = loadNative();
/** The loop trusts its count of free descriptors for a tenth of a second. */
const countMs = 150;

function inBus(body: (world: World) => Promise<void>): Promise<void> {
  return inWorld(catalogFixture('bus'), body);
}

/** How many descriptors the process may have from now on; its loop has noticed. */
async function limitTo(pid: number, limit: number): Promise<void> {
  limitDescriptors(pid, limit);
  await pause(countMs);
}

function duplicates(count: number): number[] {
  return Array.from({ length: count }, () => native.duplicate(2));
}

/** A broker in a process of its own. */
async function spawnBroker(world: World): Promise<{ readonly broker: PeerChild; readonly path: string }> {
  const broker = await world.spawn();
  const path = `${world.directory}/broker`;
  await broker.ask('serve', path);
  return { broker, path };
}

async function ping(session: Session): Promise<string> {
  const answer = await within('an answer', session.root.call({ bytes: bytesOf('ping there') }));
  return textOf(answer.bytes);
}

test.serial('F2 a receiver without free descriptors gets the message later, and whole', (t) =>
  inBus(async (world) => {
    const [sender, receiver] = [await world.connect(), await world.spawn()];
    await receiver.ask('connect', world.path);
    await receiver.ask('node', 'full', 'keep');
    await receiver.ask('put', 'full');
    const handle = await take(sender.root, 'full');
    await drop(sender.root, 'full');
    const before = descriptorCount(receiver.pid);
    await limitTo(receiver.pid, before + descriptorReserve + 16);
    await handle.send({ bytes: bytesOf('whole'), descriptors: duplicates(60) });
    await pause(100);
    t.deepEqual(await receiver.ask('texts', 'full'), []);
    t.is(await ping(sender), 'there');
    await limitTo(receiver.pid, before + 400);
    await eventually('the descriptors', () => descriptorCount(receiver.pid) === before + 60);
    t.deepEqual(await receiver.ask('texts', 'full'), ['whole']);
  }),
);

test.serial('F3 a broker without free descriptors lets newcomers wait, and serves those who are there', (t) =>
  inBus(async (world) => {
    const { broker, path } = await spawnBroker(world);
    const connect = (): Promise<Session> => world.transport.connect({ path });
    const [first, second] = [await connect(), await connect()];
    const inbox = createCollector(second.peer);
    await put(first.root, 'unused', first.peer.createNode({ message: () => {} }));
    await put(second.root, 'inbox', inbox.node);
    const handle = await take(first.root, 'inbox');
    const open = descriptorCount(broker.pid);
    await limitTo(broker.pid, open + descriptorReserve);
    let isWelcome = false;
    const newcomer = connect().finally(() => {
      isWelcome = true;
    });
    // What brings descriptors waits in the kernel, and whoever sent it with it; nobody else does.
    const sent = handle.send({ bytes: bytesOf('later'), descriptors: duplicates(20) });
    t.is(await ping(second), 'there');
    await pause(100);
    t.is(await ping(second), 'there');
    t.false(isWelcome);
    t.deepEqual(inbox.texts, []);
    await eventually('the broker has nothing of it', () => descriptorCount(broker.pid) === open);
    await limitTo(broker.pid, open + descriptorReserve + 100);
    const third = await within('the newcomer', newcomer);
    t.is(await ping(third), 'there');
    await within('the message', sent);
    const delivery = await inbox.delivery(0);
    t.is(delivery.descriptors.length, 20);
    for (const descriptor of delivery.descriptors) native.close(descriptor);
    for (const { peer } of [first, second, third]) peer.close();
    await eventually('the broker has closed them', () => descriptorCount(broker.pid) === open - 2);
  }),
);

test.serial('F2 too many descriptors in flight delay their receiver only, and all arrive', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('left out: only root can give the broker a user of its own');
    t.pass();
    return;
  }
  await inBus(async (world) => {
    const { broker, path } = await spawnBroker(world);
    const sender = await world.transport.connect({ path });
    const receiver = await world.spawn();
    await receiver.ask('connect', path);
    await receiver.ask('node', 'slow', 'keep');
    await receiver.ask('put', 'slow');
    const handle = await take(sender.root, 'slow');
    const open = descriptorCount(broker.pid);
    const before = descriptorCount(receiver.pid);
    // The kernel allows a user as many in flight as a process of it may have open.
    await limitTo(broker.pid, open + descriptorReserve + 60);
    await broker.ask('become', 54_325, 54_325);
    receiver.stop();
    for (let at = 0; at < 8; at += 1) {
      await within('acceptance', handle.send({ bytes: bytesOf(`${at}`), descriptors: duplicates(40) }));
      t.is(await ping(sender), 'there');
      // Those in flight are above the limit now: the rest waits in the broker, for as long as it has room.
      if (descriptorCount(broker.pid) > open) break;
    }
    t.is(descriptorCount(broker.pid), open + 40, 'one message waits in the broker');
    const last = handle.send({ bytes: bytesOf('without descriptors') });
    t.is(await ping(sender), 'there');
    receiver.resume();
    await within('acceptance', last);
    await eventually('all have arrived', async () => {
      return ((await receiver.ask('texts', 'slow')) as string[]).at(-1) === 'without descriptors';
    });
    const texts = (await receiver.ask('texts', 'slow')) as string[];
    t.deepEqual(texts.slice(0, -1), [...texts.keys()].slice(0, -1).map(String));
    t.is(descriptorCount(receiver.pid), before + 40 * (texts.length - 1));
    // It closes its own after the receiver has them.
    await eventually('the broker has closed its own', () => descriptorCount(broker.pid) === open);
    sender.peer.close();
  });
});
