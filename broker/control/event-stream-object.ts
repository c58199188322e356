/**
 * A subscription, as a control object: events go to the node that the subscriber named, in the order in which they happened, several
 * in a message. The stream's own node is the subscriber's way to end it: when its handle is closed, or when the subscriber's
 * node is gone, the stream ends.
 *
 * One message at a time is under way. While a subscriber does not take it, its events wait in the supervisor's queue, which drops the
 * oldest and counts them; the next message says how many. Nobody else notices, and nothing here grows.
 *
 * With `current`, a status of every service comes first, page by page in the order of names. What happens to a service before its
 * page is left out, because the page tells its result.
 */
import { EventKind, type EventShape, Events, Rights, type StatusShape } from '../contract/control.js';
import { BrokerError, ErrorCode, type Handle, type Message } from '../contract/index.js';
import type { ServiceRecord } from '../service/index.js';
import type { Stamped, Subscription, SupervisorEvent } from '../supervisor/index.js';
import { ControlObject, type Incoming, type ObjectName, type Place, type Result } from './control-object.js';
import { Courier } from './courier.js';
import { ControlFailure } from './errors.js';
import { eventShape, statusShape } from './shapes.js';

/** What a subscriber asked for. */
interface Wish {
  readonly states?: boolean | null;
  readonly logs?: boolean | null;
  readonly current?: boolean | null;
}

/** Above this a batch is sent and the rest follows in the next; one event is far smaller than what is left of a message. */
const batchBytes = 24 * 1024;
/** Events that are taken from the queue at one time. */
const takeMax = 256;
/** Bytes of an event beside its texts, rounded up. */
const eventBytes = 128;

export class EventStreamObject extends ControlObject {
  readonly #subscriber: Handle;
  readonly #courier: Courier;
  readonly #record: ServiceRecord | undefined;
  readonly #wantsStates: boolean;
  readonly #subscription: Subscription<SupervisorEvent>;
  /** Taken and not sent yet, oldest first. */
  #pending: EventShape[] = [];
  #lost = 0;
  /** Name of the last service whose current status was told; undefined when all were. */
  #toldUntil: string | undefined;

  /**
   * Opens a stream for the node whose handle came with the request, and takes that handle. With `record`: only that service's
   * events. Throws `invalid-argument` without a handle, `over-quota`.
   */
  static open(place: Place, incoming: Incoming, wish: Wish, record?: ServiceRecord): EventStreamObject {
    const [subscriber] = incoming.handles;
    if (subscriber === undefined) {
      throw new ControlFailure(
        ErrorCode.InvalidArgument,
        'a subscription needs a handle to the node that gets the events',
      );
    }
    const stream = new EventStreamObject(place, incoming.account, subscriber, wish, record);
    incoming.handles[0] = undefined;
    return stream;
  }

  private constructor(
    place: Place,
    account: number,
    subscriber: Handle,
    wish: Wish,
    record: ServiceRecord | undefined,
  ) {
    super(place, Rights.RIGHTS_OBSERVE, account, streamName(record));
    this.#subscriber = subscriber;
    this.#courier = new Courier({
      subscriber,
      isOver: () => this.node.isDestroyed,
      nextBatch: () => this.#nextBatch(),
      lost: () => this.destroy(),
    });
    this.#record = record;
    this.#wantsStates = wish.states === true;
    this.#toldUntil = wish.current === true ? '' : undefined;
    this.#subscription = place.room.supervisor.subscribe({
      log: wish.logs === true,
      ready: () => this.#courier.wake(),
      ...(record === undefined ? {} : { service: record.name }),
    });
    void subscriber.gone.then(() => this.destroy());
    this.#courier.wake();
  }

  override destroy(): void {
    this.#subscription.close();
    this.#subscriber.close();
    this.#pending = [];
    super.destroy();
  }

  protected override statusMessage(): Message {
    throw noMethod('status');
  }

  protected override perform(incoming: Incoming): Result {
    throw noMethod(incoming.request.method ?? '');
  }

  #nextBatch(): Uint8Array | undefined {
    if (this.#toldUntil !== undefined && this.#pending.length === 0) this.#tellCurrent(this.#toldUntil);
    if (this.#pending.length === 0) this.#take();
    if (this.#pending.length === 0) return undefined;
    let count = 0;
    let bytes = 0;
    for (const event of this.#pending) {
      bytes += sizeOf(event);
      if (bytes > batchBytes && count > 0) break;
      count += 1;
    }
    const events = this.#pending.slice(0, count);
    this.#pending = this.#pending.slice(count);
    const encoded = Events.encode({ events, lost: this.#lost }).finish();
    this.#lost = 0;
    return encoded;
  }

  #take(): void {
    // Loops, because all that was taken may be of no interest; the queue is finite and nothing happens meanwhile.
    while (this.#pending.length === 0) {
      const events = this.#subscription.take(takeMax);
      this.#lost += this.#subscription.takeDropped();
      if (events.length === 0) return;
      this.#keep(events, undefined);
    }
  }

  /** Keeps what was asked for; with `until`, only of services up to that name. */
  #keep(events: readonly Stamped<SupervisorEvent>[], until: string | undefined): void {
    for (const event of events) {
      if (event.kind !== 'log' && event.kind !== 'shutdown' && !this.#wantsStates) continue;
      const isUntold = until !== undefined && event.kind !== 'log' && (event.service ?? '') > until;
      if (!isUntold) this.#pending.push(eventShape(event));
    }
  }

  /** The next page of current states, after what has happened to the services of the pages before. */
  #tellCurrent(until: string): void {
    const { supervisor, time } = this.place.room;
    this.#keep(this.#subscription.take(), until);
    this.#lost += this.#subscription.takeDropped();
    const records = this.#record === undefined ? supervisor.list() : [this.#record];
    let bytes = 0;
    let at = firstAfter(records, until);
    let last: string | undefined;
    for (let record = records[at]; record !== undefined && bytes < batchBytes; record = records[at]) {
      const event: EventShape = {
        kind: EventKind.EVENT_CURRENT,
        wallMs: time.wallMs(),
        status: statusShape(supervisor.status(record)),
      };
      this.#pending.push(event);
      bytes += sizeOf(event);
      last = record.name;
      at += 1;
    }
    this.#toldUntil = at < records.length ? last : undefined;
  }
}

function streamName(record: ServiceRecord | undefined): ObjectName {
  if (record === undefined) return { label: 'events' };
  return { label: `events of service ${record.name}`, service: record.name };
}

function noMethod(method: string): BrokerError {
  return new BrokerError(ErrorCode.UnknownMethod, `an event stream has no method '${method}'`);
}

/** Index of the first record whose name is behind `name`, in a list that is in the order of names. */
export function firstAfter(records: readonly ServiceRecord[], name: string): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = records[middle];
    if (record !== undefined && record.name <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** At least the encoded size: UTF-8 has at most three bytes for a UTF-16 unit. */
function sizeOf(event: EventShape): number {
  const texts = (event.line?.text?.length ?? 0) + (event.name?.length ?? 0) + (event.message?.length ?? 0);
  return eventBytes + 3 * texts + statusSize(event.status);
}

/** At least the encoded size of a status. */
export function statusSize(status: StatusShape | null | undefined): number {
  if (status === null || status === undefined) return 0;
  let texts = (status.name?.length ?? 0) + (status.file?.length ?? 0) + (status.failure?.length ?? 0);
  texts += (status.statusText?.length ?? 0) + (status.lastFailure?.text?.length ?? 0);
  for (const reason of status.waitsFor ?? []) texts += reason.length + 1;
  return eventBytes + 3 * texts;
}
