/** What a peer of the datagram transport sends, in which order, and who is refused: on time that the test lets pass. */
import test from 'ava';
import fc from 'fast-check';
import { ErrorCode } from '../../broker/contract/errors.js';
import { datagramBytesMax, queueBytesMax, queueItemsMax, stallMs } from '../../broker/contract/limits.js';
import {
  createLanePatience,
  type Entry,
  type Lane,
  Outbox,
  posted,
  queued,
} from '../../transports/datagram/outbox.js';
import { full, sent, tooLong } from '../../transports/datagram/system.js';
import { ManualTime } from '../support/manual-time.js';
import { seedOf } from '../support/random.js';

/** A receiver whose queue has room for so many datagrams. */
class FakeLane implements Lane {
  readonly name: string;
  readonly patience;
  isDead = false;
  isStalled = false;
  room = 0;
  readonly notices: Entry[] = [];
  readonly #kernel: string[];

  constructor(name: string, time: ManualTime, kernel: string[]) {
    this.name = name;
    this.patience = createLanePatience(time);
    this.#kernel = kernel;
  }

  transmit(bytes: Buffer, length: number): number {
    if (this.isDead) return -111;
    if (length > 60_000) return tooLong;
    if (this.room === 0) return full;
    this.room -= 1;
    this.#kernel.push(`${this.name}:${bytes.toString('latin1', 0, length)}`);
    return sent;
  }

  stalled(notices: readonly Entry[]): void {
    this.notices.push(...notices);
  }
}

function setUp(...names: string[]) {
  const time = new ManualTime();
  const kernel: string[] = [];
  let drained = 0;
  const outbox = new Outbox(time, Buffer.alloc(datagramBytesMax), () => {
    drained += 1;
  });
  const lanes = names.map((name) => new FakeLane(name, time, kernel));
  const outcomes: string[] = [];
  const post = (lane: Lane, text: string, isNotice = false): number => {
    const code = outbox.post(lane, Buffer.from(text, 'latin1'), text.length, isNotice);
    if (code === queued) {
      outbox.attach({
        accepted: () => outcomes.push(`${text} sent`),
        refused: (why) => outcomes.push(`${text} refused ${why}`),
      });
    }
    return code;
  };
  const free = (lane: FakeLane, room: number): void => {
    lane.room += room;
    outbox.writable(lane);
  };
  return { time, kernel, outbox, lanes, outcomes, post, free, drains: () => drained };
}

test('D2 while something waits, what is sent later to anybody waits behind it', (t) => {
  const { kernel, lanes, post, free, outcomes, time } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  b.room = 10;
  c.room = 1;
  t.is(post(c, '1'), posted);
  t.is(post(c, '2'), queued);
  t.is(post(b, '3'), queued, 'B has room, but must not hear of what C has not');
  t.is(post(c, '4'), queued);
  t.deepEqual(kernel, ['c:1']);
  free(c, 1);
  t.deepEqual(kernel, ['c:1', 'c:2', 'b:3'], 'and no further than the next that waits');
  free(c, 1);
  t.deepEqual(kernel, ['c:1', 'c:2', 'b:3', 'c:4']);
  t.deepEqual(outcomes, ['2 sent', '3 sent', '4 sent']);
  t.is(time.armed, 0);
  t.is(post(b, '5'), posted);
});

test('D6 neighbours for one receiver share a datagram, as far as it goes', (t) => {
  const { kernel, lanes, post, free } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  const large = 'x'.repeat(40_000);
  for (const text of ['1', '2', large, large, '3']) post(c, text);
  b.room = 1;
  post(b, '4');
  post(c, '5');
  free(c, 1);
  t.deepEqual(
    kernel.map((text) => text.length),
    [2 + 40_002],
  );
  free(c, 1);
  t.is(kernel.length, 3);
  t.is(kernel[1]?.length, 2 + 40_001);
  t.is(kernel[2], 'b:4');
  free(c, 1);
  t.is(kernel[3], 'c:5');
});

test('D6 who takes nothing for too long is refused, and the rest goes on', (t) => {
  const { time, kernel, lanes, post, free, outcomes, outbox } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  b.room = 10;
  post(c, '1');
  post(b, '2');
  post(c, 'notice', true);
  post(c, '3');
  time.advance(stallMs / 2);
  t.deepEqual(outcomes, []);
  time.advance(stallMs);
  t.deepEqual(kernel, ['b:2']);
  t.deepEqual(outcomes.slice(0, 4).sort(), [
    '1 refused 6',
    '2 sent',
    '3 refused 6',
    `notice refused ${ErrorCode.OverQuota}`,
  ]);
  t.deepEqual(
    c.notices.map(({ bytes }) => bytes.toString()),
    ['notice'],
    'notices are kept by the contact',
  );
  t.true(c.isStalled);
  t.is(post(c, '4'), ErrorCode.OverQuota, 'at once from now on');
  t.is(post(b, '5'), posted, 'and nobody waits for it');
  free(c, 1);
  t.is(post(c, '6'), posted);
  t.false(c.isStalled);
  t.true(outbox.isEmpty);
  t.is(time.armed, 0);
});

test('D6 a stalled receiver is refused without a try while something waits for another', (t) => {
  const { time, kernel, lanes, post } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  post(c, '1');
  time.advance(2 * stallMs);
  t.true(c.isStalled);
  t.is(post(b, '2'), queued);
  c.room = 1;
  t.is(post(c, '3'), ErrorCode.OverQuota, 'it would overtake what waits for B');
  t.deepEqual(kernel, []);
});

test('D6 who reads slowly on purpose costs the others a small share of their time', (t) => {
  const { time, lanes, post, free } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  b.room = Number.POSITIVE_INFINITY;
  let [waitedMs, totalMs] = [0, 0];
  let since: number | undefined;
  for (let at = 0; at < 60_000 / 5; at += 1) {
    // C takes one datagram in a while, just before it would be refused; B is told something all the time.
    post(c, 'slow');
    if (post(b, 'quick') === queued) since ??= time.monotonicMs();
    time.advance(5);
    totalMs += 5;
    if (at % 30 === 29) free(c, 1);
    if (post(b, 'probe') === posted && since !== undefined) {
      waitedMs += time.monotonicMs() - since;
      since = undefined;
    }
  }
  t.true(waitedMs < 0.12 * totalMs, `B waited ${waitedMs} of ${totalMs} ms`);
});

test('D6 a process that had no time itself blames nobody', (t) => {
  const { time, lanes, post, free, outcomes } = setUp('c');
  const [c] = lanes as [FakeLane];
  post(c, '1');
  // The event loop stands still for long; then C reads.
  const jump = { monotonicMs: time.monotonicMs.bind(time) };
  time.monotonicMs = () => jump.monotonicMs() + 60_000;
  time.advance(20);
  t.deepEqual(outcomes, [], 'one tick is counted, however late it comes');
  free(c, 1);
  t.deepEqual(outcomes, ['1 sent']);
});

test('D6 what waits is bounded in items and in bytes, and there is room again when half of it is gone', (t) => {
  const { lanes, post, free, outbox, drains } = setUp('c');
  const [c] = lanes as [FakeLane];
  let accepted = 0;
  while (post(c, 'x') === queued) accepted += 1;
  t.is(accepted, queueItemsMax);
  t.false(outbox.hasRoom);
  t.false(c.isStalled, 'it is only slow');
  free(c, Number.POSITIVE_INFINITY);
  t.true(outbox.isEmpty && drains() > 0);
  c.room = 0;
  const large = 'x'.repeat(50_000);
  accepted = 0;
  while (post(c, large) === queued) accepted += 1;
  t.is(accepted, Math.floor(queueBytesMax / 50_000));
});

test('D3 what waits for one who is dead is refused with node-gone, in its turn', (t) => {
  const { lanes, post, outbox, outcomes, kernel, free } = setUp('b', 'c');
  const [b, c] = lanes as [FakeLane, FakeLane];
  for (const text of ['1', '2']) post(c, text);
  post(b, '3');
  post(c, '4');
  c.isDead = true;
  outbox.died(c);
  t.deepEqual(outcomes, ['1 refused 3', '2 refused 3']);
  free(b, 1);
  t.deepEqual(outcomes.slice(2), ['3 sent', '4 refused 3']);
  t.deepEqual(kernel, ['b:3']);
  t.is(post(c, '5'), ErrorCode.NodeGone);
});

test('C3 a datagram that is too long for the socket is refused as such, and the receiver lives', (t) => {
  const { lanes, post } = setUp('c');
  const [c] = lanes as [FakeLane];
  c.room = 1;
  t.is(post(c, 'x'.repeat(61_000)), ErrorCode.TooLarge);
  t.is(post(c, '1'), posted);
});

test('C64 closing refuses what waits', (t) => {
  const { lanes, post, outbox, outcomes, time } = setUp('c');
  const [c] = lanes as [FakeLane];
  post(c, '1');
  outbox.close();
  t.deepEqual(outcomes, [`1 refused ${ErrorCode.Closed}`]);
  t.is(time.armed, 0);
});

type Step =
  | { readonly kind: 'post' | 'free'; readonly lane: number }
  | { readonly kind: 'pass'; readonly ms: number };

test('D2 whatever happens, the kernel gets things in the order in which they were sent', (t) => {
  const lane = fc.integer({ min: 0, max: 2 });
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('post' as const), lane }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('free' as const), lane }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(150) }) },
    ),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      const { time, kernel, lanes, post, free, outcomes, outbox } = setUp('a', 'b', 'c');
      let [number, direct] = [0, 0];
      for (const step of list) {
        if (step.kind === 'pass') time.advance(step.ms);
        else if (step.kind === 'free') free(lanes[step.lane] as FakeLane, 1);
        else {
          number += 1;
          if (post(lanes[step.lane] as FakeLane, `,${number}`) === posted) direct += 1;
        }
      }
      const order = kernel.flatMap((text) => text.split(',').slice(1).map(Number));
      const ascending = [...order].sort((one, other) => one - other);
      t.deepEqual(order, ascending);
      t.is(new Set(order).size, order.length, 'once');
      t.is(order.length, direct + outcomes.filter((text) => text.endsWith('sent')).length);
      t.is(outbox.isEmpty, time.armed === 0, 'it watches as long as something waits');
    }),
    { seed: seedOf(t), numRuns: 400 },
  );
});
