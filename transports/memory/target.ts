/**
 * What a handle leads to: a node, or the one-shot right to answer a call. Both count their references in the same way:
 *
 *   under way   put into a message that was accepted and not yet delivered       `depart`
 *   held        a handle of a peer                                               `arrive`, `hold`
 *   gone        its handle closed, or its message dropped                        `forget`, `cancel`
 *
 * A reference that the owner of a node holds is not a use of the node; one that is under way to the owner is (C25).
 * When the target ends, whoever has a reference or will get one that is under way is told once, in the order of all
 * items; a reference that departs after the end arrives as gone (C24).
 */
import type { NodeName } from '../../broker/contract/introspection.js';
import { MemoryHandle } from './handle.js';
import { Notification } from './inbox.js';
import type { MemoryPeer } from './peer.js';

/** The references that one peer has, or is about to have. */
export class Holding {
  count = 0;
  readonly handles = new Set<MemoryHandle>();
  /** In the order in which the peer came to hold things. */
  readonly serial: number;
  readonly sinceMs: number;
  /** Messages that were sent with handles which are closed. */
  usesBefore = 0;

  constructor(serial: number, sinceMs: number) {
    this.serial = serial;
    this.sinceMs = sinceMs;
  }

  /** Messages and calls that were sent with these references. */
  get uses(): number {
    let uses = this.usesBefore;
    for (const handle of this.handles) uses += handle.uses;
    return uses;
  }
}

export abstract class Target {
  readonly owner: MemoryPeer;
  readonly #countsAtOwner: boolean;
  /** Made when the first handle is: most calls never have one. */
  #holdings: Map<MemoryPeer, Holding> | undefined;
  #references = 0;
  #endedAt = 0;

  constructor(owner: MemoryPeer, countsAtOwner: boolean) {
    this.owner = owner;
    this.#countsAtOwner = countsAtOwner;
  }

  /** Whether it is a node, and not the right to answer a call. */
  abstract readonly isNode: boolean;
  /** What it is called where it is shown; of a reply what the node is called that was. */
  abstract readonly name: NodeName;

  get hasEnded(): boolean {
    return this.#endedAt !== 0;
  }

  /** References that keep it in use: under way anywhere, or held by others than the owner. */
  get references(): number {
    return this.#references;
  }

  /** A reference that never becomes a handle: the reply of a call, from the acceptance of the call on. */
  claim(peer: MemoryPeer): void {
    peer.references += 1;
    this.#references += 1;
  }

  /** Such a reference is used or given up. */
  waive(peer: MemoryPeer): void {
    peer.references -= 1;
    peer.offerRoom();
    this.#drop();
  }

  /** A reference is put into a message from one peer to another. */
  depart(_from: MemoryPeer, to: MemoryPeer): void {
    this.#holding(to).count += 1;
    to.references += 1;
    this.#references += 1;
  }

  /** The message with the reference is delivered; `sequence` is the message's. */
  arrive(peer: MemoryPeer, sequence: number): MemoryHandle {
    const handle = new MemoryHandle(peer, this);
    this.#holding(peer).handles.add(handle);
    if (this.#endedAt !== 0 && this.#endedAt < sequence) handle.conclude('node-gone');
    if (!this.#counts(peer)) this.#drop();
    return handle;
  }

  /** The message with the reference is dropped. */
  cancel(peer: MemoryPeer): void {
    this.#leave(peer);
    this.#drop();
  }

  /** A handle that came in no message: the owner's own, or a clone. */
  hold(peer: MemoryPeer, isGone: boolean): MemoryHandle {
    const handle = new MemoryHandle(peer, this);
    const holding = this.#holding(peer);
    holding.count += 1;
    holding.handles.add(handle);
    peer.references += 1;
    if (this.#counts(peer)) this.#references += 1;
    if (isGone) handle.conclude('node-gone');
    return handle;
  }

  /** The handle is closed. */
  forget(handle: MemoryHandle): void {
    const holding = this.#holdings?.get(handle.peer);
    if (holding?.handles.delete(handle)) holding.usesBefore += handle.uses;
    this.#leave(handle.peer);
    if (this.#counts(handle.peer)) this.#drop();
  }

  /** No reference is left, and the target has not ended. */
  protected abstract unreferenced(): void;

  /** Ends the target in the transaction with this number, and lets the holders know. */
  protected announceEnd(sequence: number): void {
    this.#endedAt = sequence;
    for (const [peer, holding] of this.#holdings ?? []) {
      if (this.isNode) peer.world.witness.gone(this, peer, sequence);
      peer.push(
        new Notification(() => {
          for (const handle of holding.handles) handle.conclude('node-gone');
        }),
      );
    }
  }

  #counts(peer: MemoryPeer): boolean {
    return this.#countsAtOwner || peer !== this.owner;
  }

  #holding(peer: MemoryPeer): Holding {
    this.#holdings ??= new Map();
    let holding = this.#holdings.get(peer);
    if (holding === undefined) {
      holding = new Holding(peer.nextHolding(), peer.world.time.monotonicMs());
      this.#holdings.set(peer, holding);
      if (this.isNode && peer !== this.owner) peer.held.set(this, holding);
    }
    return holding;
  }

  #leave(peer: MemoryPeer): void {
    const holding = this.#holding(peer);
    holding.count -= 1;
    if (holding.count === 0) {
      this.#holdings?.delete(peer);
      peer.held.delete(this);
    }
    peer.references -= 1;
    peer.offerRoom();
  }

  #drop(): void {
    this.#references -= 1;
    if (this.#references === 0 && this.#endedAt === 0) this.unreferenced();
  }
}
