/**
 * A subscription: the manager sends events to a node of ours, and an application takes them with `for await`.
 *
 * An application that does not take them in time loses the oldest, here as at the manager, and the next event says how many
 * (`lost`). The stream ends when the manager lets go of our node: that is told after everything it sent (contract C25), so what
 * was sent before the end is delivered. An end that the manager has not announced with a `shutdown` event is thrown as
 * `disconnected`.
 */
import { Events, type RequestShape } from '../../broker/contract/control.js';
import {
  BrokerError,
  type CapabilityNode,
  type Delivery,
  ErrorCode,
  type Handle,
  limits,
  type Peer,
} from '../../broker/contract/index.js';
import { call, dropHandles, onlyHandle } from './caller.js';
import { eventFrom, type ServiceEvent } from './status.js';

export interface EventOptions {
  /** Log lines too; default false. */
  readonly logs?: boolean;
  /** Changes of state; default true. */
  readonly states?: boolean;
  /** Begin with a `current` event for each service; default false. */
  readonly current?: boolean;
}

function cutOff(): BrokerError {
  return new BrokerError(ErrorCode.Disconnected, 'the connection to the manager has ended');
}

type End = { readonly error: BrokerError | undefined };

/** Events in the order in which they happened. Ends when it is closed, or with the manager. */
export class EventStream implements AsyncIterable<ServiceEvent> {
  readonly #node: CapabilityNode;
  readonly #itemsMax: number;
  #stream: Handle | undefined;
  #items: ServiceEvent[] = [];
  #first = 0;
  #lost = 0;
  /** The manager has said that it ends. */
  #isAnnounced = false;
  #end: End | undefined;
  #wake: (() => void) | undefined;

  /** Use `Manager.events` or `Service.events`. */
  constructor(peer: Peer, itemsMax: number = limits.eventQueueItemsMax) {
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

  /** Subscribes with a handle to the manager or to a service, which it borrows. On failure it is closed, and throws. */
  async subscribe(object: Handle, options: EventOptions): Promise<void> {
    const request: RequestShape = {
      subscribe: {
        states: options.states ?? true,
        logs: options.logs ?? false,
        current: options.current ?? false,
      },
    };
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

  /** Ends the stream; what waits is dropped. Idempotent. */
  close(): void {
    this.#items = [];
    this.#first = 0;
    this.#finish(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServiceEvent, void, void> {
    try {
      for (;;) {
        const event = this.#items[this.#first];
        if (event !== undefined) {
          this.#first += 1;
          if (this.#first >= 1024) this.#compact();
          yield this.#withLoss(event);
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
    const { events, lost } = Events.decode(delivery.bytes);
    let before = lost ?? 0;
    for (const event of events ?? []) {
      const taken = eventFrom(event, before);
      this.#items.push(taken);
      if (taken.kind === 'shutdown') this.#isAnnounced = true;
      before = 0;
    }
    this.#lost += before;
    while (this.#items.length - this.#first > this.#itemsMax) {
      this.#lost += 1 + (this.#items[this.#first]?.lost ?? 0);
      this.#first += 1;
    }
    if (this.#first >= this.#itemsMax) this.#compact();
    this.#wakeUp();
  }

  #withLoss(event: ServiceEvent): ServiceEvent {
    if (this.#lost === 0) return event;
    const lost = event.lost + this.#lost;
    this.#lost = 0;
    return { ...event, lost };
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
