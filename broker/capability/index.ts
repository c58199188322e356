/**
 * The capability core: peers, nodes, handles, messages and notifications in one order (docs/spec/bus.md).
 *
 * It is driven by calls and does nothing by itself: each operation appends items to the queues of peers, and whoever made a peer
 * carries its items away (`peer.queue.head`, then `delivered`). Pure: no input, no output, no time.
 */
import { blameOf, ErrorCode, QuotaHolder, QuotaKind } from '../contract/errors.js';
import type { Account } from './account.js';
import type { CallRecord } from './calls.js';
import { CapabilityCensus } from './census.js';
import { Deliveries, type DescriptorCloser } from './deliveries.js';
import type { DeliveryItem } from './delivery-queue.js';
import { Effort } from './effort.js';
import { noGeneration } from './ids.js';
import { Lifecycle } from './lifecycle.js';
import { noNode } from './nodes.js';
import { OrderClock } from './order-clock.js';
import type { Outlet, PeerIdentity, PeerRecord } from './peer-record.js';
import { type CapabilityLimits, Quota } from './quota.js';
import type { Submission } from './submission.js';
import { Tables } from './tables.js';
import { Transactions } from './transactions.js';
import type { Watch } from './watch.js';

export type { Account, Flow, PeerShare, UserShare } from './account.js';
export { FreePlace, type HeldHandle, type NodePlace } from './census.js';
export type { DescriptorCloser } from './deliveries.js';
export { type DeliveryItem, DeliveryQueue, ItemKind } from './delivery-queue.js';
export type { Effort } from './effort.js';
export * from './ids.js';
export { noBytes, noDescriptors, type Payload } from './payload.js';
export type { Outlet, PeerIdentity, PeerRecord } from './peer-record.js';
export { type CapabilityLimits, itemOverheadBytes } from './quota.js';
export { roomOf, Tally } from './share.js';
export type { Submission } from './submission.js';
export type { CoreWatcher } from './watch.js';

/** Who holds handles to a node: an account and how many (bus N9). */
export interface HolderShare {
  readonly account: number;
  readonly handles: number;
}

/** An id as a pair, for calls that are not on the hot path. */
export interface Id {
  readonly word: number;
  readonly generation: number;
}

export interface CapabilityOptions {
  /** Closes descriptors that were in a message nobody will receive. */
  readonly closeDescriptors: DescriptorCloser;
  readonly limits?: Partial<CapabilityLimits>;
}

export class CapabilityCore {
  readonly #tables: Tables;
  readonly #clock = new OrderClock();
  readonly #quota: Quota;
  readonly #deliveries: Deliveries;
  readonly #lifecycle: Lifecycle;
  readonly #transactions: Transactions;
  readonly #accountByUid = new Map<number, number>();
  /** Who is there and who holds what, for those who look. */
  readonly census: CapabilityCensus;
  /** What the operations have cost so far; whoever carries them out may add steps of its own. */
  readonly effort = new Effort();
  #peers = 0;

  constructor(options: CapabilityOptions) {
    const quota = new Quota(options.limits ?? {}, this.effort);
    this.#quota = quota;
    this.#tables = new Tables(quota.limits.handleArrivalsMax);
    this.#deliveries = new Deliveries(this.#tables, this.#clock, quota, options.closeDescriptors);
    this.census = new CapabilityCensus(this.#tables);
    this.#lifecycle = new Lifecycle(this.#tables, quota, this.#deliveries, this.effort);
    this.#transactions = new Transactions(
      this.#tables,
      this.#clock,
      quota,
      this.#deliveries,
      this.#lifecycle,
      this.effort,
    );
  }

  /** The latest sequence number. */
  get sequence(): number {
    return this.#clock.last;
  }

  get peers(): number {
    return this.#peers;
  }

  /** What passes, counted, and who watches it. */
  get watch(): Watch {
    return this.#deliveries.watch;
  }

  /** Handles that were ever made: whoever stamps them with the time sees whether there are new ones. */
  get handlesMade(): number {
    return this.#tables.handles.made;
  }

  /** Nodes in the tables: live ones, and destroyed ones that somebody holds a handle to. */
  get nodes(): number {
    return this.#tables.nodes.size;
  }

  /** Handles in the tables: for each node one for each peer that holds it (bus N3). */
  get handles(): number {
    return this.#tables.handles.size;
  }

  /** A small number for a uid, the same for all its peers (bus P4). */
  accountOf(uid: number): number {
    let account = this.#accountByUid.get(uid);
    if (account === undefined) {
      account = this.#accountByUid.size + 1;
      this.#accountByUid.set(uid, account);
    }
    return account;
  }

  /** The user behind an account. */
  uidOf(account: number): number | undefined {
    for (const [uid, each] of this.#accountByUid) if (each === account) return uid;
    return undefined;
  }

  addPeer(identity: PeerIdentity, outlet: Outlet): PeerRecord {
    this.#peers += 1;
    return this.#tables.addPeer(this.#quota.enter(identity), identity, outlet);
  }

  /** Ends a peer (bus P3). Idempotent. */
  endPeer(peer: PeerRecord): void {
    if (peer.hasEnded) return;
    this.#peers -= 1;
    this.#lifecycle.endPeer(peer, this.#clock.next());
  }

  /** Gives `receiver` a handle to a node without a message: its root (bus P5). `undefined` if the owner has no such node. */
  introduce(owner: PeerRecord, node: Id, receiver: PeerRecord): Id | undefined {
    const tables = this.#tables;
    const number = owner.nodes.find(node.word, node.generation);
    if (number === noNode || receiver.hasEnded) return undefined;
    if (owner === receiver) return node;
    tables.nodes.countTransfer(number);
    const held = receiver.held.size;
    const handle = this.#lifecycle.grant(number, receiver, this.#clock.last);
    if (receiver.held.size > held) this.#quota.held(receiver, 1);
    return { word: tables.handleWord(handle), generation: tables.handleGeneration(handle) };
  }

  /** Sends or calls. Returns the sequence number, or a negative `ErrorCode`; then there was no effect. */
  send(sender: PeerRecord, submission: Submission): number {
    return this.#transactions.send(sender, submission);
  }

  reply(sender: PeerRecord, submission: Submission): number {
    return this.#transactions.reply(sender, submission);
  }

  /** `bytesMax`: the longest message that the node takes, plus one; 0 for any (C8). */
  create(
    owner: PeerRecord,
    word: number,
    generation: number,
    showsCredentials: boolean,
    bytesMax = 0,
  ): number {
    return this.#transactions.create(owner, word, generation, showsCredentials, bytesMax);
  }

  /** What there was no room for when `create` was refused with this code (`blameOf`). */
  nodeBlame(code: number): number {
    return code === ErrorCode.OverQuota ? blameOf(QuotaKind.Nodes, QuotaHolder.Own) : 0;
  }

  destroy(owner: PeerRecord, ids: Uint32Array, count: number): number {
    return this.#transactions.destroy(owner, ids, count);
  }

  release(holder: PeerRecord, entries: Uint32Array, count: number): number {
    return this.#transactions.release(holder, entries, count);
  }

  withdraw(caller: PeerRecord, tag: number): number {
    return this.#transactions.withdraw(caller, tag);
  }

  /** Who holds an own node, by account in increasing order; `undefined` if the peer owns no such node (bus N9). */
  holders(owner: PeerRecord, word: number, generation: number): readonly HolderShare[] | undefined {
    const tables = this.#tables;
    const node = generation === noGeneration ? noNode : owner.nodes.find(word, generation);
    if (node === noNode) return undefined;
    this.effort.steps += tables.nodes.holders(node);
    const handlesByAccount = new Map<number, number>();
    for (const handle of tables.nodes.handlesOf(node)) {
      const { account } = tables.holderOf(handle).identity;
      handlesByAccount.set(account, (handlesByAccount.get(account) ?? 0) + tables.handles.count(handle));
    }
    return [...handlesByAccount]
      .map(([account, handles]) => ({ account, handles }))
      .sort((one, other) => one.account - other.account);
  }

  /**
   * Tells those who were refused, and for whom there is room now, that it is worth another try (bus Q5). To be called after each
   * batch of operations and deliveries; costs nothing while nobody waits. Looks at no more than `limits.waitersLookedAtMax` of
   * those who wait: `mustTell` says whether another call is needed.
   */
  tellReady(): void {
    if (this.#quota.isTouched) this.#deliveries.tellReady();
  }

  /** There may be room for somebody who waits and was not looked at yet. */
  get mustTell(): boolean {
    return this.#quota.isTouched;
  }

  /** Who has what of whose room (bus Q1), for those who look: live records, read and never written. */
  quota(): { readonly accounts: Iterable<Account>; readonly limits: CapabilityLimits } {
    return { accounts: this.#quota.accounts(), limits: this.#quota.limits };
  }

  /** The replies that a peer owes or was given; live records, read and never written. */
  *repliesOf(peer: PeerRecord): Generator<CallRecord> {
    for (let index = 0; index < peer.held.length; index += 1) {
      const call = this.#tables.calls.at(peer.held.callAt(index));
      if (call !== undefined) yield call;
    }
  }

  /** The head of the peer's queue was handed on; gives its charge back. The item is not to be used after this. */
  delivered(peer: PeerRecord, item: DeliveryItem): void {
    this.#deliveries.delivered(peer, item);
  }
}
