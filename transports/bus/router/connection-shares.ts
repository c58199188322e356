/**
 * How many connections each user has on one server. Each one costs the broker what no message is charged for, so they are shared by
 * the rule of bus Q2: whatever the others have opened, there is a part left for the next user.
 */
import { roomOf, Tally } from '../../../broker/capability/index.js';

export class ConnectionShares {
  readonly #room: Tally;
  readonly #shares = new Map<number, Tally>();

  constructor(max: number) {
    this.#room = new Tally(undefined, max);
  }

  /** Counts one more for the user; false if it has its share. */
  enter(uid: number): boolean {
    const share = this.#shares.get(uid) ?? new Tally(this.#room);
    if (roomOf(share) < 1) return false;
    if (share.used === 0) {
      this.#room.sharers += 1;
      this.#shares.set(uid, share);
    }
    share.used += 1;
    this.#room.used += 1;
    return true;
  }

  leave(uid: number): void {
    const share = this.#shares.get(uid);
    if (share === undefined) return;
    share.used -= 1;
    this.#room.used -= 1;
    if (share.used > 0) return;
    this.#room.sharers -= 1;
    this.#shares.delete(uid);
  }
}
