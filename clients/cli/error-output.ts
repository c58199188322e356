/**
 * The broker's standard error. Whoever reads it may stop reading (a terminal that is held with ctrl-S, a stalled connection, a
 * pipe to a pager), and that must not stop the manager: nothing is written that would have to wait. What is not taken is
 * kept and tried again; beyond a bound whole texts are dropped, and how many is said when there is room.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Time, Timer } from '../../broker/contract/index.js';
import { loadNative } from '../../broker/native/addon.js';

/** Kept at most, while nobody reads. */
const keptBytesMax = 1024 * 1024;
const retryMs = 50;

/** A descriptor for standard error that does not wait, of its own where that is possible, so that nobody else's changes. */
function openErrorOutput(): number {
  try {
    const kind = fstatSync(2);
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    if (kind.isFIFO() || kind.isCharacterDevice()) {
      return openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_NOCTTY);
    }
    if (kind.isSocket()) loadNative().setNonBlocking(2, true);
  } catch {
    // Another user's terminal, or no /proc: as it is.
  }
  return 2;
}

export class ErrorOutput {
  readonly #descriptor: number;
  readonly #retry: Timer;
  #kept: Buffer = Buffer.alloc(0);
  #dropped = 0;

  constructor(time: Time, descriptor: number = openErrorOutput()) {
    this.#descriptor = descriptor;
    this.#retry = time.createTimer(() => this.flush());
  }

  /** Writes whole lines, now or when they are taken. Does not throw. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#kept.length > 0 && this.#kept.length + bytes.length > keptBytesMax) {
      this.#dropped += text.split('\n').length - 1;
      return;
    }
    const isFirst = this.#kept.length === 0;
    this.#kept = isFirst ? bytes : Buffer.concat([this.#kept, bytes]);
    if (isFirst) this.flush();
  }

  /** Writes what is kept, as far as it is taken. */
  flush(): void {
    try {
      while (this.#kept.length > 0) {
        this.#kept = this.#kept.subarray(writeSync(this.#descriptor, this.#kept));
        if (this.#kept.length > 0 || this.#dropped === 0) continue;
        this.#kept = Buffer.from(`capstan: ${this.#dropped} lines were dropped, because nobody read them\n`);
        this.#dropped = 0;
      }
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (isFull) this.#retry.arm(retryMs);
      // Nobody will read it any more.
      else this.#kept = Buffer.alloc(0);
    }
  }
}
