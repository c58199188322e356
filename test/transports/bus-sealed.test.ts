/**
 * Payloads outside of packets on the bus: the broker looks at them for those who receive them (bus M1, F1), and never reads them.
 */
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import { inlineBytesMax, payloadBytesMax } from '../../broker/contract/limits.js';
import { loadNative } from '../../broker/native/addon.js';
import * as wire from '../../transports/bus/wire.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/index.js';
import { createCollector } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { createParts } from '../support/parts.js';
import { type RawSocket, rawConnect } from '../support/raw-connection.js';
import { openPayloads, sealedImpostors } from '../support/sealed-memory.js';

const native = loadNative();
const size = inlineBytesMax + 1;
const large = Buffer.alloc(size, 'large');

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A SEND to the root, whose payload of this length is outside of it. */
function sealedSend(root: readonly [number, number], length: number, descriptors: number): Uint8Array {
  const bytes = new Uint8Array(wire.sendHeadBytes + wire.sealedPlaceBytes);
  const view = viewOf(bytes);
  wire.writeHeader(view, 0, bytes.length, wire.FrameKind.Send, wire.sealedFlag, descriptors);
  view.setUint32(8, 1, true);
  view.setUint32(16, root[0], true);
  view.setUint32(20, root[1], true);
  view.setUint32(wire.sendHeadBytes, length, true);
  return bytes;
}

/** A client that keeps no rules, and the id of its root. */
async function rawClient(world: World): Promise<{ raw: RawSocket; root: [number, number] }> {
  const raw = rawConnect(createParts().loop, world.path);
  world.defer(() => raw.close());
  const hello = new Uint8Array(wire.helloBytes);
  wire.writeHello(viewOf(hello), 0);
  raw.send(hello);
  await eventually('a welcome', () => raw.packets.length > 0);
  const view = viewOf(raw.packets[0] ?? new Uint8Array(wire.welcomeBytes));
  return { raw, root: [view.getUint32(24, true), view.getUint32(28, true)] };
}

for (const [name, make] of Object.entries(sealedImpostors)) {
  test.serial(
    `F1, M1 instead of a payload comes ${name}: its sender is closed, its receiver not`,
    async (t) => {
      await inWorld(catalogFixture('bus'), async (world) => {
        const [owner, sender] = [await world.connect(), await world.connect()];
        const inbox = createCollector(owner.peer);
        const handle = await world.handleTo(owner, inbox.node, sender);
        const { raw, root } = await rawClient(world);
        raw.send(sealedSend(root, size, 1), [make(native, size)]);
        await within('the end', raw.ended);
        const close = viewOf(raw.packets.at(-1) ?? new Uint8Array(wire.closeBytes));
        t.deepEqual(
          [close.getUint8(4), close.getUint32(12, true)],
          [wire.FrameKind.Close, ErrorCode.Protocol],
        );
        t.is(openPayloads(), 0);
        await within('a send', handle.send({ bytes: large }));
        t.true(large.equals((await inbox.delivery(0)).bytes), 'others go on');
      });
    },
  );
}

test.serial('F1 the place of a payload is checked with its packet', (t) => {
  const fault = (length: number, descriptors: number, change = (_view: DataView): void => {}): number => {
    const bytes = sealedSend([8, 1], length, descriptors);
    change(viewOf(bytes));
    return wire.clientPacketFault(viewOf(bytes), 0, bytes.length, descriptors);
  };
  t.is(fault(size, 1), wire.Fault.None);
  t.is(fault(payloadBytesMax, 2), wire.Fault.None, 'with a descriptor of the message');
  t.is(fault(size, 0), wire.Fault.Field, 'without its descriptor');
  t.is(fault(inlineBytesMax, 1), wire.Fault.Field, 'it would fit into the packet');
  t.is(fault(payloadBytesMax + 1, 1), wire.Fault.Field, 'too large');
  t.is(
    fault(size, 1, (view) => view.setUint32(wire.sendHeadBytes + 4, 1, true)),
    wire.Fault.Field,
    'reserved',
  );
  t.is(
    fault(size, 1, (view) => view.setUint8(5, wire.sealedFlag | 8)),
    wire.Fault.Kind,
    'a flag that there is not',
  );
  t.is(
    fault(size, 1, (view) => view.setUint8(7, 7)),
    wire.Fault.Field,
    'more or less than its length in its place',
  );
});

test.serial('M1, C6 a large message arrives though its sender has ended since', async (t) => {
  await inWorld(catalogFixture('bus'), async (world) => {
    const [owner, sender] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer);
    const handle = await world.handleTo(owner, inbox.node, sender);
    handle.send({ bytes: large }).catch(() => {});
    sender.peer.close();
    t.true(large.equals((await inbox.delivery(0)).bytes));
    await eventually('nothing is left of it', () => openPayloads() === 0);
  });
});

test.serial('M1, C32 large messages that nobody takes any more leave nothing', async (t) => {
  await inWorld(catalogFixture('bus'), async (world) => {
    const [owner, sender] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer);
    const handle = await world.handleTo(owner, inbox.node, sender);
    const sends: Promise<unknown>[] = [];
    for (let at = 0; at < 8; at += 1)
      sends.push(handle.send({ bytes: large }), handle.call({ bytes: large }));
    owner.peer.close();
    await within('all end', Promise.allSettled(sends));
    await t.throwsAsync(handle.send({ bytes: large }));
    await eventually('nothing is left', () => openPayloads() === 0);
  });
});

test.serial('M7, M9 large calls and answers pass between the broker’s own peer and others', async (t) => {
  await inWorld(catalogFixture('bus'), async (world) => {
    const answers: Buffer[] = [];
    let local: Promise<unknown> = Promise.resolve();
    const { path } = await world.serve('second', (server) => {
      const own = createCollector(server.peer, ({ bytes, handles, reply }) => {
        reply?.send({ bytes });
        for (const handle of handles) {
          const reuse = Buffer.from(bytes);
          const back = handle.call({ bytes: reuse });
          const toOneself = own.node.handle().call({ bytes: reuse });
          reuse.fill(0);
          local = Promise.all([back, toOneself])
            .then((both) => answers.push(...both.map((answer) => Buffer.from(answer.bytes))))
            .finally(() => handle.close());
        }
      });
      return () => own.node;
    });
    const client = await world.connect({ path });
    const inbox = createCollector(client.peer, ({ bytes, reply }) => reply?.send({ bytes }));
    const answer = await within('a call', client.root.call({ bytes: large, handles: [inbox.node] }));
    t.true(large.equals(answer.bytes));
    await eventually('both answers', () => answers.length === 2);
    await local;
    for (const bytes of answers) t.true(large.equals(bytes));
    await eventually('nothing is left', () => openPayloads() === 0);
  });
});
