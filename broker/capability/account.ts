/**
 * Who has what of whose room. An *account* is a user (uid) of this broker, with the room for everything that is under way to its
 * peers; the shares of that room belong to the users and peers who sent it.
 *
 * A record is made when it is first needed. A flow without anything in it is kept for the next message, as long as there are few
 * of them beside those in use, and goes with either of its peers; the others go with their last part.
 */
import type { Subject } from './notices.js';
import type { PeerRecord } from './peer-record.js';
import { Tally } from './share.js';
import type { Waiting, WaitingPlace } from './waiting.js';

/** Rooms of a user, by kind. */
export interface RoomLimits {
  readonly userBytesMax: number;
  readonly userHandlesMax: number;
  readonly userDescriptorsMax: number;
}

export class Account {
  /** As messages show it (bus P4). */
  readonly number: number;
  readonly uid: number;
  readonly bytes: Tally;
  /** In flight, owed as replies, and held. */
  readonly handles: Tally;
  readonly descriptors: Tally;
  /** Of the handles: what its peers hold. That is in nobody's share. */
  handlesHeld = 0;
  nodes = 0;
  /** Ids of nodes that are kept for its peers, those of destroyed ones included, and what finding them takes. */
  nodeIds = 0;
  /** Calls of its peers whose ends they have not taken. */
  calls = 0;
  peers = 0;
  /** Of its room, by who has them. */
  readonly shares = new Map<Account, UserShare>();
  /** Shares that it has elsewhere, its own room included. */
  sharesElsewhere = 0;
  /** Flows here through which somebody waits for room (bus Q5). */
  readonly waiting = new Set<Flow>();
  /** There are some: looked at for each delivery. */
  isAwaited = false;
  /** Its peers that wait for room for calls. */
  readonly callers = new Set<PeerRecord>();
  /** Something was given back here since the look at those who wait began: there will be another. */
  isTouched = false;
  /** The look that is under way: who is ready, and `noSubject` for each of whom that is not so. */
  look: Generator<Subject> | undefined = undefined;

  constructor(number: number, uid: number, limits: RoomLimits) {
    this.number = number;
    this.uid = uid;
    this.bytes = new Tally(undefined, limits.userBytesMax);
    this.handles = new Tally(undefined, limits.userHandlesMax);
    this.descriptors = new Tally(undefined, limits.userDescriptorsMax);
  }

  get isEmpty(): boolean {
    return this.peers === 0 && this.shares.size === 0 && this.sharesElsewhere === 0;
  }
}

/** What all peers of one user have of a room. */
export class UserShare {
  readonly room: Account;
  readonly user: Account;
  readonly bytes: Tally;
  readonly handles: Tally;
  readonly descriptors: Tally;
  readonly parts = new Map<PeerRecord, PeerShare>();

  constructor(room: Account, user: Account) {
    this.room = room;
    this.user = user;
    this.bytes = new Tally(room.bytes);
    this.handles = new Tally(room.handles);
    this.descriptors = new Tally(room.descriptors);
  }
}

/** What one peer has of its user's share. */
export class PeerShare {
  readonly share: UserShare;
  readonly peer: PeerRecord;
  readonly bytes: Tally;
  readonly handles: Tally;
  readonly descriptors: Tally;
  flows = 0;

  constructor(share: UserShare, peer: PeerRecord) {
    this.share = share;
    this.peer = peer;
    this.bytes = new Tally(share.bytes);
    this.handles = new Tally(share.handles);
    this.descriptors = new Tally(share.descriptors);
  }
}

/** What is under way from one peer to one other, or to itself. */
export class Flow implements WaitingPlace {
  readonly part: PeerShare;
  readonly asker: PeerRecord;
  readonly receiver: PeerRecord;
  /** Whose room it is in. */
  readonly room: Account;
  readonly bytes: Tally;
  /** In messages, and as replies that the receiver owes. */
  readonly handles: Tally;
  readonly descriptors: Tally;
  messages = 0;
  /** The asker has ended: the flow goes with the last of what is in it. */
  isOrphan = false;
  /** Those who were refused here, by what they were refused for. */
  waits: Map<number, Waiting> | undefined = undefined;
  /** The receiver's flows are linked through themselves. */
  previousIn: Flow | undefined = undefined;
  nextIn: Flow | undefined = undefined;

  constructor(part: PeerShare, receiver: PeerRecord) {
    this.part = part;
    this.asker = part.peer;
    this.room = part.share.room;
    this.receiver = receiver;
    this.bytes = new Tally(part.bytes);
    this.handles = new Tally(part.handles);
    this.descriptors = new Tally(part.descriptors);
  }

  forget(waiting: Waiting): void {
    const { waits } = this;
    if (waits?.get(waiting.kind) !== waiting) return;
    waits.delete(waiting.kind);
    if (waits.size > 0) return;
    this.waits = undefined;
    this.room.waiting.delete(this);
    this.room.isAwaited = this.room.waiting.size > 0;
  }

  get isIdle(): boolean {
    return (
      this.messages === 0 &&
      this.bytes.used === 0 &&
      this.handles.used === 0 &&
      this.descriptors.used === 0 &&
      this.waits === undefined
    );
  }
}
