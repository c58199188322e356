/** Figures of launches as a machine makes them, from a seed: what simulations of the statistics draw from. */
import { createPrng } from '../../../bench/latency/shuffle.js';

export interface Noise {
  /** A standard normal value. */
  normal(): number;
  /** A number from 0 up to 1. */
  uniform(): number;
  /** A factor that is log-normal about 1 with this relative spread. */
  factor(spread: number): number;
}

/** Polar form of Box and Muller: cheap enough for millions. */
export function createNoise(seed: number): Noise {
  const next = createPrng(seed);
  const uniform = (): number => next() / 2 ** 32;
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * scale;
      return x * scale;
    }
  };
  return { normal, uniform, factor: (spread) => Math.exp(normal() * spread) };
}
