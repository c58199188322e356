/**
 * Room for what is under way and for what lasts, and the one place where it is charged and given back (bus Q1–Q4, M8).
 *
 * What is under way to a peer is charged to that peer's user at acceptance, as part of what the sender has of it (share.ts), and
 * given back at delivery. Handles are then their receiver's: they still take of its room, but are in nobody's share. A reply that
 * is owed takes of the callee's room, as part of what the caller has of it, until it is answered or released; and its answer
 * comes out of what the caller itself may have: the item and `replyReserveBytes` are reserved by the number of calls a user may
 * have, and what goes beyond is charged when the answer comes.
 *
 * A request is charged in all kinds or in none. Notifications are not charged: there is at most one of a kind waiting for each
 * handle, node and call.
 */
import { blameOf, QuotaHolder, QuotaKind } from '../contract/errors.js';
import * as limits from '../contract/limits.js';
import { Account, Flow, PeerShare, UserShare } from './account.js';
import type { CallRecord } from './calls.js';
import { type DeliveryItem, ItemKind } from './delivery-queue.js';
import type { Effort } from './effort.js';
import { noSubject, type Subject } from './notices.js';
import type { PeerIdentity, PeerRecord } from './peer-record.js';
import { give, isPlenty, lastingRoom, roomOf, roomOfFlow, type Tally, take } from './share.js';
import { Waiting } from './waiting.js';

export const itemOverheadBytes = limits.itemOverheadBytes;

export interface CapabilityLimits {
  readonly userBytesMax: number;
  readonly userHandlesMax: number;
  readonly userDescriptorsMax: number;
  readonly userNodesMax: number;
  readonly userCallsMax: number;
  /** From one peer to one other. */
  readonly queueBytesMax: number;
  readonly queueItemsMax: number;
  readonly descriptorsInFlightMax: number;
  readonly peerHandlesMax: number;
  readonly handleArrivalsMax: number;
  readonly userNodeIdsMax: number;
  readonly peerNodesMax: number;
  readonly callsOutstandingMax: number;
}

/** Those of the contract; an object of its own, because looking something up in a whole module costs as much as a message. */
const usualLimits: CapabilityLimits = {
  userBytesMax: limits.userBytesMax,
  userHandlesMax: limits.userHandlesMax,
  userDescriptorsMax: limits.userDescriptorsMax,
  userNodesMax: limits.userNodesMax,
  userCallsMax: limits.userCallsMax,
  queueBytesMax: limits.queueBytesMax,
  queueItemsMax: limits.queueItemsMax,
  descriptorsInFlightMax: limits.descriptorsInFlightMax,
  peerHandlesMax: limits.peerHandlesMax,
  handleArrivalsMax: limits.handleArrivalsMax,
  userNodeIdsMax: limits.userNodeIdsMax,
  peerNodesMax: limits.peerNodesMax,
  callsOutstandingMax: limits.callsOutstandingMax,
};

/** Flows of one peer without anything in them that are kept, beside as many as are in use, or as it holds handles. */
const idleFlowsMin = 16;

export class Quota {
  readonly limits: CapabilityLimits;
  readonly #effort: Effort;
  readonly #accounts = new Map<number, Account>();
  /** Where something was given back while somebody waits for it, and where those who wait are being looked at; in turn. */
  #touched: Account[] = [];

  constructor(overrides: Partial<CapabilityLimits>, effort: Effort) {
    this.#effort = effort;
    this.limits = { ...usualLimits, ...overrides };
  }

  // Peers and their records.

  /** The user of one more peer. */
  enter(identity: PeerIdentity): Account {
    let user = this.#accounts.get(identity.uid);
    if (user === undefined) {
      user = new Account(identity.account, identity.uid, this.limits);
      this.#accounts.set(identity.uid, user);
    }
    user.peers += 1;
    return user;
  }

  /** The peer has ended and nothing is left in its tables and its queue. What it sent to others stays charged. */
  leave(peer: PeerRecord): void {
    for (let flow = peer.flowsIn; flow !== undefined; flow = flow.nextIn) this.#remove(flow);
    for (const flow of peer.flows.values()) {
      flow.isOrphan = true;
      if (flow.isIdle) this.#remove(flow);
    }
    peer.user.peers -= 1;
    this.#close(peer.user);
  }

  accounts(): Iterable<Account> {
    return this.#accounts.values();
  }

  /** What goes from one peer to another. */
  flow(asker: PeerRecord, receiver: PeerRecord): Flow {
    const last = asker.lastFlow;
    if (last !== undefined && last.receiver === receiver) return last;
    const flow = asker.flows.get(receiver) ?? this.#addFlow(asker, receiver);
    asker.lastFlow = flow;
    return flow;
  }

  // What is under way.

  /**
   * Charges a message with so many payload bytes, transfers, replies to be owed (0 or 1) and descriptors. Returns 0, or for want
   * of what it was refused (`blameOf`); then nothing was charged.
   */
  charge(flow: Flow, bytes: number, transfers: number, replies: number, descriptors: number): number {
    const { receiver } = flow;
    const size = bytes + itemOverheadBytes;
    if (flow.messages >= this.limits.queueItemsMax) return blameOf(QuotaKind.Items, QuotaHolder.Flow);
    const isPlain = transfers + replies + descriptors === 0;
    if (!isPlain || size > this.limits.queueBytesMax - flow.bytes.used || !isPlenty(flow.bytes, size)) {
      const blame = this.#shortage(flow, size, transfers, replies, descriptors);
      if (blame !== 0) return blame;
    }
    flow.messages += 1;
    receiver.queuedMessages += 1;
    receiver.queuedBytes += size;
    take(flow.bytes, size);
    if (isPlain) return 0;
    receiver.queuedDescriptors += descriptors;
    take(flow.handles, transfers + replies);
    take(flow.descriptors, descriptors);
    return 0;
  }

  /** Takes a charge back that was granted for a message which was then refused elsewhere. */
  refund(flow: Flow, bytes: number, transfers: number, replies: number, descriptors: number): void {
    const { receiver } = flow;
    flow.messages -= 1;
    receiver.queuedMessages -= 1;
    receiver.queuedBytes -= bytes + itemOverheadBytes;
    receiver.queuedDescriptors -= descriptors;
    give(flow.bytes, bytes + itemOverheadBytes);
    give(flow.handles, transfers + replies);
    give(flow.descriptors, descriptors);
  }

  /** Bytes of an answer that the call has not reserved. */
  answerExcess(length: number): number {
    return Math.max(0, length - limits.replyReserveBytes);
  }

  /**
   * Charges the caller with what its call has not reserved, as something that it sends to itself; the flow is undefined where that
   * is nothing.
   */
  chargeAnswer(flow: Flow, excessBytes: number, transfers: number, descriptors: number): number {
    const blame = this.#shortage(flow, excessBytes, transfers, 0, descriptors);
    if (blame !== 0) return blameOf((blame & 15) as QuotaKind, QuotaHolder.Own);
    flow.receiver.queuedBytes += excessBytes;
    flow.receiver.queuedDescriptors += descriptors;
    take(flow.bytes, excessBytes);
    take(flow.handles, transfers);
    take(flow.descriptors, descriptors);
    return 0;
  }

  /** Gives back what an item was charged with, when it leaves its queue; its handles are then the receiver's. */
  settle(receiver: PeerRecord, item: DeliveryItem): void {
    if (item.kind === ItemKind.Answer || item.kind === ItemKind.Lost) {
      receiver.queuedEnds -= 1;
      this.#callEnded(receiver);
    }
    const { flow } = item;
    if (flow === undefined) return;
    if (item.kind === ItemKind.Message) {
      flow.messages -= 1;
      receiver.queuedMessages -= 1;
    }
    const { chargedHandles, chargedDescriptors } = item;
    receiver.queuedBytes -= item.chargedBytes;
    give(flow.bytes, item.chargedBytes);
    if (chargedHandles + chargedDescriptors > 0) {
      receiver.queuedDescriptors -= chargedDescriptors;
      give(flow.handles, chargedHandles);
      give(flow.descriptors, chargedDescriptors);
      if (item.newHandles > 0) this.held(receiver, item.newHandles);
    }
    if (flow.isOrphan || flow.room.isAwaited) this.#given(flow);
  }

  // What lasts.

  /** A handle of the peer may arrive again: who was refused because it was full is looked at. */
  emptied(peer: PeerRecord): void {
    this.#touch(peer.user);
  }

  /** `count` more entries of a peer's table count as held; negative: less. */
  held(peer: PeerRecord, count: number): void {
    const { user } = peer;
    peer.handlesHeld += count;
    user.handlesHeld += count;
    user.handles.used += count;
    if (count < 0) this.#touch(user);
  }

  /** The entry of a reply leaves its holder's table: whoever pays for it pays no longer. */
  replyLeft(call: CallRecord): void {
    const { flow, holder } = call;
    call.flow = undefined;
    if (flow !== undefined) {
      give(flow.handles, 1);
      this.#given(flow);
    } else if (holder !== undefined) this.held(holder, -1);
  }

  /** Whether the owner may make so many nodes more: 0, or the blame. */
  nodeShortage(owner: PeerRecord, count: number): number {
    const { peerNodesMax, userNodesMax } = this.limits;
    const room = lastingRoom(owner.nodes.size, peerNodesMax, owner.user.nodes, userNodesMax);
    return count <= room ? 0 : blameOf(QuotaKind.Nodes, QuotaHolder.Own);
  }

  /** Whether so many more ids of nodes may be kept for the owner: 0, or the blame. */
  idShortage(owner: PeerRecord, count: number): number {
    const { userNodeIdsMax } = this.limits;
    // What a peer may have by itself follows from the indexes that it may use.
    const room = lastingRoom(owner.nodes.room, userNodeIdsMax, owner.user.nodeIds, userNodeIdsMax);
    return count <= room ? 0 : blameOf(QuotaKind.Nodes, QuotaHolder.Own);
  }

  /** Whether the caller may have one more call whose end it has not taken: 0, or the blame. */
  callShortage(caller: PeerRecord): number {
    return this.#callRoom(caller) > 0 ? 0 : blameOf(QuotaKind.Calls, QuotaHolder.Own);
  }

  callBegan(caller: PeerRecord): void {
    caller.callsOutstanding += 1;
    caller.user.calls += 1;
  }

  /** Nobody waits for it any more; its end, if there is one, is charged by `endQueued`. */
  callLeft(caller: PeerRecord): void {
    caller.callsOutstanding -= 1;
    this.#callEnded(caller);
  }

  /** An answer or a loss waits for the caller. */
  endQueued(caller: PeerRecord): void {
    caller.queuedEnds += 1;
    caller.user.calls += 1;
  }

  // Who waits for room.

  /** One was refused through the flow and waits; in the group that is returned. */
  wait(flow: Flow, blame: number, wanted: number, subject: Subject): Waiting {
    const kind = blame & 15;
    const need = Math.max(wanted, this.#half(flow, blame));
    flow.waits ??= new Map();
    let waiting = flow.waits.get(kind);
    if (waiting === undefined) {
      waiting = new Waiting(flow, kind);
      flow.waits.set(kind, waiting);
      flow.room.waiting.add(flow);
      flow.room.isAwaited = true;
    }
    waiting.add(subject, need);
    return waiting;
  }

  waitForCall(caller: PeerRecord, subject: Subject): Waiting {
    const { callsOutstandingMax, userCallsMax } = this.limits;
    const most = Math.min(callsOutstandingMax, userCallsMax - caller.user.calls);
    caller.callWaits ??= new Waiting(caller, QuotaKind.Calls);
    caller.callWaits.add(subject, Math.max(1, most >> 1));
    caller.user.callers.add(caller);
    return caller.callWaits;
  }

  /** Those who wait for room at this peer, and wait no longer. */
  takeWaiting(receiver: PeerRecord): Subject[] {
    const all: Subject[] = [];
    for (let flow = receiver.flowsIn; flow !== undefined; flow = flow.nextIn) {
      for (const waiting of flow.waits?.values() ?? []) {
        for (const subject of waiting.end()) all.push(subject);
      }
    }
    return all;
  }

  /** Somebody waits where something was given back. */
  get isTouched(): boolean {
    return this.#touched.length > 0;
  }

  /**
   * Those for whom enough is free now, and who wait no longer, out of at most `waitersLookedAtMax` who are looked at: the next call
   * goes on where this one has stopped, at another room if several were touched. So a user whose thousands of connections wait
   * does not make each delivery longer, and everybody is looked at after whatever was given back (bus Q5, Q6).
   */
  takeReady(): readonly Subject[] {
    const ready: Subject[] = [];
    let left = limits.waitersLookedAtMax;
    while (left > 0) {
      const user = this.#touched.shift();
      if (user === undefined) break;
      if (user.look === undefined) {
        user.isTouched = false;
        user.look = this.#look(user);
      }
      for (; left > 0 && user.look !== undefined; left -= 1) {
        const { value, done } = user.look.next();
        if (done === true) user.look = undefined;
        else if (value !== noSubject) ready.push(value);
      }
      if (user.look !== undefined || user.isTouched) this.#touched.push(user);
    }
    this.#effort.steps += limits.waitersLookedAtMax - left;
    return ready;
  }

  // Inside.

  #shortage(flow: Flow, bytes: number, transfers: number, replies: number, descriptors: number): number {
    if (bytes > 0) {
      const free = Math.min(roomOfFlow(flow.bytes), this.limits.queueBytesMax - flow.bytes.used);
      if (bytes > free) return this.#blame(QuotaKind.Bytes, flow.bytes, bytes);
    }
    const handles = transfers + replies;
    if (handles > 0) {
      if (transfers > 0 && transfers > this.#heldRoom(flow.receiver)) {
        return blameOf(QuotaKind.Handles, QuotaHolder.Receiver);
      }
      if (handles > roomOfFlow(flow.handles)) return this.#blame(QuotaKind.Handles, flow.handles, handles);
    }
    return descriptors > 0 && descriptors > this.#free(flow, QuotaKind.Descriptors)
      ? this.#blame(QuotaKind.Descriptors, flow.descriptors, descriptors)
      : 0;
  }

  /**
   * Whose share it is that keeps so much from being granted: the outermost that is too small, but none that has nothing; if nobody
   * on the asker's side has something, it is others who leave too little of the receiver's room.
   */
  #blame(kind: QuotaKind, flow: Tally, wanted: number): number {
    const part = flow.whole as Tally;
    const share = part.whole as Tally;
    let whose: QuotaHolder = QuotaHolder.Flow;
    if (wanted > roomOf(share)) whose = QuotaHolder.User;
    else if (wanted > roomOf(part)) whose = QuotaHolder.Peer;
    if (whose === QuotaHolder.Flow && flow.used === 0) whose = QuotaHolder.Peer;
    if (whose === QuotaHolder.Peer && part.used === 0) whose = QuotaHolder.User;
    if (whose === QuotaHolder.User && share.used === 0) whose = QuotaHolder.Receiver;
    return blameOf(kind, whose);
  }

  /** How much of this is free for the flow. */
  #free(flow: Flow, kind: number): number {
    const { limits } = this;
    switch (kind) {
      case QuotaKind.Bytes:
        return Math.min(roomOfFlow(flow.bytes), limits.queueBytesMax - flow.bytes.used);
      case QuotaKind.Handles:
        return Math.min(roomOfFlow(flow.handles), this.#heldRoom(flow.receiver));
      case QuotaKind.Descriptors:
        return Math.min(roomOfFlow(flow.descriptors), limits.descriptorsInFlightMax - flow.descriptors.used);
      default:
        return limits.queueItemsMax - flow.messages;
    }
  }

  /** Half of what the flow may have of this, in use or not. */
  #half(flow: Flow, blame: number): number {
    const kind = blame & 15;
    if (kind === QuotaKind.Handles && blame >> 4 === QuotaHolder.Receiver) {
      return Math.min(limits.messageHandlesMax, this.limits.peerHandlesMax >> 1);
    }
    const used =
      kind === QuotaKind.Bytes
        ? flow.bytes.used
        : kind === QuotaKind.Handles
          ? flow.handles.used
          : kind === QuotaKind.Descriptors
            ? flow.descriptors.used
            : flow.messages;
    return Math.max(0, used + this.#free(flow, kind)) >> 1;
  }

  #heldRoom(peer: PeerRecord): number {
    const { peerHandlesMax, userHandlesMax } = this.limits;
    return lastingRoom(peer.handlesHeld, peerHandlesMax, peer.user.handlesHeld, userHandlesMax);
  }

  #callRoom(caller: PeerRecord): number {
    const { callsOutstandingMax, userCallsMax } = this.limits;
    const used = caller.callsOutstanding + caller.queuedEnds;
    return lastingRoom(used, callsOutstandingMax, caller.user.calls, userCallsMax);
  }

  #callEnded(caller: PeerRecord): void {
    const { user } = caller;
    user.calls -= 1;
    if (user.callers.size > 0) this.#touch(user);
  }

  #given(flow: Flow): void {
    if (flow.room.isAwaited) this.#touch(flow.room);
    if (flow.isOrphan && flow.isIdle) this.#remove(flow);
  }

  /** Each who waits for room of this user and has it, and `noSubject` for each flow and caller that was looked at for nothing. */
  *#look(user: Account): Generator<Subject> {
    // No more than were there at the beginning: one who is refused again and again is no reason not to come to an end.
    let left = user.waiting.size;
    for (const flow of user.waiting) {
      if (left === 0) break;
      left -= 1;
      for (const waiting of [...(flow.waits?.values() ?? [])]) {
        if (this.#free(flow, waiting.kind) >= waiting.need) yield* waiting.end();
      }
      yield noSubject;
    }
    left = user.callers.size;
    for (const caller of user.callers) {
      if (left === 0) break;
      left -= 1;
      const waiting = caller.callWaits;
      if (waiting !== undefined && this.#callRoom(caller) >= waiting.need) yield* waiting.end();
      yield noSubject;
    }
  }

  #touch(user: Account): void {
    if (user.isTouched || (user.waiting.size === 0 && user.callers.size === 0)) return;
    user.isTouched = true;
    if (user.look === undefined) this.#touched.push(user);
  }

  #addFlow(asker: PeerRecord, receiver: PeerRecord): Flow {
    if (asker.flows.size >= asker.flowsKept) this.#sweep(asker);
    const room = receiver.user;
    let share = room.shares.get(asker.user);
    if (share === undefined) {
      share = new UserShare(room, asker.user);
      room.shares.set(asker.user, share);
      asker.user.sharesElsewhere += 1;
    }
    let part = share.parts.get(asker);
    if (part === undefined) {
      part = new PeerShare(share, asker);
      share.parts.set(asker, part);
    }
    const flow = new Flow(part, receiver);
    part.flows += 1;
    asker.flows.set(receiver, flow);
    flow.nextIn = receiver.flowsIn;
    if (receiver.flowsIn !== undefined) receiver.flowsIn.previousIn = flow;
    receiver.flowsIn = flow;
    return flow;
  }

  /** Idle flows go when there are too many, so that looking costs little for each. */
  #sweep(asker: PeerRecord): void {
    for (const flow of asker.flows.values()) if (flow.isIdle) this.#remove(flow);
    asker.flowsKept = Math.max(2 * asker.flows.size, asker.held.size) + idleFlowsMin;
  }

  #remove(flow: Flow): void {
    const { part, receiver, asker, previousIn, nextIn } = flow;
    const { share } = part;
    if (previousIn !== undefined) previousIn.nextIn = nextIn;
    else receiver.flowsIn = nextIn;
    if (nextIn !== undefined) nextIn.previousIn = previousIn;
    asker.flows.delete(receiver);
    if (asker.lastFlow === flow) asker.lastFlow = undefined;
    part.flows -= 1;
    if (part.flows > 0) return;
    share.parts.delete(asker);
    if (share.parts.size > 0) return;
    share.room.shares.delete(share.user);
    share.user.sharesElsewhere -= 1;
    this.#close(share.user);
    this.#close(share.room);
  }

  #close(user: Account): void {
    if (user.isEmpty) this.#accounts.delete(user.uid);
  }
}
