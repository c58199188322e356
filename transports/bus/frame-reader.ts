/** Frames from the broker, after its welcome, as events. The packet was checked before (`wire.brokerPacketFault`). */
import { BrokerError } from '../../broker/contract/errors.js';
import type { Credentials } from '../../broker/contract/transport.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { closeDescriptors } from './descriptors.js';
import type { HolderShare, LinkEvents } from './link.js';
import type { PendingQueue } from './pending.js';
import { refusal } from './refusal.js';
import { openPayload } from './sealed.js';
import { SlabCopier } from './slab.js';
import * as wire from './wire.js';

const noIds: readonly number[] = Object.freeze([]);

export class FrameReader {
  readonly #loop: PacketLoop;
  readonly #pending: PendingQueue;
  readonly #copier = new SlabCopier();
  /** The same object for the same sender, since it rarely changes. */
  #credentials: Credentials | undefined;

  constructor(loop: PacketLoop, pending: PendingQueue) {
    this.#loop = loop;
    this.#pending = pending;
  }

  /** False if the frame makes no sense at this point. */
  read(at: number, kind: number, descriptors: readonly number[], events: LinkEvents): boolean {
    const view = this.#loop.receiveView;
    switch (kind) {
      case wire.FrameKind.Message:
        return this.#message(at, descriptors, events);
      case wire.FrameKind.Answer:
        return this.#answer(at, descriptors, events);
      case wire.FrameKind.Accepted:
        return this.#pending.accept(
          view.getUint32(at + 8, true),
          view.getUint32(at + 12, true),
          wire.readSequence(view, at + 16),
        );
      case wire.FrameKind.Refused:
        this.#refused(at, events);
        return true;
      case wire.FrameKind.Outcomes:
        return this.#pending.acceptPartly(
          view.getUint32(at + 8, true),
          wire.readSequence(view, at + 16),
          view.getUint32(at + 12, true),
          (position) => view.getUint16(at + wire.outcomesHeadBytes + 2 * position, true),
        );
      case wire.FrameKind.HolderList:
        return this.#pending.tellHolders(view.getUint32(at + 8, true), this.#holders(at));
      default:
        return this.#notice(at, kind, descriptors, events);
    }
  }

  #notice(at: number, kind: number, descriptors: readonly number[], events: LinkEvents): boolean {
    const view = this.#loop.receiveView;
    closeDescriptors(descriptors);
    const first = view.getUint32(at + 16, true);
    const second = view.getUint32(at + 20, true);
    if (kind === wire.FrameKind.Lost) events.lost(first, second);
    else if (kind === wire.FrameKind.Gone) events.gone(first, second);
    else if (kind === wire.FrameKind.Writable) events.writableAgain(first, second);
    else if (kind === wire.FrameKind.Unused) events.unused(first, second, view.getUint32(at + 24, true));
    else return false;
    return true;
  }

  #message(at: number, descriptors: readonly number[], events: LinkEvents): boolean {
    const view = this.#loop.receiveView;
    const shows = (view.getUint8(at + 5) & wire.shownFlag) !== 0;
    const transfers = view.getUint32(at + 20, true);
    const idsAt = at + wire.messageHeadBytes + (shows ? wire.shownBytes : 0);
    const bytes = this.#payload(at, idsAt + transfers * wire.idBytes, descriptors);
    if (bytes === undefined) return false;
    events.message(
      wire.readSequence(view, at + 8),
      view.getUint32(at + 16, true),
      shows ? this.#shown(at + wire.messageHeadBytes) : undefined,
      view.getUint32(at + 24, true),
      view.getUint32(at + 28, true),
      view.getUint32(at + 32, true),
      view.getUint32(at + 36, true),
      this.#ids(idsAt, transfers),
      bytes,
      this.#own(at, descriptors),
    );
    return true;
  }

  #answer(at: number, descriptors: readonly number[], events: LinkEvents): boolean {
    const view = this.#loop.receiveView;
    const transfers = view.getUint32(at + 20, true);
    const idsAt = at + wire.answerHeadBytes;
    const bytes = this.#payload(at, idsAt + transfers * wire.idBytes, descriptors);
    if (bytes === undefined) return false;
    events.answer(
      wire.readSequence(view, at + 8),
      view.getUint32(at + 16, true),
      this.#ids(idsAt, transfers),
      bytes,
      this.#own(at, descriptors),
    );
    return true;
  }

  #refused(at: number, events: LinkEvents): void {
    const view = this.#loop.receiveView;
    const serial = view.getUint32(at + 8, true);
    const tag = view.getUint32(at + 12, true);
    const word = view.getUint32(at + 16, true);
    if (tag !== 0) events.callRefused(tag, word);
    else if (!this.#pending.refuse(serial, word, view.getUint32(at + 20, true))) {
      const { code, message, quota } = refusal(word, this.#pending.uid);
      events.fault(new BrokerError(code, `the broker refused request ${serial}: ${message}`, { quota }));
    }
  }

  #ids(at: number, count: number): readonly number[] {
    if (count === 0) return noIds;
    const view = this.#loop.receiveView;
    const ids: number[] = [];
    for (let index = 0; index < 2 * count; index += 1) ids.push(view.getUint32(at + 4 * index, true));
    return ids;
  }

  /** The payload; `undefined`, with all descriptors closed, if it is outside and cannot be read. */
  #payload(at: number, payloadAt: number, descriptors: readonly number[]): Uint8Array | undefined {
    const view = this.#loop.receiveView;
    if ((view.getUint8(at + 5) & wire.sealedFlag) !== 0) {
      const bytes = openPayload(descriptors[0] ?? -1, view.getUint32(payloadAt, true));
      if (bytes === undefined) closeDescriptors(descriptors.slice(1));
      return bytes;
    }
    const end = at + view.getUint32(at, true) - view.getUint8(at + 7);
    return this.#copier.copy(this.#loop.receiveBytes, payloadAt, end - payloadAt);
  }

  /** The descriptors of the message itself. */
  #own(at: number, descriptors: readonly number[]): readonly number[] {
    const isSealed = (this.#loop.receiveView.getUint8(at + 5) & wire.sealedFlag) !== 0;
    return isSealed ? descriptors.slice(1) : descriptors;
  }

  #shown(at: number): Credentials {
    const view = this.#loop.receiveView;
    const pid = view.getUint32(at, true);
    const uid = view.getUint32(at + 4, true);
    const gid = view.getUint32(at + 8, true);
    const last = this.#credentials;
    if (last !== undefined && last.pid === pid && last.uid === uid && last.gid === gid) return last;
    this.#credentials = { pid, uid, gid };
    return this.#credentials;
  }

  #holders(at: number): HolderShare[] {
    const view = this.#loop.receiveView;
    const shares: HolderShare[] = [];
    const count = view.getUint32(at + 12, true);
    for (let index = 0; index < count; index += 1) {
      const entry = at + wire.listHeadBytes + index * wire.idBytes;
      shares.push({ account: view.getUint32(entry, true), handles: view.getUint32(entry + 4, true) });
    }
    return shares;
  }
}
