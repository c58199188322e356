/**
 * What a message carries, on its way from one peer to another: its own copy of the bytes (C4), references, descriptors.
 */
import { closeSync, fstatSync } from 'node:fs';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Handle, Message, Transferable } from '../../broker/contract/transport.js';
import { loadNative } from '../../broker/native/addon.js';
import { MemoryReply } from './call.js';
import { MemoryHandle } from './handle.js';
import { MemoryNode } from './node.js';
import type { MemoryPeer } from './peer.js';
import type { Target } from './target.js';

export class Cargo {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
  readonly #targets: readonly Target[];

  /** Borrows `targets`, owns `descriptors`. */
  constructor(
    from: MemoryPeer,
    to: MemoryPeer,
    bytes: Uint8Array,
    targets: readonly Target[],
    descriptors: readonly number[],
  ) {
    this.bytes = new Uint8Array(bytes);
    this.descriptors = descriptors;
    this.#targets = targets;
    for (const target of targets) target.depart(from, to);
  }

  /** How many handles and replies it carries. */
  get handles(): number {
    return this.#targets.length;
  }

  /** The message has arrived: one handle for each reference, in order. They and the descriptors belong to the caller. */
  unload(to: MemoryPeer, sequence: number): Handle[] {
    for (const descriptor of this.descriptors) loadNative().setCloseOnExec(descriptor, true);
    return this.#targets.map((target) => target.arrive(to, sequence));
  }

  /** The message will not arrive. */
  drop(to: MemoryPeer): void {
    for (const target of this.#targets) target.cancel(to);
    closeDescriptors(this.descriptors);
  }
}

/** What the sender's objects lead to. They must have passed `cargoFault`. */
export function targetsOf(message: Message): Target[] {
  return (message.handles ?? []).map((item) => {
    if (item instanceof MemoryReply) return item.call;
    if (item instanceof MemoryHandle || item instanceof MemoryNode) return item.target;
    throw new BrokerError(ErrorCode.UnknownHandle, 'not a handle of this transport');
  });
}

/** The message was accepted: rights to answer have moved with it, handles and nodes stay with the sender (C20, C15). */
export function surrenderReplies(message: Message): void {
  for (const item of message.handles ?? []) {
    if (item instanceof MemoryReply) item.surrender();
  }
}

/** Why this peer cannot send these handles and descriptors, or `undefined`. */
export function cargoFault(message: Message, from: MemoryPeer): BrokerError | undefined {
  for (const item of message.handles ?? []) {
    const fault = transferFault(item, from);
    if (fault !== undefined) return fault;
  }
  const { descriptors } = message;
  if (descriptors === undefined || descriptors.length === 0) return undefined;
  if (new Set(descriptors).size < descriptors.length) {
    return new BrokerError(ErrorCode.InvalidArgument, 'a descriptor is named twice');
  }
  for (const descriptor of descriptors) {
    try {
      fstatSync(descriptor);
    } catch (cause) {
      return new BrokerError(ErrorCode.InvalidArgument, `descriptor ${descriptor} is not open`, { cause });
    }
  }
  return undefined;
}

function transferFault(item: Transferable, from: MemoryPeer): BrokerError | undefined {
  if (item instanceof MemoryHandle && item.peer === from) {
    return item.isClosed ? new BrokerError(ErrorCode.Closed, 'a handle in the message is closed') : undefined;
  }
  if (item instanceof MemoryNode && item.target.owner === from) return undefined;
  if (item instanceof MemoryReply && item.peer === from) {
    return item.isOpen
      ? undefined
      : new BrokerError(ErrorCode.Closed, 'a reply in the message was used before');
  }
  return new BrokerError(ErrorCode.UnknownHandle, 'a handle in the message is not one of this peer');
}

/** Closes what is open; a number that is not a descriptor is none of ours. */
export function closeDescriptors(descriptors: readonly number[] | undefined): void {
  for (const descriptor of descriptors ?? []) {
    try {
      closeSync(descriptor);
    } catch {
      // It was not open: there is nothing to close.
    }
  }
}

/** A copy of the descriptors for each further destination, or why there can be none; then nothing is left open. */
export function copyDescriptors(descriptors: readonly number[], copies: number): number[][] | BrokerError {
  const all: number[][] = [];
  try {
    for (let at = 0; at < copies; at += 1) {
      const copy: number[] = [];
      all.push(copy);
      for (const descriptor of descriptors) copy.push(loadNative().duplicate(descriptor));
    }
    return all;
  } catch (cause) {
    for (const copy of all) closeDescriptors(copy);
    return new BrokerError(ErrorCode.System, 'a descriptor could not be duplicated', { cause });
  }
}
