/** Samples that are full after a few, so that a block ends when there are enough and not when its time is over. */
import { Samples } from '../../../bench/latency/samples.js';

export class FewSamples extends Samples {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override get isFull(): boolean {
    return this.count >= this.#most;
  }
}

/** When a block ends in any case, in milliseconds: later than any machine needs for a few samples. */
export const plentyMs = 60_000;
