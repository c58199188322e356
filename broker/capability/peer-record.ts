/**
 * What the broker knows of one peer (bus P1, P4).
 */

import type { Account, Flow } from './account.js';
import { CallSlots } from './call-slots.js';
import { DeliveryQueue } from './delivery-queue.js';
import type { PeerNumber } from './handles.js';
import { HeldTable } from './held-table.js';
import type { IdArena } from './id-table.js';
import { NodeTable } from './node-table.js';
import type { Waiting, WaitingPlace } from './waiting.js';

/** How the core reaches whoever carries a peer's items away. */
export interface Outlet {
  /** Items cannot be carried away now, so a payload that is queued has to be copied. */
  readonly isBlocked: boolean;
  /** The queue has an item. Called from within an operation; must only take note of it. */
  wake(): void;
}

/** Whom the kernel says the peer is, and the account that its uid has on this broker. */
export interface PeerIdentity {
  readonly account: number;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export class PeerRecord implements WaitingPlace {
  /** The user whose room this peer lives in. */
  readonly user: Account;
  readonly number: PeerNumber;
  /** Counts the peers of this broker from 1, and is never used again. */
  readonly serial: number;
  readonly identity: PeerIdentity;
  readonly outlet: Outlet;
  readonly nodes: NodeTable;
  readonly held: HeldTable;
  readonly queue = new DeliveryQueue();
  /** Calls that wait for their reply, by the low 16 bits of the caller's tag. */
  readonly calls = new CallSlots();
  callsOutstanding = 0;
  /** Replies in its table, owed or given to it. */
  repliesOwed = 0;
  /** Messages, calls and answers that were queued for it, and that it has sent. */
  messagesIn = 0;
  messagesOut = 0;
  /** Ends of calls (answers and losses) that the caller has not taken: they count as outstanding (bus M8, Q6). */
  queuedEnds = 0;
  hasEnded = false;
  /** Entries of its table that are its own charge: not the undelivered ones, nor replies that it owes. */
  handlesHeld = 0;
  /** What waits for it, from all senders. */
  queuedBytes = 0;
  queuedMessages = 0;
  queuedDescriptors = 0;
  /** What it has under way to others, by receiver, and the flow that was used last. */
  readonly flows = new Map<PeerRecord, Flow>();
  lastFlow: Flow | undefined = undefined;
  /** From this number of flows on they are looked through for idle ones. */
  flowsKept = 0;
  /** The first of the flows to it. */
  flowsIn: Flow | undefined = undefined;
  /** Those with whom it was refused because it has too many calls. */
  callWaits: Waiting | undefined = undefined;

  constructor(
    number: PeerNumber,
    serial: number,
    ids: IdArena,
    user: Account,
    identity: PeerIdentity,
    outlet: Outlet,
  ) {
    this.user = user;
    this.number = number;
    this.serial = serial;
    this.nodes = new NodeTable(ids);
    this.held = new HeldTable(ids);
    this.identity = identity;
    this.outlet = outlet;
  }
  forget(waiting: Waiting): void {
    if (this.callWaits !== waiting) return;
    this.callWaits = undefined;
    this.user.callers.delete(this);
  }
}
