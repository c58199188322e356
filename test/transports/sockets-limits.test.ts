/**
 * Rules S10 and S11: descriptors that cannot be received, and descriptors in flight.
 */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import {
  descriptorReserve,
  descriptorsInFlightMax,
  messageDescriptorsMax,
  queueItemsMax,
} from '../../broker/contract/limits.js';
import type { Handle } from '../../broker/contract/transport.js';
import { retryMs } from '../../transports/sockets/core.js';
import { SystemRefusal } from '../../transports/sockets/index.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, pause, turns, within } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import { descriptorCount, limitDescriptors } from '../support/processes.js';
import type { RawSocket } from '../support/raw-connection.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import {
  createFailingTransport,
  framesOf,
  inSocketsWorld,
  type SocketsWorld,
} from '../support/sockets-world.js';

function duplicates(world: SocketsWorld, count: number): number[] {
  return Array.from({ length: count }, () => world.native.duplicate(2));
}

/** A raw connection to the node that was left at the exchange under this name; it has said hello. */
async function rawHolderOf(world: SocketsWorld, name: string): Promise<RawSocket> {
  const asking = await world.rawHolder();
  asking.send(encodePacket([textFrame('call', `take ${name}`, 1)]));
  await eventually('the handle', () => asking.descriptors.length === 1);
  const reply = framesOf(asking).find((frame) => frame.kind === 'reply');
  const fence = reply?.kind === 'reply' ? (reply.transfers[0]?.fence ?? 0) : 0;
  const holder = world.raw(asking.descriptors.pop() ?? -1);
  holder.send(encodePacket([helloFrame(fence)]));
  return holder;
}

test.serial('S10 a receiver without free descriptors gets the message later, and whole', (t) =>
  inSocketsWorld(async (world) => {
    const sender = await world.connect();
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('node', 'full', 'echo');
    await child.ask('put', 'full');
    const handle = await take(sender.root, 'full');
    await drop(sender.root, 'full');
    t.is(textOf((await handle.call({ bytes: bytesOf('before') })).bytes), 'before');
    const before = descriptorCount(child.pid);
    limitDescriptors(child.pid, before + 80);
    // The loop trusts its count of free descriptors for a tenth of a second.
    await pause(150);
    let isAnswered = false;
    const answer = handle
      .call({ bytes: bytesOf('whole'), descriptors: duplicates(world, 60) })
      .finally(() => {
        isAnswered = true;
      });
    await turns();
    // It waits for as long as there is no room: longer than a retry takes.
    await pause(100);
    t.false(isAnswered);
    t.deepEqual(await child.ask('texts', 'full'), ['before']);
    limitDescriptors(child.pid, before + 400);
    t.is(textOf((await within('the answer', answer)).bytes), 'whole');
    t.is(descriptorCount(child.pid), before + 60);
  }),
);

test.serial('S10 at the brink many messages with descriptors come later, and none is lost or halved', (t) =>
  inSocketsWorld(async (world) => {
    const [senders, perSender, perMessage] = [12, 20, 7];
    const sender = await world.connect();
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('node', 'brink', 'count');
    await child.ask('put', 'brink');
    const handles: Handle[] = [];
    for (let at = 0; at < senders; at += 1) handles.push(await take(sender.root, 'brink'));
    await drop(sender.root, 'brink');
    // Every connection is the child's before its limit is set.
    for (const handle of handles) await handle.send({ bytes: bytesOf('first') });
    await eventually('all are attached', async () => {
      return ((await child.ask('texts', 'brink')) as string[]).length === senders;
    });
    const before = descriptorCount(child.pid);
    // Room for one message beside the reserve, and not for two.
    limitDescriptors(child.pid, before + descriptorReserve + perMessage + 2);
    await pause(150);
    child.stop();
    const expected: string[] = [];
    for (let at = 0; at < perSender; at += 1) {
      for (const [from, handle] of handles.entries()) {
        const bytes = bytesOf(`${from}/${at}`);
        expected.push(`${from}/${at} ${perMessage}`);
        await handle.send({ bytes, descriptors: duplicates(world, perMessage) });
      }
      // Each in a packet of its own.
      await turns(1);
    }
    child.resume();
    await eventually('all have come', async () => {
      return ((await child.ask('texts', 'brink')) as string[]).length === senders + expected.length;
    });
    const texts = ((await child.ask('texts', 'brink')) as string[]).slice(senders);
    t.deepEqual(texts.toSorted(), expected.toSorted());
    for (const [from] of handles.entries()) {
      const own = texts.filter((text) => text.startsWith(`${from}/`));
      t.deepEqual(
        own,
        expected.filter((text) => text.startsWith(`${from}/`)),
        'in order',
      );
    }
    t.is(descriptorCount(child.pid), before);
    for (const handle of handles) handle.close();
  }),
);

test.serial('S10 at the brink a planted descriptor leaks nothing, and ends who planted it alone', (t) =>
  inSocketsWorld(async (world) => {
    const sender = await world.connect();
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('node', 'planted', 'count');
    await child.ask('put', 'planted');
    const handle = await take(sender.root, 'planted');
    const holders: RawSocket[] = [];
    for (let at = 0; at < 2; at += 1) holders.push(await rawHolderOf(world, 'planted'));
    await drop(sender.root, 'planted');
    for (const holder of holders) holder.send(encodePacket([textFrame('message', 'first')]));
    await eventually('both are known', async () => {
      return ((await child.ask('texts', 'planted')) as string[]).length === 2;
    });
    const before = descriptorCount(child.pid);
    limitDescriptors(child.pid, before + descriptorReserve + 6);
    await pause(150);
    // One more than is declared (the padding of the control buffer has room for it), and many more.
    for (const [at, planted] of [2, 40].entries()) {
      holders[at]?.send(encodePacket([textFrame('message', 'x', 0, 1)]), duplicates(world, planted));
      await eventually('the end', () => holders[at]?.isEnded === true);
      // The connection is closed before what it had brought is.
      await eventually('nothing is left of it', () => descriptorCount(child.pid) <= before - at - 1);
      t.is(descriptorCount(child.pid), before - at - 1, 'nothing but the connection was closed');
    }
    await handle.send({ bytes: bytesOf('others'), descriptors: duplicates(world, 1) });
    await eventually('the others', async () => {
      return ((await child.ask('texts', 'planted')) as string[]).includes('others 1');
    });
    handle.close();
  }),
);

test.serial(
  'S10 what is not a connection is no handle: its bringer is closed, with all that it brought',
  (t) =>
    inSocketsWorld(async (world) => {
      const inbox = createCollector(world.server.peer);
      const { descriptor } = world.rawPair(true);
      const [first, second] = ['handle', 'reply'] as const;
      for (const kind of [first, second]) {
        const holder = world.raw(world.server.invite(inbox.node));
        holder.send(encodePacket([helloFrame()]));
        const transfers = [
          { kind: 'handle' as const, fence: 0 },
          { kind, fence: 0 },
        ];
        const frame = { ...textFrame('message', 'x', 0, 5), transfers };
        holder.send(encodePacket([frame]), [world.native.duplicate(descriptor), ...duplicates(world, 4)]);
        await eventually('the end', () => holder.isEnded);
      }
      const attaching = world.raw(world.server.invite(inbox.node));
      attaching.send(encodePacket([helloFrame(), { kind: 'attach', fence: 1 }]), duplicates(world, 1));
      await eventually('the end', () => attaching.isEnded);
      t.is(inbox.deliveries.length, 0);
      t.is(world.server.peer.usage().handles, 0);
      world.native.close(descriptor);
      inbox.node.destroy();
    }),
);

test.serial('S11 descriptors are acknowledged in bulk, and unacknowledged ones bound the sender', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const send = (count: number): Promise<number> =>
      session.root.send({ bytes: bytesOf('x'), descriptors: duplicates(world, count) });
    let sent = 0;
    for (; sent + messageDescriptorsMax <= descriptorsInFlightMax; sent += messageDescriptorsMax) {
      await send(messageDescriptorsMax);
      await eventually('the descriptors', () => owner.descriptors.length === messageDescriptorsMax);
      for (const descriptor of owner.descriptors.splice(0)) world.native.close(descriptor);
    }
    const error = await t.throwsAsync(send(descriptorsInFlightMax - sent + 1));
    t.true(hasCode(error, ErrorCode.OverQuota));
    await session.root.send({ bytes: bytesOf('without descriptors') });
    let isWritable = false;
    const writable = session.root.writable().then(() => {
      isWritable = true;
    });
    // An acknowledgement ends it, and no time does: this is longer than what the kernel refuses waits for.
    await pause(5 * retryMs);
    t.false(isWritable);
    owner.send(encodePacket([{ kind: 'ack', received: sent }]));
    await within('writable', writable);
    await send(messageDescriptorsMax);
    const received = owner.descriptors;
    await eventually('the descriptors', () => received.length === messageDescriptorsMax);
    // What was never sent cannot be acknowledged.
    owner.send(encodePacket([{ kind: 'ack', received: sent + messageDescriptorsMax + 1 }]));
    t.is(await within('the end', session.peer.ended), 'disconnected');
  }),
);

test.serial('S11 an owner and a caller acknowledge what they received', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer, ({ descriptors }) => {
      for (const descriptor of descriptors) world.native.close(descriptor);
    });
    const holder = world.raw(world.server.invite(inbox.node));
    holder.send(encodePacket([helloFrame(), textFrame('message', 'x', 0, 31)]), duplicates(world, 31));
    await inbox.delivery(0);
    holder.send(encodePacket([textFrame('message', 'x', 0, 1)]), duplicates(world, 1));
    await eventually('the acknowledgement', () => framesOf(holder).length === 2);
    t.deepEqual(framesOf(holder)[1], { kind: 'ack', received: 32 });
    const { session, owner } = await world.rawOwner();
    const call = session.root.call({ bytes: bytesOf('?') });
    await eventually('the call', () => framesOf(owner).length === 2);
    owner.send(encodePacket([textFrame('reply', 'x', 0, 40)]), duplicates(world, 40));
    for (const descriptor of (await within('the reply', call)).descriptors) world.native.close(descriptor);
    await eventually('the acknowledgement', () => framesOf(owner).length === 3);
    t.deepEqual(framesOf(owner)[2], { kind: 'ack', received: 40 });
    inbox.node.destroy();
  }),
);

test.serial(
  'S11 too many descriptors in flight refuse one send, with nothing sent and nothing left, until they are read',
  (t) =>
    inSocketsWorld(async (world) => {
      const keeper = await world.connect();
      const inbox = createCollector(keeper.peer, echo);
      await put(keeper.root, 'node', inbox.node);
      const [sender, receiver] = [await world.spawn(), await world.spawn()];
      await receiver.ask('connect', world.path);
      await receiver.ask('node', 'receiver', 'keep');
      await receiver.ask('put', 'receiver');
      await sender.ask('connect', world.path);
      limitDescriptors(sender.pid, descriptorCount(sender.pid) + 100);
      // Privileged processes may have any number in flight; a user of its own keeps others out of it.
      if (process.getuid?.() === 0) await sender.ask('become', 54_322, 54_322);
      for (const name of ['node', 'receiver']) {
        await sender.ask('take', name);
        await drop(keeper.root, name);
      }

      receiver.stop();
      let given = 0;
      const give = (): Promise<boolean> =>
        sender.ask('give', 'receiver', 'node').then(
          () => {
            given += 1;
            return true;
          },
          (error) => {
            t.true(hasCode(error, ErrorCode.OverQuota), String(error));
            return false;
          },
        );
      const open = descriptorCount(sender.pid);
      // What the owner has read is in flight no more, so one refusal can be followed by a success.
      for (let refusals = 0; refusals < 5; ) {
        refusals = (await give()) ? 0 : refusals + 1;
        t.true(given < 400, 'a limit of about 130 is reached');
      }
      t.true(given > 20, `${given} were given away`);
      t.is(descriptorCount(sender.pid), open, 'neither a give-away nor its refusal leaves anything open');
      await sender.ask('send', 'receiver', 'without a handle');
      t.is(await sender.ask('call', 'node', 'hello'), 'hello');
      receiver.resume();
      await eventually('a give-away succeeds again', give);
      await eventually('all arrive', async () => {
        return ((await receiver.ask('texts', 'receiver')) as string[]).length === given + 1;
      });
    }),
);

test.serial(
  'S11 without a free descriptor giving away, cloning and a node’s own handle are refused, and work later',
  (t) =>
    inSocketsWorld(async (world) => {
      let isFailing = false;
      const transport = createFailingTransport((system) => ({
        ...system,
        createPair: () => {
          if (isFailing) throw new SystemRefusal('socketpair', 'EMFILE', 24);
          return system.createPair();
        },
      }));
      const session = await transport.connect({ path: world.path });
      world.defer(() => session.peer.close());
      const { node } = createCollector(session.peer);

      isFailing = true;
      t.true(hasCode(await t.throwsAsync(put(session.root, 'x', node)), ErrorCode.OverQuota));
      for (const attempt of [() => session.root.clone(), () => node.handle()]) {
        t.true(hasCode(t.throws(attempt), ErrorCode.OverQuota));
      }
      await session.root.call({ bytes: bytesOf('ping there') });
      isFailing = false;
      await within('writable', session.root.writable());
      await put(session.root, 'x', node);
      session.root.clone().close();
      node.handle().close();
      await drop(session.root, 'x');
    }),
);

test.serial('S15 a holder that does not take the losses of its calls is not read from any more', (t) =>
  inSocketsWorld(async (world) => {
    let calls = 0;
    const { node } = createCollector(world.server.peer, ({ reply }) => {
      calls += 1;
      reply?.close();
    });
    const descriptor = world.server.invite(node);
    const holder = world.raw(descriptor);
    holder.send(encodePacket([helloFrame()]));
    holder.setReading(false);
    const packet = encodePacket(Array.from({ length: 1000 }, (_, serial) => textFrame('call', '', serial)));
    let sent = 0;
    // Until nothing was taken for many turns: what the kernel holds of a connection is bounded.
    for (let refusals = 0; refusals < 40 && sent < 400; refusals += 1) {
      if (world.native.write(descriptor, packet, 0, packet.length) === packet.length) {
        sent += 1;
        refusals = 0;
      }
      await turns(1);
    }
    t.true(sent < 400, `${calls} calls were read`);
    t.true(calls >= queueItemsMax, `${calls} calls were read`);
    holder.setReading(true);
    await eventually('all calls', () => calls === sent * 1000);
    holder.close();
    node.destroy();
  }),
);

test.serial('S15, C26 the end of a holder that was not read from is noticed', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer, ({ reply }) => {
      reply?.send({ bytes: new Uint8Array(60_000) });
    });
    const holder = world.raw(world.server.invite(inbox.node));
    holder.send(encodePacket([helloFrame()]));
    holder.setReading(false);
    for (let serial = 0; serial < 200; serial += 1) {
      holder.send(encodePacket([textFrame('call', '', serial)]));
      await turns(1);
    }
    const read = inbox.deliveries.length;
    t.true(read < 200, `${read} calls were read`);
    holder.close();
    await eventually('unused', () => inbox.unusedCount === 1);
    t.is(inbox.deliveries.length, 200, 'what it had sent stays');
    inbox.node.destroy();
  }),
);
