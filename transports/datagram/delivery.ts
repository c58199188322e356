/**
 * A message that has arrived.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Delivery, Handle, Reply, Sender } from '../../broker/contract/transport.js';

/** All senders are alike: the package does not tell who they are (sockets D4). */
const unknownSender: Sender = { account: 0, credentials: undefined };
const none: readonly never[] = [];

export class DatagramDelivery implements Delivery {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[] = none;
  readonly sender = unknownSender;
  readonly reply: Reply | undefined;
  readonly sequence = 0;

  constructor(bytes: Uint8Array, handles: readonly Handle[], reply: Reply | undefined) {
    this.bytes = bytes;
    this.handles = handles;
    this.reply = reply;
  }

  revoke(): void {
    throw new BrokerError(
      ErrorCode.Unsupported,
      'grants are taken back by destroying a node made for the grantee',
    );
  }
}
