/**
 * Clauses C30 to C32: descriptors, where they pass and where they do not.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Handle, Manifest, Message } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { bytesOf, createCollector } from '../support/collector.js';
import { eventually, within } from '../support/eventually.js';
import { openDescriptors } from '../support/leaks.js';
import { type Clause, only, refused, throws } from './clause.js';
import type { World } from './fixture.js';

const passes = ({ passesDescriptors }: Manifest): boolean => passesDescriptors;

/** Opens a new file with this text. */
function openFile(world: World, text: string): number {
  const path = join(world.directory, `file-${text}`);
  writeFileSync(path, text);
  return openSync(path, 'r');
}

/** What a descriptor's file has, from its start. */
function contents(descriptor: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
}

function closeAll(descriptors: readonly number[]): void {
  for (const descriptor of descriptors) closeSync(descriptor);
}

/** How many descriptors of this process refer to the clause's files. */
function openFiles(world: World): number {
  const isOurs = (target: string): boolean => target.startsWith(join(world.directory, 'file-'));
  return [...openDescriptors().values()].filter(isOurs).length;
}

function closesOnExec(descriptor: number): boolean {
  const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
  const flags = Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
  return (flags & 0o2000000) !== 0;
}

/** Where only the descriptors matter. */
const bytes = bytesOf('descriptors');

export const descriptorClauses: readonly Clause[] = [
  {
    id: 'C30',
    title: "descriptors arrive in order, exactly once, close-on-exec, and are the receiver's",
    applies: passes,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ reply }) => reply?.send({ bytes }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const texts = ['a', 'b', 'c'];
      const descriptors = texts.map((text) => openFile(world, text));
      for (const descriptor of descriptors) loadNative().setCloseOnExec(descriptor, false);
      await within('a send', handle.send({ bytes, descriptors }));
      await within('a call', handle.call({ bytes, descriptors: [openFile(world, 'd')] }));
      const first = await inbox.delivery(0);
      const second = await inbox.delivery(1);
      assert.deepEqual(first.descriptors.map(contents), texts);
      assert.deepEqual(second.descriptors.map(contents), ['d']);
      const all = [...first.descriptors, ...second.descriptors];
      assert.ok(all.every(closesOnExec), 'close-on-exec');
      await eventually("the sender's are closed", () => openFiles(world) === all.length);
      closeAll(all);
      assert.equal(openFiles(world), 0, 'nobody else has one');
    },
  },
  {
    id: 'C30',
    title: 'descriptors belong to their own message, however many are under way',
    applies: passes,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const count = 60;
      const pending: Promise<unknown>[] = [];
      for (let at = 0; at < count; at += 1) {
        const message: Message = { bytes: bytesOf(`${at}`) };
        const carried = Array.from({ length: at % 4 }, (_, index) => openFile(world, `${at}-${index}`));
        pending.push(handle.send(carried.length === 0 ? message : { ...message, descriptors: carried }));
      }
      await within('sends', Promise.all(pending));
      await inbox.delivery(count - 1);
      for (const [at, { descriptors }] of inbox.deliveries.entries()) {
        const expected = Array.from({ length: at % 4 }, (_, index) => `${at}-${index}`);
        assert.deepEqual(descriptors.map(contents), expected, `descriptors of message ${at}`);
        closeAll(descriptors);
      }
    },
  },
  {
    id: 'C30',
    title: 'the largest number of descriptors arrives, and one more is refused',
    applies: passes,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const { descriptorsMax } = world.manifest;
      const open = (count: number): number[] =>
        Array.from({ length: count }, (_, at) => openFile(world, `${at}`));
      const attempt = handle.send({ bytes, descriptors: open(descriptorsMax + 1) });
      await refused('one descriptor more', attempt, ErrorCode.TooLarge);
      await eventually('they are closed', () => openFiles(world) === 0);
      await within('a send', handle.send({ bytes, descriptors: open(descriptorsMax) }));
      const { descriptors } = await inbox.delivery(0);
      assert.deepEqual(
        descriptors.map(contents),
        Array.from({ length: descriptorsMax }, (_, at) => `${at}`),
      );
      closeAll(descriptors);
      assert.equal(inbox.deliveries.length, 1);
    },
  },
  {
    id: 'C14',
    title: 'a reply carries descriptors',
    applies: passes,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ reply }) => {
        reply?.send({ bytes, descriptors: [openFile(world, 'x'), openFile(world, 'y')] });
      });
      const handle = await world.handleTo(owner, inbox.node, sender);
      const { descriptors } = await within('a call', handle.call({ bytes }));
      assert.deepEqual(descriptors.map(contents), ['x', 'y']);
      closeAll(descriptors);
      await eventually("the callee's are closed", () => openFiles(world) === 0);
    },
  },
  {
    id: 'C31',
    title: 'a message with a descriptor is refused with unsupported, and the descriptor is closed',
    applies: (manifest) => !passes(manifest),
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const message = (text: string): Message => ({ bytes, descriptors: [openFile(world, text)] });
      await refused('a send', handle.send(message('send')), ErrorCode.Unsupported);
      await refused('a call', handle.call(message('call')), ErrorCode.Unsupported);
      await refused(
        'a multicast',
        sender.peer.multicast([handle], message('multicast')),
        ErrorCode.Unsupported,
      );
      const called = handle.call({ bytes });
      const { reply } = await inbox.delivery(0);
      throws('a reply', () => reply?.send(message('reply')), ErrorCode.Unsupported);
      reply?.send({ bytes });
      await within('a call', called);
      await eventually('they are closed', () => openFiles(world) === 0);
      assert.equal(inbox.deliveries.length, 1, 'nothing was sent without its descriptor');
    },
  },
  {
    id: 'C32',
    title: 'no refused send, call, multicast or reply leaves a descriptor open',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const [handle, closed, gone] = [
        await world.handleTo(owner, inbox.node, sender),
        await world.handleTo(owner, inbox.node, sender),
        await doomedHandle(world, owner, sender),
      ];
      closed.close();
      const carry = (over: Partial<Message> = {}): Message => ({
        bytes,
        descriptors: [openFile(world, 'c')],
        ...over,
      });
      const tooLarge = new Uint8Array(world.manifest.messageBytesMax + 1);
      const tooMany = Array.from({ length: world.manifest.handlesMax + 1 }, () => inbox.node.handle());
      const failures: Promise<unknown>[] = [];
      for (const target of [closed, gone]) {
        failures.push(target.send(carry()), target.call(carry()));
      }
      failures.push(handle.send(carry({ bytes: tooLarge })), handle.call(carry({ bytes: tooLarge })));
      failures.push(handle.send(carry({ handles: tooMany })), handle.send(carry({ handles: [closed] })));
      failures.push(handle.send({ bytes, descriptors: [openFile(world, 'c'), -1] }));
      failures.push(handle.call(carry(), { signal: AbortSignal.abort() }));
      failures.push(sender.peer.multicast([handle], carry({ bytes: tooLarge })));
      for (const { status } of await within('refusals', Promise.allSettled(failures))) {
        assert.equal(status, 'rejected');
      }
      await eventually('they are closed', () => openFiles(world) === 0);
      for (const surplus of tooMany) surplus.close();
      assert.equal(inbox.deliveries.length, 0);
      await refusedReplies(world, inbox, handle, carry);
      sender.peer.close();
      await assert.rejects(handle.send(carry()));
      await assert.rejects(sender.peer.multicast([handle], carry()));
      await eventually('they are closed', () => openFiles(world) === 0);
    },
  },
  {
    id: 'C32',
    title: 'descriptors of messages that nobody reads any more are closed',
    applies: passes,
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const doomed = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const toDoomed = await world.handleTo(owner, doomed.node, sender);
      const carry = (): Message => ({ bytes, descriptors: [openFile(world, 'u')] });
      const late = inbox.node;
      doomed.node.destroy();
      const settled: Promise<unknown>[] = [toDoomed.send(carry()), toDoomed.call(carry())];
      await within('they end', Promise.allSettled(settled));
      for (let at = 0; at < 10; at += 1) settled.push(handle.send(carry()));
      owner.peer.close();
      await within('they end', Promise.allSettled(settled));
      for (const { descriptors } of inbox.deliveries) closeAll(descriptors);
      await eventually('all are closed', () => openFiles(world) === 0);
      assert.ok(late.isDestroyed);
    },
  },
];

/** A handle whose node is gone, and that knows it. */
async function doomedHandle(
  world: World,
  owner: Parameters<World['handleTo']>[0],
  holder: Parameters<World['handleTo']>[0],
): Promise<Handle> {
  const { node } = createCollector(owner.peer);
  const handle = await world.handleTo(owner, node, holder);
  node.destroy();
  await within('gone', handle.gone);
  return handle;
}

/** Replies that are refused, late or unwanted leave no descriptor either. */
async function refusedReplies(
  world: World,
  inbox: ReturnType<typeof createCollector>,
  handle: Handle,
  carry: (over?: Partial<Message>) => Message,
): Promise<void> {
  const attempt = refused('a call', handle.call({ bytes }, { deadlineMs: 20 }), ErrorCode.Deadline);
  const { reply } = await inbox.delivery(0);
  await attempt;
  const tooLarge = new Uint8Array(world.manifest.messageBytesMax + 1);
  assert.throws(() => reply?.send(carry({ bytes: tooLarge })));
  if (world.manifest.passesDescriptors) {
    reply?.send(carry());
    throws('a second reply', () => reply?.send(carry()), ErrorCode.AlreadyReplied);
  } else {
    assert.throws(() => reply?.send(carry()));
    reply?.close();
  }
  await world.settle();
  await eventually('they are closed', () => openFiles(world) === 0);
  assert.equal(only('the call', inbox.deliveries).reply, reply);
}
