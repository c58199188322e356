/**
 * What the broker knows of one peer (bus P1, P4).
 */

import type { CallRecord } from './calls.js';
import { DeliveryQueue } from './delivery-queue.js';
import type { PeerNumber } from './handles.js';
import { HeldTable } from './held-table.js';
import type { IdArena } from './id-table.js';
import { NodeTable } from './node-table.js';
import type { Waiting } from './notices.js';

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

export class PeerRecord {
  readonly number: PeerNumber;
  readonly identity: PeerIdentity;
  readonly outlet: Outlet;
  readonly nodes: NodeTable;
  readonly held: HeldTable;
  readonly queue = new DeliveryQueue();
  /** Calls that wait for their reply, by the low 16 bits of the caller's tag. */
  readonly calls: (CallRecord | undefined)[] = [];
  callsOutstanding = 0;
  /** Calls that are lost and whose end the caller has not taken: they count as outstanding (bus Q6). */
  queuedLosses = 0;
  hasEnded = false;
  /** What its queue is charged with (quota.ts). */
  queuedBytes = 0;
  queuedMessages = 0;
  queuedDescriptors = 0;
  /** With what others, or the peer itself, were refused for want of room here, and wait to be told (bus Q5). */
  refused: Waiting | undefined = undefined;
  /** With what the peer itself was refused because too many of its calls are outstanding. */
  refusedCalls: Waiting | undefined = undefined;

  constructor(number: PeerNumber, ids: IdArena, identity: PeerIdentity, outlet: Outlet) {
    this.number = number;
    this.nodes = new NodeTable(ids);
    this.held = new HeldTable(ids);
    this.identity = identity;
    this.outlet = outlet;
  }
}
