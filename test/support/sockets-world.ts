/**
 * The conformance suite's world on the sockets transport, with raw connections on both sides: as a holder who keeps no rules, and
 * as an owner who only looks at what a holder sends.
 */

import type { Time } from '../../broker/contract/platform.js';
import type { Session, Transport } from '../../broker/contract/transport.js';
import { loadNative, type Native } from '../../broker/native/addon.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { createSocketsTransport, createSystem, type SocketSystem } from '../../transports/sockets/index.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld, type World } from '../conformance/index.js';
import { eventually } from './eventually.js';
import { createParts } from './parts.js';
import { type RawSocket, rawConnect, rawSocket } from './raw-connection.js';
import { decodePacket, encodePacket, type Frame, helloFrame } from './sockets-frames.js';

export interface SocketsWorld extends World {
  readonly loop: PacketLoop;
  readonly native: Native;
  /** A holder by path that has said hello and was welcomed. */
  rawHolder(): Promise<RawSocket>;
  /** A peer whose root's owner is a raw connection. */
  rawOwner(): Promise<{ readonly session: Session; readonly owner: RawSocket }>;
  /** A raw connection by path that has said nothing. */
  rawNewcomer(): RawSocket;
  /** The same, to another path. */
  rawTo(path: string): RawSocket;
  /** One end of a pair as a raw connection, the other as a descriptor. */
  rawPair(withCredentials: boolean): { readonly raw: RawSocket; readonly descriptor: number };
  /** Takes a descriptor as a raw connection. */
  raw(descriptor: number): RawSocket;
}

/** Runs a body in a world of its own, and insists that it leaves nothing open. */
export async function inSocketsWorld(body: (world: SocketsWorld) => Promise<void>): Promise<void> {
  await inWorld(catalogFixture('sockets'), async (world) => {
    const { loop } = createParts();
    const native = loadNative();
    const raws: RawSocket[] = [];
    const keep = (raw: RawSocket): RawSocket => {
      raws.push(raw);
      return raw;
    };
    world.defer(() => {
      for (const raw of raws) {
        raw.close();
        for (const descriptor of raw.descriptors.splice(0)) native.close(descriptor);
      }
    });
    await body({
      ...world,
      loop,
      native,
      rawNewcomer: () => keep(rawConnect(loop, world.path)),
      rawTo: (path) => keep(rawConnect(loop, path)),
      rawHolder: async () => {
        const raw = keep(rawConnect(loop, world.path));
        raw.send(encodePacket([helloFrame()]));
        await eventually('a welcome', () => framesOf(raw).some(({ kind }) => kind === 'welcome'));
        return raw;
      },
      rawOwner: async () => {
        const [near, far] = native.socketpair();
        const owner = keep(rawSocket(loop, far));
        const connecting = world.transport.connect({ descriptor: near });
        owner.send(encodePacket([{ kind: 'welcome', version: 1 }]));
        const session = await connecting;
        world.defer(() => session.peer.close());
        return { session, owner };
      },
      rawPair: (withCredentials) => {
        const [descriptor, far] = native.socketpair();
        if (withCredentials) native.setPassCredentials(descriptor, true);
        return { raw: keep(rawSocket(loop, far)), descriptor };
      },
      raw: (descriptor) => keep(rawSocket(loop, descriptor)),
    });
  });
}

/** All frames that a raw connection has received. */
export function framesOf(raw: RawSocket): Frame[] {
  return raw.packets.flatMap(packetFrames);
}

/** The frames of one packet. */
export function packetFrames(packet: Uint8Array): Frame[] {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  let descriptors = 0;
  for (let at = 0; at < packet.byteLength; at += view.getUint32(at, true))
    descriptors += view.getUint8(at + 6);
  const frames = decodePacket(packet, descriptors);
  if (frames === undefined) throw new Error('the transport sent a packet that is not sound');
  return frames;
}

/** A sockets transport on a test's own time. */
export function createTransport(time: Time): Transport {
  return createSocketsTransport({ ...createParts(), time });
}

/** A sockets transport whose system calls fail as a test says. */
export function createFailingTransport(change: (system: SocketSystem) => SocketSystem): Transport {
  return createSocketsTransport({ ...createParts(), system: change(createSystem()) });
}
