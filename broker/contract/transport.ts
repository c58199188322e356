/**
 * The transport contract: what holds on every transport, clause by clause, and a manifest for what differs.
 *
 * A *peer* owns nodes, holds handles and receives messages. A *node* is an object that a peer offers. A *handle*
 * is a peer's reference to a node: who holds one may send to the node and give the handle away; who holds none
 * can do neither.
 *
 * Clauses. Numbers are stable; `test/conformance/` has at least one test for each, titled with its number, and
 * runs it on every transport. Where a clause depends on the manifest, both answers are tested.
 *
 * Messages
 * - C1  A message sent on a handle reaches the receiver of its node exactly once, with equal bytes; an empty one too.
 * - C2  Messages sent on one handle arrive in the order in which they were sent, calls included.
 * - C3  `messageBytesMax` bytes arrive; one more is refused with `too-large`, and the handle works on.
 * - C4  After `send`, `call` or `multicast` has returned (its promise need not be settled), the caller may change
 *       the bytes: nobody sees it (bus M9). What a receiver is given belongs to the receiver for good.
 * - C5  A handle that was closed on this side refuses with `closed`; closing twice is harmless.
 * - C6  What was sent before the sender's peer closed arrives, then the sender's end becomes visible.
 * - C7  A receiver that throws disturbs nobody; the error goes to the peer's `onError`.
 * - C8 A node that was made with `messageBytesMax` gets no longer message, nor is one copied for it. Where `multicast` is `atomic` it
 *       is refused with `too-large`; where it is `loop` only the owner knows: the message is dropped, and a call ends with
 *       `reply-lost`. The handle works on.
 * Calls
 * - C10 A call gets the one reply of its callee, also when many are outstanding and the answers come out of order.
 * - C11 Exactly one of these ends a call: one reply; `reply-lost`; `deadline`; `aborted`; `node-gone`, `over-quota` or
 *       another refusal that means it had no effect (bus M7).
 * - C12 A reply that its holder closes unused, and every end of the callee's peer or node, gives `reply-lost`.
 * - C13 A second reply is refused with `already-replied`. A reply after the deadline disturbs nobody.
 * - C14 A reply carries handles, and descriptors where messages do.
 * - C15 A reply can be given away in a message like a handle. It arrives among the `handles`; the `send` of whoever holds it
 *       then answers the caller, once.
 * Handles
 * - C20 A handle given away works for its new holder, and the giver's own still works. `send` borrows the handles of
 *       a message: they stay the sender's and may be closed as soon as it has returned.
 * - C21 Clones are independent; the node is in use until the last is closed.
 * - C22 A handle that comes home reaches its node like any other.
 * - C23 After `destroy` every holder's `gone` resolves with `node-gone`, once, and nothing sent later is delivered.
 *       What was delivered before stays delivered. A second `destroy` throws `closed`.
 * - C24 A handle in a message whose node is gone arrives in its place, and its `gone` resolves (bus M4, M5). The number
 *       of handles of a message never changes.
 * - C25 `unused` is told to the owner when the last handle elsewhere is gone, those inside undelivered messages
 *       included; again after the node was given away again (bus T2, T3, sockets S8).
 * - C26 When a peer ends, by `close` or by death, the holders of its nodes learn `gone`, and the handles it held no
 *       longer count as uses. Where `peerEnd` is `event` a death is told; where it is `probe` it is found out within about
 *       `livenessProbeMs`, and a send before that is refused with `node-gone` (sockets D3).
 * - C27 Where `revocation` is `holder`, the owner can take one holder's grant back (`delivery.revoke`) and the others
 *       keep theirs; where it is `node`, `revoke` is refused with `unsupported` and a node per grantee does it (bus N8).
 * - C28 More than `handlesMax` handles are refused with `too-large`, and nothing is sent.
 * - C29 `same` says whether two handles of one peer lead to one node: clones, handles that came on different ways, and those
 *       that came home do; a facet of the same object is another node. Nobody but the node's owner can make it say so. A
 *       handle of another peer is refused with `invalid-argument`, one that was closed with `closed`, one whose node is
 *       gone with `node-gone`, the right to answer a call with `unsupported` (sockets S13).
 * Descriptors
 * - C30 Where `passesDescriptors`, they arrive in order, exactly once, close-on-exec, and are then the receiver's.
 * - C31 Where not, a message with one is refused with `unsupported`, never sent without it.
 * - C32 `send`, `call`, `reply` and `multicast` take the descriptors they are given, also when they fail: the caller must
 *       not use or close them afterwards. No failure leaves one open.
 * Multicast
 * - C40 Every destination gets the message once; the result has an outcome for each.
 * - C41 Where `multicast` is `atomic`: one refusal, and the whole is refused with its code and nobody gets it (bus M2), unless
 *       `partial` was asked for; where it is `loop`, each destination stands for itself, as if it were sent to one after the
 *       other.
 * - C42 The same node named twice is refused with `invalid-argument` where `multicast` is `atomic`.
 * Order
 * - C50 `order: total`: all receivers agree on the order of everything (bus O2), and `sequence` shows it (bus O5).
 * - C51 `order: total` or `causal`: what A sent to C before it told B, comes before what B then sends to C; for
 *       `total` also if A told B by a side channel after its `send` had completed (bus O3).
 * - C52 `order: per-handle` or `causal`: `sequence` is 0 and promises nothing.
 * Limits and faults
 * - C60 A receiver that does not read bounds its senders: after a bounded amount `over-quota`, and others are served.
 *       `writable` resolves when another try is worth while (bus Q5, sockets S15). Where room is accounted by user, the error's
 *       `quota` says which limit it was.
 * - C61 A connection that sends garbage, half a frame, or descriptors nobody asked for is closed, and its descriptors
 *       with it; where there are no connections such a datagram is dropped; nobody else notices (bus F1, F2, sockets S10).
 * - C62 A killed process is a closed peer, with messages under way in either direction.
 * - C63 Dialling nobody gives `unreachable`; a taken address `address-in-use`; one that is too long `address-too-long`. The
 *       socket of a dead server is replaced.
 * - C64 Closing the peer settles everything that waits on it: calls with `closed`, `gone` with `closed`.
 * - C65 When everything is closed, descriptors, timers, peers, nodes and handles are back where they were.
 * Identity
 * - C70 `delivery.sender` is what the kernel says of the sender, never the sender's word (`credentials: kernel`); where there
 *       are no credentials none are shown, and all senders have one account.
 * - C71 The root that a peer gets is chosen by its kernel credentials, and where there are none by what the server can prove, which
 *       may be nothing (`unknownCredentials`, sockets D4); a peer that is refused one is disconnected with `permission-denied`.
 * - C72 Who connects with the descriptor of an invitation gets the root that the invitation names, whoever it is; who closes
 *       the descriptor instead was never there.
 */

import type { QuotaShortage } from './errors.js';
import type { Introspection } from './introspection.js';

/** What the kernel says about a process. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who somebody is of whom nothing is known: ids that no user has. For `RootChooser`, where the manifest says `credentials: none`
 * and nothing else is proven.
 */
export const unknownCredentials: Credentials = { pid: 0, uid: 0xffff_ffff, gid: 0xffff_ffff };

/** What differs between transports. Every entry chooses clauses. */
export interface Manifest {
  readonly order: 'per-handle' | 'causal' | 'total';
  readonly multicast: 'atomic' | 'loop';
  readonly passesDescriptors: boolean;
  readonly revocation: 'node' | 'holder';
  readonly credentials: 'kernel' | 'none';
  /**
   * How the end of a peer that could not say so is noticed: the kernel tells (`event`), or somebody looks every
   * `limits.livenessProbeMs` (`probe`), or the next send fails.
   */
  readonly peerEnd: 'event' | 'probe';
  /** Where the kernel keeps so few messages for a receiver that it matters: how many, on this machine. */
  readonly queueDepth?: number;
  readonly messageBytesMax: number;
  readonly handlesMax: number;
  /** 0 where descriptors are not passed. */
  readonly descriptorsMax: number;
  readonly crossHost: boolean;
  /** Whether peers can be in different processes; `memory` says no. */
  readonly crossProcess: boolean;
}

/**
 * What is sent. `bytes` and `handles` are borrowed for the duration of the call; `descriptors` are taken, also when the
 * call fails (C4, C20, C32).
 */
export interface Message {
  readonly bytes: Uint8Array;
  readonly handles?: readonly Transferable[];
  readonly descriptors?: readonly number[];
}

/** What a message may carry besides bytes: a handle, an own node (its receiver gets a handle to it), or a reply. */
export type Transferable = Handle | CapabilityNode | Reply;

/** Who sent a message. */
export interface Sender {
  /** The same number for all peers of one uid on one server (bus P4); 0 where the manifest says that there are no credentials. */
  readonly account: number;
  /** Present for nodes that were created with `credentials: true`, where the manifest says `kernel`. */
  readonly credentials: Credentials | undefined;
}

/** A message that has arrived. Everything in it belongs to the receiver, who closes handles, reply and descriptors. */
export interface Delivery {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[];
  readonly sender: Sender;
  /** Present if the message was a call. Closing it unused tells the caller `reply-lost`. */
  readonly reply: Reply | undefined;
  /** Position in the order of the bus (bus O5), increasing for each peer; 0 where the order is not `total`. */
  readonly sequence: number;
  /** Takes the sender's grant back, where `revocation` is `holder` (C27). Throws `unsupported` elsewhere. */
  revoke(): void;
}

/** The one-shot right to answer a call. */
export interface Reply {
  readonly kind: 'reply';
  /** Answers. Returns at once; throws `already-replied` the second time and `closed` after `close`. Takes descriptors. */
  send(message: Message): void;
  /** Gives the right up; the caller gets `reply-lost`. Idempotent, and harmless after `send`. */
  close(): void;
}

/** What answered a call. Its handles and descriptors belong to the caller. */
export interface Answer {
  readonly bytes: Uint8Array;
  readonly handles: readonly Handle[];
  readonly descriptors: readonly number[];
  readonly sequence: number;
}

/** Why `gone` resolved: the node is gone; or this handle was closed; or its peer was closed or cut off. */
export type GoneReason = 'node-gone' | 'closed' | 'disconnected';

export interface CallOptions {
  /** From now, monotonic; default `limits.callDeadlineMs`. Not early, and late by at most some tens of milliseconds. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** A reference to a node. Closing it gives the right up; nothing else does while its peer lives. */
export interface Handle {
  readonly kind: 'handle';
  /** Resolves once; the promise is the same each time. */
  readonly gone: Promise<GoneReason>;
  readonly isGone: boolean;
  /**
   * Sends. Resolves when the message is accepted (bus O3; on `sockets`: handed to the kernel, or queued behind what is; on
   * `datagram`: handed to the kernel), with its sequence number, 0 where the order is not `total`. Rejects with `closed`, `node-gone`, `too-large`, `over-quota`,
   * `unsupported`; then nothing was sent.
   */
  send(message: Message): Promise<number>;
  /** Sends and waits for the one reply (C11). */
  call(message: Message, options?: CallOptions): Promise<Answer>;
  /** Resolves when a send that was refused with `over-quota` is worth another try; at once if there was no refusal. */
  writable(): Promise<void>;
  /** A second handle of this peer to the same node, closed on its own. */
  clone(): Handle;
  /**
   * Whether both lead to the same node (C29). Borrows `other`. Where only the owner can tell it is asked, within
   * `limits.callDeadlineMs`. Rejects with `invalid-argument`, `closed`, `node-gone`, `disconnected`, `unsupported`, and where
   * the owner is asked with `deadline` and `over-quota` too; it is never wrong instead.
   */
  same(other: Handle): Promise<boolean>;
  close(): void;
}

/** Receives for one node. Neither function may block; both are called from the event loop, one message at a time. */
export interface Receiver {
  message(delivery: Delivery): void;
  /** No handle to the node is left anywhere else (C25). */
  unused?(): void;
}

export interface NodeOptions {
  /** Ask for the sender's credentials with each message (bus P4). */
  readonly credentials?: boolean;
  /** The most bytes of a message that the node takes (C8); default and at most: what the manifest says. */
  readonly messageBytesMax?: number;
  /** What people are to read where this node is shown (`Introspection`); at most `limits.nodeLabelBytesMax` are kept of it. */
  readonly label?: string;
}

/** An object that this peer offers. Put it among a message's handles to give the receiver a handle to it. */
export interface CapabilityNode {
  readonly kind: 'node';
  readonly isDestroyed: boolean;
  /** `NodeOptions.label`, shortened; for introspection only. */
  readonly label?: string;
  /** A handle of the owner's own to this node; does not count as use (bus T2 speaks of handles elsewhere). */
  handle(): Handle;
  /** Ends the node: every handle to it is gone (C23). Throws `closed` if it already is. */
  destroy(): void;
}

/** Outcome for one destination of a multicast: accepted, or the error code that kept the message from it. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: number; readonly quota?: QuotaShortage };

export interface MulticastResult {
  /**
   * 0 where the order is not `total`, and where nobody took the message (`partial`): then it has no place in any order, and its
   * end tells nothing about messages that were sent before it (bus O3).
   */
  readonly sequence: number;
  readonly outcomes: readonly Outcome[];
}

export interface PeerOptions {
  /** Called with what a receiver threw, and with faults that belong to no call. Default: rethrow from the event loop. */
  readonly onError?: (error: unknown) => void;
}

/** Numbers of what is open, for introspection and for leak checks. */
export interface PeerUsage {
  readonly nodes: number;
  readonly handles: number;
  readonly callsOutstanding: number;
  readonly repliesHeld: number;
}

/** One party on a transport. */
export interface Peer {
  readonly manifest: Manifest;
  /** Resolves once, when the peer has ended: `closed` by this side, `disconnected` by the other. */
  readonly ended: Promise<'closed' | 'disconnected'>;
  createNode(receiver: Receiver, options?: NodeOptions): CapabilityNode;
  multicast(
    handles: readonly Handle[],
    message: Message,
    options?: { readonly partial?: boolean },
  ): Promise<MulticastResult>;
  usage(): PeerUsage;
  /** Ends the peer (bus P3): its nodes are gone, its handles closed, its calls rejected (C64). Idempotent. */
  close(): void;
}

/**
 * Chooses the root that a newcomer gets, by the kernel's word on who it is, or by what else is proven; `undefined` refuses it
 * (C71).
 */
export type RootChooser = (who: Credentials) => CapabilityNode | undefined;

export interface ServeOptions extends PeerOptions {
  /** Socket path (`memory`: any string). Exactly one of `path` and `descriptor`. */
  readonly path?: string;
  /** A listening socket that is open already, kept by init for example. Taken. */
  readonly descriptor?: number;
  /** Permission bits of the socket file; default 0o600. */
  readonly mode?: number;
  readonly root: (server: Server) => RootChooser;
}

/** A place that peers connect to. Its own peer owns the roots. */
export interface Server {
  readonly peer: Peer;
  /** How many peers are connected now, the own one not counted. */
  readonly peers: number;
  /** Makes a connected peer for somebody who is handed its descriptor: the caller owns (and passes or closes) it. */
  invite(root: CapabilityNode): number;
  /**
   * The listening descriptor, for a keeper (init) that holds a copy of it over a restart; still the server's. `undefined` on
   * `memory` and `datagram`.
   */
  readonly descriptor: number | undefined;
  /** What the server can say about itself, where the transport offers it. */
  readonly introspection?: Introspection;
  /**
   * Stops listening, ends every connection and the own peer. `keepSocket` leaves the socket file in place for a successor.
   * Idempotent.
   */
  close(options?: { readonly keepSocket?: boolean }): void;
}

export interface ConnectOptions extends PeerOptions {
  /** Exactly one of `path` and `descriptor`; a descriptor is taken. */
  readonly path?: string;
  readonly descriptor?: number;
  readonly signal?: AbortSignal;
  /** How long to wait for the server's welcome; default `limits.helloTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** A peer with the root that its server gave it (bus P5). */
export interface Session {
  readonly peer: Peer;
  readonly root: Handle;
}

/** A way to hold and exchange handles. */
export interface Transport {
  readonly name: string;
  readonly manifest: Manifest;
  /** Rejects with `address-in-use`, `address-too-long`, `system`; then nothing is left open. */
  serve(options: ServeOptions): Promise<Server>;
  /** Rejects with `unreachable`, `address-too-long`, `permission-denied`, `version`, `deadline`, `aborted`. */
  connect(options: ConnectOptions): Promise<Session>;
}
