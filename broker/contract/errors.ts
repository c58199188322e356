/**
 * The closed list of errors.
 *
 * A code is API: its name and number never change and are the same in TypeScript, on the wire and in
 * `docs/errors.md`. A message is for people and may change at any time.
 *
 * Three kinds of failure have three forms. A bug of ours is an assertion and ends the process. A named
 * condition the caller has to handle is a returned union. Everything else is a `BrokerError`.
 */

export const ErrorCode = {
  /** An argument has the wrong type, or a value outside its range. Nothing was done. */
  InvalidArgument: 1,
  /** The id or handle is not one that this peer holds (bus N5). */
  UnknownHandle: 2,
  /** The node behind the handle is gone, and this was already announced. */
  NodeGone: 3,
  /** The callee dropped the reply, ended, or its node was destroyed; the call may have been processed. */
  ReplyLost: 4,
  /** The deadline passed first; the call may have been processed. */
  Deadline: 5,
  /** A limit of the receiver, or of the caller at the receiver, is reached; worth another try later. */
  OverQuota: 6,
  /** The message has more bytes, handles or descriptors than the transport's manifest allows. */
  TooLarge: 7,
  /** The transport's manifest says that it cannot do this. */
  Unsupported: 8,
  /** The peer, handle, node or reply was closed on this side before. */
  Closed: 9,
  /** The connection that this depends on has ended. */
  Disconnected: 10,
  /** The other side broke the protocol; its connection was closed. */
  Protocol: 11,
  /** The caller has no right to do this. */
  PermissionDenied: 12,
  /** No such service, dependency or event. */
  NotFound: 13,
  /** A service description could not be read or is wrong; the message has file:line:column. */
  BadDescription: 14,
  /** The dependencies of the services form a cycle; the message shows it. */
  DependencyCycle: 15,
  /** The service cannot be stopped: others that need it are active (name them, or force). */
  HasDependents: 16,
  /** The service is pinned in the other state. */
  Pinned: 17,
  /** The service is not in a state in which this can be done. */
  WrongState: 18,
  /** The manager is shutting down and starts nothing more. */
  ShuttingDown: 19,
  /** The service failed to start, or its start was cancelled. */
  StartFailed: 20,
  /** Somebody already listens on the address. */
  AddressInUse: 21,
  /** A socket path is longer than the kernel allows (107 bytes). */
  AddressTooLong: 22,
  /** Nobody listens on the address, or it cannot be reached. */
  Unreachable: 23,
  /** The two sides share no protocol version. */
  Version: 24,
  /** The one-shot reply was already used. */
  AlreadyReplied: 25,
  /** The operating system refused; the message has the call and its errno. */
  System: 26,
  /** The wait was given up by its own abort signal. */
  Aborted: 27,
  /** The request names a method that this object does not have. */
  UnknownMethod: 28,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

const nameByCode = new Map<number, string>(
  Object.entries(ErrorCode).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter, at: number) => (at > 0 ? '-' : '') + letter.toLowerCase()),
  ]),
);

/** The stable name of a code: `over-quota` for `ErrorCode.OverQuota`; `unknown-99` for a code of a later version. */
export function errorName(code: number): string {
  return nameByCode.get(code) ?? `unknown-${code}`;
}

/** What there was no room for (bus Q1). Names and numbers are API, like the codes. */
export const QuotaKind = {
  /** Bytes in flight. */
  Bytes: 1,
  /** Handles, in flight, held, or owed as replies. */
  Handles: 2,
  /** Descriptors in flight. */
  Descriptors: 3,
  /** Nodes. */
  Nodes: 4,
  /** Calls whose end was not taken. */
  Calls: 5,
  /** Messages in flight. */
  Items: 6,
} as const;
export type QuotaKind = (typeof QuotaKind)[keyof typeof QuotaKind];

/** Whose share of it is full (bus Q5). */
export const QuotaHolder = {
  /** What all peers of the sender's user may have at the receiver's user. */
  User: 1,
  /** The sender's own part of that. */
  Peer: 2,
  /** The sender's part for this one receiver, which does not take what it was sent. */
  Flow: 3,
  /** The receiver's own: it holds as many handles as it may, or others leave too little of its room. */
  Receiver: 4,
  /** What this peer itself may have: its nodes, its calls, the answers it does not take, what the broker has not taken from it. */
  Own: 5,
} as const;
export type QuotaHolder = (typeof QuotaHolder)[keyof typeof QuotaHolder];

/** Which limit an `over-quota` (or the loss of a reply) is about. */
export interface QuotaShortage {
  readonly resource: 'bytes' | 'handles' | 'descriptors' | 'nodes' | 'calls' | 'items';
  readonly whose: 'user' | 'peer' | 'flow' | 'receiver' | 'own';
  /** The user whose share it is; absent where it is not this peer's. */
  readonly uid?: number;
  /** That user's name, where it has one. */
  readonly user?: string;
}

const shortageResources = [undefined, 'bytes', 'handles', 'descriptors', 'nodes', 'calls', 'items'] as const;
const shortageHolders = [undefined, 'user', 'peer', 'flow', 'receiver', 'own'] as const;

/** Kind and holder as one number below 256; 0 stands for none. */
export function blameOf(kind: QuotaKind, whose: QuotaHolder): number {
  return kind | (whose << 4);
}

/** The reverse of `blameOf`, for a peer of this user; `undefined` for none and for what a later version may say. */
export function shortageOf(blame: number, uid?: number, user?: string): QuotaShortage | undefined {
  const resource = shortageResources[blame & 15];
  const whose = shortageHolders[blame >> 4];
  if (resource === undefined || whose === undefined) return undefined;
  if (whose === 'receiver' || uid === undefined) return { resource, whose };
  return user === undefined ? { resource, whose, uid } : { resource, whose, uid, user };
}

const resourceTexts: Readonly<Record<QuotaShortage['resource'], string>> = {
  bytes: 'bytes in flight',
  handles: 'handles',
  descriptors: 'descriptors in flight',
  nodes: 'nodes',
  calls: 'calls',
  items: 'messages in flight',
};

function holderText({ whose, uid, user }: QuotaShortage): string {
  const number = uid === undefined ? '' : `uid ${uid}`;
  const who = user === undefined ? number || 'this user' : `${user} (${number})`;
  switch (whose) {
    case 'user':
      return `the programs of ${who} have their share at the receiver`;
    case 'peer':
      return `this program has its part of the share of ${who} at the receiver`;
    case 'flow':
      return `the receiver does not take what this program, of ${who}, has sent it`;
    case 'receiver':
      return 'the receiver has no more room';
    case 'own':
      return `this program, of ${who}, has as many as it may`;
  }
}

/** The shortage as the end of a sentence: `bytes in flight: the receiver has no more room`. */
export function shortageText(shortage: QuotaShortage): string {
  return `${resourceTexts[shortage.resource]}: ${holderText(shortage)}`;
}

export interface BrokerErrorOptions extends ErrorOptions {
  readonly quota?: QuotaShortage | undefined;
}

/** An operating error with a stable code. `message` is for people; branch on `code` only. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: ErrorCode;
  /** Of `over-quota` and `reply-lost`: which limit it was, where that is known. */
  readonly quota: QuotaShortage | undefined;

  constructor(code: ErrorCode, message: string, options?: BrokerErrorOptions) {
    super(message, options);
    this.code = code;
    this.quota = options?.quota;
  }

  /** The code's stable name, for printing and for JSON. */
  get codeName(): string {
    return errorName(this.code);
  }
}

/** Whether `error` is a `BrokerError` with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is BrokerError {
  return error instanceof BrokerError && error.code === code;
}
