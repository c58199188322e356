/**
 * How many connections stem from one grant: the connection that the owner made, or that came through a listening socket, and all
 * that were given away from it, from those, and so on. A node has room for many holders; without this bound one of them could take all of it.
 */
import { grantConnectionsMax } from '../../broker/contract/limits.js';

/** A connection that is told whether more can be attached through it. */
export interface Branch {
  sayRoom(hasRoom: boolean): void;
}

/** Who was told that there is no room is told again when so many have ended. */
const slack = grantConnectionsMax / 8;

export class Lineage {
  /** The first connection. */
  #count = 1;
  readonly #told = new Set<Branch>();

  /** Counts a connection that was given away through this branch; false if there is no room for it. */
  add(branch: Branch): boolean {
    const isAdded = this.#count < grantConnectionsMax;
    if (isAdded) this.#count += 1;
    if (this.#count >= grantConnectionsMax && !this.#told.has(branch)) {
      this.#told.add(branch);
      branch.sayRoom(false);
    }
    return isAdded;
  }

  /** A connection that was counted could not be attached. */
  cancel(): void {
    this.#count -= 1;
  }

  /** A connection of the grant has ended. */
  leave(branch: Branch): void {
    this.#count -= 1;
    this.#told.delete(branch);
    if (this.#count > grantConnectionsMax - slack) return;
    for (const other of this.#told) other.sayRoom(true);
    this.#told.clear();
  }
}
