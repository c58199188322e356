/**
 * Clauses C10 to C15: calls and their one reply.
 */
import assert from 'node:assert/strict';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Delivery, Handle, Reply, Session } from '../../broker/contract/transport.js';
import { bytesOf, type Collector, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { type Clause, only, refused, throws } from './clause.js';
import type { World } from './fixture.js';

interface Pair {
  readonly owner: Session;
  readonly caller: Session;
  readonly inbox: Collector;
  readonly handle: Handle;
}

/** An owner with a node, and a caller with a handle to it. */
async function pair(world: World, react?: (delivery: Delivery) => void): Promise<Pair> {
  const [owner, caller] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, react);
  return { owner, caller, inbox, handle: await world.handleTo(owner, inbox.node, caller) };
}

async function replyAt(inbox: Collector, at: number): Promise<Reply> {
  const { reply } = await inbox.delivery(at);
  if (reply === undefined) throw new assert.AssertionError({ message: 'the call has no reply' });
  return reply;
}

export const callClauses: readonly Clause[] = [
  {
    id: 'C10',
    title: 'each of many outstanding calls gets its own reply, also when the answers come in reverse',
    run: async (world) => {
      const { caller, inbox, handle } = await pair(world);
      const count = 100;
      const calls = Array.from({ length: count }, (_, at) => handle.call({ bytes: bytesOf(`${at}`) }));
      await inbox.delivery(count - 1);
      assert.equal(caller.peer.usage().callsOutstanding, count);
      for (const { bytes, reply } of [...inbox.deliveries].reverse()) {
        reply?.send({ bytes: bytesOf(`answer to ${textOf(bytes)}`) });
      }
      const answers = await within('the answers', Promise.all(calls));
      assert.deepEqual(
        answers.map(({ bytes }) => textOf(bytes)),
        Array.from({ length: count }, (_, at) => `answer to ${at}`),
      );
      assert.equal(caller.peer.usage().callsOutstanding, 0);
    },
  },
  {
    id: 'C10',
    title: 'an empty answer is an answer, and a peer can call itself',
    run: async (world) => {
      const self = await world.connect();
      const inbox = createCollector(self.peer, echo);
      const handle = inbox.node.handle();
      const answer = await within('a call', handle.call({ bytes: new Uint8Array(0) }));
      assert.equal(answer.bytes.byteLength, 0);
      assert.equal(textOf((await within('a call', handle.call({ bytes: bytesOf('self') }))).bytes), 'self');
    },
  },
  {
    id: 'C11',
    title: 'a call that nobody answers ends with deadline, not early',
    run: async (world) => {
      const { caller, inbox, handle } = await pair(world);
      const deadlineMs = 60;
      const startMs = performance.now();
      const attempt = handle.call({ bytes: bytesOf('?') }, { deadlineMs });
      await refused('an unanswered call', attempt, ErrorCode.Deadline);
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs >= deadlineMs - 1, `the deadline of ${deadlineMs} ms passed after ${tookMs} ms`);
      assert.equal(caller.peer.usage().callsOutstanding, 0);
      (await replyAt(inbox, 0)).close();
    },
  },
  {
    id: 'C11',
    title: 'each of several concurrent calls has its own deadline',
    run: async (world) => {
      const { caller, inbox, handle } = await pair(world);
      const patience = new AbortController();
      const { signal } = patience;
      const call = (deadlineMs: number): Promise<unknown> =>
        handle.call({ bytes: bytesOf('?') }, { deadlineMs, signal });
      // The short ones are neither the first nor the last, and the others are longer than any machine stands still.
      const [before, long, short, after] = [call(600_000), call(120), call(40), call(600_000)];
      const others = [before, after].map((each) => refused('a call given up', each, ErrorCode.Aborted));
      // Which of the two ends first is not asked: a machine that stood still ends both at once.
      const ends = [short, long].map((each) => refused('an unanswered call', each, ErrorCode.Deadline));
      await Promise.all(ends);
      assert.equal(caller.peer.usage().callsOutstanding, 2);
      patience.abort();
      await Promise.all(others);
      await world.settle();
      for (const { reply } of inbox.deliveries) reply?.close();
    },
  },
  {
    id: 'C11',
    title: 'a call is given up by its signal, before it was made and while it waits',
    run: async (world) => {
      const { caller, inbox, handle } = await pair(world);
      const controller = new AbortController();
      const attempt = handle.call({ bytes: bytesOf('?') }, { signal: controller.signal });
      const reply = await replyAt(inbox, 0);
      controller.abort();
      await refused('an aborted call', attempt, ErrorCode.Aborted);
      assert.equal(caller.peer.usage().callsOutstanding, 0);
      reply.send({ bytes: bytesOf('too late') });
      await refused(
        'a call with an aborted signal',
        handle.call({ bytes: bytesOf('never sent') }, { signal: controller.signal }),
        ErrorCode.Aborted,
      );
      await world.settle();
      assert.deepEqual(inbox.texts, ['?']);
    },
  },
  {
    id: 'C12',
    title: 'a reply that is closed unused gives reply-lost',
    run: async (world) => {
      const { owner, handle } = await pair(world, ({ reply }) => {
        reply?.close();
        reply?.close();
      });
      await refused('a call', handle.call({ bytes: bytesOf('?') }), ErrorCode.ReplyLost);
      assert.equal(owner.peer.usage().repliesHeld, 0);
    },
  },
  {
    id: 'C12',
    title: 'the end of the callee gives reply-lost',
    run: async (world) => {
      const { owner, inbox, handle } = await pair(world);
      const attempts = [1, 2, 3].map((at) => handle.call({ bytes: bytesOf(`${at}`) }));
      const lost = Promise.all(attempts.map((attempt) => refused('a call', attempt, ErrorCode.ReplyLost)));
      await inbox.delivery(2);
      owner.peer.close();
      await lost;
    },
  },
  {
    id: 'C12',
    title: 'the end of the node gives reply-lost, and answering afterwards disturbs nobody',
    run: async (world) => {
      const { caller, inbox, handle } = await pair(world);
      const attempt = handle.call({ bytes: bytesOf('?') });
      const lost = refused('a call', attempt, ErrorCode.ReplyLost);
      const reply = await replyAt(inbox, 0);
      inbox.node.destroy();
      await lost;
      try {
        reply.send({ bytes: bytesOf('too late') });
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, ErrorCode.Closed, 'if refused, then with closed');
      }
      reply.close();
      await world.settle();
      assert.equal(caller.peer.usage().callsOutstanding, 0);
    },
  },
  {
    id: 'C13',
    title: 'a second reply is refused, the first one stands, and send after close is refused',
    run: async (world) => {
      const { owner, inbox, handle } = await pair(world);
      const first = handle.call({ bytes: bytesOf('1') });
      const reply = await replyAt(inbox, 0);
      assert.equal(owner.peer.usage().repliesHeld, 1);
      reply.send({ bytes: bytesOf('one') });
      throws('a second reply', () => reply.send({ bytes: bytesOf('two') }), ErrorCode.AlreadyReplied);
      reply.close();
      throws('a third reply', () => reply.send({ bytes: bytesOf('three') }), ErrorCode.AlreadyReplied);
      assert.equal(textOf((await within('a call', first)).bytes), 'one');
      const second = refused('a call', handle.call({ bytes: bytesOf('2') }), ErrorCode.ReplyLost);
      const closed = await replyAt(inbox, 1);
      closed.close();
      throws('a reply after close', () => closed.send({ bytes: bytesOf('x') }), ErrorCode.Closed);
      await second;
      assert.equal(owner.peer.usage().repliesHeld, 0);
    },
  },
  {
    id: 'C13',
    title: 'a reply after the deadline disturbs nobody, and what it carries is not leaked',
    run: async (world) => {
      const { owner, caller, inbox, handle } = await pair(world);
      const late = createCollector(owner.peer);
      await refused('a call', handle.call({ bytes: bytesOf('1') }, { deadlineMs: 20 }), ErrorCode.Deadline);
      const reply = await replyAt(inbox, 0);
      const handlesBefore = caller.peer.usage().handles;
      reply.send({ bytes: bytesOf('late'), handles: [late.node] });
      const next = handle.call({ bytes: bytesOf('2') });
      (await replyAt(inbox, 1)).send({ bytes: bytesOf('in time') });
      assert.equal(textOf((await within('the next call', next)).bytes), 'in time');
      await eventually('the late handle is unused', () => late.unusedCount > 0);
      assert.equal(caller.peer.usage().handles, handlesBefore);
    },
  },
  {
    id: 'C14',
    title: 'a reply carries handles that work',
    run: async (world) => {
      const { owner, handle, inbox } = await pair(world);
      const inner = createCollector(owner.peer, echo);
      const attempt = handle.call({ bytes: bytesOf('?') });
      (await replyAt(inbox, 0)).send({ bytes: bytesOf('here'), handles: [inner.node, inner.node] });
      const answer = await within('a call', attempt);
      assert.equal(answer.handles.length, 2);
      for (const given of answer.handles) {
        assert.equal(textOf((await within('a call', given.call({ bytes: bytesOf('x') }))).bytes), 'x');
        given.close();
      }
      await eventually('the handles are unused', () => inner.unusedCount > 0);
    },
  },
  {
    id: 'C15',
    title: 'a reply can be given away, and its new holder answers the caller once',
    run: async (world) => {
      const { owner, inbox, handle } = await pair(world);
      const deputy = await world.connect();
      const tray = createCollector(deputy.peer);
      const toDeputy = await world.handleTo(deputy, tray.node, owner);
      const attempt = handle.call({ bytes: bytesOf('?') });
      const reply = await replyAt(inbox, 0);
      await within('giving it away', toDeputy.send({ bytes: bytesOf('you answer'), handles: [reply] }));
      throws(
        'a reply by the giver',
        () => reply.send({ bytes: bytesOf('no') }),
        ErrorCode.Closed,
        ErrorCode.AlreadyReplied,
      );
      assert.equal(owner.peer.usage().repliesHeld, 0);
      const right = only('the right to answer', (await tray.delivery(0)).handles);
      await within('the answer', right.send({ bytes: bytesOf('the deputy answers') }));
      assert.equal(textOf((await within('a call', attempt)).bytes), 'the deputy answers');
      await refused(
        'a second answer',
        right.send({ bytes: bytesOf('again') }),
        ...[ErrorCode.AlreadyReplied, ErrorCode.NodeGone],
      );
      right.close();
    },
  },
  {
    id: 'C15',
    title: 'a reply that was given away and is closed, or whose holder ends, gives reply-lost',
    run: async (world) => {
      const { owner, inbox, handle } = await pair(world);
      const deputy = await world.connect();
      const tray = createCollector(deputy.peer);
      const toDeputy = await world.handleTo(deputy, tray.node, owner);
      const lost = [1, 2].map((at) =>
        refused('a call', handle.call({ bytes: bytesOf(`${at}`) }), ErrorCode.ReplyLost),
      );
      for (const at of [0, 1]) {
        const handles = [await replyAt(inbox, at)];
        await within('giving it away', toDeputy.send({ bytes: bytesOf('you answer'), handles }));
      }
      only('the right to answer', (await tray.delivery(0)).handles).close();
      await lost[0];
      await tray.delivery(1);
      await turns();
      deputy.peer.close();
      await lost[1];
    },
  },
];
