/**
 * What the manager goes on telling: it sends batches to a node of ours, and an application takes the items with `for await`.
 *
 * An application that does not take them in time loses the oldest, here as at the manager, and the next item says how many
 * (`lost`). The feed ends when the manager lets go of our node: that is told after everything it sent (contract C25), so what
 * was sent before the end is delivered. An end that the manager has not announced is thrown as `disconnected`.
 */
import type { RequestShape } from '../../broker/contract/control.js';
import {
  BrokerError,
  type CapabilityNode,
  type Delivery,
  ErrorCode,
  type Handle,
  type Peer,
} from '../../broker/contract/index.js';
import { call, dropHandles, onlyHandle } from './caller.js';

/** What every item says. */
export interface FeedItem {
  /** Items that were lost before this one, because they were not taken in time. */
  readonly lost: number;
}

/** What one message brings. */
export interface Batch<T> {
  readonly items: readonly T[];
  /** Lost, and there is no item here to say so. */
  readonly lost: number;
  /** The manager has said that it ends. */
  readonly isLast: boolean;
}

function cutOff(): BrokerError {
  return new BrokerError(ErrorCode.Disconnected, 'the connection to the manager has ended');
}

type End = { readonly error: BrokerError | undefined };

/** Items in the order in which they were told. Ends when it is closed, or with the manager. */
export abstract class Feed<T extends FeedItem> implements AsyncIterable<T> {
  readonly #node: CapabilityNode;
  readonly #itemsMax: number;
  #stream: Handle | undefined;
  #items: T[] = [];
  #first = 0;
  #lost = 0;
  /** The manager has said that it ends. */
  #isAnnounced = false;
  #end: End | undefined;
  #wake: (() => void) | undefined;

  constructor(peer: Peer, itemsMax: number) {
    this.#itemsMax = itemsMax;
    this.#node = peer.createNode({
      message: (delivery) => this.#receive(delivery),
      unused: () => this.#finish(this.#isAnnounced ? undefined : cutOff()),
    });
    void peer.ended.then((reason) => {
      if (reason === 'closed') this.#finish(undefined);
      // Where every handle has a connection of its own, the end of the manager's says nothing about what is still to be
      // read on ours; `unused` comes after it.
      else if (peer.manifest.order !== 'per-handle') this.#finish(cutOff());
    });
  }

  /** What the bytes of one message say. */
  protected abstract decode(bytes: Uint8Array): Batch<T>;

  /** Begins with a request to a handle, which it borrows. On failure the feed is closed, and it throws. */
  protected async open(object: Handle, request: RequestShape): Promise<void> {
    try {
      const { answer } = await call(object, request, { handles: [this.#node] });
      const stream = onlyHandle(answer);
      if (this.#end === undefined) this.#stream = stream;
      else stream.close();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the feed; what waits is dropped. Idempotent. */
  close(): void {
    this.#items = [];
    this.#first = 0;
    this.#finish(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const item = this.#items[this.#first];
        if (item !== undefined) {
          this.#first += 1;
          if (this.#first >= 1024) this.#compact();
          yield this.#withLoss(item);
        } else if (this.#end !== undefined) {
          if (this.#end.error !== undefined) throw this.#end.error;
          return;
        } else {
          this.#compact();
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  #receive(delivery: Delivery): void {
    dropHandles(delivery);
    delivery.reply?.close();
    if (this.#end !== undefined) return;
    const { items, lost, isLast } = this.decode(delivery.bytes);
    for (const item of items) this.#items.push(item);
    this.#lost += lost;
    if (isLast) this.#isAnnounced = true;
    while (this.#items.length - this.#first > this.#itemsMax) {
      this.#lost += 1 + (this.#items[this.#first]?.lost ?? 0);
      this.#first += 1;
    }
    if (this.#first >= this.#itemsMax) this.#compact();
    this.#wakeUp();
  }

  #withLoss(item: T): T {
    if (this.#lost === 0) return item;
    const lost = item.lost + this.#lost;
    this.#lost = 0;
    return { ...item, lost };
  }

  #compact(): void {
    if (this.#first === 0) return;
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }

  #finish(error: BrokerError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#stream?.close();
    this.#stream = undefined;
    if (!this.#node.isDestroyed) this.#node.destroy();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
