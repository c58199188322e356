/**
 * What the broker of the bus can say: everything, because everything passes through it (contract `Introspection`, bus N9).
 */
import type {
  Account,
  CapabilityCore,
  CoreWatcher,
  DeliveryItem,
  HeldHandle,
  NodePlace,
  PeerRecord,
  Submission,
} from '../../../broker/capability/index.js';
import { FreePlace, ItemKind, indexOf, noBytes } from '../../../broker/capability/index.js';
import { shortageOf } from '../../../broker/contract/errors.js';
import {
  type AccountFacts,
  type Blame,
  cursorNumbers,
  type EmptyPlace,
  type HandleFacts,
  type Introspection,
  type NodeName,
  Observers,
  type Page,
  type PageQuery,
  type PassingItem,
  type PassingKind,
  type PeerFacts,
  type PeerName,
  pageOf,
  passingItem,
  type QuotaFacts,
  type Totals,
  type Traffic,
} from '../../../broker/contract/introspection.js';
import type { CapabilityNode, Handle } from '../../../broker/contract/transport.js';
import { BusHandle } from '../handle.js';
import type { BusPeer } from '../peer.js';
import type { Router } from './router.js';
import { SeenCalls } from './seen-calls.js';

/** What a peer's end of the line knows of it, beside the core. */
export interface Line {
  readonly sinceMs: number;
  /** Since when it has not taken what waits for it. */
  readonly blockedSinceMs: number | undefined;
  /** The node that it was given when it connected. */
  readonly root: CapabilityNode | undefined;
}

export interface IntrospectionParts {
  readonly router: Router;
  /** The server's own peer, and its record. */
  readonly peer: BusPeer;
  readonly own: PeerRecord;
  readonly lineOf: (peer: PeerRecord) => Line;
  /** How many peers are connected. */
  readonly peers: () => number;
}

interface SeenCall {
  readonly atMs: number;
  readonly node: NodeName | undefined;
}

const kindOfItem: Readonly<Record<ItemKind, PassingKind>> = {
  [ItemKind.Message]: 'message',
  [ItemKind.Answer]: 'reply',
  [ItemKind.Lost]: 'reply-lost',
  [ItemKind.Gone]: 'node-gone',
  [ItemKind.Unused]: 'node-unused',
  [ItemKind.Writable]: 'writable',
};

export class BusIntrospection implements Introspection, CoreWatcher {
  readonly #parts: IntrospectionParts;
  readonly #core: CapabilityCore;
  readonly #observers = new Observers();
  /** Owners' ids of nodes, and holders' ids of handles, that nobody is told of. */
  readonly #concealed = new Set<string>();
  /** By the caller's serial and tag, for the latency of their ends. */
  readonly #calls = new SeenCalls<SeenCall>();

  constructor(parts: IntrospectionParts) {
    this.#parts = parts;
    this.#core = parts.router.core;
  }

  get traffic(): Traffic {
    const { items, calls, refusals } = this.#core.watch;
    return {
      messages: items[ItemKind.Message] - calls,
      calls,
      replies: items[ItemKind.Answer],
      repliesLost: items[ItemKind.Lost],
      nodesGone: items[ItemKind.Gone],
      nodesUnused: items[ItemKind.Unused],
      writables: items[ItemKind.Writable],
      refusals,
    };
  }

  uidOf(account: number): number | undefined {
    return this.#core.uidOf(account);
  }

  peers(query: PageQuery<PeerFacts>): Page<PeerFacts> {
    const [after] = cursorNumbers(query.after);
    return pageOf(this.#walkPeers(after), query);
  }

  handles(query: PageQuery<HandleFacts>): Page<HandleFacts> {
    // The second number is the place plus one, so that 0 is the beginning.
    const [holder, place] = cursorNumbers(query.after);
    return pageOf(this.#walkHandles(holder, place), query);
  }

  accounts(query: PageQuery<AccountFacts>): Page<AccountFacts> {
    const [after] = cursorNumbers(query.after);
    const accounts = [...this.#core.quota().accounts].filter(({ number }) => number > after);
    accounts.sort((a, b) => a.number - b.number);
    return pageOf(
      accounts.map((account) => this.#accountFacts(account)),
      query,
    );
  }

  totals(): Totals {
    const totals = { calls: 0, bytes: 0, items: 0, descriptors: 0 };
    for (const peer of this.#core.census.peers(0)) {
      totals.calls += peer.callsOutstanding;
      totals.bytes += peer.queuedBytes;
      totals.items += peer.queue.length;
      totals.descriptors += peer.queuedDescriptors;
    }
    return {
      peers: this.#parts.peers(),
      nodes: this.#core.nodes,
      handles: this.#core.handles,
      callsOutstanding: totals.calls,
      bytesInFlight: totals.bytes,
      itemsInFlight: totals.items,
      descriptorsInFlight: totals.descriptors,
    };
  }

  observe(listener: (item: PassingItem) => void): () => void {
    const end = this.#observers.add(listener);
    this.#core.watch.watcher = this;
    return () => {
      end();
      if (this.#observers.tell !== undefined) return;
      this.#core.watch.watcher = undefined;
      this.#calls.clear();
    };
  }

  conceal(handle: Handle): () => void {
    const { own } = this.#parts;
    if (!(handle instanceof BusHandle)) return () => undefined;
    const { word, generation } = handle.target;
    const node = this.#core.census.nodeOf(own, word, generation);
    const keys = [keyOf(own, word, generation)];
    if (node !== undefined) keys.push(keyOf(node.owner, node.word, node.generation));
    for (const key of keys) this.#concealed.add(key);
    return () => {
      for (const key of keys) this.#concealed.delete(key);
    };
  }

  // CoreWatcher.

  queued(receiver: PeerRecord, item: DeliveryItem): void {
    if (this.#concealed.size > 0 && this.#concealed.has(keyOf(receiver, item.word, item.generation))) return;
    const nowMs = this.#parts.router.time.monotonicMs();
    const { payload, sender, sequence, code } = item;
    const isSealed = payload !== undefined && payload.sealedBytes > 0;
    const isCall = item.kind === ItemKind.Message && item.replyGeneration !== 0;
    const call = this.#callEnd(receiver, item);
    const node = call === undefined ? this.#nodeOf(receiver, item) : call.node;
    if (isCall) this.#callBegin(receiver, item, nowMs, node);
    this.#observers.tell?.({
      kind: isCall ? 'call' : kindOfItem[item.kind],
      atMs: nowMs,
      sequence,
      from: sender === undefined ? undefined : this.#peerName(sender),
      to: this.#peerName(receiver),
      node,
      bytes: payload?.sealedBytes || (payload?.length ?? 0),
      handles: item.handles.length >> 1,
      descriptors: (payload?.descriptors.length ?? 0) - (isSealed ? 1 : 0),
      // What is outside of the packet is not looked at here either.
      payload:
        isSealed || payload === undefined
          ? noBytes
          : payload.source.subarray(payload.offset, payload.offset + payload.length),
      code,
      blame: item.blame === 0 ? undefined : blameFrom(item.blame, receiver, receiver),
      latencyMs: call === undefined ? undefined : nowMs - call.atMs,
    });
  }

  refused(
    sender: PeerRecord,
    submission: Submission,
    code: number,
    isAnswer: boolean,
    descriptors: number,
  ): void {
    const { destinations, destinationCount, source, offset, length, transferCount, blame } = submission;
    const { sealedBytes = 0 } = submission;
    const at = Math.min(submission.refusedAt, Math.max(destinationCount - 1, 0));
    const [word = 0, generation = 0] = [destinations[2 * at], destinations[2 * at + 1]];
    const { census } = this.#core;
    const place = isAnswer
      ? census.callOf(sender, word, generation)?.node
      : census.nodeOf(sender, word, generation);
    if (place !== undefined && this.#concealed.has(keyOf(place.owner, place.word, place.generation))) return;
    this.#observers.tell?.(
      passingItem({
        kind: 'refused',
        atMs: this.#parts.router.time.monotonicMs(),
        from: this.#peerName(sender),
        to: place === undefined ? undefined : this.#peerName(place.owner),
        node: place === undefined ? undefined : this.#nodeName(place),
        bytes: sealedBytes || length,
        handles: transferCount,
        descriptors: descriptors - (sealedBytes > 0 ? 1 : 0),
        payload: sealedBytes > 0 ? noBytes : source.subarray(offset, offset + length),
        code,
        blame: blame === 0 ? undefined : blameFrom(blame, sender, place?.owner),
      }),
    );
  }

  // Inside.

  #callBegin(receiver: PeerRecord, item: DeliveryItem, atMs: number, node: NodeName | undefined): void {
    const call = this.#core.census.callOf(receiver, item.replyWord, item.replyGeneration);
    if (call?.caller === undefined) return;
    this.#calls.begin(`${call.caller.serial}.${call.tag}`, { atMs, node });
  }

  /** The call that this item ends, if its beginning was seen. */
  #callEnd(caller: PeerRecord, { kind, tag }: DeliveryItem): SeenCall | undefined {
    if (kind !== ItemKind.Answer && kind !== ItemKind.Lost) return undefined;
    return this.#calls.end(`${caller.serial}.${tag}`);
  }

  #nodeOf(receiver: PeerRecord, { kind, word, generation }: DeliveryItem): NodeName | undefined {
    if (kind === ItemKind.Answer || kind === ItemKind.Lost) return undefined;
    const place = this.#core.census.nodeOf(receiver, word, generation);
    return place === undefined ? undefined : this.#nodeName(place);
  }

  *#walkPeers(after: number): Generator<PeerFacts> {
    for (const peer of this.#core.census.peers(after + 1)) {
      const line = this.#parts.lineOf(peer);
      yield {
        ...this.#peerName(peer),
        cursor: String(peer.serial),
        root: line.root,
        sinceMs: line.sinceMs,
        nodes: peer.nodes.size,
        handles: peer.held.size - peer.repliesOwed,
        callsOutstanding: peer.callsOutstanding,
        repliesOwed: peer.repliesOwed,
        bytesInFlight: peer.queuedBytes,
        itemsInFlight: peer.queue.length,
        descriptorsInFlight: peer.queuedDescriptors,
        messagesIn: peer.messagesIn,
        messagesOut: peer.messagesOut,
        blockedSinceMs: line.blockedSinceMs,
      };
    }
  }

  *#walkHandles(holder: number, place: number): Generator<HandleFacts | EmptyPlace> {
    const nowMs = this.#parts.router.time.monotonicMs();
    for (const held of this.#core.census.handles(holder, place)) {
      yield held instanceof FreePlace ? new Nothing(held) : this.#handleFacts(held, nowMs);
    }
  }

  #handleFacts({ holder, index, node, count, uses, since }: HeldHandle, nowMs: number): HandleFacts {
    const flow = node === undefined ? undefined : holder.flows.get(node.owner);
    return {
      cursor: `${holder.serial}.${index + 1}`,
      holder: this.#peerName(holder),
      owner: node === undefined ? undefined : this.#peerName(node.owner),
      node: node === undefined ? goneNode : this.#nodeName(node),
      count,
      uses,
      sinceMs: this.#parts.router.chronicle.momentOf(since, nowMs),
      bytesInFlight: flow?.bytes.used ?? 0,
      descriptorsInFlight: flow?.descriptors.used ?? 0,
      isGone: node === undefined,
    };
  }

  #accountFacts(account: Account): AccountFacts {
    const { userNodesMax, userCallsMax } = this.#core.quota().limits;
    const shared = (resource: 'bytes' | 'handles' | 'descriptors'): QuotaFacts => ({
      resource,
      used: account[resource].used,
      limit: account[resource].limit,
      shares: [...account.shares.values()]
        .map((share) => ({ uid: share.user.uid, used: share[resource].used }))
        .filter(({ used }) => used > 0),
    });
    const whole = (resource: 'nodes' | 'calls', used: number, limit: number): QuotaFacts => ({
      ...{ resource, used, limit, shares: [] },
    });
    return {
      cursor: String(account.number),
      account: account.number,
      uid: account.uid,
      peers: account.peers,
      quotas: [
        shared('bytes'),
        shared('handles'),
        shared('descriptors'),
        whole('nodes', account.nodes, userNodesMax),
        whole('calls', account.calls, userCallsMax),
      ],
    };
  }

  #peerName({ serial, identity }: PeerRecord): PeerName {
    const { pid, uid, gid, account } = identity;
    return { id: serial, pid, uid, gid, account, isServer: serial === this.#parts.own.serial };
  }

  #nodeName({ owner, word, generation }: NodePlace): NodeName {
    const { own, peer } = this.#parts;
    const object = owner === own ? peer.nodeAt(word, generation) : undefined;
    const again = generation === 1 ? '' : `/${generation}`;
    return { id: `${owner.serial}.${indexOf(word)}${again}`, label: object?.label ?? '', object };
  }
}

class Nothing implements EmptyPlace {
  readonly isEmpty = true;
  readonly #place: FreePlace;

  constructor(place: FreePlace) {
    this.#place = place;
  }

  get cursor(): string {
    return `${this.#place.holderSerial}.${this.#place.next}`;
  }
}

const goneNode: NodeName = { id: '', label: '', object: undefined };

function keyOf(peer: PeerRecord, word: number, generation: number): string {
  return `${peer.serial}.${word}.${generation}`;
}

/** Whose share it was: the sender's user's, unless the receiver itself has as many as it may. */
function blameFrom(blame: number, sender: PeerRecord, receiver: PeerRecord | undefined): Blame | undefined {
  const shortage = shortageOf(blame);
  if (shortage === undefined) return undefined;
  const { uid } = (shortage.whose === 'receiver' ? (receiver ?? sender) : sender).identity;
  return { resource: shortage.resource, uid };
}
