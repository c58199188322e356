/**
 * What a server on `sockets` can say: about those who hold its own nodes, and about the handles that its own peer holds.
 */
import {
  type AccountFacts,
  cursorNumbers,
  type HandleFacts,
  type Introspection,
  type NodeName,
  type Page,
  type PageQuery,
  type PassingItem,
  type PeerFacts,
  type PeerName,
  pageOf,
  type QuotaFacts,
  type Totals,
  type Traffic,
} from '../../broker/contract/introspection.js';
import type { Handle } from '../../broker/contract/transport.js';
import type { Attachment } from './attachment.js';
import { SocketsHandle } from './handle.js';
import type { SocketsPeer } from './peer.js';
import type { Holder, OwnHolding, Standing, Witness } from './witness.js';

export class SocketsIntrospection implements Introspection {
  readonly #peer: SocketsPeer;
  readonly #witness: Witness;
  readonly #peers: () => number;

  /** `peers`: how many are connected. */
  constructor(peer: SocketsPeer, witness: Witness, peers: () => number) {
    this.#peer = peer;
    this.#witness = witness;
    this.#peers = peers;
  }

  get traffic(): Traffic {
    return this.#witness.traffic;
  }

  /** Accounts are uids here. */
  uidOf(account: number): number {
    return account;
  }

  peers(query: PageQuery<PeerFacts>): Page<PeerFacts> {
    const [after] = cursorNumbers(query.after);
    return pageOf(this.#walkPeers(after), query);
  }

  handles(query: PageQuery<HandleFacts>): Page<HandleFacts> {
    const [peerId, serial] = cursorNumbers(query.after);
    return pageOf(this.#walkHandles(peerId, serial), query);
  }

  accounts(query: PageQuery<AccountFacts>): Page<AccountFacts> {
    const byUid = new Map<number, Holder[]>();
    for (const holder of this.#known()) {
      const others = byUid.get(holder.name.uid);
      if (others === undefined) byUid.set(holder.name.uid, [holder]);
      else others.push(holder);
    }
    // Behind uid 0, too, there has to be a cursor: so it is the uid plus one.
    const [after] = cursorNumbers(query.after);
    const later = [...byUid].filter(([uid]) => uid + 1 > after).sort(([a], [b]) => a - b);
    return pageOf(
      later.map(([uid, holders]) => this.#accountFacts(uid, holders)),
      query,
    );
  }

  totals(): Totals {
    const { nodes, handles, callsOutstanding, repliesHeld } = this.#peer.usage();
    const totals = { bytes: 0, items: 0, descriptors: 0, held: 0 };
    for (const holder of this.#witness.holders.values()) {
      totals.held += holder.attachments.size;
      const load = loadOf(holder);
      totals.bytes += load.bytes;
      totals.items += load.items;
      totals.descriptors += load.descriptors;
    }
    return {
      peers: this.#peers(),
      nodes,
      handles: handles + totals.held,
      callsOutstanding: callsOutstanding + repliesHeld,
      bytesInFlight: totals.bytes,
      itemsInFlight: totals.items,
      descriptorsInFlight: totals.descriptors,
    };
  }

  observe(listener: (item: PassingItem) => void): () => void {
    const { observers } = this.#witness;
    const end = observers.add(listener);
    return () => {
      end();
      if (observers.tell === undefined) this.#witness.forgetTimes();
    };
  }

  conceal(handle: Handle): () => void {
    const holding = handle instanceof SocketsHandle ? this.#witness.holdings.get(handle) : undefined;
    if (holding === undefined) return () => undefined;
    holding.isConcealed = true;
    return () => {
      holding.isConcealed = false;
    };
  }

  /** The server's own peer and the holders that are known, in the order of their ids. */
  *#known(): Generator<Holder> {
    const { own, holders } = this.#witness;
    yield own;
    for (const holder of holders.values()) if (holder.name.pid !== 0) yield holder;
  }

  *#walkPeers(after: number): Generator<PeerFacts> {
    for (const holder of this.#known()) {
      if (holder.name.id <= after) continue;
      yield holder.name.isServer ? this.#ownFacts(holder) : holderFacts(holder, this.#witness.nowMs());
    }
  }

  #ownFacts({ name, sinceMs, messagesIn, messagesOut }: Holder): PeerFacts {
    const { nodes, handles, callsOutstanding, repliesHeld } = this.#peer.usage();
    return {
      ...name,
      cursor: String(name.id),
      root: undefined,
      sinceMs,
      nodes,
      handles,
      callsOutstanding,
      repliesOwed: repliesHeld,
      // What waits for the server waits in the kernel.
      bytesInFlight: 0,
      itemsInFlight: 0,
      descriptorsInFlight: 0,
      messagesIn,
      messagesOut,
      blockedSinceMs: undefined,
    };
  }

  *#walkHandles(peerId: number, serial: number): Generator<HandleFacts> {
    const { own, holders, holdings } = this.#witness;
    if (peerId <= own.name.id) {
      for (const holding of holdings.values()) {
        if (peerId === own.name.id && holding.serial <= serial) continue;
        yield new OwnFacts(own.name, holding);
      }
    }
    for (const holder of holders.values()) {
      const { id } = holder.name;
      if (id < peerId) continue;
      for (const attachment of holder.attachments) {
        const { standing } = attachment;
        if (standing === undefined || (id === peerId && standing.serial <= serial)) continue;
        yield new AttachmentFacts(holder.name, own.name, attachment, standing);
      }
    }
  }

  #accountFacts(uid: number, holders: readonly Holder[]): AccountFacts {
    let handles = 0;
    let bytes = 0;
    let descriptors = 0;
    let calls = 0;
    for (const holder of holders) {
      const load = loadOf(holder);
      bytes += load.bytes;
      descriptors += load.descriptors;
      for (const { standing } of holder.attachments) calls += standing?.callsOpen ?? 0;
      handles += holder.name.isServer ? this.#peer.usage().handles : holder.attachments.size;
    }
    const nodes = holders.some(({ name }) => name.isServer) ? this.#peer.usage().nodes : 0;
    const quota = (resource: QuotaFacts['resource'], used: number): QuotaFacts => ({
      ...{ resource, used, limit: 0, shares: [] },
    });
    return {
      cursor: String(uid + 1),
      account: uid,
      uid,
      peers: holders.length,
      quotas: [
        quota('bytes', bytes),
        quota('handles', handles),
        quota('descriptors', descriptors),
        quota('nodes', nodes),
        quota('calls', calls),
      ],
    };
  }
}

/** What waits for a holder on this side of the kernel. */
function loadOf(holder: Holder): { bytes: number; items: number; descriptors: number } {
  const load = { bytes: 0, items: 0, descriptors: 0 };
  for (const attachment of holder.attachments) {
    load.bytes += attachment.queuedBytes;
    load.items += attachment.queuedFrames;
    // The other side acknowledges now and then: while nothing is queued, all of them are the kernel's already.
    if (attachment.queuedBytes > 0) load.descriptors += attachment.descriptorsInFlight;
  }
  return load;
}

function holderFacts(holder: Holder, nowMs: number): PeerFacts {
  const { name, attachments, sinceMs, root, messagesIn, messagesOut } = holder;
  const load = loadOf(holder);
  let callsOpen = 0;
  let blockedSinceMs: number | undefined;
  for (const { standing, queuedBytes } of attachments) {
    callsOpen += standing?.callsOpen ?? 0;
    if (queuedBytes === 0) continue;
    blockedSinceMs = Math.min(blockedSinceMs ?? nowMs, standing?.blockedSinceMs ?? nowMs);
  }
  return {
    ...name,
    cursor: String(name.id),
    root,
    sinceMs,
    nodes: undefined,
    handles: attachments.size,
    callsOutstanding: callsOpen,
    repliesOwed: undefined,
    bytesInFlight: load.bytes,
    itemsInFlight: load.items,
    descriptorsInFlight: load.descriptors,
    messagesIn,
    messagesOut,
    blockedSinceMs,
  };
}

/** A handle to a node of the server's peer. */
class AttachmentFacts implements HandleFacts {
  readonly cursor: string;
  readonly holder: PeerName;
  readonly owner: PeerName;
  readonly node: NodeName;
  readonly count = 1;
  readonly uses: number;
  readonly sinceMs: number;
  readonly descriptorsInFlight = 0;
  readonly isGone = false;
  readonly #attachment: Attachment;

  constructor(holder: PeerName, owner: PeerName, attachment: Attachment, standing: Standing) {
    this.cursor = `${holder.id}.${standing.serial}`;
    this.holder = holder;
    this.owner = owner;
    this.node = standing.node.name;
    this.uses = standing.uses;
    this.sinceMs = standing.sinceMs;
    this.#attachment = attachment;
  }

  /** Asked of the kernel only for the entries that are told. */
  get bytesInFlight(): number {
    return this.#attachment.unreadBytes();
  }
}

/** A handle that the server's peer holds itself. */
class OwnFacts implements HandleFacts {
  readonly cursor: string;
  readonly holder: PeerName;
  readonly owner = undefined;
  readonly node: NodeName;
  readonly count = 1;
  readonly uses: number;
  readonly sinceMs: number;
  readonly bytesInFlight: number;
  readonly descriptorsInFlight: number;
  readonly isGone: boolean;

  constructor(holder: PeerName, { handle, serial, sinceMs, uses, name }: OwnHolding) {
    this.cursor = `${holder.id}.${serial}`;
    this.holder = holder;
    this.node = name;
    this.uses = uses;
    this.sinceMs = sinceMs;
    this.bytesInFlight = handle.queuedBytes;
    this.descriptorsInFlight = handle.queuedBytes > 0 ? handle.descriptorsInFlight : 0;
    this.isGone = handle.isGone;
  }
}
