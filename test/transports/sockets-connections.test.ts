/**
 * Rules S1 to S6, S12 and S16: connections, how they are made and given away, and who speaks on them.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { helloTimeoutMs } from '../../broker/contract/limits.js';
import type { Handle } from '../../broker/contract/transport.js';
import { createSocketsTransport } from '../../transports/sockets/index.js';
import { SocketsPeer } from '../../transports/sockets/peer.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import { ManualTime } from '../support/manual-time.js';
import { createParts } from '../support/parts.js';
import type { PeerChild } from '../support/peer-child.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import {
  createTransport,
  framesOf,
  inSocketsWorld,
  packetFrames,
  type SocketsWorld,
} from '../support/sockets-world.js';

test.serial(
  'S1 each handle is a descriptor of its own: a holder who is not served does not stop another',
  (t) =>
    inSocketsWorld(async (world) => {
      const { session, owner } = await world.rawOwner();
      const clone = session.root.clone();
      await eventually('the attachment', () => owner.descriptors.length === 1);
      const second = world.raw(owner.descriptors.pop() ?? -1);
      owner.setReading(false);
      for (let refused = false; !refused; ) {
        refused = await session.root.send({ bytes: new Uint8Array(60_000) }).then(
          () => false,
          (error) => hasCode(error, ErrorCode.OverQuota),
        );
        await turns(1);
      }
      await clone.send({ bytes: bytesOf('still open') });
      await eventually('the message on the other connection', () => framesOf(second).length === 2);
      t.deepEqual(framesOf(second)[1], textFrame('message', 'still open'));
    }),
);

test.serial(
  'S2 a first connection comes from a socket pair, and counts as a peer until it is closed unused',
  (t) =>
    inSocketsWorld(async (world) => {
      const inbox = createCollector(world.server.peer, echo);
      const descriptor = world.server.invite(inbox.node);
      t.is(world.server.peers, 1);
      const { peer, root } = await world.transport.connect({ descriptor });
      t.is(textOf((await root.call({ bytes: bytesOf('hello') })).bytes), 'hello');
      peer.close();
      await eventually('the end of the invited peer', () => world.server.peers === 0);
      world.native.close(world.server.invite(inbox.node));
      await eventually('the end of the unused invitation', () => world.server.peers === 0);
      inbox.node.destroy();
    }),
);

/** A handle that was just given away, and its owner, who is stopped and has not attached it. */
async function givenBehindItsOwner(world: SocketsWorld): Promise<{ owner: PeerChild; given: Handle }> {
  const [giver, receiver] = [await world.connect(), await world.connect()];
  const child = await world.spawn();
  await child.ask('connect', world.path);
  await child.ask('node', 'owner', 'echo');
  await child.ask('put', 'owner');
  const held = await take(giver.root, 'owner');
  await drop(giver.root, 'owner');
  const inbox = createCollector(receiver.peer);
  const toReceiver = await world.handleTo(receiver, inbox.node, giver);
  child.stop();
  await toReceiver.send({ bytes: bytesOf('for you'), handles: [held] });
  const [given] = (await inbox.delivery(0)).handles;
  if (given === undefined) throw new Error('no handle arrived');
  return { owner: child, given };
}

test.serial('S3 a handle given away is used at once, while its owner reads nothing', (t) =>
  inSocketsWorld(async (world) => {
    const { owner, given } = await givenBehindItsOwner(world);
    const answer = given.call({ bytes: bytesOf('early') });
    owner.resume();
    t.is(textOf((await within('the answer', answer)).bytes), 'early');
  }),
);

test.serial('S3 a handle to an owner who was killed before he attached it is gone', (t) =>
  inSocketsWorld(async (world) => {
    const { owner, given } = await givenBehindItsOwner(world);
    const answer = given.call({ bytes: bytesOf('too late') });
    await owner.kill();
    t.is(await within('the end', given.gone), 'node-gone');
    const error = await t.throwsAsync(within('the end of the call', answer));
    t.true(hasCode(error, ErrorCode.ReplyLost));
    t.regex(String(error), /may have been processed/);
  }),
);

test.serial('S4 the hello travels with the first message, in one packet, and nothing before it', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const clone = session.root.clone();
    await eventually('the attachment', () => owner.descriptors.length === 1);
    // On the first connection: HELLO, then ATTACH as its second frame.
    t.deepEqual(framesOf(owner), [helloFrame(0), { kind: 'attach', fence: 1 }]);
    const attached = world.raw(owner.descriptors.pop() ?? -1);
    await turns();
    t.is(attached.packets.length, 0);
    void clone.call({ bytes: bytesOf('first') }).catch(() => {});
    await eventually('the first packet', () => attached.packets.length > 0);
    t.deepEqual(packetFrames(attached.packets[0] ?? new Uint8Array()), [
      helloFrame(1),
      textFrame('call', 'first'),
    ]);
  }),
);

test.serial('S4 credentials are those of who uses a connection, not of who made the pair', (t) =>
  inSocketsWorld(async (world) => {
    const [owner, giver] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer, undefined, { credentials: true });
    // The giver makes the pair, in this process; the child, another user where that is possible, speaks on it.
    const held = await world.handleTo(owner, inbox.node, giver);
    await put(giver.root, 'desk', held);
    const child = await world.spawn();
    await child.ask('connect', world.path);
    const isRoot = process.getuid?.() === 0;
    // Above 2^31: a uid has no sign.
    const other = 4_000_000_000;
    if (isRoot) await child.ask('become', other, other);
    else t.log('another user is left out: only root can become one');
    await child.ask('take', 'desk');
    await drop(giver.root, 'desk');
    await child.ask('send', 'desk', 'who am I');
    const uid = isRoot ? other : (process.getuid?.() ?? -1);
    const gid = isRoot ? other : (process.getgid?.() ?? -1);
    const { sender } = await inbox.delivery(0);
    t.deepEqual({ ...sender.credentials }, { pid: child.pid, uid, gid });
    t.is(sender.account, uid);
  }),
);

test.serial('S4 a copy of an end does not speak under the name of whoever said hello on it', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer, undefined, { credentials: true });
    const descriptor = world.server.invite(inbox.node);
    const copy = world.native.duplicate(descriptor);
    const holder = world.raw(descriptor);
    holder.send(encodePacket([helloFrame(), textFrame('message', 'my own')]));
    const { sender } = await inbox.delivery(0);
    t.is(sender.credentials?.pid, process.pid);
    const packet = Buffer.from(encodePacket([textFrame('message', 'not mine')])).toString('hex');
    const program = `require('node:fs').writeSync(3, Buffer.from('${packet}', 'hex'))`;
    const child = spawnSync(process.execPath, ['-e', program], {
      stdio: ['ignore', 'inherit', 'inherit', copy],
    });
    world.native.close(copy);
    t.is(child.status, 0);
    const other = await inbox.delivery(1);
    t.is(textOf(other.bytes), 'not mine');
    t.is(other.sender.credentials?.pid, child.pid);
    holder.send(encodePacket([textFrame('message', 'mine again')]));
    t.is((await inbox.delivery(2)).sender.credentials?.pid, process.pid);
    holder.close();
    inbox.node.destroy();
  }),
);

test.serial('S4 a pair whose maker did not ask for credentials is refused, and nobody else notices', (t) =>
  inSocketsWorld(async (world) => {
    const holder = await world.rawHolder();
    const { raw, descriptor } = world.rawPair(false);
    raw.send(encodePacket([helloFrame(1), textFrame('message', 'ping there')]));
    holder.send(encodePacket([{ kind: 'attach', fence: 1 }]), [descriptor]);
    await eventually('the end of the nameless', () => raw.isEnded);
    holder.send(encodePacket([textFrame('call', 'ping there', 7)]));
    await eventually('the answer', () => framesOf(holder).some(({ kind }) => kind === 'reply'));
    t.false(holder.isEnded);
  }),
);

test.serial('S4 without a common version both sides learn version, and a later hello is understood', (t) =>
  inSocketsWorld(async (world) => {
    const newer = world.rawNewcomer();
    newer.send(encodePacket([{ kind: 'hello', lowest: 2, highest: 3, fence: 0 }]));
    await eventually('the refusal', () => newer.isEnded);
    t.deepEqual(framesOf(newer), [{ kind: 'refuse', code: ErrorCode.Version }]);
    const both = world.rawNewcomer();
    both.send(encodePacket([{ kind: 'hello', lowest: 1, highest: 3, fence: 0 }]));
    await eventually('the welcome', () => both.packets.length > 0);
    t.deepEqual(framesOf(both), [{ kind: 'welcome', version: 1 }]);
    for (const answer of [
      { kind: 'refuse', code: ErrorCode.Version } as const,
      { kind: 'welcome', version: 2 } as const,
    ]) {
      const { raw, descriptor } = world.rawPair(false);
      raw.send(encodePacket([answer]));
      const error = await t.throwsAsync(world.transport.connect({ descriptor }));
      t.true(hasCode(error, ErrorCode.Version));
    }
  }),
);

test.serial('S4 whoever speaks before the hello, or says it twice, is disconnected', (t) =>
  inSocketsWorld(async (world) => {
    for (const frames of [
      [textFrame('message', 'x')],
      [helloFrame(), helloFrame()],
      [{ kind: 'gone' } as const],
    ]) {
      const raw = world.rawNewcomer();
      raw.send(encodePacket(frames));
      await eventually('the end', () => raw.isEnded);
    }
    t.is(world.server.peers, 0);
  }),
);

test.serial('S4 who connects and says nothing is disconnected in time, with simulated time', async (t) => {
  await inSocketsWorld(async (world) => {
    const time = new ManualTime();
    const path = `${world.directory}/patient`;
    const server = await createTransport(time).serve({
      path,
      root: ({ peer }) => {
        const node = peer.createNode({ message: echo });
        return () => node;
      },
    });
    world.defer(() => server.close());
    const silent = world.rawTo(path);
    await turns();
    time.advance(helloTimeoutMs / 2);
    const later = world.rawTo(path);
    await eventually('the second is accepted', () => time.armed > 0);
    await turns();
    time.advance(helloTimeoutMs / 2);
    await eventually('the end of the silent', () => silent.isEnded);
    t.false(later.isEnded);
    later.send(encodePacket([helloFrame()]));
    await eventually('the welcome', () => later.packets.length > 0);
    time.advance(helloTimeoutMs);
    await turns();
    t.false(later.isEnded);
    t.is(server.peers, 1);
  });
});

test.serial('S5 what was sent before a give-away comes before what the new holder sends', (t) =>
  inSocketsWorld(async (world) => {
    const [giver, receiver] = [await world.connect(), await world.connect()];
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('node', 'owner', 'keep');
    await child.ask('put', 'owner');
    const held = await take(giver.root, 'owner');
    await drop(giver.root, 'owner');
    const inbox = createCollector(receiver.peer, ({ bytes, handles: [given] }) => {
      void given?.send({ bytes: bytesOf(`after ${textOf(bytes)}`) });
    });
    const toReceiver = await world.handleTo(receiver, inbox.node, giver);
    const expected: string[] = [];
    // While the owner is stopped all of it waits, in many sockets that become readable at once.
    child.stop();
    for (let round = 0; round < 40; round += 1) {
      expected.push(`before ${round}`);
      void held.send({ bytes: bytesOf(`before ${round}`) });
      void toReceiver.send({ bytes: bytesOf(`${round}`), handles: [held] });
    }
    await inbox.delivery(39);
    await turns();
    child.resume();
    await eventually('all', async () => ((await child.ask('texts', 'owner')) as string[]).length >= 80);
    const texts = (await child.ask('texts', 'owner')) as string[];
    t.deepEqual(
      texts.filter((text) => text.startsWith('before')),
      expected,
    );
    for (let round = 0; round < 40; round += 1) {
      t.true(texts.indexOf(`before ${round}`) < texts.indexOf(`after ${round}`), `round ${round}`);
    }
  }),
);

test.serial('S5 a fence that does not fit is a breach: the connection that claims it is closed', (t) =>
  inSocketsWorld(async (world) => {
    const liar = await world.rawHolder();
    const first = world.rawPair(true);
    liar.send(encodePacket([{ kind: 'attach', fence: 7 }]), [first.descriptor]);
    await eventually('the end of the liar', () => liar.isEnded && first.raw.isEnded);
    const holder = await world.rawHolder();
    const second = world.rawPair(true);
    holder.send(encodePacket([{ kind: 'attach', fence: 1 }]), [second.descriptor]);
    second.raw.send(encodePacket([helloFrame(2)]));
    await eventually('the end of the new connection', () => second.raw.isEnded);
    t.false(holder.isEnded);
  }),
);

test.serial('S6 a reply to no call is dropped with its descriptors, and the connection lives', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const call = session.root.call({ bytes: bytesOf('?') });
    await eventually('the call', () => framesOf(owner).some(({ kind }) => kind === 'call'));
    owner.send(encodePacket([textFrame('reply', 'to nobody', 99, 1)]), [world.native.duplicate(2)]);
    owner.send(encodePacket([{ kind: 'reply-lost', serial: 98 }, textFrame('reply', 'to you', 0)]));
    t.is(textOf((await within('the reply', call)).bytes), 'to you');
    t.is(session.peer.usage().callsOutstanding, 0);
  }),
);

test.serial(
  'S6 a reply that was given away comes on a connection of its own, after the end of the first too',
  (t) =>
    inSocketsWorld(async (world) => {
      const { session, owner } = await world.rawOwner();
      const [answered, lost, broken] = ['a', 'b', 'c'].map((text) =>
        session.root.call({ bytes: bytesOf(text) }),
      );
      await eventually('the calls', () => framesOf(owner).length === 4);
      const pairs = [0, 1, 2].map((serial) => {
        const pair = world.rawPair(false);
        owner.send(encodePacket([{ kind: 'reply-attach', serial, fence: serial + 1 }]), [pair.descriptor]);
        return pair;
      });
      await turns();
      owner.close();
      t.is(await within('the end of the root', session.root.gone), 'disconnected');
      t.is(session.peer.usage().callsOutstanding, 3);
      pairs[0]?.raw.send(encodePacket([helloFrame(), textFrame('reply', 'from elsewhere')]));
      pairs[1]?.raw.close();
      pairs[2]?.raw.send(encodePacket([helloFrame(), textFrame('message', 'no reply')]));
      t.is(textOf((await within('the answer', answered ?? Promise.reject())).bytes), 'from elsewhere');
      for (const call of [lost, broken]) {
        t.true(hasCode(await t.throwsAsync(within('the loss', Promise.resolve(call))), ErrorCode.ReplyLost));
      }
    }),
);

test.serial('S12 who has not said hello cannot bring descriptors', (t) =>
  inSocketsWorld(async (world) => {
    const raw = world.rawNewcomer();
    const { descriptor } = world.rawPair(true);
    raw.send(encodePacket([helloFrame(), textFrame('message', 'x', 0, 1)]), [descriptor]);
    await eventually('the end', () => raw.isEnded);
    t.is(world.server.peers, 0);
  }),
);

test.serial('S16 the order is per handle, and there is no number to compare', (t) =>
  inSocketsWorld(async (world) => {
    t.is(world.manifest.order, 'per-handle');
    const [owner, sender] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer, echo);
    const handle = await world.handleTo(owner, inbox.node, sender);
    t.is(await handle.send({ bytes: bytesOf('x') }), 0);
    t.is((await handle.call({ bytes: bytesOf('y') })).sequence, 0);
    t.deepEqual(
      inbox.deliveries.map(({ sequence }) => sequence),
      [0, 0],
    );
  }),
);

test.serial('S2 a descriptor that does not listen is refused, and nothing is left of the server', (t) =>
  inSocketsWorld(async (world) => {
    const [near, far] = world.native.socketpair();
    const error = await world.transport
      .serve({ descriptor: near, root: (server) => () => createCollector(server.peer).node })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    t.true(hasCode(error, ErrorCode.System));
    t.is(world.native.read(far, new Uint8Array(8), 0, 8), 0, 'the descriptor is closed');
    world.native.close(far);
  }),
);

test.serial(
  'S4 connections are shared by user: one has at most half, the next a part of the rest, and all come back',
  (t) =>
    inSocketsWorld(async (world) => {
      const transport = createSocketsTransport({ ...createParts(), peersMax: 8 });
      chmodSync(world.directory, 0o755);
      const path = join(world.directory, 'small');
      const server = await transport.serve({
        path,
        mode: 0o666,
        root: ({ peer }) => {
          const node = peer.createNode({ message: () => {} });
          return () => node;
        },
      });
      world.defer(() => server.close());
      // Who says nothing counts, too, and so does who was invited.
      const silent = world.rawTo(path);
      const descriptor = server.invite(server.peer.createNode({ message: () => {} }));
      const sessions = [await transport.connect({ path }), await transport.connect({ path })];
      await t.throwsAsync(transport.connect({ path }));
      t.throws(() => server.invite(server.peer.createNode({ message: () => {} })), { message: /share/ });
      if (process.getuid?.() === 0) {
        const child = await world.spawn();
        await child.ask('become', 54_324, 54_324);
        await child.ask('connect', path);
        const second = await world.spawn();
        await second.ask('become', 54_324, 54_324);
        await t.throwsAsync(
          second.ask('connect', path),
          undefined,
          'of four that are free two users and the next have a part',
        );
      } else t.log('another user is left out: only root can become one');
      world.native.close(descriptor);
      silent.close();
      for (const { peer } of sessions.splice(0)) peer.close();
      await eventually('two come in again', async () => {
        const session = await transport.connect({ path }).catch(() => undefined);
        if (session !== undefined) sessions.push(session);
        return sessions.length === 2;
      });
      for (const { peer } of sessions) peer.close();
    }),
);

test.serial(
  'when calls began is forgotten with the last monitor, and what was offered with an answer that goes elsewhere',
  (t) =>
    inSocketsWorld(async (world) => {
      const { peer, introspection } = world.server;
      if (!(peer instanceof SocketsPeer) || introspection === undefined)
        throw new Error('not the right server');
      const { witness } = peer;
      const room = createCollector(peer);
      const holder = await world.transport.connect({ descriptor: world.server.invite(room.node) });
      const [one, two] = [introspection.observe(() => {}), introspection.observe(() => {})];
      const calls = [1, 2, 3].map(() => holder.root.call({ bytes: bytesOf('?') }).catch(() => undefined));
      await room.delivery(2);
      t.is(witness?.timesNoted, 3);
      one();
      t.is(witness?.timesNoted, 3, 'somebody watches still');
      two();
      t.is(witness?.timesNoted, 0);
      // The right to answer is given to the server's own peer, which answers with a node of its own.
      const callee = await world.transport.connect({ descriptor: world.server.invite(room.node) });
      const desk = createCollector(callee.peer);
      await callee.root.send({ bytes: bytesOf('my desk'), handles: [desk.node] });
      const [toDesk] = (await room.delivery(3)).handles;
      const call = toDesk?.call({ bytes: bytesOf('whom?') });
      const { reply } = await desk.delivery(0);
      if (reply !== undefined) await callee.root.send({ bytes: bytesOf('you answer'), handles: [reply] });
      const [right] = (await room.delivery(4)).handles;
      await right?.send({ bytes: bytesOf('I do'), handles: [room.node] });
      const answer = await call;
      t.is(answer?.handles.length, 1, 'an answer from elsewhere has its handles');
      for (const handle of answer?.handles ?? []) handle.close();
      t.is(witness?.offers, 0);
      for (const { reply: waiting } of room.deliveries) waiting?.close();
      await Promise.all(calls);
      for (const handle of [toDesk, right]) handle?.close();
      room.node.destroy();
      for (const session of [holder, callee]) session.peer.close();
    }),
);
