/**
 * Rule S12: connections that carry no descriptors, where the kernel refuses them and where it cannot.
 */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import type { Handle, Transferable, Transport } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { createDoor, createNode, type SocketSystem } from '../../transports/sockets/index.js';
import { bytesOf, createCollector, textOf } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import { createFailingTransport, inSocketsWorld, type SocketsWorld } from '../support/sockets-world.js';

/** Whether the kernel has SO_PASSRIGHTS. */
function kernelRefuses(): boolean {
  const native = loadNative();
  const ends = native.socketpair();
  const refuses = native.setPassRights(ends[0], false);
  for (const end of ends) native.close(end);
  return refuses;
}

test.serial.before('what the kernel can do', (t) => {
  t.log(kernelRefuses() ? 'the kernel has SO_PASSRIGHTS' : 'the kernel has no SO_PASSRIGHTS');
  t.pass();
});

/** A transport as on a kernel without SO_PASSRIGHTS. */
function olderTransport(): Transport {
  const older = (system: SocketSystem): SocketSystem => ({ ...system, passRights: () => {} });
  return createFailingTransport(older);
}

/** The ways to bring a descriptor. */
function attempts(
  world: SocketsWorld,
  handle: Handle,
  own: readonly Transferable[],
): (() => Promise<unknown>)[] {
  const bytes = bytesOf('with something');
  return [
    () => handle.send({ bytes, descriptors: [world.native.duplicate(2)] }),
    () => handle.call({ bytes, descriptors: [world.native.duplicate(2), world.native.duplicate(2)] }),
    () => handle.send({ bytes, handles: own }),
    async () => handle.clone(),
  ];
}

test.serial(
  'S12 a node that takes no descriptors: the kernel refuses them to the sender, and nothing else',
  async (t) => {
    if (!kernelRefuses()) {
      t.log('left out: the kernel has no SO_PASSRIGHTS');
      t.pass();
      return;
    }
    await inSocketsWorld(async (world) => {
      // What the exchange holds could not be given on: the handle comes from the owner itself.
      const owner = await world.connect();
      const holder = await world.connect();
      const tray = createCollector(holder.peer);
      const toHolder = await world.handleTo(holder, tray.node, owner);
      const texts: string[] = [];
      const message: Parameters<typeof createNode>[1]['message'] = ({ bytes, reply }) => {
        texts.push(textOf(bytes));
        reply?.send({ bytes, descriptors: [world.native.duplicate(2)] });
      };
      const node = createNode(owner.peer, { message }, { descriptors: false });
      await toHolder.send({ bytes: bytesOf('take'), handles: [node] });
      const [handle] = (await tray.delivery(0)).handles;
      if (handle === undefined) throw new Error('no handle arrived');
      for (const attempt of attempts(world, handle, [tray.node])) {
        const error = await t.throwsAsync(attempt());
        t.true(hasCode(error, ErrorCode.Unsupported), String(error));
      }
      const given = await t.throwsAsync(holder.root.send({ bytes: bytesOf('put x'), handles: [handle] }));
      t.true(hasCode(given, ErrorCode.Unsupported), String(given));
      // It is about what comes in: an answer may bring one, and the handle is as good as before.
      const answer = await within('the answer', handle.call({ bytes: bytesOf('plain') }));
      t.is(answer.descriptors.length, 1);
      for (const descriptor of answer.descriptors) world.native.close(descriptor);
      t.deepEqual(texts, ['plain']);
      handle.close();
      toHolder.close();
    });
  },
);

test.serial(
  'S12 where the kernel cannot, who brings a descriptor all the same is cut off with it, and nobody else',
  (t) =>
    inSocketsWorld(async (world) => {
      const transport = olderTransport();
      const server = await transport.serve({
        path: `${world.directory}/older`,
        root: ({ peer }) => {
          const node = createNode(peer, { message: ({ reply }) => reply?.close() }, { descriptors: false });
          return () => node;
        },
      });
      world.defer(() => server.close());
      const [bad, good] = [
        await transport.connect({ path: `${world.directory}/older` }),
        await transport.connect({ path: `${world.directory}/older` }),
      ];
      for (const { peer } of [bad, good]) world.defer(() => peer.close());
      await bad.root.send({ bytes: bytesOf('x'), descriptors: [world.native.duplicate(2)] });
      t.is(await within('the end', bad.root.gone), 'disconnected');
      const lost = await t.throwsAsync(within('an end', good.root.call({ bytes: bytesOf('y') })));
      t.true(hasCode(lost, ErrorCode.ReplyLost), 'it is served');
      t.false(good.root.isGone);
      // Not even in the packet of the hello.
      const early = world.rawTo(`${world.directory}/older`);
      const { descriptor } = world.rawPair(true);
      early.send(encodePacket([helloFrame(), textFrame('message', 'x', 0, 1)]), [descriptor]);
      await eventually('the end', () => early.isEnded);
      t.is(server.peers, 1);
    }),
);

test.serial('S12 who answers in somebody else’s place gets nothing from the caller', async (t) => {
  if (!kernelRefuses()) {
    t.log('left out: the kernel has no SO_PASSRIGHTS');
    t.pass();
    return;
  }
  await inSocketsWorld(async (world) => {
    const [owner, deputy] = [await world.connect(), await world.connect()];
    const tray = createCollector(deputy.peer);
    const toDeputy = await world.handleTo(deputy, tray.node, owner);
    const desk = createCollector(owner.peer, ({ reply }) => {
      if (reply !== undefined) void toDeputy.send({ bytes: bytesOf('you answer'), handles: [reply] });
    });
    // The caller is a raw connection: it comes through a door, and is handed the end on which the answer will come.
    const door = createDoor(owner.peer, desk.node);
    const shared = door.share();
    const caller = world.rawTo(`/proc/self/fd/${shared}`);
    caller.send(encodePacket([helloFrame(), textFrame('call', '?', 0)]));
    await eventually('the end for the answer', () => caller.descriptors.length === 1);
    const [right] = (await tray.delivery(0)).handles;
    if (right === undefined) throw new Error('no right arrived');
    const packets: string[] = [];
    const answers = world.loop.adopt(caller.descriptors.pop() ?? -1, {
      packet: (offset, length) => {
        packets.push(textOf(world.loop.receiveBytes.slice(offset, offset + length)));
      },
      ended: () => {},
      drained: () => {},
    });
    const bytes = encodePacket([textFrame('message', 'a plant', 0, 1)]);
    world.loop.sendBytes.set(bytes, answers.begin(bytes.byteLength));
    const planted = world.native.duplicate(2);
    t.is(answers.commitNow([planted]), 1, 'EPERM');
    world.native.close(planted);
    await right.send({ bytes: bytesOf('the answer') });
    await eventually('the answer', () => packets.length === 1);
    t.true(packets[0]?.includes('the answer'));
    answers.close();
    world.native.close(shared);
    door.close();
    for (const handle of [toDeputy, right]) handle.close();
  });
});
