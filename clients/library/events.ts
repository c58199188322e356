/**
 * A subscription to what happens to services, taken with `for await`. The end is announced by a `shutdown` event; one that is not
 * announced is thrown as `disconnected`.
 */
import { Events } from '../../broker/contract/control.js';
import { type Handle, limits, type Peer } from '../../broker/contract/index.js';
import { type Batch, Feed } from './feed.js';
import { eventFrom, type ServiceEvent } from './status.js';

export interface EventOptions {
  /** Log lines too; default false. */
  readonly logs?: boolean;
  /** Changes of state; default true. */
  readonly states?: boolean;
  /** Begin with a `current` event for each service; default false. */
  readonly current?: boolean;
}

/** Events in the order in which they happened. Ends when it is closed, or with the manager. */
export class EventStream extends Feed<ServiceEvent> {
  /** Use `Manager.events` or `Service.events`. */
  constructor(peer: Peer, itemsMax: number = limits.eventQueueItemsMax) {
    super(peer, itemsMax);
  }

  /** Subscribes with a handle to the manager or to a service, which it borrows. On failure it is closed, and throws. */
  subscribe(object: Handle, options: EventOptions): Promise<void> {
    const { states = true, logs = false, current = false } = options;
    return this.open(object, { subscribe: { states, logs, current } });
  }

  protected override decode(bytes: Uint8Array): Batch<ServiceEvent> {
    const { events, lost } = Events.decode(bytes);
    const items = (events ?? []).map((event, at) => eventFrom(event, at === 0 ? (lost ?? 0) : 0));
    return {
      items,
      lost: items.length === 0 ? (lost ?? 0) : 0,
      isLast: items.some(({ kind }) => kind === 'shutdown'),
    };
  }
}
