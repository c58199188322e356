/**
 * Clauses C1 to C8: messages.
 */
import assert from 'node:assert/strict';
import { ErrorCode } from '../../broker/contract/errors.js';
import { inlineBytesMax } from '../../broker/contract/limits.js';
import { bytesOf, createCollector } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { type Clause, refused } from './clause.js';

export const messageClauses: readonly Clause[] = [
  {
    id: 'C1',
    title: 'a message arrives exactly once with equal bytes, also an empty one',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const sizes = [0, 1, 7, 8, 9, 255, 256, 4095, 4096, 65_000].filter(
        (size) => size <= world.manifest.messageBytesMax,
      );
      const sent = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => (at * 31 + size) & 0xff));
      for (const bytes of sent) await within('a send', handle.send({ bytes }));
      await inbox.delivery(sent.length - 1);
      await world.settle();
      assert.equal(inbox.deliveries.length, sent.length, 'each message once');
      for (const [at, { bytes, handles, descriptors, reply }] of inbox.deliveries.entries()) {
        assert.ok(bytes instanceof Uint8Array);
        assert.deepEqual(Buffer.from(bytes), Buffer.from(sent[at] ?? []), `bytes of message ${at}`);
        assert.equal(handles.length + descriptors.length, 0);
        assert.equal(reply, undefined, 'a send has no reply');
      }
    },
  },
  {
    id: 'C2',
    title: 'messages and calls on one handle arrive in the order in which they were sent',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => reply?.send({ bytes }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const expected: string[] = [];
      const pending: Promise<unknown>[] = [];
      for (let at = 0; at < 300; at += 1) {
        const text = `${at}`.padEnd(1 + ((at * 37) % 300));
        expected.push(text);
        pending.push(
          at % 3 === 0 ? handle.call({ bytes: bytesOf(text) }) : handle.send({ bytes: bytesOf(text) }),
        );
        if (at % 50 === 49) await within('sends and calls', Promise.all(pending.splice(0)));
      }
      await inbox.delivery(expected.length - 1);
      assert.deepEqual(inbox.texts, expected);
    },
  },
  {
    id: 'C3',
    title: 'the largest message arrives, one byte more is refused, and the handle works on',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => reply?.send({ bytes }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const { messageBytesMax } = world.manifest;
      const largest = new Uint8Array(messageBytesMax).map((_, at) => at % 251);
      const tooLarge = new Uint8Array(messageBytesMax + 1);
      await refused('a send of one byte more', handle.send({ bytes: tooLarge }), ErrorCode.TooLarge);
      await refused('a call with one byte more', handle.call({ bytes: tooLarge }), ErrorCode.TooLarge);
      const answer = await within('a call', handle.call({ bytes: largest }));
      assert.deepEqual(Buffer.from(answer.bytes), Buffer.from(largest));
      assert.equal(inbox.deliveries.length, 1, 'only the largest was sent');
    },
  },
  {
    id: 'C3',
    title: 'a reply that is too large is refused, and the right size can still be sent',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const refusals: unknown[] = [];
      const inbox = createCollector(owner.peer, ({ reply }) => {
        try {
          reply?.send({ bytes: new Uint8Array(world.manifest.messageBytesMax + 1) });
        } catch (error) {
          refusals.push((error as { code?: unknown }).code);
        }
        reply?.send({ bytes: bytesOf('smaller') });
      });
      const handle = await world.handleTo(owner, inbox.node, sender);
      const answer = await within('a call', handle.call({ bytes: bytesOf('?') }));
      assert.deepEqual(refusals, [ErrorCode.TooLarge]);
      assert.equal(Buffer.from(answer.bytes).toString(), 'smaller');
    },
  },
  {
    id: 'C4',
    title: 'bytes may be changed as soon as send, call, reply and multicast have returned',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const reuse = Buffer.alloc(5);
      const fill = (text: string): Buffer => {
        reuse.write(text);
        return reuse;
      };
      const inbox = createCollector(owner.peer, ({ reply }) => {
        reply?.send({ bytes: fill('reply') });
        reuse.fill('!');
      });
      const handle = await world.handleTo(owner, inbox.node, sender);
      const pending: Promise<unknown>[] = [handle.send({ bytes: fill('first') })];
      reuse.fill('x');
      const called = handle.call({ bytes: fill('calls') });
      reuse.fill('y');
      pending.push(sender.peer.multicast([handle], { bytes: fill('multi') }));
      reuse.fill('z');
      await within('sends', Promise.all(pending));
      assert.equal(Buffer.from((await within('a call', called)).bytes).toString(), 'reply');
      await inbox.delivery(2);
      assert.deepEqual(inbox.texts, ['first', 'calls', 'multi']);
    },
  },
  {
    id: 'C4',
    title: 'what a receiver was given is its own for good, and nobody sees it change it',
    run: async (world) => {
      const [one, two, sender] = [await world.connect(), await world.connect(), await world.connect()];
      const [first, second] = [createCollector(one.peer), createCollector(two.peer)];
      const handles = [
        await world.handleTo(one, first.node, sender),
        await world.handleTo(two, second.node, sender),
      ];
      const bytes = bytesOf('as it was');
      await within('a multicast', sender.peer.multicast(handles, { bytes }));
      (await first.delivery(0)).bytes.fill(0);
      await second.delivery(0);
      // What arrives later goes through the same memory, if anything does.
      for (let at = 0; at < 50; at += 1)
        await within('a send', Promise.resolve(handles[1]?.send({ bytes: bytesOf('later....') })));
      await second.delivery(50);
      assert.equal(second.texts[0], 'as it was');
      assert.deepEqual([...new Set(first.deliveries[0]?.bytes)], [0]);
      assert.equal(Buffer.from(bytes).toString(), 'as it was');
    },
  },
  {
    id: 'C5',
    title: 'a closed handle refuses with closed, and closing twice is harmless',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const { gone } = handle;
      handle.close();
      handle.close();
      const bytes = bytesOf('late');
      await refused('a send', handle.send({ bytes }), ErrorCode.Closed);
      await refused('a call', handle.call({ bytes }), ErrorCode.Closed);
      await refused('giving it away', sender.root.send({ bytes, handles: [handle] }), ErrorCode.Closed);
      assert.throws(() => handle.clone(), { code: ErrorCode.Closed });
      assert.equal(await within('gone', gone), 'closed');
      assert.equal(handle.gone, gone, 'the promise is the same each time');
      await within('writable settles', handle.writable());
      handle.close();
      await world.settle();
      assert.equal(inbox.deliveries.length, 0);
    },
  },
  {
    id: 'C6',
    title: 'what was sent before the peer closed arrives, then its end becomes visible',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const seen: string[] = [];
      const inbox = createCollector(owner.peer, ({ bytes, handles }) => {
        seen.push(Buffer.from(bytes).toString());
        for (const handle of handles) void handle.gone.then((reason) => seen.push(reason));
      });
      const handle = await world.handleTo(owner, inbox.node, sender);
      const own = createCollector(sender.peer);
      await within('a send', handle.send({ bytes: bytesOf('0'), handles: [own.node] }));
      const last = 40;
      const pending: Promise<unknown>[] = [];
      for (let at = 1; at <= last; at += 1) pending.push(handle.send({ bytes: bytesOf(`${at}`) }));
      await within('sends', Promise.all(pending));
      sender.peer.close();
      await eventually('the end is visible', () => seen.includes('node-gone'));
      await inbox.delivery(last);
      assert.deepEqual(
        inbox.texts,
        Array.from({ length: last + 1 }, (_, at) => `${at}`),
      );
      if (world.manifest.order === 'total') assert.equal(seen.at(-1), 'node-gone', 'the end comes last');
      inbox.deliveries[0]?.handles[0]?.close();
    },
  },
  {
    id: 'C7',
    title: 'a receiver that throws disturbs nobody, and the error goes to onError',
    run: async (world) => {
      const errors: unknown[] = [];
      const owner = await world.connect({ onError: (error) => errors.push(error) });
      const sender = await world.connect();
      const mistake = new Error('the receiver throws');
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => {
        if (bytes.byteLength === 0) throw mistake;
        reply?.send({ bytes });
      });
      const handle = await world.handleTo(owner, inbox.node, sender);
      await within('a send', handle.send({ bytes: bytesOf('') }));
      await within('a send', handle.send({ bytes: bytesOf('') }));
      const answer = await within('a call', handle.call({ bytes: bytesOf('still there') }));
      assert.equal(Buffer.from(answer.bytes).toString(), 'still there');
      assert.deepEqual(errors, [mistake, mistake]);
    },
  },
  {
    id: 'C8',
    title: 'a node that states how long a message may be gets no longer one, and the handle works on',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => reply?.send({ bytes }), {
        messageBytesMax: 1_000,
      });
      const other = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const wide = await world.handleTo(owner, other.node, sender);
      const isKnown = world.manifest.multicast === 'atomic';
      const longer = [1_001, 50_000, inlineBytesMax + 1].filter(
        (size) => size <= world.manifest.messageBytesMax,
      );
      for (const size of longer) {
        const bytes = new Uint8Array(size);
        const own = createCollector(sender.peer);
        const send = handle.send({ bytes, handles: [own.node] });
        if (isKnown) await refused(`${size} bytes`, send, ErrorCode.TooLarge);
        else await within('a send', send);
        const code = isKnown ? ErrorCode.TooLarge : ErrorCode.ReplyLost;
        await refused(`a call with ${size} bytes`, handle.call({ bytes }), code);
        own.node.destroy();
      }
      const bytes = new Uint8Array(1_001);
      const all = sender.peer.multicast([wide, handle], { bytes });
      if (isKnown) await refused('a multicast', all, ErrorCode.TooLarge);
      else await within('a multicast', all);
      const { outcomes } = await within(
        'a partial multicast',
        sender.peer.multicast([wide, handle], { bytes }, { partial: true }),
      );
      assert.deepEqual(
        outcomes,
        isKnown ? [{ ok: true }, { ok: false, code: ErrorCode.TooLarge }] : [{ ok: true }, { ok: true }],
      );
      const answer = await within('a call', handle.call({ bytes: new Uint8Array(1_000) }));
      assert.equal(answer.bytes.byteLength, 1_000);
      await within('a send', handle.send({ bytes: new Uint8Array(0) }));
      await inbox.delivery(1);
      await world.settle();
      assert.deepEqual(
        inbox.deliveries.map((delivery) => delivery.bytes.byteLength),
        [1_000, 0],
      );
      assert.equal(other.deliveries.length, isKnown ? 1 : 2);
    },
  },
];
