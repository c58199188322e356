/**
 * Counts anew what the quota has in its books, from the queues and tables of the peers, and compares. Shares no code with it.
 */
import assert from 'node:assert/strict';
import {
  type Account,
  type CapabilityCore,
  type Flow,
  ItemKind,
  type PeerRecord,
} from '../../broker/capability/index.js';
import { itemOverheadBytes } from '../../broker/contract/limits.js';

type Kind = 'bytes' | 'handles' | 'descriptors';
const kinds: readonly Kind[] = ['bytes', 'handles', 'descriptors'];

interface Counted {
  bytes: number;
  handles: number;
  descriptors: number;
  messages: number;
}

/** Throws if any number in the books is not what is really there. `peers` are all that live. */
export function checkQuota(core: CapabilityCore, peers: readonly PeerRecord[]): void {
  const { accounts } = core.quota();
  const flows = countFlows(core, peers);
  const users = [...accounts];
  const inBooks = new Set<Flow>();
  for (const user of users) {
    for (const kind of kinds) {
      const parts = [...user.shares.values()].map((share) => share[kind]);
      const held = kind === 'handles' ? user.handlesHeld : 0;
      assert.equal(user[kind].used, sum(parts) + held, `${kind} in the room of ${user.uid}`);
      assert.equal(user[kind].sharers, count(parts), `who shares ${kind} of ${user.uid}`);
    }
    for (const share of user.shares.values()) {
      assert.equal(share.room, user);
      for (const kind of kinds) {
        const parts = [...share.parts.values()].map((part) => part[kind]);
        assert.equal(share[kind].used, sum(parts), `${kind} of ${share.user.uid} at ${user.uid}`);
        assert.equal(share[kind].sharers, count(parts));
      }
      for (const part of share.parts.values()) {
        const own = [...part.peer.flows.values()].filter((flow) => flow.part === part);
        assert.equal(part.flows, own.length);
        for (const flow of own) inBooks.add(flow);
        for (const kind of kinds) {
          const tallies = own.map((flow) => flow[kind]);
          assert.equal(part[kind].used, sum(tallies));
          assert.equal(part[kind].sharers, count(tallies));
        }
      }
    }
  }
  for (const flow of inBooks) {
    const counted = flows.get(flow) ?? { bytes: 0, handles: 0, descriptors: 0, messages: 0 };
    for (const kind of kinds) assert.equal(flow[kind].used, counted[kind], `${kind} of a flow`);
    assert.equal(flow.messages, counted.messages);
  }
  for (const flow of flows.keys()) assert.ok(inBooks.has(flow), 'every flow in use is in the books');
  checkPeers(core, users, peers);
}

/** Nothing is left: no account, no share, nobody who waits. */
export function checkNoAccounts(core: CapabilityCore): void {
  assert.deepEqual([...core.quota().accounts], []);
}

function checkPeers(core: CapabilityCore, users: readonly Account[], peers: readonly PeerRecord[]): void {
  for (const user of users) {
    const own = peers.filter((peer) => peer.user === user);
    assert.equal(user.peers, own.length);
    assert.equal(
      user.nodes,
      total(own, (peer) => peer.nodes.size),
    );
    assert.equal(
      user.nodeIds,
      total(own, (peer) => peer.nodes.room),
    );
    assert.equal(
      user.handlesHeld,
      total(own, (peer) => peer.handlesHeld),
    );
    assert.equal(
      user.calls,
      total(own, (peer) => peer.callsOutstanding + peer.queuedEnds),
    );
  }
  for (const peer of peers) {
    let bytes = 0;
    let messages = 0;
    let undelivered = 0;
    let ends = 0;
    for (let item = peer.queue.head; item !== undefined; item = item.next) {
      if (item.flow !== undefined) bytes += item.chargedBytes;
      undelivered += item.newHandles;
      if (item.kind === ItemKind.Message) messages += 1;
      if (item.kind === ItemKind.Answer || item.kind === ItemKind.Lost) ends += 1;
    }
    assert.equal(peer.queuedBytes, bytes);
    assert.equal(peer.queuedMessages, messages);
    assert.equal(peer.queuedEnds, ends);
    const replies = [...core.repliesOf(peer)].filter(({ flow }) => flow !== undefined);
    assert.equal(peer.handlesHeld + undelivered, peer.held.size - replies.length, 'entries of the table');
  }
}

function countFlows(core: CapabilityCore, peers: readonly PeerRecord[]): Map<Flow, Counted> {
  const flows = new Map<Flow, Counted>();
  const of = (flow: Flow): Counted => {
    let counted = flows.get(flow);
    if (counted === undefined) {
      counted = { bytes: 0, handles: 0, descriptors: 0, messages: 0 };
      flows.set(flow, counted);
    }
    return counted;
  };
  for (const peer of peers) {
    for (let item = peer.queue.head; item !== undefined; item = item.next) {
      if (item.flow === undefined) continue;
      assert.equal(item.flow.receiver, peer);
      const counted = of(item.flow);
      if (item.kind === ItemKind.Message) {
        counted.messages += 1;
        assert.equal(item.chargedBytes, (item.payload?.length ?? 0) + itemOverheadBytes);
        assert.equal(item.chargedHandles, item.handles.length / 2);
      }
      counted.bytes += item.chargedBytes;
      counted.handles += item.chargedHandles;
      counted.descriptors += item.chargedDescriptors;
    }
    for (const { flow } of core.repliesOf(peer)) if (flow !== undefined) of(flow).handles += 1;
  }
  return flows;
}

function sum(tallies: readonly { readonly used: number }[]): number {
  return total(tallies, ({ used }) => used);
}

function count(tallies: readonly { readonly used: number }[]): number {
  return tallies.filter(({ used }) => used > 0).length;
}

function total<Thing>(things: readonly Thing[], amount: (thing: Thing) => number): number {
  return things.reduce((all, thing) => all + amount(thing), 0);
}
