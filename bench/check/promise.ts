/**
 * What a transport's manifest promises about order, as a question to the checkers.
 *
 * - `per-handle`: messages of one handle stay in order.
 * - `causal`: messages that caused each other, through the transport, stay in order.
 * - `total`: there is one order of all messages, and what is told past the transport is a cause like any other.
 *
 * Where a multicast is a loop it is several messages, and the promise is about each of these.
 */
import { asLoop, type Histories } from './history.js';
import { breaks, type Property } from './order.js';

export interface OrderPromise {
  readonly order: 'per-handle' | 'causal' | 'total';
  readonly multicast: 'atomic' | 'loop';
}

const properties = {
  'per-handle': 'fifo',
  causal: 'causality',
  total: 'agreement',
} as const satisfies Record<OrderPromise['order'], Property>;

/** The property that was promised and is broken by these histories, or undefined. */
export function brokenPromise(histories: Histories, promise: OrderPromise): Property | undefined {
  const property = properties[promise.order];
  const judged = promise.multicast === 'loop' ? asLoop(histories) : histories;
  const isBroken = breaks(judged, 'fifo') || breaks(judged, property, { beside: promise.order === 'total' });
  return isBroken ? property : undefined;
}
