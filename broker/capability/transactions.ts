/**
 * The operations of peers, each one transaction: checked whole, then done whole, so that an error means that nothing
 * happened (bus M2, F4). An operation returns its sequence number, or a negative `ErrorCode`.
 */
import { ErrorCode } from '../contract/errors.js';
import type { Deliveries } from './deliveries.js';
import { ItemKind, noIds } from './delivery-queue.js';
import { CallRecord, HandleRecord } from './handle-table.js';
import { bitsOf, indexOf, newNodeBits, nodeBits, noGeneration } from './ids.js';
import { type Lifecycle, tagSlotMask } from './lifecycle.js';
import type { NodeRecord } from './node-table.js';
import type { OrderClock } from './order-clock.js';
import { noDescriptors, type Payload } from './payload.js';
import type { PeerRecord } from './peer-record.js';
import type { Quota } from './quota.js';
import type { Submission } from './submission.js';

/** What a transfer stands for: a node (own or held), a reply, or nothing any more. */
type Transferred = NodeRecord | CallRecord;

export class Transactions {
  readonly #clock: OrderClock;
  readonly #quota: Quota;
  readonly #deliveries: Deliveries;
  readonly #lifecycle: Lifecycle;
  #operation = 0;
  /** Of the operation under way, by position: what the destinations and the transfers stand for. */
  readonly #targets: NodeRecord[] = [];
  readonly #handles: (HandleRecord | undefined)[] = [];
  readonly #transferred: (Transferred | undefined)[] = [];

  constructor(clock: OrderClock, quota: Quota, deliveries: Deliveries, lifecycle: Lifecycle) {
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
    );
    payload.references = 1;
    submission.descriptors = noDescriptors;
    const code =
      this.#resolveDestinations(sender, submission) ||
      this.#resolveTransfers(sender, submission, submission.destinationCount) ||
      this.#checkCall(sender, submission) ||
      this.#charge(submission, payload);
    const result = code === 0 ? this.#commit(sender, submission, payload) : -code;
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
    );
    payload.references = 1;
    submission.descriptors = noDescriptors;
    const call = sender.held.findCall(submission.destinations[0] ?? 0, submission.destinations[1] ?? 0);
    const code =
      call === undefined ? ErrorCode.UnknownHandle : this.#resolveTransfers(sender, submission, 1, call);
    const result = code === 0 && call !== undefined ? this.#answer(sender, call, submission, payload) : -code;
    this.#deliveries.releasePayload(payload);
    return result;
  }

  /** Makes a node with an id of the owner's choice (bus N1, N2). */
  create(owner: PeerRecord, word: number, generation: number, showsCredentials: boolean): number {
    if (bitsOf(word) !== nodeBits) return -ErrorCode.InvalidArgument;
    const code = this.#checkFresh(owner, word, generation, 0);
    if (code !== 0) return -code;
    owner.nodes.add(owner, indexOf(word), generation, showsCredentials);
    return this.#clock.next();
  }

  /** Destroys own nodes, all or none (bus N7). `ids` has `count` pairs. */
  destroy(owner: PeerRecord, ids: Uint32Array, count: number): number {
    this.#operation += 1;
    for (let at = 0; at < count; at += 1) {
      const node = owner.nodes.find(ids[2 * at] ?? 0, ids[2 * at + 1] ?? 0);
      if (node === undefined) return -ErrorCode.UnknownHandle;
      if (node.mark === this.#operation) return -ErrorCode.InvalidArgument;
      node.mark = this.#operation;
      this.#targets[at] = node;
    }
    const sequence = this.#clock.next();
    for (let at = 0; at < count; at += 1) this.#lifecycle.destroyNode(this.#target(at), sequence);
    return sequence;
  }

  /** Gives back handles and replies, all or none (bus N3). `entries` has `count` triples of word, generation and how many. */
  release(holder: PeerRecord, entries: Uint32Array, count: number): number {
    for (let at = 0; at < count; at += 1) {
      const entry = holder.held.find(entries[3 * at] ?? 0, entries[3 * at + 1] ?? 0);
      const times = entries[3 * at + 2] ?? 0;
      if (entry === undefined) return -ErrorCode.UnknownHandle;
      if (times < 1 || times > (entry instanceof HandleRecord ? entry.count : 1)) {
        return -ErrorCode.InvalidArgument;
      }
      for (let before = 0; before < at; before += 1) {
        const isSame =
          entries[3 * before] === entries[3 * at] && entries[3 * before + 1] === entries[3 * at + 1];
        if (isSame) return -ErrorCode.InvalidArgument;
      }
    }
    const sequence = this.#clock.next();
    for (let at = 0; at < count; at += 1) {
      const entry = holder.held.find(entries[3 * at] ?? 0, entries[3 * at + 1] ?? 0);
      if (entry instanceof HandleRecord) {
        this.#lifecycle.releaseHandle(entry, entries[3 * at + 2] ?? 0, sequence);
      } else if (entry !== undefined) {
        this.#lifecycle.loseCall(entry, sequence);
        this.#lifecycle.freeCall(entry);
      }
    }
    if (holder.refused.size > 0) this.#deliveries.tellRefused(holder);
    return sequence;
  }

  /** The caller stops waiting. A call that has ended already (the answer is under way to the caller) is no error. */
  withdraw(caller: PeerRecord, tag: number): number {
    const call = caller.calls[tag & tagSlotMask];
    const sequence = this.#clock.next();
    if (call !== undefined && call.tag === tag) this.#lifecycle.withdrawCall(call, sequence);
    if (caller.refusedCalls.size > 0) this.#deliveries.tellRefused(caller);
    return sequence;
  }

  #target(at: number): NodeRecord {
    return this.#targets[at] as NodeRecord;
  }

  #resolveDestinations(sender: PeerRecord, submission: Submission): number {
    this.#operation += 1;
    const { destinations, destinationCount, outcomes } = submission;
    for (let at = 0; at < destinationCount; at += 1) {
      submission.refusedAt = at;
      const word = destinations[2 * at] ?? 0;
      const generation = destinations[2 * at + 1] ?? 0;
      const handle = sender.held.findHandle(word, generation);
      const node = handle === undefined ? sender.nodes.find(word, generation) : handle.node;
      if (node === undefined) return ErrorCode.UnknownHandle;
      if (node.mark === this.#operation) return ErrorCode.InvalidArgument;
      node.mark = this.#operation;
      outcomes[at] = 0;
      if (handle?.isAnnounced === true) {
        if (!submission.isPartial) return ErrorCode.NodeGone;
        outcomes[at] = ErrorCode.NodeGone;
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
    let created = 0;
    for (let at = 0; at < transferCount; at += 1) {
      submission.refusedAt = at;
      const word = transfers[2 * at] ?? 0;
      const generation = transfers[2 * at + 1] ?? 0;
      let thing: Transferred | undefined;
      if (word === 0 && generation === noGeneration) thing = undefined;
      else if (bitsOf(word) === newNodeBits) {
        const code = this.#checkFresh(sender, word, generation, created);
        if (code !== 0) return code;
        if (isPlaceRepeated(transfers, at)) return ErrorCode.InvalidArgument;
        created += 1;
      } else {
        const held = sender.held.find(word, generation);
        if (held instanceof CallRecord) {
          // The right to answer is one: it cannot go to two places, nor into its own answer.
          if (destinationCount !== 1 || held === answered || isRepeated(transfers, at)) {
            return ErrorCode.InvalidArgument;
          }
          thing = held;
        } else thing = held === undefined ? sender.nodes.find(word, generation) : held.node;
        if (thing === undefined) return ErrorCode.UnknownHandle;
      }
      this.#transferred[at] = thing;
    }
    return 0;
  }

  #checkFresh(owner: PeerRecord, word: number, generation: number, alsoCreated: number): number {
    if (owner.nodes.size + alsoCreated >= this.#quota.nodesMax) return ErrorCode.OverQuota;
    if (indexOf(word) >= this.#quota.nodesMax) return ErrorCode.InvalidArgument;
    return owner.nodes.isFresh(indexOf(word), generation) ? 0 : ErrorCode.InvalidArgument;
  }

  #checkCall(sender: PeerRecord, submission: Submission): number {
    const { tag } = submission;
    if (tag === 0) return 0;
    if (submission.destinationCount !== 1) return ErrorCode.InvalidArgument;
    if (sender.calls[tag & tagSlotMask] !== undefined) return ErrorCode.InvalidArgument;
    if (this.#quota.admitsCall(sender)) return 0;
    submission.refusedAt = 0;
    this.#deliveries.refusedCall(sender, this.#handles[0] ?? this.#target(0));
    return ErrorCode.OverQuota;
  }

  /** Charges all receivers, or none unless partial (bus M2, Q4). */
  #charge(submission: Submission, payload: Payload): number {
    const { destinationCount, outcomes, transferCount } = submission;
    const handles = transferCount + (submission.tag === 0 ? 0 : 1);
    const descriptors = payload.descriptors.length;
    for (let at = 0; at < destinationCount; at += 1) {
      const node = this.#target(at);
      if (!node.isLive || this.#quota.charge(node.owner, payload.length, handles, descriptors)) continue;
      outcomes[at] = ErrorCode.OverQuota;
      if (!submission.isPartial) {
        submission.refusedAt = at;
        for (let before = 0; before < at; before += 1) {
          const charged = this.#target(before);
          if (charged.isLive) this.#quota.refund(charged.owner, payload.length, descriptors);
        }
      }
      this.#deliveries.refused(node.owner, this.#handles[at] ?? node);
      if (!submission.isPartial) return ErrorCode.OverQuota;
    }
    return 0;
  }

  #commit(sender: PeerRecord, submission: Submission, payload: Payload): number {
    const sequence = this.#clock.next();
    const { destinationCount, outcomes, transferCount, tag } = submission;
    if (transferCount > 0) this.#createTransferred(sender, submission);
    let isOutward = false;
    let isDropped = false;
    for (let at = 0; at < destinationCount; at += 1) {
      const node = this.#target(at);
      if (node.owner !== sender) isOutward = true;
      if (outcomes[at] !== 0) continue;
      if (!node.isLive) {
        isDropped = true;
        continue;
      }
      const item = this.#deliveries.charged(ItemKind.Message, sequence, sender, payload);
      item.word = node.word;
      item.generation = node.generation;
      item.showsCredentials = node.showsCredentials;
      if (tag !== 0) {
        const call = this.#lifecycle.createCall(sender, tag, node);
        item.replyWord = call.word;
        item.replyGeneration = call.generation;
      }
      if (transferCount > 0) item.handles = this.#grantAll(node.owner, transferCount);
      this.#deliveries.push(node.owner, item);
    }
    if (isDropped) this.#loseDropped(sender, submission, sequence);
    if (transferCount > 0) this.#countTransfers(sender, transferCount, isOutward, sequence);
    return sequence;
  }

  #answer(sender: PeerRecord, call: CallRecord, submission: Submission, payload: Payload): number {
    const sequence = this.#clock.next();
    const { transferCount } = submission;
    if (transferCount > 0) this.#createTransferred(sender, submission);
    const { caller, tag } = call;
    if (
      caller !== undefined &&
      this.#quota.charge(caller, payload.length, transferCount, payload.descriptors.length)
    ) {
      const item = this.#deliveries.charged(ItemKind.Answer, sequence, sender, payload);
      item.tag = tag;
      if (transferCount > 0) item.handles = this.#grantAll(caller, transferCount);
      this.#lifecycle.detachCall(call);
      this.#deliveries.push(caller, item);
    } else {
      this.#lifecycle.loseCall(call, sequence);
      if (transferCount > 0) this.#loseTransferred(transferCount, sequence);
    }
    this.#lifecycle.freeCall(call);
    if (transferCount > 0) this.#countTransfers(sender, transferCount, true, sequence);
    return sequence;
  }

  /** Makes the nodes that the transfers name as new; all checks have passed. */
  #createTransferred(sender: PeerRecord, submission: Submission): void {
    const { transfers, transferCount } = submission;
    for (let at = 0; at < transferCount; at += 1) {
      const word = transfers[2 * at] ?? 0;
      if (bitsOf(word) !== newNodeBits) continue;
      const generation = transfers[2 * at + 1] ?? 0;
      this.#transferred[at] = sender.nodes.add(sender, indexOf(word), generation, false);
    }
  }

  /** The transferred things as ids of the receiver's own (bus M3, M4, N4). */
  #grantAll(receiver: PeerRecord, count: number): readonly number[] {
    if (count === 0) return noIds;
    const ids: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at];
      let entry: { readonly word: number; readonly generation: number } | undefined;
      if (thing instanceof CallRecord) {
        if (thing.caller !== undefined) {
          this.#lifecycle.moveCall(thing, receiver);
          entry = thing;
        } else this.#lifecycle.freeCall(thing);
      } else if (thing?.isLive === true) {
        entry = thing.owner === receiver ? thing : this.#lifecycle.grant(thing, receiver);
      }
      ids.push(entry?.word ?? 0, entry?.generation ?? noGeneration);
    }
    return ids;
  }

  /** The destination is gone, though the sender was not told yet: the message is accepted and dropped (bus M6). */
  #loseDropped(sender: PeerRecord, submission: Submission, sequence: number): void {
    if (submission.tag !== 0) this.#deliveries.lost(sender, submission.tag, sequence);
    if (submission.destinationCount === 1) this.#loseTransferred(submission.transferCount, sequence);
  }

  /** Replies inside a message that nobody will receive are lost with it. */
  #loseTransferred(count: number, sequence: number): void {
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at];
      if (!(thing instanceof CallRecord)) continue;
      this.#lifecycle.loseCall(thing, sequence);
      this.#lifecycle.freeCall(thing);
    }
  }

  /**
   * Counts the owner's own transfers (bus T3). A node that is held by nobody afterwards (its message was dropped, or went home) is
   * unused right away: its owner has given it away and would wait for ever.
   */
  #countTransfers(sender: PeerRecord, count: number, isOutward: boolean, sequence: number): void {
    for (let at = 0; at < count; at += 1) {
      const thing = this.#transferred[at];
      this.#transferred[at] = undefined;
      if (!isOutward || thing === undefined || thing instanceof CallRecord || thing.owner !== sender)
        continue;
      thing.transfersSeen = (thing.transfersSeen + 1) >>> 0;
      if (thing.isLive && thing.holders.length === 0) this.#deliveries.unused(thing, sequence);
    }
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
