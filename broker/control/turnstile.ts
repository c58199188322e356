/**
 * Lets one question in for each turn of the event loop. A question about who holds what looks at thousands of entries, and anybody
 * may ask a thousand of them in one packet: all of them at once would keep everybody else, watchdogs included, from their turn.
 *
 * Accounts come in one after the other, so that who asks much waits for himself.
 */
import type { Time, Timer } from '../contract/index.js';

export class Turnstile {
  readonly #timer: Timer;
  /** Who waits, by account; the account that is first is the next. */
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(time: Time) {
    this.#timer = time.createTimer(() => this.#letIn());
  }

  /** Resolves when the account may ask: at once, if nobody else has in this turn. */
  enter(account: number): Promise<void> {
    if (!this.#timer.isArmed) {
      this.#timer.arm(0);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const others = this.#waiting.get(account);
      if (others === undefined) this.#waiting.set(account, new Set([resolve]));
      else others.add(resolve);
    });
  }

  /** Nobody comes in any more. */
  close(): void {
    this.#timer.disarm();
    this.#waiting.clear();
  }

  #letIn(): void {
    for (const [account, waiting] of this.#waiting) {
      this.#waiting.delete(account);
      for (const enter of waiting) {
        waiting.delete(enter);
        if (waiting.size > 0) this.#waiting.set(account, waiting);
        this.#timer.arm(0);
        enter();
        return;
      }
    }
  }
}
