/**
 * A node: whatever its owner attaches connections to (sockets S2).
 *
 * `unused` needs no count of ours for what is under way: a connection that was made for somebody and has not reached him is open
 * at this end, because the kernel keeps the other end inside the message. An attachment that another holder has asked for, and that
 * waits in the queue of its own connection, is read before the end-of-file of that connection (sockets S8).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { NodeName } from '../../broker/contract/introspection.js';
import { boundedLabel } from '../../broker/contract/labels.js';
import type { CapabilityNode, Handle, NodeOptions, Receiver } from '../../broker/contract/transport.js';
import { Attachment, type AttachmentOptions } from './attachment.js';
import { type Closable, closeAll, type PeerCore } from './core.js';
import { type LocalNode, SocketsHandle } from './handle.js';
import { NotedTokens } from './sameness.js';
import { createPair, makeOffer, type Offer, type Offering } from './transfer.js';
import * as wire from './wire.js';

export interface SocketsNodeOptions extends NodeOptions {
  /**
   * Whether messages to the node may bring descriptors; default true. Without them its holders cannot send handles either, nor clone
   * theirs or give it away, since a handle is a descriptor: it is refused to them with `unsupported` (sockets S12).
   */
  readonly descriptors?: boolean;
}

export class SocketsNode implements CapabilityNode, Offering, LocalNode, Closable {
  readonly kind = 'node';
  readonly receiver: Receiver;
  readonly wantsCredentials: boolean;
  readonly messageBytesMax: number;
  /** Whether messages to it may bring descriptors and handles (sockets S12). */
  readonly takesDescriptors: boolean;
  /** What holders have noted to find out whether two of their handles lead here. */
  readonly notedTokens = new NotedTokens();
  readonly label: string;
  readonly #core: PeerCore;
  readonly #ended: (node: SocketsNode) => void;
  readonly #attachments = new Set<Attachment>();
  /** Connections that are not the owner's own. */
  #uses = 0;
  #isDestroyed = false;
  #name: NodeName | undefined;

  constructor(
    core: PeerCore,
    receiver: Receiver,
    options: SocketsNodeOptions,
    ended: (node: SocketsNode) => void,
  ) {
    this.#core = core;
    this.receiver = receiver;
    this.wantsCredentials = options.credentials ?? false;
    this.takesDescriptors = options.descriptors ?? true;
    this.messageBytesMax = options.messageBytesMax ?? Number.POSITIVE_INFINITY;
    this.label = boundedLabel(options.label);
    this.#ended = ended;
    core.open.add(this);
  }

  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  get holder(): PeerCore {
    return this.#core;
  }

  /** What it is called where it is shown. */
  get name(): NodeName {
    this.#name ??= { id: `1.${this.#core.witness?.nextSerial() ?? 0}`, label: this.label, object: this };
    return this.#name;
  }

  /** How many connections lead here. */
  get connections(): number {
    return this.#attachments.size;
  }

  handle(): Handle {
    if (this.#isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    const pair = this.#attachPair(true);
    if (pair instanceof BrokerError) throw pair;
    return new SocketsHandle(this.#core, pair.far, { local: this });
  }

  destroy(): void {
    if (this.#isDestroyed) throw new BrokerError(ErrorCode.Closed, 'the node was destroyed before');
    this.#end(true);
  }

  closeWithPeer(): void {
    this.#end(false);
  }

  /** Ends all connections; with `isAnnounced` the holders learn that it was the node, not the peer. */
  #end(isAnnounced: boolean): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    for (const attachment of this.#attachments) attachment.end(isAnnounced);
    this.#attachments.clear();
    this.#uses = 0;
    this.#core.open.delete(this);
    this.#ended(this);
  }

  /** Takes the owner's end of a connection; throws, and has closed it, if it is none. */
  attach(descriptor: number, options: AttachmentOptions): Attachment {
    const attachment = new Attachment(this.#core, descriptor, options);
    this.join(attachment, options.isLocal ?? false);
    return attachment;
  }

  /** From now on this connection leads here. */
  join(attachment: Attachment, isLocal: boolean): void {
    attachment.lead(this, isLocal);
    this.#attachments.add(attachment);
    if (!isLocal) this.#uses += 1;
  }

  /** The connection has ended. `isSilent`: it was never anybody's, so its end tells the owner nothing. */
  leave(attachment: Attachment, isLocal: boolean, isSilent: boolean): void {
    if (!this.#attachments.delete(attachment) || isLocal) return;
    this.#uses -= 1;
    if (this.#uses > 0 || isSilent) return;
    this.#core.witness?.unused(this);
    if (this.receiver.unused === undefined) return;
    try {
      this.receiver.unused();
    } catch (error) {
      this.#core.fault(error);
    }
  }

  offerFault(): undefined {
    return undefined;
  }

  [makeOffer](): Offer | BrokerError {
    if (this.#isDestroyed) return { kind: wire.TransferKind.Gone, fence: 0, descriptor: -1 };
    const pair = this.#attachPair(false);
    if (pair instanceof BrokerError) return pair;
    const { attachment, far } = pair;
    return {
      kind: wire.TransferKind.Handle,
      fence: 0,
      descriptor: far,
      given: () => this.#core.witness?.offered(attachment),
      undo: () => {
        attachment.discard();
        closeAll(this.#core.system, [far]);
      },
    };
  }

  /**
   * A connection for somebody who says hello before he sends, and is welcomed; returns the holder's end. `ended` is called when
   * the connection is.
   */
  createConnection(ended: () => void): number | BrokerError {
    const pair = this.#attachPair(false, { isWelcomed: true, ended });
    return pair instanceof BrokerError ? pair : pair.far;
  }

  #attachPair(
    isLocal: boolean,
    options: AttachmentOptions = {},
  ): { attachment: Attachment; far: number } | BrokerError {
    const pair = createPair(this.#core.system);
    if (pair instanceof BrokerError) return pair;
    const [near, far] = pair;
    if (!this.takesDescriptors) this.#core.system.passRights(near, false);
    try {
      return { attachment: this.attach(near, { ...options, isLocal }), far };
    } catch (cause) {
      closeAll(this.#core.system, [far]);
      return new BrokerError(ErrorCode.OverQuota, 'the loop or the kernel has no place for one more', {
        cause,
      });
    }
  }
}
