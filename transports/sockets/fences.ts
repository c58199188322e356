/**
 * The wide fence: what a holder sent on *any* of its connections to this owner, before it gave a handle away, comes before what
 * the new holder sends (sockets S5).
 *
 * On the connection that ATTACH comes on this holds by itself, because the owner knows the new connection only from there on. The
 * others are separate queues in the kernel. So where the owner wants it, a new connection is not read from until the owner has
 * read from the giver's other connections what the kernel had of them when ATTACH was read: a count of bytes for each, which the
 * kernel tells.
 *
 * A connection whose holder has not said hello may be the giver's, so it is waited for too, unless it waits itself: nobody can make
 * others wait for a connection that he does not let go on. What is waited for is always older than what waits, so there is no circle.
 */
import type { PeerCore } from './core.js';

/** A connection, as the fences see it. */
export interface FencedConnection {
  readonly descriptor: number;
  /** Bytes of the packets that were handed out. */
  readonly bytesReceived: number;
  setReading(on: boolean): void;
}

interface Wait {
  readonly held: FencedConnection;
  readonly untilBytes: number;
}

export class Fences {
  readonly #core: PeerCore;
  /** Connections whose holder is known, by its pid. */
  readonly #named = new Map<number, Set<FencedConnection>>();
  /** Connections whose holder has not said hello. */
  readonly #nameless = new Set<FencedConnection>();
  /** Who waits for a connection. */
  readonly #waits = new Map<FencedConnection, Wait[]>();
  /** For how many connections one waits. */
  readonly #held = new Map<FencedConnection, number>();

  constructor(core: PeerCore) {
    this.#core = core;
  }

  add(connection: FencedConnection): void {
    this.#nameless.add(connection);
  }

  /** The holder has said hello. */
  name(connection: FencedConnection, pid: number): void {
    this.#nameless.delete(connection);
    const named = this.#named.get(pid);
    if (named === undefined) this.#named.set(pid, new Set([connection]));
    else named.add(connection);
  }

  /** The connection has ended: nobody waits for it any more. */
  remove(connection: FencedConnection, pid: number | undefined): void {
    this.#nameless.delete(connection);
    this.#held.delete(connection);
    const named = pid === undefined ? undefined : this.#named.get(pid);
    named?.delete(connection);
    if (pid !== undefined && named?.size === 0) this.#named.delete(pid);
    for (const { held } of this.#take(connection)) this.#release(held);
  }

  /** A connection was attached for this giver. It is not read from before the giver's other connections are as far as they are now. */
  hold(attached: FencedConnection, giver: FencedConnection, pid: number): void {
    attached.setReading(false);
    this.#held.set(attached, 1);
    // What this turn of the event loop has received is handed out by then, and the kernel's count is exact.
    queueMicrotask(() => {
      for (const connection of this.#named.get(pid) ?? [])
        if (connection !== giver) this.#await(connection, attached);
      for (const connection of this.#nameless)
        if (!this.#held.has(connection)) this.#await(connection, attached);
      this.#release(attached);
    });
  }

  #await(connection: FencedConnection, held: FencedConnection): void {
    const count = this.#held.get(held);
    if (count === undefined) return;
    const unread = this.#core.system.unreadBytes(connection.descriptor);
    if (unread === 0) return;
    this.#held.set(held, count + 1);
    const waits = this.#waits.get(connection) ?? [];
    waits.push({ held, untilBytes: connection.bytesReceived + unread });
    this.#waits.set(connection, waits);
  }

  /** A packet of this connection was handed out. */
  passed(connection: FencedConnection): void {
    const waits = this.#waits.get(connection);
    if (waits === undefined) return;
    const left = waits.filter(({ untilBytes }) => untilBytes > connection.bytesReceived);
    if (left.length === 0) this.#waits.delete(connection);
    else this.#waits.set(connection, left);
    for (const { held, untilBytes } of waits) if (untilBytes <= connection.bytesReceived) this.#release(held);
  }

  #take(connection: FencedConnection): readonly Wait[] {
    const waits = this.#waits.get(connection) ?? [];
    this.#waits.delete(connection);
    return waits;
  }

  #release(held: FencedConnection): void {
    const count = this.#held.get(held);
    if (count === undefined) return;
    if (count > 1) {
      this.#held.set(held, count - 1);
      return;
    }
    this.#held.delete(held);
    held.setReading(true);
  }
}
