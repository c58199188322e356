/**
 * Clauses on messages whose payload does not fit into a packet, where the manifest allows them: what holds for small ones holds for
 * them.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '../../broker/contract/errors.js';
import { inlineBytesMax } from '../../broker/contract/limits.js';
import type { Handle, Manifest } from '../../broker/contract/transport.js';
import { bytesOf, createCollector, textOf } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { openDescriptors } from '../support/leaks.js';
import { type Clause, only, refused } from './clause.js';

const isLarge = ({ messageBytesMax }: Manifest): boolean => messageBytesMax > inlineBytesMax;

/** Bytes that tell one size and one place from another. */
function pattern(size: number, salt = 0): Buffer {
  const block = Buffer.from(Uint8Array.from({ length: 4099 }, (_, at) => (at * 31 + salt) & 0xff));
  return Buffer.alloc(size, block);
}

function isEqual(bytes: Uint8Array, expected: Buffer, what: string): void {
  assert.ok(bytes instanceof Uint8Array);
  assert.ok(expected.equals(bytes), `${what} has equal bytes`);
}

/** Memory for payloads that this process has open. */
function openPayloads(): number {
  return [...openDescriptors().values()].filter((target) => target.includes('capstan-payload')).length;
}

export const largeClauses: readonly Clause[] = [
  {
    id: 'C1',
    title: 'messages around the size of a packet arrive with equal bytes, in order',
    applies: isLarge,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const sent = [-1, 0, 1, 2, 7, 8, 0, 1].map((more, at) => pattern(inlineBytesMax + more, at));
      sent.push(pattern(0), pattern(1024 * 1024), pattern(1));
      for (const bytes of sent) await within('a send', handle.send({ bytes }));
      await inbox.delivery(sent.length - 1);
      await world.settle();
      assert.equal(inbox.deliveries.length, sent.length, 'each message once');
      for (const [at, { bytes, handles, descriptors }] of inbox.deliveries.entries()) {
        isEqual(bytes, sent[at] ?? pattern(0), `message ${at}`);
        assert.equal(handles.length + descriptors.length, 0);
      }
      await eventually('nothing is left of them', () => openPayloads() === 0);
    },
  },
  {
    id: 'C4',
    title: 'large bytes may be changed as soon as send and call have returned, and by their receiver',
    applies: isLarge,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => reply?.send({ bytes }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const expected = pattern(100_000);
      const reuse = Buffer.from(expected);
      const pending: Promise<unknown>[] = [handle.send({ bytes: reuse })];
      reuse.fill(1);
      expected.copy(reuse);
      const called = handle.call({ bytes: reuse });
      reuse.fill(2);
      expected.copy(reuse);
      pending.push(sender.peer.multicast([handle], { bytes: reuse }));
      reuse.fill(3);
      await within('sends', Promise.all(pending));
      const answer = await within('the call', called);
      isEqual(answer.bytes, expected, 'the answer');
      answer.bytes.fill(4);
      await inbox.delivery(2);
      for (const { bytes } of inbox.deliveries) {
        isEqual(bytes, expected, 'a message');
        bytes.fill(5);
      }
    },
  },
  {
    id: 'C14',
    title: 'large calls and replies carry handles, and descriptors where messages do',
    applies: isLarge,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const gift = createCollector(owner.peer, ({ reply }) => reply?.send({ bytes: bytesOf('gift') }));
      const path = join(world.directory, 'file');
      writeFileSync(path, 'text');
      const open = (): number[] => (world.manifest.passesDescriptors ? [openSync(path, 'r')] : []);
      const inbox = createCollector(owner.peer, ({ bytes, reply }) =>
        reply?.send({ bytes, handles: [gift.node], descriptors: open() }),
      );
      const own = createCollector(sender.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const bytes = pattern(200_000);
      const message = { bytes, handles: [own.node, own.node.handle()], descriptors: open() };
      const answer = await within('a call', handle.call(message));
      const call = await inbox.delivery(0);
      for (const carried of [call, answer]) {
        isEqual(carried.bytes, bytes, 'what was carried');
        for (const descriptor of carried.descriptors) {
          const buffer = Buffer.alloc(4);
          readSync(descriptor, buffer, 0, 4, 0);
          assert.equal(buffer.toString(), 'text');
          closeSync(descriptor);
        }
        assert.equal(carried.descriptors.length, world.manifest.passesDescriptors ? 1 : 0);
      }
      assert.equal(call.handles.length, 2);
      await within('a send', call.handles[1]?.send({ bytes: bytesOf('back') }) ?? Promise.reject());
      await own.delivery(0);
      const given = only('the gift', answer.handles);
      assert.equal(textOf((await within('a call', given.call({ bytes: bytesOf('?') }))).bytes), 'gift');
    },
  },
  {
    id: 'C30',
    title: 'a large message carries as many descriptors as a small one',
    applies: (manifest) => isLarge(manifest) && manifest.passesDescriptors,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const { descriptorsMax } = world.manifest;
      const path = join(world.directory, 'file');
      writeFileSync(path, 'text');
      const open = (count: number): number[] => Array.from({ length: count }, () => openSync(path, 'r'));
      const bytes = pattern(inlineBytesMax + 1);
      const tooMany = handle.send({ bytes, descriptors: open(descriptorsMax + 1) });
      await refused('one more', tooMany, ErrorCode.TooLarge);
      await within('a send', handle.send({ bytes, descriptors: open(descriptorsMax) }));
      const { descriptors } = await inbox.delivery(0);
      for (const descriptor of descriptors) closeSync(descriptor);
      assert.equal(descriptors.length, descriptorsMax);
    },
  },
  {
    id: 'C40',
    title: 'a large message reaches every destination of a multicast, also with handles and descriptors',
    applies: isLarge,
    run: async (world) => {
      const sender = await world.connect();
      const inboxes: ReturnType<typeof createCollector>[] = [];
      const handles: Handle[] = [];
      for (let at = 0; at < 8; at += 1) {
        const owner = await world.connect();
        const inbox = createCollector(owner.peer);
        inboxes.push(inbox);
        handles.push(await world.handleTo(owner, inbox.node, sender));
      }
      const gift = createCollector(sender.peer);
      const path = join(world.directory, 'file');
      writeFileSync(path, 'text');
      const descriptors = world.manifest.passesDescriptors ? [openSync(path, 'r')] : [];
      const bytes = pattern(1024 * 1024);
      await within('a multicast', sender.peer.multicast(handles, { bytes }));
      await within(
        'a multicast',
        sender.peer.multicast(handles, { bytes, handles: [gift.node], descriptors }),
      );
      for (const inbox of inboxes) {
        isEqual((await inbox.delivery(0)).bytes, bytes, 'the plain one');
        const second = await inbox.delivery(1);
        isEqual(second.bytes, bytes, 'the one with more');
        assert.equal(second.descriptors.length, descriptors.length);
        for (const descriptor of second.descriptors) closeSync(descriptor);
        only('the handle', second.handles).close();
      }
      const nobody = await within('a multicast', sender.peer.multicast([], { bytes }));
      assert.deepEqual(nobody.outcomes, []);
      await eventually('nothing is left of it', () => openPayloads() === 0);
    },
  },
  {
    id: 'C60',
    title: 'large messages to a receiver that does not read are bounded, and writable tells when to go on',
    applies: isLarge,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const bytes = pattern(world.manifest.messageBytesMax);
      // Nobody reads while this turn of the event loop goes on.
      const sends: Promise<number>[] = [];
      for (let at = 0; at < 40; at += 1) sends.push(handle.send({ bytes }));
      const outcomes = await within('sends', Promise.allSettled(sends));
      const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length;
      const codes = outcomes.flatMap((each) =>
        each.status === 'rejected' ? [(each.reason as { code?: unknown }).code] : [],
      );
      assert.ok(accepted > 0 && accepted < 40, `${accepted} of 40 were accepted`);
      assert.deepEqual(new Set(codes), new Set([ErrorCode.OverQuota]));
      await inbox.delivery(accepted - 1);
      await within('writable', handle.writable());
      await within('a send', handle.send({ bytes }));
      isEqual((await inbox.delivery(accepted)).bytes, bytes, 'the last');
    },
  },
];
