/**
 * One connection, seen from either end: what the holder's side and the owner's side have in common.
 *
 * - The greeting goes in front of the first frame, in the same packet; so attaching costs no packet of its own.
 * - Frames are counted in both directions; the count is the fence of what a frame introduces (sockets S5).
 * - Descriptors in flight are counted: the receiving side acknowledges every `acknowledgeEvery` of them, cumulatively, and a
 *   sender refuses more than `descriptorsInFlightMax` (sockets S11). The count is cautious: it forgets what was received only when
 *   told so.
 * - Bytes of payloads outside of packets (sockets S9) are counted with their descriptors, which are acknowledged at once; a sender
 *   refuses more than `sealedBytesInFlightMax`.
 * - A refusal with `over-quota` is remembered until the socket has drained, an acknowledgement came, or the retry time is over;
 *   then `writable` resolves (C60).
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import {
  closeLingerMs,
  descriptorsInFlightMax,
  inlineBytesMax,
  packetDescriptorsMax,
  queueBytesMax,
  queueItemsMax,
  sealedBytesInFlightMax,
} from '../../broker/contract/limits.js';
import type { Message } from '../../broker/contract/transport.js';
import type { PacketHandler, PacketSocket } from '../../broker/native/packets.js';
import { closeAll, type PeerCore, refusalOf } from './core.js';
import { makeOffers, type Offer, sealPayload, undoOffers } from './transfer.js';
import * as wire from './wire.js';
import type { Witness } from './witness.js';

/** An acknowledgement is sent when this many descriptors have arrived since the last one. */
export const acknowledgeEvery = 32;

/** A payload for many destinations, and where in the send arena it stands while `epoch` is the loop's. */
export interface SharedPayload {
  readonly bytes: Uint8Array;
  epoch: number;
  offset: number;
}

/** A payload outside of a packet that is in flight: how many descriptors were sent up to its own, and its bytes. */
interface SealedInFlight {
  readonly sent: number;
  readonly bytes: number;
}

const settled: Promise<void> = Promise.resolve();

export abstract class Link implements PacketHandler {
  protected readonly core: PeerCore;
  protected readonly socket: PacketSocket;
  /** Whether this side's greeting was sent. */
  protected isGreeted = false;
  protected framesSent = 0;
  protected framesReceived = 0;
  #descriptorsSent = 0;
  #descriptorsAcknowledged = 0;
  #descriptorsReceived = 0;
  #descriptorsReported = 0;
  #sealedInFlight: SealedInFlight[] | undefined;
  #sealedBytes = 0;
  /** A payload outside of its packet has arrived since the last acknowledgement. */
  #isSealedReceived = false;
  #isRefused = false;
  #writable: Promise<void> | undefined;
  #allow: (() => void) | undefined;

  /** Takes the descriptor; throws, and has closed it, if it is not a connected SOCK_SEQPACKET socket. */
  constructor(core: PeerCore, descriptor: number) {
    this.core = core;
    this.socket = core.loop.adopt(descriptor, this);
  }

  abstract packet(offset: number, length: number, descriptors: readonly number[]): void;
  abstract ended(errno: number): void;
  /** Commits this side's greeting. */
  protected abstract greet(): void;

  drained(): void {
    this.allow();
    this.#acknowledge();
  }

  /** Whether nothing can be sent any more. */
  get isEnded(): boolean {
    return this.socket.isClosed;
  }

  protected get queueBytesLimit(): number {
    return queueBytesMax;
  }

  get queuedBytes(): number {
    return this.socket.queuedBytes;
  }

  get queuedFrames(): number {
    return this.socket.queuedFrames;
  }

  /** Descriptors that were sent and that the other side has not acknowledged. */
  get descriptorsInFlight(): number {
    return (this.#descriptorsSent - this.#descriptorsAcknowledged) >>> 0;
  }

  /** Whether what waits for the kernel is at its limit. */
  get isFull(): boolean {
    return this.socket.queuedBytes > this.queueBytesLimit || this.socket.queuedFrames > queueItemsMax;
  }

  /**
   * Sends a MESSAGE, CALL or REPLY. Takes the message's descriptors in every case. An error means that nothing was sent; what the
   * manifest says of the message was checked before. `sealed` is memory with the payload, where it was made before; it is taken,
   * too.
   */
  transmit(kind: wire.FrameKind, serial: number, message: Message, sealed = -1): BrokerError | undefined {
    const fault = this.#transmit(kind, serial, message, sealed);
    if (this.core.witness !== undefined) this.witnessed(this.core.witness, kind, serial, message, fault);
    return fault;
  }

  /** Tells the witness what was sent, or that it was not. */
  protected witnessed(
    _witness: Witness,
    _kind: wire.FrameKind,
    _serial: number,
    _message: Message,
    _fault: BrokerError | undefined,
  ): void {}

  #transmit(kind: wire.FrameKind, serial: number, message: Message, sealed: number): BrokerError | undefined {
    const { bytes, handles, descriptors } = message;
    if (
      (handles !== undefined && handles.length > 0) ||
      (descriptors !== undefined && descriptors.length > 0) ||
      bytes.byteLength > inlineBytesMax
    ) {
      return this.#transmitWithDescriptors(kind, serial, message, sealed);
    }
    const socket = this.socket;
    if (socket.queuedBytes > 0 && this.isFull) return this.#refuseFull();
    if (!this.isGreeted) this.#greetOnce();
    const payloadBytes = bytes.byteLength;
    const length = wire.messageFrameBytes(0, payloadBytes);
    const at = socket.begin(length);
    const { sendView, sendBytes } = this.core.loop;
    wire.writeMessageHead(sendView, at, length, kind, serial, 0, 0, payloadBytes);
    wire.writePayload(sendBytes, at, length, 0, bytes);
    socket.commit();
    this.framesSent = (this.framesSent + 1) >>> 0;
    return undefined;
  }

  /** Sends a MESSAGE whose payload is in the send arena once for many destinations. */
  protected transmitShared(payload: SharedPayload): BrokerError | undefined {
    const { loop } = this.core;
    const { bytes } = payload;
    if (this.isFull) return this.#refuseFull();
    if (!this.isGreeted) this.#greetOnce();
    const length = wire.messageFrameBytes(0, bytes.byteLength);
    const at = this.socket.begin(wire.messageHeadBytes);
    wire.writeMessageHead(loop.sendView, at, length, wire.FrameKind.Message, 0, 0, 0, bytes.byteLength);
    // The arena may have been started afresh since the last destination.
    if (payload.epoch !== loop.epoch) {
      payload.offset = loop.share(bytes, 0, bytes.byteLength);
      payload.epoch = loop.epoch;
    }
    this.socket.commitShared(payload.offset, length - wire.messageHeadBytes);
    this.framesSent = (this.framesSent + 1) >>> 0;
    return undefined;
  }

  #transmitWithDescriptors(
    kind: wire.FrameKind,
    serial: number,
    message: Message,
    sealed: number,
  ): BrokerError | undefined {
    const { bytes, handles = [], descriptors: own = [] } = message;
    const sealedBytes = bytes.byteLength > inlineBytesMax ? bytes.byteLength : 0;
    const taken = sealed >= 0 ? [sealed, ...own] : own.slice();
    const refused = this.#refuseDescriptors(own.length + handles.length, sealedBytes);
    const offers = refused ?? this.#seal(bytes, sealedBytes, taken, sealed) ?? makeOffers(this.core, handles);
    if (offers instanceof BrokerError) {
      if (refused === undefined && offers.code === ErrorCode.OverQuota) this.#refuseForNow();
      closeAll(this.core.system, taken);
      return offers;
    }
    const descriptors = taken.slice();
    let carried = sealedBytes > 0 ? 1 : 0;
    for (const offer of offers) if (offer.descriptor >= 0) descriptors.splice(carried++, 0, offer.descriptor);
    const errno = this.#commitMessage(kind, serial, bytes, sealedBytes, offers, descriptors);
    if (errno === 0) {
      for (const offer of offers) offer.given?.();
      return undefined;
    }
    undoOffers(this.core.system, offers);
    closeAll(this.core.system, taken);
    const refusal = refusalOf(errno);
    if (refusal.code === ErrorCode.OverQuota) this.#refuseForNow();
    return refusal;
  }

  /** Puts the payload into sealed memory, in front of what is taken, where it needs that and has none yet. */
  #seal(bytes: Uint8Array, sealedBytes: number, taken: number[], sealed: number): BrokerError | undefined {
    if (sealedBytes === 0 || sealed >= 0) return undefined;
    const memory = sealPayload(this.core.system, bytes);
    if (memory instanceof BrokerError) return memory;
    taken.unshift(memory);
    return undefined;
  }

  /** Why this connection does not take so many descriptors, and a payload outside of the packet, now. */
  #refuseDescriptors(count: number, sealedBytes: number): BrokerError | undefined {
    const needed = sealedBytes > 0 ? count + 1 : count;
    if (needed > packetDescriptorsMax) {
      return new BrokerError(
        ErrorCode.TooLarge,
        `${count} handles and descriptors exceed the limit of ${packetDescriptorsMax + count - needed} in one message`,
      );
    }
    if (this.isFull) return this.#refuseFull();
    if (this.#sealedBytes + sealedBytes > sealedBytesInFlightMax) {
      return this.refuseUntilAllowed(
        noRoom('bytes in sealed memory', `${this.#sealedBytes} of ${sealedBytesInFlightMax}`),
      );
    }
    return this.#refuseInFlight(needed);
  }

  #commitMessage(
    kind: wire.FrameKind,
    serial: number,
    payload: Uint8Array,
    sealedBytes: number,
    offers: readonly Offer[],
    descriptors: readonly number[],
  ): number {
    if (!this.isGreeted) this.#greetOnce();
    const placeBytes = sealedBytes > 0 ? wire.sealedPlaceBytes : payload.byteLength;
    const length = wire.messageFrameBytes(offers.length, placeBytes);
    const at = this.socket.begin(length);
    const { sendView, sendBytes } = this.core.loop;
    const count = offers.length;
    wire.writeMessageHead(sendView, at, length, kind, serial, count, descriptors.length, placeBytes);
    for (const [index, offer] of offers.entries()) {
      wire.writeTransfer(sendView, at, index, offer.kind, offer.fence);
    }
    if (sealedBytes === 0) wire.writePayload(sendBytes, at, length, count, payload);
    else wire.writeSealedPlace(sendView, at, count, sealedBytes);
    const errno = this.#commitCarrying(descriptors);
    if (errno === 0 && sealedBytes > 0) this.#noteSealedSent(sealedBytes);
    return errno;
  }

  #noteSealedSent(bytes: number): void {
    this.#sealedInFlight ??= [];
    this.#sealedInFlight.push({ sent: this.#descriptorsSent, bytes });
    this.#sealedBytes += bytes;
  }

  /** Hands over what was begun. Counts frame and descriptors if the kernel took them; otherwise they are the caller's. */
  #commitCarrying(descriptors: readonly number[]): number {
    if (descriptors.length === 0) {
      this.socket.commit();
    } else {
      const errno = this.socket.commitNow(descriptors);
      if (errno !== 0) return errno;
      this.#descriptorsSent = (this.#descriptorsSent + descriptors.length) >>> 0;
    }
    this.framesSent = (this.framesSent + 1) >>> 0;
    return 0;
  }

  /**
   * Sends ATTACH or REPLY_ATTACH with one end of a pair. Returns the fence that goes with it. On an error the descriptor is
   * still the caller's.
   */
  protected sendIntroduction(
    kind: typeof wire.FrameKind.Attach | typeof wire.FrameKind.ReplyAttach,
    serial: number,
    descriptor: number,
  ): number | BrokerError {
    if (this.isFull) return this.#refuseFull();
    const full = this.#refuseInFlight(1);
    if (full !== undefined) return full;
    if (!this.isGreeted) this.#greetOnce();
    // What was sent on other connections before is the kernel's before this, for owners that keep the wide fence (sockets S5).
    this.core.loop.flush();
    const fence = this.framesSent;
    const at = this.socket.begin(wire.shortFrameBytes);
    const isReply = kind === wire.FrameKind.ReplyAttach;
    wire.writeShort(this.core.loop.sendView, at, kind, 1, isReply ? serial : fence, isReply ? fence : 0);
    const errno = this.#commitCarrying([descriptor]);
    if (errno === 0) return fence;
    const refusal = refusalOf(errno);
    if (refusal.code === ErrorCode.OverQuota) this.#refuseForNow();
    return refusal;
  }

  /** Commits a frame of two words and no descriptor; dropped on a closed socket. */
  protected sendShort(kind: wire.FrameKind, first: number, second = 0): void {
    if (!this.isGreeted) this.#greetOnce();
    const at = this.socket.begin(wire.shortFrameBytes);
    wire.writeShort(this.core.loop.sendView, at, kind, 0, first, second);
    this.socket.commit();
    this.framesSent = (this.framesSent + 1) >>> 0;
  }

  /** Commits SAME; an error means that it was not sent. */
  protected sendSame(serial: number, step: wire.SameStep, token: Uint8Array): BrokerError | undefined {
    if (this.isFull) return this.#refuseFull();
    if (!this.isGreeted) this.#greetOnce();
    const at = this.socket.begin(wire.sameBytes);
    wire.writeSame(this.core.loop.sendView, at, serial, step, token);
    this.socket.commit();
    this.framesSent = (this.framesSent + 1) >>> 0;
    return undefined;
  }

  /** Commits GONE. */
  protected sendGone(): void {
    if (!this.isGreeted) this.#greetOnce();
    const at = this.socket.begin(wire.goneBytes);
    wire.writeGone(this.core.loop.sendView, at);
    this.socket.commit();
    this.framesSent = (this.framesSent + 1) >>> 0;
  }

  #greetOnce(): void {
    this.isGreeted = true;
    this.greet();
    this.framesSent = (this.framesSent + 1) >>> 0;
  }

  /** Sends the greeting, if it was not sent. */
  protected greetNow(): void {
    if (!this.isGreeted) this.#greetOnce();
  }

  /** Notes that descriptors have arrived, and acknowledges them when there are enough. */
  protected noteReceived(count: number): void {
    this.#descriptorsReceived = (this.#descriptorsReceived + count) >>> 0;
    this.#acknowledge();
  }

  /** Notes that a message has arrived whose payload was outside of its packet; to be followed by `noteReceived`. */
  protected noteSealedReceived(): void {
    this.#isSealedReceived = true;
  }

  /** To somebody who takes nothing an acknowledgement is sent when he does: it is cumulative. */
  #acknowledge(): void {
    const unreported = (this.#descriptorsReceived - this.#descriptorsReported) >>> 0;
    if (unreported < acknowledgeEvery && !this.#isSealedReceived) return;
    if (this.socket.isClosed || this.isFull) return;
    this.#isSealedReceived = false;
    this.#descriptorsReported = this.#descriptorsReceived;
    this.sendShort(wire.FrameKind.Ack, this.#descriptorsReceived);
  }

  /** Takes an ACK; false if it acknowledges what was never sent. */
  protected noteAcknowledged(received: number): boolean {
    const inFlight = (this.#descriptorsSent - this.#descriptorsAcknowledged) >>> 0;
    const newly = (received - this.#descriptorsAcknowledged) >>> 0;
    if (newly > inFlight) return false;
    this.#descriptorsAcknowledged = received;
    if (this.#sealedBytes > 0) this.#forgetSealed(inFlight - newly);
    this.allow();
    return true;
  }

  /** Only the last `inFlight` descriptors are in flight still. */
  #forgetSealed(inFlight: number): void {
    const sealed = this.#sealedInFlight ?? [];
    for (let first = sealed[0]; first !== undefined; first = sealed[0]) {
      if ((this.#descriptorsSent - first.sent) >>> 0 < inFlight) return;
      this.#sealedBytes -= first.bytes;
      sealed.shift();
    }
  }

  #refuseInFlight(count: number): BrokerError | undefined {
    const inFlight = (this.#descriptorsSent - this.#descriptorsAcknowledged) >>> 0;
    if (inFlight + count <= descriptorsInFlightMax) return undefined;
    this.#isRefused = true;
    const taken = `${inFlight} of ${descriptorsInFlightMax}`;
    return new BrokerError(ErrorCode.OverQuota, noRoom('descriptors in flight', taken));
  }

  #refuseFull(): BrokerError {
    this.#isRefused = true;
    const { queuedBytes, queuedFrames } = this.socket;
    const isBytes = queuedBytes > this.queueBytesLimit;
    return new BrokerError(
      ErrorCode.OverQuota,
      isBytes
        ? noRoom('bytes in flight', `${queuedBytes} of ${this.queueBytesLimit}`)
        : noRoom('messages in flight', `${queuedFrames} of ${queueItemsMax}`),
    );
  }

  /** The other side takes no more for now, and will say when it does. */
  protected refuseUntilAllowed(text: string): BrokerError {
    this.#isRefused = true;
    return new BrokerError(ErrorCode.OverQuota, text);
  }

  /** Nothing here will tell when the refusal is over: somebody else is in the way, so time has to. */
  #refuseForNow(): void {
    this.#isRefused = true;
    this.core.retryLater(this);
  }

  /** Resolves when a refusal is over; at once if there was none. */
  writable(): Promise<void> {
    if (!this.#isRefused) return settled;
    this.#writable ??= new Promise((resolve) => {
      this.#allow = resolve;
    });
    return this.#writable;
  }

  /** Ends a refusal. */
  allow(): void {
    if (!this.#isRefused) return;
    this.#isRefused = false;
    if (this.#allow !== undefined) this.core.witness?.writable();
    this.#allow?.();
    this.#allow = undefined;
    this.#writable = undefined;
  }

  /** Sends what is committed, then closes; nothing is received any more (C6). */
  protected finish(): void {
    this.socket.end(closeLingerMs);
    this.allow();
  }

  /** Closes at once. */
  protected cut(): void {
    this.socket.close();
    this.allow();
  }
}

/** Of a connection whose other side does not take what it was sent; `taken` is how much of the limit. */
function noRoom(what: string, taken: string): string {
  return `no room for more ${what}: the receiver has not taken ${taken}; try again when writable`;
}
