/** Brokers that get ids, endings and deliveries wrong. */
import { bitsOf, type CapabilityLimits, handleBits, type Id } from '../../../broker/capability/index.js';
import { ErrorCode } from '../../../broker/contract/errors.js';
import { Operation } from '../../../transports/bus/operation.js';
import { type Arrival, type Port, type Request, SimulatedBroker } from '../broker.js';

/** What becomes of an item on its way out: nothing, itself, several. */
export type Fate = (arrival: Arrival, port: Port) => readonly Arrival[];

/** Does something to what leaves. */
export class Filter extends SimulatedBroker {
  readonly #fate: Fate;

  constructor(limits: Partial<CapabilityLimits>, fate: Fate) {
    super(limits);
    this.#fate = fate;
  }

  override carry(port: Port, _choice: number): void {
    const arrival = this.leave(port);
    if (arrival !== undefined) port.down.push(...this.#fate(arrival, port));
  }
}

/** The nth arrival of a kind meets another fate than the others. */
export function each(count: number, is: (arrival: Arrival) => boolean, fate: Fate): Fate {
  let seen = 0;
  return (arrival, port) => {
    if (!is(arrival)) return [arrival];
    seen += 1;
    return seen % count === 0 ? fate(arrival, port) : [arrival];
  };
}

/** Handles that are invalid are left out, so that the others move up. */
export const dropInvalid: Fate = (arrival) => {
  const handles: number[] = [];
  for (let at = 0; at < arrival.handles.length; at += 2) {
    const [word = 0, generation = 0] = arrival.handles.slice(at, at + 2);
    if (generation !== 0) handles.push(word, generation);
  }
  return [{ ...arrival, handles }];
};

/** `node unused` claims to know of every transfer that its owner has written so far. */
export class StaleUnused extends SimulatedBroker {
  protected override leave(port: Port): Arrival | undefined {
    const arrival = super.leave(port);
    if (arrival?.kind !== 'Unused') return arrival;
    let written = 0;
    for (const { kind, transfers, destinations } of port.up) {
      const isOutward = destinations.some((word, at) => at % 2 === 0 && bitsOf(word) !== 0);
      if ((kind !== 'send' && kind !== 'reply') || !isOutward) continue;
      for (let at = 0; at < transfers.length; at += 2) {
        if (transfers[at] === arrival.word && transfers[at + 1] === arrival.generation) written += 1;
      }
    }
    return { ...arrival, transfersSeen: arrival.transfersSeen + written };
  }
}

/** Ids of handles are indexes alone, and a place that is free is used again. */
export class ReusedIds extends SimulatedBroker {
  /** What each index means now. */
  readonly #meanings = new Map<Port, Map<number, number>>();

  override introduce(owner: Port, node: Id, holder: Port): Id | undefined {
    const id = super.introduce(owner, node, holder);
    return id === undefined
      ? undefined
      : { word: id.word, generation: this.#show(holder, id.word, id.generation) };
  }

  protected override carryOut(port: Port, request: Request): void {
    const real = (ids: readonly number[]): number[] =>
      ids.map((value, at) => (at % 2 === 0 ? value : this.#meant(port, ids[at - 1] ?? 0, value)));
    super.carryOut(port, {
      ...request,
      destinations: real(request.destinations),
      transfers: real(request.transfers),
    });
  }

  protected override leave(port: Port): Arrival | undefined {
    const arrival = super.leave(port);
    if (arrival === undefined) return undefined;
    const handles = arrival.handles.map((value, at) =>
      at % 2 === 0 ? value : this.#show(port, arrival.handles[at - 1] ?? 0, value),
    );
    const isAbout = arrival.kind === 'Gone' || arrival.kind === 'Writable';
    const generation = isAbout ? this.#show(port, arrival.word, arrival.generation) : arrival.generation;
    return { ...arrival, handles, generation };
  }

  #show(port: Port, word: number, generation: number): number {
    if (bitsOf(word) !== handleBits || generation === 0) return generation;
    const meanings = this.#meanings.get(port) ?? new Map<number, number>();
    this.#meanings.set(port, meanings.set(word, generation));
    return 1;
  }

  #meant(port: Port, word: number, generation: number): number {
    return bitsOf(word) === handleBits ? (this.#meanings.get(port)?.get(word) ?? generation) : generation;
  }
}

/** Far from every index that the core gives out. */
const inventedIndex = 1 << 20;

/**
 * The hole of both Bus1 (bus M5): a handle that is dead on arrival gets an id like any other, and nothing is ever said about it.
 */
export class SilentlyDead extends SimulatedBroker {
  #invented = 0;

  protected override carryOut(port: Port, request: Request): void {
    const [word = 0] = request.destinations;
    if (request.kind === 'release' && word >>> 3 >= inventedIndex) return;
    if (request.kind === 'send' && request.destinations.some((each) => each >>> 3 >= inventedIndex)) {
      this.accept(port, request, 0);
      return;
    }
    const transfers = request.transfers.map((value, at) => {
      const index = (at % 2 === 0 ? value : (request.transfers[at - 1] ?? 0)) >>> 3;
      return index >= inventedIndex ? 0 : value;
    });
    super.carryOut(port, { ...request, transfers });
  }

  protected override leave(port: Port): Arrival | undefined {
    const arrival = super.leave(port);
    if (arrival === undefined) return undefined;
    const handles = [...arrival.handles];
    for (let at = 0; at < handles.length; at += 2) {
      if (handles[at + 1] !== 0) continue;
      this.#invented += 1;
      handles[at] = ((inventedIndex + this.#invented) << 3) | handleBits;
      handles[at + 1] = 1;
    }
    return { ...arrival, handles };
  }
}

/** Each arrival of a handle is an id of its own, though all stand for one node. */
export class ManyIds extends SimulatedBroker {
  readonly #real = new Map<number, Id>();
  #invented = 0;

  protected override carryOut(port: Port, request: Request): void {
    const real = (ids: readonly number[]): number[] => {
      const found: number[] = [];
      for (let at = 0; at < ids.length; at += 2) {
        const id = this.#real.get(ids[at] ?? 0);
        found.push(id?.word ?? ids[at] ?? 0, id?.generation ?? ids[at + 1] ?? 0);
      }
      return found;
    };
    super.carryOut(port, {
      ...request,
      destinations: real(request.destinations),
      transfers: real(request.transfers),
    });
  }

  protected override leave(port: Port): Arrival | undefined {
    const arrival = super.leave(port);
    if (arrival === undefined) return undefined;
    const handles = [...arrival.handles];
    for (let at = 0; at < handles.length; at += 2) {
      const [word = 0, generation = 0] = handles.slice(at, at + 2);
      if (bitsOf(word) !== handleBits || generation === 0) continue;
      this.#invented += 1;
      handles[at] = ((inventedIndex + this.#invented) << 3) | handleBits;
      this.#real.set(handles[at] ?? 0, { word, generation });
    }
    return { ...arrival, handles };
  }
}

/** Finds no fault with what it refuses. */
export class RefusesReleases extends SimulatedBroker {
  protected override carryOut(port: Port, request: Request): void {
    if (request.kind === 'release') this.refuse(port, request, ErrorCode.UnknownHandle, 0);
    else super.carryOut(port, request);
  }
}

/** Forgets to give back what a peer had under way when it ended. */
export class LeakyQuota extends SimulatedBroker {
  protected override carryOut(port: Port, request: Request): void {
    super.carryOut(port, request);
    if (request.kind !== 'end') return;
    // Somebody of the same user whom nobody sees, with a message that nobody will ever read.
    const { core } = this;
    const outlet = { isBlocked: false, wake: () => {} };
    const [sender, receiver] = [0, 1].map(() => core.addPeer(port.record.identity, outlet));
    if (sender === undefined || receiver === undefined) return;
    core.create(receiver, 0, 1, false);
    const handle = core.introduce(receiver, { word: 0, generation: 1 }, sender);
    const operation = new Operation();
    operation.address(handle?.word ?? 0, handle?.generation ?? 0);
    operation.setPayload(new Uint8Array(200), 0, 200);
    core.send(sender, operation);
  }
}
