/** Time that stands still: timers can be armed, and fire by hand. */
import type { Time, Timer } from '../../broker/contract/platform.js';

export interface StillTime extends Time {
  nowMs: number;
  /** Fires all armed timers, once. */
  fire(): void;
}

export function createStillTime(): StillTime {
  const armed = new Set<() => void>();
  const time: StillTime = {
    nowMs: 0,
    monotonicMs: () => time.nowMs,
    wallMs: () => time.nowMs,
    createTimer: (fire): Timer => ({
      arm: () => armed.add(fire),
      disarm: () => armed.delete(fire),
      get isArmed() {
        return armed.has(fire);
      },
    }),
    fire: () => {
      for (const each of [...armed]) {
        armed.delete(each);
        each();
      }
    },
  };
  return time;
}
