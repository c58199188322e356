/**
 * A link over a socket: requests as frames to the broker, frames from the broker as events.
 *
 * Requests are numbered by their order. Those that somebody waits for stand in one queue, and the broker accepts or refuses
 * them in that order: cumulatively, as a first serial, a count and the first sequence number (bus O3).
 */
import { BrokerError, blameOf, ErrorCode, QuotaHolder, QuotaKind } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import type { Time, Timer } from '../../broker/contract/platform.js';
import type { PacketHandler, PacketLoop, PacketSocket } from '../../broker/native/packets.js';
import { closeDescriptors } from './descriptors.js';
import { FrameReader } from './frame-reader.js';
import type { Attempt, BusLink, HolderShare, LinkEvents } from './link.js';
import { ownSide } from './link.js';
import { type DestinationList, noDescriptors, type Operation } from './operation.js';
import { PendingQueue } from './pending.js';
import { refusal } from './refusal.js';
import { copyBytes } from './slab.js';
import * as wire from './wire.js';

/** Bytes committed in one turn after which they are handed to the kernel, so that a full socket is noticed. */
const flushBytes = 256 * 1024;
/** How long a closed link goes on sending what it had. */
const lingerMs = 2_000;
/** The kernel has too many descriptors of ours in flight (sockets S11): worth another try after this. */
const descriptorRetryMs = 10;

export class SocketLink implements BusLink, PacketHandler {
  readonly socket: PacketSocket;
  /** Settled once by the broker's greeting. */
  readonly welcome: Promise<void>;
  readonly #loop: PacketLoop;
  readonly #reader: FrameReader;
  readonly #pending = new PendingQueue();
  readonly #roomTimer: Timer;
  #settleWelcome: { resolve(): void; reject(error: Error): void } | undefined;
  #events: LinkEvents | undefined;
  #serial = 0;
  #unflushedBytes = 0;
  /** Bytes of payloads outside of packets that the broker may not have read yet, and those of the request under way. */
  #sealedBytes = 0;
  #sealedNow = 0;
  #roomWaiters: (() => void)[] = [];
  #isFull = false;
  #isClosed = false;

  /** Takes the descriptor, and greets the broker. */
  constructor(loop: PacketLoop, time: Time, descriptor: number, events: LinkEvents) {
    this.#loop = loop;
    this.#events = events;
    this.#reader = new FrameReader(loop, this.#pending);
    this.#roomTimer = time.createTimer(() => this.drained());
    this.welcome = new Promise((resolve, reject) => {
      this.#settleWelcome = { resolve, reject };
    });
    this.socket = loop.adopt(descriptor, this);
    wire.writeHello(loop.sendView, this.socket.begin(wire.helloBytes));
    this.socket.commit();
  }

  send(operation: Operation, attempt: Attempt): Promise<number> {
    const code =
      operation.destinationCount === 1 && !operation.isPartial
        ? this.#writeSend(wire.FrameKind.Send, 0, operation)
        : this.#writeMulticast(operation);
    const accepted = this.#wait(code, attempt);
    if (this.#sealedNow > 0) this.#followSealed();
    return accepted;
  }

  call(operation: Operation): number {
    const code = this.#writeSend(wire.FrameKind.Call, 0, operation);
    if (this.#sealedNow > 0) this.#followSealed();
    return code;
  }

  reply(operation: Operation): number {
    const code = this.#writeSend(wire.FrameKind.Reply, 0, operation);
    if (this.#sealedNow > 0) this.#followSealed();
    return code;
  }

  replyAccepted(operation: Operation, attempt: Attempt): Promise<number> {
    const code = this.#writeSend(wire.FrameKind.Reply, wire.acceptanceFlag, operation);
    const accepted = this.#wait(code, attempt);
    if (this.#sealedNow > 0) this.#followSealed();
    return accepted;
  }

  create(word: number, generation: number, showsCredentials: boolean, bytesMax: number): void {
    const at = this.#begin(wire.createBytes);
    const view = this.#loop.sendView;
    const flags = showsCredentials ? wire.credentialsFlag : 0;
    wire.writeHeader(view, at, wire.createBytes, wire.FrameKind.Create, flags, 0);
    this.#writeIds(at, bytesMax, word, generation);
    this.socket.commit();
  }

  destroy(word: number, generation: number): void {
    const bytes = wire.listHeadBytes + wire.idBytes;
    const at = this.#begin(bytes);
    wire.writeHeader(this.#loop.sendView, at, bytes, wire.FrameKind.Destroy, 0, 0);
    this.#writeIds(at, 1, word, generation);
    this.socket.commit();
  }

  release(word: number, generation: number, count: number): void {
    const bytes = wire.listHeadBytes + wire.releaseEntryBytes;
    const at = this.#begin(wire.paddedBytes(bytes));
    const view = this.#loop.sendView;
    wire.writeHeader(view, at, bytes, wire.FrameKind.Release, 0, 0);
    this.#writeIds(at, 1, word, generation);
    view.setUint32(at + 24, count, true);
    view.setUint32(at + 28, 0, true);
    this.socket.commit();
  }

  withdraw(tag: number): void {
    const at = this.#begin(wire.withdrawBytes);
    const view = this.#loop.sendView;
    wire.writeHeader(view, at, wire.withdrawBytes, wire.FrameKind.Withdraw, 0, 0);
    view.setUint32(at + 8, this.#nextSerial(), true);
    view.setUint32(at + 12, tag, true);
    this.socket.commit();
  }

  holders(word: number, generation: number): Promise<readonly HolderShare[]> {
    const at = this.#begin(wire.holdersBytes);
    wire.writeHeader(this.#loop.sendView, at, wire.holdersBytes, wire.FrameKind.Holders, 0, 0);
    this.#writeIds(at, 0, word, generation);
    this.socket.commit();
    return this.#pending.addHolders(this.#serial);
  }

  roomy(): Promise<void> {
    if (!this.#isFull) return Promise.resolve();
    return new Promise((resolve) => {
      this.#roomWaiters.push(resolve);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.socket.end(lingerMs);
    this.#finish(new BrokerError(ErrorCode.Closed, 'the peer was closed'));
  }

  // PacketHandler.

  packet(offset: number, length: number, descriptors: readonly number[]): void {
    const view = this.#loop.receiveView;
    const fault = wire.brokerPacketFault(view, offset, length, descriptors.length);
    let isSound = fault === wire.Fault.None;
    const end = offset + length;
    let taken = 0;
    for (let at = offset; isSound && !this.#isClosed && at < end; at += view.getUint32(at, true)) {
      const count = view.getUint8(at + 6);
      const own = count === 0 ? noDescriptors : descriptors.slice(taken, taken + count);
      taken += count;
      isSound = this.#frame(at, own);
    }
    if (taken < descriptors.length) closeDescriptors(descriptors.slice(taken));
    if (!isSound && !this.#isClosed) {
      this.socket.close();
      this.#disconnect(new BrokerError(ErrorCode.Protocol, 'the broker sent what is no frame of the bus'));
    }
  }

  ended(errno: number): void {
    const how = errno === 0 ? '' : ` (errno ${errno})`;
    this.#disconnect(new BrokerError(ErrorCode.Disconnected, `the connection to the broker has ended${how}`));
  }

  drained(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiters) wake();
  }

  // Inside.

  #frame(at: number, descriptors: readonly number[]): boolean {
    const view = this.#loop.receiveView;
    const kind = view.getUint8(at + 4);
    const greeted = this.#settleWelcome;
    if (kind === wire.FrameKind.Close) {
      if (view.getUint32(at + 8, true) !== wire.magic) return false;
      const code = view.getUint32(at + 12, true);
      this.socket.close();
      this.#disconnect(new BrokerError(code as ErrorCode, 'the broker ended the connection'));
      return true;
    }
    if (this.#events === undefined) return false;
    if (greeted === undefined) return this.#reader.read(at, kind, descriptors, this.#events);
    closeDescriptors(descriptors);
    if (kind !== wire.FrameKind.Welcome || view.getUint32(at + 8, true) !== wire.magic) return false;
    if (view.getUint32(at + 12, true) !== wire.version) return false;
    this.#settleWelcome = undefined;
    // Whom the broker's kernel has seen; it tells its own number for that user (`account`), which says nothing to people.
    const uid = process.geteuid?.() ?? 0;
    this.#pending.uid = uid;
    this.#events.welcomed(view.getUint32(at + 24, true), view.getUint32(at + 28, true), uid);
    greeted.resolve();
    return true;
  }

  /**
   * A payload outside of a packet has gone to the broker. A request that is answered in any case follows, so that it is known when
   * the broker has it: a broker that does not read must not be a place to put memory without bound.
   */
  #followSealed(): void {
    const bytes = this.#sealedNow;
    this.#sealedNow = 0;
    this.#sealedBytes += bytes;
    const isRead = (): void => {
      this.#sealedBytes -= bytes;
      this.drained();
    };
    this.holders(0, 0).then(isRead, isRead);
  }

  /** Room for a frame, and its number taken. */
  #begin(length: number): number {
    this.#unflushedBytes += length;
    if (this.#unflushedBytes > flushBytes) {
      this.#loop.flush();
      this.#unflushedBytes = 0;
    }
    return this.socket.begin(length);
  }

  #nextSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0;
    return this.#serial;
  }

  /** Serial, a second word, and an id: how most requests begin. */
  #writeIds(at: number, second: number, word: number, generation: number): void {
    const view = this.#loop.sendView;
    view.setUint32(at + 8, this.#nextSerial(), true);
    view.setUint32(at + 12, second, true);
    view.setUint32(at + 16, word, true);
    view.setUint32(at + 20, generation, true);
  }

  /** Returns 0, or the code with which it was refused on this side. */
  #writeSend(kind: wire.FrameKind, flags: number, operation: Operation): number {
    if (this.#refusesMore(operation)) return this.#refuseHere(operation, behind);
    const { transferCount, length } = operation;
    const bytes = wire.sendHeadBytes + transferCount * wire.idBytes + length;
    const frameBytes = wire.paddedBytes(bytes);
    const at = this.#begin(frameBytes);
    const view = this.#loop.sendView;
    wire.writeHeader(view, at, bytes, kind, flags | sealedFlagOf(operation), operation.descriptors.length);
    view.setUint32(at + 8, this.#nextSerial(), true);
    view.setUint32(at + 12, transferCount, true);
    view.setUint32(at + 16, operation.destinations[0] ?? 0, true);
    view.setUint32(at + 20, operation.destinations[1] ?? 0, true);
    view.setUint32(at + 24, operation.tag, true);
    view.setUint32(at + 28, 0, true);
    return this.#writeRest(at + wire.sendHeadBytes, at + frameBytes, operation);
  }

  #writeMulticast(operation: Operation): number {
    if (this.#refusesMore(operation)) return this.#refuseHere(operation, behind);
    const { list, transferCount, length } = operation;
    if (list?.isKnown === false) this.#writeList(operation, list);
    const inlineCount = list === undefined ? operation.destinationCount : 0;
    const idsAt = wire.multicastHeadBytes + inlineCount * wire.idBytes;
    const bytes = idsAt + transferCount * wire.idBytes + length;
    const frameBytes = wire.paddedBytes(bytes);
    const at = this.#begin(frameBytes);
    const view = this.#loop.sendView;
    const flags =
      (operation.isPartial ? wire.partialFlag : 0) |
      (list === undefined ? 0 : wire.listedFlag) |
      sealedFlagOf(operation);
    wire.writeHeader(view, at, bytes, wire.FrameKind.Multicast, flags, operation.descriptors.length);
    view.setUint32(at + 8, this.#nextSerial(), true);
    view.setUint32(at + 12, transferCount, true);
    view.setUint32(at + 16, inlineCount, true);
    view.setUint32(at + 20, list?.number ?? 0, true);
    this.#writeDestinations(at + wire.multicastHeadBytes, operation, inlineCount);
    return this.#writeRest(at + idsAt, at + frameBytes, operation);
  }

  /** Gives the destinations of the operation a number; from now on the broker knows them by it. */
  #writeList(operation: Operation, list: DestinationList): void {
    const { destinationCount } = operation;
    const bytes = wire.destinationListHeadBytes + destinationCount * wire.idBytes;
    const at = this.#begin(bytes);
    const view = this.#loop.sendView;
    wire.writeHeader(view, at, bytes, wire.FrameKind.List, 0, 0);
    view.setUint32(at + 8, this.#nextSerial(), true);
    view.setUint32(at + 12, destinationCount, true);
    view.setUint32(at + 16, list.number, true);
    view.setUint32(at + 20, 0, true);
    this.#writeDestinations(at + wire.destinationListHeadBytes, operation, destinationCount);
    this.socket.commit();
    list.isKnown = true;
  }

  #writeDestinations(at: number, operation: Operation, count: number): void {
    const view = this.#loop.sendView;
    for (let index = 0; index < 2 * count; index += 1) {
      view.setUint32(at + 4 * index, operation.destinations[index] ?? 0, true);
    }
  }

  /** Transfers, payload and padding; then the frame goes. */
  #writeRest(idsAt: number, endAt: number, operation: Operation): number {
    const { sendBytes, sendView } = this.#loop;
    const { transferCount, length, descriptors, sealedBytes } = operation;
    let at = idsAt;
    for (let index = 0; index < 2 * transferCount; index += 1) {
      sendView.setUint32(at, operation.transfers[index] ?? 0, true);
      at += 4;
    }
    copyBytes(operation.source, operation.offset, length, sendBytes, at);
    for (at += length; at < endAt; at += 1) sendBytes[at] = 0;
    operation.clear();
    if (descriptors.length === 0) {
      this.socket.commit();
      return 0;
    }
    const errno = this.socket.commitNow(descriptors);
    if (errno === 0) {
      this.#sealedNow = sealedBytes;
      return 0;
    }
    // It was not sent, so its number is the next one's.
    this.#serial = (this.#serial - 1) >>> 0;
    operation.descriptors = descriptors;
    return this.#refuseHere(operation, this.#codeOf(errno));
  }

  /** Why the kernel did not take it, as a refusal. */
  #codeOf(errno: number): number {
    if (errno === errnoBadDescriptor) return ErrorCode.InvalidArgument;
    if (errno !== errnoTooManyReferences) return ErrorCode.System;
    this.#isFull = true;
    if (!this.#roomTimer.isArmed) this.#roomTimer.arm(descriptorRetryMs);
    return wire.refusalOf(ErrorCode.OverQuota, blameOf(QuotaKind.Descriptors, QuotaHolder.Own));
  }

  #refuseHere(operation: Operation, word: number): number {
    closeDescriptors(operation.descriptors);
    operation.clear();
    return word;
  }

  /** Whether the broker is so far behind that this side takes no more. */
  #refusesMore({ sealedBytes }: Operation): boolean {
    const { queuedBytes, queuedFrames } = this.socket;
    const isSealedFull = sealedBytes > 0 && this.#sealedBytes + sealedBytes > limits.sealedBytesInFlightMax;
    if (queuedBytes <= limits.queueBytesMax && queuedFrames <= limits.queueItemsMax && !isSealedFull)
      return false;
    this.#isFull = true;
    return true;
  }

  #wait(word: number, attempt: Attempt): Promise<number> {
    if (word === 0) return this.#pending.add(this.#serial, attempt);
    attempt.refused(word, ownSide);
    return Promise.reject(refusal(word, this.#pending.uid));
  }

  #disconnect(error: BrokerError): void {
    if (this.#isClosed) return;
    const events = this.#events;
    this.#finish(error);
    events?.disconnected();
  }

  #finish(error: BrokerError): void {
    this.#isClosed = true;
    this.#events = undefined;
    this.#roomTimer.disarm();
    this.#isFull = true;
    this.drained();
    this.#settleWelcome?.reject(error);
    this.#settleWelcome = undefined;
    this.#pending.reject(error);
  }
}

/** The broker is so far behind that this side takes no more. */
const behind = wire.refusalOf(ErrorCode.OverQuota, blameOf(QuotaKind.Bytes, QuotaHolder.Own));
const errnoBadDescriptor = 9;
const errnoTooManyReferences = 109;

function sealedFlagOf({ sealedBytes }: Operation): number {
  return sealedBytes > 0 ? wire.sealedFlag : 0;
}
