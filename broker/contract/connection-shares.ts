/**
 * How many connections each user has on one server. Each one costs the server what no message is charged for, so they are shared by
 * the rule of bus Q2: whatever the others have opened, there is a part left for the next user.
 */
export class ConnectionShares {
  readonly #max: number;
  readonly #usedByUser = new Map<number, number>();
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more for the user; false if it has its share. */
  enter(uid: number): boolean {
    const users = this.#usedByUser;
    const used = users.get(uid) ?? 0;
    const sharers = used === 0 ? users.size + 1 : users.size;
    if ((used + 1) * (sharers + 1) - used > this.#max - this.#used) return false;
    users.set(uid, used + 1);
    this.#used += 1;
    return true;
  }

  leave(uid: number): void {
    const used = this.#usedByUser.get(uid);
    if (used === undefined) return;
    this.#used -= 1;
    if (used > 1) this.#usedByUser.set(uid, used - 1);
    else this.#usedByUser.delete(uid);
  }
}
