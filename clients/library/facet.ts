/**
 * Grants that can be taken back singly (bus N8).
 *
 * Where a transport can take back only a whole node, an owner makes a node for each grantee: the same object, a right of its own.
 * Who does not own the object but holds a handle to it makes a node that forwards. Taking the grant back destroys that node, and
 * nobody else's.
 *
 * A forwarding node passes on what it receives in the order in which it came, with handles, descriptors and calls; an answer comes
 * back the same way. What the object has no room for waits here, and what comes after it too; when too much waits, what comes next
 * is dropped and told (`onLost`). The object sees the forwarder as its caller: who wants to be seen itself asks the object's owner.
 */
import { closeSync } from 'node:fs';
import {
  BrokerError,
  type CapabilityNode,
  type Delivery,
  ErrorCode,
  type Handle,
  hasCode,
  limits,
  type Message,
  type NodeOptions,
  type Peer,
  type Receiver,
  type Reply,
} from '../../broker/contract/index.js';

/** Messages that wait in one forwarding node because the object has no room. */
export const facetQueueItemsMax = 1024;

export interface FacetOptions extends NodeOptions {
  /**
   * What the holder of this facet may do: called with each message that is to be forwarded; `false` drops it, and a call is lost to
   * its caller (`reply-lost`). Must not keep what it is shown. Default: everything. Only for a facet of a handle.
   */
  readonly allows?: (delivery: Delivery) => boolean;
  /** A message was accepted and could not be passed on. Default: it is dropped in silence; a call's caller learns it anyway. */
  readonly onLost?: (error: unknown) => void;
  /** How long the object may take to answer a forwarded call; default `limits.callDeadlineMs`. */
  readonly callDeadlineMs?: number;
}

export interface Facet {
  /** To be given to the grantee, among the handles of a message. */
  readonly node: CapabilityNode;
  readonly isRevoked: boolean;
  /** Takes the grant back: every handle to this facet is gone, and what waits in it is dropped. Idempotent. */
  revoke(): void;
}

/**
 * Makes a facet: of an own object (its receiver), or of somebody else's (a handle of this peer, which stays the caller's and may be
 * closed). It ends by `revoke`, with its peer, and when the object is gone. Throws what `createNode` and `clone` throw; then
 * nothing is left.
 */
export function facet(peer: Peer, of: Receiver | Handle, options: FacetOptions = {}): Facet {
  if (!('kind' in of)) return new OwnFacet(peer.createNode(of, options));
  const target = of.clone();
  try {
    return new ForwardingFacet(peer, target, options);
  } catch (error) {
    target.close();
    throw error;
  }
}

class OwnFacet implements Facet {
  readonly node: CapabilityNode;

  constructor(node: CapabilityNode) {
    this.node = node;
  }

  get isRevoked(): boolean {
    return this.node.isDestroyed;
  }

  revoke(): void {
    if (!this.node.isDestroyed) this.node.destroy();
  }
}

class ForwardingFacet implements Facet {
  readonly node: CapabilityNode;
  readonly #target: Handle;
  readonly #options: FacetOptions;
  /** In the order in which they came; the first is under way. */
  readonly #waiting: Delivery[] = [];

  constructor(peer: Peer, target: Handle, options: FacetOptions) {
    this.#target = target;
    this.#options = options;
    this.node = peer.createNode({ message: (delivery) => this.#received(delivery) }, options);
    void target.gone.then(() => this.revoke());
  }

  get isRevoked(): boolean {
    return this.node.isDestroyed;
  }

  revoke(): void {
    if (!this.node.isDestroyed) this.node.destroy();
    this.#target.close();
    for (const delivery of this.#waiting.splice(0)) drop(delivery);
  }

  #received(delivery: Delivery): void {
    if (this.#options.allows?.(delivery) === false) {
      drop(delivery);
    } else if (this.#waiting.length >= facetQueueItemsMax) {
      drop(delivery);
      this.#options.onLost?.(new BrokerError(ErrorCode.OverQuota, 'too much waits in a facet'));
    } else {
      this.#waiting.push(delivery);
      if (this.#waiting.length === 1) void this.#pump();
    }
  }

  /** One after the other: what is sent before its predecessor was accepted could overtake it if that is refused. */
  async #pump(): Promise<void> {
    for (let delivery = this.#waiting[0]; delivery !== undefined; delivery = this.#waiting[0]) {
      if (delivery.reply === undefined) await this.#send(delivery);
      else void this.#call(delivery, delivery.reply);
      // After a revocation nothing waits any more, and this one was dropped.
      if (this.#waiting[0] === delivery) this.#waiting.shift();
    }
  }

  async #send(delivery: Delivery): Promise<void> {
    for (;;) {
      try {
        await this.#target.send(contents(delivery));
        closeHandles(delivery);
        return;
      } catch (error) {
        if (this.isRevoked) return;
        // Descriptors are gone with the first try (C32).
        if (!hasCode(error, ErrorCode.OverQuota) || delivery.descriptors.length > 0) {
          closeHandles(delivery);
          this.#options.onLost?.(error);
          return;
        }
      }
      await this.#target.writable().catch(() => undefined);
      if (this.isRevoked) return;
    }
  }

  /** Not tried again when it is refused: what came after it is on its way already. */
  async #call(delivery: Delivery, reply: Reply): Promise<void> {
    const { callDeadlineMs = limits.callDeadlineMs } = this.#options;
    try {
      const answering = this.#target.call(contents(delivery), { deadlineMs: callDeadlineMs });
      closeHandles(delivery);
      const answer = await answering;
      try {
        reply.send(answer);
      } finally {
        closeHandles(answer);
      }
    } catch (error) {
      reply.close();
      if (!this.isRevoked) this.#options.onLost?.(error);
    }
  }
}

function contents({ bytes, handles, descriptors }: Delivery): Message {
  return { bytes, handles, descriptors };
}

function closeHandles(of: { readonly handles: readonly Handle[] }): void {
  for (const handle of of.handles) handle.close();
}

/** Gives back everything that came with a message. */
function drop(delivery: Delivery): void {
  closeHandles(delivery);
  for (const descriptor of delivery.descriptors) closeSync(descriptor);
  delivery.reply?.close();
}
