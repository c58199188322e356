/**
 * Nodes: what their owner sees (`MemoryNode`) and what the references lead to (`NodeTarget`).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { NodeName } from '../../broker/contract/introspection.js';
import { boundedLabel } from '../../broker/contract/labels.js';
import type { CapabilityNode, Handle, NodeOptions, Receiver } from '../../broker/contract/transport.js';
import type { CallTarget } from './call.js';
import { Notification } from './inbox.js';
import type { MemoryPeer } from './peer.js';
import { Target } from './target.js';

export class NodeTarget extends Target {
  override readonly isNode = true;
  readonly receiver: Receiver;
  readonly wantsCredentials: boolean;
  readonly messageBytesMax: number;
  /** Calls to this node that nobody has answered; they are lost with it (C12). */
  readonly calls = new Set<CallTarget>();
  /** How often the owner has given the node away; tells a stale `unused` from a true one (bus T3). */
  #transfers = 0;

  readonly label: string;
  /** Counts the nodes of its owner. */
  readonly serial: number;
  /** What the owner has of it. */
  object: MemoryNode | undefined = undefined;

  constructor(owner: MemoryPeer, receiver: Receiver, options: NodeOptions) {
    super(owner, false);
    this.receiver = receiver;
    this.wantsCredentials = options.credentials ?? false;
    this.messageBytesMax = options.messageBytesMax ?? Number.POSITIVE_INFINITY;
    this.label = boundedLabel(options.label);
    this.serial = owner.nextNode();
  }

  override get name(): NodeName {
    const { id, isServer } = this.owner.name;
    return { id: `${id}.${this.serial}`, label: this.label, object: isServer ? this.object : undefined };
  }

  override depart(from: MemoryPeer, to: MemoryPeer): void {
    if (from === this.owner) this.#transfers += 1;
    super.depart(from, to);
  }

  /** Ends the node in the transaction with this number. */
  end(sequence: number): void {
    this.announceEnd(sequence);
    for (const call of [...this.calls]) call.lose();
  }

  protected override unreferenced(): void {
    const transfers = this.#transfers;
    this.owner.world.witness.unused(this);
    this.owner.push(
      new Notification(() => {
        if (this.hasEnded || transfers !== this.#transfers) return;
        this.owner.guard(() => this.receiver.unused?.());
      }),
    );
  }
}

export class MemoryNode implements CapabilityNode {
  readonly kind = 'node';
  readonly target: NodeTarget;

  constructor(target: NodeTarget) {
    this.target = target;
    target.object = this;
  }

  get label(): string {
    return this.target.label;
  }

  get isDestroyed(): boolean {
    return this.target.hasEnded;
  }

  handle(): Handle {
    const { owner } = this.target;
    owner.demandHandle();
    return this.target.hold(owner, this.isDestroyed);
  }

  destroy(): void {
    if (this.isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    this.target.owner.destroy(this);
  }
}
