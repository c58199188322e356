/**
 * Time that passes when a test says so.
 */
import type { Time, Timer } from '../../broker/contract/platform.js';

class ManualTimer implements Timer {
  dueMs: number | undefined;
  readonly #time: ManualTime;
  readonly fire: () => void;

  constructor(time: ManualTime, fire: () => void) {
    this.#time = time;
    this.fire = fire;
  }

  get isArmed(): boolean {
    return this.dueMs !== undefined;
  }

  arm(delayMs: number): void {
    this.dueMs = this.#time.monotonicMs() + delayMs;
  }

  disarm(): void {
    this.dueMs = undefined;
  }
}

export class ManualTime implements Time {
  #nowMs = 0;
  readonly #timers: ManualTimer[] = [];

  /** Timers that wait to fire. */
  get armed(): number {
    return this.#timers.filter(({ isArmed }) => isArmed).length;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  createTimer(fire: () => void): Timer {
    const timer = new ManualTimer(this, fire);
    this.#timers.push(timer);
    return timer;
  }

  /** Lets time pass; fires what falls due, in order, and what falls due because of it. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const [next] = this.#timers
        .filter(({ dueMs }) => dueMs !== undefined && dueMs <= endMs)
        .sort((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0));
      if (next?.dueMs === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.disarm();
      next.fire();
    }
    this.#nowMs = endMs;
  }
}
