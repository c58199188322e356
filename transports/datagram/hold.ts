/**
 * What this peer holds: one *hold* for each handle that arrived, with as many handles of the program as it was cloned to.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Answer, CallOptions, GoneReason, Handle, Message } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import { isSameSecret } from './secrets.js';

/** What handles ask of their peer. */
export interface Holder {
  readonly endFault: BrokerError | undefined;
  handles: number;
  demandHandle(): void;
  send(handle: DatagramHandle, message: Message): Promise<number>;
  call(handle: DatagramHandle, message: Message, options: CallOptions): Promise<Answer>;
  /** Resolves when this contact may be sent to again. */
  room(contact: Contact): Promise<void>;
  /** The last handle of a hold was closed. */
  released(hold: Hold): void;
}

export class Hold {
  readonly holder: Holder;
  readonly contact: Contact;
  /** Leads to a node, or to a call that waits for its answer. */
  readonly kind: 'node' | 'reply';
  readonly number: number;
  readonly secret: Buffer;
  /** `undefined`: nobody counts it. It is the owner's own, or was gone when it came. */
  readonly ticket: Buffer | undefined;
  readonly handles = new Set<DatagramHandle>();
  isGone = false;
  /** A reply that was answered with. */
  isUsed = false;

  constructor(
    holder: Holder,
    contact: Contact,
    kind: 'node' | 'reply',
    number: number,
    secret: Buffer,
    ticket: Buffer | undefined,
  ) {
    this.holder = holder;
    this.contact = contact;
    this.kind = kind;
    this.number = number;
    this.secret = secret;
    this.ticket = ticket;
  }

  /** Whether both lead to one node. */
  isSame(other: Hold): boolean {
    if (this.contact.path !== other.contact.path || this.number !== other.number) return false;
    return isSameSecret(this.secret, 0, other.secret, 0);
  }

  /** The node is gone. */
  conclude(): void {
    if (this.isGone) return;
    this.isGone = true;
    for (const handle of this.handles) handle.conclude('node-gone');
  }

  /** The peer has ended. */
  end(reason: GoneReason): void {
    for (const handle of [...this.handles]) handle.release(reason);
  }
}

export class DatagramHandle implements Handle {
  readonly kind = 'handle';
  readonly hold: Hold;
  /** Who did not take the last message. */
  refusedBy: Contact | undefined;
  #isClosed = false;
  #reason: GoneReason | undefined;
  #gone: Promise<GoneReason> | undefined;
  #settle: ((reason: GoneReason) => void) | undefined;

  constructor(hold: Hold) {
    this.hold = hold;
    hold.handles.add(this);
    hold.holder.handles += 1;
    if (hold.isGone) this.#reason = 'node-gone';
  }

  get gone(): Promise<GoneReason> {
    this.#gone ??=
      this.#reason === undefined
        ? new Promise((resolve) => {
            this.#settle = resolve;
          })
        : Promise.resolve(this.#reason);
    return this.#gone;
  }

  get isGone(): boolean {
    return this.#reason !== undefined;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why nothing can be sent on it, or `undefined`. */
  get fault(): BrokerError | undefined {
    const { endFault } = this.hold.holder;
    if (endFault !== undefined) return endFault;
    if (this.#isClosed) return new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    if (this.hold.isUsed) return new BrokerError(ErrorCode.AlreadyReplied, 'the call was answered before');
    if (this.isGone) return new BrokerError(ErrorCode.NodeGone, 'the node is gone');
    return undefined;
  }

  send(message: Message): Promise<number> {
    return this.hold.holder.send(this, message);
  }

  call(message: Message, options: CallOptions = {}): Promise<Answer> {
    return this.hold.holder.call(this, message, options);
  }

  async writable(): Promise<void> {
    const by = this.refusedBy;
    if (by === undefined || this.#isClosed || this.isGone) return;
    this.refusedBy = undefined;
    await Promise.race([this.hold.holder.room(by), this.gone]);
  }

  clone(): Handle {
    if (this.#isClosed) throw new BrokerError(ErrorCode.Closed, 'the handle was closed before');
    this.hold.holder.demandHandle();
    return new DatagramHandle(this.hold);
  }

  async same(other: Handle): Promise<boolean> {
    if (!(other instanceof DatagramHandle) || other.hold.holder !== this.hold.holder) {
      throw new BrokerError(ErrorCode.InvalidArgument, 'the other is not a handle of this peer');
    }
    if (this.hold.kind === 'reply' || other.hold.kind === 'reply') {
      throw new BrokerError(ErrorCode.Unsupported, 'the right to answer a call leads to no node');
    }
    const fault = this.fault ?? other.fault;
    if (fault !== undefined) throw fault;
    return this.hold.isSame(other.hold);
  }

  close(): void {
    this.release('closed');
  }

  /** Closes it; `gone` resolves with this reason if nothing else has ended it before. */
  release(reason: GoneReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.conclude(reason);
    const { hold } = this;
    hold.handles.delete(this);
    hold.holder.handles -= 1;
    if (hold.handles.size === 0) hold.holder.released(hold);
  }

  /** Resolves `gone`. The first reason counts. */
  conclude(reason: GoneReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#settle?.(reason);
  }
}
