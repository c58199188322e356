/**
 * Logical time of the bus (bus O1): every transaction takes the next number. There is one sequencer and it finishes a
 * transaction before it begins the next, so the order of numbers is the order of the bus, causality included (bus O2), and the
 * half-staged transactions that let the model of 2016 contradict itself cannot exist (bus O4).
 */
export class OrderClock {
  #last = 0;

  /** The number of the latest transaction; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** A new transaction's number. Stays below 2^53: a million a second for 285 years. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }
}
