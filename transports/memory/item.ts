/**
 * A message on its way to the owner of a node.
 */

import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Delivery } from '../../broker/contract/transport.js';
import { type CallTarget, MemoryReply } from './call.js';
import type { Cargo } from './cargo.js';
import { Item } from './inbox.js';
import type { NodeTarget } from './node.js';
import type { MemoryPeer } from './peer.js';

export class MessageItem extends Item {
  readonly share = 'messages';
  readonly byteLength: number;
  readonly descriptorCount: number;
  readonly from: MemoryPeer;
  readonly node: NodeTarget;
  readonly #cargo: Cargo;
  readonly #sequence: number;
  readonly #call: CallTarget | undefined;

  /** Owns the cargo, and the reference to the call if there is one. */
  constructor(
    from: MemoryPeer,
    node: NodeTarget,
    cargo: Cargo,
    sequence: number,
    call: CallTarget | undefined,
  ) {
    super();
    this.from = from;
    this.node = node;
    this.#cargo = cargo;
    this.#sequence = sequence;
    this.#call = call;
    this.byteLength = cargo.bytes.byteLength;
    this.descriptorCount = cargo.descriptors.length;
  }

  deliver(): void {
    const { owner, receiver, wantsCredentials } = this.node;
    const delivery: Delivery = {
      bytes: this.#cargo.bytes,
      handles: this.#cargo.unload(owner, this.#sequence),
      descriptors: this.#cargo.descriptors,
      sender: {
        account: this.from.account,
        credentials: wantsCredentials ? this.from.credentials : undefined,
      },
      reply: this.#call === undefined ? undefined : new MemoryReply(owner, this.#call),
      sequence: this.#sequence,
      revoke: refuseRevocation,
    };
    owner.offerRoom();
    owner.guard(() => receiver.message(delivery));
  }

  drop(): void {
    this.#cargo.drop(this.node.owner);
    this.#call?.waive(this.node.owner);
  }
}

function refuseRevocation(): void {
  throw new BrokerError(
    ErrorCode.Unsupported,
    'grants are taken back by destroying a node made for the grantee',
  );
}
