/** Rules of the bus that no other file is about, on real connections (docs/spec/bus.md). */
import { closeSync, openSync, readFileSync } from 'node:fs';
import test from 'ava';
import type { Delivery, Handle, Session } from '../../broker/contract/transport.js';
import { BusHandle } from '../../transports/bus/handle.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/fixture.js';
import { eventually, within } from '../support/eventually.js';

const fixture = catalogFixture('bus');
const closeOnExec = 0o2000000;
const bytesOf = (words: string): Uint8Array => Buffer.from(words);
const text = ({ bytes }: { readonly bytes: Uint8Array }): string => Buffer.from(bytes).toString();

/** Takes what arrives, with everything in it. */
function keeper(session: Session): { node: ReturnType<Session['peer']['createNode']>; got: Delivery[] } {
  const got: Delivery[] = [];
  return { node: session.peer.createNode({ message: (delivery) => got.push(delivery) }), got };
}

/** The ids under which a newcomer gets to know two nodes of these owners, and all that it is shown of their senders. */
async function idsOf(world: World, owners: readonly [Session, Session]): Promise<unknown[]> {
  const holder = await world.connect();
  const box = keeper(holder);
  const handles: Handle[] = [];
  for (const owner of owners) {
    const toBox = await world.handleTo(holder, box.node, owner);
    await toBox.send({ bytes: bytesOf(''), handles: [owner.peer.createNode({ message: () => undefined })] });
    await eventually('its arrival', () => box.got.length === handles.length + 1);
    handles.push(...(box.got.at(-1)?.handles ?? []));
  }
  const ids = handles.map((handle) =>
    handle instanceof BusHandle ? [handle.target.word, handle.target.generation] : undefined,
  );
  return [...ids, ...box.got.map(({ sender }) => sender)];
}

test.serial('P2 whether two nodes share a peer shows nowhere', async (t) => {
  await inWorld(fixture, async (world) => {
    const [one, other] = [await world.connect(), await world.connect()];
    const ofOne = await idsOf(world, [one, one]);
    const ofTwo = await idsOf(world, [one, other]);
    t.is(ofOne.length, 4);
    t.true(ofOne.every((each) => each !== undefined));
    t.deepEqual(ofOne, ofTwo);
  });
});

test.serial(
  'N6 a handle goes from hand to hand, each giver keeps its own, and all of them work',
  async (t) => {
    await inWorld(fixture, async (world) => {
      const owner = await world.connect();
      const own = keeper(owner);
      let session = await world.connect();
      const held = [await world.handleTo(owner, own.node, session)];
      for (let hand = 1; hand < 5; hand += 1) {
        const next = await world.connect();
        const box = keeper(next);
        const toBox = await world.handleTo(next, box.node, session);
        await toBox.send({ bytes: bytesOf(''), handles: held.slice(-1) });
        await eventually('the next hand', () => box.got.length === 1);
        held.push(...(box.got[0]?.handles ?? []));
        session = next;
      }
      for (const [at, each] of held.entries()) await each.send({ bytes: bytesOf(`${at}`) });
      await eventually('messages from all hands', () => own.got.length === 5);
      t.deepEqual(own.got.map(text), ['0', '1', '2', '3', '4']);
    });
  },
);

test.serial(
  'M3 a receiver sees its own node, handles of its own, and descriptors that no program inherits',
  async (t) => {
    await inWorld(fixture, async (world) => {
      const [receiver, sender] = [await world.connect(), await world.connect()];
      const [one, other] = [keeper(receiver), keeper(receiver)];
      const [toOne, toOther] = [
        await world.handleTo(receiver, one.node, sender),
        await world.handleTo(receiver, other.node, sender),
      ];
      const descriptors = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
      await toOne.send({ bytes: bytesOf('to one'), handles: [toOther], descriptors });
      await toOther.send({ bytes: bytesOf('to the other') });
      await eventually('both', () => one.got.length === 1 && other.got.length === 1);
      const [got] = one.got;
      t.is(got?.descriptors.length, 2);
      for (const descriptor of got?.descriptors ?? []) {
        const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
        t.true((Number.parseInt(flags ?? '0', 8) & closeOnExec) !== 0, flags);
        closeSync(descriptor);
      }
      // The sender's handle has come home: it leads to the receiver's own node.
      await got?.handles[0]?.send({ bytes: bytesOf('home') });
      await eventually('home', () => other.got.length === 2);
      t.deepEqual(other.got.map(text), ['to the other', 'home']);
    });
  },
);

test.serial(
  'T4 the end of a node stands in the queue between the messages before and after it',
  async (t) => {
    await inWorld(fixture, async (world) => {
      const [owner, holder] = [await world.connect(), await world.connect()];
      for (let round = 0; round < 50; round += 1) {
        const seen: string[] = [];
        const doomed = owner.peer.createNode({ message: () => undefined });
        const box = holder.peer.createNode({
          message: (delivery) => seen.push(`${text(delivery)}: ${handle.isGone ? 'gone' : 'there'}`),
        });
        const handle = await world.handleTo(owner, doomed, holder);
        const toBox = await world.handleTo(holder, box, owner);
        void toBox.send({ bytes: bytesOf('before') });
        doomed.destroy();
        await toBox.send({ bytes: bytesOf('after') });
        await eventually('both', () => seen.length === 2);
        t.deepEqual(seen, ['before: there', 'after: gone']);
        box.destroy();
      }
    });
  },
);

test.serial(
  'O2, O5: receivers agree on everything that was sent at once, and the numbers show it',
  async (t) => {
    await inWorld(fixture, async (world) => {
      const receivers = [await world.connect(), await world.connect(), await world.connect()];
      const boxes = receivers.map(keeper);
      const senders = [
        await world.connect(),
        await world.connect(),
        await world.connect(),
        await world.connect(),
      ];
      const accepted = new Map<string, number>();
      const sent: Promise<void>[] = [];
      const multicasts = 100;
      const handles = new Map<Session, Handle[]>();
      for (const [at, receiver] of receivers.entries()) {
        const node = boxes[at]?.node;
        if (node === undefined) continue;
        for (const [place, handle] of (await world.introduce(receiver, node, ...senders)).entries()) {
          const sender = senders[place];
          if (sender !== undefined) handles.set(sender, [...(handles.get(sender) ?? []), handle]);
        }
      }
      for (let at = 0; at < multicasts; at += 1) {
        for (const [who, sender] of senders.entries()) {
          const name = `${who}.${at}`;
          const sending = sender.peer.multicast(handles.get(sender) ?? [], { bytes: bytesOf(name) });
          sent.push(sending.then(({ sequence }) => void accepted.set(name, sequence)));
        }
      }
      await within('acceptance', Promise.all(sent));
      await eventually('all of them', () =>
        boxes.every(({ got }) => got.length === multicasts * senders.length),
      );
      const [first] = boxes;
      for (const { got } of boxes) {
        t.deepEqual(got.map(text), first?.got.map(text));
        t.deepEqual(
          got.map(({ sequence }) => sequence),
          got.map((delivery) => accepted.get(text(delivery)) ?? 0),
        );
        t.true(got.every(({ sequence }, at) => sequence > (got[at - 1]?.sequence ?? 0)));
      }
    });
  },
);

test.serial(
  'O3 what is caused by the completion of a send comes after it, through whatever channel',
  async (t) => {
    await inWorld(fixture, async (world) => {
      const [receiver, one, other] = [await world.connect(), await world.connect(), await world.connect()];
      const box = keeper(receiver);
      const [ofOne, ofOther] = await world.introduce(receiver, box.node, one, other);
      const rounds = 200;
      for (let round = 0; round < rounds; round += 1) {
        // The cause is long and the effect short, and they come over different connections to the broker.
        await ofOne?.send({ bytes: Buffer.alloc(32_768, 'c') });
        await ofOther?.send({ bytes: bytesOf('effect') });
      }
      await eventually('all of them', () => box.got.length === 2 * rounds);
      const inversions = box.got.filter(({ bytes }, at) => (at % 2 === 0) !== bytes.length > 10);
      t.is(inversions.length, 0);
    });
  },
);
