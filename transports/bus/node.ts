/** A node of a client peer. */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { boundedLabel } from '../../broker/contract/labels.js';
import type { CapabilityNode, Receiver } from '../../broker/contract/transport.js';
import { BusHandle } from './handle.js';
import type { BusPeer } from './peer.js';
import { Target } from './target.js';

/** No `unused` that came too early waits for a refusal. */
const noneSeen = -1;

export class BusNode extends Target implements CapabilityNode {
  readonly kind = 'node';
  override readonly isRemote = false;
  readonly peer: BusPeer;
  readonly receiver: Receiver;
  readonly label: string;
  /** Transfers to others, modulo 2^32, those that were refused not counted (bus T3). */
  #transfers = 0;
  /** Of an `unused` that did not know of all transfers: how many it knew. */
  #transfersSeen = noneSeen;

  constructor(peer: BusPeer, word: number, generation: number, receiver: Receiver, label?: string) {
    super(word, generation);
    this.peer = peer;
    this.receiver = receiver;
    this.label = boundedLabel(label);
  }

  get isDestroyed(): boolean {
    return this.isGone;
  }

  handle(): BusHandle {
    if (this.isGone) throw new BrokerError(ErrorCode.Closed, 'the node is destroyed');
    return new BusHandle(this.peer, this);
  }

  destroy(): void {
    if (this.isGone) throw new BrokerError(ErrorCode.Closed, 'the node is destroyed');
    this.peer.destroy(this);
  }

  transferred(): void {
    this.#transfers = (this.#transfers + 1) >>> 0;
  }

  /** The message that carried it was refused. If that was the transfer an `unused` did not know of, it is true after all. */
  transferRefused(): void {
    this.#transfers = (this.#transfers - 1) >>> 0;
    if (this.#transfersSeen === this.#transfers) this.#tellUnused();
  }

  /** The broker says that no handle is left elsewhere; it did not know of a transfer that is under way (bus T3). */
  unused(transfersSeen: number): void {
    if (transfersSeen === this.#transfers) this.#tellUnused();
    else this.#transfersSeen = transfersSeen;
  }

  #tellUnused(): void {
    this.#transfersSeen = noneSeen;
    if (this.isGone) return;
    try {
      this.receiver.unused?.();
    } catch (error) {
      this.peer.fault(error);
    }
  }

  protected override abandoned(): void {
    // Own handles are no use of the node.
  }
}
