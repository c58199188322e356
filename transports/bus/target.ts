/**
 * What a handle of this peer leads to, under one id: a node of another peer, an own node, a reply that was given away, or
 * nothing any more. Several handles (clones, repeated arrivals) share one target.
 */
import { ErrorCode, QuotaKind } from '../../broker/contract/errors.js';
import type { GoneReason } from '../../broker/contract/transport.js';
import type { BusHandle } from './handle.js';
import { type Attempt, ownSide } from './link.js';
import { refusalBlame, refusalCode } from './wire.js';

export abstract class Target implements Attempt {
  readonly word: number;
  readonly generation: number;
  /** The node behind it is gone, and this peer knows. */
  isGone = false;
  #isRefused = false;
  #waiters: (() => void)[] | undefined;
  /** Open handles, linked through themselves. */
  #first: BusHandle | undefined;
  #handles = 0;

  constructor(word: number, generation: number) {
    this.word = word;
    this.generation = generation;
  }

  /** Messages to it go to another peer. */
  abstract readonly isRemote: boolean;

  get handles(): number {
    return this.#handles;
  }

  attach(handle: BusHandle): void {
    handle.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = handle;
    this.#first = handle;
    this.#handles += 1;
  }

  detach(handle: BusHandle): void {
    if (handle.previous === undefined) this.#first = handle.next;
    else handle.previous.next = handle.next;
    if (handle.next !== undefined) handle.next.previous = handle.previous;
    handle.previous = undefined;
    handle.next = undefined;
    this.#handles -= 1;
    if (this.#handles > 0) return;
    // The broker tells nobody about a handle that he has given back.
    this.writable();
    this.abandoned();
  }

  /** The last handle was closed. */
  protected abstract abandoned(): void;

  /** The node is gone, or everything is. */
  end(reason: GoneReason): void {
    if (reason === 'node-gone') this.isGone = true;
    for (let handle = this.#first; handle !== undefined; handle = handle.next) handle.ended(reason);
    this.writable();
  }

  refused(refusal: number, position: number): void {
    // Whoever has too many nodes waits for itself only.
    if ((refusalBlame(refusal) & 15) === QuotaKind.Nodes) return;
    if (refusalCode(refusal) === ErrorCode.OverQuota && position !== ownSide) this.#isRefused = true;
  }

  /** The refusal is over: wakes those who wait for it. */
  writable(): void {
    this.#isRefused = false;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) for (const wake of waiters) wake();
  }

  untilWritable(): Promise<void> {
    // A refusal may still come after the last handle was closed; no word of the broker will ever end it.
    if (!this.#isRefused || this.#handles === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters ??= [];
      this.#waiters.push(resolve);
    });
  }
}

/** A node of another peer: one id, and how many arrivals it stands for (bus N3). */
export class RemoteTarget extends Target {
  override readonly isRemote = true;
  count = 0;
  readonly #release: (target: RemoteTarget) => void;

  constructor(word: number, generation: number, release: (target: RemoteTarget) => void) {
    super(word, generation);
    this.#release = release;
  }

  protected override abandoned(): void {
    this.#release(this);
  }
}

/** What stands in a message for a handle whose node was gone before (bus M4). */
export class GoneTarget extends Target {
  override readonly isRemote = true;

  constructor() {
    super(0, 0);
    this.isGone = true;
  }

  protected override abandoned(): void {
    // Nobody holds anything.
  }
}
