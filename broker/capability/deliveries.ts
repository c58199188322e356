/**
 * Queueing of items and what follows from their delivery or loss. Charges are settled here and nowhere else.
 */
import { ErrorCode } from '../contract/errors.js';
import { type DeliveryItem, ItemKind, ItemPool } from './delivery-queue.js';
import { type CallRecord, HandleRecord } from './handle-table.js';
import type { NodeRecord } from './node-table.js';
import type { OrderClock } from './order-clock.js';
import { noDescriptors, type Payload, PayloadPool } from './payload.js';
import type { PeerRecord, Waiting } from './peer-record.js';
import { itemOverheadBytes, type Quota } from './quota.js';

/** Closes descriptors that nobody will receive. */
export type DescriptorCloser = (descriptors: readonly number[]) => void;

export class Deliveries {
  readonly payloads = new PayloadPool();
  readonly #items = new ItemPool();
  readonly #clock: OrderClock;
  readonly #quota: Quota;
  readonly #closeDescriptors: DescriptorCloser;

  constructor(clock: OrderClock, quota: Quota, closeDescriptors: DescriptorCloser) {
    this.#clock = clock;
    this.#quota = quota;
    this.#closeDescriptors = closeDescriptors;
  }

  /** A message or an answer that was charged; the caller fills it in and pushes it. */
  charged(kind: ItemKind, sequence: number, sender: PeerRecord, payload: Payload): DeliveryItem {
    const item = this.#items.take(kind, sequence);
    item.sender = sender;
    item.payload = payload;
    payload.references += 1;
    item.chargedBytes = payload.length + itemOverheadBytes;
    item.chargedDescriptors = payload.descriptors.length;
    return item;
  }

  push(peer: PeerRecord, item: DeliveryItem): void {
    peer.queue.push(item);
    if (item.payload !== undefined && peer.outlet.isBlocked) item.payload.own();
    peer.outlet.wake();
  }

  /** `node gone` to one holder (bus T1). */
  gone(handle: HandleRecord, sequence: number): void {
    if (handle.peer.hasEnded) return;
    const item = this.#notice(ItemKind.Gone, sequence, handle.word, handle.generation);
    item.handle = handle;
    handle.goneItem = item;
    this.push(handle.peer, item);
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

  /** `reply lost` to a caller (bus M7). */
  lost(caller: PeerRecord, tag: number, sequence: number): void {
    if (caller.hasEnded) return;
    const item = this.#items.take(ItemKind.Lost, sequence);
    item.tag = tag;
    item.code = ErrorCode.ReplyLost;
    caller.queuedLosses += 1;
    this.push(caller, item);
  }

  /** `node unused` to an owner; one that still waits is replaced, so that it stands where it became true last (bus T2). */
  unused(node: NodeRecord, sequence: number): void {
    this.cancelUnused(node);
    if (node.owner.hasEnded) return;
    const item = this.#notice(ItemKind.Unused, sequence, node.word, node.generation);
    item.transfersSeen = node.transfersSeen;
    item.node = node;
    node.unusedItem = item;
    this.push(node.owner, item);
  }

  cancelUnused(node: NodeRecord): void {
    if (node.unusedItem !== undefined) this.#withdraw(node.owner, node.unusedItem);
  }

  /** Takes back what waits for the holder about a handle that it no longer has. */
  cancelHandle(handle: HandleRecord): void {
    this.forgetRefused(handle);
    if (handle.goneItem !== undefined) this.#withdraw(handle.peer, handle.goneItem);
    if (handle.writableItem !== undefined) this.#withdraw(handle.peer, handle.writableItem);
  }

  cancelCall(call: CallRecord): void {
    if (call.goneItem !== undefined && call.holder !== undefined) this.#withdraw(call.holder, call.goneItem);
  }

  /** A sender was refused at `receiver` for want of room; it will be told when to try again. */
  refused(receiver: PeerRecord, target: HandleRecord | NodeRecord): void {
    wait(receiver.refused, target);
    this.tellRefused(receiver);
  }

  /** A caller was refused because too many of its calls are outstanding. */
  refusedCall(caller: PeerRecord, target: HandleRecord | NodeRecord): void {
    wait(caller.refusedCalls, target);
  }

  /** Nobody waits for room with this handle or node any more. */
  forgetRefused(target: HandleRecord | NodeRecord): void {
    target.waitsIn?.delete(target);
    target.waitsIn = undefined;
  }

  /** Tells those who were refused, if there is room again (bus Q5). */
  tellRefused(receiver: PeerRecord): void {
    if (receiver.refused.size > 0 && this.#quota.isWorthTrying(receiver)) this.#tell(receiver.refused);
    if (receiver.refusedCalls.size > 0 && this.#quota.isWorthCalling(receiver)) {
      this.#tell(receiver.refusedCalls);
    }
  }

  #tell(waiting: Waiting): void {
    const sequence = this.#clock.next();
    const targets = [...waiting];
    waiting.clear();
    for (const target of targets) {
      target.waitsIn = undefined;
      const peer = target instanceof HandleRecord ? target.peer : target.owner;
      if (target.writableItem !== undefined || peer.hasEnded) continue;
      const item = this.#notice(ItemKind.Writable, sequence, target.word, target.generation);
      if (target instanceof HandleRecord) item.handle = target;
      else item.node = target;
      target.writableItem = item;
      this.push(peer, item);
    }
  }

  /** The head of the peer's queue was handed on. The item is not to be used after this. */
  delivered(peer: PeerRecord, item: DeliveryItem): void {
    if (item.kind === ItemKind.Gone && item.handle !== undefined) item.handle.isAnnounced = true;
    this.#withdraw(peer, item);
    if (peer.refused.size > 0 || peer.refusedCalls.size > 0) this.tellRefused(peer);
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

  #withdraw(peer: PeerRecord, item: DeliveryItem): void {
    peer.queue.remove(item);
    this.#quota.settle(peer, item);
    if (item.kind === ItemKind.Lost) peer.queuedLosses -= 1;
    const { handle, node, call, payload } = item;
    if (handle !== undefined) {
      if (item === handle.goneItem) handle.goneItem = undefined;
      else handle.writableItem = undefined;
    }
    if (node !== undefined) {
      if (item === node.unusedItem) node.unusedItem = undefined;
      else node.writableItem = undefined;
    }
    if (call !== undefined) call.goneItem = undefined;
    this.#items.put(item);
    if (payload !== undefined) this.releasePayload(payload);
  }
}

/** A target that waits for one thing already is not worth trying before that. */
function wait(waiting: Waiting, target: HandleRecord | NodeRecord): void {
  if (target.waitsIn !== undefined) return;
  target.waitsIn = waiting;
  waiting.add(target);
}
