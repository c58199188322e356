/**
 * Time, handed in as an argument wherever it is needed, so that everything above can run on simulated time.
 */

/** A timer that can be armed again and again; made once, when its owner is made (design: no allocation later). */
export interface Timer {
  /** Fires once, `delayMs` from now on the monotonic clock; arming an armed timer moves it. */
  arm(delayMs: number): void;
  /** After this it does not fire, also if it was due. Idempotent. */
  disarm(): void;
  readonly isArmed: boolean;
}

export interface Time {
  /** Milliseconds on a clock that never goes back and does not follow the wall clock; fractions allowed. */
  monotonicMs(): number;
  /** Milliseconds since 1970 (UTC), as the wall clock says now. For people only, never for timeouts. */
  wallMs(): number;
  /** Makes a disarmed timer. `fire` runs from the event loop, never from within `arm`. */
  createTimer(fire: () => void): Timer;
}
