/**
 * The broker as a simulation runs it: the real core behind ports that move one thing at a time, when the schedule says so.
 *
 * A port is one connection. What its peer writes waits in `up` until the broker takes it (`take`); what the core has for the
 * peer waits in the core's own queue until it is put on the wire (`carry`); what is on the wire waits in `down` until it
 * reaches the peer (`Link.receive`). The broker's own answers (accepted, refused) go on the wire in the same step, as they do in
 * `transports/bus/router/`: before the items that wait for the peer, or right after them. So an acceptance may overtake items that
 * wait in the core, and no item that is put on the wire later overtakes it.
 *
 * Broken brokers (`broken/`) override `written`, `take`, `carry` and `more`.
 */
import {
  CapabilityCore,
  type CapabilityLimits,
  type DeliveryItem,
  type Id,
  ItemKind,
  noDescriptors,
  type PeerRecord,
} from '../../broker/capability/index.js';
import type { Attempt } from '../../transports/bus/link.js';
import { Operation } from '../../transports/bus/operation.js';
import { refusalOf } from '../../transports/bus/wire.js';

/** What a peer asks of the broker. */
export interface Request {
  readonly kind: 'send' | 'reply' | 'create' | 'destroy' | 'release' | 'withdraw' | 'holders' | 'end';
  /** Ids as pairs of word and generation. */
  readonly destinations: readonly number[];
  readonly transfers: readonly number[];
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
  readonly tag: number;
  readonly isPartial: boolean;
  /** Create: whether it shows credentials. Release: how many. */
  readonly count: number;
  /** Who waits for the acceptance. */
  readonly waiter: Waiter | undefined;
}

export interface Waiter {
  readonly attempt: Attempt;
  resolve(sequence: number): void;
  reject(error: Error): void;
}

/** An item that has left the core. */
export interface Arrival {
  readonly kind: 'Message' | 'Answer' | 'Lost' | 'Gone' | 'Unused' | 'Writable';
  readonly sequence: number;
  readonly account: number;
  /** Who sent a message or an answer. */
  readonly sender: PeerRecord | undefined;
  readonly word: number;
  readonly generation: number;
  readonly replyWord: number;
  readonly replyGeneration: number;
  readonly tag: number;
  readonly code: number;
  readonly transfersSeen: number;
  readonly handles: readonly number[];
  readonly bytes: Uint8Array;
  readonly descriptors: readonly number[];
}

/** What became of a request. */
export type Acknowledgement =
  | { readonly kind: 'accepted'; readonly request: Request; readonly sequence: number }
  | { readonly kind: 'refused'; readonly request: Request; readonly code: number; readonly position: number }
  | {
      readonly kind: 'outcomes';
      readonly request: Request;
      readonly sequence: number;
      readonly codes: readonly number[];
    };

/** What is on the wire to a peer. */
export type Frame = Acknowledgement | Arrival;

export class Port {
  readonly name: string;
  readonly record: PeerRecord;
  readonly up: Request[] = [];
  readonly down: Frame[] = [];
  /** The peer reads no more, for now: the broker cannot put anything on its wire. */
  isSlow = false;

  constructor(name: string, record: PeerRecord) {
    this.name = name;
    this.record = record;
  }
}

const kindNames = new Map<number, Arrival['kind']>(
  Object.entries(ItemKind).map(([name, kind]) => [kind, name as Arrival['kind']]),
);
const noBytes = new Uint8Array(0);
const operation = new Operation();

export class SimulatedBroker {
  readonly core: CapabilityCore;
  readonly ports: Port[] = [];
  readonly closedDescriptors: number[] = [];

  constructor(limits: Partial<CapabilityLimits>) {
    this.core = new CapabilityCore({
      closeDescriptors: (descriptors) => this.closedDescriptors.push(...descriptors),
      limits,
    });
  }

  connect(name: string, uid: number): Port {
    const { core } = this;
    const account = core.accountOf(uid);
    const record = core.addPeer({ account, pid: 1, uid, gid: uid }, { isBlocked: false, wake: () => {} });
    const port = new Port(name, record);
    this.ports.push(port);
    return port;
  }

  /** Gives `holder` a handle by right (bus P5). */
  introduce(owner: Port, node: Id, holder: Port): Id | undefined {
    return this.core.introduce(owner.record, node, holder.record);
  }

  /** The peer has written a request. */
  written(port: Port, request: Request): void {
    port.up.push(request);
  }

  /** Takes one request that the peer has written. `choice` is for brokers that have one. */
  take(port: Port, _choice: number): void {
    const request = port.up.shift();
    if (request === undefined) return;
    this.carryOut(port, request);
    this.core.tellReady();
  }

  /** Whether the core has something for the peer. */
  hasItems(port: Port): boolean {
    return !port.record.hasEnded && port.record.queue.head !== undefined;
  }

  /** Puts the next item on the wire. */
  carry(port: Port, _choice: number): void {
    const arrival = this.leave(port);
    if (arrival !== undefined) port.down.push(arrival);
  }

  /** Steps that the broker has under way by itself. */
  get more(): number {
    return 0;
  }

  /** Does one of them. */
  proceed(_choice: number): void {}

  /** The peer's next item, out of the core. */
  protected leave(port: Port): Arrival | undefined {
    const item = port.record.hasEnded ? undefined : port.record.queue.head;
    if (item === undefined) return undefined;
    const arrival = arrivalOf(item);
    this.core.delivered(port.record, item);
    this.core.tellReady();
    return arrival;
  }

  protected carryOut(port: Port, request: Request): void {
    const { core } = this;
    const { record } = port;
    const ids = request.destinations;
    switch (request.kind) {
      case 'end':
        core.endPeer(record);
        return;
      case 'holders':
        // Asked only to learn that everything before it was carried out.
        this.accept(port, request, 0);
        return;
      case 'create':
        this.#done(port, request, core.create(record, ids[0] ?? 0, ids[1] ?? 0, request.count === 1));
        return;
      case 'destroy':
        this.#done(port, request, core.destroy(record, Uint32Array.from(ids), ids.length / 2));
        return;
      case 'release':
        this.#done(port, request, core.release(record, Uint32Array.of(...ids, request.count), 1));
        return;
      case 'withdraw':
        this.#done(port, request, core.withdraw(record, request.tag));
        return;
      default:
        this.send(port, request);
    }
  }

  protected send(port: Port, request: Request): void {
    fill(request);
    const { core } = this;
    const result =
      request.kind === 'reply' ? core.reply(port.record, operation) : core.send(port.record, operation);
    const codes = [...operation.outcomes.subarray(0, request.destinations.length / 2)];
    if (result < 0) this.refuse(port, request, refusalOf(-result, operation.blame), operation.refusedAt);
    else if (request.isPartial && codes.some((code) => code !== 0)) {
      this.acknowledge(port, { kind: 'outcomes', request, sequence: result, codes });
    } else this.accept(port, request, result);
  }

  protected accept(port: Port, request: Request, sequence: number): void {
    if (request.waiter !== undefined) this.acknowledge(port, { kind: 'accepted', request, sequence });
  }

  protected refuse(port: Port, request: Request, code: number, position: number): void {
    this.acknowledge(port, { kind: 'refused', request, code, position });
  }

  /** What became of a request goes on the wire. */
  protected acknowledge(port: Port, frame: Acknowledgement): void {
    port.down.push(frame);
  }

  #done(port: Port, request: Request, result: number): void {
    if (result < 0) this.refuse(port, request, -result, 0);
  }
}

function fill(request: Request): void {
  const { destinations, transfers, bytes } = request;
  operation.addressMany(request.isPartial);
  for (let at = 0; at < destinations.length; at += 2) {
    operation.addDestination(destinations[at] ?? 0, destinations[at + 1] ?? 0);
  }
  for (let at = 0; at < transfers.length; at += 2) {
    operation.addTransfer(transfers[at] ?? 0, transfers[at + 1] ?? 0);
  }
  operation.tag = request.tag;
  operation.setPayload(bytes, 0, bytes.length);
  operation.descriptors = request.descriptors;
}

function arrivalOf(item: DeliveryItem): Arrival {
  const { payload } = item;
  const descriptors = payload?.descriptors ?? noDescriptors;
  // The last receiver takes the originals; nobody sends descriptors to several here.
  if (payload !== undefined && descriptors.length > 0) payload.descriptors = noDescriptors;
  return {
    kind: kindNames.get(item.kind) ?? 'Message',
    sequence: item.sequence,
    account: item.sender?.identity.account ?? 0,
    sender: item.sender,
    word: item.word,
    generation: item.generation,
    replyWord: item.replyWord,
    replyGeneration: item.replyGeneration,
    tag: item.tag,
    code: item.code,
    transfersSeen: item.transfersSeen,
    handles: item.handles,
    bytes: payload?.source.slice(payload.offset, payload.offset + payload.length) ?? noBytes,
    descriptors,
  };
}
