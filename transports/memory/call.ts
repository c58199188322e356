/**
 * Calls and their replies.
 *
 * A call ends once (C11): it is *settled* when its promise is, and *answered* when a reply was accepted for it, which may
 * still wait in the caller's inbox and lose against the deadline. The right to answer is a target like a node, with
 * references: the callee's `MemoryReply` is one, and each handle that it was given away as is another (C15). When the last
 * is gone unused the caller is told `reply-lost`.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { NodeName } from '../../broker/contract/introspection.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Answer, Message, Reply } from '../../broker/contract/transport.js';
import { type Cargo, closeDescriptors } from './cargo.js';
import { Item, Notification } from './inbox.js';
import type { NodeTarget } from './node.js';
import type { MemoryPeer } from './peer.js';
import { Target } from './target.js';

export class CallTarget extends Target {
  override readonly isNode = false;
  readonly deadlineAtMs: number;
  readonly node: NodeTarget;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: BrokerError) => void;
  /** When it was accepted, if somebody watched. */
  seenAtMs: number | undefined = undefined;
  #isAnswered = false;
  #isSettled = false;

  constructor(
    caller: MemoryPeer,
    node: NodeTarget,
    deadlineAtMs: number,
    signal: AbortSignal | undefined,
    settle: { readonly resolve: (answer: Answer) => void; readonly reject: (error: BrokerError) => void },
  ) {
    super(caller, true);
    this.deadlineAtMs = deadlineAtMs;
    this.node = node;
    this.#signal = signal;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    caller.calls.add(this);
    node.calls.add(this);
    signal?.addEventListener('abort', this.#abort);
  }

  override get name(): NodeName {
    return this.node.name;
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** A reply was accepted: it comes through the caller's inbox. Takes the cargo. */
  answer(cargo: Cargo, sequence: number): void {
    this.#finish();
    this.#isAnswered = true;
    this.owner.push(new AnswerItem(this, cargo, sequence));
  }

  /** Nobody will answer: the caller is told in its turn. */
  lose(): void {
    if (this.hasEnded) return;
    this.#finish();
    this.owner.world.witness.lost(this);
    this.owner.push(
      new Notification(() => {
        this.fail(
          new BrokerError(ErrorCode.ReplyLost, 'nobody will answer; the call may have been processed'),
        );
      }),
    );
  }

  /** The right is given away and no longer the node's: it outlives it. */
  detach(): void {
    this.node.calls.delete(this);
  }

  fail(error: BrokerError): void {
    if (this.#settle()) this.#reject(error);
  }

  /** The answer has reached the caller; false if the call had ended before. */
  complete(answer: () => Answer): boolean {
    if (!this.#settle()) return false;
    this.#resolve(answer());
    return true;
  }

  protected override unreferenced(): void {
    this.lose();
  }

  readonly #abort = (): void => {
    this.fail(new BrokerError(ErrorCode.Aborted, 'the caller gave the call up'));
  };

  #finish(): void {
    this.node.calls.delete(this);
    if (!this.hasEnded) this.announceEnd(this.owner.world.nextSequence());
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#finish();
    this.owner.calls.delete(this);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.owner.offerRoom();
    return true;
  }
}

class AnswerItem extends Item {
  readonly share = 'replies';
  readonly byteLength: number;
  readonly descriptorCount: number;
  readonly #call: CallTarget;
  readonly #cargo: Cargo;
  readonly #sequence: number;

  constructor(call: CallTarget, cargo: Cargo, sequence: number) {
    super();
    this.#call = call;
    this.#cargo = cargo;
    this.#sequence = sequence;
    this.byteLength = cargo.bytes.byteLength;
    this.descriptorCount = cargo.descriptors.length;
  }

  deliver(): void {
    const sequence = this.#sequence;
    const isWanted = this.#call.complete(() => ({
      bytes: this.#cargo.bytes,
      handles: this.#cargo.unload(this.#call.owner, sequence),
      descriptors: this.#cargo.descriptors,
      sequence,
    }));
    if (!isWanted) this.drop();
  }

  drop(): void {
    this.#cargo.drop(this.#call.owner);
  }
}

/** What a callee holds: one reference to the right to answer. */
export class MemoryReply implements Reply {
  readonly kind = 'reply';
  readonly peer: MemoryPeer;
  readonly call: CallTarget;
  #state: 'open' | 'used' | 'closed' = 'open';

  /** Takes over the reference that came with the message. */
  constructor(peer: MemoryPeer, call: CallTarget) {
    this.peer = peer;
    this.call = call;
    peer.replies.add(this);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(message: Message): void {
    const fault = this.#fault() ?? this.peer.answer(this.call, message);
    if (fault !== undefined) {
      closeDescriptors(message.descriptors);
      throw fault;
    }
    this.#end('used');
  }

  close(): void {
    this.#end('closed');
  }

  /** The right was put into a message; another reference stands for it now. */
  surrender(): void {
    this.call.detach();
    this.#end('closed');
  }

  #fault(): BrokerError | undefined {
    if (this.#state === 'closed') return new BrokerError(ErrorCode.Closed, 'the reply was closed before');
    if (this.#state === 'used')
      return new BrokerError(ErrorCode.AlreadyReplied, 'the call was answered before');
    return undefined;
  }

  #end(state: 'used' | 'closed'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    this.peer.replies.delete(this);
    this.call.waive(this.peer);
  }
}

/** Why this message cannot answer this call, or `undefined`. */
export function answerFault(call: CallTarget, message: Message, peer: MemoryPeer): BrokerError | undefined {
  if (call.isAnswered) return new BrokerError(ErrorCode.AlreadyReplied, 'the call was answered before');
  return messageFault(message, peer.manifest);
}
