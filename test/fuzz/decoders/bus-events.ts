/**
 * What a broker sends to a client: the check of packets, and a real client behind it, with something of every kind outstanding. A
 * broker is trusted, but not to be without faults: whatever it says, the client ends the connection or goes on, and everybody who
 * waits is told.
 */
import assert from 'node:assert/strict';
import { closeDescriptors } from '../../../transports/bus/descriptors.js';
import { manifest } from '../../../transports/bus/index.js';
import { BusPeer } from '../../../transports/bus/peer.js';
import { SocketLink } from '../../../transports/bus/socket-link.js';
import * as wire from '../../../transports/bus/wire.js';
import { within } from '../../support/eventually.js';
import { FakePacketLoop } from '../../support/fake-packet-loop.js';
import { createStillTime } from '../../support/still-time.js';
import type { Decoder } from '../decoder.js';
import { casesOf } from '../mutation.js';
import type { Case } from '../packet.js';
import { Planted } from '../planted.js';
import { verdictOf } from './bus-requests.js';
import { brokerFrames, busSeeds, repairFrames } from './bus-seeds.js';

const welcome = new Uint8Array(wire.welcomeBytes);
wire.writeWelcome(new DataView(welcome.buffer), 0, 2, 1, 1);

async function settle(loop: FakePacketLoop): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    loop.turn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function carryOut(input: Case): Promise<string> {
  const loop = new FakePacketLoop();
  const time = createStillTime();
  const planted = new Planted();
  const [near, far] = loop.pair();
  let requests = 0;
  loop.adopt(far, {
    packet: (offset, length, descriptors) => {
      requests += 1;
      closeDescriptors(descriptors);
      if (requests === 1) assert.ok(wire.readHello(loop.receiveView, offset, length) !== undefined);
      else {
        const fault = wire.clientPacketFault(loop.receiveView, offset, length, descriptors.length);
        assert.equal(fault, wire.Fault.None, 'the client sends frames only');
      }
    },
    ended: () => {},
    drained: () => {},
  });
  const errors: unknown[] = [];
  const peer = new BusPeer({ manifest, time, options: { onError: (error) => errors.push(error) } });
  const link = new SocketLink(loop, time, near, peer);
  peer.attach(link);
  link.welcome.catch(() => {});
  const { socket } = link;
  loop.turn();
  loop.deliver(near, welcome);
  const waiting: Promise<unknown>[] = [];
  const wait = (promise: Promise<unknown>): void => void waiting.push(promise.catch(() => {}));
  const received: (() => void)[] = [];
  const node = peer.createNode({
    message: (delivery) => {
      closeDescriptors(delivery.descriptors);
      received.push(() => {
        for (const handle of delivery.handles) handle.close();
        delivery.reply?.close();
      });
      if (received.length % 2 === 0) received.pop()?.();
    },
    unused: () => {},
  });
  const { root } = peer;
  for (let count = 0; count < 3; count += 1) {
    wait(root.send({ bytes: new Uint8Array(3), handles: [node] }));
    wait(
      root.call({ bytes: new Uint8Array(3), handles: [node] }).then((answer) => {
        closeDescriptors(answer.descriptors);
        for (const handle of answer.handles) handle.close();
      }),
    );
    wait(peer.holders(node));
  }
  wait(peer.multicast([root, node.handle()], { bytes: new Uint8Array(3) }, { partial: true }));
  loop.turn();
  const verdicts: number[] = [];
  let isBad = false;
  for (const packet of input) {
    if (socket.isClosed) break;
    const verdict = verdictOf(wire.brokerPacketFault, packet);
    verdicts.push(verdict);
    isBad ||= verdict !== wire.Fault.None;
    loop.deliver(near, packet.bytes, planted.take(packet.descriptors));
    loop.turn();
  }
  await settle(loop);
  const hasEnded = socket.isClosed;
  if (isBad) assert.ok(hasEnded, 'F1: the connection ends');
  if (hasEnded) assert.equal(await within('the end', peer.ended, 2000), 'disconnected');
  for (const close of received) close();
  peer.close();
  await settle(loop);
  await within('all that waits has an end', Promise.all(waiting), 2000);
  assert.deepEqual(peer.usage(), { nodes: 0, handles: 0, callsOutstanding: 0, repliesHeld: 0 });
  loop.socket(far)?.close();
  await settle(loop);
  assert.equal(loop.open, 0);
  planted.close();
  return `${verdicts.join('')} ${hasEnded ? 'ended' : 'open'} ${errors.length > 0 ? 'told' : ''}`;
}

export const busEvents: Decoder = {
  name: 'bus-events',
  cases: casesOf({ seeds: busSeeds('broker'), built: brokerFrames, repair: repairFrames, packetsMax: 6 }),
  runs: 400,
  open: async () => ({ check: carryOut, close: () => {} }),
};
