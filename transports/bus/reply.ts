/** The one-shot right to answer a call, as a reply or, after it was given away, behind a handle (bus M7). */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Message, Reply } from '../../broker/contract/transport.js';
import { closeDescriptors } from './descriptors.js';
import type { BusPeer } from './peer.js';
import { Target } from './target.js';

export class BusReply extends Target implements Reply {
  readonly kind = 'reply';
  override readonly isRemote = true;
  readonly peer: BusPeer;
  #state: 'open' | 'used' | 'closed' = 'open';

  constructor(peer: BusPeer, word: number, generation: number) {
    super(word, generation);
    this.peer = peer;
    peer.openReplies += 1;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(message: Message): void {
    if (this.#state === 'open') {
      this.peer.answerCall(this, message);
      return;
    }
    if (message.descriptors !== undefined) closeDescriptors(message.descriptors);
    throw this.refusal();
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#leave('closed');
    this.peer.releaseReply(this);
  }

  /** Why it cannot be used any more. */
  refusal(): BrokerError {
    return this.#state === 'closed'
      ? new BrokerError(ErrorCode.Closed, 'the reply is closed')
      : new BrokerError(ErrorCode.AlreadyReplied, 'the reply was already used or given away');
  }

  /** It was sent or given away: the broker takes it from this peer. */
  use(): void {
    this.#leave('used');
  }

  /** What it was used for was refused: it is this peer's again. */
  restore(): void {
    if (this.#state !== 'used') return;
    this.#state = 'open';
    this.isGone = false;
    this.peer.openReplies += 1;
    this.peer.restoreReply(this);
  }

  /** The peer has ended. */
  forget(): void {
    if (this.#state === 'open') this.#leave('closed');
  }

  protected override abandoned(): void {
    this.close();
  }

  #leave(state: 'used' | 'closed'): void {
    this.#state = state;
    this.peer.openReplies -= 1;
  }
}
