/**
 * A simulated connection under the real client peer: requests are written to the broker's port, and what is on the wire
 * reaches the peer one frame at a time, when the schedule says so.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import type { Attempt, BusLink, HolderShare, LinkEvents } from '../../transports/bus/link.js';
import type { Operation } from '../../transports/bus/operation.js';
import type { BusPeer } from '../../transports/bus/peer.js';
import { refusal } from '../../transports/bus/refusal.js';
import type { Arrival, Frame, Port, Request, SimulatedBroker, Waiter } from './broker.js';

const plain: Omit<Request, 'kind'> = {
  ...{ destinations: [], transfers: [], bytes: new Uint8Array(0), descriptors: [] },
  ...{ tag: 0, isPartial: false, count: 0, waiter: undefined },
};

const noAttempt: Attempt = { refused: () => {} };

export class Link implements BusLink {
  readonly port: Port;
  readonly #broker: SimulatedBroker;
  readonly #events: LinkEvents;
  readonly #waiting = new Set<Waiter>();
  #isOpen = true;

  constructor(broker: SimulatedBroker, port: Port, events: LinkEvents) {
    this.#broker = broker;
    this.port = port;
    this.#events = events;
  }

  send(operation: Operation, attempt: Attempt): Promise<number> {
    return this.#waited('send', operation, attempt);
  }

  call(operation: Operation): number {
    this.#write(requestOf('send', operation, undefined));
    return 0;
  }

  reply(operation: Operation): number {
    this.#write(requestOf('reply', operation, undefined));
    return 0;
  }

  replyAccepted(operation: Operation, attempt: Attempt): Promise<number> {
    return this.#waited('reply', operation, attempt);
  }

  create(word: number, generation: number, showsCredentials: boolean): void {
    const count = showsCredentials ? 1 : 0;
    this.#write({ ...plain, kind: 'create', destinations: [word, generation], count });
  }

  destroy(word: number, generation: number): void {
    this.#write({ ...plain, kind: 'destroy', destinations: [word, generation] });
  }

  release(word: number, generation: number, count: number): void {
    this.#write({ ...plain, kind: 'release', destinations: [word, generation], count });
  }

  withdraw(tag: number): void {
    this.#write({ ...plain, kind: 'withdraw', tag });
  }

  holders(): Promise<readonly HolderShare[]> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { attempt: noAttempt, resolve: () => resolve([]), reject };
      this.#waiting.add(waiter);
      this.#write({ ...plain, kind: 'holders', waiter });
    });
  }

  roomy(): Promise<void> {
    return Promise.resolve();
  }

  /** The connection ends; what was written before still arrives. */
  close(): void {
    if (!this.#isOpen) return;
    this.#write({ ...plain, kind: 'end' });
    this.#isOpen = false;
    this.port.down.length = 0;
    const error = new BrokerError(ErrorCode.Closed, 'the peer was closed');
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#waiting.clear();
  }

  /** The process was killed: of what it wrote, the last `unwritten` requests had not left it. */
  kill(unwritten: number): void {
    const { up } = this.port;
    up.splice(Math.max(0, up.length - unwritten));
    this.close();
  }

  receive(frame: Frame): void {
    if (!this.#isOpen) return;
    switch (frame.kind) {
      case 'accepted':
        this.#settled(frame.request)?.resolve(frame.sequence);
        break;
      case 'outcomes': {
        const waiter = this.#settled(frame.request);
        frame.codes.forEach((code, at) => void waiter?.attempt.outcome?.(at, code));
        waiter?.resolve(frame.sequence);
        break;
      }
      case 'refused':
        this.#refused(frame.request, frame.code, frame.position);
        break;
      default:
        this.#tell(frame);
    }
  }

  #refused(request: Request, code: number, position: number): void {
    const waiter = this.#settled(request);
    if (waiter !== undefined) {
      waiter.attempt.refused(code, position);
      waiter.reject(refusal(code));
    } else if (request.tag !== 0 && request.kind === 'send') this.#events.callRefused(request.tag, code);
    else this.#events.fault(new BrokerError(code as ErrorCode, `the broker refused a ${request.kind}`));
  }

  #settled(request: Request): Waiter | undefined {
    if (request.waiter !== undefined) this.#waiting.delete(request.waiter);
    return request.waiter;
  }

  #tell(arrival: Arrival): void {
    const events = this.#events;
    const { sequence, word, generation, tag, handles, bytes, descriptors } = arrival;
    switch (arrival.kind) {
      case 'Message':
        events.message(
          sequence,
          arrival.account,
          undefined,
          word,
          generation,
          arrival.replyWord,
          arrival.replyGeneration,
          handles,
          bytes,
          descriptors,
        );
        break;
      case 'Answer':
        events.answer(sequence, tag, handles, bytes, descriptors);
        break;
      case 'Lost':
        events.lost(tag, arrival.code);
        break;
      case 'Gone':
        events.gone(word, generation);
        break;
      case 'Unused':
        events.unused(word, generation, arrival.transfersSeen);
        break;
      case 'Writable':
        events.writableAgain(word, generation);
    }
  }

  #waited(kind: 'send' | 'reply', operation: Operation, attempt: Attempt): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiter = { attempt, resolve, reject };
      this.#waiting.add(waiter);
      this.#write(requestOf(kind, operation, waiter));
    });
  }

  #write(request: Request): void {
    if (this.#isOpen) this.#broker.written(this.port, request);
  }
}

/** Gives a peer its simulated connection. */
export function connectPeer(broker: SimulatedBroker, port: Port, peer: BusPeer): Link {
  const link = new Link(broker, port, peer);
  peer.attach(link);
  return link;
}

function requestOf(kind: 'send' | 'reply', operation: Operation, waiter: Waiter | undefined): Request {
  const { source, offset, length, destinationCount, transferCount } = operation;
  const request: Request = {
    kind,
    destinations: [...operation.destinations.subarray(0, 2 * destinationCount)],
    transfers: [...operation.transfers.subarray(0, 2 * transferCount)],
    // The caller may change its buffer as soon as `send` has returned (bus M9).
    bytes: source.slice(offset, offset + length),
    descriptors: operation.descriptors,
    tag: operation.tag,
    isPartial: operation.isPartial,
    count: 0,
    waiter,
  };
  operation.clear();
  return request;
}
