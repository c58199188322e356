import test from 'ava';
import { loadNative } from '../../../broker/native/addon.js';
import { openPacketLoop } from '../../../broker/native/packet-loop.js';
import { eventually, turn, turns } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { beginNumber, createPair, numbersOf, Probe, sendNumber, testSizes } from './probe.js';

const native = loadNative();
checkDescriptors(test);

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const eventfds = (count: number): number[] => range(count).map(() => native.eventfd(0));
const closeAll = (descriptors: readonly number[]): void => {
  for (const descriptor of descriptors) native.close(descriptor);
};

/** Sends frames until the kernel takes no more; returns how many were committed. */
function fill(pair: ReturnType<typeof createPair>, bodyBytes: number, extra: number): number {
  let count = 0;
  for (let after = 0; after < extra; count += 1) {
    sendNumber(pair.loop, pair.left, count, bodyBytes);
    pair.loop.flush();
    if (pair.left.queuedBytes > 0) after += 1;
  }
  return count;
}

test.serial('sockets S9: frames of one turn share a packet, in order', async (t) => {
  const pair = createPair();
  for (const number of range(10)) sendNumber(pair.loop, pair.left, number);
  t.is(pair.atRight.packets.length, 0, 'nothing is sent before the end of the turn');
  await pair.atRight.until(10);
  t.deepEqual(pair.atRight.numbers(), range(10));
  t.is(pair.atRight.packets.length, 1);
  pair.close();
});

test.serial('sockets S9: a frame is never split, and a packet is never larger than its limit', async (t) => {
  const pair = createPair();
  for (const number of range(12)) sendNumber(pair.loop, pair.left, number, 20_000);
  await pair.atRight.until(12);
  t.deepEqual(pair.atRight.numbers(), range(12));
  t.is(pair.atRight.packets.length, 4);
  for (const packet of pair.atRight.packets) t.is(packet.bytes.length, 3 * 20_008);
  pair.close();
});

test.serial('a frame of the largest size arrives whole, and a larger one is refused', async (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 7, testSizes.packetBytesMax - 8);
  await pair.atRight.until(1);
  t.is(pair.atRight.packets[0]?.bytes.length, testSizes.packetBytesMax);
  for (const length of [testSizes.packetBytesMax + 8, 0, 4, 12, -8, Number.NaN]) {
    t.throws(() => pair.left.begin(length), { instanceOf: RangeError });
  }
  t.throws(() => pair.left.commit(), undefined, 'nothing was begun');
  pair.close();
});

test.serial(
  'what handlers and microtasks commit is sent in the same turn, alternating with nobody',
  async (t) => {
    const pair = createPair();
    pair.atRight.onPacket = () => {
      sendNumber(pair.loop, pair.right, 1);
      void Promise.resolve().then(() => sendNumber(pair.loop, pair.right, 2));
      process.nextTick(() => sendNumber(pair.loop, pair.right, 3));
    };
    sendNumber(pair.loop, pair.left, 0);
    await pair.atLeft.until(3);
    t.is(pair.atLeft.packets.length, 1, 'one packet');
    t.deepEqual(pair.atLeft.numbers().sort(), [1, 2, 3]);
    pair.close();
  },
);

test.serial('flush hands over at once', (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 5);
  pair.loop.flush();
  const bytes = new Uint8Array(100);
  t.is(native.read(pair.right.descriptor, bytes, 0, 100), 16);
  pair.close();
});

test.serial(
  'sockets S10: 253 descriptors arrive in order, close-on-exec, and belong to the receiver',
  async (t) => {
    const pair = createPair();
    const before = native.openDescriptors();
    sendNumber(pair.loop, pair.left, 1, 8, eventfds(253));
    await pair.atRight.until(1);
    const received = pair.atRight.descriptors();
    t.is(received.length, 253);
    t.is(native.openDescriptors(), before + 253, "the sender's are closed");
    t.is(new Set(received).size, 253);
    closeAll(received);
    pair.close();
  },
);

test.serial('sockets S10: 254 descriptors in one frame are refused and stay with the caller', (t) => {
  const pair = createPair();
  const descriptors = eventfds(254);
  beginNumber(pair.loop, pair.left, 1);
  t.throws(() => pair.left.commit(descriptors), { instanceOf: RangeError });
  closeAll(descriptors);
  pair.close();
});

test.serial('sockets S9: descriptors of many frames are split over packets with their frames', async (t) => {
  const pair = createPair();
  for (const number of range(6)) sendNumber(pair.loop, pair.left, number, 8, eventfds(100));
  await pair.atRight.until(6);
  t.deepEqual(
    pair.atRight.packets.map((packet) => [numbersOf(packet.bytes), packet.descriptors.length]),
    [
      [[0, 1], 200],
      [[2, 3], 200],
      [[4, 5], 200],
    ],
  );
  closeAll(pair.atRight.descriptors());
  pair.close();
});

test.serial('descriptors keep their order within a packet', async (t) => {
  const pair = createPair();
  const values = range(20);
  for (const value of values) sendNumber(pair.loop, pair.left, value, 8, [native.eventfd(value + 1)]);
  await pair.atRight.until(20);
  const bytes = new Uint8Array(8);
  const received = pair.atRight.descriptors().map((descriptor) => {
    native.read(descriptor, bytes, 0, 8);
    return (bytes[0] ?? 0) - 1;
  });
  t.deepEqual(received, values);
  closeAll(pair.atRight.descriptors());
  pair.close();
});

test.serial('sockets S4: credentials are the kernel’s, where they were asked for', async (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 1);
  await pair.atRight.until(1);
  t.is(pair.atRight.packets[0]?.pid, 0, 'not asked for');
  pair.right.setCredentials(true);
  sendNumber(pair.loop, pair.left, 2, 8, eventfds(1));
  await pair.atRight.until(2);
  t.is(pair.atRight.packets[1]?.pid, process.pid);
  t.is(pair.atRight.packets[1]?.uid, process.getuid?.());
  t.is(pair.atRight.packets[1]?.descriptors.length, 1, 'beside descriptors');
  closeAll(pair.atRight.descriptors());
  pair.close();
});

test.serial('sockets S15: what the kernel does not take is queued and arrives in order', async (t) => {
  const pair = createPair();
  pair.right.setReading(false);
  const count = fill(pair, 1000, 500);
  t.true(pair.left.queuedFrames >= 500);
  t.is(pair.left.queuedBytes, pair.left.queuedFrames * 1008);
  await turns();
  t.is(pair.atRight.packets.length, 0, 'reading is off');
  pair.right.setReading(true);
  await pair.atRight.until(count);
  t.deepEqual(pair.atRight.numbers(), range(count));
  t.is(pair.left.queuedBytes, 0);
  t.is(pair.left.queuedFrames, 0);
  t.is(pair.atLeft.drains, 1);
  pair.close();
});

test.serial(
  'sockets S15: queued frames keep their descriptors, and those that are never sent are closed',
  async (t) => {
    const pair = createPair();
    const before = native.openDescriptors();
    pair.right.setReading(false);
    const count = fill(pair, 4000, 1);
    for (const number of range(5)) sendNumber(pair.loop, pair.left, count + number, 8, eventfds(3));
    pair.loop.flush();
    t.is(native.openDescriptors(), before + 15);
    pair.right.setReading(true);
    await pair.atRight.until(count + 5);
    t.is(pair.atRight.descriptors().length, 15);
    closeAll(pair.atRight.descriptors());
    t.is(native.openDescriptors(), before);
    pair.right.setReading(false);
    fill(pair, 4000, 1);
    sendNumber(pair.loop, pair.left, 0, 8, eventfds(9));
    pair.loop.flush();
    t.is(native.openDescriptors(), before + 9);
    pair.left.close();
    t.is(native.openDescriptors(), before - 1, 'with the socket');
    pair.close();
  },
);

test.serial('commitNow sends what was committed before it, and gives refused descriptors back', async (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 1);
  beginNumber(pair.loop, pair.left, 2, 8, 1);
  t.is(pair.left.commitNow(eventfds(1)), 0);
  const bytes = new Uint8Array(100);
  t.is(native.read(pair.right.descriptor, bytes, 0, 100), 16, 'the first is in the kernel already');
  const kept = native.eventfd(0);
  const closed = native.eventfd(0);
  native.close(closed);
  beginNumber(pair.loop, pair.left, 3, 8, 2);
  t.is(pair.left.commitNow([kept, closed]), 9, 'EBADF');
  native.close(kept);
  beginNumber(pair.loop, pair.left, 4);
  t.is(pair.left.commitNow([]), 0);
  await pair.atRight.until(2);
  t.deepEqual(pair.atRight.numbers(), [2, 4], 'the refused one was not sent');
  closeAll(pair.atRight.descriptors());
  pair.close();
});

test.serial('commitNow joins the queue when there is one', async (t) => {
  const pair = createPair();
  pair.right.setReading(false);
  const count = fill(pair, 4000, 2);
  beginNumber(pair.loop, pair.left, count, 8, 1);
  t.is(pair.left.commitNow(eventfds(1)), 0);
  t.is(pair.left.queuedFrames, 3);
  pair.right.setReading(true);
  await pair.atRight.until(count + 1);
  t.deepEqual(pair.atRight.numbers(), range(count + 1));
  closeAll(pair.atRight.descriptors());
  pair.close();
});

test.serial('sockets S12: descriptors for a socket that takes none are refused with EPERM', async (t) => {
  const pair = createPair();
  if (!native.setPassRights(pair.right.descriptor, false)) {
    t.log('skipped: this kernel has no SO_PASSRIGHTS');
  } else {
    const descriptors = eventfds(1);
    beginNumber(pair.loop, pair.left, 1, 8, 1);
    t.is(pair.left.commitNow(descriptors), 1, 'EPERM');
    sendNumber(pair.loop, pair.left, 2);
    await pair.atRight.until(1);
    sendNumber(pair.loop, pair.left, 3, 8, descriptors);
    t.is(
      await pair.atLeft.untilEnded(),
      1,
      'committed at the end of a turn, it ends the socket: a gap would be worse',
    );
  }
  t.pass();
  pair.close();
});

test.serial('one copy of a payload serves many sockets', async (t) => {
  const loop = openPacketLoop(testSizes);
  const pairs = range(20).map(() => createPair());
  const payload = new Uint8Array(64).map((_, index) => index);
  const shared = loop.share(payload, 0, 64);
  for (const [index, { left }] of pairs.entries()) {
    const at = left.begin(16);
    loop.sendView.setUint32(at, 16 + 64, true);
    loop.sendView.setUint32(at + 4, 0, true);
    loop.sendView.setUint32(at + 8, index, true);
    left.commitShared(shared, 64);
  }
  for (const [index, { atRight }] of pairs.entries()) {
    await atRight.until(1);
    t.is(atRight.numbers()[0], index);
    t.deepEqual(atRight.packets[0]?.bytes.slice(16), payload);
  }
  for (const pair of pairs) pair.close();
  loop.release();
});

test.serial('a full send arena starts afresh, also between begin and commitShared', async (t) => {
  const pair = createPair();
  const { loop, left } = pair;
  const payload = new Uint8Array(60_000).fill(9);
  pair.atRight.onPacket = undefined;
  const epoch = loop.epoch;
  for (let count = 0; count < 200; count += 1) {
    const at = left.begin(16);
    loop.sendView.setUint32(at, 16 + 60_000, true);
    loop.sendView.setUint32(at + 4, 0, true);
    loop.sendView.setUint32(at + 8, count, true);
    left.commitShared(loop.share(payload, 0, 60_000), 60_000);
  }
  t.true(loop.epoch > epoch, 'twelve megabytes do not fit');
  await pair.atRight.until(200);
  t.deepEqual(pair.atRight.numbers(), range(200));
  t.true(pair.atRight.packets.every((packet) => packet.bytes[16] === 9 && packet.bytes.at(-1) === 9));
  pair.close();
});

test.serial('many thousand small frames of one turn arrive', async (t) => {
  const pair = createPair();
  for (const number of range(20_000)) sendNumber(pair.loop, pair.left, number);
  await pair.atRight.until(20_000);
  t.deepEqual(pair.atRight.numbers(), range(20_000));
  pair.close();
});

test.serial('end sends what is committed, then the other side sees the end', async (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 1);
  pair.left.end(1000);
  t.true(pair.left.isClosed);
  t.is(pair.left.descriptor, -1);
  t.is(await pair.atRight.untilEnded(), 0);
  t.deepEqual(pair.atRight.numbers(), [1]);
  t.deepEqual(pair.atLeft.endings, [], 'no callback for who ended it');
  pair.close();
});

test.serial('end lingers until the queue is drained', async (t) => {
  const pair = createPair();
  pair.right.setReading(false);
  const count = fill(pair, 4000, 100);
  pair.left.end(60_000);
  t.is(pair.loop.open, 2, 'it is still there');
  pair.right.setReading(true);
  t.is(await pair.atRight.untilEnded(), 0);
  t.deepEqual(pair.atRight.numbers(), range(count));
  t.is(pair.loop.open, 0);
  pair.close();
});

test.serial('end gives up after its time', async (t) => {
  const pair = createPair();
  pair.right.setReading(false);
  const count = fill(pair, 4000, 100);
  pair.left.end(30);
  await eventually('the linger is over', () => pair.loop.open === 1);
  pair.right.setReading(true);
  t.is(await pair.atRight.untilEnded(), 0);
  t.true(pair.atRight.numbers().length < count, 'the rest was dropped');
  pair.close();
});

test.serial('sockets S7: what was sent before a close arrives, then the end', async (t) => {
  const pair = createPair();
  sendNumber(pair.loop, pair.left, 1);
  sendNumber(pair.loop, pair.right, 2);
  pair.loop.flush();
  pair.left.close();
  t.is(await pair.atRight.untilEnded(), 104, 'ECONNRESET: it ended with unread data');
  t.deepEqual(pair.atRight.numbers(), [1], 'but what it sent before is read');
  t.true(pair.right.isClosed);
  pair.close();
});

test.serial('sending to who has ended is harmless, and the end is reported once', async (t) => {
  const pair = createPair();
  pair.right.close();
  sendNumber(pair.loop, pair.left, 1, 8, eventfds(2));
  pair.loop.flush();
  sendNumber(pair.loop, pair.left, 2, 8, eventfds(2));
  beginNumber(pair.loop, pair.left, 3);
  t.is(pair.left.commitNow(eventfds(2)), 0);
  t.is(await pair.atLeft.untilEnded(), 0);
  sendNumber(pair.loop, pair.left, 4, 8, eventfds(2));
  await turns();
  t.deepEqual(pair.atLeft.endings, [0]);
  pair.close();
});

test.serial('a closed socket takes everything and does nothing', (t) => {
  const pair = createPair();
  pair.left.close();
  pair.left.close();
  pair.left.end(100);
  pair.left.setReading(true);
  pair.left.setCredentials(true);
  sendNumber(pair.loop, pair.left, 1, 8, eventfds(1));
  beginNumber(pair.loop, pair.left, 1);
  t.is(pair.left.commitNow(eventfds(1)), 0);
  t.is(pair.left.queuedBytes, 0);
  t.true(pair.left.isClosed);
  pair.close();
});

test.serial(
  'closing any socket from within a handler stops its events and closes its descriptors',
  async (t) => {
    const pair = createPair();
    const other = createPair();
    for (const { loop, left } of [pair, other]) {
      for (const number of range(3)) {
        sendNumber(loop, left, number, 8, eventfds(2));
        loop.flush();
      }
    }
    const closeBoth = (): void => {
      pair.right.close();
      other.right.close();
    };
    pair.atRight.onPacket = closeBoth;
    other.atRight.onPacket = closeBoth;
    await eventually('one packet', () => pair.atRight.packets.length + other.atRight.packets.length > 0);
    await turns();
    const received = [...pair.atRight.packets, ...other.atRight.packets];
    t.is(received.length, 1, 'the first, and no other');
    closeAll(received.flatMap((packet) => [...packet.descriptors]));
    pair.close();
    other.close();
  },
);

test.serial('a socket adopted within a turn gets no event of one that was closed in it', async (t) => {
  const pair = createPair();
  for (const number of range(4)) {
    sendNumber(pair.loop, pair.left, number);
    pair.loop.flush();
  }
  const [a, b] = native.socketpair();
  const late = new Probe(pair.loop);
  let adopted: ReturnType<typeof pair.loop.adopt> | undefined;
  pair.atRight.onPacket = () => {
    pair.right.close();
    adopted = pair.loop.adopt(a, late);
  };
  await eventually('the packet', () => adopted !== undefined);
  await turns();
  t.is(pair.atRight.packets.length, 1);
  t.is(late.packets.length, 0);
  adopted?.close();
  native.close(b);
  pair.close();
});

test.serial('adopt closes what is no connected packet socket, and says so', (t) => {
  const loop = openPacketLoop(testSizes);
  const [read, write] = native.pipe();
  const probe = new Probe(loop);
  t.throws(() => loop.adopt(read, probe), { code: 'ENOTSOCK' });
  t.throws(() => loop.accept(write, () => {}), { code: 'ENOTSOCK' });
  t.throws(() => loop.adopt(read, probe), { code: 'EBADF' }, 'it was closed');
  const listener = native.listen(`@capstan-adopt-${process.pid}`, -1, 1);
  t.throws(() => loop.adopt(listener, probe), { code: 'ENOTCONN' });
  const [a, b] = native.socketpair();
  t.throws(() => loop.accept(a, () => {}), { code: 'EINVAL' });
  native.close(b);
  t.is(loop.open, 0);
  loop.release();
});

test.serial(
  'a listener accepts everybody who waits, with their credentials, until it is closed',
  async (t) => {
    const loop = openPacketLoop(testSizes);
    const name = `@capstan-accept-${process.pid}`;
    const accepted: number[] = [];
    const listener = loop.accept(native.listen(name, -1, 200), (descriptor, pid, uid) => {
      t.is(pid, process.pid);
      t.is<number | undefined, number | undefined>(uid, process.getuid?.());
      accepted.push(descriptor);
    });
    const clients = range(150).map(() => native.connect(name));
    await eventually('all are accepted', () => accepted.length === 150);
    t.true(accepted.every((descriptor) => native.isSeqpacketSocket(descriptor)));
    closeAll([...clients, ...accepted]);
    listener.close();
    listener.close();
    t.throws(() => native.connect(name), { code: 'ECONNREFUSED' });
    t.is(loop.open, 0);
    loop.release();
  },
);

test.serial(
  'a watch tells once a turn while there is something to read, and leaves the descriptor open',
  async (t) => {
    const loop = openPacketLoop(testSizes);
    const [read, write] = native.pipe();
    let calls = 0;
    const watch = loop.watch(read, () => {
      calls += 1;
    });
    await turns();
    t.is(calls, 0);
    native.write(write, Buffer.from('x'), 0, 1);
    await eventually('several calls', () => calls >= 3);
    watch.stop();
    watch.stop();
    const before = calls;
    await turns();
    t.is(calls, before);
    native.close(write);
    const atEnd = loop.watch(read, () => atEnd.stop());
    await eventually('the end is something to read', () => loop.open === 0);
    native.close(read);
    loop.release();
  },
);

test.serial(
  'a packet larger than the receive slot ends the socket with EMSGSIZE, and its descriptors are closed',
  async (t) => {
    const pair = createPair();
    // Past our own limit, so through the back door.
    const size = testSizes.packetBytesMax + 8;
    t.is(native.write(pair.left.descriptor, new Uint8Array(size), 0, size), size);
    t.is(await pair.atRight.untilEnded(), 90);
    pair.close();
  },
);

test.serial('an empty packet is an end (sockets S9)', async (t) => {
  const pair = createPair();
  t.is(native.write(pair.left.descriptor, new Uint8Array(0), 0, 0), 0);
  t.is(await pair.atRight.untilEnded(), 0);
  pair.close();
});

test.serial('a flood on one socket starves nobody', async (t) => {
  const flood = createPair();
  const quiet = createPair();
  let isOver = false;
  const refill = (): void => {
    for (let count = 0; count < 50 && flood.left.queuedFrames < 200 && !isOver; count += 1) {
      sendNumber(flood.loop, flood.left, 1, 100);
      flood.loop.flush();
    }
  };
  flood.atRight.onPacket = refill;
  refill();
  const delays: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const before = flood.atRight.packets.length;
    sendNumber(quiet.loop, quiet.left, round);
    await quiet.atRight.until(round + 1);
    delays.push(flood.atRight.packets.length - before);
    await turn();
  }
  isOver = true;
  t.true(flood.atRight.packets.length > 100, 'it was a flood');
  t.true(Math.max(...delays) <= 200, `packets of the flood before one of the other: ${delays.join(' ')}`);
  flood.close();
  quiet.close();
});

test.serial('the loop is one per process, counted, and refuses other sizes while it is open', (t) => {
  const one = openPacketLoop(testSizes);
  t.is(openPacketLoop(testSizes), one);
  t.throws(() => openPacketLoop({ ...testSizes, descriptorReserve: 1 }), { message: /other sizes/ });
  one.release();
  const [a, b] = native.socketpair();
  const socket = one.adopt(a, new Probe(one));
  one.release();
  t.true(socket.isClosed, 'the last use closes what is open');
  t.is(one.open, 0);
  one.release();
  const next = openPacketLoop({ packetBytesMax: 8192, descriptorReserve: 1 });
  t.not(next, one);
  t.is(next.receiveBytes.length, 64 * 8192);
  next.release();
  native.close(b);
});

test.serial('sockets S10: what stands behind an empty packet leaves no descriptor open', async (t) => {
  const pair = createPair();
  const before = native.openDescriptors();
  // Several packets at once, so that the next receive asks for many.
  for (const number of range(8)) {
    sendNumber(pair.loop, pair.left, number);
    pair.loop.flush();
  }
  await pair.atRight.until(8);
  pair.right.setReading(false);
  await turn();
  const nothing = new Uint8Array(0);
  native.write(pair.left.descriptor, nothing, 0, 0);
  for (const number of range(5)) {
    sendNumber(pair.loop, pair.left, number, 8, eventfds(3));
    pair.loop.flush();
  }
  pair.right.setReading(true);
  t.is(await pair.atRight.untilEnded(), 0);
  t.is(native.openDescriptors(), before - 1, 'only the socket that has ended is closed');
  pair.close();
});

test.serial(
  'sockets S15: the end of the other side is noticed while reading is off and a queue waits',
  async (t) => {
    const pair = createPair();
    const count = fill(pair, 8_000, 4);
    t.true(pair.left.queuedBytes > 0);
    pair.left.setReading(false);
    await turns();
    pair.right.close();
    await pair.atLeft.untilEnded();
    t.true(pair.left.isClosed);
    t.true(count > 4);
    pair.close();
  },
);
