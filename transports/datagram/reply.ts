/**
 * What a callee holds: the caller's address, and the secret that answers the call once.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Message, Reply } from '../../broker/contract/transport.js';
import type { Contact } from './contact.js';
import type { DatagramNode } from './node.js';

/** What a reply asks of its peer. */
export interface Answerer {
  readonly endFault: BrokerError | undefined;
  readonly replies: Set<DatagramReply>;
  /** Answers in the name of this reply, or says why not. Closes the descriptors. */
  answer(reply: DatagramReply, message: Message): BrokerError | undefined;
  /** Tells the caller that this reply will not be used. */
  giveUp(reply: DatagramReply): void;
}

export class DatagramReply implements Reply {
  readonly kind = 'reply';
  readonly answerer: Answerer;
  /** The node that was called; the right to answer ends with it. */
  readonly node: DatagramNode;
  readonly caller: Contact;
  readonly serial: number;
  readonly secret: Buffer;
  /** `lent`: it is in a message that waits to be accepted. */
  #state: 'open' | 'lent' | 'used' | 'closed' = 'open';

  constructor(answerer: Answerer, node: DatagramNode, caller: Contact, serial: number, secret: Buffer) {
    this.answerer = answerer;
    this.node = node;
    this.caller = caller;
    this.serial = serial;
    this.secret = secret;
    caller.replies += 1;
    answerer.replies.add(this);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Why it cannot answer, or `undefined`. */
  get fault(): BrokerError | undefined {
    if (this.#state === 'used')
      return new BrokerError(ErrorCode.AlreadyReplied, 'the call was answered before');
    if (this.#state === 'open') return this.answerer.endFault;
    return new BrokerError(ErrorCode.Closed, 'the reply was closed or given away before');
  }

  send(message: Message): void {
    const fault = this.answerer.answer(this, message);
    if (fault !== undefined) throw fault;
    this.#end('used');
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#end('closed');
    this.answerer.giveUp(this);
  }

  /** It is in a message that waits to be accepted. */
  lend(): void {
    this.#state = 'lent';
    this.answerer.replies.delete(this);
  }

  /** The message was accepted: the caller knows of the new holder, and that this one is none any more. */
  surrender(): void {
    this.#end('closed');
    this.answerer.giveUp(this);
  }

  /** The message was refused. */
  takeBack(): void {
    if (this.#state !== 'lent') return;
    this.#state = 'open';
    if (this.answerer.endFault === undefined && !this.node.isDestroyed) this.answerer.replies.add(this);
    else this.close();
  }

  #end(state: 'used' | 'closed'): void {
    this.#state = state;
    this.caller.replies -= 1;
    this.answerer.replies.delete(this);
  }
}
