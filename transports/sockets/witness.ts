/**
 * What the peer of a server sees of those who hold its nodes (contract `Introspection`): who they are, what they hold, what passes.
 *
 * Messages between others never come by, so this is about the server's own nodes and the handles that it holds itself. A holder is
 * a process, as the kernel names it in the greeting of each connection; all connections of one process are one holder. Until a
 * connection has said hello its holder is presumed to be whoever the handle was sent to, and nobody (pid 0) if that is not known.
 *
 * Only the peer of a server has a witness; without one everything here costs a look at a field.
 */
import { ErrorCode } from '../../broker/contract/errors.js';
import {
  type NodeName,
  Observers,
  type PassingFacts,
  type PeerName,
  passingItem,
  TrafficCounter,
} from '../../broker/contract/introspection.js';
import type { Time } from '../../broker/contract/platform.js';
import type { Credentials, Message } from '../../broker/contract/transport.js';
import type { Attachment } from './attachment.js';
import type { SocketsHandle } from './handle.js';
import type { SocketsNode } from './node.js';

/** Calls of one connection whose beginnings are remembered for their latency. */
const seenMax = 65_536;

/** When calls were seen, by serial; empty while nobody watches. */
class CallTimes {
  #times: Map<number, number> | undefined;

  note(serial: number, atMs: number): void {
    this.#times ??= new Map();
    if (this.#times.size < seenMax) this.#times.set(serial, atMs);
  }

  get size(): number {
    return this.#times?.size ?? 0;
  }

  clear(): void {
    this.#times = undefined;
  }

  /** How long ago the call was seen. */
  take(serial: number, nowMs: number): number | undefined {
    const atMs = this.#times?.get(serial);
    if (atMs === undefined) return undefined;
    this.#times?.delete(serial);
    return nowMs - atMs;
  }
}

/** Somebody who holds nodes of the server's peer. */
export class Holder {
  readonly name: PeerName;
  readonly sinceMs: number;
  readonly attachments = new Set<Attachment>();
  /** The node that it was given when it connected. */
  root: SocketsNode | undefined = undefined;
  messagesIn = 0;
  messagesOut = 0;

  constructor(name: PeerName, sinceMs: number) {
    this.name = name;
    this.sinceMs = sinceMs;
  }
}

/** What is noted of one connection to a node of the server's peer. */
export class Standing {
  readonly node: SocketsNode;
  /** In the order in which the holder came to have them. */
  serial: number;
  readonly sinceMs: number;
  readonly times = new CallTimes();
  holder: Holder;
  /** Messages and calls that came. */
  uses = 0;
  /** Calls that came and are not answered. */
  callsOpen = 0;
  /** Since when the holder does not take what waits for it. */
  blockedSinceMs: number | undefined = undefined;

  constructor(node: SocketsNode, serial: number, sinceMs: number, holder: Holder) {
    this.node = node;
    this.serial = serial;
    this.sinceMs = sinceMs;
    this.holder = holder;
  }
}

/** What is noted of a handle of the server's peer to somebody else's node. */
export class OwnHolding {
  readonly handle: SocketsHandle;
  readonly serial: number;
  readonly sinceMs: number;
  readonly times = new CallTimes();
  readonly name: NodeName;
  uses = 0;
  isConcealed = false;

  constructor(handle: SocketsHandle, serial: number, sinceMs: number) {
    this.handle = handle;
    this.serial = serial;
    this.sinceMs = sinceMs;
    this.name = { id: `elsewhere.${serial}`, label: '', object: undefined };
  }
}

export class Witness {
  readonly traffic = new TrafficCounter();
  readonly observers = new Observers();
  /** The server's own peer. */
  readonly own: Holder;
  /** Holders by what the kernel calls them; the first is nobody yet. */
  readonly holders = new Map<string, Holder>();
  readonly holdings = new Map<SocketsHandle, OwnHolding>();
  readonly #time: Time;
  readonly #nobody: Holder;
  #ids = 0;
  #serials = 0;
  /** Connections that were made for a message which is being sent. */
  #offered: Attachment[] = [];

  constructor(time: Time, who: Credentials) {
    this.#time = time;
    this.own = this.#createHolder(who, true);
    this.#nobody = this.#createHolder({ pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff }, false);
    this.holders.set('', this.#nobody);
  }

  nowMs(): number {
    return this.#time.monotonicMs();
  }

  /** A number for a node, so that people can tell two of them. */
  nextSerial(): number {
    this.#serials += 1;
    return this.#serials;
  }

  /** A connection leads to a node from now on. */
  joined(attachment: Attachment, node: SocketsNode): Standing {
    const standing = new Standing(node, this.nextSerial(), this.nowMs(), this.#nobody);
    this.#nobody.attachments.add(attachment);
    return standing;
  }

  /** A connection was made for a message that the kernel has taken. */
  offered(attachment: Attachment): void {
    this.#offered.push(attachment);
  }

  /** The message with what was offered went to this holder; undefined where it is not known who that is. */
  #presume(holder: Holder | undefined): void {
    if (this.#offered.length === 0) return;
    if (holder !== undefined) for (const attachment of this.#offered) this.#move(attachment, holder);
    this.#offered = [];
  }

  /** What was offered went, or did not go, with a message to somebody who is not known here. */
  sentAway(): void {
    this.#presume(undefined);
  }

  /** Nobody watches any more: when calls began is of no use. */
  forgetTimes(): void {
    for (const { attachments } of this.holders.values()) {
      for (const { standing } of attachments) standing?.times.clear();
    }
    for (const { times } of this.holdings.values()) times.clear();
  }

  /** Calls whose beginnings are remembered. */
  get timesNoted(): number {
    let noted = 0;
    for (const { attachments } of this.holders.values()) {
      for (const { standing } of attachments) noted += standing?.times.size ?? 0;
    }
    for (const { times } of this.holdings.values()) noted += times.size;
    return noted;
  }

  /** Connections that were made for a message which is being sent. */
  get offers(): number {
    return this.#offered.length;
  }

  /** The holder has said hello. `isRoot`: it was given the node when it connected. */
  named(attachment: Attachment, standing: Standing, who: Credentials, isRoot: boolean): void {
    const key = `${who.pid}.${who.uid}.${who.gid}`;
    let holder = this.holders.get(key);
    if (holder === undefined) {
      holder = this.#createHolder(who, false);
      this.holders.set(key, holder);
    }
    if (isRoot) holder.root ??= standing.node;
    this.#move(attachment, holder);
  }

  /** The connection has ended. */
  left(attachment: Attachment, { holder }: Standing): void {
    holder.attachments.delete(attachment);
    this.#forgetIfGone(holder);
  }

  /** The server's peer has a handle to somebody's node. */
  opened(handle: SocketsHandle): void {
    this.holdings.set(handle, new OwnHolding(handle, this.nextSerial(), this.nowMs()));
  }

  closed(handle: SocketsHandle): void {
    this.holdings.delete(handle);
  }

  /** A message or a call came for a node. */
  received(
    standing: Standing,
    serial: number | undefined,
    bytes: Uint8Array,
    handles: number,
    descriptors: number,
  ): void {
    const { traffic } = this;
    standing.uses += 1;
    standing.holder.messagesOut += 1;
    this.own.messagesIn += 1;
    if (serial === undefined) traffic.messages += 1;
    else {
      traffic.calls += 1;
      standing.callsOpen += 1;
    }
    if (this.observers.tell === undefined) return;
    if (serial !== undefined) standing.times.note(serial, this.nowMs());
    this.#tell({
      kind: serial === undefined ? 'message' : 'call',
      from: standing.holder.name,
      to: this.own.name,
      node: standing.node.name,
      ...{ bytes: bytes.length, handles, descriptors, payload: bytes },
    });
  }

  /** A call that came for a node was answered. */
  replied(standing: Standing, serial: number, message: Message): void {
    this.#presume(standing.holder);
    this.traffic.replies += 1;
    standing.callsOpen -= 1;
    standing.holder.messagesIn += 1;
    this.own.messagesOut += 1;
    if (this.observers.tell === undefined) return;
    this.#tell({
      kind: 'reply',
      from: this.own.name,
      to: standing.holder.name,
      node: standing.node.name,
      latencyMs: standing.times.take(serial, this.nowMs()),
      ...messageFacts(message),
    });
  }

  /** A call that came for a node will not be answered here. */
  lost(standing: Standing, serial: number): void {
    this.traffic.repliesLost += 1;
    standing.callsOpen -= 1;
    if (this.observers.tell === undefined) return;
    this.#tell({
      kind: 'reply-lost',
      to: standing.holder.name,
      node: standing.node.name,
      code: ErrorCode.ReplyLost,
      latencyMs: standing.times.take(serial, this.nowMs()),
    });
  }

  /** The right to answer was given away: the answer does not come by here. */
  surrendered(standing: Standing): void {
    standing.callsOpen -= 1;
  }

  gone(standing: Standing): void {
    this.traffic.nodesGone += 1;
    if (this.observers.tell === undefined) return;
    this.#tell({ kind: 'node-gone', to: standing.holder.name, node: standing.node.name });
  }

  unused(node: SocketsNode): void {
    this.traffic.nodesUnused += 1;
    if (this.observers.tell !== undefined) {
      this.#tell({ kind: 'node-unused', to: this.own.name, node: node.name });
    }
  }

  writable(): void {
    this.traffic.writables += 1;
    if (this.observers.tell !== undefined) this.#tell({ kind: 'writable', to: this.own.name });
  }

  /** The server's peer has sent a message, or a call with that serial, to somebody's node. */
  sent(handle: SocketsHandle, serial: number | undefined, message: Message): void {
    this.#presume(undefined);
    if (serial === undefined) this.traffic.messages += 1;
    else this.traffic.calls += 1;
    this.own.messagesOut += 1;
    const holding = this.holdings.get(handle);
    if (holding !== undefined) holding.uses += 1;
    if (this.observers.tell === undefined || holding?.isConcealed === true) return;
    if (serial !== undefined) holding?.times.note(serial, this.nowMs());
    this.#tell({
      kind: serial === undefined ? 'message' : 'call',
      from: this.own.name,
      node: holding?.name,
      ...messageFacts(message),
    });
  }

  /** Such a call was answered. */
  answered(
    handle: SocketsHandle,
    serial: number,
    bytes: Uint8Array,
    handles: number,
    descriptors: number,
  ): void {
    this.traffic.replies += 1;
    this.own.messagesIn += 1;
    if (this.observers.tell === undefined) return;
    const holding = this.holdings.get(handle);
    this.#tell({
      kind: 'reply',
      to: this.own.name,
      node: holding?.name,
      latencyMs: holding?.times.take(serial, this.nowMs()),
      ...{ bytes: bytes.length, handles, descriptors, payload: bytes },
    });
  }

  /** Something was not sent to a holder, or on a handle of the server's peer. */
  refused(to: Standing | SocketsHandle, code: number, message: Message): void {
    this.#offered = [];
    this.traffic.refuse(code);
    if (this.observers.tell === undefined) return;
    const standing = to instanceof Standing ? to : undefined;
    const holding = to instanceof Standing ? undefined : this.holdings.get(to);
    if (holding?.isConcealed === true) return;
    const isFull = code === ErrorCode.OverQuota && standing !== undefined;
    this.#tell({
      kind: 'refused',
      from: this.own.name,
      to: standing?.holder.name,
      node: standing?.node.name ?? holding?.name,
      code,
      blame: isFull ? { resource: 'queue', uid: standing.holder.name.uid } : undefined,
      ...messageFacts(message),
    });
  }

  #createHolder(who: Credentials, isServer: boolean): Holder {
    this.#ids += 1;
    const { pid, uid, gid } = who;
    return new Holder({ id: this.#ids, pid, uid, gid, account: uid, isServer }, this.nowMs());
  }

  #move(attachment: Attachment, holder: Holder): void {
    const { standing } = attachment;
    if (standing === undefined || standing.holder === holder) return;
    const before = standing.holder;
    before.attachments.delete(attachment);
    standing.holder = holder;
    standing.serial = this.nextSerial();
    holder.attachments.add(attachment);
    this.#forgetIfGone(before);
  }

  #forgetIfGone(holder: Holder): void {
    if (holder.attachments.size > 0 || holder === this.#nobody) return;
    const { pid, uid, gid } = holder.name;
    this.holders.delete(`${pid}.${uid}.${gid}`);
  }

  #tell(told: Omit<PassingFacts, 'atMs'>): void {
    this.observers.tell?.(passingItem({ atMs: this.nowMs(), ...told }));
  }
}

function messageFacts({ bytes, handles, descriptors }: Message): Partial<PassingFacts> {
  return {
    bytes: bytes.length,
    handles: handles?.length ?? 0,
    descriptors: descriptors?.length ?? 0,
    payload: bytes,
  };
}
