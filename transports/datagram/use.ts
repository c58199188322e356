/**
 * Uses: who has handles to what this peer offers.
 *
 * Whoever gives a handle away tells the node's owner first: this ticket, for that address (GRANT). The owner's queue is shared by all
 * senders, so nobody's RELEASE can come before the GRANT that it ends, and counting is all there is to it (sockets D2). A
 * handle in an undelivered message is counted from the GRANT on. What a peer had ends with it: the address is dead.
 *
 * The right to answer a call is given away in the same way, so a call is a target as well.
 */
import type { Contact } from './contact.js';
import { isSameSecret, ticketKey } from './secrets.js';

/** What a handle can lead to: a node, or a call that waits for its answer. */
export interface Target {
  readonly uses: Set<Use>;
  /** A use has ended, perhaps the last one. */
  useEnded(use: Use): void;
}

export class Use {
  readonly ticket: Buffer;
  readonly target: Target;
  readonly contact: Contact;
  /** The message that it was made for has been accepted, or it came by a GRANT. */
  isAccepted: boolean;

  constructor(ticket: Buffer, target: Target, contact: Contact, isAccepted: boolean) {
    this.ticket = ticket;
    this.target = target;
    this.contact = contact;
    this.isAccepted = isAccepted;
  }
}

/** Uses of one peer's targets that it keeps track of; what is beyond is treated as a handle to a node that is gone. */
const usesMax = 262_144;

/** All uses of what one peer offers. */
export class Uses {
  readonly #byKey = new Map<number, Use>();

  /** Opens a use; `undefined` if there can be none. The ticket is kept. */
  open(ticket: Buffer, target: Target, contact: Contact, isAccepted: boolean): Use | undefined {
    const key = ticketKey(ticket, 0);
    if (this.#byKey.has(key) || this.#byKey.size >= usesMax) return undefined;
    const use = new Use(ticket, target, contact, isAccepted);
    this.#byKey.set(key, use);
    target.uses.add(use);
    contact.uses.add(use);
    return use;
  }

  /** The use with the ticket at this place. */
  find(bytes: Buffer, at: number): Use | undefined {
    const use = this.#byKey.get(ticketKey(bytes, at));
    return use !== undefined && isSameSecret(use.ticket, 0, bytes, at) ? use : undefined;
  }

  /** Ends a use, and tells its target. */
  end(use: Use): void {
    if (this.forget(use)) use.target.useEnded(use);
  }

  /** Ends a use whose target has ended. False if it had ended before. */
  forget(use: Use): boolean {
    if (!this.#byKey.delete(ticketKey(use.ticket, 0))) return false;
    use.target.uses.delete(use);
    use.contact.uses.delete(use);
    return true;
  }
}
