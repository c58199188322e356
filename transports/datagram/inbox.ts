/**
 * What a peer receives: datagrams into frames, frames into deliveries, answers and bookkeeping.
 *
 * There is no connection that could be closed for breaking the rules (C61): a datagram that is not sound is dropped as a whole, and
 * what shows the wrong secret has no effect. Text is not for this transport (sockets D5). What a peer that has closed, or a
 * node that is gone, cannot deliver is given back: the handles in it are released, and its call is lost.
 */
import type { BrokerError } from '../../broker/contract/errors.js';
import { peerHandlesMax } from '../../broker/contract/limits.js';
import type { Handle } from '../../broker/contract/transport.js';
import type { CallRing } from './calls.js';
import type { Contact } from './contact.js';
import type { Contacts } from './contacts.js';
import { DatagramDelivery } from './delivery.js';
import { type DatagramHandle, Hold, type Holder } from './hold.js';
import type { DatagramNode } from './node.js';
import { type Answerer, DatagramReply } from './reply.js';
import { isSameSecret } from './secrets.js';
import type { Target, Uses } from './use.js';
import {
  addressLength,
  callHeadBytes,
  FrameKind,
  frameBytesAt,
  grantEntryBytes,
  headerBytes,
  isDatagramSound,
  NoticeKind,
  noticeEntryBytes,
  readTransfer,
  secretBytes,
  TransferKind,
  type TransferView,
  transferEnd,
  transfersStart,
} from './wire.js';

/** What reading needs of the peer. */
export interface Reader extends Holder, Answerer {
  readonly isClosed: boolean;
  readonly endFault: BrokerError | undefined;
  readonly contacts: Contacts;
  readonly uses: Uses;
  readonly calls: CallRing;
  readonly nodes: ReadonlyMap<number, DatagramNode>;
  readonly greeter: { greet(bytes: Buffer, at: number): void; left(contact: Contact): void } | undefined;
  receiveHold(hold: Hold): DatagramHandle;
  findHold(bytes: Buffer, at: number): Hold | undefined;
  holdEnded(hold: Hold): void;
  cutOff(contact: Contact): void;
  guard(body: () => void): void;
}

const noHandles: readonly Handle[] = [];

/** A copy that does not keep the whole datagram. */
function copied(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes.subarray(at, at + secretBytes));
}

export class Inbox {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Takes a datagram, which is the inbox's for good. */
  receive(bytes: Buffer): void {
    if (!isDatagramSound(bytes)) return;
    for (let at = 0; at < bytes.length; ) {
      const end = at + frameBytesAt(bytes, at);
      this.#read(bytes, at, end);
      at = end;
    }
  }

  #read(bytes: Buffer, at: number, end: number): void {
    switch (bytes[at + 2]) {
      case FrameKind.Message:
        this.#readMessage(bytes, at, end);
        break;
      case FrameKind.Call:
        this.#readCall(bytes, at, end);
        break;
      case FrameKind.Answer:
        this.#readAnswer(bytes, at, end);
        break;
      case FrameKind.Grant:
        this.#readGrant(bytes, at, end);
        break;
      case FrameKind.Notice:
        this.#readNotices(bytes, at, end);
        break;
      default:
        this.#reader.greeter?.greet(bytes, at);
    }
  }

  #readMessage(bytes: Buffer, at: number, end: number): void {
    const node = this.#destination(bytes, at);
    if (node === undefined || this.#isTooLarge(node, bytes, at, end, FrameKind.Message)) {
      this.#discard(bytes, at, FrameKind.Message);
    } else this.#deliver(node, bytes, at, end, FrameKind.Message, undefined);
  }

  #readCall(bytes: Buffer, at: number, end: number): void {
    const reader = this.#reader;
    const caller = reader.contacts.read(bytes, at + callHeadBytes);
    const serial = bytes.readUInt32LE(at + 28);
    // Both what owes an answer and a notice that there is none may outlive the datagram by far.
    const secret = copied(bytes, at + 32);
    const node = this.#destination(bytes, at);
    if (
      node === undefined ||
      caller === undefined ||
      this.#isTooLarge(node, bytes, at, end, FrameKind.Call)
    ) {
      this.#discard(bytes, at, FrameKind.Call);
      if (caller !== undefined) reader.contacts.notify(caller, NoticeKind.Lost, serial, secret);
      return;
    }
    const reply = new DatagramReply(reader, node, caller, serial, secret);
    this.#deliver(node, bytes, at, end, FrameKind.Call, reply);
  }

  #readAnswer(bytes: Buffer, at: number, end: number): void {
    const call = this.#reader.calls.find(bytes.readUInt32LE(at + 8), bytes, at + 12);
    if (call === undefined) {
      this.#discard(bytes, at, FrameKind.Answer);
      return;
    }
    const start = this.#payloadStart(bytes, at, FrameKind.Answer);
    const handles = this.#takeHandles(bytes, at, FrameKind.Answer);
    call.answer({ bytes: bytes.subarray(start, end), handles, descriptors: [], sequence: 0 });
  }

  /** Whether the node takes no message of this length (C8). */
  #isTooLarge(node: DatagramNode, bytes: Buffer, at: number, end: number, kind: number): boolean {
    return end - this.#payloadStart(bytes, at, kind) > node.messageBytesMax;
  }

  /** The node that is addressed, if the secret is its own. */
  #destination(bytes: Buffer, at: number): DatagramNode | undefined {
    if (this.#reader.isClosed) return undefined;
    const node = this.#reader.nodes.get(bytes.readUInt32LE(at + 8));
    return node !== undefined && isSameSecret(node.secret, 0, bytes, at + 12) ? node : undefined;
  }

  #deliver(
    node: DatagramNode,
    bytes: Buffer,
    at: number,
    end: number,
    kind: number,
    reply: DatagramReply | undefined,
  ): void {
    const start = this.#payloadStart(bytes, at, kind);
    const handles = this.#takeHandles(bytes, at, kind);
    const delivery = new DatagramDelivery(bytes.subarray(start, end), handles, reply);
    try {
      node.receiver.message(delivery);
    } catch (error) {
      this.#reader.guard(() => {
        throw error;
      });
    }
  }

  #payloadStart(bytes: Buffer, at: number, kind: number): number {
    let start = transfersStart(bytes, at, kind);
    for (let left = bytes[at + 3] ?? 0; left > 0; left -= 1) start = transferEnd(bytes, start);
    return start;
  }

  /** A handle for each transfer. */
  #takeHandles(bytes: Buffer, at: number, kind: number): readonly Handle[] {
    const count = bytes[at + 3] ?? 0;
    if (count === 0) return noHandles;
    const handles: Handle[] = [];
    let start = transfersStart(bytes, at, kind);
    for (let left = count; left > 0; left -= 1) {
      handles.push(this.#takeHandle(bytes, readTransfer(bytes, start)));
      start = transferEnd(bytes, start);
    }
    return handles;
  }

  #takeHandle(bytes: Buffer, transfer: TransferView): Handle {
    const reader = this.#reader;
    const contact =
      transfer.kind === TransferKind.Gone ? undefined : reader.contacts.read(bytes, transfer.addressAt);
    if (contact === undefined || reader.handles >= peerHandlesMax) {
      if (contact !== undefined) this.#release(contact, bytes, transfer);
      return this.#gone();
    }
    if (contact === reader.contacts.self && transfer.kind !== TransferKind.Reply)
      return this.#home(bytes, transfer);
    const kind = transfer.kind === TransferKind.Reply ? 'reply' : 'node';
    const ticket = copied(bytes, transfer.ticketAt);
    const hold = new Hold(reader, contact, kind, transfer.number, copied(bytes, transfer.secretAt), ticket);
    // The owner that gives its own node away speaks to us in order. Somebody else's may be gone, and have said so before.
    if (transfer.kind !== TransferKind.Node) reader.contacts.notify(contact, NoticeKind.Watch, 0, ticket);
    return reader.receiveHold(hold);
  }

  /** A handle to an own node. */
  #home(bytes: Buffer, transfer: TransferView): Handle {
    const node = this.#reader.nodes.get(transfer.number);
    if (node === undefined || !isSameSecret(node.secret, 0, bytes, transfer.secretAt)) return this.#gone();
    return node.hold();
  }

  /** The place of a handle whose node is gone. */
  #gone(): Handle {
    const { self } = this.#reader.contacts;
    const hold = new Hold(this.#reader, self, 'node', 0, Buffer.alloc(secretBytes), undefined);
    hold.isGone = true;
    return this.#reader.receiveHold(hold);
  }

  /** Gives the handles of a frame back. */
  #discard(bytes: Buffer, at: number, kind: number): void {
    let start = transfersStart(bytes, at, kind);
    for (let left = bytes[at + 3] ?? 0; left > 0; left -= 1) {
      const transfer = readTransfer(bytes, start);
      start = transferEnd(bytes, start);
      if (transfer.kind === TransferKind.Gone) continue;
      const contact = this.#reader.contacts.read(bytes, transfer.addressAt);
      if (contact !== undefined) this.#release(contact, bytes, transfer);
    }
  }

  #release(contact: Contact, bytes: Buffer, transfer: TransferView): void {
    this.#reader.contacts.notify(contact, NoticeKind.Release, 0, copied(bytes, transfer.ticketAt));
  }

  /** Somebody who has a handle says who else gets one. */
  #readGrant(bytes: Buffer, at: number, end: number): void {
    const reader = this.#reader;
    const holder = reader.contacts.read(bytes, at + headerBytes);
    if (reader.isClosed || holder === undefined) return;
    const start = at + headerBytes + addressLength(bytes, at + headerBytes);
    for (let entry = start; entry < end; entry += grantEntryBytes) {
      const target = this.#target(bytes, entry);
      // If there is none, the new holder is told when it asks.
      if (target !== undefined) reader.uses.open(copied(bytes, entry + 24), target, holder, true);
    }
  }

  #target(bytes: Buffer, entry: number): Target | undefined {
    const number = bytes.readUInt32LE(entry + 4);
    if (bytes.readUInt32LE(entry) === TransferKind.Reply) {
      return this.#reader.calls.find(number, bytes, entry + 8);
    }
    const node = this.#reader.nodes.get(number);
    if (node === undefined || !isSameSecret(node.secret, 0, bytes, entry + 8)) return undefined;
    node.inUse();
    return node;
  }

  #readNotices(bytes: Buffer, at: number, end: number): void {
    const from = at + headerBytes;
    for (let entry = from + addressLength(bytes, from); entry < end; entry += noticeEntryBytes) {
      this.#readNotice(bytes, entry, from);
    }
  }

  #readNotice(bytes: Buffer, entry: number, from: number): void {
    const reader = this.#reader;
    const key = entry + 8;
    switch (bytes.readUInt32LE(entry)) {
      case NoticeKind.Release: {
        const use = reader.uses.find(bytes, key);
        if (use !== undefined) reader.uses.end(use);
        return;
      }
      case NoticeKind.Gone: {
        const hold = reader.findHold(bytes, key);
        if (hold !== undefined) reader.holdEnded(hold);
        return;
      }
      case NoticeKind.Lost:
        reader.calls.find(bytes.readUInt32LE(entry + 4), bytes, key)?.calleeGivesUp();
        return;
      case NoticeKind.Watch: {
        if (!reader.isClosed && reader.uses.find(bytes, key) !== undefined) return;
        const holder = reader.contacts.read(bytes, from);
        if (holder !== undefined) reader.contacts.notify(holder, NoticeKind.Gone, 0, copied(bytes, key));
        return;
      }
      default:
        this.#endSession(bytes, key, from);
    }
  }

  /** LEAVE or END, from the other side of the session. */
  #endSession(bytes: Buffer, key: number, from: number): void {
    const reader = this.#reader;
    const contact = reader.contacts.read(bytes, from);
    if (contact?.session === undefined || !isSameSecret(contact.session, 0, bytes, key)) return;
    reader.cutOff(contact);
    reader.greeter?.left(contact);
  }
}
