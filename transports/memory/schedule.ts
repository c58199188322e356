/**
 * Who gets the next item: peers take turns, one item each, every item in a microtask of its own. So no receiver is ever
 * called from within a `send`, what a receiver awaited can run before the next item, and a peer with a full inbox does not
 * keep the others waiting. The order within one inbox is that of acceptance.
 *
 * A test can stop the deliveries, of all peers or of one, and then let single items through: that is how an interleaving
 * is forced. Holding is about deliveries only; sends are accepted (and refused) as ever, and deadlines pass.
 */
import type { Inbox } from './inbox.js';

/**
 * After so many items the event loop gets a turn, because two peers that answer each other would otherwise keep timers
 * and sockets out for ever.
 */
const itemsPerTurnMax = 256;

/** What the schedule knows of a peer. */
export interface Scheduled {
  readonly inbox: Inbox;
  isHeld: boolean;
  /** Whether it stands in the queue of those with something to receive. */
  isReady: boolean;
}

export class Schedule {
  #ready: Scheduled[] = [];
  #isHeld = false;
  #isUnderWay = false;
  #itemsThisTurn = 0;
  /** Resolves with the turn that the event loop is being given. */
  #turn: Promise<void> | undefined;

  /** Tells that the peer's inbox has something. */
  wake(peer: Scheduled): void {
    if (peer.isReady || peer.isHeld || peer.inbox.isEmpty) return;
    peer.isReady = true;
    this.#ready.push(peer);
    this.#start();
  }

  /** Stops deliveries: to this peer, or to all. */
  hold(peer?: Scheduled): void {
    if (peer === undefined) {
      this.#isHeld = true;
      return;
    }
    peer.isHeld = true;
    if (!peer.isReady) return;
    peer.isReady = false;
    this.#ready.splice(this.#ready.indexOf(peer), 1);
  }

  /** Resumes what `hold` with the same argument stopped. */
  release(peer?: Scheduled): void {
    if (peer === undefined) {
      this.#isHeld = false;
      this.#start();
      return;
    }
    peer.isHeld = false;
    this.wake(peer);
  }

  /** Delivers one item now: the next of this peer, or of whoever's turn it is. False if there was none. */
  step(peer?: Scheduled): boolean {
    if (peer === undefined) return this.#deliverNext();
    const item = peer.inbox.shift();
    item?.deliver();
    return item !== undefined;
  }

  #start(): void {
    if (this.#isUnderWay || this.#isHeld || this.#ready.length === 0) return;
    this.#isUnderWay = true;
    if (this.#itemsThisTurn < itemsPerTurnMax) {
      queueMicrotask(this.#run);
      return;
    }
    this.#itemsThisTurn = 0;
    this.#turn = new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
        this.#run();
      });
    });
  }

  /**
   * The promise of a send that was accepted. While the event loop has its turn nothing is delivered, and who awaits each send has to
   * wait as well: otherwise he would fill the inbox without ever letting it be emptied.
   */
  accepted<T>(result: T): Promise<T> {
    return this.#turn === undefined ? Promise.resolve(result) : this.#turn.then(() => result);
  }

  readonly #run = (): void => {
    try {
      if (!this.#isHeld) {
        this.#itemsThisTurn += 1;
        this.#deliverNext();
      }
    } finally {
      // Only now, so that the microtasks of the receiver come before the next item; and also if an `onError` throws.
      this.#isUnderWay = false;
      this.#start();
    }
  };

  #deliverNext(): boolean {
    for (;;) {
      const peer = this.#ready.shift();
      if (peer === undefined) return false;
      peer.isReady = false;
      const item = peer.inbox.shift();
      if (item === undefined) continue;
      try {
        item.deliver();
      } finally {
        this.wake(peer);
      }
      return true;
    }
  }
}
