/**
 * How a mistake is put into the memory transport: into its classes, for the duration of one run.
 */
import { type ErrorCode, hasCode } from '../../../broker/contract/errors.js';
import type { Delivery, Message } from '../../../broker/contract/transport.js';
import { MemoryHandle } from '../../../transports/memory/handle.js';
import type { Item } from '../../../transports/memory/inbox.js';
import { MessageItem } from '../../../transports/memory/item.js';
import { MemoryPeer } from '../../../transports/memory/peer.js';

export interface Mutant {
  /** What it does wrong. */
  readonly name: string;
  /** The clauses that must see it. */
  readonly breaks: readonly string[];
  /** Puts the mistake in; the result takes it out. */
  readonly apply: () => () => void;
}

type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? R : never;
type Method<T, F> = (this: T, ...args: Arguments<F>) => Result<F>;

/** Whether the peer is a server's own. Mistakes spare them, so that the introductions of a clause succeed. */
export function isServers(peer: MemoryPeer): boolean {
  return [...peer.world.servers.values()].some((server) => server.peer === peer);
}

function concernsServer(self: unknown, argument: unknown): boolean {
  if (self instanceof MemoryPeer && isServers(self)) return true;
  return argument instanceof MemoryHandle && isServers(argument.target.owner);
}

/** Replaces a method of a class. `make` gets the right one, and returns the one that is used instead. */
export function replace<T extends object, K extends keyof T>(
  { prototype }: { readonly prototype: T },
  key: K,
  make: (right: Method<T, T[K]>) => Method<T, T[K]>,
): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, key);
  const right = (own ?? inherited(prototype, key)).value as Method<T, T[K]>;
  const wrong = make(right);
  const value = function (this: T, ...args: Arguments<T[K]>): Result<T[K]> {
    const chosen = concernsServer(this, (args as unknown[])[0]) ? right : wrong;
    return chosen.apply(this, args);
  };
  Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
  return () => {
    if (own === undefined) delete prototype[key];
    else Object.defineProperty(prototype, key, own);
  };
}

function inherited(prototype: object, key: PropertyKey): PropertyDescriptor {
  const right = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(prototype), key);
  if (right === undefined) throw new Error(`no method ${String(key)}`);
  return right;
}

/** Changes what receivers are given. */
export function alterDeliveries(alter: (delivery: Delivery, peer: MemoryPeer) => Delivery): () => void {
  return replace(
    MemoryPeer,
    'createNode',
    (right) =>
      function (receiver, options) {
        const message = (delivery: Delivery): void =>
          receiver.message(isServers(this) ? delivery : alter(delivery, this));
        return right.call(this, { message, unused: () => receiver.unused?.() }, options);
      },
  );
}

/** Changes what a peer is asked to send. */
export function alterMessages(alter: (message: Message) => Message): () => void {
  const undoSend = replace(
    MemoryPeer,
    'send',
    (right) =>
      function (handle, message) {
        return right.call(this, handle, alter(message));
      },
  );
  const undoCall = replace(
    MemoryPeer,
    'call',
    (right) =>
      function (handle, message, options) {
        return right.call(this, handle, alter(message), options);
      },
  );
  return () => {
    undoCall();
    undoSend();
  };
}

/** Changes what becomes of items that are accepted for a peer. */
export function alterItems(
  alter: (item: Item, push: (item: Item) => void, peer: MemoryPeer) => void,
): () => void {
  return replace(
    MemoryPeer,
    'push',
    (right) =>
      function (item) {
        alter(item, (other) => right.call(this, other), this);
      },
  );
}

export function isMessage(item: Item): boolean {
  return item instanceof MessageItem;
}

/** Makes a call's or send's rejection with this code never come. */
export function swallow(code: ErrorCode): () => void {
  return replace(
    MemoryPeer,
    'call',
    (right) =>
      function (...args) {
        const answered = right.apply(this, args);
        return answered.catch((error) => {
          if (hasCode(error, code)) return new Promise(() => {});
          throw error;
        });
      },
  );
}
