/**
 * Between a client peer and the broker: a socket with frames on it (`socket-link.ts`), or, for the server's own peer, calls into
 * the core (`router/local-link.ts`). The peer above does not know which.
 */
import type { Credentials } from '../../broker/contract/transport.js';
import type { Operation } from './operation.js';

/** Handles of one account to a node (bus N9). */
export interface HolderShare {
  readonly account: number;
  readonly handles: number;
}

/** The position of a refusal that came from this side of the connection. */
export const ownSide = -1;

/** Who has to know that what was sent was refused after all. */
export interface Attempt {
  /** Why (`wire.refusalOf`); `position` is the destination or transfer that it is about, or `ownSide`. */
  refused(refusal: number, position: number): void;
  /** Of a partial multicast: what became of one destination, 0 for accepted. Called for all or, if all were accepted, for none. */
  outcome?(position: number, refusal: number): void;
}

/** Requests of a peer. All take the descriptors of the operation; none keeps the operation or its payload. */
export interface BusLink {
  /** A message to one or more destinations. Resolves with its sequence number; rejects, after telling the attempt. */
  send(operation: Operation, attempt: Attempt): Promise<number>;
  /** A call. Returns 0, or why this side refused it at once (`wire.refusalOf`); `LinkEvents` tell the rest. */
  call(operation: Operation): number;
  /** An answer, to the reply that is the one destination. Returns 0, or why it was refused at once. */
  reply(operation: Operation): number;
  /** An answer whose acceptance somebody waits for. */
  replyAccepted(operation: Operation, attempt: Attempt): Promise<number>;
  /** `bytesMax`: the longest message that the node takes, plus one; 0 for any (C8). */
  create(word: number, generation: number, showsCredentials: boolean, bytesMax: number): void;
  destroy(word: number, generation: number): void;
  release(word: number, generation: number, count: number): void;
  withdraw(tag: number): void;
  holders(word: number, generation: number): Promise<readonly HolderShare[]>;
  /** Resolves when this side has room for more. */
  roomy(): Promise<void>;
  /** Ends the connection; what was sent before still arrives. Pending sends are rejected by the link. Idempotent. */
  close(): void;
}

/** What reaches a peer. Called from the event loop, in the order of the bus; bytes, handles and descriptors are the peer's. */
export interface LinkEvents {
  /** First of all: the id of the root (bus P5), and the user that the broker takes the peer's to be. */
  welcomed(word: number, generation: number, uid: number): void;
  /** `handles` are pairs of word and generation. */
  message(
    sequence: number,
    account: number,
    credentials: Credentials | undefined,
    word: number,
    generation: number,
    replyWord: number,
    replyGeneration: number,
    handles: readonly number[],
    bytes: Uint8Array,
    descriptors: readonly number[],
  ): void;
  answer(
    sequence: number,
    tag: number,
    handles: readonly number[],
    bytes: Uint8Array,
    descriptors: readonly number[],
  ): void;
  lost(tag: number, refusal: number): void;
  callRefused(tag: number, refusal: number): void;
  gone(word: number, generation: number): void;
  unused(word: number, generation: number, transfersSeen: number): void;
  writableAgain(word: number, generation: number): void;
  /** A request that nobody waits for was refused. */
  fault(error: Error): void;
  /** The other side ended the connection. Not called after `close`. */
  disconnected(): void;
}
