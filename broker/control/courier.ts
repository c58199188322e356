/**
 * Brings a subscriber what there is for it, one message at a time: while a message waits for room at the subscriber, what comes
 * after it gathers at the sender, who bounds it. Nobody else waits.
 */
import { ErrorCode, type Handle, hasCode } from '../contract/index.js';

export interface CourierParts {
  /** Who is told. Borrowed: closed by who made the courier. */
  readonly subscriber: Handle;
  /** The stream has ended, and nothing is sent any more. */
  readonly isOver: () => boolean;
  /** Takes what is sent next, encoded; undefined: there is nothing. */
  readonly nextBatch: () => Uint8Array | undefined;
  /** The subscriber cannot be told any more. `isOver` has to be true from then on. */
  readonly lost: () => void;
}

export class Courier {
  readonly #parts: CourierParts;
  #isSending = false;
  #isWaking = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** There is something: it is sent at the end of this turn, so that what happens together goes together. */
  wake(): void {
    if (this.#isWaking || this.#isSending) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      void this.#pump();
    });
  }

  /** Sends until nothing is left. */
  async #pump(): Promise<void> {
    if (this.#isSending) return;
    const { isOver, nextBatch, lost } = this.#parts;
    this.#isSending = true;
    while (!isOver()) {
      const bytes = nextBatch();
      if (bytes === undefined) break;
      if (!(await this.#deliver(bytes))) lost();
    }
    this.#isSending = false;
  }

  /** Whether the subscriber has it; a subscriber whose queue is full is waited for. */
  async #deliver(bytes: Uint8Array): Promise<boolean> {
    const { subscriber, isOver } = this.#parts;
    for (;;) {
      try {
        await subscriber.send({ bytes });
        return true;
      } catch (error) {
        if (!hasCode(error, ErrorCode.OverQuota) || isOver()) return false;
      }
      await subscriber.writable();
    }
  }
}
