/**
 * What happened, in the order in which it happened: state changes, exits, log lines and the manager's own messages, each
 * with a sequence number and both times. Every subscriber has a queue of its own, bounded by `limits.eventQueueItemsMax`:
 * whoever does not take its events loses the oldest of them, is told how many, and nobody else notices.
 */
import { limits } from '../contract/index.js';

/** What all events carry. The sequence number counts all events of one run of the broker from 1. */
export interface EventStamp {
  readonly sequence: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** An event with its stamp. */
export type Stamped<E> = E & EventStamp;

/** One subscriber's queue. */
export interface Subscription<E> {
  /** How many events wait. */
  readonly waiting: number;
  /** Takes up to `itemsMax` events, oldest first. After an empty queue `ready` is called again for the next event. */
  take(itemsMax?: number): readonly Stamped<E>[];
  /** How many events were dropped since this was last asked. */
  takeDropped(): number;
  /** Ends the subscription. Idempotent; `ready` is not called afterwards. */
  close(): void;
}

export interface SubscribeOptions {
  /** Only events of this service, and those that are of no service (the manager ends); default all. */
  readonly service?: string;
  /** Log lines too (there can be many); default false. */
  readonly log?: boolean;
  /** Called when the queue gets its first event, from within the event: take later, or at once. Must not throw. */
  readonly ready: () => void;
}

/** The least that the stream has to know about an event. */
interface Routed {
  readonly kind: string;
  readonly service?: string | undefined;
}

class Queue<E extends Routed> implements Subscription<E> {
  readonly options: SubscribeOptions;
  readonly #itemsMax: number;
  readonly #leave: (queue: Queue<E>) => void;
  #items: Stamped<E>[] = [];
  #first = 0;
  #dropped = 0;
  #isClosed = false;

  constructor(options: SubscribeOptions, itemsMax: number, leave: (queue: Queue<E>) => void) {
    this.options = options;
    this.#itemsMax = itemsMax;
    this.#leave = leave;
  }

  get waiting(): number {
    return this.#items.length - this.#first;
  }

  push(event: Stamped<E>): void {
    if (this.#isClosed || (event.kind === 'log' && this.options.log !== true)) return;
    this.#items.push(event);
    if (this.waiting > this.#itemsMax) {
      this.#first += 1;
      this.#dropped += 1;
      if (this.#first >= this.#itemsMax) this.#compact();
    }
    if (this.waiting === 1) this.options.ready();
  }

  take(itemsMax: number = this.#itemsMax): readonly Stamped<E>[] {
    const taken = this.#items.slice(this.#first, this.#first + itemsMax);
    this.#first += taken.length;
    this.#compact();
    return taken;
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#items = [];
    this.#first = 0;
    this.#leave(this);
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }
}

export class EventStream<E extends Routed> {
  readonly #now: () => { wallMs: number; monotonicMs: number };
  readonly #itemsMax: number;
  readonly #all = new Set<Queue<E>>();
  readonly #byService = new Map<string, Set<Queue<E>>>();
  #sequence = 0;

  constructor(
    now: () => { wallMs: number; monotonicMs: number },
    itemsMax: number = limits.eventQueueItemsMax,
  ) {
    this.#now = now;
    this.#itemsMax = itemsMax;
  }

  /** How many subscriptions are open. */
  get subscribers(): number {
    let count = this.#all.size;
    for (const queues of this.#byService.values()) count += queues.size;
    return count;
  }

  subscribe(options: SubscribeOptions): Subscription<E> {
    const queue = new Queue<E>(options, this.#itemsMax, (left) => this.#leave(left));
    const { service } = options;
    if (service === undefined) this.#all.add(queue);
    else {
      const queues = this.#byService.get(service);
      if (queues === undefined) this.#byService.set(service, new Set([queue]));
      else queues.add(queue);
    }
    return queue;
  }

  /** Whether anybody would see a log line of this service; lines are not built for nobody. */
  wantsLog(service: string): boolean {
    for (const queue of this.#all) if (queue.options.log === true) return true;
    for (const queue of this.#byService.get(service) ?? []) if (queue.options.log === true) return true;
    return false;
  }

  emit(event: E): void {
    this.#sequence += 1;
    const stamped: Stamped<E> = { ...event, sequence: this.#sequence, ...this.#now() };
    for (const queue of this.#all) queue.push(stamped);
    if (event.service === undefined) {
      for (const queues of this.#byService.values()) for (const queue of queues) queue.push(stamped);
      return;
    }
    const queues = this.#byService.get(event.service);
    if (queues !== undefined) for (const queue of queues) queue.push(stamped);
  }

  #leave(queue: Queue<E>): void {
    this.#all.delete(queue);
    const { service } = queue.options;
    if (service === undefined) return;
    const queues = this.#byService.get(service);
    queues?.delete(queue);
    if (queues?.size === 0) this.#byService.delete(service);
  }
}
