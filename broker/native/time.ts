/**
 * Real time: the one place in the broker that touches Node's timers and clocks. Node's timers run on CLOCK_MONOTONIC, so
 * setting the wall clock moves none of them.
 */
// The global of this name is a getter, which costs as much as the clock.
import { performance } from 'node:perf_hooks';

/** The shape of the contract's `Timer`; named here because this module imports nothing of the project. */
interface RealTimer {
  arm(delayMs: number): void;
  disarm(): void;
  readonly isArmed: boolean;
}

/** The shape of the contract's `Time`. */
interface RealTime {
  monotonicMs(): number;
  wallMs(): number;
  createTimer(fire: () => void): RealTimer;
}

class NodeTimer implements RealTimer {
  readonly #fire: () => void;
  readonly #keepsAlive: boolean;
  #handle: NodeJS.Timeout | undefined;

  constructor(fire: () => void, keepsAlive: boolean) {
    this.#fire = fire;
    this.#keepsAlive = keepsAlive;
  }

  get isArmed(): boolean {
    return this.#handle !== undefined;
  }

  arm(delayMs: number): void {
    if (this.#handle !== undefined) clearTimeout(this.#handle);
    // Longer delays than 2^31-1 ms would fire at once; such a timer is as good as none.
    this.#handle = setTimeout(this.#expire, Math.min(Math.ceil(delayMs), 0x7fffffff));
    if (!this.#keepsAlive) this.#handle.unref();
  }

  disarm(): void {
    if (this.#handle === undefined) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  readonly #expire = (): void => {
    this.#handle = undefined;
    this.#fire();
  };
}

/** Real time. With `keepsAlive` false (for libraries) an armed timer alone does not keep the process running. */
export function createTime(options: { readonly keepsAlive?: boolean } = {}): RealTime {
  const keepsAlive = options.keepsAlive ?? true;
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    createTimer: (fire) => new NodeTimer(fire, keepsAlive),
  };
}
