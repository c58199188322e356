/**
 * Limits on what waits for a receiver, and the one place where it is charged and given back.
 *
 * Charged to the receiver at acceptance, given back at delivery. A request is charged in all kinds or in none (bus Q4).
 * Notifications are not charged: there is at most one of a kind waiting for each handle, node and call.
 */
import * as limits from '../contract/limits.js';
import type { DeliveryItem } from './delivery-queue.js';
import type { PeerRecord } from './peer-record.js';

/** What an item costs beside its payload: its record and its ids. */
export const itemOverheadBytes = 64;

export interface CapabilityLimits {
  readonly queueBytesMax: number;
  readonly queueItemsMax: number;
  readonly descriptorsInFlightMax: number;
  readonly peerHandlesMax: number;
  readonly peerNodesMax: number;
  readonly callsOutstandingMax: number;
}

export class Quota {
  readonly #limits: CapabilityLimits;

  constructor(overrides: Partial<CapabilityLimits> = {}) {
    this.#limits = { ...limits, ...overrides };
  }

  get nodesMax(): number {
    return this.#limits.peerNodesMax;
  }

  /** Whether the caller may have one more call outstanding: one whose end it has not taken. Answers are charged as items. */
  admitsCall(caller: PeerRecord): boolean {
    return caller.callsOutstanding + caller.queuedLosses < this.#limits.callsOutstandingMax;
  }

  /** Whether a caller that was refused should try again. */
  isWorthCalling(caller: PeerRecord): boolean {
    return caller.callsOutstanding + caller.queuedLosses <= this.#limits.callsOutstandingMax / 2;
  }

  /**
   * Charges the receiver with one message; returns whether it was granted. `handles` is the most that the message may add
   * to what the receiver holds: since that is known for sure only when it is queued, the room is looked at but not taken.
   */
  charge(receiver: PeerRecord, bytes: number, handles: number, descriptors: number): boolean {
    const max = this.#limits;
    if (
      receiver.queuedBytes + bytes + itemOverheadBytes > max.queueBytesMax ||
      receiver.queuedMessages >= max.queueItemsMax ||
      receiver.queuedDescriptors + descriptors > max.descriptorsInFlightMax ||
      receiver.held.size + handles > max.peerHandlesMax
    ) {
      return false;
    }
    receiver.queuedBytes += bytes + itemOverheadBytes;
    receiver.queuedMessages += 1;
    receiver.queuedDescriptors += descriptors;
    return true;
  }

  /** Takes a charge back that was granted for a message which was then refused elsewhere. */
  refund(receiver: PeerRecord, bytes: number, descriptors: number): void {
    receiver.queuedBytes -= bytes + itemOverheadBytes;
    receiver.queuedMessages -= 1;
    receiver.queuedDescriptors -= descriptors;
  }

  /** Gives back what an item was charged with, when it leaves its queue. */
  settle(receiver: PeerRecord, item: DeliveryItem): void {
    if (item.chargedBytes === 0) return;
    receiver.queuedBytes -= item.chargedBytes;
    receiver.queuedMessages -= 1;
    receiver.queuedDescriptors -= item.chargedDescriptors;
  }

  /** Whether a sender that was refused here should try again: half of everything is free, so that it is worth it (bus Q5). */
  isWorthTrying(receiver: PeerRecord): boolean {
    const max = this.#limits;
    return (
      receiver.queuedBytes <= max.queueBytesMax / 2 &&
      receiver.queuedMessages <= max.queueItemsMax / 2 &&
      receiver.queuedDescriptors <= max.descriptorsInFlightMax / 2 &&
      (receiver.held.size + limits.messageHandlesMax < max.peerHandlesMax ||
        receiver.held.size <= max.peerHandlesMax / 2)
    );
  }
}
