/**
 * Queueing of items and what follows from their delivery or loss. Charges are settled here and nowhere else.
 */
import { ErrorCode } from '../contract/errors.js';
import type { Flow } from './account.js';
import type { CallRecord } from './calls.js';
import { type DeliveryItem, ItemKind, ItemPool } from './delivery-queue.js';
import type { HandleNumber } from './handles.js';
import type { NodeNumber } from './nodes.js';
import {
  handleSubject,
  Notices,
  nodeSubject,
  noSubject,
  type Subject,
  subjectHandle,
  subjectNode,
} from './notices.js';
import type { OrderClock } from './order-clock.js';
import { noDescriptors, type Payload, PayloadPool } from './payload.js';
import type { PeerRecord } from './peer-record.js';
import type { Quota } from './quota.js';
import type { Tables } from './tables.js';
import { Watch } from './watch.js';

/** Closes descriptors that nobody will receive. */
export type DescriptorCloser = (descriptors: readonly number[]) => void;

export class Deliveries {
  readonly payloads = new PayloadPool();
  readonly watch = new Watch();
  readonly #items = new ItemPool();
  readonly #notices = new Notices();
  readonly #tables: Tables;
  readonly #clock: OrderClock;
  readonly #quota: Quota;
  readonly #closeDescriptors: DescriptorCloser;

  constructor(tables: Tables, clock: OrderClock, quota: Quota, closeDescriptors: DescriptorCloser) {
    this.#tables = tables;
    this.#clock = clock;
    this.#quota = quota;
    this.#closeDescriptors = closeDescriptors;
  }

  /** A message or an answer; the caller fills it in, with what it was charged, and pushes it. */
  carrying(kind: ItemKind, sequence: number, sender: PeerRecord, payload: Payload): DeliveryItem {
    const item = this.#items.take(kind, sequence);
    item.sender = sender;
    item.payload = payload;
    payload.references += 1;
    return item;
  }

  /** Gives back an item that is not pushed after all. */
  discard(item: DeliveryItem): void {
    const { payload } = item;
    this.#items.put(item);
    if (payload !== undefined) this.releasePayload(payload);
  }

  push(peer: PeerRecord, item: DeliveryItem): void {
    peer.queue.push(item);
    this.watch.queued(peer, item);
    if (item.payload !== undefined && peer.outlet.isBlocked) item.payload.own();
    peer.outlet.wake();
  }

  /** `node gone` to one holder (bus T1). */
  gone(handle: HandleNumber, sequence: number): void {
    const peer = this.#tables.holderOf(handle);
    if (peer.hasEnded) return;
    const item = this.#handleNotice(ItemKind.Gone, sequence, handle);
    this.#notices.of(item.subject).end = item;
    this.push(peer, item);
  }

  /** Nobody waits for this reply any more. */
  replyGone(call: CallRecord, sequence: number): void {
    const { holder } = call;
    if (holder === undefined || holder.hasEnded) return;
    const item = this.#notice(ItemKind.Gone, sequence, call.word, call.generation);
    item.call = call;
    call.goneItem = item;
    this.push(holder, item);
  }

  /** `reply lost` to a caller (bus M7); with a blame if it was for want of the caller's own room (bus M8). */
  lost(caller: PeerRecord, tag: number, sequence: number, blame = 0): void {
    if (caller.hasEnded) return;
    const item = this.#items.take(ItemKind.Lost, sequence);
    item.tag = tag;
    item.code = ErrorCode.ReplyLost;
    item.blame = blame;
    this.#quota.endQueued(caller);
    this.push(caller, item);
  }

  /** `node unused` to an owner; one that still waits is replaced, so that it stands where it became true last (bus T2). */
  unused(node: NodeNumber, sequence: number): void {
    this.cancelUnused(node);
    const owner = this.#tables.ownerOf(node);
    if (owner.hasEnded) return;
    const item = this.#nodeNotice(ItemKind.Unused, sequence, node);
    item.transfersSeen = this.#tables.nodes.transfers(node);
    this.#notices.of(item.subject).end = item;
    this.push(owner, item);
  }

  cancelUnused(node: NodeNumber): void {
    const item = this.#notices.find(nodeSubject(node))?.end;
    if (item !== undefined) this.#withdraw(this.#tables.ownerOf(node), item);
  }

  /** Takes back what waits for the holder about a handle that it no longer has. */
  cancelHandle(handle: HandleNumber): void {
    this.#cancel(handleSubject(handle), this.#tables.holderOf(handle));
  }

  /** Takes back what waits for the owner about a node that it destroys. */
  cancelNode(node: NodeNumber): void {
    this.#cancel(nodeSubject(node), this.#tables.ownerOf(node));
  }

  cancelCall(call: CallRecord): void {
    if (call.goneItem !== undefined && call.holder !== undefined) this.#withdraw(call.holder, call.goneItem);
  }

  /** One was refused through the flow for want of this; it will be told when to try again. `wanted` is what it asked for. */
  refused(flow: Flow, blame: number, wanted: number, subject: Subject): void {
    const notice = this.#notices.of(subject);
    // Its latest refusal is what one waits for.
    notice.waitsIn?.remove(subject);
    notice.waitsIn = this.#quota.wait(flow, blame, wanted, subject);
  }

  /** A caller was refused because it has too many calls. */
  refusedCall(caller: PeerRecord, subject: Subject): void {
    const notice = this.#notices.of(subject);
    notice.waitsIn?.remove(subject);
    notice.waitsIn = this.#quota.waitForCall(caller, subject);
  }

  /** Nobody waits for room at this peer any more: it has ended. */
  forgetRefused(peer: PeerRecord): void {
    for (const subject of this.#quota.takeWaiting(peer)) {
      const notice = this.#notices.of(subject);
      notice.waitsIn = undefined;
      this.#notices.settle(subject, notice);
    }
  }

  /** Tells those who were refused, and for whom there is room now (bus Q5). */
  tellReady(): void {
    const ready = this.#quota.takeReady();
    if (ready.length === 0) return;
    const tables = this.#tables;
    const sequence = this.#clock.next();
    for (const subject of ready) {
      const notice = this.#notices.of(subject);
      notice.waitsIn = undefined;
      const handle = subjectHandle(subject);
      const peer = handle === undefined ? tables.ownerOf(subjectNode(subject)) : tables.holderOf(handle);
      if (notice.writable !== undefined || peer.hasEnded) {
        this.#notices.settle(subject, notice);
        continue;
      }
      const item =
        handle === undefined
          ? this.#nodeNotice(ItemKind.Writable, sequence, subjectNode(subject))
          : this.#handleNotice(ItemKind.Writable, sequence, handle);
      notice.writable = item;
      this.push(peer, item);
    }
  }

  /** The head of the peer's queue was handed on. The item is not to be used after this. */
  delivered(peer: PeerRecord, item: DeliveryItem): void {
    const handle = item.kind === ItemKind.Gone ? subjectHandle(item.subject) : undefined;
    if (handle !== undefined) this.#tables.handles.announce(handle);
    this.#withdraw(peer, item);
  }

  /** Drops everything that waits for a peer that has ended (bus P3). */
  drop(peer: PeerRecord): void {
    for (let item = peer.queue.head; item !== undefined; item = peer.queue.head) this.#withdraw(peer, item);
  }

  /** One reference less; without any, descriptors that nobody took are closed. */
  releasePayload(payload: Payload): void {
    payload.references -= 1;
    if (payload.references > 0) return;
    if (payload.descriptors !== noDescriptors && payload.descriptors.length > 0) {
      this.#closeDescriptors(payload.descriptors);
    }
    this.payloads.put(payload);
  }

  #notice(kind: ItemKind, sequence: number, word: number, generation: number): DeliveryItem {
    const item = this.#items.take(kind, sequence);
    item.word = word;
    item.generation = generation;
    return item;
  }

  /** An item about a handle, to its holder. */
  #handleNotice(kind: ItemKind, sequence: number, handle: HandleNumber): DeliveryItem {
    const tables = this.#tables;
    const item = this.#notice(kind, sequence, tables.handleWord(handle), tables.handleGeneration(handle));
    item.subject = handleSubject(handle);
    return item;
  }

  /** An item about a live node, to its owner. */
  #nodeNotice(kind: ItemKind, sequence: number, node: NodeNumber): DeliveryItem {
    const tables = this.#tables;
    const item = this.#notice(kind, sequence, tables.nodeWord(node), tables.nodeGeneration(node));
    item.subject = nodeSubject(node);
    return item;
  }

  /** Takes back whatever waits about the subject, for the peer whose it is or by it. */
  #cancel(subject: Subject, peer: PeerRecord): void {
    const notice = this.#notices.find(subject);
    if (notice === undefined) return;
    notice.waitsIn?.remove(subject);
    notice.waitsIn = undefined;
    const { end, writable } = notice;
    if (end !== undefined) this.#withdraw(peer, end);
    if (writable !== undefined) this.#withdraw(peer, writable);
    this.#notices.settle(subject, notice);
  }

  #withdraw(peer: PeerRecord, item: DeliveryItem): void {
    peer.queue.remove(item);
    this.#quota.settle(peer, item);
    const { subject, call, payload } = item;
    if (subject !== noSubject) this.#forgetNotice(subject, item.kind);
    if (call !== undefined) call.goneItem = undefined;
    this.#items.put(item);
    if (payload !== undefined) this.releasePayload(payload);
  }

  #forgetNotice(subject: Subject, kind: ItemKind): void {
    const notice = this.#notices.of(subject);
    if (kind === ItemKind.Writable) notice.writable = undefined;
    else notice.end = undefined;
    this.#notices.settle(subject, notice);
  }
}
