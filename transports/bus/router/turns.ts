/**
 * Who may do how much in one turn of the event loop (bus Q6).
 *
 * Requests differ in what they cost: a packet has room for three thousand of them, and each can name a list of a thousand
 * destinations. So what is carried out is counted in steps (`Effort`), and a connection, and all connections of one user together,
 * have so many in a turn. What is beyond that is not refused, because whoever writes many requests at once has done nothing wrong:
 * it is put off to later turns, in order, and until it is done nothing more is read from that connection. Order and completion mean
 * the same as if the packet had come later (bus O3).
 *
 * What was put off is taken up between turns, so that the packets of others are read before each round: one connection of each user
 * after the other has a part, until the steps of the round are used up. So whoever waits, waits for a part of each user before it,
 * however many connections these have and however much they have written.
 *
 * What is put off is the broker's to keep, for as long as its sender does not take its answers: so it is counted, and a user has so
 * much room for it.
 */
import type { Account, Effort } from '../../../broker/capability/index.js';
import * as limits from '../../../broker/contract/limits.js';
import type { PacketLoop } from '../../../broker/native/packets.js';

/** A connection with something that was put off. */
export interface PutOff {
  readonly load: Load;
  /** Carries out some more, of at most so many steps, or the next request alone; whether there is more that could be done at once. */
  goOn(stepsMax: number): boolean;
}

/** What the connections of one user have done in this turn and have put off, and those of them that wait to go on. */
class UserLoad {
  turn = -1;
  steps = 0;
  /** Of the packets that were put off. */
  bytes = 0;
  descriptors = 0;
  readonly waiting: PutOff[] = [];
  /** It stands in the queue of users, or has its part now. */
  isWaiting = false;
}

/** What one connection has done in this turn, and has put off. */
export class Load {
  turn = -1;
  steps = 0;
  /** Of the packets that were put off. */
  bytes = 0;
  descriptors = 0;
  /** It stands in the queue of its user. */
  isWaiting = false;
  readonly user: UserLoad;

  constructor(user: UserLoad) {
    this.user = user;
  }

  /** Whether so much more of the connection may be put off: no more than it leaves to all others of its user (bus Q3, Q6). */
  hasRoom(bytes: number, descriptors: number): boolean {
    const { userPutOffBytesMax, userPutOffDescriptorsMax } = limits;
    const { user } = this;
    return (
      this.bytes + bytes <= userPutOffBytesMax - user.bytes - bytes &&
      this.descriptors + descriptors <= userPutOffDescriptorsMax - user.descriptors - descriptors
    );
  }

  /** So much more was put off; negative: less. */
  keep(bytes: number, descriptors: number): void {
    const { user } = this;
    this.bytes += bytes;
    user.bytes += bytes;
    this.descriptors += descriptors;
    user.descriptors += descriptors;
  }
}

/** Has something done in a later turn of the event loop, after the packets that are there by then. */
export type Later = (act: () => void) => void;

export class Turns {
  readonly #loop: PacketLoop;
  readonly #effort: Effort;
  readonly #later: Later;
  readonly #users = new WeakMap<Account, UserLoad>();
  /** Users of whom something was put off, in turn. */
  readonly #waiting: UserLoad[] = [];
  #isScheduled = false;

  constructor(loop: PacketLoop, effort: Effort, later: Later) {
    this.#loop = loop;
    this.#effort = effort;
    this.#later = later;
  }

  /** The load of one more connection of this user. */
  loadOf(user: Account): Load {
    let load = this.#users.get(user);
    if (load === undefined) {
      load = new UserLoad();
      this.#users.set(user, load);
    }
    return new Load(load);
  }

  /** Steps that the connection has in this turn; 0 or less for none. */
  room(load: Load): number {
    const { user } = load;
    const { turns } = this.#loop;
    if (load.turn !== turns) {
      load.turn = turns;
      load.steps = 0;
      if (user.turn !== turns) {
        user.turn = turns;
        user.steps = 0;
      }
    }
    return Math.min(limits.connectionTurnStepsMax - load.steps, limits.userTurnStepsMax - user.steps);
  }

  /** Counts what was done since this moment of `Effort` for the connection. */
  spent(load: Load, since: number): void {
    const steps = this.#effort.steps - since;
    load.steps += steps;
    load.user.steps += steps;
  }

  /** The connection goes on in later turns. Idempotent. */
  putOff(connection: PutOff): void {
    const { load } = connection;
    if (load.isWaiting) return;
    load.isWaiting = true;
    const { user } = load;
    user.waiting.push(connection);
    if (!user.isWaiting) this.#waiting.push(user);
    user.isWaiting = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#later(this.#round);
  }

  readonly #round = (): void => {
    this.#isScheduled = false;
    const end = this.#effort.steps + limits.userTurnStepsMax;
    while (this.#effort.steps < end) {
      const user = this.#waiting.shift();
      if (user === undefined) return;
      const connection = user.waiting.shift();
      if (connection !== undefined) {
        connection.load.isWaiting = false;
        // A round is a bounded number of connections, too: going on costs something even where nothing is left to do.
        this.#effort.steps += 1;
        if (connection.goOn(limits.connectionTurnStepsMax)) {
          connection.load.isWaiting = true;
          user.waiting.push(connection);
        }
      }
      user.isWaiting = user.waiting.length > 0;
      if (user.isWaiting) this.#waiting.push(user);
    }
    if (this.#waiting.length > 0) this.#schedule();
  };
}
