/**
 * Clause C29: whether two handles lead to the same node.
 */
import assert from 'node:assert/strict';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Handle } from '../../broker/contract/transport.js';
import { bytesOf, createCollector } from '../support/collector.js';
import { within } from '../support/eventually.js';
import { type Clause, only, refused } from './clause.js';

/** Asks in both directions, which must agree. */
async function areSame(one: Handle, other: Handle): Promise<boolean> {
  const answers = await within('the answers', Promise.all([one.same(other), other.same(one)]));
  assert.equal(answers[0], answers[1], 'asked the other way round it is the same');
  return answers[0];
}

export const samenessClauses: readonly Clause[] = [
  {
    id: 'C29',
    title: 'two handles to one node are the same, whichever way they came, and two nodes are not',
    run: async (world) => {
      const [owner, holder, friend] = [await world.connect(), await world.connect(), await world.connect()];
      const [node, facet] = [createCollector(owner.peer), createCollector(owner.peer)];
      const tray = createCollector(holder.peer);
      const [direct, forFriend] = await world.introduce(owner, node.node, holder, friend);
      const toTray = await world.handleTo(holder, tray.node, friend);
      const toFacet = await world.handleTo(owner, facet.node, holder);
      assert.ok(direct !== undefined && forFriend !== undefined);
      await within('giving it on', toTray.send({ bytes: bytesOf('take'), handles: [forFriend] }));
      const roundabout = only('the handle', (await tray.delivery(0)).handles);
      const clone = direct.clone();
      for (const other of [direct, clone, roundabout]) assert.ok(await areSame(direct, other));
      for (const other of [direct, clone, roundabout]) assert.ok(!(await areSame(toFacet, other)));
      assert.ok(!(await areSame(direct, holder.root)), 'nodes of different owners');
      direct.close();
      assert.ok(await areSame(clone, roundabout), 'also when the handle that they came from is closed');
      await within('the node was told nothing', world.settle());
      assert.equal(node.deliveries.length + facet.deliveries.length, 0);
      for (const handle of [clone, roundabout, toFacet]) handle.close();
    },
  },
  {
    id: 'C29',
    title: "a handle that came home and the owner's own are the same",
    run: async (world) => {
      const [owner, holder] = [await world.connect(), await world.connect()];
      const [node, door] = [createCollector(owner.peer), createCollector(owner.peer)];
      const [handle] = await world.introduce(owner, node.node, holder);
      const toDoor = await world.handleTo(owner, door.node, holder);
      assert.ok(handle !== undefined);
      await within('sending it home', toDoor.send({ bytes: bytesOf('yours'), handles: [handle, toDoor] }));
      const [home, homeDoor] = (await door.delivery(0)).handles;
      assert.ok(home !== undefined && homeDoor !== undefined);
      const own = node.node.handle();
      assert.ok(await areSame(home, own));
      assert.ok(await areSame(own, own.clone()));
      assert.ok(!(await areSame(homeDoor, own)));
      assert.ok(!(await areSame(homeDoor, home)));
      for (const each of [home, homeDoor, own]) each.close();
    },
  },
  {
    id: 'C29',
    title: 'many questions at once are each answered on their own',
    run: async (world) => {
      const [owner, holder] = [await world.connect(), await world.connect()];
      const nodes = Array.from({ length: 4 }, () => createCollector(owner.peer));
      const handles: Handle[] = [];
      for (const { node } of nodes) handles.push(await world.handleTo(owner, node, holder));
      const all = [...handles, ...handles.map((handle) => handle.clone())];
      const asked = all.flatMap((one, at) =>
        all.map(async (other, to) => {
          const isSame = await one.same(other);
          assert.equal(isSame, at % nodes.length === to % nodes.length, `${at} and ${to}`);
        }),
      );
      await within('the answers', Promise.all(asked));
      for (const handle of all) handle.close();
    },
  },
  {
    id: 'C29',
    title: 'handles of another peer, closed ones and those whose node is gone are refused',
    run: async (world) => {
      const [owner, holder, other] = [await world.connect(), await world.connect(), await world.connect()];
      const [node, ending] = [createCollector(owner.peer), createCollector(owner.peer)];
      const [handle, theirs] = await world.introduce(owner, node.node, holder, other);
      const dying = await world.handleTo(owner, ending.node, holder);
      assert.ok(handle !== undefined && theirs !== undefined);
      await refused("another peer's handle", handle.same(theirs), ErrorCode.InvalidArgument);
      await refused('no handle', handle.same({ ...theirs } as Handle), ErrorCode.InvalidArgument);
      ending.node.destroy();
      assert.equal(await within('gone', dying.gone), 'node-gone');
      await refused('a handle whose node is gone', handle.same(dying), ErrorCode.NodeGone);
      await refused('a gone one that asks', dying.same(handle), ErrorCode.NodeGone);
      await refused('a gone one about itself', dying.same(dying), ErrorCode.NodeGone);
      const closed = handle.clone();
      closed.close();
      await refused('a closed handle', handle.same(closed), ErrorCode.Closed);
      await refused('a closed one that asks', closed.same(handle), ErrorCode.Closed);
      assert.ok(await areSame(handle, handle), 'and the others work on');
      for (const each of [handle, theirs, dying]) each.close();
    },
  },
  {
    id: 'C29',
    title: 'the right to answer a call is no node: asked about it, same is refused with unsupported',
    run: async (world) => {
      const [owner, answerer] = [await world.connect(), await world.connect()];
      const tray = createCollector(answerer.peer);
      const toTray = await world.handleTo(answerer, tray.node, owner);
      const door = createCollector(owner.peer, ({ reply }) => {
        if (reply !== undefined) void toTray.send({ bytes: bytesOf('answer'), handles: [reply] });
      });
      const toDoor = await world.handleTo(owner, door.node, answerer);
      const answered = toDoor.call({ bytes: bytesOf('ask') });
      // The clause may fail before it looks.
      answered.catch(() => {});
      const reply = only('the reply', (await tray.delivery(0)).handles);
      await refused('a reply that asks', reply.same(toDoor), ErrorCode.Unsupported);
      await refused('a question about a reply', toDoor.same(reply), ErrorCode.Unsupported);
      await within('the answer', reply.send({ bytes: bytesOf('here') }));
      await within('the call', answered);
      for (const each of [toTray, toDoor, reply]) each.close();
    },
  },
];
