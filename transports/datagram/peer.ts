/**
 * A peer of the datagram transport: its nodes, handles, calls and replies, and everything that is sent in its name. What it
 * receives is read in `inbox.ts`.
 *
 * No broker stands between peers, so a peer outlives the server that it first connected to: `ended` tells that the server is gone,
 * and the handles to others' nodes work on until the program closes the peer.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import {
  callDeadlineMs,
  callsOutstandingMax,
  datagramBytesMax,
  multicastHandlesMax,
  peerHandlesMax,
  peerNodesMax,
} from '../../broker/contract/limits.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Time } from '../../broker/contract/platform.js';
import type {
  Answer,
  CallOptions,
  CapabilityNode,
  Handle,
  Message,
  MulticastResult,
  NodeOptions,
  Outcome,
  Peer,
  PeerOptions,
  PeerUsage,
  Receiver,
} from '../../broker/contract/transport.js';
import { type Call, CallRing } from './calls.js';
import type { Contact } from './contact.js';
import { Contacts, type ContactsEvents } from './contacts.js';
import { closeDescriptors } from './descriptors.js';
import { DatagramHandle, type Hold, type Holder } from './hold.js';
import { Inbox, type Reader } from './inbox.js';
import { manifest } from './manifest.js';
import { DatagramNode, type NodeOwner } from './node.js';
import { type Parcel, posted, queued } from './outbox.js';
import type { Answerer, DatagramReply } from './reply.js';
import { isSameSecret, type SecretSource, ticketKey } from './secrets.js';
import { Shipment, type Shipper, transferFault } from './shipment.js';
import type { DatagramSystem, ReceiveSocket } from './system.js';
import { Uses } from './use.js';
import {
  FrameKind,
  grantEntryBytes,
  headerBytes,
  NoticeKind,
  writeDestination,
  writeHeader,
  writeReturn,
} from './wire.js';

/** What a peer is made from. */
export interface DatagramParts {
  readonly time: Time;
  readonly system: DatagramSystem;
  readonly secrets: SecretSource;
  /** A peer has opened its socket; one, with the socket at this path, has left nothing. */
  opened(): void;
  closed(path: string): void;
}

/** Opens the peer's receive socket. */
export type OpenSocket = (received: (bytes: Buffer) => void) => ReceiveSocket;

// One room for all peers: nothing else happens between writing a frame and handing it over.
const scratch = Buffer.allocUnsafeSlow(datagramBytesMax);
const grantScratch = Buffer.allocUnsafeSlow(headerBytes + 256 + 64 * grantEntryBytes);
/** Views of the beginning of `scratch` by their length: most frames are short, and making a view costs as much as filling it. */
const views: (Buffer | undefined)[] = [];
const viewBytesMax = 2048;
const accepted = Promise.resolve(0);

function frame(length: number): Buffer {
  if (length > viewBytesMax) return scratch.subarray(0, length);
  const known = views[length];
  if (known !== undefined) return known;
  const view = scratch.subarray(0, length);
  views[length] = view;
  return view;
}

/** Raises what a receiver threw as an uncaught exception, outside of whatever delivered to it. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function refusal(code: number): BrokerError {
  if (code === ErrorCode.NodeGone) return new BrokerError(ErrorCode.NodeGone, 'the node is gone');
  if (code === ErrorCode.Closed)
    return new BrokerError(ErrorCode.Closed, 'the peer was closed before it was sent');
  return new BrokerError(
    ErrorCode.OverQuota,
    'no room for more in flight: the receiver does not take what it was sent; try again when writable',
  );
}

export class DatagramPeer implements Peer, NodeOwner, Holder, Answerer, Shipper, Reader, ContactsEvents {
  readonly manifest = manifest;
  readonly ended: Promise<'closed' | 'disconnected'>;
  readonly contacts: Contacts;
  readonly uses = new Uses();
  readonly secrets: SecretSource;
  readonly grantScratch = grantScratch;
  readonly nodes = new Map<number, DatagramNode>();
  readonly replies = new Set<DatagramReply>();
  readonly calls: CallRing;
  handles = 0;
  /** Asked about frames that only servers and newcomers understand. */
  greeter: { greet(bytes: Buffer, at: number): void; left(contact: Contact): void } | undefined;
  /** How the other side of a session is told of its end. */
  sessionNotice: NoticeKind = NoticeKind.Leave;
  readonly #parts: DatagramParts;
  readonly #holds = new Map<number, Hold>();
  /** Holds that nobody counts and that are no node's own. */
  readonly #looseHolds = new Set<Hold>();
  readonly #socket: ReceiveSocket;
  readonly #inbox: Inbox;
  readonly #onError: (error: unknown) => void;
  #nextNumber = 1;
  #isClosed = false;
  #home: Contact | undefined;
  /** What the last `#dispatch` sent handles with. */
  #shipment: Shipment | undefined;
  #settleEnded: (how: 'closed' | 'disconnected') => void = () => {};

  /** Throws what `open` throws. */
  constructor(parts: DatagramParts, options: PeerOptions, open: OpenSocket) {
    this.#parts = parts;
    this.secrets = parts.secrets;
    this.#onError = options.onError ?? rethrow;
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.#inbox = new Inbox(this);
    this.#socket = open((bytes) => this.#inbox.receive(bytes));
    parts.opened();
    this.contacts = new Contacts(parts.system, parts.time, this.#socket.path, this);
    this.calls = new CallRing(parts.time, parts.secrets, (call) => this.#callEnded(call));
  }

  get self(): Contact {
    return this.contacts.self;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get endFault(): BrokerError | undefined {
    return this.#isClosed ? new BrokerError(ErrorCode.Closed, 'the peer was closed before') : undefined;
  }

  createNode(receiver: Receiver, options: NodeOptions = {}): CapabilityNode {
    const fault = this.endFault;
    if (fault !== undefined) throw fault;
    if (this.nodes.size >= peerNodesMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer owns at most ${peerNodesMax} nodes`);
    }
    while (this.nodes.has(this.#nextNumber)) this.#nextNumber = (this.#nextNumber + 1) >>> 0;
    const number = this.#nextNumber;
    const node = new DatagramNode(this, number, this.secrets.make(), receiver, options);
    this.nodes.set(number, node);
    this.#nextNumber = (number + 1) >>> 0;
    return node;
  }

  send(handle: DatagramHandle, message: Message): Promise<number> {
    const { hold } = handle;
    const fault = this.#messageFault(message) ?? handle.fault ?? this.#transferFault(message);
    if (fault !== undefined) return Promise.reject(fault);
    const start = writeDestination(scratch, hold.number, hold.secret);
    const isAnswer = hold.kind === 'reply';
    const code = this.#dispatch(
      hold.contact,
      isAnswer ? FrameKind.Answer : FrameKind.Message,
      start,
      message,
    );
    if (code === posted) {
      hold.isUsed = isAnswer;
      return accepted;
    }
    const by = this.#shipment ?? hold.contact;
    if (code !== queued) return Promise.reject(this.#refuse(handle, code, by));
    hold.isUsed = isAnswer;
    return new Promise((resolve, reject) => {
      this.#attach({
        accepted: () => resolve(0),
        refused: (why) => {
          hold.isUsed = false;
          reject(this.#refuse(handle, why, by));
        },
      });
    });
  }

  call(handle: DatagramHandle, message: Message, options: CallOptions): Promise<Answer> {
    const fault =
      this.#messageFault(message) ??
      this.#callFault(handle, options) ??
      handle.fault ??
      this.#transferFault(message);
    if (fault !== undefined) return Promise.reject(fault);
    const { contact, number, secret } = handle.hold;
    const call = this.calls.open(contact, options.deadlineMs ?? callDeadlineMs);
    writeDestination(scratch, number, secret);
    const start = writeReturn(scratch, call.serial, this.calls.secretOf(call), this.self.address);
    const code = this.#dispatch(contact, FrameKind.Call, start, message);
    if (code !== posted) {
      const by = this.#shipment ?? contact;
      const refused = (why: number): void => call.refuse(this.#refuse(handle, why, by));
      if (code === queued) this.#attach({ accepted: () => {}, refused });
      else refused(code);
    }
    if (options.signal !== undefined) call.watch(options.signal);
    return call.promise;
  }

  answer(reply: DatagramReply, message: Message): BrokerError | undefined {
    const fault = this.#messageFault(message) ?? reply.fault ?? this.#transferFault(message);
    if (fault !== undefined) return fault;
    const start = writeDestination(scratch, reply.serial, reply.secret);
    const code = this.#dispatch(reply.caller, FrameKind.Answer, start, message);
    if (code === queued) this.#attach({ accepted: () => {}, refused: () => this.giveUp(reply) });
    else if (code !== posted) this.giveUp(reply);
    return undefined;
  }

  giveUp(reply: DatagramReply): void {
    this.contacts.notify(reply.caller, NoticeKind.Lost, reply.serial, reply.secret);
  }

  async multicast(handles: readonly Handle[], message: Message): Promise<MulticastResult> {
    const fault =
      this.#messageFault(message) ?? this.#destinationsFault(handles) ?? this.#transferFault(message);
    if (fault !== undefined) throw fault;
    // A reply can be given to one only.
    const sends = handles.map((handle) => handle.send(message));
    const outcomes = sends.map((sent) =>
      sent.then(
        (): Outcome => ({ ok: true }),
        (error: unknown): Outcome => ({ ok: false, code: error instanceof BrokerError ? error.code : 0 }),
      ),
    );
    return { sequence: 0, outcomes: await Promise.all(outcomes) };
  }

  usage(): PeerUsage {
    if (this.#isClosed) return { nodes: 0, handles: 0, callsOutstanding: 0, repliesHeld: 0 };
    return {
      nodes: this.nodes.size,
      handles: this.handles,
      callsOutstanding: this.calls.outstanding,
      repliesHeld: this.replies.size,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What nobody will read any more carries handles and calls, which are given back.
    this.#socket.drain();
    this.#socket.close();
    for (const node of this.nodes.values()) this.#endNode(node);
    this.nodes.clear();
    for (const reply of [...this.replies]) reply.close();
    for (const contact of this.contacts.needed()) {
      if (contact.session === undefined) continue;
      this.contacts.notify(contact, this.sessionNotice, 0, contact.session);
      contact.session = undefined;
    }
    for (const hold of [...this.#holds.values(), ...this.#looseHolds]) hold.end('closed');
    this.calls.close(ErrorCode.Closed, 'the peer was closed; the call may have been processed');
    this.#settleEnded('closed');
    this.contacts.end();
  }

  /** The server that gave this peer its root. */
  welcomed(contact: Contact, session: Buffer): void {
    this.#home = contact;
    contact.session = session;
  }

  /** The session with the server has ended. */
  cutOff(contact: Contact): void {
    contact.session = undefined;
    if (contact === this.#home) this.#settleEnded('disconnected');
  }

  room(contact: Contact): Promise<void> {
    return this.contacts.room(contact);
  }

  demandHandle(): void {
    if (this.endFault !== undefined) throw this.endFault;
    if (this.handles >= peerHandlesMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer holds at most ${peerHandlesMax} handles`);
    }
  }

  guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** The own node that a handle leads to, if it is one. */
  nodeOf({ hold }: DatagramHandle): DatagramNode | undefined {
    return hold.contact === this.self && hold.kind === 'node' ? this.nodes.get(hold.number) : undefined;
  }

  /** Opens a handle that arrived. */
  receiveHold(hold: Hold): DatagramHandle {
    const key = hold.ticket === undefined || hold.isGone ? undefined : ticketKey(hold.ticket, 0);
    if (key === undefined || this.#holds.has(key)) this.#looseHolds.add(hold);
    else this.#holds.set(key, hold);
    if (!hold.isGone) hold.contact.holds.add(hold);
    return new DatagramHandle(hold);
  }

  /** The hold with the ticket at this place. */
  findHold(bytes: Buffer, at: number): Hold | undefined {
    const hold = this.#holds.get(ticketKey(bytes, at));
    return hold?.ticket !== undefined && isSameSecret(hold.ticket, 0, bytes, at) ? hold : undefined;
  }

  /** The node of a hold is gone. Its handles are the program's until it closes them. */
  holdEnded(hold: Hold): void {
    hold.contact.holds.delete(hold);
    if (hold.ticket !== undefined && this.#holds.delete(ticketKey(hold.ticket, 0)))
      this.#looseHolds.add(hold);
    hold.conclude();
  }

  released(hold: Hold): void {
    hold.contact.holds.delete(hold);
    this.#looseHolds.delete(hold);
    if (hold.contact === this.self && hold.kind === 'node') this.nodes.get(hold.number)?.own.delete(hold);
    if (hold.ticket === undefined || !this.#holds.delete(ticketKey(hold.ticket, 0))) return;
    this.contacts.notify(hold.contact, NoticeKind.Release, 0, hold.ticket);
  }

  destroyed(node: DatagramNode): void {
    this.nodes.delete(node.number);
    for (const reply of [...this.replies]) if (reply.node === node) reply.close();
    this.#endNode(node);
  }

  readArrived(): void {
    this.#socket.drain();
  }

  buried(contact: Contact): void {
    for (const hold of [...contact.holds]) this.holdEnded(hold);
    for (const use of [...contact.uses]) this.uses.end(use);
    this.calls.died(contact);
    if (contact.session === undefined) return;
    this.cutOff(contact);
    this.greeter?.left(contact);
  }

  finished(): void {
    this.#parts.closed(this.self.path);
  }

  /** Tells everybody who has a handle to this node. */
  #endNode(node: DatagramNode): void {
    if (!node.isDestroyed) node.end();
    for (const use of [...node.uses]) {
      this.uses.forget(use);
      this.contacts.notify(use.contact, NoticeKind.Gone, 0, use.ticket);
    }
  }

  /** A call has ended that somebody else still has the right to answer. */
  #callEnded(call: Call): void {
    for (const use of [...call.uses]) {
      this.uses.forget(use);
      this.contacts.notify(use.contact, NoticeKind.Gone, 0, use.ticket);
    }
  }

  /** Completes the frame whose first `start` bytes are in `scratch`, and sends it: `posted`, `queued`, or an error code. */
  #dispatch(to: Contact, kind: FrameKind, start: number, message: Message): number {
    const { bytes, handles } = message;
    this.#shipment = undefined;
    if (handles === undefined || handles.length === 0) {
      const length = start + bytes.length;
      scratch.set(bytes, start);
      writeHeader(scratch, 0, kind, 0, length);
      return this.contacts.outbox.post(to, frame(length), length);
    }
    const shipment = new Shipment(this, to);
    const at = shipment.load(handles, scratch, start);
    if (at < 0) return ErrorCode.OverQuota;
    const length = at + bytes.length;
    scratch.set(bytes, at);
    writeHeader(scratch, 0, kind, handles.length, length);
    this.#shipment = shipment;
    return shipment.dispatch(scratch, length);
  }

  /** Says who waits for what was queued by the last `#dispatch`. */
  #attach(parcel: Parcel): void {
    if (this.#shipment === undefined) this.contacts.outbox.attach(parcel);
    else this.#shipment.attach(parcel);
  }

  #refuse(handle: DatagramHandle, code: number, by: Shipment | Contact): BrokerError {
    if (code === ErrorCode.OverQuota) handle.refusedBy = by instanceof Shipment ? by.refusedBy : by;
    return refusal(code);
  }

  /** Closes the descriptors, which nothing of this transport can use. */
  #messageFault(message: Message): BrokerError | undefined {
    const fault = messageFault(message, manifest);
    closeDescriptors(message.descriptors);
    return fault;
  }

  #transferFault({ handles }: Message): BrokerError | undefined {
    return handles === undefined || handles.length === 0 ? undefined : transferFault(handles, this);
  }

  #callFault({ hold }: DatagramHandle, { deadlineMs, signal }: CallOptions): BrokerError | undefined {
    if (hold.kind === 'reply') {
      return new BrokerError(ErrorCode.Unsupported, 'the right to answer a call cannot be called');
    }
    if (deadlineMs !== undefined && !(deadlineMs >= 0)) {
      return new BrokerError(ErrorCode.InvalidArgument, `${deadlineMs} is not a deadline`);
    }
    if (signal?.aborted === true) return new BrokerError(ErrorCode.Aborted, 'the caller gave the call up');
    if (!this.calls.isFull) return undefined;
    return new BrokerError(
      ErrorCode.OverQuota,
      `this program has ${callsOutstandingMax} calls outstanding, which is the limit; wait for their replies`,
    );
  }

  #destinationsFault(handles: readonly Handle[]): BrokerError | undefined {
    if (handles.length > multicastHandlesMax) {
      return new BrokerError(
        ErrorCode.TooLarge,
        `a multicast has at most ${multicastHandlesMax} destinations`,
      );
    }
    if (this.endFault !== undefined) return this.endFault;
    for (const handle of handles) {
      if (handle instanceof DatagramHandle && handle.hold.holder === this) continue;
      return new BrokerError(ErrorCode.UnknownHandle, 'a destination is not a handle of this peer');
    }
    return undefined;
  }
}
