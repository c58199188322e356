/**
 * What a client sends to the bus: the check of packets, and the real router behind it. One client keeps no rules; two others go on
 * talking, and when all have gone nothing is left in the broker's books.
 */
import assert from 'node:assert/strict';
import type { Delivery, Handle } from '../../../broker/contract/transport.js';
import { closeDescriptors } from '../../../transports/bus/descriptors.js';
import * as wire from '../../../transports/bus/wire.js';
import { BusRig } from '../../support/bus-rig.js';
import type { Decoder } from '../decoder.js';
import { casesOf } from '../mutation.js';
import { type Case, exactView, type Packet } from '../packet.js';
import { Planted } from '../planted.js';
import { busSeeds, clientFrames, repairFrames, walk } from './bus-seeds.js';

/** The verdict on a packet, which must not depend on what is around it or was before. */
export function verdictOf(fault: typeof wire.clientPacketFault, { bytes, descriptors }: Packet): wire.Fault {
  const verdict = fault(exactView(bytes), 0, bytes.length, descriptors);
  assert.equal(fault(exactView(bytes), 0, bytes.length, descriptors), verdict, 'twice the same');
  const around = new Uint8Array(bytes.length + 48).fill(0xff);
  around.set(bytes, 24);
  assert.equal(fault(new DataView(around.buffer), 24, bytes.length, descriptors), verdict, 'anywhere');
  assert.ok(Object.values(wire.Fault).includes(verdict));
  return verdict;
}

/** Numbers the requests of a connection as a client would. */
export function withSerials(packets: Case): Case {
  let serial = 0;
  return packets.map(({ bytes: original, descriptors }) => {
    const bytes = original.slice();
    walk(bytes, (view, at) => {
      serial += 1;
      if (at + 12 <= bytes.length) view.setUint32(at + 8, serial, true);
    });
    return { bytes, descriptors };
  });
}

export const hello = new Uint8Array(wire.helloBytes);
wire.writeHello(new DataView(hello.buffer), 0);

class Scene {
  readonly rig: BusRig;
  readonly #kept: Handle[] = [];
  readonly #planted = new Planted();
  readonly said: number[] = [];
  readonly #near: number;
  readonly #far: number;
  isEnded = false;

  constructor() {
    this.rig = new BusRig((delivery) => this.#exchange(delivery));
    const { descriptor } = this.rig.accept();
    this.#far = descriptor;
    this.#near = descriptor ^ 1;
    this.rig.loop.adopt(descriptor, {
      packet: (offset, length, descriptors) => {
        const { receiveView } = this.rig.loop;
        const fault = wire.brokerPacketFault(receiveView, offset, length, descriptors.length);
        closeDescriptors(descriptors);
        assert.equal(fault, wire.Fault.None, 'the broker sends frames only');
        walk(this.rig.loop.receiveBytes, (view, at) => this.said.push(view.getUint8(at + 4)));
      },
      ended: () => {
        this.isEnded = true;
      },
      drained: () => {},
    });
  }

  /** The root's owner keeps the first handle of each message, and answers with all that it has. */
  #exchange(delivery: Delivery): void {
    closeDescriptors(delivery.descriptors);
    const [first, ...others] = delivery.handles;
    for (const handle of others) handle.close();
    if (first !== undefined) this.#kept.push(first);
    const handles = this.#kept.filter(({ isGone }) => !isGone).slice(0, 8);
    // Whoever is called back lets go of what he is given.
    first?.send({ bytes: delivery.bytes, handles }).catch(() => {});
    delivery.reply?.send({ bytes: delivery.bytes, handles });
  }

  get isAccepted(): boolean {
    return this.rig.loop.socket(this.#near) !== undefined;
  }

  deliver({ bytes, descriptors }: Packet): void {
    if (!this.isAccepted) return;
    this.rig.loop.deliver(this.#near, bytes, this.#planted.take(descriptors));
  }

  hangUp(): void {
    this.rig.loop.socket(this.#far)?.close();
  }

  close(): void {
    for (const handle of this.#kept) handle.close();
    this.rig.own.close();
    for (const connection of [...this.rig.connections]) connection.close();
    this.#planted.close();
  }
}

async function carryOut(input: Case): Promise<string> {
  const scene = new Scene();
  const { rig } = scene;
  const [one, other] = [rig.connect(), rig.connect()];
  await rig.settle();
  const heard: number[] = [];
  const node = one.peer.createNode({
    message: (delivery) => {
      heard.push(delivery.bytes.length);
      closeDescriptors(delivery.descriptors);
      for (const handle of delivery.handles) handle.close();
      delivery.reply?.send({ bytes: delivery.bytes });
    },
  });
  const gift = one.peer.root.call({ bytes: new Uint8Array(0), handles: [node] });
  await rig.settle();
  for (const handle of (await gift).handles) handle.close();
  const fetched = other.peer.root.call({ bytes: new Uint8Array(0) });
  await rig.settle();
  const [toNode] = (await fetched).handles;
  assert.ok(toNode !== undefined);
  scene.deliver({ bytes: hello, descriptors: 0 });
  await rig.settle();
  let mustEnd = false;
  const faults: number[] = [];
  for (const packet of withSerials(input)) {
    if (!scene.isAccepted) break;
    const fault = verdictOf(wire.clientPacketFault, packet);
    faults.push(fault);
    const { handlesMade } = rig.router.core;
    scene.deliver(packet);
    if (fault !== wire.Fault.None) {
      mustEnd = true;
      assert.equal(rig.router.core.handlesMade, handlesMade, 'F1: no frame of it has an effect');
    }
    rig.loop.turn();
  }
  await rig.settle();
  if (mustEnd) assert.ok(scene.isEnded, 'F1: the connection ends');
  const answer = toNode.call({ bytes: Uint8Array.of(1, 2, 3) });
  await rig.settle();
  assert.deepEqual([...(await answer).bytes], [1, 2, 3], 'nobody else notices');
  assert.equal(rig.connections.size, scene.isEnded ? 2 : 3);
  scene.hangUp();
  await rig.settle();
  assert.equal(rig.connections.size, 2);
  assert.ok(!node.isGone && one.peer.usage().nodes === 1);
  one.peer.close();
  other.peer.close();
  await rig.settle();
  scene.close();
  await rig.settle();
  const { core } = rig.router;
  assert.deepEqual([core.peers, core.nodes, core.handles, rig.loop.open], [0, 0, 0, 0], 'nothing is left');
  assert.deepEqual([...core.quota().accounts], [], 'nor in the books');
  const kinds = [...new Set(scene.said)].sort((a, b) => a - b).map((kind) => kind.toString(16));
  return `${faults.join('')} ${scene.isEnded ? 'ended' : 'open'} ${kinds.join(' ')}`;
}

export const busRequests: Decoder = {
  name: 'bus-requests',
  cases: casesOf({ seeds: busSeeds('client'), built: clientFrames, repair: repairFrames, packetsMax: 8 }),
  runs: 250,
  open: async () => ({ check: carryOut, close: () => {} }),
};
