/**
 * Who was refused for want of room and waits to be told (bus Q5).
 *
 * Those who were refused for the same thing at the same place wait together, and are told together once as much is free for them
 * as the least of them needs. Whoever is refused again then waits again; each telling is paid for by something that was given
 * back, so it cannot go round in circles.
 */
import type { Subject } from './notices.js';

/** Keeps the groups of those who wait. */
export interface WaitingPlace {
  /** Nobody waits in this group any more. */
  forget(waiting: Waiting): void;
}

export class Waiting {
  /** What they were refused for: a `QuotaKind`. */
  readonly kind: number;
  /** How much has to be free. */
  need = Number.POSITIVE_INFINITY;
  readonly #subjects = new Set<Subject>();
  readonly #place: WaitingPlace;

  constructor(place: WaitingPlace, kind: number) {
    this.#place = place;
    this.kind = kind;
  }

  add(subject: Subject, need: number): void {
    this.#subjects.add(subject);
    if (need < this.need) this.need = need;
  }

  remove(subject: Subject): void {
    this.#subjects.delete(subject);
    if (this.#subjects.size === 0) this.#place.forget(this);
  }

  /**
   * Each of those who wait now, who waits no longer when it was named. One who comes back meanwhile is not named again, so that it
   * ends.
   */
  *end(): Generator<Subject> {
    let left = this.#subjects.size;
    // One walk for all of them: a new one would begin at the places of those who have left.
    for (const subject of this.#subjects) {
      if (left === 0) return;
      left -= 1;
      this.remove(subject);
      yield subject;
    }
  }
}
