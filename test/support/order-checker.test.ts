/**
 * The order checker accepts what is in order, and names a smallest counter-example otherwise.
 */
import test from 'ava';
import fc from 'fast-check';
import { checkOrder, type History, type SentMessage } from './order-checker.js';
import { seedOf } from './random.js';

function history(
  sent: readonly (readonly [id: string, channels: string, after?: string])[],
  received: Record<string, string>,
): History {
  const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
  return {
    sent: sent.map(([id, channels, after = '']) => ({ id, channels: words(channels), after: words(after) })),
    received: new Map(Object.entries(received).map(([receiver, order]) => [receiver, words(order)])),
  };
}

test('a history in one order keeps every rule', (t) => {
  const good = history(
    [
      ['a', 'A→X A→Y'],
      ['b', 'B→X B→Y', 'a'],
      ['c', 'A→X', 'a'],
    ],
    { X: 'a b c', Y: 'a b' },
  );
  t.is(checkOrder(good, 'total'), undefined);
});

test('two messages of one channel in the wrong order break fifo', (t) => {
  const bad = history(
    [
      ['a', 'A→X'],
      ['b', 'A→X'],
      ['c', 'B→X'],
    ],
    { X: 'b c a' },
  );
  t.deepEqual(checkOrder(bad, 'per-handle')?.messages, ['a', 'b']);
  t.is(checkOrder(bad, 'per-handle')?.rule, 'fifo');
});

test('messages of two channels are not a matter of fifo', (t) => {
  const fine = history(
    [
      ['a', 'A→X'],
      ['b', 'A→Y', 'a'],
      ['c', 'B→X', 'b'],
    ],
    { X: 'c a', Y: 'b' },
  );
  t.is(checkOrder(fine, 'per-handle'), undefined);
  const violation = checkOrder(fine, 'causal');
  t.is(violation?.rule, 'causal');
  t.deepEqual(violation?.messages, ['a', 'b', 'c'], 'through what B knew');
});

test('two receivers that disagree keep causality and break agreement', (t) => {
  const bad = history(
    [
      ['a', 'A→X A→Y'],
      ['b', 'B→X B→Y'],
      ['c', 'C→X C→Y'],
    ],
    { X: 'a c b', Y: 'b c a' },
  );
  t.is(checkOrder(bad, 'causal'), undefined);
  const violation = checkOrder(bad, 'total');
  t.is(violation?.rule, 'agreement');
  t.is(violation?.messages.length, 2);
});

test('bus O4: a cycle over two receivers and a sender is found, though no two receivers share two messages', (t) => {
  // A→X (t) completes, then B→Y (u) is sent; the multicast m reaches X before t and Y after u.
  const bad = history(
    [
      ['t', 'A→X'],
      ['u', 'B→Y', 't'],
      ['m', 'C→X C→Y'],
    ],
    { X: 'm t', Y: 'u m' },
  );
  t.is(checkOrder(bad, 'causal'), undefined);
  const violation = checkOrder(bad, 'total');
  t.is(violation?.rule, 'agreement');
  t.deepEqual([...(violation?.messages ?? [])].sort(), ['m', 't', 'u']);
});

/** A history that follows one order, in which each sender knows what it has received and sent. */
const orderly = fc
  .array(fc.record({ sender: fc.nat(3), receivers: fc.uniqueArray(fc.nat(3), { minLength: 1 }) }), {
    minLength: 2,
    maxLength: 30,
  })
  .map((plan): History => {
    const received = new Map<string, string[]>([0, 1, 2, 3].map((at) => [`P${at}`, []]));
    const lastSent = new Map<number, string>();
    const sent: SentMessage[] = plan.map(({ sender, receivers }, at) => {
      const known = [...(received.get(`P${sender}`) ?? []), lastSent.get(sender)];
      const message = {
        id: `m${at}`,
        channels: receivers.map((receiver) => `P${sender}→P${receiver}`),
        after: known.filter((id) => id !== undefined),
      };
      for (const receiver of receivers) received.get(`P${receiver}`)?.push(message.id);
      lastSent.set(sender, message.id);
      return message;
    });
    return { sent, received };
  });

test('every orderly history is accepted, and a swap at a receiver that shares both messages is found', (t) => {
  fc.assert(
    fc.property(orderly, fc.nat(), ({ sent, received }, pick) => {
      const whole = { sent, received };
      if (checkOrder(whole, 'total') !== undefined) return false;
      const pairs = [...received].flatMap(([receiver, order]) =>
        order.slice(1).map((later, at) => ({ receiver, at, earlier: order[at] ?? '', later })),
      );
      const shared = pairs.filter(({ receiver, earlier, later }) =>
        [...received].some(
          ([other, order]) => other !== receiver && order.includes(earlier) && order.includes(later),
        ),
      );
      const swap = shared[pick % Math.max(shared.length, 1)];
      if (swap === undefined) return true;
      const order = [...(received.get(swap.receiver) ?? [])];
      order.splice(swap.at, 2, swap.later, swap.earlier);
      return (
        checkOrder({ sent, received: new Map(received).set(swap.receiver, order) }, 'total') !== undefined
      );
    }),
    { seed: seedOf(t), numRuns: 200 },
  );
  t.pass();
});
