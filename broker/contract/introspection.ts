/**
 * Introspection: what a server can say about itself, for people who look and for whoever counts. Who is connected, who holds what,
 * who pays for it, and what passes.
 *
 * Nothing here changes anything, and nothing of it costs while nobody asks. Lists come in pages: a page looks at a bounded number
 * of entries, so it may hold less than was asked for, even nothing, and still have a `next`. Between two pages the world goes on:
 * what stays is in one of them, what comes or goes meanwhile may be in one or not.
 *
 * Times are those of the monotonic clock, as moments (`sinceMs`); whoever shows them turns them into ages. `undefined` stands for
 * what this transport cannot know: on `sockets` messages between others never pass the server.
 */
import { introspectionStepsMax } from './limits.js';
import type { CapabilityNode, Handle } from './transport.js';

/** A peer, named well enough to find it again. */
export interface PeerName {
  /** Counts the peers of one server from 1, and is never used again. */
  readonly id: number;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** As in `Sender` (bus P4). */
  readonly account: number;
  /** It is the server's own peer, which owns the roots. */
  readonly isServer: boolean;
}

/** A node, named for people. */
export interface NodeName {
  /** Unique on its server: the owner's id and a number of the owner's. */
  readonly id: string;
  /** `NodeOptions.label`; empty where there is none, or where the owner is in another process. */
  readonly label: string;
  /** The node itself, where it is one of the server's own peer. */
  readonly object: CapabilityNode | undefined;
}

/** One peer as it is now. */
export interface PeerFacts extends PeerName {
  /** Where a page begins that follows this entry. */
  readonly cursor: string;
  /** The node it was given a handle to when it connected; `undefined` for the server's own, and for who was never welcomed. */
  readonly root: CapabilityNode | undefined;
  readonly sinceMs: number;
  readonly nodes: number | undefined;
  /** Nodes that it holds handles to. */
  readonly handles: number | undefined;
  readonly callsOutstanding: number | undefined;
  /** Calls that it has received and not answered. */
  readonly repliesOwed: number | undefined;
  /** What waits for it on this side of the kernel. */
  readonly bytesInFlight: number;
  readonly itemsInFlight: number;
  readonly descriptorsInFlight: number;
  /** Messages, calls and answers that it was sent, and that it has sent. */
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Since when it does not take what waits for it; `undefined`: it does. */
  readonly blockedSinceMs: number | undefined;
}

/** What one peer holds of one node. */
export interface HandleFacts {
  readonly cursor: string;
  readonly holder: PeerName;
  /** `undefined` where the server cannot know it: of a node elsewhere that its own peer was given a handle to on `sockets`. */
  readonly owner: PeerName | undefined;
  readonly node: NodeName;
  /** References: handles, clones, and those inside messages that the holder has not taken yet. */
  readonly count: number;
  /** Messages and calls that were sent with it. */
  readonly uses: number;
  /** Since the first reference. */
  readonly sinceMs: number;
  /**
   * Sent by the holder and not taken by the owner yet, as far as the server knows. Where one queue serves several handles (`memory`,
   * `bus`), what was sent to that owner with all of them.
   */
  readonly bytesInFlight: number;
  readonly descriptorsInFlight: number;
  /** The node is gone, and the holder has not let go. */
  readonly isGone: boolean;
}

/** What an account pays for, by kind. */
export const quotaResources = ['bytes', 'handles', 'descriptors', 'nodes', 'calls'] as const;
export type QuotaResource = (typeof quotaResources)[number];

export interface QuotaFacts {
  readonly resource: QuotaResource;
  readonly used: number;
  /** 0 where only each peer has a limit. */
  readonly limit: number;
  /** Who uses it up, where it is counted by user; the account's own use included. */
  readonly shares: readonly { readonly uid: number; readonly used: number }[];
}

/** One user of the server: whose quota pays (bus Q1). */
export interface AccountFacts {
  readonly cursor: string;
  readonly account: number;
  readonly uid: number;
  readonly peers: number;
  readonly quotas: readonly QuotaFacts[];
}

/** Everything that is open now, the server's own peer included. */
export interface Totals {
  /** Connected peers, the own one not counted. */
  readonly peers: number;
  readonly nodes: number;
  readonly handles: number;
  readonly callsOutstanding: number;
  readonly bytesInFlight: number;
  readonly itemsInFlight: number;
  readonly descriptorsInFlight: number;
}

/** What has passed since the server began. Increasing counts; read, never written, by who is given it. */
export interface Traffic {
  readonly messages: number;
  readonly calls: number;
  readonly replies: number;
  readonly repliesLost: number;
  readonly nodesGone: number;
  readonly nodesUnused: number;
  readonly writables: number;
  /** Refused operations, by `ErrorCode`. */
  readonly refusals: Readonly<Record<number, number>>;
}

export type PassingKind =
  | 'message'
  | 'call'
  | 'reply'
  | 'reply-lost'
  | 'node-gone'
  | 'node-unused'
  | 'writable'
  | 'refused';

/** Whose share of what is full (bus Q5). */
export interface Blame {
  readonly resource: string;
  readonly uid: number;
}

/** Something that passes. Valid only while the listener runs. */
export interface PassingItem {
  readonly kind: PassingKind;
  readonly atMs: number;
  /** Position in the order of the bus; 0 where there is none, and for what was refused. */
  readonly sequence: number;
  /** Who sent it; `undefined` for a notification. */
  readonly from: PeerName | undefined;
  readonly to: PeerName | undefined;
  /** What it was sent to, or is about; for replies the node that was called. */
  readonly node: NodeName | undefined;
  readonly bytes: number;
  readonly handles: number;
  readonly descriptors: number;
  /** The payload, borrowed; empty for notifications. */
  readonly payload: Uint8Array;
  /** Why: an `ErrorCode` for `refused` and `reply-lost`, else 0. */
  readonly code: number;
  readonly blame: Blame | undefined;
  /** From the acceptance of the call to that of its end; `undefined` if the call was not seen. */
  readonly latencyMs: number | undefined;
}

const noBytes = new Uint8Array(0);

/** What has to be said of an item; the fields that are left out are those of a notification about nothing in particular. */
export type PassingFacts = Partial<PassingItem> & Pick<PassingItem, 'kind' | 'atMs'>;

export function passingItem(facts: PassingFacts): PassingItem {
  return {
    sequence: 0,
    from: undefined,
    to: undefined,
    node: undefined,
    bytes: 0,
    handles: 0,
    descriptors: 0,
    payload: noBytes,
    code: 0,
    blame: undefined,
    latencyMs: undefined,
    ...facts,
  };
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `undefined`: there is none. */
  readonly next: string | undefined;
}

export interface PageQuery<T> {
  /** `next` of the page before, or the `cursor` of any entry; empty or absent: from the beginning. A strange one is no error. */
  readonly after?: string;
  readonly itemsMax: number;
  /** Leaves out what it is false for; asked once for each entry that is looked at. */
  readonly fits?: (facts: T) => boolean;
}

/** What a server knows. A transport need not offer it. */
export interface Introspection {
  /** In the order of their ids, the server's own peer among them. */
  peers(query: PageQuery<PeerFacts>): Page<PeerFacts>;
  /** What peers hold; all of one peer's before the next one's. */
  handles(query: PageQuery<HandleFacts>): Page<HandleFacts>;
  accounts(query: PageQuery<AccountFacts>): Page<AccountFacts>;
  totals(): Totals;
  readonly traffic: Traffic;
  /** The user behind an account (`Sender.account`). */
  uidOf(account: number): number | undefined;
  /**
   * Tells the listener of everything that passes from now on, from within the operation: it must not use the transport, nor throw,
   * nor take long. Returns how to end it.
   */
  observe(listener: (item: PassingItem) => void): () => void;
  /**
   * Listeners are not told of anything that goes to this handle's node, nor of the node's end: what is told by messages must not tell
   * of itself. The handle is one of the server's own peer. Returns how to end it.
   */
  conceal(handle: Handle): () => void;
}

/** `Traffic` for the one who counts. */
export class TrafficCounter implements Traffic {
  messages = 0;
  calls = 0;
  replies = 0;
  repliesLost = 0;
  nodesGone = 0;
  nodesUnused = 0;
  writables = 0;
  readonly refusals: Record<number, number> = {};

  refuse(code: number): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }
}

/** Listeners of one server. `tell` is undefined while there are none: the one thing that is looked at where items pass. */
export class Observers {
  tell: ((item: PassingItem) => void) | undefined = undefined;
  readonly #listeners = new Set<(item: PassingItem) => void>();

  add(listener: (item: PassingItem) => void): () => void {
    // A function of its own, so that the same listener twice is two.
    const own = (item: PassingItem): void => listener(item);
    this.#listeners.add(own);
    this.tell = this.#tell;
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.tell = undefined;
    };
  }

  readonly #tell = (item: PassingItem): void => {
    for (const listener of this.#listeners) listener(item);
  };
}

/** A place of a walk where there is nothing to be shown: looking at it takes a step like an entry. */
export interface EmptyPlace {
  readonly isEmpty: true;
  /** Where to go on behind it; read before the walk goes on. */
  readonly cursor: string;
}

/**
 * One page of what a walk yields. Entries and empty places are looked at up to `introspectionStepsMax`; the walk, which begins behind
 * `query.after`, goes on as long as entries are taken from it.
 */
export function pageOf<T extends { readonly cursor: string }>(
  walk: Iterable<T | EmptyPlace>,
  query: PageQuery<T>,
): Page<T> {
  const items: T[] = [];
  let steps = 0;
  let last = '';
  let isFull = query.itemsMax <= 0;
  for (const place of walk) {
    if (isFull) return { items, next: last };
    steps += 1;
    if (!isEmptyPlace(place) && (query.fits === undefined || query.fits(place))) items.push(place);
    isFull = items.length >= query.itemsMax || steps >= introspectionStepsMax;
    if (isFull) last = place.cursor;
  }
  return { items, next: undefined };
}

function isEmptyPlace(place: { readonly cursor: string } | EmptyPlace): place is EmptyPlace {
  return 'isEmpty' in place;
}

/** The numbers of a cursor such as `3.17`; 0 for what is missing or none. */
export function cursorNumbers(cursor: string | undefined): readonly [number, number] {
  const [first = 0, second = 0] = (cursor ?? '')
    .split('.')
    .map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : 0));
  return [first, second];
}
