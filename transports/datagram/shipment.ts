/**
 * The handles of one message on their way to one address.
 *
 * Before the message goes out, the owner of each node in it is told who gets a handle and by which ticket (GRANT); its own nodes the
 * sender counts itself. If any part is refused nothing was given away, and what was told is taken back.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Transferable } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import type { Contacts } from './contacts.js';
import { DatagramHandle } from './hold.js';
import { DatagramNode } from './node.js';
import { type Entry, type Parcel, posted, queued } from './outbox.js';
import { DatagramReply } from './reply.js';
import type { SecretSource } from './secrets.js';
import type { Use, Uses } from './use.js';
import {
  FrameKind,
  grantEntryBytes,
  headerBytes,
  NoticeKind,
  secretBytes,
  TransferKind,
  writeAddress,
  writeGoneTransfer,
  writeGrantEntry,
  writeHeader,
  writeTransfer,
} from './wire.js';

/** What a shipment needs of its peer. */
export interface Shipper {
  readonly contacts: Contacts;
  readonly uses: Uses;
  readonly secrets: SecretSource;
  /** Room for a GRANT. */
  readonly grantScratch: Buffer;
  nodeOf(handle: DatagramHandle): DatagramNode | undefined;
}

/** One entry of a GRANT. */
interface Grant {
  readonly owner: Contact;
  readonly isReply: boolean;
  readonly number: number;
  readonly secret: Buffer;
  readonly ticket: Buffer;
}

/** Stands where nobody counts: a handle that goes home. */
const noTicket = Buffer.alloc(secretBytes);

/** Why these cannot be sent by this peer, or `undefined`. */
export function transferFault(items: readonly Transferable[], from: Shipper): BrokerError | undefined {
  for (const item of items) {
    if (item instanceof DatagramNode && (item.owner as unknown) === from) continue;
    if (item instanceof DatagramHandle && (item.hold.holder as unknown) === from) {
      if (item.isClosed) return new BrokerError(ErrorCode.Closed, 'a handle in the message is closed');
      continue;
    }
    if (item instanceof DatagramReply && (item.answerer as unknown) === from) {
      if (item.isOpen) continue;
      return new BrokerError(ErrorCode.Closed, 'a reply in the message was used before');
    }
    return new BrokerError(ErrorCode.UnknownHandle, 'a handle in the message is not one of this peer');
  }
  return undefined;
}

export class Shipment implements Parcel {
  readonly #from: Shipper;
  readonly #to: Contact;
  readonly #uses: Use[] = [];
  readonly #grants: Grant[] = [];
  readonly #replies: DatagramReply[] = [];
  #outcome: Parcel | undefined;
  #entry: Entry | undefined;
  #isSettled = false;
  /** Whose full queue the whole was refused for. */
  refusedBy: Contact;

  constructor(from: Shipper, to: Contact) {
    this.#from = from;
    this.#to = to;
    this.refusedBy = to;
  }

  /** Writes the transfers; the offset behind them, or a negative number if there is no room to count them. */
  load(items: readonly Transferable[], bytes: Buffer, start: number): number {
    let at = start;
    for (const item of items) {
      at = this.#write(item, bytes, at);
      if (at < 0) {
        this.#undo();
        return at;
      }
    }
    return at;
  }

  /** Tells the owners, then sends the message: `posted`, `queued`, or an error code. */
  dispatch(bytes: Buffer, length: number): number {
    const { outbox } = this.#from.contacts;
    for (const reply of this.#replies) reply.lend();
    const result = this.#tellOwners();
    if (result > 0) {
      this.#undo();
      return result;
    }
    const sentAs = outbox.post(this.#to, bytes, length);
    if (sentAs === posted) {
      this.accepted();
    } else if (sentAs === queued) {
      this.#entry = outbox.last;
      outbox.attach(this);
    } else {
      this.refusedBy = this.#to;
      this.#undo();
    }
    return sentAs;
  }

  /** Says who waits for the outcome of what was queued. */
  attach(outcome: Parcel): void {
    this.#outcome = outcome;
  }

  accepted(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    for (const use of this.#uses) use.isAccepted = true;
    for (const reply of this.#replies) reply.surrender();
    this.#outcome?.accepted();
  }

  refused(code: ErrorCode): void {
    if (this.#isSettled) return;
    this.#undo();
    this.#outcome?.refused(code);
  }

  #write(item: Transferable, bytes: Buffer, at: number): number {
    if (item instanceof DatagramReply) {
      this.#replies.push(item);
      const ticket = this.#grant(item.caller, true, item.serial, item.secret);
      return writeTransfer(
        bytes,
        at,
        TransferKind.Reply,
        item.serial,
        item.secret,
        ticket,
        item.caller.address,
      );
    }
    if (item instanceof DatagramNode) return this.#writeNode(item, bytes, at);
    if (!(item instanceof DatagramHandle) || item.isGone || item.hold.isUsed)
      return writeGoneTransfer(bytes, at);
    const node = this.#from.nodeOf(item);
    return node === undefined ? this.#writeHandle(item, bytes, at) : this.#writeNode(node, bytes, at);
  }

  #writeNode(node: DatagramNode, bytes: Buffer, at: number): number {
    if (node.isDestroyed) return writeGoneTransfer(bytes, at);
    const { self } = this.#from.contacts;
    let ticket: Buffer = noTicket;
    if (this.#to !== self) {
      ticket = this.#from.secrets.make();
      const use = this.#from.uses.open(ticket, node, this.#to, false);
      if (use === undefined) return -1;
      node.inUse();
      this.#uses.push(use);
    }
    return writeTransfer(bytes, at, TransferKind.Node, node.number, node.secret, ticket, self.address);
  }

  #writeHandle(handle: DatagramHandle, bytes: Buffer, at: number): number {
    const { contact, kind, number, secret } = handle.hold;
    const isReply = kind === 'reply';
    const isHome = contact === this.#to && !isReply;
    const ticket = isHome ? noTicket : this.#grant(contact, isReply, number, secret);
    const transfer = isReply ? TransferKind.Reply : TransferKind.Handle;
    return writeTransfer(bytes, at, transfer, number, secret, ticket, contact.address);
  }

  #grant(owner: Contact, isReply: boolean, number: number, secret: Buffer): Buffer {
    const ticket = this.#from.secrets.make();
    this.#grants.push({ owner, isReply, number, secret, ticket });
    return ticket;
  }

  /** One GRANT for each owner. `posted` or `queued`, or the error code of the first that does not take it. */
  #tellOwners(): number {
    const { contacts, grantScratch } = this.#from;
    let result = posted;
    for (const owner of new Set(this.#grants.map((grant) => grant.owner))) {
      const entries = this.#grants.filter((grant) => grant.owner === owner);
      const start = writeAddress(grantScratch, headerBytes, this.#to.address);
      for (const [index, { isReply, number, secret, ticket }] of entries.entries()) {
        writeGrantEntry(grantScratch, start, index, isReply, number, secret, ticket);
      }
      const length = start + entries.length * grantEntryBytes;
      writeHeader(grantScratch, 0, FrameKind.Grant, entries.length, length);
      const code = contacts.outbox.post(owner, grantScratch, length);
      if (code === queued) {
        contacts.outbox.attach({ accepted: () => {}, refused: (why) => this.#ownerRefused(owner, why) });
        result = queued;
      } else if (code === ErrorCode.OverQuota) {
        this.refusedBy = owner;
        return code;
      }
      // An owner that is gone cannot be told, and its node is gone: the new holder will find out.
    }
    return result;
  }

  #ownerRefused(owner: Contact, code: ErrorCode): void {
    if (this.#isSettled || code !== ErrorCode.OverQuota) return;
    this.refusedBy = owner;
    if (this.#entry !== undefined) this.#from.contacts.outbox.cancel(this.#entry);
    this.refused(code);
  }

  /** Nothing was given away: takes back what was counted and told. */
  #undo(): void {
    this.#isSettled = true;
    for (const use of this.#uses) this.#from.uses.end(use);
    for (const { owner, ticket } of this.#grants) {
      this.#from.contacts.notify(owner, NoticeKind.Release, 0, ticket);
    }
    for (const reply of this.#replies) reply.takeBack();
  }
}
