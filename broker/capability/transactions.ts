/**
 * The operations of peers, each one transaction: checked whole, then done whole, so that an error means that nothing
 * happened (bus M2, F4). An operation returns its sequence number, or a negative `ErrorCode`.
 */
import { blameOf, ErrorCode, QuotaHolder, QuotaKind } from '../contract/errors.js';
import type { Flow } from './account.js';
import type { CallNumber, CallRecord } from './calls.js';
import type { Deliveries } from './deliveries.js';
import { type DeliveryItem, ItemKind } from './delivery-queue.js';
import type { Effort } from './effort.js';
import { type HandleNumber, noHandle } from './handles.js';
import { bitsOf, handleBits, indexOf, newNodeBits, nodeBits, noGeneration, wordOf } from './ids.js';
import { type Lifecycle, tagSlotMask } from './lifecycle.js';
import { Marks } from './marks.js';

import { type NodeNumber, noNode } from './nodes.js';
import { handleSubject, nodeSubject, type Subject } from './notices.js';
import type { OrderClock } from './order-clock.js';
import { noDescriptors, type Payload } from './payload.js';
import type { PeerRecord } from './peer-record.js';
import { itemOverheadBytes, type Quota } from './quota.js';
import type { Submission } from './submission.js';
import type { Tables } from './tables.js';

/** What a transfer stands for: a node (own or held), a call as the negative of its number, or nothing any more (0). */
type Transferred = number;

export class Transactions {
  readonly #tables: Tables;
  readonly #clock: OrderClock;
  readonly #quota: Quota;
  readonly #deliveries: Deliveries;
  readonly #lifecycle: Lifecycle;
  readonly #effort: Effort;
  readonly #marks = new Marks();
  /** Of the operation under way, by position: what the destinations and the transfers stand for. */
  readonly #targets: NodeNumber[] = [];
  /** `noHandle` where the destination is an own node. */
  readonly #handles: HandleNumber[] = [];
  readonly #flows: Flow[] = [];
  readonly #transferred: Transferred[] = [];
  /** Indexes of the nodes that it makes, as far as it was looked at. */
  readonly #created: number[] = [];

  constructor(
    tables: Tables,
    clock: OrderClock,
    quota: Quota,
    deliveries: Deliveries,
    lifecycle: Lifecycle,
    effort: Effort,
  ) {
    this.#effort = effort;
    this.#tables = tables;
    this.#clock = clock;
    this.#quota = quota;
    this.#deliveries = deliveries;
    this.#lifecycle = lifecycle;
  }

  /** A message or a call to one or more nodes (bus M1–M7). */
  send(sender: PeerRecord, submission: Submission): number {
    const payload = this.#deliveries.payloads.take(
      submission.source,
      submission.offset,
      submission.length,
      submission.descriptors,
      submission.sealedBytes ?? 0,
    );
    payload.references = 1;
    submission.descriptors = noDescriptors;
    submission.blame = 0;
    const code =
      this.#resolveDestinations(sender, submission) ||
      this.#resolveTransfers(sender, submission, submission.destinationCount) ||
      this.#checkCall(sender, submission) ||
      this.#charge(sender, submission, payload);
    const result = code === 0 ? this.#commit(sender, submission, payload) : -code;
    if (code !== 0) this.#refused(sender, submission, code, false, payload);
    this.#deliveries.releasePayload(payload);
    return result;
  }

  /** The answer to a call; the reply's id is the one destination. If nobody waits any more, it is dropped in silence. */
  reply(sender: PeerRecord, submission: Submission): number {
    const { payloads } = this.#deliveries;
    const payload = payloads.take(
      submission.source,
      submission.offset,
      submission.length,
      submission.descriptors,
      submission.sealedBytes ?? 0,
    );
    payload.references = 1;
    submission.descriptors = noDescriptors;
    submission.blame = 0;
    const call = this.#findCall(sender, submission.destinations[0] ?? 0, submission.destinations[1] ?? 0);
    const code =
      call === undefined ? ErrorCode.UnknownHandle : this.#resolveTransfers(sender, submission, 1, call);
    const result = code === 0 && call !== undefined ? this.#answer(sender, call, submission, payload) : -code;
    if (code !== 0) this.#refused(sender, submission, code, true, payload);
    this.#deliveries.releasePayload(payload);
    return result;
  }

  #refused(
    sender: PeerRecord,
    submission: Submission,
    code: number,
    isAnswer: boolean,
    payload: Payload,
  ): void {
    const { watch } = this.#deliveries;
    watch.refuse(code);
    watch.watcher?.refused(sender, submission, code, isAnswer, payload.descriptors.length);
  }

  /** Makes a node with an id of the owner's choice (bus N1, N2). `bytesMax`: the longest message that it takes, plus one; 0 for any. */
  create(
    owner: PeerRecord,
    word: number,
    generation: number,
    showsCredentials: boolean,
    bytesMax: number,
  ): number {
    if (bitsOf(word) !== nodeBits) return -ErrorCode.InvalidArgument;
    this.#created.length = 0;
    const code = this.#checkFresh(owner, word, generation, 0);
    if (code !== 0) return -code;
    this.#lifecycle.createNode(owner, indexOf(word), generation, showsCredentials, bytesMax);
    return this.#clock.next();
  }

  /** Destroys own nodes, all or none (bus N7). `ids` has `count` pairs. */
  destroy(owner: PeerRecord, ids: Uint32Array, count: number): number {
    this.#marks.begin();
    this.#effort.steps += count;
    for (let at = 0; at < count; at += 1) {
      const node = owner.nodes.find(ids[2 * at] ?? 0, ids[2 * at + 1] ?? 0);
      if (node === noNode) return -ErrorCode.UnknownHandle;
      if (!this.#marks.add(node)) return -ErrorCode.InvalidArgument;
      this.#targets[at] = node;
    }
    const sequence = this.#clock.next();
    for (let at = 0; at < count; at += 1) this.#lifecycle.destroyNode(this.#target(at), sequence);
    return sequence;
  }

  /** Gives back handles and replies, all or none (bus N3). `entries` has `count` triples of word, generation and how many. */
  release(holder: PeerRecord, entries: Uint32Array, count: number): number {
    this.#marks.begin();
    this.#effort.steps += count;
    for (let at = 0; at < count; at += 1) {
      const word = entries[3 * at] ?? 0;
      const held = this.#countHeld(holder, word, entries[3 * at + 1] ?? 0);
      const times = entries[3 * at + 2] ?? 0;
      if (held === 0) return -ErrorCode.UnknownHandle;
      if (times < 1 || times > held) return -ErrorCode.InvalidArgument;
      // The holder has no other live id with this word.
      if (!this.#marks.add(word)) return -ErrorCode.InvalidArgument;
    }
    const sequence = this.#clock.next();
    for (let at = 0; at < count; at += 1) {
      const [word = 0, generation = 0] = [entries[3 * at], entries[3 * at + 1]];
      const handle = holder.held.findHandle(word, generation);
      if (handle !== noHandle) this.#lifecycle.releaseHandle(handle, entries[3 * at + 2] ?? 0, sequence);
      const call = this.#findCall(holder, word, generation);
      if (call !== undefined) {
        this.#lifecycle.loseCall(call, sequence);
        this.#lifecycle.freeCall(call);
      }
    }
    return sequence;
  }

  /** The caller stops waiting. A call that has ended already (the answer is under way to the caller) is no error. */
  withdraw(caller: PeerRecord, tag: number): number {
    const call = caller.calls.get(tag & tagSlotMask);
    const sequence = this.#clock.next();
    if (call !== undefined && call.tag === tag) this.#lifecycle.withdrawCall(call, sequence);
    return sequence;
  }

  #target(at: number): NodeNumber {
    return this.#targets[at] as NodeNumber;
  }

  /** What the sender named as a destination. */
  #subject(at: number): Subject {
    const handle = this.#handles[at] as HandleNumber;
    return handle === noHandle ? nodeSubject(this.#target(at)) : handleSubject(handle);
  }

  #findCall(holder: PeerRecord, word: number, generation: number): CallRecord | undefined {
    return this.#tables.calls.at(holder.held.findCall(word, generation));
  }

  /** A call that stands among the transferred. */
  #transferredCall(thing: Transferred): CallRecord | undefined {
    return thing < 0 ? this.#tables.calls.at(-thing as CallNumber) : undefined;
  }

  /** How often the peer may give this id back; 0 if it does not hold it. */
  #countHeld(holder: PeerRecord, word: number, generation: number): number {
    const handle = holder.held.findHandle(word, generation);
    if (handle !== noHandle) return this.#tables.handles.count(handle);
    return this.#findCall(holder, word, generation) === undefined ? 0 : 1;
  }

  #resolveDestinations(sender: PeerRecord, submission: Submission): number {
    const { handles, nodes } = this.#tables;
    const { destinations, destinationCount, outcomes } = submission;
    const bytes = submission.sealedBytes || submission.length;
    this.#effort.steps += destinationCount;
    if (destinationCount > 1) this.#marks.begin();
    for (let at = 0; at < destinationCount; at += 1) {
      submission.refusedAt = at;
      const word = destinations[2 * at] as number;
      const generation = destinations[2 * at + 1] as number;
      const handle = sender.held.findHandle(word, generation);
      const node = handle === noHandle ? sender.nodes.find(word, generation) : handles.node(handle);
      if (node === noNode) return ErrorCode.UnknownHandle;
      if (destinationCount > 1 && !this.#marks.add(node)) return ErrorCode.InvalidArgument;
      outcomes[at] = 0;
      if (handle !== noHandle && handles.isAnnounced(handle)) {
        if (!submission.isPartial) return ErrorCode.NodeGone;
        outcomes[at] = ErrorCode.NodeGone;
      } else if (!nodes.takes(node, bytes)) {
        if (!submission.isPartial) return ErrorCode.TooLarge;
        outcomes[at] = ErrorCode.TooLarge;
      }
      this.#targets[at] = node;
      this.#handles[at] = handle;
    }
    return 0;
  }

  #resolveTransfers(
    sender: PeerRecord,
    submission: Submission,
    destinationCount: number,
    answered?: CallRecord,
  ): number {
    const { transfers, transferCount } = submission;
    const created = this.#created;
    created.length = 0;
    let ids = 0;
    this.#effort.steps += transferCount;
    for (let at = 0; at < transferCount; at += 1) {
      submission.refusedAt = at;
      const word = transfers[2 * at] ?? 0;
      const generation = transfers[2 * at + 1] ?? 0;
      let thing: Transferred = 0;
      if (word === 0 && generation === noGeneration) {
        // A handle that was invalid already.
      } else if (bitsOf(word) === newNodeBits) {
        const code = this.#checkFresh(sender, word, generation, ids);
        if (code === ErrorCode.OverQuota) submission.blame = blameOf(QuotaKind.Nodes, QuotaHolder.Own);
        if (code !== 0) return code;
        if (isPlaceRepeated(transfers, at)) return ErrorCode.InvalidArgument;
        ids += sender.nodes.roomFor(indexOf(word), created);
        created.push(indexOf(word));
      } else {
        const call = this.#findCall(sender, word, generation);
        if (call !== undefined) {
          // The right to answer is one: it cannot go to two places, nor into its own answer.
          if (destinationCount !== 1 || call === answered || isRepeated(transfers, at)) {
            return ErrorCode.InvalidArgument;
          }
          thing = -call.number;
        } else thing = this.#findNode(sender, word, generation);
        if (thing === 0) return ErrorCode.UnknownHandle;
      }
      this.#transferred[at] = thing;
    }
    return 0;
  }

  /** The node that an id of the peer's stands for, own or held. */
  #findNode(peer: PeerRecord, word: number, generation: number): NodeNumber {
    if (bitsOf(word) !== handleBits) return peer.nodes.find(word, generation);
    const handle = peer.held.findHandle(word, generation);
    return handle === noHandle ? noNode : this.#tables.handles.node(handle);
  }

  /** The nodes in `#created`, for which `alsoIds` are kept, are made by the same message. */
  #checkFresh(owner: PeerRecord, word: number, generation: number, alsoIds: number): number {
    if (this.#quota.nodeShortage(owner, this.#created.length + 1) !== 0) return ErrorCode.OverQuota;
    const index = indexOf(word);
    if (index >= this.#quota.limits.peerNodesMax) return ErrorCode.InvalidArgument;
    const ids = owner.nodes.roomFor(index, this.#created);
    if (ids > 0 && this.#quota.idShortage(owner, alsoIds + ids) !== 0) return ErrorCode.OverQuota;
    return owner.nodes.isFresh(index, generation) ? 0 : ErrorCode.InvalidArgument;
  }

  #checkCall(sender: PeerRecord, submission: Submission): number {
    const { tag } = submission;
    if (tag === 0) return 0;
    if (submission.destinationCount !== 1) return ErrorCode.InvalidArgument;
    if (sender.calls.get(tag & tagSlotMask) !== undefined) return ErrorCode.InvalidArgument;
    const blame = this.#quota.callShortage(sender);
    if (blame === 0) return 0;
    submission.refusedAt = 0;
    submission.blame = blame;
    this.#deliveries.refusedCall(sender, this.#subject(0));
    return ErrorCode.OverQuota;
  }

  #flow(at: number): Flow {
    return this.#flows[at] as Flow;
  }

  /** Charges all receivers, or none unless partial (bus M2, Q4). */
  #charge(sender: PeerRecord, submission: Submission, payload: Payload): number {
    const tables = this.#tables;
    const { destinationCount, outcomes, transferCount, isPartial, tag } = submission;
    const replies = tag === 0 ? 0 : 1;
    const descriptors = payload.descriptors.length;
    for (let at = 0; at < destinationCount; at += 1) {
      const node = this.#target(at);
      // Whoever gets nothing is charged with nothing: nobody would give it back.
      if (outcomes[at] !== 0 || !tables.nodes.isLive(node)) continue;
      const owner = tables.ownerOf(node);
      const flow = this.#quota.flow(sender, owner);
      this.#flows[at] = flow;
      const isFull = transferCount > 0 && tables.handles.hasFull && this.#hasFull(owner, transferCount);
      const blame = isFull
        ? blameOf(QuotaKind.Handles, QuotaHolder.Receiver)
        : this.#quota.charge(flow, payload.chargedBytes, transferCount, replies, descriptors);
      if (blame === 0) continue;
      outcomes[at] = ErrorCode.OverQuota | (blame << 8);
      if (isPartial) this.#deliveries.watch.refuse(ErrorCode.OverQuota);
      else {
        submission.refusedAt = at;
        submission.blame = blame;
        this.#refund(at, payload.chargedBytes, transferCount, replies, descriptors);
      }
      const wanted = wantedOf(blame, payload.chargedBytes, transferCount + replies, descriptors);
      this.#deliveries.refused(flow, blame, wanted, this.#subject(at));
      if (!isPartial) return ErrorCode.OverQuota;
    }
    return 0;
  }

  /** Whether the receiver has had one of the transferred nodes as often as its count allows for (bus N3, Q4). */
  #hasFull(receiver: PeerRecord, count: number): boolean {
    const { handles } = this.#tables;
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at] as Transferred;
      if (thing <= 0) continue;
      const handle = handles.find(thing as NodeNumber, receiver.number);
      if (handle !== noHandle && handles.isFull(handle)) return true;
    }
    return false;
  }

  /** Takes back what the destinations before this one were charged with. */
  #refund(end: number, bytes: number, transfers: number, replies: number, descriptors: number): void {
    for (let at = 0; at < end; at += 1) {
      if (!this.#tables.nodes.isLive(this.#target(at))) continue;
      this.#quota.refund(this.#flow(at), bytes, transfers, replies, descriptors);
    }
  }

  #commit(sender: PeerRecord, submission: Submission, payload: Payload): number {
    const tables = this.#tables;
    const { nodes } = tables;
    const sequence = this.#clock.next();
    const { destinationCount, outcomes, transferCount, tag } = submission;
    if (transferCount > 0) this.#createTransferred(sender, submission);
    let isOutward = false;
    let isDropped = false;
    for (let at = 0; at < destinationCount; at += 1) {
      const node = this.#target(at);
      const handle = this.#handles[at] as HandleNumber;
      if (handle !== noHandle) isOutward = true;
      if (outcomes[at] !== 0) {
        isDropped = true;
        continue;
      }
      if (handle !== noHandle) tables.handles.use(handle);
      if (!nodes.isLive(node)) {
        isDropped = true;
        continue;
      }
      const owner = tables.ownerOf(node);
      const flow = this.#flow(at);
      const item = this.#deliveries.carrying(ItemKind.Message, sequence, sender, payload);
      item.flow = flow;
      item.chargedBytes = payload.chargedBytes + itemOverheadBytes;
      item.chargedHandles = transferCount;
      item.chargedDescriptors = payload.descriptors.length;
      const place = nodes.place(node);
      item.word = wordOf(place, nodeBits);
      item.generation = owner.nodes.generation(place);
      item.showsCredentials = nodes.showsCredentials(node);
      if (tag !== 0) {
        const call = this.#lifecycle.createCall(sender, tag, node, flow);
        item.replyWord = call.word;
        item.replyGeneration = call.generation;
      }
      if (transferCount > 0) this.#grantAll(owner, item, transferCount);
      this.#deliveries.push(owner, item);
    }
    if (isDropped) this.#loseDropped(sender, submission, sequence);
    if (transferCount > 0) this.#countTransfers(sender, transferCount, isOutward, sequence);
    return sequence;
  }

  #answer(sender: PeerRecord, call: CallRecord, submission: Submission, payload: Payload): number {
    const sequence = this.#clock.next();
    const { transferCount } = submission;
    if (transferCount > 0) this.#createTransferred(sender, submission);
    const { caller } = call;
    let item: DeliveryItem | undefined;
    let blame = 0;
    if (caller !== undefined) {
      item = this.#deliveries.carrying(ItemKind.Answer, sequence, sender, payload);
      blame = this.#chargeAnswer(caller, item, transferCount, payload);
    }
    if (caller !== undefined && item !== undefined && blame === 0) {
      item.tag = call.tag;
      if (transferCount > 0) this.#grantAll(caller, item, transferCount);
      this.#lifecycle.detachCall(call);
      this.#quota.endQueued(caller);
      this.#deliveries.push(caller, item);
    } else {
      if (item !== undefined) this.#deliveries.discard(item);
      this.#lifecycle.loseCall(call, sequence, blame);
      if (transferCount > 0) this.#loseTransferred(transferCount, sequence);
    }
    this.#lifecycle.freeCall(call);
    if (transferCount > 0) this.#countTransfers(sender, transferCount, true, sequence);
    return sequence;
  }

  /** Charges an answer to the caller's own room, as far as the call has not reserved it (bus M8). Returns 0, or the blame. */
  #chargeAnswer(caller: PeerRecord, item: DeliveryItem, transfers: number, payload: Payload): number {
    const excess = this.#quota.answerExcess(payload.chargedBytes);
    const descriptors = payload.descriptors.length;
    if (transfers > 0 && this.#tables.handles.hasFull && this.#hasFull(caller, transfers)) {
      return blameOf(QuotaKind.Handles, QuotaHolder.Own);
    }
    if (excess === 0 && transfers === 0 && descriptors === 0) return 0;
    const flow = this.#quota.flow(caller, caller);
    const blame = this.#quota.chargeAnswer(flow, excess, transfers, descriptors);
    if (blame !== 0) return blame;
    item.flow = flow;
    item.chargedBytes = excess;
    item.chargedHandles = transfers;
    item.chargedDescriptors = descriptors;
    return 0;
  }

  /** Makes the nodes that the transfers name as new; all checks have passed. */
  #createTransferred(sender: PeerRecord, submission: Submission): void {
    const { transfers, transferCount } = submission;
    for (let at = 0; at < transferCount; at += 1) {
      const word = transfers[2 * at] ?? 0;
      if (bitsOf(word) !== newNodeBits) continue;
      const generation = transfers[2 * at + 1] ?? 0;
      this.#transferred[at] = this.#lifecycle.createNode(sender, indexOf(word), generation, false);
    }
  }

  /** Puts the transferred things into the item, as ids of the receiver's own (bus M3, M4, N4). */
  #grantAll(receiver: PeerRecord, item: DeliveryItem, count: number): void {
    const tables = this.#tables;
    const ids: number[] = [];
    this.#effort.steps += count;
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at] as Transferred;
      const call = this.#transferredCall(thing);
      if (call !== undefined && call.caller !== undefined) {
        this.#lifecycle.moveCall(call, receiver);
        item.newHandles += 1;
        ids.push(call.word, call.generation);
      } else if (call === undefined && thing !== 0 && tables.nodes.isLive(thing as NodeNumber)) {
        const node = thing as NodeNumber;
        if (tables.nodes.owner(node) === receiver.number) {
          ids.push(tables.nodeWord(node), tables.nodeGeneration(node));
        } else {
          const held = receiver.held.size;
          const handle = this.#lifecycle.grant(node, receiver, item.sequence);
          item.newHandles += receiver.held.size - held;
          ids.push(tables.handleWord(handle), tables.handleGeneration(handle));
        }
      } else {
        if (call !== undefined) this.#lifecycle.freeCall(call);
        ids.push(0, noGeneration);
      }
    }
    item.handles = ids;
  }

  /**
   * A destination gets nothing: it is gone, though the sender was not told yet, and the message is accepted and dropped (bus M6); or
   * it could not take a partial one (bus M2). If it was the only one, replies in the message are lost.
   */
  #loseDropped(sender: PeerRecord, submission: Submission, sequence: number): void {
    if (submission.tag !== 0) this.#deliveries.lost(sender, submission.tag, sequence);
    if (submission.destinationCount === 1) this.#loseTransferred(submission.transferCount, sequence);
  }

  /** Replies inside a message that nobody will receive are lost with it. */
  #loseTransferred(count: number, sequence: number): void {
    for (let at = 0; at < count; at += 1) {
      const call = this.#transferredCall(this.#transferred[at] as Transferred);
      if (call === undefined) continue;
      this.#lifecycle.loseCall(call, sequence);
      this.#lifecycle.freeCall(call);
    }
  }

  /**
   * Counts the owner's own transfers (bus T3). A node that is held by nobody afterwards (its message was dropped, or went home) is
   * unused right away: its owner has given it away and would wait for ever.
   */
  #countTransfers(sender: PeerRecord, count: number, isOutward: boolean, sequence: number): void {
    const { nodes } = this.#tables;
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at] as Transferred;
      if (!isOutward || thing <= 0) continue;
      const node = thing as NodeNumber;
      if (nodes.owner(node) !== sender.number) continue;
      nodes.countTransfer(node);
      if (nodes.holders(node) === 0) this.#deliveries.unused(node, sequence);
    }
  }
}

/** How much of what it was refused for a message has asked. */
function wantedOf(blame: number, bytes: number, handles: number, descriptors: number): number {
  switch (blame & 15) {
    case QuotaKind.Bytes:
      return bytes + itemOverheadBytes;
    case QuotaKind.Handles:
      return handles;
    case QuotaKind.Descriptors:
      return descriptors;
    default:
      return 1;
  }
}

/** Whether a node is created before in the list where the one at this position would stand, under whatever generation. */
function isPlaceRepeated(ids: Uint32Array, at: number): boolean {
  for (let before = 0; before < at; before += 1) if (ids[2 * before] === ids[2 * at]) return true;
  return false;
}

/** Whether the id at this position was named before in the list. */
function isRepeated(ids: Uint32Array, at: number): boolean {
  for (let before = 0; before < at; before += 1) {
    if (ids[2 * before] === ids[2 * at] && ids[2 * before + 1] === ids[2 * at + 1]) return true;
  }
  return false;
}
