/**
 * The client's side of a peer: its nodes, handles, calls and replies, over a link to the broker.
 *
 * The peer mirrors what the broker knows of it. Handle ids are the broker's and arrive with messages; each arrival adds
 * one to the id's count, and closing the last handle to it gives the count back (bus N3). Node ids are chosen here (bus N1).
 */
import { Deadlines } from '../../broker/contract/deadlines.js';
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import { messageFault } from '../../broker/contract/message.js';
import type { Time } from '../../broker/contract/platform.js';
import type {
  Answer,
  CallOptions,
  CapabilityNode,
  Credentials,
  Delivery,
  GoneReason,
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
  Sender,
} from '../../broker/contract/transport.js';
import { MulticastAttempt, TransferAttempt } from './attempts.js';
import { CallTable, type OutstandingCall } from './calls.js';
import { BusDelivery } from './delivery.js';
import { closeDescriptors } from './descriptors.js';
import { Destinations } from './destinations.js';
import { BusHandle } from './handle.js';
import { bitsOf, HeldIds, handleBits, NodeIds, nodeBits, replyBits } from './ids.js';
import { type BusLink, type HolderShare, type LinkEvents, ownSide } from './link.js';
import { BusNode } from './node.js';
import { noDescriptors, Operation } from './operation.js';
import { loss, refusal, refusedOutcome } from './refusal.js';
import { BusReply } from './reply.js';
import { sealPayload } from './sealed.js';
import { GoneTarget, RemoteTarget, type Target } from './target.js';

export interface BusPeerParts {
  readonly manifest: Manifest;
  readonly time: Time;
  readonly options: PeerOptions;
}

const noHandles: readonly Handle[] = Object.freeze([]);

export class BusPeer implements Peer, LinkEvents {
  readonly manifest: Manifest;
  readonly ended: Promise<'closed' | 'disconnected'>;
  /** Counted by the replies themselves. */
  openReplies = 0;
  /** How many handles were closed or ended; counted by the handles themselves. */
  handleEnds = 0;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #deadlines: Deadlines;
  readonly #nodes = new NodeIds<BusNode>(limits.peerNodesMax);
  readonly #held = new HeldIds<RemoteTarget | BusReply>();
  readonly #calls = new CallTable();
  /** Of calls that were given up before the broker had said whether it takes them: own nodes in them were not given away if it does not. */
  readonly #givenUp = new Map<number, TransferAttempt>();
  readonly #operation = new Operation();
  readonly #destinations = new Destinations(this);
  #link: BusLink | undefined;
  #sender: Sender = { account: 0, credentials: undefined };
  #root: BusHandle | undefined;
  #openHandles = 0;
  #uid: number | undefined;
  #end: 'closed' | 'disconnected' | undefined;
  #resolveEnded: (reason: 'closed' | 'disconnected') => void = () => {};

  constructor(parts: BusPeerParts) {
    this.manifest = parts.manifest;
    this.#onError = parts.options.onError;
    this.#deadlines = new Deadlines(parts.time, (nowMs) => this.#sweep(nowMs));
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Begins to use the link; events may come from now on. */
  attach(link: BusLink): void {
    this.#link = link;
  }

  /** The root that the broker gave; only after its welcome. */
  get root(): BusHandle {
    if (this.#root === undefined) throw this.#endError();
    return this.#root;
  }

  createNode(receiver: Receiver, options: NodeOptions = {}): BusNode {
    const link = this.#openLink();
    const id = this.#nodes.take();
    if (id === undefined) {
      throw new BrokerError(ErrorCode.OverQuota, `a peer has at most ${limits.peerNodesMax} nodes`);
    }
    const node = new BusNode(this, id.word, id.generation, receiver, options.label);
    this.#nodes.set(node);
    link.create(id.word, id.generation, options.credentials === true, bytesMaxOf(options, this.manifest));
    return node;
  }

  /** The own node with this id. */
  nodeAt(word: number, generation: number): BusNode | undefined {
    return this.#nodes.find(word, generation);
  }

  async multicast(
    handles: readonly Handle[],
    message: Message,
    options: { readonly partial?: boolean } = {},
  ): Promise<MulticastResult> {
    const isPartial = options.partial === true;
    const operation = this.#operation;
    const plan = this.#checkSend(undefined, message) ?? this.#destinations.plan(handles, isPartial);
    if (plan instanceof BrokerError) throw this.#refuse(message, plan);
    if (plan.targets.length === 0) {
      if (message.descriptors !== undefined) closeDescriptors(message.descriptors);
      return { sequence: 0, outcomes: plan.outcomes };
    }
    operation.addressMany(isPartial);
    operation.setDestinations(plan.ids);
    operation.list = plan.list;
    const given = this.#fill(message, plan.isOutward);
    if (given instanceof BrokerError) throw this.#refuse(message, given);
    let failed: Outcome[] | undefined;
    const attempt = new MulticastAttempt(plan.targets, given, (at, word) => {
      failed ??= [...plan.outcomes];
      failed[plan.positions[at] ?? 0] = refusedOutcome(word, this.#uid);
    });
    const sequence = await this.#openLink().send(operation, attempt);
    return { sequence, outcomes: failed ?? plan.outcomes };
  }

  /** Who holds handles to an own node, by account (bus N9). */
  holders(node: CapabilityNode): Promise<readonly HolderShare[]> {
    if (!(node instanceof BusNode) || node.peer !== this || node.isGone) {
      return Promise.reject(new BrokerError(ErrorCode.InvalidArgument, 'not a live node of this peer'));
    }
    return this.#openLink().holders(node.word, node.generation);
  }

  /** Why nothing can be asked any more, once the peer has ended. */
  get endFault(): BrokerError | undefined {
    return this.#link === undefined ? this.#endError() : undefined;
  }

  usage(): PeerUsage {
    return {
      nodes: this.#nodes.size,
      handles: this.#openHandles,
      callsOutstanding: this.#calls.size,
      repliesHeld: this.openReplies,
    };
  }

  close(): void {
    if (this.#end !== undefined) return;
    const link = this.#link;
    this.#finish('closed');
    link?.close();
  }

  // What handles, nodes and replies do.

  handleOpened(): void {
    if (this.#end === undefined) this.#openHandles += 1;
  }

  handleClosed(): void {
    if (this.#end === undefined) this.#openHandles -= 1;
  }

  send(target: Target, message: Message): Promise<number> {
    const link = this.#link;
    const fault = this.#checkSend(target, message);
    if (fault !== undefined || link === undefined) return Promise.reject(this.#refuse(message, fault));
    const operation = this.#operation;
    operation.address(target.word, target.generation);
    const given = this.#fill(message, target.isRemote);
    if (given instanceof BrokerError) return Promise.reject(this.#refuse(message, given));
    if (!(target instanceof BusReply)) {
      return link.send(operation, given === undefined ? target : new TransferAttempt(target, given));
    }
    target.use();
    this.#held.remove(target);
    const sent = link.replyAccepted(operation, new TransferAttempt(target, [target, ...(given ?? [])]));
    target.end('node-gone');
    return sent;
  }

  call(target: Target, message: Message, options: CallOptions | undefined): Promise<Answer> {
    const link = this.#link;
    const fault = this.#checkSend(target, message) ?? checkCall(target, options);
    if (fault !== undefined || link === undefined) return Promise.reject(this.#refuse(message, fault));
    const operation = this.#operation;
    operation.address(target.word, target.generation);
    const given = this.#fill(message, target.isRemote);
    if (given instanceof BrokerError) return Promise.reject(this.#refuse(message, given));
    const call = this.#calls.open(limits.callsOutstandingMax);
    if (call === undefined) {
      for (const thing of given ?? []) takeBack(thing);
      if (operation.sealedBytes > 0) closeDescriptors(operation.descriptors.slice(0, 1));
      const tooMany = new BrokerError(
        ErrorCode.OverQuota,
        `this program has ${limits.callsOutstandingMax} calls outstanding, which is the limit; wait for their replies`,
      );
      return Promise.reject(this.#refuse(message, tooMany));
    }
    operation.tag = call.tag;
    call.attempt = given === undefined ? target : new TransferAttempt(target, given);
    call.deadlineAtMs = this.#deadlines.add(options?.deadlineMs ?? limits.callDeadlineMs);
    if (options?.signal !== undefined) this.#abortWith(call, options.signal);
    const answered = new Promise<Answer>((resolve, reject) => {
      call.resolve = resolve;
      call.reject = reject;
    });
    const { tag } = call;
    const code = link.call(operation);
    if (code !== 0) this.#refuseCall(tag, code, ownSide);
    return answered;
  }

  answerCall(reply: BusReply, message: Message): void {
    const link = this.#link;
    const fault = messageFault(message, this.manifest);
    if (fault !== undefined || link === undefined) throw this.#refuse(message, fault);
    const operation = this.#operation;
    operation.address(reply.word, reply.generation);
    reply.use();
    const given = this.#fill(message, true);
    if (given instanceof BrokerError) {
      reply.restore();
      throw this.#refuse(message, given);
    }
    this.#held.remove(reply);
    const word = link.reply(operation);
    if (word === 0) return;
    reply.restore();
    for (const thing of given ?? []) takeBack(thing);
    throw refusal(word, this.#uid);
  }

  writable(target: Target): Promise<void> {
    const link = this.#link;
    if (link === undefined) return Promise.resolve();
    return link.roomy().then(() => target.untilWritable());
  }

  destroy(node: BusNode): void {
    this.#nodes.remove(node);
    node.end('node-gone');
    this.#link?.destroy(node.word, node.generation);
  }

  releaseReply(reply: BusReply): void {
    this.#held.remove(reply);
    this.#link?.release(reply.word, reply.generation, 1);
  }

  restoreReply(reply: BusReply): void {
    if (this.#end === undefined) this.#held.set(reply);
    else reply.forget();
  }

  /** An error that belongs to no call. */
  fault(error: unknown): void {
    if (this.#onError !== undefined) {
      try {
        this.#onError(error);
        return;
      } catch (second) {
        error = second;
      }
    }
    // Rethrown where nobody's work is cut short by it.
    queueMicrotask(() => {
      throw error;
    });
  }

  // What the link reports.

  welcomed(word: number, generation: number, uid: number): void {
    this.#uid = uid;
    this.#root = this.#receiveOne(word, generation);
  }

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
  ): void {
    const node = this.#nodes.find(word, generation);
    let reply: BusReply | undefined;
    if (replyGeneration !== 0) {
      reply = new BusReply(this, replyWord, replyGeneration);
      this.#held.set(reply);
    }
    const received = this.#receive(handles);
    if (node === undefined) {
      // Its node was destroyed here while the message was under way.
      reply?.close();
      for (const handle of received) handle.close();
      closeDescriptors(descriptors);
      return;
    }
    if (account !== this.#sender.account || credentials !== this.#sender.credentials) {
      this.#sender = { account, credentials };
    }
    const delivery: Delivery = new BusDelivery(bytes, received, descriptors, this.#sender, reply, sequence);
    try {
      node.receiver.message(delivery);
    } catch (error) {
      this.fault(error);
    }
  }

  answer(
    sequence: number,
    tag: number,
    handles: readonly number[],
    bytes: Uint8Array,
    descriptors: readonly number[],
  ): void {
    const received = this.#receive(handles);
    const call = this.#calls.find(tag);
    if (call === undefined) {
      for (const handle of received) handle.close();
      closeDescriptors(descriptors);
      return;
    }
    const { resolve } = call;
    this.#calls.close(call);
    resolve({ bytes, handles: received, descriptors, sequence });
  }

  lost(tag: number, word: number): void {
    this.#reject(tag, loss(word, this.#uid));
  }

  callRefused(tag: number, word: number): void {
    this.#refuseCall(tag, word, 0);
  }

  gone(word: number, generation: number): void {
    this.#held.find(word, generation)?.end('node-gone');
  }

  unused(word: number, generation: number, transfersSeen: number): void {
    this.#nodes.find(word, generation)?.unused(transfersSeen);
  }

  writableAgain(word: number, generation: number): void {
    if (bitsOf(word) === nodeBits) this.#nodes.find(word, generation)?.writable();
    else this.#held.find(word, generation)?.writable();
  }

  disconnected(): void {
    if (this.#end === undefined) this.#finish('disconnected');
  }

  // Inside.

  #openLink(): BusLink {
    if (this.#link === undefined) throw this.#endError();
    return this.#link;
  }

  #endError(): BrokerError {
    return this.#end === 'disconnected'
      ? new BrokerError(ErrorCode.Disconnected, 'the connection to the broker has ended')
      : new BrokerError(ErrorCode.Closed, 'the peer is closed');
  }

  #checkSend(target: Target | undefined, message: Message): BrokerError | undefined {
    if (this.#link === undefined) return this.#endError();
    const fault = messageFault(message, this.manifest);
    if (fault !== undefined) return fault;
    if (target instanceof BusReply) return target.isOpen ? undefined : target.refusal();
    if (target?.isGone === true) return new BrokerError(ErrorCode.NodeGone, 'the node is gone');
    return undefined;
  }

  /**
   * Puts payload, transfers and descriptors into the operation. Returns what was given away and has to come back if it is
   * refused: own nodes that were counted, replies that were moved.
   */
  #fill(message: Message, isOutward: boolean): (BusNode | BusReply)[] | BrokerError | undefined {
    const operation = this.#operation;
    operation.setPayload(message.bytes, 0, message.bytes.byteLength);
    operation.descriptors = message.descriptors ?? noDescriptors;
    const given = this.#giveAll(message.handles, isOutward);
    if (given instanceof BrokerError || message.bytes.byteLength <= limits.inlineBytesMax) return given;
    const memory = sealPayload(message.bytes);
    if (!(memory instanceof BrokerError)) {
      operation.setSealed(memory, message.bytes.byteLength);
      return given;
    }
    for (const each of given ?? []) takeBack(each);
    return memory;
  }

  #giveAll(things: Message['handles'], isOutward: boolean): (BusNode | BusReply)[] | BrokerError | undefined {
    if (things === undefined || things.length === 0) return undefined;
    const given: (BusNode | BusReply)[] = [];
    for (const thing of things) {
      const fault = this.#give(thing, isOutward, given);
      if (fault === undefined) continue;
      for (const each of given) takeBack(each);
      return fault;
    }
    return given;
  }

  #give(thing: unknown, isOutward: boolean, given: (BusNode | BusReply)[]): BrokerError | undefined {
    const isHandle = thing instanceof BusHandle;
    if (isHandle && thing.isClosed) return new BrokerError(ErrorCode.Closed, 'a handle to give is closed');
    const target = isHandle ? thing.target : thing;
    const isOwn =
      target instanceof BusNode || target instanceof BusReply || (isHandle && target instanceof GoneTarget);
    if (isHandle ? thing.peer !== this : !isOwn || (target as BusNode | BusReply).peer !== this) {
      return new BrokerError(ErrorCode.InvalidArgument, 'what a message carries must be of the same peer');
    }
    if (target instanceof BusReply) {
      if (!target.isOpen) return target.refusal();
      this.#operation.addTransfer(target.word, target.generation);
      given.push(target);
      target.use();
      this.#held.remove(target);
      return undefined;
    }
    const { word, generation, isGone } = target as Target;
    this.#operation.addTransfer(isGone ? 0 : word, isGone ? 0 : generation);
    if (isOutward && !isGone && target instanceof BusNode) {
      target.transferred();
      given.push(target);
    }
    return undefined;
  }

  #receive(ids: readonly number[]): readonly BusHandle[] {
    if (ids.length === 0) return noHandles as readonly BusHandle[];
    const handles: BusHandle[] = [];
    for (let at = 0; at < ids.length; at += 2) handles.push(this.#receiveOne(ids[at] ?? 0, ids[at + 1] ?? 0));
    return handles;
  }

  #receiveOne(word: number, generation: number): BusHandle {
    const bits = bitsOf(word);
    if (generation !== 0 && bits === handleBits) {
      let target = this.#held.find(word, generation);
      if (!(target instanceof RemoteTarget)) {
        target = new RemoteTarget(word, generation, this.#release);
        this.#held.set(target);
      }
      target.count += 1;
      return new BusHandle(this, target);
    }
    if (generation !== 0 && bits === replyBits) {
      const reply = new BusReply(this, word, generation);
      this.#held.set(reply);
      return new BusHandle(this, reply);
    }
    const node = generation === 0 ? undefined : this.#nodes.find(word, generation);
    return new BusHandle(this, node ?? new GoneTarget());
  }

  readonly #release = (target: RemoteTarget): void => {
    if (this.#end !== undefined) return;
    this.#held.remove(target);
    this.#link?.release(target.word, target.generation, target.count);
  };

  #abortWith(call: OutstandingCall, signal: AbortSignal): void {
    call.signal = signal;
    call.abort = () => {
      this.#giveUp(call, new BrokerError(ErrorCode.Aborted, 'the call was given up'));
    };
    signal.addEventListener('abort', call.abort);
  }

  #reject(tag: number, error: BrokerError): void {
    const call = this.#calls.find(tag);
    if (call === undefined) return;
    const { reject } = call;
    this.#calls.close(call);
    reject(error);
  }

  #refuseCall(tag: number, word: number, position: number): void {
    this.#givenUp.get(tag)?.refusedUnseen();
    this.#givenUp.delete(tag);
    this.#calls.find(tag)?.attempt?.refused(word, position);
    this.#reject(tag, refusal(word, this.#uid));
  }

  /**
   * Nobody waits for the call any more. Whether the broker has taken it is not known yet; a request that is answered in any case
   * follows, so that it is known then.
   */
  #giveUp({ tag, attempt }: OutstandingCall, error: BrokerError): void {
    this.#reject(tag, error);
    const link = this.#link;
    if (link === undefined) return;
    link.withdraw(tag);
    if (!(attempt instanceof TransferAttempt)) return;
    this.#givenUp.set(tag, attempt);
    const isKnown = (): void => void this.#givenUp.delete(tag);
    link.holders(0, 0).then(isKnown, isKnown);
  }

  #sweep(nowMs: number): number {
    for (const call of this.#calls) {
      if (call.deadlineAtMs > nowMs) continue;
      this.#giveUp(call, new BrokerError(ErrorCode.Deadline, 'no answer came in time'));
    }
    return this.#calls.size;
  }

  /** Closes the descriptors of a message that is refused; returns why. */
  #refuse(message: Message, fault: BrokerError | undefined): BrokerError {
    if (message.descriptors !== undefined) closeDescriptors(message.descriptors);
    return fault ?? this.#endError();
  }

  #finish(end: 'closed' | 'disconnected'): void {
    this.#end = end;
    this.#link = undefined;
    this.#deadlines.close();
    const reason: GoneReason = end;
    for (const call of this.#calls) this.#reject(call.tag, this.#endError());
    for (const node of this.#nodes.clear()) {
      node.isGone = true;
      node.end(reason);
    }
    for (const target of this.#held.clear()) {
      if (target instanceof BusReply) target.forget();
      target.end(reason);
    }
    this.#openHandles = 0;
    this.#givenUp.clear();
    this.#resolveEnded(end);
  }
}

function checkCall(target: Target, options: CallOptions | undefined): BrokerError | undefined {
  if (target instanceof BusReply) {
    return new BrokerError(ErrorCode.Unsupported, 'a reply is answered with send, not called');
  }
  if (options?.signal?.aborted === true) {
    return new BrokerError(ErrorCode.Aborted, 'the call was given up before it was made');
  }
  const deadlineMs = options?.deadlineMs;
  if (deadlineMs !== undefined && !(deadlineMs >= 0)) {
    return new BrokerError(ErrorCode.InvalidArgument, `${deadlineMs} is not a deadline`);
  }
  return undefined;
}

export function takeBack(thing: BusNode | BusReply): void {
  if (thing instanceof BusNode) thing.transferRefused();
  else thing.restore();
}

/** The longest message that a node with these options takes, as the broker is told: one more, and 0 for any (C8). */
function bytesMaxOf({ messageBytesMax }: NodeOptions, manifest: Manifest): number {
  return messageBytesMax === undefined || messageBytesMax >= manifest.messageBytesMax
    ? 0
    : Math.max(0, Math.floor(messageBytesMax)) + 1;
}
