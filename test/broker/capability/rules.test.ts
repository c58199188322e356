import test from 'ava';
import { newNodeBits, wordOf } from '../../../broker/capability/index.js';
import { ErrorCode } from '../../../broker/contract/errors.js';
import {
  CapabilityWorld,
  idOf,
  invalidId,
  type Seen,
  type WorldPeer,
} from '../../support/capability-world.js';

interface Three {
  world: CapabilityWorld;
  p: WorldPeer;
  q: WorldPeer;
  r: WorldPeer;
}

function three(limits = {}): Three {
  const world = new CapabilityWorld(limits);
  return { world, p: world.peer('P', 1), q: world.peer('Q', 2), r: world.peer('R', 3) };
}

function kinds(items: readonly Seen[]): string {
  return items.map((item) => item.kind + (item.text === '' ? '' : `:${item.text}`)).join(' ');
}

test('P3: the end of a peer destroys its nodes, releases its handles and drops its items, in one transaction', (t) => {
  const { world, p, q, r } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  const m = q.create();
  const pm = q.grant(m, p);
  const rm = q.grant(m, r);
  r.release(rm);
  q.drain();
  const k = r.create();
  const qk = r.grant(k, q);
  t.true(q.send(qn, 'unread', { transfers: [qk], descriptors: [7, 8] }) > 0);
  t.true(p.send(pm, 'sent before') > 0);
  q.release(qk);
  t.is(kinds(r.drain()), '', 'the unread message still holds k');
  p.end();
  const atQ = q.drain();
  t.is(kinds(atQ), 'Message:sent before Gone Unused', 'messages it had sent stay');
  t.is(atQ[1]?.sequence, atQ[2]?.sequence);
  t.is(atQ[1]?.id, qn);
  t.is(kinds(r.drain()), 'Unused', 'handles in unread items are released');
  t.deepEqual(world.closed, [7, 8], 'descriptors in unread items are closed');
});

test('P4: all peers of one uid show the same account', (t) => {
  const { world, p, q } = three();
  const qn = p.grant(p.create(), q);
  const other = world.peer('Q2', 2);
  const on = p.grant(p.create(1), other);
  q.send(qn, 'a');
  other.send(on, 'b');
  const [a, b] = p.drain();
  t.is(a?.account, b?.account);
  t.not(a?.account, p.record.identity.account);
});

test('N1: an id is never used again, and a node id cannot be made from a handle id', (t) => {
  const { world, p, q } = three();
  const n = p.create();
  const first = p.grant(n, q);
  q.release(first);
  const second = p.grant(n, q);
  t.not(first, second);
  t.is(q.send(first, 'x'), -ErrorCode.UnknownHandle);
  p.destroy(n);
  const { word, generation } = idOf(n);
  t.is(world.core.create(p.record, word, generation, false), -ErrorCode.InvalidArgument);
  t.is(world.core.create(p.record, word | 1, generation + 9, false), -ErrorCode.InvalidArgument);
});

test('N2: a node is made by naming it in a transfer; a failed operation leaves none behind', (t) => {
  const { p, q } = three();
  const qn = p.grant(p.create(), q);
  const fresh = `${wordOf(3, newNodeBits)}.1`;
  t.is(q.send(['9.9', qn], 'x', { transfers: [fresh] }), -ErrorCode.UnknownHandle);
  t.is(q.record.nodes.size, 0);
  t.is(q.send(qn, 'x', { transfers: [fresh, fresh] }), -ErrorCode.InvalidArgument);
  t.is(q.record.nodes.size, 0);
  t.true(q.send(qn, 'x', { transfers: [fresh] }) > 0);
  t.is(q.record.nodes.size, 1);
  const handle = p.drain()[0]?.handles[0] ?? '';
  p.send(handle, 'to the new one');
  t.is(q.drain()[0]?.text, 'to the new one');
  t.is(q.send(qn, 'x', { transfers: [fresh] }), -ErrorCode.InvalidArgument, 'not a second time');
});

test('N3: arrivals add to one id, a release takes a count, and the id goes at zero', (t) => {
  const { p, q, r } = three();
  const n = p.create();
  const rn = p.grant(n, r);
  const qm = q.grant(q.create(), r);
  r.send(qm, '1', { transfers: [rn, rn] });
  r.send(qm, '2', { transfers: [rn] });
  const [one, two] = q.drain();
  t.is(one?.handles[0], one?.handles[1]);
  t.is(one?.handles[0], two?.handles[0]);
  const id = one?.handles[0] ?? '';
  t.is(q.release(id, 4), -ErrorCode.InvalidArgument);
  t.true(q.release(id, 2) > 0);
  t.true(q.send(id, 'still') > 0);
  t.true(q.release(id, 1) > 0);
  t.is(q.send(id, 'gone'), -ErrorCode.UnknownHandle);
  t.is(q.release(id, 1), -ErrorCode.UnknownHandle);
});

test('N4: a handle that comes home arrives as its owner’s node id', (t) => {
  const { p, q } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  q.send(qn, 'home', { transfers: [qn] });
  t.deepEqual(p.drain()[0]?.handles, [n]);
});

test('N5: an id that the peer does not hold is unknown, whatever the number', (t) => {
  const { p, q, r } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  for (const id of [qn, n, '0.0', '1.1', '3.1', '4294967295.4294967295']) {
    t.is(r.send(id, 'x'), -ErrorCode.UnknownHandle, id);
    t.is(r.reply(id, 'x'), -ErrorCode.UnknownHandle, id);
    t.is(r.release(id), -ErrorCode.UnknownHandle, id);
    t.is(r.destroy(id), -ErrorCode.UnknownHandle, id);
  }
  t.deepEqual(p.drain(), []);
});

test('N7: destroying is all or nothing, the owner’s only, and once', (t) => {
  const { p, q } = three();
  const n = p.create(0);
  const m = p.create(1);
  const qn = p.grant(n, q);
  const qm = p.grant(m, q);
  t.is(p.destroy(n, '80.1'), -ErrorCode.UnknownHandle);
  t.is(p.destroy(n, n), -ErrorCode.InvalidArgument);
  t.is(q.destroy(qn), -ErrorCode.UnknownHandle);
  t.deepEqual(q.drain(), []);
  const sequence = p.destroy(n, m);
  t.deepEqual(
    q.drain().map((item) => [item.kind, item.id, item.sequence]),
    [
      ['Gone', qn, sequence],
      ['Gone', qm, sequence],
    ],
  );
  t.is(p.destroy(n), -ErrorCode.UnknownHandle);
});

test('N9: the owner sees which accounts hold how many handles', (t) => {
  const { world, p, q, r } = three();
  const n = p.create();
  p.grant(n, q);
  p.grant(n, q);
  p.grant(n, r);
  const { word, generation } = idOf(n);
  t.deepEqual(world.core.holders(p.record, word, generation), [
    { account: q.record.identity.account, handles: 2 },
    { account: r.record.identity.account, handles: 1 },
  ]);
  t.is(world.core.holders(q.record, word, generation), undefined);
});

test('M2: one bad destination, and there is no item, no charge and no node', (t) => {
  const { world, p, q, r } = three({ queueItemsMax: 1 });
  const qn = p.grant(p.create(), q);
  const qm = r.grant(r.create(), q);
  t.is(q.send([qn, '81.1'], 'x', { descriptors: [5] }), -ErrorCode.UnknownHandle);
  t.is(q.send([qn, qn], 'x'), -ErrorCode.InvalidArgument);
  t.true(q.send(qm, 'fills R') > 0);
  t.is(q.send([qn, qm], 'x', { transfers: [`${wordOf(1, newNodeBits)}.1`] }), -ErrorCode.OverQuota);
  t.is(p.record.queuedBytes, 0);
  t.is(q.record.nodes.size, 0);
  t.deepEqual(p.drain(), []);
  t.deepEqual(world.closed, [5]);
  t.true(q.send([qn, qm], 'partly', { isPartial: true }) > 0);
  t.deepEqual(q.outcomes, [0, ErrorCode.OverQuota]);
  t.is(kinds(p.drain()), 'Message:partly');
  t.is(kinds(r.drain()), 'Message:fills R');
  t.is(q.send([qn, '81.1'], 'x', { isPartial: true }), -ErrorCode.UnknownHandle, 'own mistakes abort');
});

test('M4: a handle whose node was destroyed before arrives invalid in its place', (t) => {
  const { p, q, r } = three();
  const n = p.create(0);
  const m = p.create(1);
  const qn = p.grant(n, q);
  const qm = p.grant(m, q);
  const qr = r.grant(r.create(), q);
  p.destroy(n);
  t.true(q.send(qr, 'x', { transfers: [qn, qm] }) > 0);
  const [item] = r.drain();
  t.is(item?.handles.length, 2);
  t.is(item?.handles[0], invalidId);
  t.not(item?.handles[1], invalidId);
});

test('M5, T1: a node that dies later gives one gone for each id, also for one in an undelivered message', (t) => {
  const { p, q, r } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  const qr = r.grant(r.create(), q);
  q.send(qr, '1', { transfers: [qn] });
  q.send(qr, '2', { transfers: [qn] });
  p.destroy(n);
  q.send(qr, '3', { transfers: [qn] });
  const items = r.drain();
  t.is(kinds(items), 'Message:1 Message:2 Gone Message:3');
  t.is(items[0]?.handles[0], items[2]?.id);
  t.is(items[3]?.handles[0], invalidId);
  t.is(kinds(q.drain()), 'Gone');
  q.release(qn);
  p.end();
  t.deepEqual(q.drain(), []);
});

test('T1: who released before the notification is delivered gets none', (t) => {
  const { p, q } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  p.destroy(n);
  q.release(qn);
  t.deepEqual(q.drain(), []);
});

test('M6: until one has been told, sending to a destroyed node succeeds and is dropped', (t) => {
  const { world, p, q } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  q.send(qn, 'before');
  p.destroy(n);
  t.true(q.send(qn, 'after', { descriptors: [9] }) > 0);
  t.deepEqual(world.closed, [9]);
  t.is(kinds(p.drain()), 'Message:before');
  t.true(q.call(qn, 'after', 65_536) > 0);
  t.is(kinds(q.drain()), 'Gone Lost', 'the destruction is told before what follows from it');
  t.is(q.send(qn, 'told'), -ErrorCode.NodeGone);
});

test('M7: a call ends with one reply, and a second one is an error', (t) => {
  const { p, q } = three();
  const qn = p.grant(p.create(), q);
  q.call(qn, 'question', 65_536);
  t.is(q.call(qn, 'same tag', 65_536), -ErrorCode.InvalidArgument);
  const reply = p.drain()[0]?.reply ?? '';
  t.true(p.reply(reply, 'answer') > 0);
  t.is(p.reply(reply, 'again'), -ErrorCode.UnknownHandle);
  const items = q.drain();
  t.is(kinds(items), 'Answer:answer');
  t.is(items[0]?.tag, 65_536);
  t.true(q.call(qn, 'tag is free', 65_536) > 0);
});

for (const [title, act] of [
  ['dropped its reply', (p: WorldPeer, reply: string) => p.release(reply)],
  ['ended', (p: WorldPeer) => p.end()],
  ['destroyed the node', (p: WorldPeer, _reply: string, node: string) => p.destroy(node)],
] as const) {
  test(`M7: reply lost when the callee ${title}, once`, (t) => {
    const { p, q } = three();
    const n = p.create();
    const qn = p.grant(n, q);
    q.call(qn, 'question', 65_537);
    const reply = p.drain()[0]?.reply ?? '';
    act(p, reply, n);
    const lost = q.drain().filter((item) => item.kind === 'Lost');
    t.deepEqual(
      lost.map((item) => item.tag),
      [65_537],
    );
    p.reply(reply, 'late');
    p.end();
    t.is(q.drain().filter((item) => item.kind === 'Lost' || item.kind === 'Answer').length, 0);
    t.is(q.record.callsOutstanding, 0);
  });
}

test('M7: an unread call of a peer that ends is lost', (t) => {
  const { p, q } = three();
  const qn = p.grant(p.create(), q);
  q.call(qn, 'unread', 65_536);
  p.end();
  t.is(kinds(q.drain()), 'Gone Lost'.split(' ').reverse().join(' '));
});

test('M7: after the caller withdrew, the holder is told and a reply is dropped in silence', (t) => {
  const { world, p, q } = three();
  const qn = p.grant(p.create(), q);
  q.call(qn, 'question', 65_536);
  const reply = p.drain()[0]?.reply ?? '';
  q.withdraw(65_536);
  t.deepEqual(
    p.drain().map((item) => [item.kind, item.id]),
    [['Gone', reply]],
  );
  t.true(p.reply(reply, 'late', { descriptors: [3] }) > 0);
  t.deepEqual(world.closed, [3]);
  t.deepEqual(q.drain(), []);
  t.true(q.withdraw(65_536) > 0, 'withdrawing what has ended is no error');
  t.is(p.record.held.size, 0);
});

test('M7: a reply given away answers from its new holder, and no longer depends on the node', (t) => {
  const { p, q, r } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  const pr = r.grant(r.create(), p);
  q.call(qn, 'question', 65_536);
  const reply = p.drain()[0]?.reply ?? '';
  t.is(p.send([pr, n], 'x', { transfers: [reply] }), -ErrorCode.InvalidArgument, 'not to two');
  t.is(p.reply(reply, 'x', { transfers: [reply] }), -ErrorCode.InvalidArgument, 'not into itself');
  t.true(p.send(pr, 'yours', { transfers: [reply] }) > 0);
  t.is(p.reply(reply, 'mine'), -ErrorCode.UnknownHandle);
  p.destroy(n);
  const given = r.drain()[0]?.handles[0] ?? '';
  t.true(r.reply(given, 'answer') > 0);
  t.is(kinds(q.drain()), 'Gone Answer:answer');
});

test('M7: a reply inside a message that is dropped is lost', (t) => {
  const { p, q, r } = three();
  const qn = p.grant(p.create(), q);
  const m = r.create();
  const pm = r.grant(m, p);
  q.call(qn, 'question', 65_536);
  const reply = p.drain()[0]?.reply ?? '';
  r.destroy(m);
  t.true(p.send(pm, 'dropped', { transfers: [reply] }) > 0);
  t.is(kinds(q.drain()), 'Lost');
  t.is(p.record.held.size, 1);
});

test('M8: what others sent to a caller takes nothing from its answers', (t) => {
  const { p, q, r } = three({ queueItemsMax: 1, userBytesMax: 8 * 300 });
  const qn = p.grant(p.create(), q);
  const rq = q.grant(q.create(), r);
  q.call(qn, 'question', 65_536);
  const reply = p.drain()[0]?.reply ?? '';
  t.true(r.send(rq, 'fills Q') > 0);
  t.is(r.send(rq, 'too much'), -ErrorCode.OverQuota);
  t.true(p.reply(reply, 'a'.repeat(256)) > 0);
  t.is(kinds(q.drain()), `Message:fills Q Answer:${'a'.repeat(256)}`);
});

test('M8: an answer beyond the reserve that the caller has no room for is a lost reply, and says why', (t) => {
  const { world, p, q } = three({ userBytesMax: 8 * 400 });
  const qn = p.grant(p.create(), q);
  for (const [tag, length] of [
    [1, 256 + 401],
    [2, 256 + 400],
  ] as const) {
    q.call(qn, 'question', tag);
    t.true(p.reply(p.drain()[0]?.reply ?? '', 'a'.repeat(length), { descriptors: [tag] }) > 0);
  }
  const [lost, answer] = q.drain();
  t.deepEqual([lost?.kind, lost?.tag, lost?.shortage], ['Lost', 1, { resource: 'bytes', whose: 'own' }]);
  t.deepEqual([answer?.kind, answer?.tag], ['Answer', 2]);
  t.deepEqual(world.closed, [1]);
  t.is(p.record.held.size, 0, 'the callee is rid of both');
});

test('M9: a payload that has to wait is copied', (t) => {
  const { p, q } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  p.isBlocked = true;
  q.send(qn, 'kept');
  t.true(p.record.queue.head?.payload?.isOwned);
  t.is(p.drain()[0]?.text, 'kept');
});

test('T2: unused comes when the last handle elsewhere goes, those in undelivered messages included, and again', (t) => {
  const { p, q, r } = three();
  const n = p.create();
  const qn = p.grant(n, q);
  const qr = r.grant(r.create(), q);
  q.send(qr, 'carries it', { transfers: [qn] });
  q.release(qn);
  t.deepEqual(p.drain(), []);
  const rn = r.drain()[0]?.handles[0] ?? '';
  r.release(rn);
  t.deepEqual(
    p.drain().map((item) => [item.kind, item.id, item.transfersSeen]),
    [['Unused', n, 1]],
  );
  q.release(p.grant(n, q));
  t.deepEqual(
    p.drain().map((item) => item.transfersSeen),
    [2],
  );
});

test('T2: one that still waits when the node is in use again is taken back', (t) => {
  const { p, q } = three();
  const n = p.create();
  q.release(p.grant(n, q));
  const again = p.grant(n, q);
  t.deepEqual(p.drain(), []);
  q.release(again);
  t.is(kinds(p.drain()), 'Unused');
});

test('T3: a transfer whose message is dropped leaves the node unused, with the transfer counted', (t) => {
  const { p, q } = three();
  const n = p.create();
  const m = q.create();
  const pm = q.grant(m, p);
  q.destroy(m);
  t.true(p.send(pm, 'dropped', { transfers: [n] }) > 0);
  t.deepEqual(
    p.drain().map((item) => [item.kind, item.transfersSeen]),
    [
      ['Gone', 0],
      ['Unused', 1],
    ],
  );
});

test('T3: a refused transfer is not counted', (t) => {
  const { p, q } = three({ queueItemsMax: 1 });
  const n = p.create();
  const pm = q.grant(q.create(), p);
  p.send(pm, 'fills');
  t.is(p.send(pm, 'refused', { transfers: [n] }), -ErrorCode.OverQuota);
  q.drain();
  p.drain();
  p.send(pm, 'taken', { transfers: [n] });
  q.release(q.drain()[0]?.handles[0] ?? '');
  t.deepEqual(
    p.drain().map((item) => item.transfersSeen),
    [1],
  );
});

test('Q5: a refused sender is told once when half of everything is free', (t) => {
  const { p, q } = three({ queueItemsMax: 4 });
  const qn = p.grant(p.create(), q);
  for (let count = 0; count < 4; count += 1) t.true(q.send(qn, 'x') > 0);
  t.is(q.send(qn, 'x'), -ErrorCode.OverQuota);
  t.is(q.send(qn, 'x'), -ErrorCode.OverQuota);
  p.receive();
  t.deepEqual(q.drain(), []);
  p.receive();
  t.deepEqual(
    q.drain().map((item) => [item.kind, item.id]),
    [['Writable', qn]],
  );
  p.drain();
  t.deepEqual(q.drain(), []);
});

test('Q4: each kind of room is refused on its own: bytes, handles, descriptors, nodes, calls', (t) => {
  const { world, p, q } = three({
    queueBytesMax: 1000,
    peerHandlesMax: 2,
    descriptorsInFlightMax: 3,
    peerNodesMax: 2,
    callsOutstandingMax: 1,
  });
  const qn = p.grant(p.create(), q);
  t.is(q.send(qn, 'x'.repeat(1000)), -ErrorCode.OverQuota);
  t.is(q.send(qn, 'x', { descriptors: [1, 2, 3, 4] }), -ErrorCode.OverQuota);
  t.deepEqual(world.closed, [1, 2, 3, 4]);
  const nodes = [q.create(0), q.create(1)];
  t.is(world.core.create(q.record, wordOf(1, 0), 99, false), -ErrorCode.OverQuota);
  t.is(q.send(qn, 'x', { transfers: [...nodes, qn] }), -ErrorCode.OverQuota);
  t.true(q.call(qn, 'x', 65_536) > 0);
  t.is(q.call(qn, 'x', 65_537), -ErrorCode.OverQuota);
  t.is(p.record.queuedMessages, 1);
  p.drain();
  t.is(p.record.queuedBytes, 0);
});

test('Q6: notifications to a peer that never reads do not pile up', (t) => {
  const { p, q } = three();
  const n = p.create();
  for (let round = 0; round < 100; round += 1) q.release(p.grant(n, q));
  t.is(p.record.queue.length, 1);
});

test('O1: items of one peer come in increasing order, and a multicast has one number everywhere', (t) => {
  const { p, q, r } = three();
  const s = r;
  const rp = p.grant(p.create(), r);
  const rq = q.grant(q.create(), s);
  const sequence = r.send([rp, rq], 'both');
  r.send(rq, 'one');
  t.deepEqual(
    p.drain().map((item) => item.sequence),
    [sequence],
  );
  t.deepEqual(
    q.drain().map((item) => item.sequence),
    [sequence, sequence + 1],
  );
});

test('O4: a completed send is before what its completion causes, while a multicast is under way', (t) => {
  const world = new CapabilityWorld();
  const [a, b, c, x, y] = ['A', 'B', 'C', 'X', 'Y'].map((name) => world.peer(name)) as [
    WorldPeer,
    WorldPeer,
    WorldPeer,
    WorldPeer,
    WorldPeer,
  ];
  const nx = x.create();
  const ny = y.create();
  const ax = x.grant(nx, a);
  const by = y.grant(ny, b);
  const both = [x.grant(nx, c), y.grant(ny, c)];
  // Each place that the multicast can take among A→X (completed) and then B→Y: never X: M,T with Y: U,M.
  for (const place of [0, 1, 2]) {
    const steps = [() => a.send(ax, 'T'), () => b.send(by, 'U')];
    steps.splice(place, 0, () => c.send(both, 'M'));
    for (const step of steps) t.true(step() > 0);
    const atX = x
      .drain()
      .map((item) => item.text)
      .join('');
    const atY = y
      .drain()
      .map((item) => item.text)
      .join('');
    t.false(atX === 'MT' && atY === 'UM', `X ${atX}, Y ${atY}`);
  }
});

test('N1, M5: one message cannot create two nodes in one place of its owner', (t) => {
  const { p, q } = three();
  const qn = q.grant(q.create(5), p);
  const ids = [1, 2].map((generation) => `${wordOf(9, newNodeBits)}.${generation}`);
  t.is(p.send(qn, 'twins', { transfers: ids }), -ErrorCode.InvalidArgument);
  t.is(q.drain().length, 0);
  t.is(p.record.nodes.size, 0);
});

test('M7, Q6: a caller that does not take the ends of its calls may make no more', (t) => {
  const { p, q, r } = three({ callsOutstandingMax: 4 });
  const n = p.create();
  const qn = p.grant(n, q);
  p.destroy(n);
  // Q has not been told, so its calls are accepted, dropped and lost at once.
  const results: number[] = [];
  for (let tag = 1; tag <= 10; tag += 1) results.push(q.call(qn, 'again', tag));
  t.is(results.filter((result) => result > 0).length, 4);
  t.is(results.at(-1), -ErrorCode.OverQuota);
  t.true(q.record.queue.length <= 1 + 4 + 1);
  q.drain();
  const m = r.create();
  t.true(q.call(r.grant(m, q), 'room again', 11) > 0);
});

test('Q5: a caller with too many calls is told when it may make more', (t) => {
  const { p, q } = three({ callsOutstandingMax: 4 });
  const qn = p.grant(p.create(), q);
  for (let tag = 1; tag <= 4; tag += 1) t.true(q.call(qn, 'call', tag) > 0);
  t.is(q.call(qn, 'too many', 5), -ErrorCode.OverQuota);
  const calls = p.drain();
  t.is(kinds(q.drain()), '');
  for (const { reply } of calls) p.reply(reply, 'answer');
  t.is(kinds(q.drain()).split(' ').at(-1), 'Writable');
  for (let tag = 6; tag <= 9; tag += 1) t.true(q.call(qn, 'call', tag) > 0);
  t.is(q.call(qn, 'too many', 10), -ErrorCode.OverQuota);
  for (let tag = 6; tag <= 7; tag += 1) q.withdraw(tag);
  t.is(kinds(q.drain()), 'Writable');
});

test('Q6: who was refused and has left is not remembered', (t) => {
  const { world, p } = three({ queueItemsMax: 2 });
  const n = p.create();
  for (let at = 0; at < 20; at += 1) {
    const visitor = world.peer(`V${at}`, 5);
    const handle = p.grant(n, visitor);
    for (let sent = 0; sent < 3; sent += 1) visitor.send(handle, 'x');
    if (at % 2 === 0) visitor.end();
    else visitor.release(handle);
  }
  t.is(p.record.user.waiting.size, 0);
});
