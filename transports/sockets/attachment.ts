/**
 * An attachment: the owner's end of a connection to a node.
 *
 * It says nothing until the holder's HELLO is read, which comes with the first message (sockets S4). Who the holder is follows from
 * the kernel: from the connect for those who came by a path, from the credentials of the HELLO's packet for the others. A packet
 * whose credentials the kernel did not fill in (the pair's maker had not asked for them) is refused like garbage.
 *
 * A holder who does not read his replies is not read from either, until he does (sockets S15).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { peerHandlesMax, queueBytesMax, queueItemsMax } from '../../broker/contract/limits.js';
import type { Credentials, Message, Sender } from '../../broker/contract/transport.js';
import { closeAll, type PeerCore } from './core.js';
import { SocketsDelivery } from './delivery.js';
import type { FencedConnection } from './fences.js';
import { type Branch, Lineage } from './lineage.js';
import { Link } from './link.js';
import type { SocketsNode } from './node.js';
import { SocketsReply } from './reply.js';
import { Questions } from './sameness.js';
import { receiveContents } from './transfer.js';
import * as wire from './wire.js';
import type { Standing, Witness } from './witness.js';

export interface AttachmentOptions {
  /** What HELLO must repeat; default 0. */
  readonly fence?: number;
  /** The owner's own handle: does not count as a use. */
  readonly isLocal?: boolean;
  /** Whether the owner welcomes as soon as it was greeted; otherwise with its first frame. */
  readonly isWelcomed?: boolean;
  /** Who is there, where the connect has told it. */
  readonly credentials?: Credentials;
  /** Chooses the node when the holder has said hello, or returns the code of a refusal; for connections that lead nowhere before. */
  readonly admit?: () => ErrorCode | undefined;
  /** The grant that it stems from, where it was given away by another holder. */
  readonly lineage?: Lineage;
  /** Called once when the connection has ended. */
  readonly ended?: () => void;
}

/** Whether the kernel said nothing about the sender, or that it was not asked in time (sockets S4). */
function isUnknown({ pid, uid }: Credentials): boolean {
  return pid === 0 && (uid === 65_534 || uid < 0);
}

const noDescriptors: readonly number[] = [];

export class Attachment extends Link implements Branch, FencedConnection {
  bytesReceived = 0;
  /** Present at the peer of a server, while the connection leads to a node and is not the owner's own. */
  standing: Standing | undefined = undefined;
  readonly #options: AttachmentOptions;
  #node: SocketsNode | undefined;
  #sender: Sender | undefined;
  #isLocal = false;
  /** Messages may bring descriptors (sockets S12). */
  #takesDescriptors: boolean;
  /** Made when the holder first gives his handle away. */
  #lineage: Lineage | undefined;
  /** Who has said hello. */
  #pid: number | undefined;
  /** Each packet shows who sent it. */
  #isWatched = false;
  /** Packets still carry the credentials that were needed for the hello. */
  #isCredited = false;
  /** Made with the first question for sameness. */
  #questions: Questions | undefined;
  #isPaused = false;
  #isDone = false;

  constructor(core: PeerCore, descriptor: number, options: AttachmentOptions) {
    super(core, descriptor);
    // SO_PASSCRED was set by whoever made the pair, before anybody could write to it; set here it would be too late.
    this.#options = options;
    this.#takesDescriptors = options.admit === undefined;
    this.#lineage = options.lineage;
    core.fences?.add(this);
  }

  get descriptor(): number {
    return this.socket.descriptor;
  }

  setReading(on: boolean): void {
    this.socket.setReading(on);
  }

  /** Says where it leads; the node calls this. */
  lead(node: SocketsNode, isLocal: boolean): void {
    this.#node = node;
    this.#isLocal = isLocal;
    this.#takesDescriptors = node.takesDescriptors;
    if (!isLocal) this.standing = this.core.witness?.joined(this, node);
  }

  /** Bytes that the holder has sent and that were not read; 0 where the kernel does not tell. */
  unreadBytes(): number {
    try {
      return this.isEnded ? 0 : this.core.system.unreadBytes(this.descriptor);
    } catch {
      return 0;
    }
  }

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const { receiveView: view } = this.core.loop;
    this.bytesReceived += length;
    if (this.#isCredited) this.#uncredit();
    if (
      !wire.isPacketSound(view, offset, length, descriptors.length) ||
      // The kernel lets none through where it knows SO_PASSRIGHTS.
      (descriptors.length > 0 && !this.#takesDescriptors) ||
      (this.#isWatched && !this.#watchSender())
    ) {
      closeAll(this.core.system, descriptors);
      this.#break();
      return;
    }
    const end = offset + length;
    let used = 0;
    for (let at = offset; at < end; at += wire.frameBytesAt(view, at)) {
      const count = wire.frameDescriptorsAt(view, at);
      const own = count === 0 ? noDescriptors : descriptors.slice(used, used + count);
      used += count;
      const isGood = this.#frame(at, own);
      this.framesReceived = (this.framesReceived + 1) >>> 0;
      if (isGood && !this.#isDone) continue;
      closeAll(this.core.system, descriptors.slice(used));
      if (!isGood) this.#break();
      return;
    }
    if (used > 0) this.noteReceived(used);
    // What is said without being asked (losses, acknowledgements) has no limit but this.
    this.afterReply();
    this.core.fences?.passed(this);
  }

  /** With the second packet: many a connection has only one, and saves the call. */
  #uncredit(): void {
    this.#isCredited = false;
    this.socket.setCredentials(false);
  }

  /** One frame from the holder; takes its descriptors. False ends the connection. */
  #frame(at: number, descriptors: readonly number[]): boolean {
    const { receiveView: view } = this.core.loop;
    const kind = wire.frameKindAt(view, at);
    const node = this.#node;
    const sender = this.#sender;
    if (sender === undefined || node === undefined) {
      closeAll(this.core.system, descriptors);
      return kind === wire.FrameKind.Hello && this.#hello(at);
    }
    switch (kind) {
      case wire.FrameKind.Call:
      case wire.FrameKind.Message:
        return this.#message(at, kind, descriptors, node, sender);
      case wire.FrameKind.Attach:
        return this.#attach(at, descriptors, node);
      case wire.FrameKind.Same:
        return this.#same(at, node);
      case wire.FrameKind.Ack:
        return this.noteAcknowledged(wire.firstWordAt(view, at));
      default:
        closeAll(this.core.system, descriptors);
        return false;
    }
  }

  #message(
    at: number,
    kind: number,
    descriptors: readonly number[],
    node: SocketsNode,
    sender: Sender,
  ): boolean {
    const { core } = this;
    if (descriptors.length > 0 && wire.isSealedAt(core.loop.receiveView, at)) this.noteSealedReceived();
    if (wire.messageBytesAt(core.loop.receiveView, at) > node.messageBytesMax) {
      this.#drop(at, kind, descriptors);
      return true;
    }
    const arrived = receiveContents(core, at, descriptors);
    if (arrived === undefined) return false;
    const reply =
      kind === wire.FrameKind.Call
        ? new SocketsReply(core, this, wire.firstWordAt(core.loop.receiveView, at))
        : undefined;
    const { bytes } = arrived;
    if (this.standing !== undefined) {
      const serial = reply === undefined ? undefined : wire.firstWordAt(core.loop.receiveView, at);
      core.witness?.received(this.standing, serial, bytes, arrived.handles.length, arrived.own.length);
    }
    const delivery = new SocketsDelivery(this, bytes, arrived.handles, arrived.own, sender, reply);
    try {
      node.receiver.message(delivery);
    } catch (error) {
      core.fault(error);
    }
    return true;
  }

  /** What is longer than the node takes is not read, and a call is not answered (C8). */
  #drop(at: number, kind: number, descriptors: readonly number[]): void {
    const { core } = this;
    closeAll(core.system, descriptors);
    const serial = kind === wire.FrameKind.Call ? wire.firstWordAt(core.loop.receiveView, at) : undefined;
    if (this.standing !== undefined) core.witness?.received(this.standing, serial, new Uint8Array(0), 0, 0);
    if (serial !== undefined) new SocketsReply(core, this, serial).close();
  }

  /** A holder gives his handle away: the connection that he sends leads to the same node. */
  #attach(at: number, descriptors: readonly number[], node: SocketsNode): boolean {
    const fence = wire.firstWordAt(this.core.loop.receiveView, at);
    const descriptor = descriptors[0];
    if (descriptor === undefined || fence !== this.framesReceived) {
      closeAll(this.core.system, descriptors);
      return false;
    }
    this.#lineage ??= new Lineage();
    const { fences, system } = this.core;
    if (node.connections >= peerHandlesMax || !this.#lineage.add(this)) {
      // The owner may refuse an attachment: the new holder sees the end (sockets S3).
      closeAll(system, descriptors);
      return true;
    }
    try {
      const attached = node.attach(descriptor, { fence, lineage: this.#lineage });
      if (this.#pid !== undefined) fences?.hold(attached, this, this.#pid);
      return true;
    } catch {
      this.#lineage.cancel();
      return false;
    }
  }

  /** Tells the holder whether more can be attached. */
  sayRoom(hasRoom: boolean): void {
    if (!this.isEnded) this.sendShort(wire.FrameKind.Room, hasRoom ? 1 : 0);
  }

  /** One step of the question whether another handle of the holder leads here too. */
  #same(at: number, node: SocketsNode): boolean {
    const { loop } = this.core;
    const view = loop.receiveView;
    this.#questions ??= new Questions(this, (on) => {
      this.#isCredited = false;
      if (!this.#isWatched) this.socket.setCredentials(on);
    });
    const token = wire.sameTokenAt(view, at);
    const result = this.#questions.take(wire.secondWordAt(view, at), token, loop, node.notedTokens);
    if (result === undefined) return false;
    this.sendShort(wire.FrameKind.SameAnswer, wire.firstWordAt(view, at), result);
    return true;
  }

  /** The holder's greeting. */
  #hello(at: number): boolean {
    const { receiveView: view, senderPid, senderUid, senderGid } = this.core.loop;
    const known = this.#options.credentials;
    const who = known ?? { pid: senderPid, uid: senderUid, gid: senderGid };
    if (isUnknown(who)) return false;
    if (wire.helloFenceAt(view, at) !== (this.#options.fence ?? 0)) return false;
    if (!wire.isHelloUnderstood(view, at)) {
      this.refuse(ErrorCode.Version);
      return true;
    }
    const refusal = this.#node === undefined ? this.#options.admit?.() : undefined;
    if (refusal !== undefined || this.#node === undefined) {
      this.refuse(refusal ?? ErrorCode.PermissionDenied);
      return true;
    }
    this.#pid = who.pid;
    if (this.standing !== undefined) {
      this.core.witness?.named(this, this.standing, who, this.#options.isWelcomed === true);
    }
    this.core.fences?.name(this, who.pid);
    if (this.#options.isWelcomed) this.greetNow();
    const wantsCredentials = this.#node?.wantsCredentials === true;
    if (known === undefined && wantsCredentials) this.#isWatched = true;
    else if (known === undefined) this.#isCredited = true;
    this.#sender = { account: who.uid, credentials: wantsCredentials ? who : undefined };
    return true;
  }

  /**
   * Whoever made the pair may have kept a copy of the holder's end, and would speak under the name of whoever said hello; so where
   * the name matters, each packet is asked for its own (sockets S4). False if it has none.
   */
  #watchSender(): boolean {
    const { senderPid: pid, senderUid: uid, senderGid: gid } = this.core.loop;
    const last = this.#sender?.credentials;
    if (last?.pid === pid && last.uid === uid && last.gid === gid) return true;
    const who = { pid, uid, gid };
    this.#sender = { account: uid, credentials: who };
    return !isUnknown(who);
  }

  /** Says why not, and closes. */
  refuse(code: ErrorCode): void {
    if (this.#isDone) return;
    // A refusal stands in the place of the welcome.
    this.isGreeted = true;
    this.sendShort(wire.FrameKind.Refuse, code);
    this.#finishAs(false);
  }

  /** Beyond the bytes at which the holder is not read from any more: calls that were read already get their replies. */
  protected override get queueBytesLimit(): number {
    return 2 * queueBytesMax;
  }

  /** Something was sent to the holder: decides whether to go on reading. */
  afterReply(): void {
    const { queuedBytes, queuedFrames } = this.socket;
    if (this.#isPaused || (queuedBytes <= queueBytesMax && queuedFrames <= queueItemsMax)) return;
    this.#isPaused = true;
    this.socket.setReading(false);
  }

  protected override witnessed(
    witness: Witness,
    _kind: wire.FrameKind,
    serial: number,
    message: Message,
    fault: BrokerError | undefined,
  ): void {
    const { standing } = this;
    if (standing === undefined) return;
    if (fault === undefined) witness.replied(standing, serial, message);
    else witness.refused(standing, fault.code, message);
    if (this.queuedBytes > 0) standing.blockedSinceMs ??= witness.nowMs();
  }

  replyLost(serial: number): void {
    if (this.standing !== undefined) this.core.witness?.lost(this.standing, serial);
    if (this.isEnded) return;
    this.sendShort(wire.FrameKind.ReplyLost, serial);
  }

  /** Hands the holder one end of a connection on which somebody else will answer. On an error it is still the caller's. */
  attachReply(serial: number, descriptor: number): ReturnType<Link['sendIntroduction']> {
    const introduced = this.sendIntroduction(wire.FrameKind.ReplyAttach, serial, descriptor);
    if (this.standing !== undefined && !(introduced instanceof BrokerError)) {
      this.core.witness?.surrendered(this.standing);
    }
    return introduced;
  }

  override drained(): void {
    if (this.standing !== undefined) this.standing.blockedSinceMs = undefined;
    if (this.#isPaused && !this.isEnded) {
      this.#isPaused = false;
      this.socket.setReading(true);
    }
    super.drained();
  }

  ended(_errno: number): void {
    this.#done(false);
  }

  override get isEnded(): boolean {
    return this.#isDone || super.isEnded;
  }

  /** The node ends this connection: what was sent before still arrives. */
  end(isAnnounced: boolean): void {
    if (this.#isDone) return;
    if (isAnnounced) this.sendGone();
    this.#isDone = true;
    this.finish();
    this.core.fences?.remove(this, this.#pid);
    this.#leaveWitness(true);
    this.#options.ended?.();
  }

  /** Takes this holder's grant back (sockets S7). */
  revoke(): void {
    if (this.#isDone) return;
    this.sendGone();
    this.#leaveWitness(true);
    this.#finishAs(false);
  }

  /** It was made for a message that was not sent. */
  discard(): void {
    this.cut();
    this.#done(true);
  }

  protected greet(): void {
    const at = this.socket.begin(wire.welcomeBytes);
    wire.writeWelcome(this.core.loop.sendView, at);
    this.socket.commit();
  }

  #leaveWitness(isGone: boolean): void {
    const { standing } = this;
    if (standing === undefined) return;
    this.standing = undefined;
    if (isGone) this.core.witness?.gone(standing);
    this.core.witness?.left(this, standing);
  }

  #break(): void {
    this.cut();
    this.#done(false);
  }

  #finishAs(isSilent: boolean): void {
    this.finish();
    this.#done(isSilent);
  }

  #done(isSilent: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.allow();
    this.core.fences?.remove(this, this.#pid);
    this.#leaveWitness(false);
    this.#lineage?.leave(this);
    this.#options.ended?.();
    if (this.#node !== undefined) this.#questions?.end(this.#node.notedTokens);
    this.#node?.leave(this, this.#isLocal, isSilent);
  }
}
