/**
 * Rules S7 to S9 and S15: how connections end, what shares a packet, and who is slowed down.
 */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import type { Session } from '../../broker/contract/transport.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import type { RawSocket } from '../support/raw-connection.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import { framesOf, inSocketsWorld } from '../support/sockets-world.js';

test.serial('S7 revocation ends one connection: calls in flight may have been processed, others go on', (t) =>
  inSocketsWorld(async (world) => {
    const [owner, bad, good] = [await world.connect(), await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer, (delivery) => {
      if (textOf(delivery.bytes) === 'please revoke') delivery.revoke();
      else echo(delivery);
    });
    const [fromBad, fromGood] = await world.introduce(owner, inbox.node, bad, good);
    if (fromBad === undefined || fromGood === undefined) throw new Error('no handles');
    const revoked = fromBad.call({ bytes: bytesOf('please revoke') });
    const unread = fromBad.call({ bytes: bytesOf('behind it') });
    for (const call of [revoked, unread]) {
      const error = await t.throwsAsync(within('the end of the call', call));
      t.true(hasCode(error, ErrorCode.ReplyLost));
      t.regex(String(error), /may have been processed/);
    }
    t.is(await within('the end', fromBad.gone), 'node-gone');
    t.deepEqual(inbox.texts, ['please revoke'], 'nothing is delivered after the revocation');
    t.is(textOf((await fromGood.call({ bytes: bytesOf('hello') })).bytes), 'hello');
    t.is(inbox.unusedCount, 0);
  }),
);

test.serial('S7 what the owner sent arrives, also when it ended with unread messages', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const [answered, unanswered] = ['a', 'b'].map((text) => session.root.call({ bytes: bytesOf(text) }));
    await eventually('the calls', () => framesOf(owner).length === 3);
    owner.setReading(false);
    await session.root.send({ bytes: bytesOf('never read') });
    await turns();
    owner.send(encodePacket([textFrame('reply', 'still said', 0)]));
    owner.close();
    t.is(textOf((await within('the reply', answered ?? Promise.reject())).bytes), 'still said');
    const error = await t.throwsAsync(within('the loss', Promise.resolve(unanswered)));
    t.true(hasCode(error, ErrorCode.ReplyLost));
    const refused = await t.throwsAsync(session.root.send({ bytes: bytesOf('too late') }));
    t.true(hasCode(refused, ErrorCode.Disconnected));
  }),
);

/** How an owner can end a connection, and what the kernel makes of it for the holder. */
const endings: Record<string, (owner: RawSocket, session: Session) => Promise<void>> = {
  // The holder's queue is empty: end-of-file.
  'with nothing unread': async (owner) => owner.close(),
  // Something of the holder's lies unread: ECONNRESET.
  'with something unread': async (owner, { root }) => {
    owner.setReading(false);
    await root.send({ bytes: bytesOf('never read') });
    await turns();
    owner.close();
  },
  // The holder sends before it has seen the end: EPIPE, in the same turn.
  'while the holder is about to send': async (owner, { root }) => {
    void root.send({ bytes: bytesOf('in vain') });
    owner.close();
  },
  // More than the kernel takes waits on the holder's side.
  'while a queue waits for it': async (owner, { root }) => {
    owner.setReading(false);
    for (let at = 0; at < 20; at += 1) await root.send({ bytes: new Uint8Array(60_000) });
    await turns();
    owner.close();
  },
  // GONE is the owner's last word, and the connection ends behind it.
  'by a word': async (owner, { root }) => {
    owner.setReading(false);
    await root.send({ bytes: bytesOf('never read') });
    await turns();
    owner.send(encodePacket([{ kind: 'gone' }]));
  },
};

for (const [how, end] of Object.entries(endings)) {
  test.serial(`S7 an owner ends a connection ${how}: gone once, and calls may have been processed`, (t) =>
    inSocketsWorld(async (world) => {
      const { session, owner } = await world.rawOwner();
      const { root, peer } = session;
      const calls = ['a', 'b'].map((text) => root.call({ bytes: bytesOf(text) }));
      await eventually('the calls', () => framesOf(owner).length === 3);
      let goneCount = 0;
      void root.gone.then(() => {
        goneCount += 1;
      });
      const writable = root.writable();
      // What it said before arrives, whatever lies in the other direction.
      owner.send(encodePacket([textFrame('reply', 'said', 0)]));
      await end(owner, session);
      const late = root.call({ bytes: bytesOf('late') });
      t.is(textOf((await within('the reply', calls[0] ?? Promise.reject())).bytes), 'said');
      const lost = await t.throwsAsync(within('the loss', Promise.resolve(calls[1])));
      t.true(hasCode(lost, ErrorCode.ReplyLost), String(lost));
      t.regex(String(lost), /may have been processed/);
      // One that was made before the end was seen may have been sent; it is never refused as if it surely had not.
      const lateError = await t.throwsAsync(within('the late call', late));
      t.true(hasCode(lateError, ErrorCode.ReplyLost), String(lateError));
      const reason = how === 'by a word' ? 'node-gone' : 'disconnected';
      t.is(await within('gone', root.gone), reason);
      await within('writable', writable);
      const after = await t.throwsAsync(root.send({ bytes: bytesOf('after') }));
      const code = how === 'by a word' ? ErrorCode.NodeGone : ErrorCode.Disconnected;
      t.true(hasCode(after, code), String(after));
      await turns();
      t.is(goneCount, 1);
      t.is(peer.usage().callsOutstanding, 0);
    }),
  );
}

test.serial(
  'S7 the end of a node takes all connections, and a revocation takes one: not even its clones',
  (t) =>
    inSocketsWorld(async (world) => {
      const [owner, holder, other] = [await world.connect(), await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, (delivery) => {
        if (textOf(delivery.bytes) === 'revoke') delivery.revoke();
        else echo(delivery);
      });
      const [handle, theirs] = await world.introduce(owner, inbox.node, holder, other);
      if (handle === undefined || theirs === undefined) throw new Error('no handles');
      const clone = handle.clone();
      // What stands in the queue behind the revocation is not delivered; what stood before it is.
      const results = ['one', 'revoke', 'two'].map((text) => handle.call({ bytes: bytesOf(text) }));
      t.is(textOf((await within('the first', results[0] ?? Promise.reject())).bytes), 'one');
      for (const result of results.slice(1)) {
        const lost = await t.throwsAsync(within('the loss', result));
        t.true(hasCode(lost, ErrorCode.ReplyLost));
      }
      t.is(await within('gone', handle.gone), 'node-gone');
      t.deepEqual(inbox.texts, ['one', 'revoke']);
      // A clone is a grant of its own, and so is what was given away before.
      for (const each of [clone, theirs]) {
        t.is(textOf((await each.call({ bytes: bytesOf('still') })).bytes), 'still');
      }
      const inFlight = [clone, theirs].map((each) => each.call({ bytes: bytesOf('in flight') }));
      inbox.node.destroy();
      for (const call of inFlight) {
        const lost = await t.throwsAsync(within('the loss', call));
        t.true(hasCode(lost, ErrorCode.ReplyLost));
      }
      for (const each of [clone, theirs]) t.is(await within('gone', each.gone), 'node-gone');
      for (const each of [handle, clone, theirs]) each.close();
    }),
);

test.serial('S7 the end of the server ends no handle to others', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    // The owner of the root gives a handle to somebody else's node in a reply.
    const call = session.root.call({ bytes: bytesOf('?') });
    await eventually('the call', () => framesOf(owner).length === 2);
    const inbox = createCollector(world.server.peer, echo);
    const transfers = [{ kind: 'handle' as const, fence: 0 }];
    owner.send(encodePacket([{ ...textFrame('reply', 'x', 0, 1), transfers }]), [
      world.server.invite(inbox.node),
    ]);
    const [other] = (await within('the reply', call)).handles;
    if (other === undefined) throw new Error('no handle arrived');
    owner.close();
    t.is(await within('the end', session.peer.ended), 'disconnected');
    t.is(textOf((await within('an answer', other.call({ bytes: bytesOf('alive') }))).bytes), 'alive');
    other.close();
    inbox.node.destroy();
  }),
);

test.serial('S8 an attachment that waits behind the end of its giver keeps the node in use', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer);
    const giver = world.raw(world.server.invite(inbox.node));
    const { raw: receiver, descriptor } = world.rawPair(true);
    // All of it is in the kernel before the owner reads anything: HELLO, ATTACH, end-of-file.
    giver.send(encodePacket([helloFrame(), { kind: 'attach', fence: 1 }]), [descriptor]);
    giver.close();
    await eventually('the end of the giver', () => world.server.peers === 0);
    await turns();
    t.is(inbox.unusedCount, 0);
    receiver.send(encodePacket([helloFrame(1), textFrame('message', 'in use')]));
    await inbox.delivery(0);
    receiver.close();
    await eventually('unused', () => inbox.unusedCount === 1);
    inbox.node.destroy();
  }),
);

test.serial('S8 what was sent before the last connection ended comes before unused', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer, () => t.is(inbox.unusedCount, 0));
    const holder = world.raw(world.server.invite(inbox.node));
    holder.send(encodePacket([helloFrame()]));
    for (let at = 0; at < 50; at += 1) holder.send(encodePacket([textFrame('message', `${at}`)]));
    holder.close();
    await eventually('unused', () => inbox.unusedCount === 1);
    t.is(inbox.deliveries.length, 50);
    // Not final for the node: it can be given away again.
    world.native.close(world.server.invite(inbox.node));
    await eventually('unused again', () => inbox.unusedCount === 2);
    inbox.node.destroy();
  }),
);

test.serial('S9 frames that are sent in one turn share a packet', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const before = owner.packets.length;
    for (let at = 0; at < 200; at += 1) void session.root.send({ bytes: bytesOf(`${at}`) });
    await eventually('the messages', () => framesOf(owner).length === 201);
    t.is(owner.packets.length - before, 1);
  }),
);

test.serial(
  'S9 a multicast, copied once, arrives whole everywhere, also when the arena is full in between',
  (t) =>
    inSocketsWorld(async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inboxes = Array.from({ length: 5 }, () => createCollector(owner.peer));
      const handles = [];
      for (const { node } of inboxes) handles.push(await world.handleTo(owner, node, sender));
      const payloads = Array.from({ length: 90 }, (_, at) => new Uint8Array(59_990 + (at % 9)).fill(at));
      for (const bytes of payloads) {
        const { outcomes } = await sender.peer.multicast(handles, { bytes });
        t.true(outcomes.every(({ ok }) => ok));
      }
      await sender.peer.multicast(handles, { bytes: new Uint8Array(0) });
      for (const inbox of inboxes) {
        await inbox.delivery(payloads.length);
        for (const [at, { bytes }] of inbox.deliveries.entries()) {
          t.true(Buffer.from(bytes).equals(Buffer.from(payloads[at] ?? [])), `message ${at}`);
        }
      }
    }),
);

test.serial('S9 a bad frame behind good ones has no half effect', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer);
    const holder = world.raw(world.server.invite(inbox.node));
    holder.send(encodePacket([helloFrame()]));
    await eventually('the welcome', () => holder.packets.length === 1);
    const good = encodePacket([textFrame('message', 'good')]);
    holder.send(Uint8Array.from([...good, 8, 0, 0, 0, 77, 0, 0, 0]));
    await eventually('the end', () => holder.isEnded);
    t.is(inbox.deliveries.length, 0);
    inbox.node.destroy();
  }),
);

test.serial(
  'S9 an owner that sends garbage is a node that is gone, and a broken server is disconnected',
  (t) =>
    inSocketsWorld(async (world) => {
      const { session, owner } = await world.rawOwner();
      const clone = session.root.clone();
      await eventually('the attachment', () => owner.descriptors.length === 1);
      const attached = world.raw(owner.descriptors.pop() ?? -1);
      const call = clone.call({ bytes: bytesOf('?') });
      await eventually('the call', () => attached.packets.length === 1);
      attached.send(new Uint8Array(16).fill(0xff));
      t.true(hasCode(await t.throwsAsync(within('the end of the call', call)), ErrorCode.ReplyLost));
      t.is(await within('the end', clone.gone), 'node-gone');
      owner.send(encodePacket([textFrame('message', 'an owner sends no messages')]));
      t.is(await within('the end', session.peer.ended), 'disconnected');
    }),
);

test.serial(
  'S15 who does not read replies is not read from, gets a bounded number, and is told of the rest',
  (t) =>
    inSocketsWorld(async (world) => {
      const count = 1000;
      const reply = new Uint8Array(60_000);
      const inbox = createCollector(world.server.peer, (delivery) => delivery.reply?.send({ bytes: reply }));
      const slow = world.raw(world.server.invite(inbox.node));
      const quick = await world.transport.connect({ descriptor: world.server.invite(inbox.node) });
      slow.send(encodePacket([helloFrame()]));
      await eventually('the welcome', () => slow.packets.length === 1);
      slow.setReading(false);
      slow.send(encodePacket(Array.from({ length: count }, (_, at) => textFrame('call', '?', at))));
      await eventually('the calls', () => inbox.deliveries.length === count);
      await turns();
      slow.send(encodePacket([textFrame('call', 'later', count)]));
      for (let at = 0; at < 10; at += 1) {
        t.is((await quick.root.call({ bytes: bytesOf('?') })).bytes.byteLength, reply.byteLength);
      }
      t.is(inbox.deliveries.length, count + 10, 'the slow one is not read from');
      slow.setReading(true);
      await eventually('the end of all calls', () => framesOf(slow).length === count + 2);
      const kinds = framesOf(slow).map(({ kind }) => kind);
      const answered = kinds.filter((kind) => kind === 'reply').length;
      t.true(answered > 10 && answered < count / 2, `${answered} were answered`);
      t.is(kinds.filter((kind) => kind === 'reply-lost').length, count + 1 - answered);
      quick.peer.close();
      inbox.node.destroy();
    }),
);
