/**
 * Clauses C40 to C42: multicast.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Handle, Manifest, Session } from '../../broker/contract/transport.js';
import { bytesOf, type Collector, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { type Clause, only, refused } from './clause.js';
import type { World } from './fixture.js';

const isAtomic = ({ multicast }: Manifest): boolean => multicast === 'atomic';

interface Group {
  readonly sender: Session;
  readonly owners: readonly Session[];
  readonly inboxes: readonly Collector[];
  readonly handles: readonly Handle[];
}

/** A sender with a handle to one node of each of several peers. */
async function group(world: World, size: number): Promise<Group> {
  const sender = await world.connect();
  const owners: Session[] = [];
  const inboxes: Collector[] = [];
  const handles: Handle[] = [];
  for (let at = 0; at < size; at += 1) {
    const owner = await world.connect();
    const inbox = createCollector(owner.peer, echo);
    owners.push(owner);
    inboxes.push(inbox);
    handles.push(await world.handleTo(owner, inbox.node, sender));
  }
  return { sender, owners, inboxes, handles };
}

/** Destroys the second node, and waits until the sender knows. */
async function loseSecond({ inboxes, handles }: Group): Promise<void> {
  inboxes[1]?.node.destroy();
  await within('gone', Promise.resolve(handles[1]?.gone));
}

export const multicastClauses: readonly Clause[] = [
  {
    id: 'C40',
    title: 'every destination gets the message once, and the result has an outcome for each',
    run: async (world) => {
      const { sender, inboxes, handles } = await group(world, 5);
      const result = await within('a multicast', sender.peer.multicast(handles, { bytes: bytesOf('all') }));
      assert.deepEqual(
        result.outcomes,
        handles.map(() => ({ ok: true })),
      );
      for (const inbox of inboxes) await inbox.delivery(0);
      await world.settle();
      for (const inbox of inboxes) assert.deepEqual(inbox.texts, ['all']);
    },
  },
  {
    id: 'C40',
    title: 'several nodes of one peer are several destinations, and none is no error',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inboxes = [createCollector(owner.peer), createCollector(owner.peer)];
      const handles: Handle[] = [];
      for (const { node } of inboxes) handles.push(await world.handleTo(owner, node, sender));
      await within('a multicast', sender.peer.multicast(handles, { bytes: bytesOf('both') }));
      for (const inbox of inboxes) await inbox.delivery(0);
      const nobody = await within('a multicast', sender.peer.multicast([], { bytes: bytesOf('nobody') }));
      assert.deepEqual(nobody.outcomes, []);
      await world.settle();
      for (const inbox of inboxes) assert.deepEqual(inbox.texts, ['both']);
    },
  },
  {
    id: 'C40',
    title: 'each destination gets handles of its own',
    run: async (world) => {
      const { sender, inboxes, handles } = await group(world, 3);
      const gift = createCollector(sender.peer, echo);
      await within(
        'a multicast',
        sender.peer.multicast(handles, { bytes: bytesOf('take'), handles: [gift.node] }),
      );
      for (const inbox of inboxes) {
        assert.equal(gift.unusedCount, 0);
        const given = only('the handle', (await inbox.delivery(0)).handles);
        const answer = await within('a call', given.call({ bytes: bytesOf('mine') }));
        assert.equal(textOf(answer.bytes), 'mine');
        given.close();
      }
      await eventually('the node is unused', () => gift.unusedCount === 1);
    },
  },
  {
    id: 'C40',
    title: 'each destination gets descriptors of its own',
    applies: ({ passesDescriptors }) => passesDescriptors,
    run: async (world) => {
      const { sender, inboxes, handles } = await group(world, 3);
      const path = join(world.directory, 'file');
      writeFileSync(path, 'shared');
      const descriptors = [openSync(path, 'r')];
      await within('a multicast', sender.peer.multicast(handles, { bytes: bytesOf('read'), descriptors }));
      const received: number[] = [];
      for (const inbox of inboxes) received.push(only('it', (await inbox.delivery(0)).descriptors));
      assert.equal(new Set(received).size, 3);
      for (const descriptor of received) {
        const buffer = Buffer.alloc(6);
        readSync(descriptor, buffer, 0, 6, 0);
        assert.equal(buffer.toString(), 'shared');
        closeSync(descriptor);
      }
    },
  },
  {
    id: 'C41',
    title: 'one refusal, and nobody gets it',
    applies: isAtomic,
    run: async (world) => {
      const setting = await group(world, 3);
      const { sender, inboxes, handles } = setting;
      await loseSecond(setting);
      const attempt = sender.peer.multicast(handles, { bytes: bytesOf('all or none') });
      await refused('a multicast with a node that is gone', attempt, ErrorCode.NodeGone);
      const closed = handles[2]?.clone();
      closed?.close();
      const list = [handles[0], closed].filter((handle) => handle !== undefined);
      const other = sender.peer.multicast(list, { bytes: bytesOf('all or none') });
      await refused('a multicast with a closed handle', other, ErrorCode.Closed);
      await world.settle();
      for (const inbox of inboxes) assert.deepEqual(inbox.texts, []);
    },
  },
  {
    id: 'C41',
    title: 'with partial, the others get it and the outcomes say who did not',
    applies: isAtomic,
    run: async (world) => {
      const setting = await group(world, 3);
      const { sender, inboxes, handles } = setting;
      await loseSecond(setting);
      const attempt = sender.peer.multicast(handles, { bytes: bytesOf('who can') }, { partial: true });
      const { outcomes } = await within('a multicast', attempt);
      assert.deepEqual(outcomes, [{ ok: true }, { ok: false, code: ErrorCode.NodeGone }, { ok: true }]);
      for (const at of [0, 2]) await inboxes[at]?.delivery(0);
      await world.settle();
      assert.deepEqual(
        inboxes.map(({ texts }) => texts.length),
        [1, 0, 1],
      );
    },
  },
  {
    id: 'C41',
    title: 'each destination stands for itself',
    applies: (manifest) => !isAtomic(manifest),
    run: async (world) => {
      const setting = await group(world, 3);
      const { sender, inboxes, handles } = setting;
      await loseSecond(setting);
      for (const partial of [false, true]) {
        const attempt = sender.peer.multicast(handles, { bytes: bytesOf('who can') }, { partial });
        const { outcomes } = await within('a multicast', attempt);
        assert.deepEqual(outcomes, [{ ok: true }, { ok: false, code: ErrorCode.NodeGone }, { ok: true }]);
      }
      for (const at of [0, 2]) await inboxes[at]?.delivery(1);
      await world.settle();
      assert.deepEqual(
        inboxes.map(({ texts }) => texts.length),
        [2, 0, 2],
      );
    },
  },
  {
    id: 'C41',
    title: 'a message that is too large reaches nobody',
    run: async (world) => {
      const { sender, inboxes, handles } = await group(world, 2);
      const bytes = new Uint8Array(world.manifest.messageBytesMax + 1);
      await refused('a multicast', sender.peer.multicast(handles, { bytes }), ErrorCode.TooLarge);
      await refused(
        'with partial',
        sender.peer.multicast(handles, { bytes }, { partial: true }),
        ErrorCode.TooLarge,
      );
      await world.settle();
      for (const inbox of inboxes) assert.deepEqual(inbox.texts, []);
    },
  },
  {
    id: 'C42',
    title: 'the same node named twice is refused with invalid-argument, and nobody gets it',
    applies: isAtomic,
    run: async (world) => {
      const { sender, inboxes, handles } = await group(world, 2);
      const clone = handles[0]?.clone();
      assert.ok(clone !== undefined);
      const bytes = bytesOf('twice');
      for (const partial of [false, true]) {
        const same = sender.peer.multicast([...handles, ...handles.slice(0, 1)], { bytes }, { partial });
        await refused('the same handle', same, ErrorCode.InvalidArgument);
        const cloned = sender.peer.multicast([...handles, clone], { bytes }, { partial });
        await refused('a clone', cloned, ErrorCode.InvalidArgument);
      }
      await world.settle();
      for (const inbox of inboxes) assert.deepEqual(inbox.texts, []);
      clone.close();
    },
  },
];
