/**
 * Rules S3 and S5 beyond one connection: the wide fence, and the room that one grant has.
 */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { descriptorsInFlightMax, grantConnectionsMax } from '../../broker/contract/limits.js';
import type { Handle, Server } from '../../broker/contract/transport.js';
import { createSocketsTransport } from '../../transports/sockets/index.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { createParts } from '../support/parts.js';
import type { RawSocket } from '../support/raw-connection.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import { framesOf, inSocketsWorld, type SocketsWorld } from '../support/sockets-world.js';

/** What the kernel holds of one connection is some 90 packets; a turn of the loop receives 64 of them at most. */
const packetsBefore = 85;

interface Rig {
  readonly server: Server;
  /** What has arrived, at any node, in order. */
  readonly texts: readonly string[];
  /** A holder that has said hello, or has not. */
  holder(isKnown: boolean): Promise<RawSocket>;
  /** A pair whose one end can be attached. */
  pair(): ReturnType<SocketsWorld['rawPair']>;
  allArrived(): Promise<void>;
}

/** An owner with as many nodes as there are holders, and a fence or none. */
async function rig(world: SocketsWorld, fence: boolean): Promise<Rig> {
  const transport = createSocketsTransport({ ...createParts(), fence });
  const server = await transport.serve({
    path: `${world.directory}/fence-${fence}`,
    root: () => () => undefined,
  });
  world.defer(() => server.close());
  const texts: string[] = [];
  return {
    server,
    texts,
    holder: async (isKnown) => {
      const node = server.peer.createNode({ message: ({ bytes }) => texts.push(textOf(bytes)) });
      const raw = world.raw(server.invite(node));
      if (!isKnown) return raw;
      raw.send(encodePacket([helloFrame()]));
      await eventually('the welcome', () => framesOf(raw).length === 1);
      return raw;
    },
    pair: () => world.rawPair(true),
    allArrived: () => eventually('all', () => texts.length === packetsBefore + 1),
  };
}

/** Sends on one connection, and gives the handle of another away, whose new holder sends at once. All before the owner reads any of it. */
function sendAndGiveAway(first: RawSocket, second: RawSocket, given: ReturnType<Rig['pair']>): void {
  for (let at = 0; at < packetsBefore; at += 1) {
    first.send(encodePacket([textFrame('message', `before ${at}`)]));
  }
  second.send(encodePacket([{ kind: 'attach', fence: 1 }]), [given.descriptor]);
  given.raw.send(encodePacket([helloFrame(1), textFrame('message', 'after')]));
}

test.serial('S5 without the wide fence two connections are unordered, also after a give-away', (t) =>
  inSocketsWorld(async (world) => {
    const { holder, pair, texts, allArrived } = await rig(world, false);
    sendAndGiveAway(await holder(true), await holder(true), pair());
    await allArrived();
    t.true(texts.indexOf('after') < packetsBefore, `after came as number ${texts.indexOf('after')}`);
  }),
);

test.serial('S5 with the wide fence all that the giver sent comes before what the new holder sends', (t) =>
  inSocketsWorld(async (world) => {
    for (let round = 0; round < 5; round += 1) {
      const { holder, pair, texts, allArrived, server } = await rig(world, true);
      sendAndGiveAway(await holder(true), await holder(true), pair());
      await allArrived();
      t.is(texts.indexOf('after'), packetsBefore);
      server.close();
    }
  }),
);

test.serial('S5 the wide fence waits for a connection whose holder has not said hello yet', (t) =>
  inSocketsWorld(async (world) => {
    const { holder, pair, texts, allArrived } = await rig(world, true);
    const [first, second] = [await holder(false), await holder(true)];
    first.send(encodePacket([helloFrame()]));
    sendAndGiveAway(first, second, pair());
    await allArrived();
    t.is(texts.indexOf('after'), packetsBefore);
  }),
);

test.serial(
  'S5 the wide fence waits for nobody who has ended, and for nobody who is waited for himself',
  (t) =>
    inSocketsWorld(async (world) => {
      const { holder, pair, texts } = await rig(world, true);
      // Cut in the middle, with unread packets behind.
      const [first, second] = [await holder(true), await holder(true)];
      const given = pair();
      for (let at = 0; at < 40; at += 1) {
        first.send(at === 20 ? new Uint8Array(16).fill(0xff) : encodePacket([textFrame('message', `${at}`)]));
      }
      second.send(encodePacket([{ kind: 'attach', fence: 1 }]), [given.descriptor]);
      given.raw.send(encodePacket([helloFrame(1), textFrame('message', 'after')]));
      await eventually('the new holder', () => texts.includes('after'));
      t.is(texts.length, 21);
      // Two that are given away at once, by one who goes on sending: neither stops the other.
      const third = await holder(true);
      const pairs = [pair(), pair()];
      for (const [at, each] of pairs.entries()) {
        third.send(encodePacket([{ kind: 'attach', fence: 1 + at }]), [each.descriptor]);
        each.raw.send(encodePacket([helloFrame(1 + at), textFrame('message', `given ${at}`)]));
      }
      await eventually('both', () => texts.includes('given 0') && texts.includes('given 1'));
    }),
);

test.serial('S5 what was sent in the same turn is the kernel’s before a give-away', (t) =>
  inSocketsWorld(async (world) => {
    const { session, owner } = await world.rawOwner();
    const call = session.root.call({ bytes: bytesOf('?') });
    await eventually('the call', () => framesOf(owner).length === 2);
    const [one, other] = [world.native.socketpair(), world.native.socketpair()];
    const transfers = [one, other].map(() => ({ kind: 'handle' as const, fence: 0 }));
    owner.send(encodePacket([{ ...textFrame('reply', 'x', 0, 2), transfers }]), [one[0], other[0]]);
    const [first, second] = (await within('the reply', call)).handles;
    if (first === undefined || second === undefined) throw new Error('no handles arrived');
    void first.send({ bytes: bytesOf('before') });
    t.is(world.native.unreadBytes(one[1]), 0);
    const clone = second.clone();
    t.true(world.native.unreadBytes(one[1]) > 0);
    for (const handle of [first, second, clone]) handle.close();
    await turns();
    for (const far of [one[1], other[1]]) world.native.close(far);
  }),
);

test.serial(
  'S3 what stems from one grant has room of its own: one holder does not take that of others',
  (t) =>
    inSocketsWorld(async (world) => {
      const needed = 2 * grantConnectionsMax + 2000;
      if (world.native.raiseDescriptorLimit() < needed) {
        t.log(
          `left out: ${needed} descriptors are needed, and the limit is ${world.native.descriptorLimit()}`,
        );
        t.pass();
        return;
      }
      const inbox = createCollector(world.server.peer, echo);
      const connect = () => world.connect({ descriptor: world.server.invite(inbox.node) });
      const [{ root: handle }, { root: fair }] = [await connect(), await connect()];
      const clones: Handle[] = [];
      let refusal: unknown;
      // Each is cloned from the one before: it is the grant that counts, not the connection.
      for (let last = handle; refusal === undefined; ) {
        try {
          last = last.clone();
          clones.push(last);
          t.true(clones.length < grantConnectionsMax + descriptorsInFlightMax, 'there is a limit');
          // What the last is attached to has to be read before the next can be seen.
          await last.call({ bytes: bytesOf('are you attached?') }).catch((error: unknown) => {
            refusal = error;
          });
        } catch (error) {
          refusal = error;
        }
      }
      // Whoever takes the last place is told that there is none left; the last to come has not, and sees the end of what he made.
      t.true(hasCode(refusal, ErrorCode.ReplyLost), String(refusal));
      t.is(clones.length, grantConnectionsMax);
      t.is(await within('the end', clones.pop()?.gone ?? Promise.reject()), 'node-gone');
      for (const asking of clones.slice(-2)) {
        t.true(
          hasCode(
            t.throws(() => asking.clone()),
            ErrorCode.OverQuota,
          ),
        );
      }
      const asking = clones.pop();
      if (asking === undefined) throw new Error('no clones');
      const another = fair.clone();
      t.is(textOf((await another.call({ bytes: bytesOf('room') })).bytes), 'room');
      const writable = asking.writable();
      for (const clone of clones.splice(0, grantConnectionsMax / 4)) clone.close();
      await within('writable', writable);
      const late = asking.clone();
      t.is(textOf((await late.call({ bytes: bytesOf('room again') })).bytes), 'room again');
      for (const each of [...clones, another, late]) each.close();
      inbox.node.destroy();
    }),
);
