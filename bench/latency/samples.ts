/**
 * Samples of one block: nanoseconds in memory that was made beforehand, so that recording costs a store and no allocation.
 * They are turned into an HDR histogram after the block, outside what is measured (benchmark method, points 8 and 9).
 */
import { writeFileSync } from 'node:fs';

/** Samples of one block; more than a block of a second can hold on any machine we know. */
const samplesMax = 1 << 22;

/** What does not fit is kept as the most that does; a store by itself would keep the remainder, which looks fast. */
const nanosecondsMax = 0xffff_ffff;

export class Samples {
  readonly #nanoseconds = new Uint32Array(samplesMax);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === samplesMax;
  }

  clear(): void {
    this.#count = 0;
  }

  /** `milliseconds` as `performance.now()` counts them, with fractions; more than 4.29 s is kept as that. */
  add(milliseconds: number): void {
    const nanoseconds = milliseconds * 1e6;
    this.#nanoseconds[this.#count++] = nanoseconds < nanosecondsMax ? nanoseconds : nanosecondsMax;
  }

  /** Writes the block as u32 in host order, the form in which every client hands its samples over. */
  write(path: string): void {
    writeFileSync(path, new Uint8Array(this.#nanoseconds.buffer, 0, this.#count * 4));
  }
}
