/**
 * A node that keeps what it receives, so that a test can look at it and wait for it.
 */
import type { CapabilityNode, Delivery, NodeOptions, Peer } from '../../broker/contract/transport.js';
import { eventually } from './eventually.js';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export interface Collector {
  readonly node: CapabilityNode;
  /** All that has arrived, in order. The test closes what is in it. */
  readonly deliveries: readonly Delivery[];
  /** The deliveries' bytes as text. */
  readonly texts: readonly string[];
  /** How often `unused` was told. */
  readonly unusedCount: number;
  /** Waits for the delivery with this index. */
  delivery(at: number): Promise<Delivery>;
}

/** Makes a node of this peer. `react` is called with each delivery after it was kept. */
export function createCollector(
  peer: Peer,
  react: (delivery: Delivery) => void = () => {},
  options?: NodeOptions,
): Collector {
  const deliveries: Delivery[] = [];
  let unusedCount = 0;
  const node = peer.createNode(
    {
      message: (delivery) => {
        deliveries.push(delivery);
        react(delivery);
      },
      unused: () => {
        unusedCount += 1;
      },
    },
    options,
  );
  return {
    node,
    deliveries,
    get texts() {
      return deliveries.map(({ bytes }) => textOf(bytes));
    },
    get unusedCount() {
      return unusedCount;
    },
    delivery: async (at) => {
      await eventually(`delivery ${at} of ${deliveries.length} so far`, () => deliveries.length > at);
      const delivery = deliveries[at];
      if (delivery === undefined) throw new Error(`no delivery ${at}`);
      return delivery;
    },
  };
}

/** A receiver's reaction that answers a call with its own bytes. */
export function echo(delivery: Delivery): void {
  delivery.reply?.send({ bytes: delivery.bytes });
}
