/**
 * A client's requests, decoded and handed to the core. The packet was checked before (`wire.clientPacketFault`); what is
 * checked here is what only the order of requests can show. Where the packet costs more than its sender may have done now
 * (turns.ts), reading stops between two frames, and goes on there later.
 *
 * Acceptance is told cumulatively: consecutive accepted sends are one run, written when it breaks or the packet ends (bus O3).
 */

import { type Effort, noBytes, noDescriptors, type PeerRecord } from '../../../broker/capability/index.js';
import { ErrorCode } from '../../../broker/contract/errors.js';
import type { PacketSocket } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../descriptors.js';
import { Operation } from '../operation.js';
import * as wire from '../wire.js';
import type { Router } from './router.js';

export class RequestReader {
  readonly #router: Router;
  readonly #socket: PacketSocket;
  readonly #effort: Effort;
  /** The packet that is being read. */
  #bytes: Uint8Array = noBytes;
  #view = noView;
  /** Descriptors of the frames that were read last. */
  taken = 0;
  /** Lists of destinations that the peer has sent, by number; most peers send none. */
  #lists: Uint32Array[] | undefined = undefined;
  #serial = 0;
  #runSerial = 0;
  #runCount = 0;
  #runSequence = 0;

  constructor(router: Router, socket: PacketSocket) {
    this.#router = router;
    this.#socket = socket;
    this.#effort = router.core.effort;
  }

  /**
   * Carries out the requests of one packet until it ends, or at least one of them has been carried out and the core has done
   * `stepsEnd` steps. Returns where it has stopped, and -1 if the client broke the protocol. Takes the descriptors of the frames it
   * has read, the first `taken` ones; all of them in a packet that is read to its end, or is wrong.
   */
  read(
    peer: PeerRecord,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    descriptors: readonly number[],
    stepsEnd: number,
  ): number {
    this.#bytes = bytes;
    this.#view = view;
    const effort = this.#effort;
    let taken = 0;
    let at = start;
    let isSound = true;
    do {
      const count = view.getUint8(at + 6);
      const own = count === 0 ? noDescriptors : descriptors.slice(taken, taken + count);
      taken += count;
      effort.steps += 1;
      this.#serial = (this.#serial + 1) >>> 0;
      isSound = view.getUint32(at + 8, true) === this.#serial && this.#request(peer, at, own);
      if (!isSound) closeDescriptors(own);
      at += view.getUint32(at, true);
    } while (isSound && at < end && effort.steps < stepsEnd);
    this.taken = taken;
    const isWhole = !isSound || at === end;
    if (isWhole && taken < descriptors.length) closeDescriptors(descriptors.slice(taken));
    return isSound ? at : -1;
  }

  /** Says what was accepted of the packet; to be called when its items have been carried away, so that these go first. */
  finish(): void {
    this.#endRun();
  }

  #request(peer: PeerRecord, at: number, descriptors: readonly number[]): boolean {
    const view = this.#view;
    const kind = view.getUint8(at + 4);
    switch (kind) {
      case wire.FrameKind.Send:
      case wire.FrameKind.Call:
      case wire.FrameKind.Reply:
        return this.#send(peer, at, kind, descriptors);
      case wire.FrameKind.Multicast:
        return this.#multicast(peer, at, descriptors);
      case wire.FrameKind.List:
        this.#setList(at);
        return true;
      default:
        return this.#command(peer, at, kind);
    }
  }

  /** False if the payload is not what it should be. */
  #send(peer: PeerRecord, at: number, kind: number, descriptors: readonly number[]): boolean {
    const view = this.#view;
    operation.address(view.getUint32(at + 16, true), view.getUint32(at + 20, true));
    operation.tag = view.getUint32(at + 24, true);
    const transfers = view.getUint32(at + 12, true);
    if (!this.#readRest(at, at + wire.sendHeadBytes, transfers, descriptors)) return false;
    const { core } = this.#router;
    const isReply = kind === wire.FrameKind.Reply;
    const result = isReply ? core.reply(peer, operation) : core.send(peer, operation);
    if (result < 0)
      this.#refuse(operation.tag, wire.refusalOf(-result, operation.blame), operation.refusedAt);
    else if (kind === wire.FrameKind.Send || (isReply && (view.getUint8(at + 5) & wire.acceptanceFlag) !== 0))
      this.#accept(result);
    return true;
  }

  /** False if it names a list that was never sent, or its payload is not what it should be. */
  #multicast(peer: PeerRecord, at: number, descriptors: readonly number[]): boolean {
    const view = this.#view;
    const flags = view.getUint8(at + 5);
    const inlineCount = view.getUint32(at + 16, true);
    operation.addressMany((flags & wire.partialFlag) !== 0);
    if ((flags & wire.listedFlag) !== 0) {
      const list = this.#lists?.[view.getUint32(at + 20, true)];
      if (list === undefined) return false;
      operation.setDestinations(list);
    } else this.#readDestinations(at + wire.multicastHeadBytes, inlineCount);
    const idsAt = at + wire.multicastHeadBytes + wire.idBytes * inlineCount;
    if (!this.#readRest(at, idsAt, view.getUint32(at + 12, true), descriptors)) return false;
    const count = operation.destinationCount;
    const result = this.#router.core.send(peer, operation);
    if (result < 0) this.#refuse(0, wire.refusalOf(-result, operation.blame), operation.refusedAt);
    else if (operation.isPartial && operation.outcomes.subarray(0, count).some((code) => code !== 0)) {
      this.#tellOutcomes(result, count);
    } else this.#accept(result);
    return true;
  }

  #readDestinations(at: number, count: number): void {
    const view = this.#view;
    for (let index = 0; index < count; index += 1) {
      const idAt = at + wire.idBytes * index;
      operation.addDestination(view.getUint32(idAt, true), view.getUint32(idAt + 4, true));
    }
  }

  /** Keeps a list of destinations; whether the peer holds them is looked at whenever they are sent to. */
  #setList(at: number): void {
    const view = this.#view;
    const list = new Uint32Array(2 * view.getUint32(at + 12, true));
    for (let index = 0; index < list.length; index += 1) {
      list[index] = view.getUint32(at + wire.destinationListHeadBytes + 4 * index, true);
    }
    this.#lists ??= [];
    this.#lists[view.getUint32(at + 16, true)] = list;
  }

  /**
   * Transfers, payload and descriptors of the frame at `at`, whose transfers begin at `idsAt`. False if a payload outside of the
   * packet is not sealed memory of its length: receivers rely on that.
   */
  #readRest(at: number, idsAt: number, transfers: number, descriptors: readonly number[]): boolean {
    const view = this.#view;
    for (let index = 0; index < transfers; index += 1) {
      const idAt = idsAt + wire.idBytes * index;
      operation.addTransfer(view.getUint32(idAt, true), view.getUint32(idAt + 4, true));
    }
    const payloadAt = idsAt + wire.idBytes * transfers;
    const end = at + view.getUint32(at, true) - view.getUint8(at + 7);
    operation.setPayload(this.#bytes, payloadAt, end - payloadAt);
    operation.descriptors = descriptors;
    if ((view.getUint8(at + 5) & wire.sealedFlag) === 0) return true;
    operation.sealedBytes = view.getUint32(payloadAt, true);
    if (this.#router.sealedLength(descriptors[0] ?? -1) === operation.sealedBytes) return true;
    operation.clear();
    return false;
  }

  #command(peer: PeerRecord, at: number, kind: number): boolean {
    const view = this.#view;
    const { core } = this.#router;
    const count = view.getUint32(at + 12, true);
    let result: number;
    switch (kind) {
      case wire.FrameKind.Create: {
        const showsCredentials = view.getUint8(at + 5) !== 0;
        const word = view.getUint32(at + 16, true);
        result = core.create(peer, word, view.getUint32(at + 20, true), showsCredentials, count);
        break;
      }
      case wire.FrameKind.Destroy:
        this.#readWords(at, 2 * count);
        result = core.destroy(peer, words, count);
        break;
      case wire.FrameKind.Release:
        this.#readWords(at, 3 * count);
        result = core.release(peer, words, count);
        break;
      case wire.FrameKind.Withdraw:
        result = core.withdraw(peer, count);
        break;
      case wire.FrameKind.Holders:
        this.#tellHolders(peer, view.getUint32(at + 16, true), view.getUint32(at + 20, true));
        return true;
      default:
        return false;
    }
    if (result < 0) this.#refuse(0, wire.refusalOf(-result, core.nodeBlame(-result)), 0);
    return true;
  }

  #readWords(at: number, count: number): void {
    const view = this.#view;
    for (let index = 0; index < count; index += 1) {
      words[index] = view.getUint32(at + wire.listHeadBytes + 4 * index, true);
    }
  }

  #accept(sequence: number): void {
    if (
      this.#runCount > 0 &&
      this.#serial === (this.#runSerial + this.#runCount) >>> 0 &&
      sequence === this.#runSequence + this.#runCount
    ) {
      this.#runCount += 1;
      return;
    }
    this.#endRun();
    this.#runSerial = this.#serial;
    this.#runSequence = sequence;
    this.#runCount = 1;
  }

  #endRun(): void {
    if (this.#runCount === 0) return;
    const at = this.#socket.begin(wire.noticeBytes);
    const view = this.#router.loop.sendView;
    wire.writeAccepted(view, at, this.#runSerial, this.#runCount, this.#runSequence);
    this.#socket.commit();
    this.#runCount = 0;
  }

  #refuse(tag: number, refusal: number, position: number): void {
    this.#endRun();
    const at = this.#socket.begin(wire.noticeBytes);
    wire.writeRefused(this.#router.loop.sendView, at, this.#serial, tag, refusal, position);
    this.#socket.commit();
  }

  #tellOutcomes(sequence: number, count: number): void {
    this.#endRun();
    const bytes = wire.outcomesHeadBytes + 2 * count;
    const length = wire.paddedBytes(bytes);
    const at = this.#socket.begin(length);
    const view = this.#router.loop.sendView;
    wire.writeHeader(view, at, bytes, wire.FrameKind.Outcomes, 0, 0);
    view.setUint32(at + 8, this.#serial, true);
    view.setUint32(at + 12, count, true);
    wire.writeSequence(view, at + 16, sequence);
    for (let index = 0; index < length - wire.outcomesHeadBytes; index += 2) {
      const code = index < 2 * count ? (operation.outcomes[index >> 1] ?? 0) : 0;
      view.setUint16(at + wire.outcomesHeadBytes + index, code, true);
    }
    this.#socket.commit();
  }

  #tellHolders(peer: PeerRecord, word: number, generation: number): void {
    const shares = this.#router.core.holders(peer, word, generation)?.slice(0, wire.listEntriesMax);
    if (shares === undefined) {
      this.#refuse(0, ErrorCode.UnknownHandle, 0);
      return;
    }
    const bytes = wire.listHeadBytes + wire.idBytes * shares.length;
    const at = this.#socket.begin(bytes);
    const view = this.#router.loop.sendView;
    wire.writeHeader(view, at, bytes, wire.FrameKind.HolderList, 0, 0);
    view.setUint32(at + 8, this.#serial, true);
    view.setUint32(at + 12, shares.length, true);
    shares.forEach(({ account, handles }, index) => {
      view.setUint32(at + wire.listHeadBytes + wire.idBytes * index, account, true);
      view.setUint32(at + wire.listHeadBytes + wire.idBytes * index + 4, handles, true);
    });
    this.#socket.commit();
  }
}

const noView = new DataView(noBytes.buffer);

// One request is carried out at a time, so one of each serves all connections.
const operation = new Operation();
const words = new Uint32Array(3 * wire.listEntriesMax);
