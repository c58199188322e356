/**
 * What a server in memory knows of its peers. Everything happens in one process, so it knows all there is.
 */
import {
  type AccountFacts,
  cursorNumbers,
  type HandleFacts,
  type Introspection,
  type Page,
  type PageQuery,
  type PassingItem,
  type PeerFacts,
  pageOf,
  type QuotaFacts,
  type Totals,
  type Traffic,
} from '../../broker/contract/introspection.js';
import type { Handle } from '../../broker/contract/transport.js';
import { MemoryHandle } from './handle.js';
import { MessageItem } from './item.js';
import { NodeTarget } from './node.js';
import type { MemoryPeer } from './peer.js';
import type { World } from './world.js';

export class MemoryIntrospection implements Introspection {
  readonly #world: World;
  readonly #peers: () => readonly MemoryPeer[];

  /** `peers` gives the server's own peer and those that are connected, in the order of their ids. */
  constructor(world: World, peers: () => readonly MemoryPeer[]) {
    this.#world = world;
    this.#peers = peers;
  }

  get traffic(): Traffic {
    return this.#world.witness.traffic;
  }

  uidOf(account: number): number | undefined {
    return this.#world.uidOf(account);
  }

  peers(query: PageQuery<PeerFacts>): Page<PeerFacts> {
    const [after] = cursorNumbers(query.after);
    const later = this.#peers().filter((peer) => peer.name.id > after);
    return pageOf(walk(later, peerFacts), query);
  }

  handles(query: PageQuery<HandleFacts>): Page<HandleFacts> {
    const [peerId, serial] = cursorNumbers(query.after);
    return pageOf(this.#walkHandles(peerId, serial), query);
  }

  accounts(query: PageQuery<AccountFacts>): Page<AccountFacts> {
    const [after] = cursorNumbers(query.after);
    const accounts = new Map<number, MemoryPeer[]>();
    for (const peer of this.#peers()) {
      const others = accounts.get(peer.account);
      if (others === undefined) accounts.set(peer.account, [peer]);
      else others.push(peer);
    }
    const later = [...accounts].filter(([account]) => account > after).sort(([a], [b]) => a - b);
    return pageOf(
      walk(later, ([account, peers]) => accountFacts(account, peers)),
      query,
    );
  }

  totals(): Totals {
    const peers = this.#peers();
    const sum = (of: (peer: MemoryPeer) => number): number =>
      peers.reduce((total, peer) => total + of(peer), 0);
    return {
      peers: peers.length - 1,
      nodes: sum((peer) => peer.nodes),
      handles: sum((peer) => peer.held.size),
      callsOutstanding: sum((peer) => peer.calls.size),
      bytesInFlight: sum((peer) => peer.inbox.load.bytes),
      itemsInFlight: sum((peer) => peer.inbox.load.items),
      descriptorsInFlight: sum((peer) => peer.inbox.load.descriptors),
    };
  }

  observe(listener: (item: PassingItem) => void): () => void {
    return this.#world.witness.observers.add(listener);
  }

  conceal(handle: Handle): () => void {
    return handle instanceof MemoryHandle ? this.#world.witness.conceal(handle.target) : () => undefined;
  }

  *#walkHandles(peerId: number, serial: number): Generator<HandleFacts> {
    const flights = new Flights();
    for (const peer of this.#peers()) {
      const { id } = peer.name;
      if (id < peerId) continue;
      for (const [target, holding] of peer.held) {
        if (!(target instanceof NodeTarget) || (id === peerId && holding.serial <= serial)) continue;
        yield {
          cursor: `${id}.${holding.serial}`,
          holder: peer.name,
          owner: target.owner.name,
          node: target.name,
          count: holding.count,
          uses: holding.uses,
          sinceMs: holding.sinceMs,
          ...flights.of(peer, target.owner),
          isGone: target.hasEnded,
        };
      }
    }
  }
}

interface Flight {
  bytesInFlight: number;
  descriptorsInFlight: number;
}

const nothing: Flight = { bytesInFlight: 0, descriptorsInFlight: 0 };

/** What waits in the inboxes, by receiver and sender: each inbox is read once for a page. */
class Flights {
  readonly #byOwner = new Map<MemoryPeer, Map<MemoryPeer, Flight>>();

  of(sender: MemoryPeer, owner: MemoryPeer): Flight {
    if (owner.inbox.isEmpty) return nothing;
    let bySender = this.#byOwner.get(owner);
    if (bySender === undefined) {
      bySender = flightsTo(owner);
      this.#byOwner.set(owner, bySender);
    }
    return bySender.get(sender) ?? nothing;
  }
}

function flightsTo(owner: MemoryPeer): Map<MemoryPeer, Flight> {
  const bySender = new Map<MemoryPeer, Flight>();
  for (const item of owner.inbox) {
    if (!(item instanceof MessageItem)) continue;
    const flight = bySender.get(item.from) ?? { ...nothing };
    bySender.set(item.from, flight);
    flight.bytesInFlight += item.byteLength;
    flight.descriptorsInFlight += item.descriptorCount;
  }
  return bySender;
}

function* walk<S, T>(sources: Iterable<S>, facts: (source: S) => T): Generator<T> {
  for (const source of sources) yield facts(source);
}

function peerFacts(peer: MemoryPeer): PeerFacts {
  const { items, bytes, descriptors } = peer.inbox.load;
  return {
    ...peer.name,
    cursor: String(peer.name.id),
    root: peer.root,
    sinceMs: peer.sinceMs,
    nodes: peer.nodes,
    handles: peer.held.size,
    callsOutstanding: peer.calls.size,
    repliesOwed: peer.replies.size,
    bytesInFlight: bytes,
    itemsInFlight: items,
    descriptorsInFlight: descriptors,
    messagesIn: peer.messagesIn,
    messagesOut: peer.messagesOut,
    // Every peer is in this process: what waits for it waits for its turn.
    blockedSinceMs: undefined,
  };
}

function accountFacts(account: number, peers: readonly MemoryPeer[]): AccountFacts {
  const uid = peers[0]?.credentials.uid ?? 0;
  const quota = (resource: QuotaFacts['resource'], of: (peer: MemoryPeer) => number): QuotaFacts => {
    const used = peers.reduce((total, peer) => total + of(peer), 0);
    return { resource, used, limit: 0, shares: [] };
  };
  return {
    cursor: String(account),
    account,
    uid,
    peers: peers.length,
    quotas: [
      quota('bytes', (peer) => peer.inbox.load.bytes),
      quota('handles', (peer) => peer.references),
      quota('descriptors', (peer) => peer.inbox.load.descriptors),
      quota('nodes', (peer) => peer.nodes),
      quota('calls', (peer) => peer.calls.size),
    ],
  };
}
