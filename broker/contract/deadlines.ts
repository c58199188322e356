/**
 * Deadlines of outstanding calls, cheap enough for every call: instead of a timer per call, one timer per peer that
 * runs only while calls are outstanding and looks through them every `sweepMs`. So a deadline is never early, and late
 * by at most about `sweepMs` (contract: `CallOptions.deadlineMs`).
 */
import type { Time, Timer } from './platform.js';

/** Granularity of deadlines. */
export const sweepMs = 10;

export class Deadlines {
  readonly #time: Time;
  readonly #timer: Timer;
  readonly #sweep: (nowMs: number) => number;

  /**
   * `sweep` ends every call whose deadline is at or before `nowMs` and returns how many are still outstanding.
   */
  constructor(time: Time, sweep: (nowMs: number) => number) {
    this.#time = time;
    this.#sweep = sweep;
    this.#timer = time.createTimer(() => {
      if (this.#sweep(this.#time.monotonicMs()) > 0) this.#timer.arm(sweepMs);
    });
  }

  /** When a call with this deadline (from now) ends, as monotonic time; starts the sweeping. */
  add(deadlineMs: number): number {
    if (!this.#timer.isArmed) this.#timer.arm(sweepMs);
    return this.#time.monotonicMs() + deadlineMs;
  }

  close(): void {
    this.#timer.disarm();
  }
}
