/**
 * The router on a packet loop without a kernel: receivers that are blocked, requests in a wrong state, and who pays for it.
 */
import { openSync } from 'node:fs';
import test from 'ava';
import { BrokerError, ErrorCode, hasCode } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import type { Delivery, Handle } from '../../broker/contract/transport.js';
import { userName } from '../../transports/bus/user-name.js';
import { BusRig } from '../support/bus-rig.js';
import type { FakePacketSocket } from '../support/fake-packet-loop.js';
import { openDescriptors } from '../support/leaks.js';

/** As a client on this rig knows it. */
const uid = process.geteuid?.() ?? 0;
const user = userName(uid);
const ownUser = user === undefined ? { uid } : { uid, user };

interface Meeting {
  readonly rig: BusRig;
  readonly receiver: ReturnType<BusRig['connect']>;
  readonly senders: readonly ReturnType<BusRig['connect']>[];
  /** Each sender's handle to the receiver's node. */
  readonly handles: readonly Handle[];
  readonly seen: Delivery[];
}

/** Senders that know a node of the receiver: its root call leaves the node, theirs fetch it. */
async function meet(senderCount = 1): Promise<Meeting> {
  let left: Handle | undefined;
  const rig = new BusRig((delivery) => {
    left ??= delivery.handles[0];
    delivery.reply?.send({ bytes: new Uint8Array(0), handles: left === undefined ? [] : [left] });
  });
  const receiver = rig.connect();
  await rig.settle();
  const seen: Delivery[] = [];
  const node = receiver.peer.createNode({ message: (delivery) => seen.push(delivery) });
  await settled(rig, receiver.peer.root.call({ bytes: new Uint8Array(0), handles: [node] }));
  const senders = Array.from({ length: senderCount }, () => rig.connect());
  await rig.settle();
  const handles: Handle[] = [];
  for (const { peer } of senders) {
    const answer = await settled(rig, peer.root.call({ bytes: new Uint8Array(0) }));
    if (answer.handles[0] !== undefined) handles.push(answer.handles[0]);
  }
  return { rig, receiver, senders, handles, seen };
}

async function settled<Value>(rig: BusRig, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  await rig.settle();
  return promise;
}

/** The broker's end of a client's connection takes nothing from now on. */
function brokerEnd({ rig, receiver }: Meeting): FakePacketSocket {
  const near = rig.loop.socket(receiver.socket.descriptor ^ 1);
  if (near === undefined) throw new Error('no such connection');
  return near;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const textsOf = (seen: readonly Delivery[]): string[] =>
  seen.map(({ bytes }) => new TextDecoder().decode(bytes));

function end({ rig }: Meeting): void {
  rig.own.close();
  for (const connection of [...rig.connections]) connection.close();
}

test('M9, Q6: what waits for a blocked receiver is whole and in order when it takes it', async (t) => {
  const meeting = await meet();
  const { rig, handles, seen } = meeting;
  const socket = brokerEnd(meeting);
  socket.block();
  const [handle] = handles;
  const sent = Array.from({ length: 30 }, (_, at) => handle?.send({ bytes: text(`${at}`.repeat(at + 1)) }));
  const sequences = await settled(rig, Promise.all(sent));
  // Each in a turn of its own: the arena is used again and again.
  for (let at = 30; at < 40; at += 1)
    await settled(rig, handle?.send({ bytes: text(`${at}`.repeat(9)) }) ?? Promise.resolve(0));
  t.deepEqual(seen, []);
  socket.unblock();
  await rig.settle();
  t.is(seen.length, 40);
  t.deepEqual(
    textsOf(seen).slice(0, 30),
    Array.from({ length: 30 }, (_, at) => `${at}`.repeat(at + 1)),
  );
  t.deepEqual(
    seen.slice(0, 30).map(({ sequence }) => sequence),
    sequences,
  );
  end(meeting);
});

test('Q3–Q5: a blocked receiver refuses each sender after its part, says why, and tells it once there is room', async (t) => {
  const meeting = await meet(2);
  const { rig, handles, seen } = meeting;
  const socket = brokerEnd(meeting);
  socket.block();
  const bytes = new Uint8Array(60_000);
  const accepted: number[] = [];
  for (const handle of handles) {
    let count = 0;
    let error: unknown;
    while (error === undefined && count < 100) {
      await settled(rig, handle.send({ bytes })).then(
        () => {
          count += 1;
        },
        (refusal: unknown) => {
          error = refusal;
        },
      );
    }
    accepted.push(count);
    t.true(hasCode(error, ErrorCode.OverQuota));
    t.deepEqual((error as BrokerError).quota, { resource: 'bytes', whose: 'flow', ...ownUser });
    t.regex(
      (error as BrokerError).message,
      /bytes in flight: the receiver does not take what this program, of .+, has sent it; try again when writable$/,
    );
    await t.throwsAsync(settled<unknown>(rig, handle.call({ bytes })), { instanceOf: BrokerError });
  }
  const [first = 0, second = 0] = accepted;
  t.true(first * bytes.length <= limits.queueBytesMax + 4 * limits.packetBytesMax);
  t.true(
    second > 0 && second < first,
    `the second of one user gets ${second} after the ${first} of the first`,
  );
  let told = 0;
  for (const handle of handles) void handle.writable().then(() => (told += 1));
  await rig.settle();
  t.is(told, 0);
  socket.unblock();
  await rig.settle();
  t.is(told, 2);
  t.is(seen.length, first + second);
  end(meeting);
});

test('M2: with partial, only the receiver without room is left out, and the outcome says so', async (t) => {
  const meeting = await meet(1);
  const { rig, senders, handles, seen } = meeting;
  const [sender] = senders;
  const own: string[] = [];
  const node = sender?.peer.createNode({ message: ({ bytes }) => own.push(new TextDecoder().decode(bytes)) });
  const socket = brokerEnd(meeting);
  socket.block();
  const [handle] = handles;
  for (let at = 0; at < 80; at += 1) {
    await settled(rig, handle?.send({ bytes: new Uint8Array(60_000) }) ?? Promise.resolve(0)).catch(() => {});
  }
  const both = handle === undefined || node === undefined ? [] : [handle, node.handle()];
  // Even this needs more room than is left.
  const bytes = new Uint8Array(60_000).fill(0x61);
  const all = sender?.peer.multicast(both, { bytes });
  await t.throwsAsync(settled<unknown>(rig, all ?? Promise.resolve()), { message: /no room/ });
  t.deepEqual(own, [], 'one refusal, and nobody gets it');
  const result = await settled(
    rig,
    sender?.peer.multicast(both, { bytes }, { partial: true }) ?? Promise.resolve(undefined),
  );
  const quota = { resource: 'bytes', whose: 'flow', ...ownUser } as const;
  t.deepEqual(result?.outcomes, [{ ok: false, code: ErrorCode.OverQuota, quota }, { ok: true }]);
  t.is(own.length, 1);
  t.is(seen.length, 0);
  end(meeting);
});

test('P3, F2: descriptors that wait for a receiver which ends are closed', async (t) => {
  const meeting = await meet();
  const { rig, receiver, handles } = meeting;
  const before = openDescriptors().size;
  brokerEnd(meeting).block();
  await settled(rig, handles[0]?.send({ bytes: text('first') }) ?? Promise.resolve(0));
  const descriptors = [openSync('/dev/null', 'r'), openSync('/dev/null', 'r')];
  await settled(rig, handles[0]?.send({ bytes: text('with'), descriptors }) ?? Promise.resolve(0));
  t.is(openDescriptors().size, before + 2);
  receiver.peer.close();
  await rig.settle();
  t.is(openDescriptors().size, before);
  t.is(await handles[0]?.gone, 'node-gone');
  end(meeting);
});

test('F1: a request out of turn, or in a wrong state, ends its connection and no other', async (t) => {
  const meeting = await meet();
  const { rig, handles, seen } = meeting;
  const strange: (readonly number[])[] = [
    // A withdrawal with serial 7, as the first request.
    [16, 0, 0, 0, 0x17, 0, 0, 0, 7, 0, 0, 0, 1, 0, 1, 0],
    // A second hello.
    [16, 0, 0, 0, 1, 0, 0, 0, 0x43, 0x41, 0x50, 0x42, 1, 0, 1, 0],
  ];
  for (const packet of strange) {
    const client = rig.connect();
    await rig.settle();
    rig.loop.deliver(client.socket.descriptor ^ 1, Uint8Array.from(packet));
    await rig.settle();
    t.is(await client.peer.ended, 'disconnected');
  }
  await settled(rig, handles[0]?.send({ bytes: text('undisturbed') }) ?? Promise.resolve(0));
  t.deepEqual(textsOf(seen), ['undisturbed']);
  end(meeting);
});

test('F1: who connects and says nothing is disconnected, also after half a greeting', async (t) => {
  const meeting = await meet();
  const { rig } = meeting;
  const before = rig.connections.size;
  const ends: number[] = [];
  for (let at = 0; at < 3; at += 1) {
    rig.loop.adopt(rig.accept().descriptor, {
      packet: () => {},
      ended: () => ends.push(at),
      drained: () => {},
    });
  }
  await rig.settle();
  t.is(rig.connections.size, before + 3);
  rig.time.fire();
  await rig.settle();
  t.is(rig.connections.size, before);
  t.is(ends.length, 3);
  end(meeting);
});

test('O5: refused and accepted sends of one stream settle in order, each with its own number', async (t) => {
  const meeting = await meet();
  const { rig, senders, handles } = meeting;
  const [sender] = senders;
  const settledOrder: string[] = [];
  const gone = sender?.peer.createNode({ message: () => {} });
  const toGone = gone?.handle();
  const stream: Promise<unknown>[] = [];
  for (let at = 0; at < 10; at += 1) {
    const promise = handles[0]?.send({ bytes: text(`${at}`) }) ?? Promise.resolve(0);
    stream.push(promise.then((sequence) => settledOrder.push(`${at}:${sequence}`)));
    if (at === 5) gone?.destroy();
    if (at < 5) void toGone?.send({ bytes: text('own') });
  }
  await settled(rig, Promise.all(stream));
  const numbers = settledOrder.map((each) => Number(each.split(':')[1]));
  t.deepEqual(
    settledOrder.map((each) => Number(each.split(':')[0])),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.deepEqual(
    [...numbers].sort((one, other) => one - other),
    numbers,
  );
  t.is(new Set(numbers).size, 10);
  end(meeting);
});

test('M9: who is blocked by what others send in the same turn gets its own bytes', async (t) => {
  const left: Handle[] = [];
  const rig = new BusRig((delivery) => {
    left.push(...delivery.handles);
    delivery.reply?.send({ bytes: new Uint8Array(0), handles: left });
  });
  const clients = Array.from({ length: 5 }, () => rig.connect());
  await rig.settle();
  const [crowd, receiver, ...senders] = clients;
  if (crowd === undefined || receiver === undefined) throw new Error('five clients');
  const seen: Delivery[] = [];
  // Four nodes of one peer: a multicast to them is more than is handed over to it before a flush.
  const nodes = Array.from({ length: 4 }, () => crowd.peer.createNode({ message: () => {} }));
  await settled(rig, crowd.peer.root.call({ bytes: text(''), handles: nodes }));
  const node = receiver.peer.createNode({ message: (delivery) => seen.push(delivery) });
  await settled(rig, receiver.peer.root.call({ bytes: text(''), handles: [node] }));
  const known: (readonly Handle[])[] = [];
  for (const { peer } of senders) {
    known.push((await settled(rig, peer.root.call({ bytes: text('') }))).handles);
  }
  const near = rig.loop.socket(receiver.socket.descriptor ^ 1);
  near?.block();
  // One packet for the receiver, not handed over yet, and behind it one that blocks it.
  void known[0]?.[4]?.send({ bytes: text('first') });
  const all = known[1] ?? [];
  void senders[1]?.peer.multicast(all, { bytes: new Uint8Array(60_000).fill(0x62) });
  await rig.settle();
  t.true((near?.queuedBytes ?? 0) > 0);
  await settled(rig, known[2]?.[4]?.send({ bytes: text('over it'.repeat(1000)) }) ?? Promise.resolve(0));
  near?.unblock();
  await rig.settle();
  t.deepEqual(
    seen.map(({ bytes }) => bytes.length),
    [5, 60_000, 7000],
  );
  t.true(seen[1]?.bytes.every((byte) => byte === 0x62));
  rig.own.close();
  for (const connection of [...rig.connections]) connection.close();
});

test('C60: a call that this side has no room for is worth trying when it has', async (t) => {
  const meeting = await meet();
  const { rig, senders, handles } = meeting;
  const [sender] = senders;
  const [handle] = handles;
  if (sender === undefined || handle === undefined) throw new Error('a sender');
  sender.socket.block();
  const bytes = new Uint8Array(60_000);
  let isRefused = false;
  for (let at = 0; at < 100 && !isRefused; at += 1) {
    handle.call({ bytes }).catch((error: unknown) => {
      isRefused ||= hasCode(error, ErrorCode.OverQuota);
    });
    await rig.settle();
  }
  t.true(isRefused);
  let isWritable = false;
  void handle.writable().then(() => {
    isWritable = true;
  });
  await rig.settle();
  t.false(isWritable);
  sender.socket.unblock();
  await rig.settle();
  t.true(isWritable);
  end(meeting);
});
