/**
 * Nodes: a number to find them by, a secret that gives the right to send, and the uses that others have.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { boundedLabel } from '../../broker/contract/labels.js';
import type { CapabilityNode, Handle, NodeOptions, Receiver } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import { DatagramHandle, Hold, type Holder } from './hold.js';
import type { Target, Use } from './use.js';

/** What a node asks of its peer. */
export interface NodeOwner extends Holder {
  /** The peer's own address. */
  readonly self: Contact;
  destroyed(node: DatagramNode): void;
  /** Runs a receiver's function; what it throws goes to `onError`. */
  guard(body: () => void): void;
}

export class DatagramNode implements CapabilityNode, Target {
  readonly kind = 'node';
  readonly label: string;
  readonly owner: NodeOwner;
  readonly number: number;
  readonly secret: Buffer;
  readonly receiver: Receiver;
  readonly messageBytesMax: number;
  readonly uses = new Set<Use>();
  /** The owner's own handles, those that came home included. */
  readonly own = new Set<Hold>();
  #isDestroyed = false;
  /** The last use that counted has ended while others were in the making. */
  #owesUnused = false;

  constructor(owner: NodeOwner, number: number, secret: Buffer, receiver: Receiver, options: NodeOptions) {
    this.owner = owner;
    this.number = number;
    this.secret = secret;
    this.receiver = receiver;
    this.label = boundedLabel(options.label);
    this.messageBytesMax = options.messageBytesMax ?? Number.POSITIVE_INFINITY;
  }

  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  handle(): Handle {
    this.owner.demandHandle();
    return this.hold();
  }

  /** A handle of the owner's own. */
  hold(): DatagramHandle {
    const hold = new Hold(this.owner, this.owner.self, 'node', this.number, this.secret, undefined);
    if (this.#isDestroyed) hold.isGone = true;
    else this.own.add(hold);
    return new DatagramHandle(hold);
  }

  destroy(): void {
    if (this.#isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    this.end();
    this.owner.destroyed(this);
  }

  /** The node, or its peer, has ended. */
  end(): void {
    this.#isDestroyed = true;
    for (const hold of this.own) hold.conclude();
    this.own.clear();
  }

  useEnded(use: Use): void {
    if (use.isAccepted) this.#owesUnused = true;
    if (this.uses.size > 0 || !this.#owesUnused || this.#isDestroyed) return;
    this.#owesUnused = false;
    this.owner.guard(() => this.receiver.unused?.());
  }

  /** The node was given away again. */
  inUse(): void {
    this.#owesUnused = false;
  }
}
