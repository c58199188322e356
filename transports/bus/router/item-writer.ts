/**
 * Items of the core as frames on a receiver's socket. A payload with several receivers is put into the send arena once and
 * shared by their frames.
 */
import {
  type DeliveryItem,
  ItemKind,
  noBytes,
  noDescriptors,
  type Payload,
} from '../../../broker/capability/index.js';
import type { PacketLoop, PacketSocket } from '../../../broker/native/packets.js';
import { closeDescriptors } from '../descriptors.js';
import { copyBytes } from '../slab.js';
import * as wire from '../wire.js';

/** Payloads below this are copied for each receiver: cheaper than a second part of a packet. */
const sharedBytesMin = 512;

/** The kernel takes no descriptors now, or this process has none free for copies: the item has to wait. */
export const mustWait = -1;

export class ItemWriter {
  readonly #loop: PacketLoop;
  readonly #duplicate: (descriptor: number) => number;

  constructor(loop: PacketLoop, duplicate: (descriptor: number) => number) {
    this.#loop = loop;
    this.#duplicate = duplicate;
  }

  /**
   * Writes the item and commits it. Returns the bytes, or `mustWait`: then nothing was written and the item stays. An item whose
   * descriptors the receiver does not take at all (EPERM) is dropped, as if its socket had ended.
   */
  write(socket: PacketSocket, item: DeliveryItem): number {
    const view = this.#loop.sendView;
    switch (item.kind) {
      case ItemKind.Message:
        return this.#writePayload(
          socket,
          item,
          wire.messageHeadBytes + (item.showsCredentials ? wire.shownBytes : 0),
        );
      case ItemKind.Answer:
        return this.#writePayload(socket, item, wire.answerHeadBytes);
      case ItemKind.Unused: {
        const at = socket.begin(wire.unusedBytes);
        wire.writeUnused(view, at, item.sequence, item.word, item.generation, item.transfersSeen);
        socket.commit();
        return wire.unusedBytes;
      }
      case ItemKind.Lost: {
        const at = socket.begin(wire.noticeBytes);
        wire.writeNotice(
          view,
          at,
          wire.FrameKind.Lost,
          item.sequence,
          item.tag,
          wire.refusalOf(item.code, item.blame),
        );
        socket.commit();
        return wire.noticeBytes;
      }
      default: {
        const kind = item.kind === ItemKind.Gone ? wire.FrameKind.Gone : wire.FrameKind.Writable;
        const at = socket.begin(wire.noticeBytes);
        wire.writeNotice(view, at, kind, item.sequence, item.word, item.generation);
        socket.commit();
        return wire.noticeBytes;
      }
    }
  }

  #writePayload(socket: PacketSocket, item: DeliveryItem, headBytes: number): number {
    const payload = item.payload;
    const length = payload?.length ?? 0;
    const headEnd = headBytes + 4 * item.handles.length;
    const frameBytes = wire.paddedBytes(headEnd + length);
    const descriptors = payload === undefined ? noDescriptors : this.#forOne(payload);
    if (descriptors === undefined) return mustWait;
    if (
      payload !== undefined &&
      payload.references > 1 &&
      length >= sharedBytesMin &&
      descriptors.length === 0
    ) {
      const at = socket.begin(headEnd);
      this.#writeHead(at, headEnd + length, item, 0);
      this.#commitShared(socket, payload);
      return frameBytes;
    }
    const at = socket.begin(frameBytes);
    this.#writeHead(at, headEnd + length, item, descriptors.length);
    const { sendBytes } = this.#loop;
    copyBytes(payload?.source ?? noBytes, payload?.offset ?? 0, length, sendBytes, at + headEnd);
    for (let index = at + headEnd + length; index < at + frameBytes; index += 1) sendBytes[index] = 0;
    if (descriptors.length === 0) {
      socket.commit();
      return frameBytes;
    }
    return this.#commitDescriptors(socket, payload, descriptors) ? frameBytes : mustWait;
  }

  #writeHead(at: number, bytes: number, item: DeliveryItem, descriptors: number): void {
    const view = this.#loop.sendView;
    const { handles } = item;
    const sealed = item.payload !== undefined && item.payload.sealedBytes > 0 ? wire.sealedFlag : 0;
    let idsAt = at + wire.answerHeadBytes;
    if (item.kind === ItemKind.Answer) {
      wire.writeHeader(view, at, bytes, wire.FrameKind.Answer, sealed, descriptors);
      view.setUint32(at + 16, item.tag, true);
    } else {
      const flags = item.showsCredentials ? wire.shownFlag | sealed : sealed;
      wire.writeHeader(view, at, bytes, wire.FrameKind.Message, flags, descriptors);
      view.setUint32(at + 16, item.sender?.identity.account ?? 0, true);
      view.setUint32(at + 24, item.word, true);
      view.setUint32(at + 28, item.generation, true);
      view.setUint32(at + 32, item.replyWord, true);
      view.setUint32(at + 36, item.replyGeneration, true);
      idsAt = at + wire.messageHeadBytes;
      if (item.showsCredentials) {
        view.setUint32(idsAt, item.sender?.identity.pid ?? 0, true);
        view.setUint32(idsAt + 4, item.sender?.identity.uid ?? 0, true);
        view.setUint32(idsAt + 8, item.sender?.identity.gid ?? 0, true);
        view.setUint32(idsAt + 12, 0, true);
        idsAt += wire.shownBytes;
      }
    }
    wire.writeSequence(view, at + 8, item.sequence);
    view.setUint32(at + 20, handles.length >> 1, true);
    for (let index = 0; index < handles.length; index += 1) {
      view.setUint32(idsAt + 4 * index, handles[index] ?? 0, true);
    }
  }

  #commitShared(socket: PacketSocket, payload: Payload): void {
    const loop = this.#loop;
    if (payload.sharedOffset < 0 || payload.sharedEpoch !== loop.epoch) {
      payload.sharedOffset = loop.share(payload.source, payload.offset, payload.length);
      payload.sharedEpoch = loop.epoch;
    }
    socket.commitShared(payload.sharedOffset, wire.paddedBytes(payload.length));
  }

  /**
   * The descriptors of an item for a receiver in this process, who owns them from now on: the originals for the last receiver,
   * copies while others want them too. `mustWait` if no copy can be made now.
   */
  take(item: DeliveryItem): readonly number[] | typeof mustWait {
    const { payload } = item;
    if (payload === undefined) return noDescriptors;
    const descriptors = this.#forOne(payload) ?? mustWait;
    if (descriptors === payload.descriptors) payload.descriptors = noDescriptors;
    return descriptors;
  }

  /** Descriptors for one receiver; `undefined` if none can be made now. */
  #forOne(payload: Payload): readonly number[] | undefined {
    const { descriptors } = payload;
    if (descriptors.length === 0 || payload.references === 1) return descriptors;
    const copies: number[] = [];
    for (const descriptor of descriptors) {
      const copy = this.#duplicate(descriptor);
      if (copy < 0) {
        closeDescriptors(copies);
        return undefined;
      }
      copies.push(copy);
    }
    return copies;
  }

  /** False if the kernel will take the descriptors only later (sockets S11). */
  #commitDescriptors(
    socket: PacketSocket,
    payload: Payload | undefined,
    descriptors: readonly number[],
  ): boolean {
    const errno = socket.commitNow(descriptors);
    const isOriginal = payload?.descriptors === descriptors;
    if (errno === 0) {
      if (isOriginal && payload !== undefined) payload.descriptors = noDescriptors;
      return true;
    }
    if (!isOriginal) closeDescriptors(descriptors);
    // Anything else than too many in flight is final; the originals are closed with the item.
    return errno !== errnoTooManyReferences;
  }
}

const errnoTooManyReferences = 109;
