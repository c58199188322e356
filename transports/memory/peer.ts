/**
 * A peer: its nodes, handles, calls and replies, its inbox, and everything that is sent in its name.
 */
import { Deadlines } from '../../broker/contract/deadlines.js';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { PeerName } from '../../broker/contract/introspection.js';
import {
  callDeadlineMs,
  callsOutstandingMax,
  multicastHandlesMax,
  peerHandlesMax,
  peerNodesMax,
} from '../../broker/contract/limits.js';
import { messageFault, nodeSizeFault } from '../../broker/contract/message.js';
import type {
  Answer,
  CallOptions,
  CapabilityNode,
  Credentials,
  Handle,
  Manifest,
  Message,
  MulticastResult,
  NodeOptions,
  Outcome,
  Peer,
  PeerOptions,
  PeerUsage,
  Receiver,
} from '../../broker/contract/transport.js';
import { answerFault, CallTarget, type MemoryReply } from './call.js';
import {
  Cargo,
  cargoFault,
  closeDescriptors,
  copyDescriptors,
  surrenderReplies,
  targetsOf,
} from './cargo.js';
import { MemoryHandle, newPromise } from './handle.js';
import { Inbox, type Item } from './inbox.js';
import { MessageItem } from './item.js';
import { MemoryNode, NodeTarget } from './node.js';
import type { Scheduled } from './schedule.js';
import type { Holding, Target } from './target.js';
import type { World } from './world.js';

export class MemoryPeer implements Peer, Scheduled {
  readonly manifest: Manifest;
  readonly world: World;
  readonly account: number;
  readonly credentials: Credentials;
  readonly ended: Promise<'closed' | 'disconnected'>;

  readonly inbox = new Inbox();
  isHeld = false;
  isReady = false;

  readonly handles = new Set<MemoryHandle>();
  readonly replies = new Set<MemoryReply>();
  readonly calls = new Set<CallTarget>();
  /** Handles held and under way to this peer, replies included: what `peerHandlesMax` bounds. */
  references = 0;

  /** Nodes of others that it holds, in the order in which it came to hold them. */
  readonly held = new Map<Target, Holding>();
  /** The node that it was given when it connected. */
  readonly root: MemoryNode | undefined;
  readonly name: PeerName;
  readonly sinceMs: number;
  messagesIn = 0;
  messagesOut = 0;

  #holdings = 0;
  #nodesMade = 0;
  readonly #nodes = new Set<MemoryNode>();
  readonly #deadlines: Deadlines;
  readonly #onError: (error: unknown) => void;
  readonly #onEnd: () => void;
  readonly #settleEnded: (reason: 'closed' | 'disconnected') => void;
  readonly #awaitingRoom: (() => void)[] = [];
  #endReason: 'closed' | 'disconnected' | undefined;
  /** The server has ended; what it sent before still arrives. */
  #isCut = false;

  /** Without `root` it is a server's own. */
  constructor(
    world: World,
    credentials: Credentials,
    options: PeerOptions,
    onEnd: () => void,
    root?: MemoryNode,
  ) {
    this.world = world;
    this.manifest = world.manifest;
    this.credentials = credentials;
    this.account = world.accountOf(credentials.uid);
    const { account } = this;
    this.name = { id: world.nextPeerId(), ...credentials, account, isServer: root === undefined };
    this.root = root;
    this.sinceMs = world.time.monotonicMs();
    this.#onError = options.onError ?? rethrow;
    this.#onEnd = onEnd;
    this.#deadlines = new Deadlines(world.time, (nowMs) => this.#expire(nowMs));
    const { promise, resolve } = newPromise<'closed' | 'disconnected'>();
    this.ended = promise;
    this.#settleEnded = resolve;
  }

  get hasEnded(): boolean {
    return this.#endReason !== undefined;
  }

  get nodes(): number {
    return this.#nodes.size;
  }

  /** A number for a node of its own, and for something that it holds. */
  nextNode(): number {
    this.#nodesMade += 1;
    return this.#nodesMade;
  }

  nextHolding(): number {
    this.#holdings += 1;
    return this.#holdings;
  }

  createNode(receiver: Receiver, options: NodeOptions = {}): CapabilityNode {
    const fault = this.#endFault();
    if (fault !== undefined) throw fault;
    if (this.#nodes.size >= peerNodesMax) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer owns at most ${peerNodesMax} nodes`);
    }
    const node = new MemoryNode(new NodeTarget(this, receiver, options));
    this.#nodes.add(node);
    return node;
  }

  destroy(node: MemoryNode): void {
    this.#nodes.delete(node);
    node.target.end(this.world.nextSequence());
  }

  send(handle: MemoryHandle, message: Message): Promise<number> {
    const { target } = handle;
    const fault = this.#sendFault(handle, message);
    if (fault !== undefined) {
      this.world.witness.refused(this, target, fault.code, message);
      closeDescriptors(message.descriptors);
      return Promise.reject(fault);
    }
    handle.uses += 1;
    if (target instanceof CallTarget) {
      this.#answer(target, message);
      return this.world.schedule.accepted(this.world.sequence);
    }
    const sequence = this.world.nextSequence();
    this.#dispatch(target as NodeTarget, this.#load(target, message, message.descriptors ?? []), sequence);
    surrenderReplies(message);
    return this.world.schedule.accepted(sequence);
  }

  call(handle: MemoryHandle, message: Message, options: CallOptions): Promise<Answer> {
    const { target } = handle;
    const fault = this.#callFault(target, options) ?? this.#sendFault(handle, message);
    if (fault !== undefined || !(target instanceof NodeTarget)) {
      this.world.witness.refused(this, target, fault?.code ?? ErrorCode.Unsupported, message);
      closeDescriptors(message.descriptors);
      return Promise.reject(fault);
    }
    handle.uses += 1;
    return new Promise((resolve, reject) => {
      const deadlineAtMs = this.#deadlines.add(options.deadlineMs ?? callDeadlineMs);
      const settle = { resolve, reject };
      const call = new CallTarget(this, target, deadlineAtMs, options.signal, settle);
      call.claim(target.owner);
      const sequence = this.world.nextSequence();
      this.#dispatch(target, this.#load(target, message, message.descriptors ?? []), sequence, call);
      surrenderReplies(message);
    });
  }

  multicast(
    handles: readonly Handle[],
    message: Message,
    options: { readonly partial?: boolean } = {},
  ): Promise<MulticastResult> {
    const targets: NodeTarget[] = [];
    const outcomes: Outcome[] = [];
    const fault =
      this.#messageFault(message) ??
      this.#destinations(handles, message, options.partial ?? false, targets, outcomes);
    const copies = fault ?? copyDescriptors(message.descriptors ?? [], targets.length - 1);
    if (copies instanceof BrokerError) {
      closeDescriptors(message.descriptors);
      return Promise.reject(copies);
    }
    if (targets.length === 0) closeDescriptors(message.descriptors);
    const sequence = this.world.nextSequence();
    for (const [at, target] of targets.entries()) {
      const descriptors = at === 0 ? message.descriptors : copies[at - 1];
      this.#dispatch(target, this.#load(target, message, descriptors ?? []), sequence);
    }
    if (targets.length > 0) surrenderReplies(message);
    return this.world.schedule.accepted({ sequence, outcomes });
  }

  usage(): PeerUsage {
    return {
      nodes: this.#nodes.size,
      handles: this.handles.size,
      callsOutstanding: this.calls.size,
      repliesHeld: this.replies.size,
    };
  }

  close(): void {
    this.end('closed');
  }

  /** The server has ended: nothing can be sent any more, and after what has been accepted for this peer comes its end. */
  cut(lastItem: Item): void {
    this.#isCut = true;
    this.push(lastItem);
  }

  /** Ends the peer in one transaction: nodes, then handles, then what was not read (bus P3). */
  end(reason: 'closed' | 'disconnected'): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    const sequence = this.world.nextSequence();
    for (const node of this.#nodes) node.target.end(sequence);
    this.#nodes.clear();
    for (const handle of [...this.handles]) handle.release(reason);
    for (const reply of [...this.replies]) reply.close();
    for (let item = this.inbox.shift(); item !== undefined; item = this.inbox.shift()) item.drop();
    const code = reason === 'closed' ? ErrorCode.Closed : ErrorCode.Disconnected;
    for (const call of [...this.calls]) call.fail(new BrokerError(code, `the peer was ${reason}`));
    this.#deadlines.close();
    this.offerRoom();
    this.#settleEnded(reason);
    this.#onEnd();
  }

  push(item: Item): void {
    if (this.hasEnded) {
      item.drop();
      return;
    }
    this.inbox.push(item);
    this.world.schedule.wake(this);
  }

  /** Runs a receiver's function; what it throws goes to `onError`. */
  guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Throws if this peer may not have another handle. */
  demandHandle(): void {
    const fault = this.#endFault();
    if (fault !== undefined) throw fault;
    if (this.references >= peerHandlesMax) throw overHandles();
  }

  /** Answers a call in this peer's name. The error, if any, leaves the descriptors to the caller. */
  answer(call: CallTarget, message: Message): BrokerError | undefined {
    const fault = this.#endFault() ?? answerFault(call, message, this) ?? cargoFault(message, this);
    if (fault === undefined) this.#answer(call, message);
    return fault;
  }

  /** Resolves when this peer has room again for what was refused. */
  room(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaitingRoom.push(resolve);
    });
  }

  /** Something was taken away: tells those who wait for room, if it is enough. */
  offerRoom(): void {
    if (this.#awaitingRoom.length === 0 || !this.#hasRoom) return;
    if (!this.hasEnded) this.world.witness.writable(this);
    for (const resolve of this.#awaitingRoom.splice(0)) resolve();
  }

  get #hasRoom(): boolean {
    const isBelowLimits = this.references < peerHandlesMax && this.calls.size < callsOutstandingMax;
    return this.hasEnded || (this.inbox.hasRoom && isBelowLimits);
  }

  #endFault(): BrokerError | undefined {
    if (this.#endReason === 'closed') return new BrokerError(ErrorCode.Closed, 'the peer was closed before');
    if (this.hasEnded || this.#isCut) return new BrokerError(ErrorCode.Disconnected, 'the server has ended');
    return undefined;
  }

  #messageFault(message: Message): BrokerError | undefined {
    return messageFault(message, this.manifest) ?? this.#endFault() ?? cargoFault(message, this);
  }

  #sendFault(handle: MemoryHandle, message: Message): BrokerError | undefined {
    const { target } = handle;
    if (target instanceof CallTarget) {
      return handle.isClosed
        ? handle.fault
        : (this.#endFault() ?? answerFault(target, message, this) ?? cargoFault(message, this));
    }
    const fault =
      this.#messageFault(message) ??
      handle.fault ??
      sizeFault(target, message) ??
      quotaFault(target.owner, message);
    if (fault?.code === ErrorCode.OverQuota) handle.refused(target.owner);
    return fault;
  }

  #callFault(target: Target, options: CallOptions): BrokerError | undefined {
    const { deadlineMs, signal } = options;
    if (target instanceof CallTarget) {
      return new BrokerError(ErrorCode.Unsupported, 'the right to answer a call cannot be called');
    }
    if (deadlineMs !== undefined && !(deadlineMs >= 0)) {
      return new BrokerError(ErrorCode.InvalidArgument, `${deadlineMs} is not a deadline`);
    }
    if (signal?.aborted === true) return new BrokerError(ErrorCode.Aborted, 'the caller gave the call up');
    if (this.calls.size < callsOutstandingMax) return undefined;
    return new BrokerError(
      ErrorCode.OverQuota,
      `this peer has ${callsOutstandingMax} calls outstanding, which is the limit; wait for their replies`,
    );
  }

  /**
   * Sorts out the destinations of a multicast. The sender's own mistakes, and without `partial` every refusal, are the fault of
   * the whole (bus M2).
   */
  #destinations(
    handles: readonly Handle[],
    message: Message,
    isPartial: boolean,
    targets: NodeTarget[],
    outcomes: Outcome[],
  ): BrokerError | undefined {
    if (handles.length > multicastHandlesMax) {
      return new BrokerError(
        ErrorCode.TooLarge,
        `a multicast has at most ${multicastHandlesMax} destinations`,
      );
    }
    const seen = new Set<Target>();
    for (const handle of handles) {
      if (!(handle instanceof MemoryHandle) || handle.peer !== this || handle.target instanceof CallTarget) {
        return new BrokerError(ErrorCode.UnknownHandle, 'a destination is not a handle of this peer');
      }
      if (handle.isClosed) return handle.fault;
      if (seen.has(handle.target)) {
        return new BrokerError(ErrorCode.InvalidArgument, 'a node is named twice');
      }
      seen.add(handle.target);
      const fault =
        handle.fault ?? sizeFault(handle.target, message) ?? quotaFault(handle.target.owner, message);
      if (fault?.code === ErrorCode.OverQuota) handle.refused(handle.target.owner);
      if (fault !== undefined) this.world.witness.refused(this, handle.target, fault.code, message);
      if (fault !== undefined && !isPartial) return fault;
      outcomes.push(fault === undefined ? { ok: true } : { ok: false, code: fault.code });
      if (fault !== undefined) continue;
      handle.uses += 1;
      targets.push(handle.target as NodeTarget);
    }
    return undefined;
  }

  #load(target: Target, message: Message, descriptors: readonly number[]): Cargo {
    return new Cargo(this, target.owner, message.bytes, targetsOf(message), [...descriptors]);
  }

  /** Puts an accepted message into its receiver's inbox; to a node that has ended it is dropped silently (bus M6). */
  #dispatch(target: NodeTarget, cargo: Cargo, sequence: number, call?: CallTarget): void {
    const item = new MessageItem(this, target, cargo, sequence, call);
    this.world.witness.accepted(this, target, cargo, sequence, call);
    if (target.hasEnded) item.drop();
    else target.owner.push(item);
  }

  #answer(call: CallTarget, message: Message): void {
    const caller = call.owner;
    const descriptors = message.descriptors ?? [];
    const cargo = this.#load(call, message, descriptors);
    surrenderReplies(message);
    if (call.hasEnded) {
      cargo.drop(caller);
    } else if (!caller.inbox.admits('replies', message.bytes.byteLength, descriptors.length)) {
      cargo.drop(caller);
      call.lose();
    } else {
      const sequence = this.world.nextSequence();
      this.world.witness.answered(this, call, cargo, sequence);
      call.answer(cargo, sequence);
    }
  }

  #expire(nowMs: number): number {
    for (const call of [...this.calls]) {
      if (call.deadlineAtMs > nowMs) continue;
      call.fail(new BrokerError(ErrorCode.Deadline, 'the deadline passed; the call may have been processed'));
    }
    return this.calls.size;
  }
}

function sizeFault(target: Target, { bytes }: Message): BrokerError | undefined {
  return target instanceof NodeTarget ? nodeSizeFault(bytes.byteLength, target.messageBytesMax) : undefined;
}

function quotaFault(receiver: MemoryPeer, message: Message): BrokerError | undefined {
  const handles = message.handles?.length ?? 0;
  // One more, for the reply of a call.
  if (receiver.references + handles >= peerHandlesMax) return overHandles();
  if (receiver.inbox.admits('messages', message.bytes.byteLength, message.descriptors?.length ?? 0))
    return undefined;
  return new BrokerError(
    ErrorCode.OverQuota,
    'no room for more in flight: the receiver does not take what it was sent; try again when writable',
  );
}

function overHandles(): BrokerError {
  return new BrokerError(ErrorCode.OverQuota, `a peer holds at most ${peerHandlesMax} handles`);
}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
