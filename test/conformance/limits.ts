/**
 * Clause C60: limits.
 */
import assert from 'node:assert/strict';
import { type BrokerError, ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { queueBytesMax, queueItemsMax } from '../../broker/contract/limits.js';
import type { Handle, Manifest, Session } from '../../broker/contract/transport.js';
import { bytesOf, createCollector, echo } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { take } from '../support/exchange.js';
import { type Clause, refused, works } from './clause.js';
import type { Fixture, World } from './fixture.js';

/** Beyond this, what a transport takes for a receiver that does not read is not bounded. */
const acceptedBytesMax = 4 * queueBytesMax;

const canStall = ({ crossProcess }: Manifest, { hold }: Fixture): boolean =>
  crossProcess || hold !== undefined;

/** A peer that keeps what it receives, and can be made to read nothing. */
interface Stallable {
  /** The sender's handle to its node. */
  readonly handle: Handle;
  stall(): void;
  resume(): void;
  texts(): Promise<readonly string[]>;
}

async function stallable(world: World, sender: Session): Promise<Stallable> {
  if (world.manifest.crossProcess) {
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('node', 'slow', 'keep');
    await child.ask('put', 'slow');
    const handle = await take(sender.root, 'slow');
    await child.ask('drop', 'slow');
    return {
      handle,
      stall: () => child.stop(),
      resume: () => child.resume(),
      texts: async () => (await child.ask('texts', 'slow')) as string[],
    };
  }
  const owner = await world.connect();
  const inbox = createCollector(owner.peer);
  const handle = await world.handleTo(owner, inbox.node, sender);
  let release = (): void => {};
  return {
    handle,
    stall: () => {
      release = world.hold(owner.peer);
    },
    resume: () => release(),
    texts: async () => inbox.texts.map((text) => text.trimEnd()),
  };
}

/** An error that says which limit it was says it in the contract's words, and shows people the same. */
function checkQuota({ quota, message }: BrokerError): void {
  if (quota === undefined) return;
  assert.match(quota.resource, /^(bytes|items)$/);
  assert.match(quota.whose, /^(user|peer|flow|receiver|own)$/);
  assert.ok(quota.whose === 'receiver' ? quota.uid === undefined : quota.uid === process.geteuid?.());
  assert.ok(message.includes(quota.resource === 'items' ? 'messages' : quota.resource), message);
}

/** Sends until it is refused; how many were accepted. */
async function fill(handle: Handle, bytesEach: number): Promise<number> {
  for (let count = 0; count * bytesEach <= acceptedBytesMax; count += 1) {
    try {
      await within('a send ends', handle.send({ bytes: bytesOf(`${count}`.padEnd(bytesEach)) }));
    } catch (error) {
      assert.ok(hasCode(error, ErrorCode.OverQuota), `refused with over-quota, not ${error}`);
      checkQuota(error);
      return count;
    }
  }
  throw new assert.AssertionError({
    message: `accepted ${acceptedBytesMax} bytes for one that does not read`,
  });
}

/** Sends when it is worth another try, until it is accepted. */
async function sendWhenWritable(handle: Handle, text: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    await within('writable', handle.writable());
    const sent = handle.send({ bytes: bytesOf(text) }).then(
      () => true,
      (error: unknown) => {
        assert.ok(hasCode(error, ErrorCode.OverQuota), `refused with over-quota, not ${error}`);
        return false;
      },
    );
    if (await within('a send ends', sent)) return;
    await turns(1);
  }
  throw new assert.AssertionError({ message: 'writable resolves, and nothing can be sent' });
}

export const limitClauses: readonly Clause[] = [
  {
    id: 'C60',
    title:
      'a receiver that does not read bounds its senders, others are served, and writable tells when to go on',
    applies: canStall,
    run: async (world) => {
      const sender = await world.connect();
      const other = await world.connect();
      const inbox = createCollector(other.peer, echo);
      const toOther = await world.handleTo(other, inbox.node, sender);
      const slow = await stallable(world, sender);
      await within('writable without a refusal', slow.handle.writable());
      slow.stall();
      const size = Math.min(16_000, world.manifest.messageBytesMax);
      const accepted = await fill(slow.handle, size);
      assert.ok(accepted > 0, 'something was accepted');
      const call = slow.handle.call({ bytes: new Uint8Array(size) });
      await refused('a call', call, ErrorCode.OverQuota);
      assert.equal(sender.peer.usage().callsOutstanding, 0);
      let isWritable = false;
      const writable = slow.handle.writable().then(() => {
        isWritable = true;
      });
      await works(toOther);
      await works(await world.handleTo(other, inbox.node, await world.connect()));
      assert.ok(!isWritable, 'not writable while nothing is read');
      slow.resume();
      await within('writable', writable);
      await sendWhenWritable(slow.handle, 'last');
      const expected = [...Array.from({ length: accepted }, (_, at) => `${at}`), 'last'];
      await eventually(
        'all that was accepted arrives',
        async () => (await slow.texts()).length >= expected.length,
      );
      assert.deepEqual(
        await slow.texts(),
        expected,
        'what was accepted, in order, and nothing that was refused',
      );
    },
  },
  {
    id: 'C60',
    title:
      'a flood within one turn of the event loop is refused from some point on, and what was accepted arrives',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ reply }) => reply?.send({ bytes: bytesOf('end') }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const size = Math.min(65_000, world.manifest.messageBytesMax);
      const results: Promise<string | undefined>[] = [];
      const payload = new Uint8Array(size).fill(32);
      for (let at = 0; at * size <= acceptedBytesMax; at += 1) {
        payload.set(bytesOf(`${at}`.padEnd(8)));
        const sent = handle.send({ bytes: payload });
        results.push(
          sent.then(
            () => `${at}`,
            (error: unknown) => {
              assert.ok(hasCode(error, ErrorCode.OverQuota), `refused with over-quota, not ${error}`);
              return undefined;
            },
          ),
        );
      }
      const outcomes = await within('all sends end', Promise.all(results));
      const accepted = outcomes.filter((text) => text !== undefined);
      assert.ok(accepted.length > 0 && accepted.length < outcomes.length, `${accepted.length} were accepted`);
      await within('writable', handle.writable());
      await inbox.delivery(accepted.length - 1);
      await sendWhenWritable(handle, 'last');
      await inbox.delivery(accepted.length);
      assert.deepEqual(
        inbox.texts.map((text) => text.trimEnd()),
        [...accepted, 'last'],
      );
    },
  },
  {
    id: 'C60',
    title: 'small messages are bounded too',
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handle = await world.handleTo(owner, inbox.node, sender);
      const bytes = new Uint8Array(0);
      let refusals = 0;
      const results: Promise<unknown>[] = [];
      for (let at = 0; at < 4 * queueItemsMax; at += 1) {
        const failed = (error: unknown): void => {
          assert.ok(hasCode(error, ErrorCode.OverQuota), `refused with over-quota, not ${error}`);
          refusals += 1;
        };
        results.push(handle.send({ bytes }).catch(failed));
      }
      await within('all sends end', Promise.all(results));
      assert.ok(refusals > 0, `accepted ${results.length} messages within one turn`);
      await inbox.delivery(results.length - refusals - 1);
      await world.settle();
      assert.equal(inbox.deliveries.length, results.length - refusals);
    },
  },
  {
    id: 'C41',
    title: 'a full receiver is a refusal like any other',
    applies: canStall,
    run: async (world) => {
      const [sender, owner] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const toOther = await world.handleTo(owner, inbox.node, sender);
      const slow = await stallable(world, sender);
      slow.stall();
      const size = Math.min(16_000, world.manifest.messageBytesMax);
      await fill(slow.handle, size);
      const bytes = new Uint8Array(size);
      const handles = [toOther, slow.handle];
      if (world.manifest.multicast === 'atomic') {
        await refused('a multicast', sender.peer.multicast(handles, { bytes }), ErrorCode.OverQuota);
      }
      const attempt = sender.peer.multicast(handles, { bytes }, { partial: true });
      const { outcomes } = await within('a multicast', attempt);
      const codes = outcomes.map((outcome) => (outcome.ok ? 0 : outcome.code));
      assert.deepEqual(codes, [0, ErrorCode.OverQuota]);
      await inbox.delivery(0);
      await turns();
      assert.equal(inbox.deliveries.length, 1);
      slow.resume();
      await within('writable', slow.handle.writable());
    },
  },
  {
    id: 'C60',
    title: 'a caller that does not read its replies harms only itself',
    applies: canStall,
    run: async (world) => {
      const [owner, good] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const busy = createCollector(owner.peer, echo);
      const toOwner = await world.handleTo(owner, busy.node, good);
      const count = 100;
      const { stall, resume } = await startCalls(world, owner, inbox.node, count);
      await eventually('the calls have arrived', () => inbox.deliveries.length >= count);
      stall();
      const bytes = new Uint8Array(Math.min(30_000, world.manifest.messageBytesMax));
      for (const { reply } of inbox.deliveries) reply?.send({ bytes });
      for (let at = 0; at < 20; at += 1) await works(toOwner);
      const outcomes = await resume();
      assert.equal(outcomes.length, count, 'each call ends');
      for (const outcome of outcomes) assert.match(outcome, /^(answer of \d{4,}|reply-lost|over-quota)$/);
    },
  },
];

interface Calls {
  /** Makes the caller read nothing. */
  stall(): void;
  /** Makes it read again; how the calls ended. */
  resume(): Promise<readonly string[]>;
}

/** A peer that can be made to read nothing makes calls to the node. */
async function startCalls(
  world: World,
  owner: Session,
  node: Parameters<World['handleTo']>[1],
  count: number,
): Promise<Calls> {
  if (world.manifest.crossProcess) {
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await within('putting', owner.root.call({ bytes: bytesOf('put busy'), handles: [node] }));
    await child.ask('take', 'busy');
    await within('dropping', owner.root.call({ bytes: bytesOf('drop busy') }));
    await child.ask('startCalls', 'busy', count, 20);
    const outcomes = async (): Promise<string[]> => (await child.ask('outcomes')) as string[];
    return {
      stall: () => child.stop(),
      resume: async () => {
        child.resume();
        await eventually('the calls end', async () => (await outcomes()).length >= count);
        return outcomes();
      },
    };
  }
  const caller = await world.connect();
  const handle = await world.handleTo(owner, node, caller);
  let release = (): void => {};
  const calls = Array.from({ length: count }, () =>
    handle.call({ bytes: bytesOf('?') }).then(
      ({ bytes }) => `answer of ${bytes.byteLength}`,
      (error) => String(error.codeName),
    ),
  );
  return {
    stall: () => {
      release = world.hold(caller.peer);
    },
    resume: () => {
      release();
      return within('the calls end', Promise.all(calls));
    },
  };
}
