/**
 * Rule S9: payloads outside of packets. What a sender may hand over in their place, and what happens when there is no memory.
 */
import test, { type ExecutionContext } from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { inlineBytesMax, payloadBytesMax, sealedBytesInFlightMax } from '../../broker/contract/limits.js';
import { SystemRefusal } from '../../transports/sockets/core.js';
import type { SocketSystem } from '../../transports/sockets/index.js';
import { bytesOf, createCollector } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { openPayloads, sealedImpostors } from '../support/sealed-memory.js';
import { encodePacket, type MessageFrame } from '../support/sockets-frames.js';
import {
  createFailingTransport,
  framesOf,
  inSocketsWorld,
  type SocketsWorld,
} from '../support/sockets-world.js';

const size = inlineBytesMax + 1;
const large = Buffer.alloc(size, 'large');

function sealedFrame(kind: MessageFrame['kind'], serial = 0, descriptors = 1): MessageFrame {
  return { kind, serial, transfers: [], payload: '', sealed: size, descriptors };
}

/** A node as root, with all that reached it. */
async function serveRoot(world: SocketsWorld): Promise<ReturnType<typeof createCollector>> {
  const { peer } = await world.connect();
  return createCollector(peer);
}

for (const [name, make] of Object.entries(sealedImpostors)) {
  test.serial(`S9, C61 instead of a payload comes ${name}: the connection is closed`, async (t) => {
    await inSocketsWorld(async (world) => {
      const holder = await world.rawHolder();
      holder.send(encodePacket([sealedFrame('message')]), [make(world.native, size)]);
      await within('the end of the holder', holder.ended);
      const { session, owner } = await world.rawOwner();
      const call = session.root.call({ bytes: bytesOf('call') });
      await eventually('the call', () => framesOf(owner).some(({ kind }) => kind === 'call'));
      const serial = framesOf(owner).flatMap((frame) => (frame.kind === 'call' ? [frame.serial] : []))[0];
      owner.send(encodePacket([sealedFrame('reply', serial)]), [make(world.native, size)]);
      await within('the end of the owner', owner.ended);
      await t.throwsAsync(within('the call', call), { message: /nobody will answer/ });
      t.is(openPayloads(), 0);
      t.is(await usable(world), 'still', 'nobody else notices');
    });
  });
}

/** Whether two others can still talk. */
async function usable(world: SocketsWorld): Promise<string> {
  const sender = await world.connect();
  const inbox = await serveRoot(world);
  const owner = await world.connect();
  const tray = createCollector(owner.peer);
  const handle = await world.handleTo(owner, tray.node, sender);
  await within('a send', handle.send({ bytes: bytesOf('still') }));
  await tray.delivery(0);
  inbox.node.destroy();
  return tray.texts[0] ?? '';
}

test.serial('S9, C61 a payload that was declared and did not come ends the connection', async (t) => {
  await inSocketsWorld(async (world) => {
    const holder = await world.rawHolder();
    holder.send(encodePacket([sealedFrame('message')]));
    await within('the end', holder.ended);
    t.pass();
  });
});

test.serial('S9, C6 a payload arrives though its sender has ended since', async (t) => {
  await inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const call = session.root.call({ bytes: bytesOf('call') });
    await eventually('the call', () => framesOf(owner).some(({ kind }) => kind === 'call'));
    const serial = framesOf(owner).flatMap((frame) => (frame.kind === 'call' ? [frame.serial] : []))[0];
    owner.send(encodePacket([sealedFrame('reply', serial)]), [world.native.sealBytes(large, 0, size)]);
    owner.close();
    t.true(large.equals((await within('the call', call)).bytes));
    t.is(openPayloads(), 0);
  });
});

test.serial('S9, C32 a payload that arrives for nobody leaves nothing', async (t) => {
  await inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const memories = [1, 2, 3].map(() => world.native.sealBytes(large, 0, size));
    const frames = [99, 98, 97].map((serial) => sealedFrame('reply', serial));
    owner.send(encodePacket(frames), memories);
    await eventually('all are closed', () => openPayloads() === 0);
    t.false(session.root.isGone, 'a serial that names no call is no violation');
  });
});

test.serial('S9, S11 a payload is acknowledged as soon as it was read, and bounded until then', async (t) => {
  await inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    owner.setReading(false);
    const bytes = Buffer.alloc(payloadBytesMax);
    const room = sealedBytesInFlightMax / payloadBytesMax;
    for (let at = 0; at < room; at += 1) await session.root.send({ bytes });
    await t.throwsAsync(session.root.send({ bytes: large }), {
      message: /bytes in sealed memory: .*268435456 of 268435456; try again when writable$/,
    });
    await session.root.send({ bytes: bytesOf('small ones pass') });
    owner.setReading(true);
    await eventually('what was sent', () => owner.descriptors.length === room);
    const writable = session.root.writable();
    owner.send(encodePacket([{ kind: 'ack', received: 1 }]));
    await within('writable', writable);
    await session.root.send({ bytes });
    await t.throwsAsync(session.root.send({ bytes: large }), { message: /bytes in sealed memory: / });
    owner.send(encodePacket([{ kind: 'ack', received: room + 1 }]));
    await eventually('the last', () => owner.descriptors.length === room + 1);
    await within('writable', session.root.writable());
    for (let at = 0; at < room; at += 1) await session.root.send({ bytes: large });
    // Who receives one acknowledges it at once.
    const holder = session.root.call({ bytes: bytesOf('call') });
    await eventually('the call', () => framesOf(owner).some(({ kind }) => kind === 'call'));
    const serial = framesOf(owner).flatMap((frame) => (frame.kind === 'call' ? [frame.serial] : []))[0];
    owner.send(encodePacket([sealedFrame('reply', serial)]), [world.native.sealBytes(large, 0, size)]);
    await within('the answer', holder);
    await eventually('an acknowledgement', () =>
      framesOf(owner).some((frame) => frame.kind === 'ack' && frame.received === 1),
    );
  });
});

async function refusesWith(t: ExecutionContext, errno: number, name: string, code: ErrorCode): Promise<void> {
  await inSocketsWorld(async (world) => {
    let isFailing = false;
    const transport = createFailingTransport(
      (system: SocketSystem): SocketSystem => ({
        ...system,
        sealBytes: (bytes) => {
          if (isFailing) throw new SystemRefusal('memfd_create', name, errno);
          return system.sealBytes(bytes);
        },
      }),
    );
    const [near, far] = world.native.socketpair();
    const owner = world.raw(far);
    const connecting = transport.connect({ descriptor: near });
    owner.send(encodePacket([{ kind: 'welcome', version: 1 }]));
    const { peer, root } = await connecting;
    isFailing = true;
    const open = (): number[] => [world.native.sealBytes(bytesOf('own'), 0, 3)];
    const own = peer.createNode({ message: () => {} });
    for (const attempt of [
      root.send({ bytes: large, descriptors: open() }),
      root.call({ bytes: large, handles: [own], descriptors: open() }),
      peer.multicast([root, root.clone()], { bytes: large, descriptors: open() }),
    ]) {
      const error = await t.throwsAsync(attempt);
      t.true(hasCode(error, code), String(error));
    }
    t.is(openPayloads(), 0, 'what the messages carried is closed');
    isFailing = false;
    await within('writable', root.writable());
    await root.send({ bytes: large });
    await eventually('the message', () => framesOf(owner).some(({ kind }) => kind === 'message'));
    t.is(framesOf(owner).filter(({ kind }) => kind === 'message' || kind === 'call').length, 1);
    peer.close();
  });
}

test.serial(
  'S9, C32 without descriptors to spare a large message is refused, and nothing sent',
  async (t) => {
    await refusesWith(t, 24, 'EMFILE', ErrorCode.OverQuota);
  },
);

test.serial('S9, C32 where memory cannot be had for good, the refusal says so', async (t) => {
  await refusesWith(t, 28, 'ENOSPC', ErrorCode.System);
});

test.serial('S9 a receiver without memory ends the connection', async (t) => {
  await inSocketsWorld(async (world) => {
    const transport = createFailingTransport((system) => ({ ...system, readSealed: () => undefined }));
    const [near, far] = world.native.socketpair();
    const owner = world.raw(far);
    const connecting = transport.connect({ descriptor: near });
    owner.send(encodePacket([{ kind: 'welcome', version: 1 }]));
    const { peer, root } = await connecting;
    owner.send(encodePacket([sealedFrame('reply', 1)]), [world.native.sealBytes(large, 0, size)]);
    t.is(await within('gone', root.gone), 'disconnected');
    t.is(openPayloads(), 0);
    peer.close();
  });
});
