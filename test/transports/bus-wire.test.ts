/**
 * The frames of the bus: the vectors of each version, in both directions, and what is no frame.
 *
 * The vectors are a conversation. A real client and a real broker hold it again, and have to say exactly what they said when the
 * version was released; a decoder that shares no code with them reads the fields that the documentation promises.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import type { Delivery, Handle } from '../../broker/contract/transport.js';
import * as wire from '../../transports/bus/wire.js';
import { decodeFrames } from '../support/bus-decoder.js';
import { BusRig } from '../support/bus-rig.js';
import { seedOf } from '../support/random.js';

interface Vector {
  readonly from: 'client' | 'broker';
  readonly name: string;
  readonly hex: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const file = new URL('../../../test/vectors/bus/version-1.json', import.meta.url);

/** Every frame that version 1 has, at least once; here those that need no refusal. */
async function converse(): Promise<Vector[]> {
  const vectors: Vector[] = [];
  const kept: Delivery[] = [];
  const rig = new BusRig((delivery) => kept.push(delivery));
  const { peer, socket } = rig.connect();
  rig.loop.onPacket = (from, packet) => {
    const side = from === socket ? 'client' : 'broker';
    vectors.push(...decodeFrames(packet).map((frame) => ({ from: side, ...frame }) as Vector));
  };
  await rig.settle();
  const { root } = peer;
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const node = peer.createNode(
    { message: (delivery) => kept.push(delivery), unused: () => {} },
    { credentials: true },
  );
  const call = root.call({ bytes: text('question'), handles: [node] });
  await rig.settle();
  kept[0]?.reply?.send({ bytes: text('answer!!'), handles: [rig.own.createNode({ message: () => {} })] });
  const [gift] = (await settled(rig, call)).handles;
  await settled(rig, root.send({ bytes: text('one way') }));
  await settled(rig, peer.holders(node));
  const toNode = kept[0]?.handles[0];
  toNode?.call({ bytes: text('back') }).catch(() => {});
  await rig.settle();
  kept.at(-1)?.reply?.send({ bytes: new Uint8Array(0) });
  await rig.settle();
  const lost = root.call({ bytes: text('lost') }).catch(() => {});
  await rig.settle();
  kept.at(-1)?.reply?.close();
  await settled(rig, lost);
  const own = peer.createNode({ message: () => {} });
  await settled(rig, peer.multicast([root, own.handle()], { bytes: text('to two') }));
  const four = [root, own.handle(), node.handle(), peer.createNode({ message: () => {} }).handle()];
  for (const content of ['to four', 'to the same']) {
    await settled(rig, peer.multicast(four, { bytes: text(content) }));
  }
  const controller = new AbortController();
  const withdrawn = root.call({ bytes: text('never mind') }, { signal: controller.signal }).catch(() => {});
  controller.abort();
  await settled(rig, withdrawn);
  toNode?.close();
  await rig.settle();
  rig.own.createNode({ message: () => {} });
  gift?.close();
  const mine = peer.createNode({ message: () => {} });
  const given = root.call({ bytes: text('mine'), handles: [mine] }).catch(() => {});
  await rig.settle();
  mine.destroy();
  kept.at(-1)?.reply?.close();
  await settled(rig, given);
  rig.root.destroy();
  // The client does not know yet, but has been told: the broker refuses.
  root.send({ bytes: text('too late') }).catch(() => {});
  await rig.settle();
  for (const delivery of kept) for (const handle of delivery.handles) handle.close();
  peer.close();
  await rig.settle();
  rig.own.close();
  return vectors;
}

/** The others: a receiver without room, and an end with a reason. */
async function converseFull(): Promise<Vector[]> {
  const vectors: Vector[] = [];
  let left: Handle | undefined;
  const rig = new BusRig(
    (delivery) => {
      left ??= delivery.handles[0];
      delivery.reply?.send({ bytes: new Uint8Array(0), handles: left === undefined ? [] : [left] });
    },
    { queueItemsMax: 2 },
  );
  const receiver = rig.connect();
  const { peer, socket } = rig.connect();
  await rig.settle();
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const node = receiver.peer.createNode({ message: () => {} });
  await settled(rig, receiver.peer.root.call({ bytes: text(''), handles: [node] }));
  const [handle] = (await settled(rig, peer.root.call({ bytes: text('') }))).handles;
  rig.loop.onPacket = (from, packet) => {
    if (from !== socket && from.descriptor !== (socket.descriptor ^ 1)) return;
    const side = from === socket ? 'client' : 'broker';
    vectors.push(...decodeFrames(packet).map((frame) => ({ from: side, ...frame }) as Vector));
  };
  const near = rig.loop.socket(receiver.socket.descriptor ^ 1);
  near?.block();
  for (let at = 0; at < 4; at += 1) {
    handle?.send({ bytes: text(`${at}`) }).catch(() => {});
    await rig.settle();
  }
  const both = handle === undefined ? [] : [peer.root, handle];
  await settled(rig, peer.multicast(both, { bytes: text('whoever can') }, { partial: true }));
  near?.unblock();
  await rig.settle();
  // What is no frame at all.
  rig.loop.deliver(socket.descriptor ^ 1, new Uint8Array(8));
  await rig.settle();
  receiver.peer.close();
  await rig.settle();
  rig.own.close();
  return vectors;
}

async function settled<Value>(rig: BusRig, promise: Promise<Value>): Promise<Value> {
  await rig.settle();
  return promise;
}

test('F4: client and broker still say what they said in version 1', async (t) => {
  const said = [...(await converse()), ...(await converseFull())];
  if (process.env['UPDATE_VECTORS'] === 'bus') writeFileSync(file, `${JSON.stringify(said, undefined, 1)}\n`);
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[];
  t.deepEqual(said, vectors);
  const names = new Set(vectors.map(({ name }) => name));
  t.is(names.size, Object.keys(wire.FrameKind).length, 'every kind of frame has a vector');
  for (const { hex, name, fields } of vectors) {
    const [frame] = decodeFrames(Buffer.from(hex, 'hex'));
    t.deepEqual(frame, { name, hex, fields });
  }
});

test('F1: every vector is sound to the side that receives it, and to no other', (t) => {
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[];
  t.true(vectors.length > 20);
  for (const { from, name, hex, fields } of vectors) {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    const view = new DataView(bytes.buffer);
    const count = Number(fields['descriptors']);
    const [near, far] =
      from === 'client'
        ? [wire.clientPacketFault, wire.brokerPacketFault]
        : [wire.brokerPacketFault, wire.clientPacketFault];
    if (name === 'hello') t.deepEqual(wire.readHello(view, 0, bytes.length), { lowest: 1, highest: 1 });
    else t.is(near(view, 0, bytes.length, count), wire.Fault.None, name);
    t.not(far(view, 0, bytes.length, count), wire.Fault.None, name);
    t.not(near(view, 0, bytes.length, count + 1), wire.Fault.None, `${name} with a planted descriptor`);
    t.not(near(view, 0, bytes.length - 8, count), wire.Fault.None, `${name} cut short`);
  }
});

test('F1: a multicast that names a list which was never sent ends the connection', async (t) => {
  const rig = new BusRig((delivery) => delivery.reply?.close());
  const { peer, socket } = rig.connect();
  await rig.settle();
  const view = new DataView(new ArrayBuffer(wire.multicastHeadBytes));
  wire.writeHeader(view, 0, wire.multicastHeadBytes, wire.FrameKind.Multicast, wire.listedFlag, 0);
  view.setUint32(8, 1, true);
  view.setUint32(20, 3, true);
  t.is(wire.clientPacketFault(view, 0, view.byteLength, 0), wire.Fault.None);
  rig.loop.deliver(socket.descriptor ^ 1, new Uint8Array(view.buffer));
  await rig.settle();
  t.is(rig.connections.size, 0);
  t.is(await peer.ended, 'disconnected');
});

test('F1: no bytes make the checks or the readers throw, and a broken packet ends its connection only', async (t) => {
  const vectors = (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter(
    ({ from }) => from === 'client',
  );
  const packets = vectors.map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex')));
  const seed = seedOf(t, 20_261_122);
  const rig = new BusRig((delivery) => delivery.reply?.close());
  const good = rig.connect();
  await rig.settle();
  const greeting = packets[0] ?? new Uint8Array(0);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(packets.length - 1), { minLength: 1, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.boolean(),
      async (order, changes, isGreeted) => {
        const { descriptor } = rig.accept();
        const sink = { packet: () => {}, ended: () => {}, drained: () => {} };
        rig.loop.adopt(descriptor, sink);
        const near = descriptor ^ 1;
        if (isGreeted) rig.loop.deliver(near, greeting);
        for (const index of order) {
          const packet = Uint8Array.from(packets[index] ?? greeting);
          for (const [at, value] of changes) packet[at % packet.length] = value;
          rig.loop.deliver(near, packet);
          rig.loop.turn();
        }
        rig.loop.forget(descriptor);
        rig.loop.turn();
      },
    ),
    { seed, numRuns: 400 },
  );
  await rig.settle();
  t.is(rig.connections.size, 1, 'only the good one is left');
  await t.throwsAsync(settled(rig, good.peer.root.call({ bytes: new Uint8Array(1) })), {
    message: /dropped/,
  });
  good.peer.close();
  rig.own.close();
});

test('F1: random bytes are never sound by accident of the checks', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 0, maxLength: 256 }), fc.nat(253), (bytes, descriptors) => {
      const view = new DataView(bytes.slice().buffer);
      const faults = new Set<number>(Object.values(wire.Fault));
      t.true(faults.has(wire.clientPacketFault(view, 0, bytes.length, descriptors)));
      t.true(faults.has(wire.brokerPacketFault(view, 0, bytes.length, descriptors)));
      wire.readHello(view, 0, bytes.length);
    }),
    { seed: seedOf(t), numRuns: 2000 },
  );
});
