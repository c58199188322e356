/**
 * What peers saw, as each of them could tell it: the only thing that the checkers know (`check/`).
 *
 * Everything has one name in the whole history. Messages are `A1`, `A2` … (sent by A), the answer to a call `A3` is
 * `re:A3`, the right to answer it `reply:A3`, and nodes are `n1@B` (made by B). A message carries its own name and the names of what it brings as
 * text, so a receiver knows by name what arrived, and the broker cannot help it to.
 *
 * `at` is a time that all peers share: steps in a simulation, the machine's monotonic clock in a run of processes.
 */

interface Event {
  readonly at: number;
  readonly peer: string;
}

/** In place of the name of a handle that its sender knew to be dead. */
export const deadName = '!';

/** A handle that came, under a number of the receiver's own. */
export interface Arrived {
  readonly serial: number;
  readonly isLive: boolean;
}

/** The peer has made a node. */
export interface Created extends Event {
  readonly kind: 'created';
  readonly node: string;
}

/** A handle that the broker gave by right, as a root (bus P5). */
export interface Introduced extends Event {
  readonly kind: 'introduced';
  readonly node: string;
  readonly serial: number;
}

/** `send`, `multicast`, `call` or the `send` of a reply has returned. */
export interface Issued extends Event {
  readonly kind: 'issued';
  readonly id: string;
  /** Addressed nodes; of an answer none. */
  readonly to: readonly string[];
  /** What it brings; `deadName` for a handle that is known to be dead. */
  readonly carried: readonly string[];
  readonly isPartial: boolean;
  readonly isCall: boolean;
  /** The call that this answers. */
  readonly answers: string | undefined;
  readonly descriptors: readonly number[];
}

/** The bus took it (bus O3). `codes` has an outcome for each destination, 0 for accepted; it is empty if all were. */
export interface Accepted extends Event {
  readonly kind: 'accepted';
  readonly id: string;
  readonly sequence: number;
  readonly codes: readonly number[];
}

/** It had no effect. */
export interface Refused extends Event {
  readonly kind: 'refused';
  readonly id: string;
  readonly code: number;
}

export interface Received extends Event {
  readonly kind: 'received';
  readonly id: string;
  readonly node: string;
  readonly sequence: number;
  readonly handles: readonly Arrived[];
  readonly descriptors: readonly number[];
  readonly hasReply: boolean;
}

export interface Answered extends Event {
  readonly kind: 'answered';
  readonly id: string;
  readonly call: string;
  readonly sequence: number;
  readonly handles: readonly Arrived[];
}

/** A call ended without an answer. */
export interface CallFailed extends Event {
  readonly kind: 'callFailed';
  readonly call: string;
  readonly code: number;
}

/** The right to answer was given up, or was inside something that this peer dropped. */
export interface ReplyDropped extends Event {
  readonly kind: 'replyDropped';
  readonly call: string;
}

/** A handle turned out to be dead. */
export interface Gone extends Event {
  readonly kind: 'gone';
  readonly node: string;
  readonly serial: number;
}

export interface Cloned extends Event {
  readonly kind: 'cloned';
  readonly node: string;
  readonly serial: number;
}

export interface Closed extends Event {
  readonly kind: 'closed';
  readonly node: string;
  readonly serial: number;
}

export interface Destroyed extends Event {
  readonly kind: 'destroyed';
  readonly node: string;
}

export interface Unused extends Event {
  readonly kind: 'unused';
  readonly node: string;
}

/** This peer lets another know, past the bus, all that it has seen to be done. */
export interface Tells extends Event {
  readonly kind: 'tells';
  readonly token: number;
  readonly to: string;
}

export interface Told extends Event {
  readonly kind: 'told';
  readonly token: number;
  readonly by: string;
}

/** A send was refused for want of room, and the peer waits until it is worth another try; then it was told so. */
export interface Waiting extends Event {
  readonly kind: 'waits' | 'writable';
  readonly wait: number;
}

/** The peer closed, or was killed: then the broker may not have got all that it wrote. */
export interface Ended extends Event {
  readonly kind: 'ended';
  readonly how: 'closed' | 'killed' | 'disconnected';
}

/** Something reached the library that belongs to no call. */
export interface Fault extends Event {
  readonly kind: 'fault';
  readonly text: string;
}

export type HistoryEvent =
  | Created
  | Introduced
  | Issued
  | Accepted
  | Refused
  | Received
  | Answered
  | CallFailed
  | ReplyDropped
  | Gone
  | Cloned
  | Closed
  | Destroyed
  | Unused
  | Tells
  | Told
  | Waiting
  | Ended
  | Fault;

/** An event as its peer notes it. */
export type Note = HistoryEvent extends infer Each
  ? Each extends HistoryEvent
    ? Omit<Each, 'at' | 'peer'>
    : never
  : never;

export const replyPrefix = 'reply:';
export const answerPrefix = 're:';

/** What the broker wrote to a peer, as it came off the wire: with ids, which applications do not see. */
export interface WireItem {
  readonly at: number;
  readonly peer: string;
  readonly kind: 'Root' | 'Message' | 'Answer' | 'Lost' | 'Gone' | 'Unused' | 'Writable';
  readonly sequence: number;
  /** The peer's own id that it is about. */
  readonly id: string;
  /** The name of a message or an answer; of a root the name of its node. */
  readonly name: string;
  /** Ids of handles, `invalidId` for an invalid one. */
  readonly handles: readonly string[];
  readonly tag: number;
  readonly descriptors: readonly number[];
}

export const invalidId = '0.0';

export interface History {
  readonly events: readonly HistoryEvent[];
  /** Empty where nobody could look at the wire. */
  readonly wire: readonly WireItem[];
  /** Descriptors that the broker closed because nobody received them. */
  readonly closedDescriptors: readonly number[];
  /**
   * Whether the order of `answered`, and of `gone`s that follow each other, is the order of arrival. Where several frames are one
   * packet, an application sees the answers after the messages, and of deaths only that they have happened.
   */
  readonly answersInOrder: boolean;
  /** The time at which everything was quiet: all that was sent had arrived, and nobody had closed his things yet. */
  readonly quietAt: number;
  /** Whether everybody who had been refused for want of room had room again then. */
  readonly isRoomyWhenQuiet: boolean;
  /** Whether an answer with handles may find no room at its caller. */
  readonly canLoseAnswers: boolean;
}
