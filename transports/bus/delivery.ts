/** A message as its receiver sees it. */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Delivery, Handle, Reply, Sender } from '../../broker/contract/transport.js';

export class BusDelivery implements Delivery {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[];
  readonly sender: Sender;
  readonly reply: Reply | undefined;
  readonly sequence: number;

  constructor(
    bytes: Uint8Array,
    handles: readonly Handle[],
    descriptors: readonly number[],
    sender: Sender,
    reply: Reply | undefined,
    sequence: number,
  ) {
    this.bytes = bytes;
    this.handles = handles;
    this.descriptors = descriptors;
    this.sender = sender;
    this.reply = reply;
    this.sequence = sequence;
  }

  revoke(): void {
    throw new BrokerError(
      ErrorCode.Unsupported,
      'the bus takes no single grant back: make one node for each grantee, and destroy that (bus N8)',
    );
  }
}
