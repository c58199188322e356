/**
 * Clauses C20 to C28: the life of handles and nodes.
 */
import assert from 'node:assert/strict';
import { ErrorCode } from '../../broker/contract/errors.js';
import { livenessProbeMs } from '../../broker/contract/limits.js';
import type { Handle, Session } from '../../broker/contract/transport.js';
import { bytesOf, type Collector, createCollector, echo } from '../support/collector.js';
import { eventually, patienceMs, turns, within } from '../support/eventually.js';
import { ping, take } from '../support/exchange.js';
import type { PeerChild } from '../support/peer-child.js';
import { type Clause, only, refused, throws, works } from './clause.js';
import type { World } from './fixture.js';

interface Trio {
  readonly owner: Session;
  readonly giver: Session;
  readonly taker: Session;
  /** The owner's node, which answers calls. */
  readonly inbox: Collector;
  /** The giver's handle to it. */
  readonly handle: Handle;
  /** The taker's node. */
  readonly tray: Collector;
  /** The giver's handle to the taker's node. */
  readonly toTaker: Handle;
}

async function trio(world: World): Promise<Trio> {
  const [owner, giver, taker] = [await world.connect(), await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, echo);
  const tray = createCollector(taker.peer);
  const handle = await world.handleTo(owner, inbox.node, giver);
  const toTaker = await world.handleTo(taker, tray.node, giver);
  return { owner, giver, taker, inbox, handle, tray, toTaker };
}

const transferClauses: readonly Clause[] = [
  {
    id: 'C20',
    title: "a handle given away works for its new holder, and the giver's own still works",
    run: async (world) => {
      const { handle, tray, toTaker } = await trio(world);
      await within('giving it away', toTaker.send({ bytes: bytesOf('take'), handles: [handle] }));
      const given = only('the handle', (await tray.delivery(0)).handles);
      await works(given);
      await works(handle);
      handle.close();
      await works(given);
      given.close();
    },
  },
  {
    id: 'C20',
    title: 'the handles of a message may be closed as soon as send has returned',
    run: async (world) => {
      const { inbox, handle, tray, toTaker } = await trio(world);
      const sent = toTaker.send({ bytes: bytesOf('take'), handles: [handle] });
      handle.close();
      await within('giving it away', sent);
      const given = only('the handle', (await tray.delivery(0)).handles);
      await works(given);
      assert.equal(inbox.unusedCount, 0, 'the node was in use all the time');
      given.close();
    },
  },
  {
    id: 'C20',
    title: 'handles go on and on, and arrive in the order in which they were put',
    run: async (world) => {
      const { owner, giver, tray, toTaker } = await trio(world);
      const nodes = Array.from({ length: 5 }, () => createCollector(owner.peer));
      const handles: Handle[] = [];
      for (const { node } of nodes) handles.push(await world.handleTo(owner, node, giver));
      await within('giving them away', toTaker.send({ bytes: bytesOf('take'), handles }));
      const given = (await tray.delivery(0)).handles;
      assert.equal(given.length, handles.length);
      for (const [at, handle] of given.entries()) {
        await within('a send', handle.send({ bytes: bytesOf(`for ${at}`) }));
        await nodes[at]?.delivery(0);
        assert.deepEqual(nodes[at]?.texts, [`for ${at}`]);
      }
      for (const handle of [...given, ...handles]) handle.close();
    },
  },
  {
    id: 'C21',
    title: 'clones are independent, and the node is in use until the last is closed',
    run: async (world) => {
      const { inbox, handle } = await trio(world);
      const clones = [handle.clone(), handle.clone()];
      handle.close();
      for (const clone of clones) await works(clone);
      clones[0]?.close();
      await world.settle();
      assert.equal(inbox.unusedCount, 0, 'a clone is left');
      if (clones[1] !== undefined) await works(clones[1]);
      clones[1]?.close();
      await eventually('the node is unused', () => inbox.unusedCount === 1);
    },
  },
  {
    id: 'C22',
    title: 'a handle that comes home reaches its node like any other',
    run: async (world) => {
      const { owner, inbox, handle, giver } = await trio(world);
      const door = createCollector(owner.peer);
      const toDoor = await world.handleTo(owner, door.node, giver);
      await within('sending it home', toDoor.send({ bytes: bytesOf('yours'), handles: [handle] }));
      handle.close();
      const home = only('the handle', (await door.delivery(0)).handles);
      await works(home);
      const clone = home.clone();
      home.close();
      await works(clone);
      clone.close();
      await eventually('the node is unused', () => inbox.unusedCount > 0);
      inbox.node.destroy();
    },
  },
];

const endClauses: readonly Clause[] = [
  {
    id: 'C23',
    title: 'after destroy every holder is told once, and nothing sent later is delivered',
    run: async (world) => {
      const owner = await world.connect();
      const holders = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const handles = await world.introduce(owner, inbox.node, ...holders);
      const clone = handles[0]?.clone();
      const all = clone === undefined ? handles : [...handles, clone];
      const told: string[] = [];
      for (const handle of all) void handle.gone.then((reason) => told.push(reason));
      for (const handle of handles) await within('a send', handle.send({ bytes: bytesOf('before') }));
      await inbox.delivery(1);
      assert.ok(all.every(({ isGone }) => !isGone));
      inbox.node.destroy();
      assert.ok(inbox.node.isDestroyed);
      throws('a second destroy', () => inbox.node.destroy(), ErrorCode.Closed);
      await eventually('every holder is told', () => told.length === all.length);
      for (const handle of all) {
        assert.ok(handle.isGone);
        const bytes = bytesOf('after');
        await refused('a send', handle.send({ bytes }), ErrorCode.NodeGone);
        await refused('a call', handle.call({ bytes }), ErrorCode.NodeGone);
        await within('writable settles', handle.writable());
      }
      await world.settle();
      assert.deepEqual(
        told,
        all.map(() => 'node-gone'),
      );
      assert.deepEqual(inbox.texts, ['before', 'before']);
      for (const handle of all) handle.close();
    },
  },
  {
    id: 'C23',
    title: 'what is sent between the destruction and its announcement is not delivered, and a call ends',
    run: async (world) => {
      const { inbox, handle } = await trio(world);
      inbox.node.destroy();
      const bytes = bytesOf('after');
      // The holder cannot know yet: a send may be accepted and dropped (bus M6), a call must end.
      const sent = handle.send({ bytes }).catch((error) => assert.equal(error.code, ErrorCode.NodeGone));
      const called = refused('a call', handle.call({ bytes }), ErrorCode.NodeGone, ErrorCode.ReplyLost);
      await within('both end', Promise.all([sent, called]));
      assert.equal(await within('gone', handle.gone), 'node-gone');
      await world.settle();
      assert.deepEqual(inbox.texts, []);
    },
  },
  {
    id: 'C24',
    title: 'a handle that is gone arrives in its place, and the number of handles does not change',
    run: async (world) => {
      const { owner, giver, handle, tray, toTaker } = await trio(world);
      const doomed = createCollector(owner.peer);
      const gone = await world.handleTo(owner, doomed.node, giver);
      doomed.node.destroy();
      await within('gone', gone.gone);
      await within('a send', toTaker.send({ bytes: bytesOf('take'), handles: [handle, gone, handle] }));
      const given = (await tray.delivery(0)).handles;
      assert.equal(given.length, 3);
      assert.equal(await within('gone at the receiver', Promise.resolve(given[1]?.gone)), 'node-gone');
      for (const at of [0, 2]) {
        const alive = given[at];
        assert.ok(alive !== undefined && !alive.isGone);
        await works(alive);
      }
      for (const other of given) other.close();
    },
  },
  {
    id: 'C24',
    title: 'a handle whose node is destroyed while it is under way is told to be gone, exactly once',
    run: async (world) => {
      const { owner, giver, tray, toTaker } = await trio(world);
      for (let at = 0; at < 20; at += 1) {
        const doomed = createCollector(owner.peer);
        const handle = await world.handleTo(owner, doomed.node, giver);
        const sent = toTaker.send({ bytes: bytesOf('take'), handles: [handle] });
        handle.close();
        // Each round the destruction comes a little later on the way.
        await turns(at % 4);
        doomed.node.destroy();
        await within('a send', sent);
        const given = only('the handle', (await tray.delivery(at)).handles);
        assert.equal(await within('gone at the receiver', given.gone), 'node-gone');
        given.close();
      }
    },
  },
  {
    id: 'C24',
    title: 'an own node that was destroyed arrives as a handle that is gone',
    run: async (world) => {
      const { giver, tray, toTaker } = await trio(world);
      const doomed = createCollector(giver.peer);
      doomed.node.destroy();
      await within('a send', toTaker.send({ bytes: bytesOf('take'), handles: [doomed.node] }));
      const given = only('the handle', (await tray.delivery(0)).handles);
      assert.equal(await within('gone at the receiver', given.gone), 'node-gone');
      given.close();
    },
  },
];

const usageClauses: readonly Clause[] = [
  {
    id: 'C25',
    title: 'unused is told when the last handle elsewhere is gone, and again after another give-away',
    run: async (world) => {
      const owner = await world.connect();
      const holders = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer);
      const own = inbox.node.handle();
      for (let round = 0; round < 3; round += 1) {
        const handles = await world.introduce(owner, inbox.node, ...holders);
        await world.settle();
        assert.equal(inbox.unusedCount, round, 'in use while both hold it');
        handles[0]?.close();
        await world.settle();
        assert.equal(inbox.unusedCount, round, 'in use while one holds it');
        handles[1]?.close();
        await eventually('the node is unused', () => inbox.unusedCount === round + 1);
      }
      await world.settle();
      assert.equal(inbox.unusedCount, 3, 'once each time');
      own.close();
    },
  },
  {
    id: 'C25',
    title: 'a handle inside an undelivered message is a use',
    applies: (_manifest, { hold }) => hold !== undefined,
    run: async (world) => {
      const { owner, giver, taker, inbox, handle, tray, toTaker } = await trio(world);
      const resume = world.hold(taker.peer);
      await within('giving it away', toTaker.send({ bytes: bytesOf('take'), handles: [handle] }));
      handle.close();
      for (let round = 0; round < 3; round += 1)
        await Promise.all([ping(owner.root), ping(giver.root), turns()]);
      assert.equal(inbox.unusedCount, 0, 'the handle is under way');
      assert.equal(tray.deliveries.length, 0);
      resume();
      const given = only('the handle', (await tray.delivery(0)).handles);
      await world.settle();
      assert.equal(inbox.unusedCount, 0, 'the handle has arrived');
      await works(given);
      given.close();
      await eventually('the node is unused', () => inbox.unusedCount === 1);
    },
  },
  {
    id: 'C25',
    title: 'a handle that its only holder sends on and closes at once stays in use',
    run: async (world) => {
      const { inbox, handle, tray, toTaker } = await trio(world);
      for (let at = 0; at < 10; at += 1) {
        const clone = handle.clone();
        if (at === 9) handle.close();
        const sent = toTaker.send({ bytes: bytesOf('take'), handles: [clone] });
        clone.close();
        await within('a send', sent);
        const given = only('the handle', (await tray.delivery(at)).handles);
        await world.settle();
        assert.equal(inbox.unusedCount, 0, `in use after round ${at}`);
        given.close();
      }
      await eventually('the node is unused', () => inbox.unusedCount === 1);
    },
  },
  {
    id: 'C25',
    title: 'a handle in a message that its receiver never reads is no use once that receiver has ended',
    run: async (world) => {
      const { taker, inbox, handle, toTaker } = await trio(world);
      const sent = toTaker.send({ bytes: bytesOf('take'), handles: [handle] });
      taker.peer.close();
      await within(
        'the send ends',
        sent.catch(() => {}),
      );
      handle.close();
      await eventually('the node is unused', () => inbox.unusedCount === 1);
    },
  },
  {
    id: 'C25',
    title: 'an unused that crosses a new give-away is not told',
    run: async (world) => {
      const { owner, taker, inbox, handle, tray } = await trio(world);
      const toTaker = await world.handleTo(taker, tray.node, owner);
      handle.close();
      await eventually('the node is unused', () => inbox.unusedCount === 1);
      let told = 1;
      let held: Handle | undefined;
      for (let at = 0; at < 40; at += 1) {
        // The last holder lets go while the owner gives the node away again, at each distance of turns.
        held?.close();
        await turns(at % 5);
        const toldBefore = inbox.unusedCount;
        const sent = toTaker.send({ bytes: bytesOf('again'), handles: [inbox.node] });
        await within('giving it away', sent);
        held = only('the handle', (await tray.delivery(at)).handles);
        await world.settle();
        assert.equal(inbox.unusedCount, toldBefore, `told unused in round ${at} while it was held`);
        told = inbox.unusedCount;
      }
      held?.close();
      await eventually('the node is unused', () => inbox.unusedCount === told + 1);
    },
  },
  {
    id: 'C26',
    title: 'when a peer closes, holders of its nodes learn gone, and its own handles no longer count',
    run: async (world) => {
      const { owner, giver, taker, inbox, handle, tray } = await trio(world);
      const [toTaker] = await world.introduce(taker, tray.node, owner);
      assert.ok(toTaker !== undefined);
      taker.peer.close();
      assert.equal(await within('gone', toTaker.gone), 'node-gone');
      giver.peer.close();
      await eventually('the node is unused', () => inbox.unusedCount === 1);
      assert.equal(await within('gone of a closed peer', handle.gone), 'closed');
      assert.equal(await within('the end', giver.peer.ended), 'closed');
    },
  },
];

const deathClauses: readonly Clause[] = [
  {
    id: 'C26',
    title: 'a death is told',
    applies: ({ crossProcess, peerEnd }) => crossProcess && peerEnd === 'event',
    run: async (world) => {
      const near = await world.connect();
      const { child, far } = await mortal(world, near);
      await child.kill();
      assert.equal(await within('gone', far.gone), 'node-gone');
      await refused('a send', far.send({ bytes: bytesOf('late') }), ErrorCode.NodeGone);
      far.close();
    },
  },
  {
    id: 'C26',
    title: 'a death is found out by looking, and before that by the next send',
    applies: ({ crossProcess, peerEnd }) => crossProcess && peerEnd === 'probe',
    run: async (world) => {
      const near = await world.connect();
      const gift = createCollector(near.peer);
      let deaths = 0;
      const die = async (): Promise<Handle> => {
        const { child, far } = await mortal(world, near);
        await within('a send', far.send({ bytes: bytesOf('gift'), handles: [gift.node] }));
        await child.kill();
        return far;
      };
      const found = async (far: Handle): Promise<void> => {
        const begunMs = performance.now();
        assert.equal(await within('gone', far.gone), 'node-gone');
        assert.ok(performance.now() - begunMs < 2 * livenessProbeMs + patienceMs / 4, 'within the interval');
        deaths += 1;
        await eventually('its handles no longer count', () => gift.unusedCount === deaths);
        far.close();
      };
      // A look may fall between the death and the send; then the send has found nothing out, and another dies.
      for (let isFoundBySend = false; !isFoundBySend; ) {
        assert.ok(deaths < 20, 'every look fell between a death and the next send');
        const far = await die();
        isFoundBySend = !far.isGone;
        await refused('a send', far.send({ bytes: bytesOf('late') }), ErrorCode.NodeGone);
        await found(far);
      }
      await found(await die());
    },
  },
];

/** A peer in another process, and a handle to its node. */
async function mortal(
  world: World,
  near: Session,
): Promise<{ readonly child: PeerChild; readonly far: Handle }> {
  const child = await world.spawn();
  await child.ask('connect', world.path);
  await child.ask('node', 'far', 'keep');
  await child.ask('put', 'far');
  const far = await take(near.root, 'far');
  await child.ask('drop', 'far');
  return { child, far };
}

const grantClauses: readonly Clause[] = [
  {
    id: 'C27',
    title: "the owner takes one holder's grant back, and the others keep theirs",
    applies: ({ revocation }) => revocation === 'holder',
    run: async (world) => {
      const owner = await world.connect();
      const holders = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, echo);
      const [first, second] = await world.introduce(owner, inbox.node, ...holders);
      assert.ok(first !== undefined && second !== undefined);
      await within('a send', first.send({ bytes: bytesOf('first') }));
      (await inbox.delivery(0)).revoke();
      assert.equal(await within('gone', first.gone), 'node-gone');
      await refused('a send', first.send({ bytes: bytesOf('again') }), ErrorCode.NodeGone);
      await works(second);
      assert.ok(!second.isGone && !inbox.node.isDestroyed);
      second.close();
    },
  },
  {
    id: 'C27',
    title: 'revoke is refused with unsupported, and a node for each grantee does it',
    applies: ({ revocation }) => revocation === 'node',
    run: async (world) => {
      const owner = await world.connect();
      const holders = [await world.connect(), await world.connect()];
      const facets = [createCollector(owner.peer, echo), createCollector(owner.peer, echo)];
      const handles: Handle[] = [];
      for (const [at, { node }] of facets.entries()) {
        const holder = holders[at];
        if (holder !== undefined) handles.push(await world.handleTo(owner, node, holder));
      }
      const [first, second] = handles;
      assert.ok(first !== undefined && second !== undefined);
      await works(first);
      const delivery = facets[0]?.deliveries[0];
      throws('revoke', () => delivery?.revoke(), ErrorCode.Unsupported);
      await works(first);
      facets[0]?.node.destroy();
      assert.equal(await within('gone', first.gone), 'node-gone');
      await works(second);
      assert.ok(!second.isGone);
    },
  },
  {
    id: 'C28',
    title: 'the largest number of handles arrives, one more is refused, and nothing is sent',
    run: async (world) => {
      const { owner, tray, giver, toTaker } = await trio(world);
      const { handlesMax } = world.manifest;
      const many = createCollector(giver.peer, echo);
      const bytes = bytesOf('take');
      const tooMany = Array.from({ length: handlesMax + 1 }, () => many.node);
      await refused('one handle more', toTaker.send({ bytes, handles: tooMany }), ErrorCode.TooLarge);
      await refused('a call with one more', toTaker.call({ bytes, handles: tooMany }), ErrorCode.TooLarge);
      await within('a send', toTaker.send({ bytes, handles: tooMany.slice(1) }));
      const { handles } = await tray.delivery(0);
      assert.equal(handles.length, handlesMax);
      for (const handle of [handles[0], handles.at(-1)]) if (handle !== undefined) await works(handle);
      for (const handle of handles) handle.close();
      await eventually('the node is unused', () => many.unusedCount === 1);
      assert.equal(tray.deliveries.length, 1);
      assert.equal(owner.peer.usage().nodes, 1);
    },
  },
  {
    id: 'C28',
    title: 'something that is not a handle of this peer cannot be given away',
    run: async (world) => {
      const { taker, handle, toTaker, tray, inbox } = await trio(world);
      const [theirs, bytes] = [tray.node.handle(), bytesOf('not mine')];
      const codes = [ErrorCode.UnknownHandle, ErrorCode.InvalidArgument];
      await refused("another peer's handle", toTaker.send({ bytes, handles: [theirs] }), ...codes);
      await refused("another peer's node", toTaker.send({ bytes, handles: [inbox.node] }), ...codes);
      await refused('a multicast on it', taker.peer.multicast([handle], { bytes }), ...codes);
      await world.settle();
      assert.equal(tray.deliveries.length + inbox.deliveries.length, 0);
      theirs.close();
    },
  },
];

export const handleClauses: readonly Clause[] = [
  ...transferClauses,
  ...endClauses,
  ...usageClauses,
  ...deathClauses,
  ...grantClauses,
];
