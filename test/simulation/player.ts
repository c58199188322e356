/**
 * One application: a peer of the contract with what it owns and holds under the names of the history, and a note of everything
 * that it does and sees. It has no opinion on what to do next; a plan, a script or a program tells it.
 *
 * It never does what the contract forbids (use what is closed, send to what it knows to be gone), so a refusal that only such a
 * mistake explains is the bus's.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type {
  Answer,
  CapabilityNode,
  Delivery,
  Handle,
  Message,
  Peer,
  Reply,
  Transferable,
} from '../../broker/contract/transport.js';
import { type Arrived, answerPrefix, deadName, type Note, replyPrefix } from './history.js';

export interface OwnNode {
  readonly name: string;
  readonly node: CapabilityNode;
}

export interface HeldHandle {
  readonly serial: number;
  readonly node: string;
  readonly handle: Handle;
  isGone: boolean;
}

/** The right to answer a call: as it came with the call, or behind a handle if somebody gave it away. */
export interface HeldReply {
  readonly call: string;
  readonly reply: Reply | Handle;
}

export interface OutstandingCall {
  readonly id: string;
  readonly giveUp: AbortController | undefined;
}

/** What a message brings. */
export type Thing = OwnNode | HeldHandle | HeldReply;

export interface SendOptions {
  readonly descriptors?: readonly number[];
  /** The message is filled up to this length. */
  readonly bytes?: number;
  /** Of calls: whether they can be given up. */
  readonly canGiveUp?: boolean;
  /** Of multicasts. */
  readonly isPartial?: boolean;
  /** Waits until another try is worth while, if there was no room. */
  readonly waits?: boolean;
}

/** Longer than any run. */
const noDeadlineMs = 1e9;
/** A call with this is answered at once, and not noted: its answer comes after everything that was under way to the caller. */
export const pingText = '?';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Player {
  readonly name: string;
  readonly peer: Peer;
  nodes: OwnNode[] = [];
  handles: HeldHandle[] = [];
  replies: HeldReply[] = [];
  calls: OutstandingCall[] = [];
  hasEnded = false;
  /** Messages, calls not among them, of which it does not know yet what became. */
  pending = 0;
  /** Called with each message, after it was noted. */
  onMessage: ((id: string) => void) | undefined;
  readonly #note: (note: Note) => void;
  /** By call, how often. */
  readonly #refusedAnswers = new Map<string, number>();
  #messages = 0;
  #nodes = 0;
  #serials = 0;
  #waits = 0;

  readonly #takeDescriptors: (descriptors: readonly number[]) => void;

  /** `takeDescriptors` gets what has arrived; in a simulation, where they are mere numbers, nothing has to be done with them. */
  constructor(
    name: string,
    peer: Peer,
    note: (note: Note) => void,
    takeDescriptors: (descriptors: readonly number[]) => void = () => {},
  ) {
    this.name = name;
    this.peer = peer;
    this.#takeDescriptors = takeDescriptors;
    this.#note = (event) => {
      if (!this.hasEnded) note(event);
    };
  }

  create(): OwnNode {
    this.#nodes += 1;
    const name = `n${this.#nodes}@${this.name}`;
    const node = this.peer.createNode({
      message: (delivery) => this.#received(name, delivery),
      unused: () => {
        this.notice();
        this.#note({ kind: 'unused', node: name });
      },
    });
    const own = { name, node };
    this.nodes.push(own);
    this.#note({ kind: 'created', node: name });
    return own;
  }

  /** The broker gave a handle by right. */
  introduced(node: string, handle: Handle): HeldHandle {
    const held = this.#hold(node, handle);
    this.#note({ kind: 'introduced', node, serial: held.serial });
    return held;
  }

  send(to: HeldHandle, things: readonly Thing[] = [], options: SendOptions = {}): string {
    const { id, message } = this.#compose([to.node], things, options, false);
    this.#settle(
      id,
      to.handle.send(message).then((sequence) => ({ sequence, codes: [] })),
      things,
      options.waits === true ? to : undefined,
    );
    return id;
  }

  multicast(to: readonly HeldHandle[], things: readonly Thing[] = [], options: SendOptions = {}): string {
    const isPartial = options.isPartial === true;
    const { id, message } = this.#compose(
      to.map(({ node }) => node),
      things,
      options,
      false,
    );
    const sent = this.peer.multicast(
      to.map(({ handle }) => handle),
      message,
      { partial: isPartial },
    );
    this.#settle(
      id,
      sent.then(({ sequence, outcomes }) => ({
        sequence,
        codes: outcomes.some(({ ok }) => !ok) ? outcomes.map((each) => (each.ok ? 0 : each.code)) : [],
      })),
      things,
    );
    return id;
  }

  call(to: HeldHandle, things: readonly Thing[] = [], options: SendOptions = {}): string {
    const { id, message } = this.#compose([to.node], things, options, true);
    const giveUp = options.canGiveUp === true ? new AbortController() : undefined;
    this.calls.push({ id, giveUp });
    const signal = giveUp === undefined ? {} : { signal: giveUp.signal };
    to.handle.call(message, { deadlineMs: noDeadlineMs, ...signal }).then(
      (answer) => this.#answered(id, answer),
      (error: unknown) => {
        this.notice();
        this.#callEnded(id);
        const code = codeOf(error);
        this.#note({ kind: 'callFailed', call: id, code });
        if (code === ErrorCode.OverQuota || code === ErrorCode.NodeGone) this.#takeBack(things);
      },
    );
    return id;
  }

  /** Answers the call, with the reply or the handle that it became; just drops that if nobody waits any more. */
  answer(held: HeldReply, things: readonly Thing[] = [], bytes = 0): string {
    if (held.reply.kind === 'handle' && held.reply.isGone) {
      this.dropReply(held);
      return '';
    }
    // An answer that was refused may be tried again, or by somebody else to whom the reply was given: under another name.
    const attempt = this.#refusedAnswers.get(held.call) ?? 0;
    const isFirst = attempt === 0 && held.reply.kind === 'reply';
    const id = `${answerPrefix}${held.call}${isFirst ? '' : `/${this.name}${attempt}`}`;
    this.replies = this.replies.filter((each) => each !== held);
    const message = this.#issue(id, [], things, { bytes }, false, held.call);
    if (held.reply.kind === 'reply') this.#answerWith(held, held.reply, message, id, things);
    else {
      const { reply } = held;
      const sent = reply.send(message).then((sequence) => {
        reply.close();
        return { sequence, codes: [] };
      });
      this.#settle(id, sent, [held, ...things]);
    }
    return id;
  }

  dropReply(held: HeldReply): void {
    this.replies = this.replies.filter((each) => each !== held);
    held.reply.close();
    this.#note({ kind: 'replyDropped', call: held.call });
  }

  giveUp(call: OutstandingCall): void {
    call.giveUp?.abort();
  }

  clone(held: HeldHandle): HeldHandle {
    const copy = this.#hold(held.node, held.handle.clone());
    copy.isGone = held.isGone;
    this.#note({ kind: 'cloned', node: held.node, serial: copy.serial });
    return copy;
  }

  close(held: HeldHandle): void {
    this.notice();
    this.handles = this.handles.filter((each) => each !== held);
    this.#note({ kind: 'closed', node: held.node, serial: held.serial });
    held.handle.close();
  }

  destroy(own: OwnNode): void {
    this.nodes = this.nodes.filter((each) => each !== own);
    this.#note({ kind: 'destroyed', node: own.name });
    own.node.destroy();
    this.notice();
  }

  tell(token: number, to: string): void {
    this.#note({ kind: 'tells', token, to });
  }

  told(token: number, by: string): void {
    this.#note({ kind: 'told', token, by });
  }

  fault(error: unknown): void {
    this.#note({ kind: 'fault', text: String(error) });
  }

  /** `by` brings the end about. */
  end(how: 'closed' | 'killed' | 'disconnected', by: () => void): void {
    if (this.hasEnded) return;
    this.notice();
    this.#note({ kind: 'ended', how });
    this.hasEnded = true;
    by();
  }

  /** Notes the handles that have turned out to be dead. */
  notice(): void {
    for (const held of this.handles) {
      if (held.isGone || !held.handle.isGone) continue;
      held.isGone = true;
      this.#note({ kind: 'gone', node: held.node, serial: held.serial });
    }
  }

  /** Its own side may have no room for more; then the reply is still good. */
  #answerWith(held: HeldReply, reply: Reply, message: Message, id: string, things: readonly Thing[]): void {
    try {
      reply.send(message);
    } catch (error) {
      this.#note({ kind: 'refused', id, code: codeOf(error) });
      this.#takeBack([held, ...things]);
    }
  }

  #compose(
    to: readonly string[],
    things: readonly Thing[],
    options: SendOptions,
    isCall: boolean,
  ): { readonly id: string; readonly message: Message } {
    this.#messages += 1;
    const id = `${this.name}${this.#messages}`;
    return { id, message: this.#issue(id, to, things, options, isCall, undefined) };
  }

  #issue(
    id: string,
    to: readonly string[],
    things: readonly Thing[],
    options: SendOptions,
    isCall: boolean,
    answers: string | undefined,
  ): Message {
    const carried = things.map(nameOf);
    const { descriptors = [], bytes = 0, isPartial = false } = options;
    this.#note({ kind: 'issued', id, to, carried, isPartial, isCall, answers, descriptors });
    // A right to answer is given away once.
    this.replies = this.replies.filter((reply) => !things.includes(reply));
    return {
      bytes: encoder.encode([id, ...carried].join(' ').padEnd(bytes)),
      handles: things.map(transferableOf),
      descriptors,
    };
  }

  #settle(
    id: string,
    sent: Promise<{ readonly sequence: number; readonly codes: readonly number[] }>,
    things: readonly Thing[],
    waiting?: HeldHandle,
  ): void {
    this.pending += 1;
    sent.then(
      ({ sequence, codes }) => {
        this.pending -= 1;
        this.#note({ kind: 'accepted', id, sequence, codes });
      },
      (error: unknown) => {
        this.pending -= 1;
        this.notice();
        const code = codeOf(error);
        this.#note({ kind: 'refused', id, code });
        this.#takeBack(things);
        if (code === ErrorCode.OverQuota && waiting !== undefined) this.#wait(waiting);
      },
    );
  }

  #wait(held: HeldHandle): void {
    if (this.hasEnded || !this.handles.includes(held)) return;
    this.#waits += 1;
    const wait = this.#waits;
    this.#note({ kind: 'waits', wait });
    void held.handle.writable().then(() => this.#note({ kind: 'writable', wait }));
  }

  /** A message was refused: the rights to answer in it are this player's again. */
  #takeBack(things: readonly Thing[]): void {
    if (this.hasEnded) return;
    for (const thing of things) {
      if (!('call' in thing)) continue;
      this.replies.push(thing);
      this.#refusedAnswers.set(thing.call, (this.#refusedAnswers.get(thing.call) ?? 0) + 1);
    }
  }

  #received(node: string, delivery: Delivery): void {
    const { id, carried } = read(delivery.bytes);
    if (id === pingText) {
      delivery.reply?.send({ bytes: delivery.bytes });
      return;
    }
    this.notice();
    const { reply, sequence, descriptors } = delivery;
    const handles = this.#arrive(carried, delivery.handles);
    if (reply !== undefined) this.replies.push({ call: id, reply });
    const hasReply = reply !== undefined;
    this.#note({ kind: 'received', id, node, sequence, handles, descriptors, hasReply });
    this.#takeDescriptors(descriptors);
    this.onMessage?.(id);
  }

  #answered(call: string, answer: Answer): void {
    this.notice();
    this.#callEnded(call);
    const { id, carried } = read(answer.bytes);
    const handles = this.#arrive(carried, answer.handles);
    this.#note({ kind: 'answered', id, call, sequence: answer.sequence, handles });
  }

  #callEnded(id: string): void {
    this.calls = this.calls.filter((call) => call.id !== id);
  }

  #arrive(names: readonly string[], handles: readonly Handle[]): Arrived[] {
    return handles.map((handle, at): Arrived => {
      const name = names[at] ?? deadName;
      const isLive = !handle.isGone;
      if (name.startsWith(replyPrefix)) {
        this.#serials += 1;
        if (isLive) this.replies.push({ call: name.slice(replyPrefix.length), reply: handle });
        else handle.close();
        return { serial: this.#serials, isLive };
      }
      if (isLive) return { serial: this.#hold(name, handle).serial, isLive };
      handle.close();
      this.#serials += 1;
      return { serial: this.#serials, isLive };
    });
  }

  #hold(node: string, handle: Handle): HeldHandle {
    this.#serials += 1;
    const held = { serial: this.#serials, node, handle, isGone: false };
    this.handles.push(held);
    return held;
  }
}

function nameOf(thing: Thing): string {
  if ('call' in thing) return `${replyPrefix}${thing.call}`;
  if ('name' in thing) return thing.name;
  return thing.isGone ? deadName : thing.node;
}

function transferableOf(thing: Thing): Transferable {
  if ('call' in thing) return thing.reply;
  return 'name' in thing ? thing.node : thing.handle;
}

function read(bytes: Uint8Array): { readonly id: string; readonly carried: readonly string[] } {
  const [id = '', ...carried] = decoder
    .decode(bytes)
    .split(' ')
    .filter((word) => word !== '');
  return { id, carried };
}

function codeOf(error: unknown): number {
  return error instanceof BrokerError ? error.code : ErrorCode.System;
}
