/**
 * Who is connected over all transports of the manager, who holds what, and who pays: the servers' introspection, put together page
 * by page, in the shapes of `control.proto`.
 *
 * One answer asks one transport after the other until it has an entry; each looks at a bounded number, so an answer takes a bounded
 * part of a turn however many there are. A cursor is the transport's name and the transport's own cursor.
 */
import type {
  AccountEntryShape,
  HandleEntryShape,
  PeerEntryShape,
  PeerNameShape,
} from '../contract/control.js';
import {
  type AccountFacts,
  type CapabilityNode,
  ErrorCode,
  type HandleFacts,
  type Introspection,
  limits,
  type NodeName,
  type Page,
  type PageQuery,
  type PeerFacts,
  type PeerName,
  type QuotaFacts,
} from '../contract/index.js';
import { ControlFailure } from './errors.js';
import type { MachineNames } from './machine.js';
import type { Filter, Scope } from './which.js';

/** A server that says something about itself. */
export interface Introspected {
  readonly transport: string;
  readonly introspection: Introspection;
  /** Items that its monitors were not told of. */
  monitorLost: number;
}

/** What a node of the manager is. */
export interface Subject {
  /** The service that it is an object of; empty: none. */
  readonly service: string;
  readonly rights: number;
}

export type SubjectOf = (node: CapabilityNode | undefined) => Subject | undefined;

/** Shares of one quota that are told; the largest. */
const sharesMax = 8;

/** What one question is answered with. */
export interface Inquiry {
  readonly after: string;
  readonly count: number;
  readonly scope: Scope;
  readonly filter: Filter;
  readonly names: MachineNames;
  readonly nowMs: number;
}

export interface Answered<T> {
  readonly entries: T[];
  readonly next: string;
}

export class Census {
  readonly #servers: Introspected[] = [];
  readonly #subjectOf: SubjectOf;

  constructor(subjectOf: SubjectOf) {
    this.#subjectOf = subjectOf;
  }

  /** The servers, in the order in which they were added. */
  get servers(): readonly Introspected[] {
    return this.#servers;
  }

  /** Adds a server until `ended`. */
  add(transport: string, introspection: Introspection, ended: Promise<unknown>): void {
    const server: Introspected = { transport, introspection, monitorLost: 0 };
    this.#servers.push(server);
    void ended.then(() => this.#servers.splice(this.#servers.indexOf(server), 1));
  }

  /** The server of a transport. */
  find(transport: string): Introspected | undefined {
    return this.#servers.find((server) => server.transport === transport);
  }

  peers(inquiry: Inquiry): Answered<PeerEntryShape> {
    const { scope, filter } = inquiry;
    return this.#pages(
      inquiry,
      (facts: PeerFacts) => scope.covers(facts.uid) && filter.peer(facts),
      (introspection, query) => introspection.peers(query),
      (transport, facts) => this.#peerEntry(transport, facts, inquiry),
    );
  }

  handles(inquiry: Inquiry): Answered<HandleEntryShape> {
    const { scope, filter } = inquiry;
    return this.#pages(
      inquiry,
      (facts: HandleFacts) => scope.covers(facts.holder.uid) && filter.handle(facts),
      (introspection, query) => introspection.handles(query),
      (transport, facts) => this.#handleEntry(transport, facts, inquiry),
    );
  }

  accounts(inquiry: Inquiry): Answered<AccountEntryShape> {
    const { scope, filter, names } = inquiry;
    return this.#pages(
      inquiry,
      (facts: AccountFacts) => scope.covers(facts.uid) && filter.account(facts),
      (introspection, query) => introspection.accounts(query),
      (transport, facts) => ({
        transport,
        uid: facts.uid,
        user: names.user(facts.uid),
        peers: facts.peers,
        quotas: facts.quotas.map((quota) => quotaEntry(quota, inquiry)),
      }),
    );
  }

  #pages<T, E>(
    inquiry: Inquiry,
    fits: (facts: T) => boolean,
    ask: (introspection: Introspection, query: PageQuery<T>) => Page<T>,
    shape: (transport: string, facts: T) => E,
  ): Answered<E> {
    const most = limits.introspectionItemsMax;
    const itemsMax = inquiry.count === 0 ? most : Math.min(inquiry.count, most);
    const slash = inquiry.after.indexOf('/');
    let after = inquiry.after.slice(slash + 1);
    let at = inquiry.after === '' ? 0 : this.#indexOf(inquiry.after.slice(0, Math.max(slash, 0)));
    for (; ; at += 1, after = '') {
      const server = this.#servers[at];
      if (server === undefined) return { entries: [], next: '' };
      const { transport, introspection } = server;
      if (!inquiry.filter.transport(transport)) continue;
      const page = ask(introspection, { after, itemsMax, fits });
      const entries = page.items.map((facts) => shape(transport, facts));
      if (page.next !== undefined) return { entries, next: `${transport}/${page.next}` };
      if (entries.length === 0) continue;
      const following = this.#servers[at + 1];
      return { entries, next: following === undefined ? '' : `${following.transport}/` };
    }
  }

  #indexOf(transport: string): number {
    const at = this.#servers.findIndex((server) => server.transport === transport);
    if (at >= 0) return at;
    throw new ControlFailure(ErrorCode.InvalidArgument, "'after' is not the 'next' of an earlier answer");
  }

  #peerEntry(transport: string, facts: PeerFacts, { names, nowMs }: Inquiry): PeerEntryShape {
    const { root, nodes, handles, callsOutstanding, repliesOwed, blockedSinceMs } = facts;
    const rights = this.#subjectOf(root)?.rights;
    return {
      peer: peerNameShape(transport, facts, names),
      ageMs: age(nowMs, facts.sinceMs),
      rights: rights === undefined ? 0 : rights + 1,
      ...(nodes === undefined ? {} : { nodes }),
      ...(handles === undefined ? {} : { handles }),
      ...(callsOutstanding === undefined ? {} : { callsOutstanding }),
      ...(repliesOwed === undefined ? {} : { repliesOwed }),
      bytesInFlight: facts.bytesInFlight,
      itemsInFlight: facts.itemsInFlight,
      descriptorsInFlight: facts.descriptorsInFlight,
      messagesIn: facts.messagesIn,
      messagesOut: facts.messagesOut,
      ...(blockedSinceMs === undefined ? {} : { blockedMs: age(nowMs, blockedSinceMs) }),
    };
  }

  #handleEntry(transport: string, facts: HandleFacts, { names, nowMs, scope }: Inquiry): HandleEntryShape {
    const { holder, node } = facts;
    const owner = scope.other(facts.owner);
    const subject = this.#subjectOf(node.object);
    return {
      holder: peerNameShape(transport, holder, names),
      owner: owner === undefined ? null : peerNameShape(transport, owner, names),
      nodeId: node.id,
      node: node.label,
      service: subject?.service ?? '',
      rights: subject === undefined ? 0 : subject.rights + 1,
      count: facts.count,
      uses: facts.uses,
      ageMs: age(nowMs, facts.sinceMs),
      bytesInFlight: facts.bytesInFlight,
      descriptorsInFlight: facts.descriptorsInFlight,
      payerUid: holder.uid,
      payerUser: names.user(holder.uid),
      isGone: facts.isGone,
    };
  }

  /** The service that a node is an object of. */
  serviceOf(node: NodeName): string {
    return this.#subjectOf(node.object)?.service ?? '';
  }
}

export function peerNameShape(transport: string, peer: PeerName, names: MachineNames): PeerNameShape {
  return {
    transport,
    id: peer.id,
    pid: peer.pid,
    uid: peer.uid,
    program: names.program(peer.pid),
    user: names.user(peer.uid),
    isManager: peer.isServer,
  };
}

/** In milliseconds; what has just begun is not negative. */
function age(nowMs: number, sinceMs: number): number {
  return Math.max(0, nowMs - sinceMs);
}

function quotaEntry(
  { resource, used, limit, shares }: QuotaFacts,
  { names, scope }: Inquiry,
): NonNullable<AccountEntryShape['quotas']>[number] {
  // Who else uses it up is for those who see everybody.
  const told = shares.filter(({ uid }) => scope.covers(uid)).sort((a, b) => b.used - a.used);
  return {
    resource,
    used,
    limit,
    shares: told.slice(0, sharesMax).map((share) => ({ ...share, user: names.user(share.uid) })),
  };
}
