/**
 * How long one address may hold up what is queued for others: a bucket of milliseconds that empties while it does and fills up
 * again slowly. Whoever reads slowly on purpose so costs the others a small share of their time, and no more.
 */
import type { Time } from '../../broker/contract/platform.js';

export class Patience {
  readonly #time: Time;
  readonly #fullMs: number;
  readonly #share: number;
  #leftMs: number;
  #atMs: number;

  /** At most `fullMs` at once, and `share` of the time that passes. */
  constructor(time: Time, fullMs: number, share: number) {
    this.#time = time;
    this.#fullMs = fullMs;
    this.#share = share;
    this.#leftMs = fullMs;
    this.#atMs = time.monotonicMs();
  }

  get leftMs(): number {
    const nowMs = this.#time.monotonicMs();
    this.#leftMs = Math.min(this.#fullMs, this.#leftMs + (nowMs - this.#atMs) * this.#share);
    this.#atMs = nowMs;
    return this.#leftMs;
  }

  spend(durationMs: number): void {
    this.#leftMs = Math.max(0, this.leftMs - durationMs);
  }
}
