/**
 * A transport that is wrong on purpose: here and there it delivers two neighbouring messages of one node in the other order. Everything else is the
 * transport that it is made from. The checkers must catch it, or they are worth nothing (benchmark method, point 14).
 */
import type {
  CapabilityNode,
  Delivery,
  NodeOptions,
  Peer,
  Receiver,
  Session,
  Transport,
} from '../../broker/contract/index.js';

export interface SwappingTransport extends Transport {
  /** Pairs that were swapped so far. */
  readonly swaps: number;
}

/**
 * Connected peers receive swapped pairs: of each `oneIn` messages of a node one, at random, changes places with the next; the server's own peer
 * does not. Calls are never held back, so a
 * call at the end of a stream brings out what is.
 */
export function createSwappingTransport(
  inner: Transport,
  oneIn: number,
  random: () => number,
): SwappingTransport {
  let swaps = 0;
  const swapping = (receiver: Receiver): Receiver => {
    let held: Delivery | undefined;
    let count = 0;
    let chosen = random() % oneIn;
    const isChosen = (): boolean => {
      const at = count++ % oneIn;
      const is = at === chosen;
      if (at === oneIn - 1) chosen = random() % oneIn;
      return is;
    };
    const message = (delivery: Delivery): void => {
      if (held !== undefined) {
        const late = held;
        held = undefined;
        swaps++;
        receiver.message(delivery);
        receiver.message(late);
      } else if (delivery.reply === undefined && isChosen()) held = delivery;
      else receiver.message(delivery);
    };
    return receiver.unused === undefined ? { message } : { message, unused: () => receiver.unused?.() };
  };
  const wrap = (peer: Peer): Peer => ({
    manifest: peer.manifest,
    ended: peer.ended,
    createNode: (receiver: Receiver, options?: NodeOptions): CapabilityNode =>
      peer.createNode(swapping(receiver), options),
    multicast: (handles, message, options) => peer.multicast(handles, message, options),
    usage: () => peer.usage(),
    close: () => peer.close(),
  });
  return {
    name: `swapping ${inner.name}`,
    manifest: inner.manifest,
    serve: (options) => inner.serve(options),
    async connect(options): Promise<Session> {
      const { peer, root } = await inner.connect(options);
      return { peer: wrap(peer), root };
    },
    get swaps() {
      return swaps;
    },
  };
}
