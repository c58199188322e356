/**
 * What the broker knows of one peer (bus P1, P4).
 */
import { DeliveryQueue } from './delivery-queue.js';
import { type CallRecord, type HandleRecord, HandleTable } from './handle-table.js';
import { type NodeRecord, NodeTable } from './node-table.js';

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
  readonly identity: PeerIdentity;
  readonly outlet: Outlet;
  readonly nodes = new NodeTable();
  readonly held = new HandleTable();
  readonly queue = new DeliveryQueue();
  /** Calls that wait for their reply, by the low 16 bits of the caller's tag. */
  readonly calls: (CallRecord | undefined)[] = [];
  callsOutstanding = 0;
  hasEnded = false;
  /** What its queue is charged with (quota.ts). */
  queuedBytes = 0;
  queuedMessages = 0;
  queuedDescriptors = 0;
  /** Handles of others, and own nodes, that were refused for want of room here. */
  refused: (HandleRecord | NodeRecord)[] = [];

  constructor(identity: PeerIdentity, outlet: Outlet) {
    this.identity = identity;
    this.outlet = outlet;
  }
}
