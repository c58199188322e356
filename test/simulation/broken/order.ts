/** Brokers that get the order wrong, each in a way in which somebody once built one. */
import type { CapabilityLimits, PeerRecord } from '../../../broker/capability/index.js';
import { type Acknowledgement, type Arrival, type Port, type Request, SimulatedBroker } from '../broker.js';

/** Which of several ways an item takes; those of one way stay in order. */
type LaneOf = (arrival: Arrival) => unknown;

/** Items reach a peer over several lanes, which move independently of each other. */
export class Lanes extends SimulatedBroker {
  readonly #laneOf: LaneOf;
  readonly #lanes = new Map<Port, Map<unknown, Arrival[]>>();
  readonly #givesNumbers: boolean;

  constructor(limits: Partial<CapabilityLimits>, laneOf: LaneOf, givesNumbers: boolean) {
    super(limits);
    this.#laneOf = laneOf;
    this.#givesNumbers = givesNumbers;
  }

  override hasItems(port: Port): boolean {
    return super.hasItems(port) || this.#full(port).length > 0;
  }

  override carry(port: Port, choice: number): void {
    for (let arrival = this.leave(port); arrival !== undefined; arrival = this.leave(port)) {
      const lanes = this.#lanes.get(port) ?? new Map<unknown, Arrival[]>();
      this.#lanes.set(port, lanes);
      const lane = this.#laneOf(arrival);
      lanes.set(lane, [...(lanes.get(lane) ?? []), arrival]);
    }
    const full = this.#full(port);
    const next = full[choice % Math.max(1, full.length)]?.shift();
    if (next !== undefined) port.down.push(this.#givesNumbers ? next : { ...next, sequence: 0 });
  }

  protected override accept(port: Port, request: Request, sequence: number): void {
    super.accept(port, request, this.#givesNumbers ? sequence : 0);
  }

  #full(port: Port): Arrival[][] {
    return [...(this.#lanes.get(port)?.values() ?? [])].filter((lane) => lane.length > 0);
  }
}

/** No sequence: a receiver gets what each sender sent in the order of that connection, and merges as it comes. */
export function createNoSequence(limits: Partial<CapabilityLimits>): SimulatedBroker {
  return new Lanes(limits, ({ sender }) => sender, false);
}

/** Messages and notifications come over two streams. */
export function createTwoStreams(limits: Partial<CapabilityLimits>): SimulatedBroker {
  return new Lanes(limits, ({ kind }) => kind === 'Message' || kind === 'Answer', true);
}

/** Notifications are urgent: they go before what was queued earlier. */
export class NoticesFirst extends SimulatedBroker {
  readonly #queues = new Map<Port, Arrival[]>();

  override hasItems(port: Port): boolean {
    return super.hasItems(port) || (this.#queues.get(port)?.length ?? 0) > 0;
  }

  override carry(port: Port, _choice: number): void {
    const queue = this.#queues.get(port) ?? [];
    this.#queues.set(port, queue);
    for (let arrival = this.leave(port); arrival !== undefined; arrival = this.leave(port))
      queue.push(arrival);
    const urgent = queue.findIndex(({ kind }) => kind === 'Gone');
    const [next] = queue.splice(Math.max(0, urgent), 1);
    if (next !== undefined) port.down.push(next);
  }
}

/** Acknowledges what was written, not what was accepted. */
export class AcknowledgesWritten extends SimulatedBroker {
  readonly #told = new Set<Request>();

  override written(port: Port, request: Request): void {
    super.written(port, request);
    if (request.waiter === undefined || request.kind === 'holders') return;
    this.#told.add(request);
    // The number is not known yet.
    port.down.push({ kind: 'accepted', request, sequence: 0 });
  }

  protected override acknowledge(port: Port, frame: Acknowledgement): void {
    if (!this.#told.delete(frame.request)) super.acknowledge(port, frame);
  }
}

/** Releases are carried out at once, before what was written earlier. */
export class ReleasesFirst extends SimulatedBroker {
  override take(port: Port, choice: number): void {
    const at = port.up.findIndex(({ kind }) => kind === 'release');
    if (at > 0) port.up.unshift(...port.up.splice(at, 1));
    super.take(port, choice);
  }
}

interface Torn {
  readonly port: Port;
  readonly request: Request;
  readonly rest: number[];
}

/** A multicast is one send after the other, with whatever else comes between. */
export class TornMulticast extends SimulatedBroker {
  readonly #torn: Torn[] = [];

  override get more(): number {
    return this.#torn.length;
  }

  override proceed(choice: number): void {
    const torn = this.#torn[choice % Math.max(1, this.#torn.length)];
    if (torn !== undefined) this.#sendNext(torn);
  }

  /** The connection waits for its multicast, as it would in a broker of this kind. */
  override take(port: Port, choice: number): void {
    const torn = this.#torn.find((each) => each.port === port);
    if (torn === undefined) super.take(port, choice);
    else this.#sendNext(torn);
  }

  protected override send(port: Port, request: Request): void {
    if (request.destinations.length <= 2 || request.isPartial) {
      super.send(port, request);
      return;
    }
    const torn = { port, request, rest: [...request.destinations] };
    this.#torn.push(torn);
    this.#sendNext(torn);
  }

  protected override leave(port: Port): Arrival | undefined {
    const arrival = super.leave(port);
    return arrival === undefined ? undefined : { ...arrival, sequence: 0 };
  }

  protected override acknowledge(port: Port, frame: Acknowledgement): void {
    const torn = this.#torn.find(({ request }) => sameBytes(request, frame.request));
    if (torn === undefined) {
      super.acknowledge(port, frame.kind === 'refused' ? frame : { ...frame, sequence: 0 });
    } else if (frame.kind === 'refused') {
      this.#forget(torn);
      super.acknowledge(port, { ...frame, request: torn.request });
    }
  }

  #sendNext(torn: Torn): void {
    const destinations = torn.rest.splice(0, 2);
    super.send(torn.port, { ...torn.request, destinations });
    if (torn.rest.length > 0 || !this.#torn.includes(torn)) return;
    this.#forget(torn);
    super.acknowledge(torn.port, { kind: 'accepted', request: torn.request, sequence: 0 });
  }

  #forget(torn: Torn): void {
    this.#torn.splice(this.#torn.indexOf(torn), 1);
  }
}

function sameBytes(one: Request, other: Request): boolean {
  return one.bytes === other.bytes && one.waiter === other.waiter;
}

interface Entry {
  key: number;
  readonly tag: number;
  readonly arrival: Arrival;
}

interface Staging {
  readonly tag: number;
  readonly origin: Port;
  /** Where it has to be staged yet. */
  readonly rest: { readonly port: Port; readonly arrival: Arrival }[];
  readonly staged: { readonly port: Port; readonly entry: Entry }[];
  readonly acknowledgement: Acknowledgement | undefined;
  time: number;
}

/**
 * The algorithm of 2016: a clock and a queue for each peer, and a message to several is staged in their queues one after the other
 * (odd times), then gets its time from the clocks it has met, and is committed with that (even). An entry leaves its queue if it is
 * the first there and committed. Any two receivers agree; what a third party learned meanwhile does not count (bus O4).
 */
export class Staged extends SimulatedBroker {
  readonly #clocks = new Map<Port | PeerRecord, number>();
  readonly #queues = new Map<Port, Entry[]>();
  readonly #stagings: Staging[] = [];
  #acknowledgement: Acknowledgement | undefined;

  override get more(): number {
    return this.#stagings.length;
  }

  override proceed(choice: number): void {
    const staging = this.#stagings[choice % Math.max(1, this.#stagings.length)];
    if (staging !== undefined) this.#stageNext(staging);
  }

  /** One system call at a time for each peer. */
  override take(port: Port, choice: number): void {
    const staging = this.#stagings.find(({ origin }) => origin === port);
    if (staging !== undefined) this.#stageNext(staging);
    else {
      super.take(port, choice);
      this.#stage(port);
    }
  }

  override hasItems(port: Port): boolean {
    const first = this.#queues.get(port)?.[0];
    return !port.record.hasEnded && first !== undefined && first.key % 2 === 0;
  }

  override carry(port: Port, _choice: number): void {
    const entry = this.hasItems(port) ? this.#queues.get(port)?.shift() : undefined;
    if (entry !== undefined) port.down.push({ ...entry.arrival, sequence: 0 });
  }

  protected override acknowledge(_port: Port, frame: Acknowledgement): void {
    this.#acknowledgement = frame.kind === 'refused' ? frame : { ...frame, sequence: 0 };
  }

  /** What the core has queued for this request goes through the stages. */
  #stage(origin: Port): void {
    const rest: { readonly port: Port; readonly arrival: Arrival }[] = [];
    for (const port of this.ports) {
      for (let arrival = this.leave(port); arrival !== undefined; arrival = this.leave(port)) {
        rest.push({ port, arrival });
      }
    }
    const acknowledgement = this.#acknowledgement;
    this.#acknowledgement = undefined;
    const tag = this.core.sequence;
    const staging = { tag, origin, rest, staged: [], acknowledgement, time: 0 };
    this.#stagings.push(staging);
    const isMulticast = rest.length > 1 && rest.every(({ arrival }) => arrival.kind === 'Message');
    do this.#stageNext(staging);
    while (!isMulticast && this.#stagings.includes(staging));
  }

  #stageNext(staging: Staging): void {
    const next = staging.rest.shift();
    if (next !== undefined) {
      staging.time = this.#raise(next.port, staging.time);
      const entry = { key: staging.time + 1, tag: staging.tag, arrival: next.arrival };
      this.#queueOf(next.port).push(entry);
      staging.staged.push({ port: next.port, entry });
      this.#sort(next.port);
    }
    if (staging.rest.length === 0) this.#commit(staging);
  }

  #commit(staging: Staging): void {
    this.#stagings.splice(this.#stagings.indexOf(staging), 1);
    const { origin, staged, acknowledgement } = staging;
    const time = this.#raise(origin, staging.time) + 2;
    this.#raise(origin, time);
    for (const { port } of staged) this.#raise(port, time);
    for (const { port, entry } of staged) {
      entry.key = time;
      this.#sort(port);
    }
    if (acknowledgement !== undefined) super.acknowledge(origin, acknowledgement);
  }

  #raise(port: Port, time: number): number {
    const clock = Math.max(this.#clocks.get(port) ?? 0, time);
    this.#clocks.set(port, clock);
    return clock;
  }

  #queueOf(port: Port): Entry[] {
    const queue = this.#queues.get(port) ?? [];
    this.#queues.set(port, queue);
    return queue;
  }

  #sort(port: Port): void {
    this.#queueOf(port).sort((one, other) => one.key - other.key || one.tag - other.tag);
  }
}
