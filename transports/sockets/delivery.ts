/**
 * A message that has arrived.
 */
import type { Delivery, Handle, Reply, Sender } from '../../broker/contract/transport.js';

/** The connection that a message came on. */
export interface Grant {
  revoke(): void;
}

export class SocketsDelivery implements Delivery {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[];
  readonly sender: Sender;
  readonly reply: Reply | undefined;
  readonly sequence = 0;
  readonly #grant: Grant;

  constructor(
    grant: Grant,
    bytes: Uint8Array,
    handles: readonly Handle[],
    descriptors: readonly number[],
    sender: Sender,
    reply: Reply | undefined,
  ) {
    this.#grant = grant;
    this.bytes = bytes;
    this.handles = handles;
    this.descriptors = descriptors;
    this.sender = sender;
    this.reply = reply;
  }

  revoke(): void {
    this.#grant.revoke();
  }
}
