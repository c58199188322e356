/**
 * The patterns of W8: the smallest programs in which the order of messages between processes can matter. Each is a table of rules, "who
 * does what, and when", which the processes carry out (bench/peers/order.ts) and the documentation shows (docs/benchmark-order.md).
 *
 * A *load* is what a process has been sending to somebody already: messages of 1 KiB on the same handle, ahead of what matters. What is *told*
 * goes past the transport. Every send is waited for until it is accepted, as a careful program does. The receivers of a multicast are named in an
 * order that is turned by one from run to run, since a list of subscribers has no order that a program could rely on.
 */
import type { OrderPromise } from '../check/promise.js';

export type OrderRole = 'a' | 'b' | 'c' | 'd' | 'e';

export type OrderAction =
  | { readonly kind: 'load'; readonly to: OrderRole }
  | { readonly kind: 'send'; readonly message: string; readonly to: readonly OrderRole[] }
  | { readonly kind: 'tell'; readonly message: string; readonly to: OrderRole };

export interface OrderRule {
  readonly at: OrderRole;
  /** The beginning of a run, or what was received or heard. */
  readonly on: string;
  readonly actions: readonly OrderAction[];
}

export interface OrderPattern {
  readonly name: string;
  /** In one sentence. */
  readonly title: string;
  readonly roles: readonly OrderRole[];
  readonly property: 'causality' | 'agreement';
  /** The least order that promises that it is kept, whatever the order in which the receivers of a multicast are named. */
  readonly promisedFrom: 'causal' | 'total';
  readonly rules: readonly OrderRule[];
}

export const startOfRun = 'start';

const load = (to: OrderRole): OrderAction => ({ kind: 'load', to });
const send = (message: string, ...to: readonly OrderRole[]): OrderAction => ({ kind: 'send', message, to });
const tell = (message: string, to: OrderRole): OrderAction => ({ kind: 'tell', message, to });

export const orderPatterns: readonly OrderPattern[] = [
  {
    name: 'relay',
    title: 'A tells C, A tells B, B tells C',
    roles: ['a', 'b', 'c'],
    property: 'causality',
    promisedFrom: 'causal',
    rules: [
      { at: 'a', on: startOfRun, actions: [load('c'), send('cause', 'c'), send('ask', 'b')] },
      { at: 'b', on: 'ask', actions: [send('effect', 'c')] },
    ],
  },
  {
    name: 'receipt',
    title: 'A multicasts to B and D; B has it and tells C past the transport; C tells D',
    roles: ['a', 'b', 'c', 'd'],
    property: 'causality',
    promisedFrom: 'total',
    rules: [
      { at: 'a', on: startOfRun, actions: [load('d'), send('cause', 'b', 'd')] },
      { at: 'b', on: 'cause', actions: [tell('seen', 'c')] },
      { at: 'c', on: 'seen', actions: [send('effect', 'd')] },
    ],
  },
  {
    name: 'completion',
    title: "A's send to C is complete; A tells B past the transport; B tells C",
    roles: ['a', 'b', 'c'],
    property: 'causality',
    promisedFrom: 'total',
    rules: [
      { at: 'a', on: startOfRun, actions: [load('c'), send('cause', 'c'), tell('written', 'b')] },
      { at: 'b', on: 'written', actions: [send('effect', 'c')] },
    ],
  },
  {
    name: 'triangle',
    title: 'A multicasts to B and C; B answers with a multicast to C and A',
    roles: ['a', 'b', 'c'],
    property: 'causality',
    promisedFrom: 'total',
    rules: [
      { at: 'a', on: startOfRun, actions: [load('c'), send('cause', 'b', 'c')] },
      { at: 'b', on: 'cause', actions: [send('effect', 'c', 'a')] },
    ],
  },
  {
    name: 'concurrent',
    title: 'A and B multicast to C and D at the same time',
    roles: ['a', 'b', 'c', 'd'],
    property: 'agreement',
    promisedFrom: 'total',
    rules: [
      { at: 'a', on: startOfRun, actions: [load('c'), send('one', 'c', 'd')] },
      { at: 'b', on: startOfRun, actions: [load('d'), send('two', 'c', 'd')] },
    ],
  },
  {
    name: 'disjoint',
    title:
      'A tells D, then past the transport B, who tells E; C multicasts to D and E, and sees what A and B sent',
    roles: ['a', 'b', 'c', 'd', 'e'],
    property: 'agreement',
    promisedFrom: 'total',
    rules: [
      { at: 'a', on: startOfRun, actions: [send('first', 'd', 'c'), tell('written', 'b')] },
      { at: 'b', on: 'written', actions: [send('second', 'e', 'c')] },
      { at: 'c', on: startOfRun, actions: [load('e'), send('both', 'd', 'e')] },
    ],
  },
];

/** Whether a transport with this manifest promises that the pattern's property is kept. */
export function isPromised(pattern: OrderPattern, { order }: OrderPromise): boolean {
  return order === 'total' || order === pattern.promisedFrom;
}

/** Throws if there is no such pattern. */
export function orderPattern(name: string): OrderPattern {
  const found = orderPatterns.find((pattern) => pattern.name === name);
  if (found === undefined) throw new Error(`no pattern of W8 is called ${name}`);
  return found;
}

/** Names of all that a role receives or hears in a run. */
export function arrivalsAt(pattern: OrderPattern, role: OrderRole): string[] {
  const actions = pattern.rules.flatMap((rule) => rule.actions);
  return actions.flatMap((action) =>
    action.kind !== 'load' && action.to.includes(role) ? [action.message] : [],
  );
}
