/**
 * The broker's end of one connection: greeting, requests, and the peer's items on their way out.
 *
 * The first packet is the hello, and it is also what shows who is there: for a connection that was accepted the kernel said so
 * already, for one end of a socket pair the packet carries its sender's credentials (bus P4, sockets S4). A packet with anything
 * wrong in it ends the connection before any of its frames has an effect (bus F1).
 */
import {
  type DeliveryItem,
  noDescriptors,
  type Outlet,
  type PeerRecord,
} from '../../../broker/capability/index.js';
import { ErrorCode } from '../../../broker/contract/errors.js';
import * as limits from '../../../broker/contract/limits.js';
import type { Timer } from '../../../broker/contract/platform.js';
import type { CapabilityNode, Credentials } from '../../../broker/contract/transport.js';
import type { PacketHandler, PacketSocket } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../descriptors.js';
import * as wire from '../wire.js';
import { Backlog } from './backlog.js';
import type { Line } from './introspection.js';
import { mustWait } from './item-writer.js';
import { RequestReader } from './request-reader.js';
import type { Drain, Router } from './router.js';
import type { Load, PutOff } from './turns.js';

/** Who keeps the list of connections, and knows the roots. */
export interface ConnectionKeeper {
  /** Gives the newcomer its root: 0, or the code with which it is refused. `root` is then a pair of word and generation. */
  admit(connection: Connection, peer: PeerRecord, who: Credentials, root: Uint32Array): number;
  /** The connection has ended. */
  forget(connection: Connection): void;
}

/** Bytes handed to one receiver in a turn after which they go to the kernel, so that a full socket is noticed. */
const flushBytes = 128 * 1024;
/** Bytes of a peer's own that it does not take, after which nothing more is read from it. */
const unreadBytesMax = 256 * 1024;
/** How long a connection that was refused or is closed still gets what it is owed. */
const lingerMs = 1_000;
/** When to try again to send descriptors of which too many are in flight (sockets S11). */
const descriptorRetryMs = 10;

export class Connection implements PacketHandler, Outlet, Drain, Line, PutOff {
  readonly sinceMs: number;
  /** The node that the peer was given as its root. */
  root: CapabilityNode | undefined = undefined;
  readonly #router: Router;
  readonly #keeper: ConnectionKeeper;
  readonly #socket: PacketSocket;
  readonly #timer: Timer;
  readonly #requests: RequestReader;
  #who: Credentials | undefined;
  #peer: PeerRecord | undefined;
  #isWaiting = false;
  /** What waits was queued while nothing was in its way, so its payloads are still the submitter's. */
  #isBorrowing = false;
  #isRetrying = false;
  /** It does not take the answers to its own requests. */
  #isHeld = false;
  #isReading = true;
  /** Its other side has ended, and what it wrote before is not carried out yet. */
  #hasEnded = false;
  readonly #backlog = new Backlog();
  #load: Load | undefined;
  #unflushedBytes = 0;
  #blockedSinceMs: number | undefined;

  /** Takes the descriptor. Without `who` the hello shows who it is. */
  constructor(router: Router, keeper: ConnectionKeeper, descriptor: number, who: Credentials | undefined) {
    this.#router = router;
    this.#keeper = keeper;
    this.#who = who;
    this.sinceMs = router.time.monotonicMs();
    this.#socket = router.loop.adopt(descriptor, this);
    this.#requests = new RequestReader(router, this.#socket);
    this.#timer = router.time.createTimer(() => this.#timeout());
    // One who was invited may come at any time: its connection costs nobody more than the invitation did.
    if (who !== undefined) this.#timer.arm(limits.helloTimeoutMs);
    else this.#socket.setCredentials(true);
  }

  get isWelcome(): boolean {
    return this.#peer !== undefined;
  }

  get blockedSinceMs(): number | undefined {
    return this.isBlocked ? this.#blockedSinceMs : undefined;
  }

  // Outlet.

  get isBlocked(): boolean {
    return this.#isRetrying || this.#socket.queuedBytes > 0;
  }

  wake(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#isBorrowing = !this.isBlocked;
    this.#router.wake(this);
  }

  drain(): void {
    this.#isWaiting = false;
    const peer = this.#peer;
    if (peer === undefined || peer.hasEnded) return;
    if (this.isBlocked) {
      // Somebody else's items were handed to the kernel meanwhile, and this peer's with them.
      if (this.#isBorrowing && peer.queue.head !== undefined) keep(peer.queue.head);
      this.#noteBlocked();
      this.#isBorrowing = false;
      return;
    }
    const { core, loop, writer } = this.#router;
    for (let item = peer.queue.head; item !== undefined; item = peer.queue.head) {
      if (this.#unflushedBytes > flushBytes) {
        loop.flush();
        this.#unflushedBytes = 0;
        if (this.isBlocked) {
          keep(item);
          this.#noteBlocked();
          return;
        }
      }
      const bytes = writer.write(this.#socket, item);
      if (bytes === mustWait) {
        this.#isRetrying = true;
        this.#timer.arm(descriptorRetryMs);
        keep(item);
        this.#noteBlocked();
        return;
      }
      this.#unflushedBytes += bytes;
      core.delivered(peer, item);
    }
  }

  // PacketHandler.

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const peer = this.#peer;
    if (peer === undefined) {
      this.#greet(offset, length, descriptors);
      return;
    }
    const { loop, turns } = this.#router;
    const room = turns.room(this.load);
    const end = offset + length;
    if (room <= 0 || this.#isHeld || !this.#backlog.isEmpty) {
      this.#putOff(offset, end, descriptors, false);
      return;
    }
    const at = this.#carryOut(
      peer,
      loop.receiveBytes,
      loop.receiveView,
      offset,
      end,
      descriptors,
      room,
      false,
    );
    if (at < end) this.#putOff(at, end, descriptors.slice(this.#requests.taken), true);
    // Answers to a peer's own requests are not charged to anybody, so they have to end where it does not take them.
    else if (!this.#isHeld && this.#socket.queuedBytes > unreadBytesMax) this.#hold();
  }

  ended(_errno: number): void {
    if (this.#backlog.isEmpty) {
      this.#end();
      return;
    }
    // What it wrote before its end comes before its end.
    this.#hasEnded = true;
    this.#isHeld = false;
    this.#router.turns.putOff(this);
  }

  drained(): void {
    this.#blockedSinceMs = undefined;
    if (this.#isHeld) {
      this.#isHeld = false;
      if (!this.#backlog.isEmpty) this.#router.turns.putOff(this);
      this.#setReading();
    }
    this.#resume();
  }

  // PutOff.

  get load(): Load {
    return this.#load as Load;
  }

  goOn(stepsMax: number): boolean {
    const { effort } = this.#router.core;
    const stepsEnd = effort.steps + stepsMax;
    for (let packet = this.#backlog.first; packet !== undefined; packet = this.#backlog.first) {
      const peer = this.#peer;
      if (peer === undefined || peer.hasEnded || this.#isHeld) return false;
      if (this.#socket.queuedBytes > unreadBytesMax) {
        this.#hold();
        return false;
      }
      const { bytes, view, at, isChecked } = packet;
      const room = stepsEnd - effort.steps;
      if (room <= 0) return true;
      // Taken before it is carried out: whatever ends the connection meanwhile closes what is left of the others.
      const descriptors = this.#backlog.take(this.load, packet);
      const end = bytes.length;
      const next = this.#carryOut(peer, bytes, view, at, end, descriptors, room, isChecked);
      packet.at = next;
      packet.isChecked = true;
      const hasRest = next < end;
      const rest = hasRest ? descriptors.slice(this.#requests.taken) : noDescriptors;
      if (this.#backlog.isEmpty) {
        // The connection was ended by what was carried out.
        closeDescriptors(rest);
      } else if (hasRest) this.#backlog.putBack(this.load, packet, rest);
      else this.#backlog.shift(this.load);
    }
    if (this.#hasEnded) this.#end();
    else this.#setReading();
    return false;
  }

  /** Ends the connection; the peer gets what is on its way. */
  close(): void {
    this.#socket.end(lingerMs);
    this.#end();
  }

  /** Says why, and closes. */
  refuse(code: number): void {
    wire.writeClose(this.#router.loop.sendView, this.#socket.begin(wire.closeBytes), code);
    this.#socket.commit();
    this.close();
  }

  // Inside.

  #noteBlocked(): void {
    this.#blockedSinceMs ??= this.#router.time.monotonicMs();
  }

  #hold(): void {
    this.#isHeld = true;
    this.#setReading();
  }

  #setReading(): void {
    const isReading = !this.#isHeld && this.#backlog.isEmpty;
    if (isReading === this.#isReading) return;
    this.#isReading = isReading;
    this.#socket.setReading(isReading);
  }

  /** The rest of a packet comes later, and so does everything behind it. */
  #putOff(at: number, end: number, descriptors: readonly number[], isChecked: boolean): void {
    if (this.#peer?.hasEnded !== false) {
      closeDescriptors(descriptors);
      return;
    }
    if (!this.#backlog.add(this.load, this.#router.loop.receiveBytes, at, end, descriptors, isChecked)) {
      closeDescriptors(descriptors);
      this.refuse(ErrorCode.OverQuota);
      return;
    }
    // While it is held it does not go on either.
    if (!this.#isHeld) this.#router.turns.putOff(this);
    this.#setReading();
  }

  /** Carries out what is left of a packet, for at most so many steps. Returns where the rest begins, if there is one. */
  #carryOut(
    peer: PeerRecord,
    bytes: Uint8Array,
    view: DataView,
    at: number,
    end: number,
    descriptors: readonly number[],
    room: number,
    isChecked: boolean,
  ): number {
    const { core, turns } = this.#router;
    if (!isChecked && wire.clientPacketFault(view, at, end - at, descriptors.length) !== wire.Fault.None) {
      closeDescriptors(descriptors);
      this.refuse(ErrorCode.Protocol);
      return end;
    }
    const { steps } = core.effort;
    const next = this.#requests.read(peer, bytes, view, at, end, descriptors, steps + room);
    turns.spent(this.load, steps);
    this.#router.settle();
    this.#requests.finish();
    if (next >= 0) return next;
    this.refuse(ErrorCode.Protocol);
    return end;
  }

  #resume(): void {
    this.drain();
    this.#router.settle();
  }

  #timeout(): void {
    if (this.#peer === undefined) {
      this.refuse(ErrorCode.Deadline);
      return;
    }
    this.#isRetrying = false;
    this.#resume();
  }

  #greet(offset: number, length: number, descriptors: readonly number[]): void {
    const { loop, core } = this.#router;
    const hello = wire.readHello(loop.receiveView, offset, length);
    if (hello === undefined || descriptors.length > 0) {
      closeDescriptors(descriptors);
      this.refuse(ErrorCode.Protocol);
      return;
    }
    if (hello.lowest > wire.version || hello.highest < wire.version) {
      this.refuse(ErrorCode.Version);
      return;
    }
    if (this.#who === undefined) {
      this.#who = { pid: loop.senderPid, uid: loop.senderUid, gid: loop.senderGid };
      this.#socket.setCredentials(false);
    }
    this.#timer.disarm();
    const who = this.#who;
    const peer = core.addPeer({ account: core.accountOf(who.uid), ...who }, this);
    this.#peer = peer;
    this.#load = this.#router.turns.loadOf(peer.user);
    const root = new Uint32Array(2);
    const code = this.#keeper.admit(this, peer, who, root);
    if (code !== 0) {
      this.refuse(code);
      return;
    }
    const at = this.#socket.begin(wire.welcomeBytes);
    wire.writeWelcome(loop.sendView, at, peer.identity.account, root[0] ?? 0, root[1] ?? 0);
    this.#socket.commit();
    this.#router.settle();
  }

  #end(): void {
    this.#timer.disarm();
    if (this.#load !== undefined) this.#backlog.clear(this.#load);
    const peer = this.#peer;
    if (peer !== undefined && !peer.hasEnded) this.#router.endPeer(peer);
    this.#keeper.forget(this);
  }
}

/** What cannot be sent now must not depend on memory that will be used again (bus M9). */
function keep(first: DeliveryItem): void {
  for (let item: DeliveryItem | undefined = first; item !== undefined; item = item.next) item.payload?.own();
}
