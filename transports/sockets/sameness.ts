/**
 * Whether two handles lead to the same node (sockets S13).
 *
 * Two handles are two descriptors, so only the owner can tell; and the answer must be nobody's to forge. There are two who might
 * try. An owner may lie about its own node: so both owners are asked, and both must say yes. And the owner of one handle, who
 * himself holds a handle to the node of the other, may pass every frame on to it, which would make his node look like that one: so
 * the owner looks at who the *kernel* says has asked. It says yes if it was told the same token on two connections to the node, by
 * one and the same process; whoever passes the token on does so under his own name.
 *
 *   holder                 owner, on each of the two connections
 *   SAME prepare token →   asks the kernel for the sender of each packet from now on
 *   SAME note token    →   notes the token with that sender
 *   SAME ask token     →   answers whether it is noted on another connection to the node too, and forgets it
 *
 * The next step follows when both have answered the last one. Whoever gives up sends the last step all the same.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { callDeadlineMs, sameQuestionsMax } from '../../broker/contract/limits.js';
import type { Handle } from '../../broker/contract/transport.js';
import type { PeerCore } from './core.js';
import { SameResult, SameStep } from './wire.js';

/** The method by which handles of this transport are compared: what can be asked, or why nothing can. */
export const comparable: unique symbol = Symbol('comparable');

export interface Comparable {
  readonly holder: PeerCore;
  [comparable](): Questioned | BrokerError;
}

/** A handle whose owner can be asked. */
export interface Questioned {
  /** The own node that it leads to, if it is the owner's own handle. */
  readonly local: { readonly isDestroyed: boolean } | undefined;
  /** Resolves with the owner's result. Rejects as a call does. */
  question(step: SameStep, token: Uint8Array, deadlineMs: number): Promise<number>;
}

function isComparable(handle: Handle): handle is Handle & Comparable {
  return typeof handle === 'object' && handle !== null && comparable in handle;
}

/** `Handle.same` (C29). */
export async function areSame(one: Handle & Comparable, other: Handle): Promise<boolean> {
  if (!isComparable(other) || other.holder !== one.holder) {
    throw new BrokerError(ErrorCode.InvalidArgument, 'the other is not a handle of this peer');
  }
  const [first, second] = [one[comparable](), other[comparable]()];
  if (first instanceof BrokerError) throw first;
  if (second instanceof BrokerError) throw second;
  if (first === second) return true;
  if (first.local !== undefined && second.local !== undefined) {
    if (!first.local.isDestroyed && !second.local.isDestroyed) return first.local === second.local;
    throw new BrokerError(ErrorCode.NodeGone, 'the node is gone');
  }
  return askOwners(one.holder, first, second);
}

async function askOwners(core: PeerCore, first: Questioned, second: Questioned): Promise<boolean> {
  const token = core.system.createToken();
  const endMs = core.time.monotonicMs() + callDeadlineMs;
  const both = async (step: SameStep): Promise<boolean> => {
    const leftMs = Math.max(0, endMs - core.time.monotonicMs());
    const answers = [first.question(step, token, leftMs), second.question(step, token, leftMs)];
    return (await Promise.all(answers)).every((result) => isYes(result));
  };
  let isNoted = false;
  try {
    await both(SameStep.Prepare);
    await both(SameStep.Note);
    isNoted = true;
    return await both(SameStep.Ask);
  } finally {
    // What one owner has noted it must forget, also if the other has refused.
    if (!isNoted) void both(SameStep.Ask).catch(() => {});
  }
}

function isYes(result: number): boolean {
  if (result === SameResult.Full) {
    throw new BrokerError(ErrorCode.OverQuota, 'the owner is asked too many questions at once');
  }
  if (result === SameResult.Unknown) {
    throw new BrokerError(ErrorCode.Unsupported, 'the owner cannot see who asks: its kernel does not say');
  }
  return result === SameResult.Yes;
}

/** A token that was noted: on which connections, and which of them have asked. */
interface Note {
  readonly connections: Set<object>;
  readonly asked: Set<object>;
}

/** The tokens that are noted on the connections to one node, by token and sender. */
export class NotedTokens {
  /** Most nodes never have one. */
  #notes: Map<string, Note> | undefined;

  note(key: string, connection: object): void {
    this.#notes ??= new Map();
    const note = this.#notes.get(key);
    if (note !== undefined) note.connections.add(connection);
    else this.#notes.set(key, { connections: new Set([connection]), asked: new Set() });
  }

  /** Whether another connection has noted it too. It is forgotten when all that have noted it have asked. */
  ask(key: string, connection: object): boolean {
    const note = this.#notes?.get(key);
    if (note === undefined || !note.connections.has(connection)) return false;
    note.asked.add(connection);
    if (note.asked.size === note.connections.size) this.#notes?.delete(key);
    return note.connections.size > 1;
  }

  /** The connection has ended. */
  forget(key: string, connection: object): void {
    const note = this.#notes?.get(key);
    if (note === undefined) return;
    note.connections.delete(connection);
    note.asked.delete(connection);
    if (note.asked.size === note.connections.size) this.#notes?.delete(key);
  }
}

/** Who has sent a packet, as the kernel says. */
export interface PacketSender {
  readonly senderPid: number;
  readonly senderUid: number;
}

/** The questions on one connection, as the owner sees them. */
export class Questions {
  readonly #connection: object;
  readonly #watch: (on: boolean) => void;
  /** For each token that was prepared, the key under which it was noted. */
  readonly #keys = new Map<string, string | undefined>();

  /** `watch` is called when the senders of packets are to be known, and when not any more. */
  constructor(connection: object, watch: (on: boolean) => void) {
    this.#connection = connection;
    this.#watch = watch;
  }

  /** Takes one step; the result is for SAME_ANSWER. `undefined`: there is no such step. */
  take(step: number, token: string, sender: PacketSender, noted: NotedTokens): SameResult | undefined {
    switch (step) {
      case SameStep.Prepare:
        return this.#prepare(token);
      case SameStep.Note:
        return this.#note(token, sender, noted);
      case SameStep.Ask:
        return this.#ask(token, noted);
      default:
        return undefined;
    }
  }

  #prepare(token: string): SameResult {
    if (this.#keys.has(token)) return SameResult.No;
    if (this.#keys.size >= sameQuestionsMax) return SameResult.Full;
    if (this.#keys.size === 0) this.#watch(true);
    this.#keys.set(token, undefined);
    return SameResult.Yes;
  }

  #note(token: string, { senderPid, senderUid }: PacketSender, noted: NotedTokens): SameResult {
    if (!this.#keys.has(token) || this.#keys.get(token) !== undefined) return SameResult.No;
    // No credentials, or those of a process that cannot be seen from here.
    if (senderPid <= 0) return SameResult.Unknown;
    const key = `${token} ${senderPid} ${senderUid}`;
    this.#keys.set(token, key);
    noted.note(key, this.#connection);
    return SameResult.Yes;
  }

  #ask(token: string, noted: NotedTokens): SameResult {
    const key = this.#keys.get(token);
    if (!this.#keys.delete(token)) return SameResult.No;
    if (this.#keys.size === 0) this.#watch(false);
    return key !== undefined && noted.ask(key, this.#connection) ? SameResult.Yes : SameResult.No;
  }

  /** The connection has ended. */
  end(noted: NotedTokens): void {
    for (const key of this.#keys.values()) if (key !== undefined) noted.forget(key, this.#connection);
    this.#keys.clear();
  }
}
