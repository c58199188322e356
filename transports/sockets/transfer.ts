/**
 * Handles, nodes and replies on their way: what a sender makes of them, and what a receiver makes of the descriptors.
 *
 * Giving a handle away needs no answer (sockets S3): a new pair, one end to the owner, the other into the message. What was made
 * for a message that is then refused is undone; the owner sees at most an end-of-file on a connection that never said anything.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Handle, Transferable } from '../../broker/contract/transport.js';
import { closeAll, type PeerCore, refusalOf, type SocketSystem, SystemRefusal } from './core.js';
import * as wire from './wire.js';

/** What stands for one transferable in a message. */
export interface Offer {
  readonly kind: wire.TransferKind;
  /** What the receiver repeats in its HELLO. */
  readonly fence: number;
  /** For the message; -1 for none. The offer's until the kernel has taken it. */
  readonly descriptor: number;
  /** The kernel has the message. */
  given?(): void;
  /** The message was refused. Without it, the descriptor is closed. */
  undo?(): void;
}

/** The method by which handles, nodes and replies of this transport are put into a message. */
export const makeOffer: unique symbol = Symbol('makeOffer');

export interface Offering {
  /** Whose it is: nothing of another peer may be given away. */
  readonly holder: PeerCore;
  /** Why it cannot be given away, without doing anything. */
  offerFault(): BrokerError | undefined;
  [makeOffer](): Offer | BrokerError;
}

function isOffering(item: Transferable): item is Transferable & Offering {
  return makeOffer in item;
}

/** Makes the offers of one message, or none. */
export function makeOffers(core: PeerCore, items: readonly Transferable[]): Offer[] | BrokerError {
  const fault = offersFault(core, items);
  if (fault !== undefined) return fault;
  const offers: Offer[] = [];
  for (const item of items) {
    if (!isOffering(item)) continue;
    const offer = item[makeOffer]();
    if (offer instanceof BrokerError) {
      undoOffers(core.system, offers);
      return offer;
    }
    offers.push(offer);
  }
  return offers;
}

/** Looks at all before anything is made for one. */
function offersFault(core: PeerCore, items: readonly Transferable[]): BrokerError | undefined {
  const replies = new Set<Transferable>();
  for (const item of items) {
    if (typeof item !== 'object' || item === null || !isOffering(item) || item.holder !== core) {
      return new BrokerError(ErrorCode.UnknownHandle, 'a handle in the message is not one of this peer');
    }
    const fault = item.offerFault();
    if (fault !== undefined) return fault;
    if (item.kind !== 'reply') continue;
    if (replies.has(item))
      return new BrokerError(ErrorCode.InvalidArgument, 'a reply can be given away once');
    replies.add(item);
  }
  return undefined;
}

/** Takes offers back. */
export function undoOffers(system: SocketSystem, offers: readonly Offer[]): void {
  for (const offer of offers) {
    if (offer.undo !== undefined) offer.undo();
    else if (offer.descriptor >= 0) system.close(offer.descriptor);
  }
}

/** A pair whose first end may be sent to an owner: credentials are on before anybody can write to it (sockets S4). */
export function createPair(system: SocketSystem): readonly [near: number, far: number] | BrokerError {
  let pair: readonly [number, number];
  try {
    pair = system.createPair();
  } catch (error) {
    if (error instanceof SystemRefusal) return refusalOf(error.errno);
    throw error;
  }
  try {
    system.passCredentials(pair[0]);
  } catch (error) {
    closeAll(system, pair);
    if (error instanceof SystemRefusal) return refusalOf(error.errno);
    throw error;
  }
  return pair;
}

/** Sealed memory with a payload that does not fit into a packet (sockets S9). */
export function sealPayload(system: SocketSystem, bytes: Uint8Array): number | BrokerError {
  try {
    return system.sealBytes(bytes);
  } catch (error) {
    if (error instanceof SystemRefusal) return refusalOf(error.errno);
    throw error;
  }
}

const none: readonly Handle[] = [];

/** What a MESSAGE, CALL or REPLY brings; all of it is the receiver's. */
export interface Contents {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly own: readonly number[];
}

/**
 * Takes what a MESSAGE, CALL or REPLY at `at` carries. Returns `undefined`, with all `descriptors` closed, if one is not what it
 * claims to be: the frame is garbage then.
 */
export function receiveContents(
  core: PeerCore,
  at: number,
  descriptors: readonly number[],
): Contents | undefined {
  if (descriptors.length === 0 || !wire.isSealedAt(core.loop.receiveView, at)) {
    const bytes = core.payloads.copy(at);
    return receiveTransfers(core, at, bytes, descriptors);
  }
  const bytes = receiveSealed(core, at, descriptors[0] ?? -1);
  const others = descriptors.slice(1);
  if (bytes !== undefined) return receiveTransfers(core, at, bytes, others);
  closeAll(core.system, others);
  return undefined;
}

/** The payload outside of the packet; takes its descriptor. */
function receiveSealed(core: PeerCore, at: number, descriptor: number): Uint8Array | undefined {
  const view = core.loop.receiveView;
  try {
    return core.system.readSealed(descriptor, view.getUint32(wire.payloadStartAt(view, at), true));
  } finally {
    core.system.close(descriptor);
  }
}

/** Makes handles of the transfers, whose descriptors are the first ones. */
function receiveTransfers(
  core: PeerCore,
  at: number,
  bytes: Uint8Array,
  descriptors: readonly number[],
): Contents | undefined {
  const view = core.loop.receiveView;
  const count = wire.secondWordAt(view, at);
  if (count === 0) return { bytes, handles: none, own: descriptors };
  const handles: Handle[] = [];
  let used = 0;
  try {
    for (let index = 0; index < count; index += 1) {
      const kind = wire.transferKindAt(view, at, index);
      if (kind === wire.TransferKind.Gone) {
        handles.push(core.receiveGone());
        continue;
      }
      const descriptor = descriptors[used] ?? -1;
      // Whoever takes a descriptor closes it when it is not what it should be.
      used += 1;
      handles.push(
        kind === wire.TransferKind.Reply
          ? core.receiveReply(descriptor)
          : core.receiveHandle(descriptor, wire.transferFenceAt(view, at, index)),
      );
    }
  } catch {
    for (const handle of handles) handle.close();
    closeAll(core.system, descriptors.slice(used));
    return undefined;
  }
  return { bytes, handles, own: descriptors.slice(used) };
}
