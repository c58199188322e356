/** Grants that can be taken back singly, on every transport of the catalog (bus N8). */
import { closeSync, openSync } from 'node:fs';
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/index.js';
import { facet } from '../../clients/library/index.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { type Fixture, inWorld } from '../conformance/fixture.js';
import { memoryFixture } from '../conformance/memory-fixture.js';
import { eventually, within } from '../support/eventually.js';

const fixtures: readonly Fixture[] = [
  memoryFixture,
  catalogFixture('sockets'),
  catalogFixture('bus'),
  catalogFixture('datagram'),
];

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytesOf = (words: string): Uint8Array => Buffer.from(words);

for (const fixture of fixtures) {
  const { name } = fixture;

  test.serial(`N8 ${name}: an owner takes one grant back, and the others keep theirs`, async (t) => {
    await inWorld(fixture, async (world) => {
      const [owner, one, other] = [await world.connect(), await world.connect(), await world.connect()];
      const grants = ['one', 'other'].map((who) =>
        facet(owner.peer, {
          message: ({ bytes, reply }) => reply?.send({ bytes: bytesOf(who + text(bytes)) }),
        }),
      );
      const [first, second] = grants;
      if (first === undefined || second === undefined) return;
      const handle = await world.handleTo(owner, first.node, one);
      const kept = await world.handleTo(owner, second.node, other);
      t.is(
        text((await handle.call({ bytes: bytesOf(' a') })).bytes),
        'one a',
        'each grant has its own cookie',
      );
      first.revoke();
      first.revoke();
      t.true(first.isRevoked);
      t.is(await within('gone', handle.gone), 'node-gone');
      t.is(text((await kept.call({ bytes: bytesOf(' b') })).bytes), 'other b');
      second.revoke();
    });
  });

  test.serial(`N8 ${name}: a holder gives a grant that it can take back, with less in it`, async (t) => {
    await inWorld(fixture, async (world) => {
      const [owner, holder, guest] = [await world.connect(), await world.connect(), await world.connect()];
      const got: string[] = [];
      const node = owner.peer.createNode({
        message: ({ bytes, handles, descriptors, reply }) => {
          got.push(text(bytes));
          for (const descriptor of descriptors) closeSync(descriptor);
          const carried = { bytes: bytesOf(`${text(bytes)} answered, ${descriptors.length}`), handles };
          reply?.send(carried);
          for (const each of handles) each.close();
        },
      });
      const handle = await world.handleTo(owner, node, holder);
      const grant = facet(holder.peer, handle, { allows: ({ bytes }) => !text(bytes).startsWith('no') });
      const guests = await world.handleTo(holder, grant.node, guest);

      for (let at = 0; at < 20; at += 1) void guests.send({ bytes: bytesOf(`m${at}`) });
      await guests.send({ bytes: bytesOf('no') });
      const forbidden = await within(
        'a refusal',
        guests.call({ bytes: bytesOf('not this') }).catch((error: unknown) => error),
      );
      t.true(hasCode(forbidden, ErrorCode.ReplyLost), String(forbidden));
      const own = guest.peer.createNode({ message: ({ reply }) => reply?.send({ bytes: bytesOf('mine') }) });
      const descriptors = fixture.manifest.passesDescriptors ? [openSync('/dev/null', 'r')] : [];
      const answer = await within(
        'an answer',
        guests.call({ bytes: bytesOf('call'), handles: [own], descriptors }),
      );
      t.is(text(answer.bytes), `call answered, ${descriptors.length}`);
      const [back] = answer.handles;
      t.is(
        text((await within('home', back?.call({ bytes: bytesOf('') }) ?? Promise.reject())).bytes),
        'mine',
      );
      back?.close();
      t.deepEqual(
        got,
        [...Array.from({ length: 20 }, (_, at) => `m${at}`), 'call'],
        'in order, and nothing forbidden',
      );

      grant.revoke();
      t.is(await within('gone', guests.gone), 'node-gone');
      t.is(
        text((await handle.call({ bytes: bytesOf('still') })).bytes),
        'still answered, 0',
        'the holder keeps its own',
      );
      handle.close();
    });
  });

  test.serial(`N8 ${name}: a grant ends with its object`, async (t) => {
    await inWorld(fixture, async (world) => {
      const [owner, holder, guest] = [await world.connect(), await world.connect(), await world.connect()];
      const node = owner.peer.createNode({ message: () => undefined });
      const handle = await world.handleTo(owner, node, holder);
      const grant = facet(holder.peer, handle);
      handle.close();
      const guests = await world.handleTo(holder, grant.node, guest);
      const waiting = guests.call({ bytes: bytesOf('') }).catch((error: unknown) => error);
      node.destroy();
      t.is(await within('gone', guests.gone), 'node-gone');
      t.true(grant.isRevoked);
      const error = await within('the end of the call', waiting);
      t.true(hasCode(error, ErrorCode.ReplyLost) || hasCode(error, ErrorCode.NodeGone), String(error));
    });
  });
}

test.serial(
  'N8 memory: what the object has no room for waits in the grant, in order, up to a limit',
  async (t) => {
    await inWorld(memoryFixture, async (world) => {
      const [owner, holder, guest] = [await world.connect(), await world.connect(), await world.connect()];
      const got: number[] = [];
      const node = owner.peer.createNode({
        message: ({ bytes }) => got.push(Buffer.from(bytes).readUInt32LE(0)),
      });
      const handle = await world.handleTo(owner, node, holder);
      let lost = 0;
      const grant = facet(holder.peer, handle, { onLost: () => (lost += 1) });
      const guests = await world.handleTo(holder, grant.node, guest);
      const resume = world.hold(owner.peer);
      const large = Buffer.alloc(world.manifest.messageBytesMax);
      let sent = 0;
      for (; lost < 3 && sent < 100_000; sent += 1) {
        large.writeUInt32LE(sent, 0);
        await guests.send({ bytes: large });
        await new Promise((resolve) => setImmediate(resolve));
      }
      t.is(lost, 3);
      resume();
      await eventually('all that was not lost', () => got.length === sent - lost);
      t.deepEqual(
        got,
        got.toSorted((one, other) => one - other),
      );
      handle.close();
      grant.revoke();
    });
  },
);
