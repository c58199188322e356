/**
 * Requests whose acceptance somebody waits for, in the order in which they were sent; the broker settles them in that order.
 */
import type { Attempt, HolderShare } from './link.js';
import { refusal } from './refusal.js';

interface PendingSend {
  readonly serial: number;
  readonly attempt: Attempt;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
}

interface PendingHolders {
  readonly serial: number;
  readonly resolve: (shares: readonly HolderShare[]) => void;
  readonly reject: (error: Error) => void;
}

/** Settled entries at the front of the queue that are kept until it is worth moving the rest. */
const settledMax = 1024;

export class PendingQueue {
  /** Of the peer's user, once it is connected: errors name it. */
  uid: number | undefined = undefined;
  #sends: (PendingSend | undefined)[] = [];
  #first = 0;
  #holders: PendingHolders[] = [];

  add(serial: number, attempt: Attempt): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#sends.push({ serial, attempt, resolve, reject });
    });
  }

  addHolders(serial: number): Promise<readonly HolderShare[]> {
    return new Promise((resolve, reject) => {
      this.#holders.push({ serial, resolve, reject });
    });
  }

  /** The next `count` were accepted, numbered one after the other. False if these are not what was sent. */
  accept(firstSerial: number, count: number, firstSequence: number): boolean {
    for (let at = 0; at < count; at += 1) {
      const send = this.#take((firstSerial + at) >>> 0);
      if (send === undefined) return false;
      send.resolve(firstSequence + at);
    }
    return true;
  }

  /** One was refused. False if nobody waits for it. */
  refuse(serial: number, word: number, position: number): boolean {
    const [first] = this.#holders;
    if (first?.serial === serial) {
      this.#holders.shift();
      first.reject(refusal(word, this.uid));
      return true;
    }
    const send = this.#take(serial);
    if (send === undefined) return false;
    send.attempt.refused(word, position);
    send.reject(refusal(word, this.uid));
    return true;
  }

  /** One was accepted for some of its destinations; `refusalAt` tells what became of each. */
  acceptPartly(
    serial: number,
    sequence: number,
    count: number,
    refusalAt: (position: number) => number,
  ): boolean {
    const send = this.#take(serial);
    if (send === undefined) return false;
    for (let at = 0; at < count; at += 1) send.attempt.outcome?.(at, refusalAt(at));
    send.resolve(sequence);
    return true;
  }

  tellHolders(serial: number, shares: readonly HolderShare[]): boolean {
    const [first] = this.#holders;
    // It stays in the queue then, and hears of the end of the connection.
    if (first?.serial !== serial) return false;
    this.#holders.shift();
    first.resolve(shares);
    return true;
  }

  /** The connection has ended. */
  reject(error: Error): void {
    const sends = this.#sends.slice(this.#first);
    const holders = this.#holders;
    this.#sends = [];
    this.#first = 0;
    this.#holders = [];
    for (const send of sends) send?.reject(error);
    for (const each of holders) each.reject(error);
  }

  #take(serial: number): PendingSend | undefined {
    const send = this.#sends[this.#first];
    if (send === undefined || send.serial !== serial) return undefined;
    this.#sends[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#sends.length) {
      this.#sends.length = 0;
      this.#first = 0;
    } else if (this.#first > settledMax && this.#first * 2 > this.#sends.length) {
      this.#sends.splice(0, this.#first);
      this.#first = 0;
    }
    return send;
  }
}
