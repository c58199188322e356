/**
 * The sockets transport with real sockets: one side of a connection keeps no rules, as a holder and as an owner, and sends
 * descriptors of all kinds. An honest client of the same server goes on working, and nothing is left of the other.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Delivery, Handle, Session } from '../../../broker/contract/transport.js';
import { loadNative } from '../../../broker/native/addon.js';
import type { PacketLoop } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../../../transports/bus/descriptors.js';
import { eventually, turns, within } from '../../support/eventually.js';
import { noDescriptorsSince, openDescriptors } from '../../support/leaks.js';
import { createParts, transportEntry } from '../../support/parts.js';
import { type RawSocket, rawConnect, rawSocket } from '../../support/raw-connection.js';
import { encodePacket, helloFrame } from '../../support/sockets-frames.js';
import type { Decoder, Probe } from '../decoder.js';
import { casesOf } from '../mutation.js';
import type { Case } from '../packet.js';
import { Planted } from '../planted.js';
import { repairFrames } from './bus-seeds.js';
import { isSound, socketsPackets, socketsSeeds } from './sockets.js';

/** Answers, and keeps nothing. */
function takeAndAnswer(delivery: Delivery): void {
  closeDescriptors(delivery.descriptors);
  delivery.reply?.send({ bytes: delivery.bytes });
  for (const handle of delivery.handles) handle.close();
}

export interface HonestWorld {
  readonly loop: PacketLoop;
  readonly path: string;
  readonly honest: Session;
  connect(descriptor: number): Promise<Session>;
  /** The honest client is served, and the server has nobody else. */
  demandUnmoved(): Promise<void>;
  close(): Promise<void>;
}

/** A server with one honest client. */
export async function openHonestWorld(transportName: string): Promise<HonestWorld> {
  const parts = createParts();
  const before = openDescriptors();
  const transport = transportEntry(transportName).create(parts);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-fuzz-'));
  const path = join(directory, 's');
  const onError = (): void => {};
  const server = await transport.serve({
    path,
    onError,
    root: ({ peer }) => {
      const root = peer.createNode({ message: takeAndAnswer });
      return () => root;
    },
  });
  const honest = await transport.connect({ path });
  const ask = async (): Promise<void> => {
    const { bytes } = await within('an answer', honest.root.call({ bytes: Uint8Array.of(1, 2, 3) }));
    assert.deepEqual([...bytes], [1, 2, 3]);
  };
  await ask();
  const idle = JSON.stringify(server.peer.usage());
  return {
    loop: parts.loop,
    path,
    honest,
    connect: (descriptor) => transport.connect({ descriptor, onError }),
    demandUnmoved: async () => {
      await ask();
      await eventually('the others have gone', () => server.peers === 1);
      await eventually('the server has what it had', () => JSON.stringify(server.peer.usage()) === idle);
    },
    close: async () => {
      honest.peer.close();
      server.close();
      await eventually('nothing is left', () =>
        [server.peer, honest.peer].every((peer) => Object.values(peer.usage()).every((count) => count === 0)),
      );
      rmSync(directory, { recursive: true, force: true });
      await noDescriptorsSince(before);
    },
  };
}

/** Sends the packets until the other side has had enough; returns whether one of them was no packet. */
export async function assault(
  raw: RawSocket,
  input: Case,
  planted: Planted,
  isGood: (packet: Case[number]) => boolean,
): Promise<boolean> {
  for (const packet of input) {
    if (raw.isEnded) return false;
    const { bytes } = packet;
    // Our own loop sends descriptors with whole words only.
    const descriptors = bytes.length > 0 && bytes.length % 8 === 0 ? packet.descriptors : 0;
    raw.send(bytes, planted.take(descriptors));
    await turns(1);
    if (!isGood({ bytes, descriptors })) return true;
  }
  return false;
}

export function finish(raw: RawSocket, planted: Planted): void {
  raw.close();
  closeDescriptors(raw.descriptors.splice(0));
  planted.close();
}

async function openOwner(): Promise<Probe> {
  const world = await openHonestWorld('sockets');
  return {
    close: world.close,
    check: async (input) => {
      const planted = new Planted();
      const raw = rawConnect(world.loop, world.path);
      raw.send(encodePacket([helloFrame()]));
      const isBad = await assault(raw, input, planted, isSound);
      if (isBad) await within('C61: the end of the connection', raw.ended);
      await turns(2);
      const how = `${raw.isEnded ? 'ended' : 'open'} ${raw.packets.length}`;
      finish(raw, planted);
      await world.demandUnmoved();
      return how;
    },
  };
}

/** Something of every kind outstanding on a handle. */
async function use(root: Handle, session: Session): Promise<Promise<unknown>[]> {
  const node = session.peer.createNode({ message: takeAndAnswer });
  const clone = root.clone();
  const calls = [1, 2, 3].map((size) =>
    root.call({ bytes: new Uint8Array(size), handles: [node] }).then((answer) => {
      closeDescriptors(answer.descriptors);
      for (const handle of answer.handles) handle.close();
    }),
  );
  const waiting = [
    ...calls,
    root.send({ bytes: new Uint8Array(4), handles: [node, clone] }),
    root.same(clone),
    clone.send({ bytes: new Uint8Array(1) }),
  ];
  return waiting.map((promise) => promise.catch(() => {}));
}

async function openHolder(): Promise<Probe> {
  const world = await openHonestWorld('sockets');
  return {
    close: world.close,
    check: async (input) => {
      const planted = new Planted();
      const [near, far] = loadNative().socketpair();
      const raw = rawSocket(world.loop, far);
      const connecting = world.connect(near);
      raw.send(encodePacket([{ kind: 'welcome', version: 1 }]));
      const session = await connecting;
      const waiting = await use(session.root, session);
      await turns(1);
      const isBad = await assault(raw, input, planted, isSound);
      if (isBad) await within('C61: the end of the connection', raw.ended);
      await turns(2);
      const how = `${raw.isEnded ? 'ended' : 'open'} ${session.root.isGone}`;
      session.peer.close();
      finish(raw, planted);
      await within('the end of all that waits', Promise.all(waiting));
      await eventually('nothing is left', () =>
        Object.values(session.peer.usage()).every((count) => count === 0),
      );
      await world.demandUnmoved();
      return how;
    },
  };
}

const cases = casesOf({
  seeds: socketsSeeds,
  built: socketsPackets,
  repair: repairFrames,
  packetsMax: 4,
});

export const socketsOwner: Decoder = { name: 'sockets-owner', cases, runs: 120, open: openOwner };
export const socketsHolder: Decoder = { name: 'sockets-holder', cases, runs: 100, open: openHolder };
