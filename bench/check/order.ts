/**
 * Judges order from recorded histories. Three properties, each stronger than the one before:
 *
 * - *fifo*: what was sent over one handle to one receiver arrives in the order in which it was sent.
 * - *causality*: if one message *happened before* another (Lamport 1978), a receiver of both gets it first. Sends of one process are in
 *   its order, and a send comes after all that the messages which its process had received came after.
 * - *agreement*: there is one order of all messages that contains causality and the order of arrival at every receiver. Two receivers who
 *   got two messages in different orders have none; there are longer contradictions in which no two receivers share two messages.
 *
 * What is told past the transport can be counted as a cause or not (`beside`). Who tells is believed about what he has received and about
 * what was *accepted* of what he has sent; of a send that was not complete yet he could not know.
 *
 * Method. Causality: each message gets a vector clock with a place for each sender. m came before m' exactly if the clock of m' has in
 * the place of m's sender at least the number that m has there itself; so a receiver needs to remember only the greatest clock seen in each
 * place, and a message whose own number is not above it comes too late. One pass, no pairs. Agreement: a graph with an edge
 * from each message to those that must follow it directly, which has an order exactly if it has no cycle.
 */
import { type Histories, type HistoryEvent, linearise } from './history.js';

export type Property = 'fifo' | 'causality' | 'agreement';

export interface OrderOptions {
  /** Whether what was told past the transport counts as a cause. Default: it does. */
  readonly beside?: boolean;
}

export interface Inversion {
  readonly receiver: string;
  /** Received first, although it came later. */
  readonly effect: string;
  readonly cause: string;
}

/** Messages that were overtaken on their own handle, in the order of arrival. */
export function findOvertaken(histories: Histories): Inversion[] {
  const places = new Map<string, number>();
  const handles = new Map<string, string>();
  for (const [sender, log] of Object.entries(histories)) {
    for (const [place, { kind, message, handle }] of log.entries()) {
      if (kind !== 'send') continue;
      places.set(message, place);
      handles.set(message, `${sender} ${handle ?? ''}`);
    }
  }
  const found: Inversion[] = [];
  for (const [receiver, log] of Object.entries(histories)) {
    const latest = new Map<string, string>();
    for (const { kind, message } of log) {
      const handle = handles.get(message);
      if (kind !== 'receive' || handle === undefined) continue;
      const before = latest.get(handle);
      const isLate = before !== undefined && (places.get(before) ?? 0) > (places.get(message) ?? 0);
      if (isLate) found.push({ receiver, cause: message, effect: before });
      else latest.set(handle, message);
    }
  }
  return found;
}

/** What a process knows: `known` with its own sends, `sure` with only those that were accepted. */
interface Knowledge {
  readonly known: number[];
  readonly sure: number[];
  /** Numbers of own sends that are not accepted yet. */
  readonly open: Map<string, number>;
}

export interface Stamp {
  readonly sender: number;
  readonly clock: readonly number[];
}

function join(into: number[], from: readonly number[]): void {
  for (const [place, value] of from.entries()) if (value > (into[place] ?? 0)) into[place] = value;
}

/** What one event does to the knowledge of its process; stamps what is sent and told. */
function learn(process: number, event: HistoryEvent, own: Knowledge, stamps: Map<string, Stamp>): void {
  const { kind, message } = event;
  switch (kind) {
    case 'send': {
      const number = (own.known[process] ?? 0) + 1;
      own.known[process] = number;
      own.open.set(message, number);
      stamps.set(message, { sender: process, clock: [...own.known] });
      return;
    }
    case 'complete': {
      own.open.delete(message);
      // Sure is an unbroken beginning of the own sends: a clock cannot say "the second, but not the first".
      own.sure[process] = Math.min(...own.open.values(), (own.known[process] ?? 0) + 1) - 1;
      return;
    }
    case 'tell':
      stamps.set(message, { sender: process, clock: [...own.sure] });
      return;
    case 'receive':
    case 'hear': {
      const clock = stamps.get(message)?.clock ?? [];
      join(own.known, clock);
      join(own.sure, clock);
    }
  }
}

/** Vector clocks of all messages, and of all that was told. */
export function stampsOf(histories: Histories, { beside = true }: OrderOptions = {}): Map<string, Stamp> {
  const names = Object.keys(histories);
  const knowledge = names.map(() => ({
    known: names.map(() => 0),
    sure: names.map(() => 0),
    open: new Map<string, number>(),
  }));
  const stamps = new Map<string, Stamp>();
  for (const { process, event } of linearise(histories)) {
    const own = knowledge[process];
    if (own === undefined || (!beside && (event.kind === 'tell' || event.kind === 'hear'))) continue;
    learn(process, event, own, stamps);
  }
  return stamps;
}

/** Whether the one message happened before the other. */
export function happenedBefore(earlier: Stamp | undefined, later: Stamp | undefined): boolean {
  if (earlier === undefined || later === undefined || earlier === later) return false;
  return (later.clock[earlier.sender] ?? 0) >= (earlier.clock[earlier.sender] ?? 0);
}

/** All messages that came too late by causality, in the order of arrival at each receiver. */
export function findInversions(histories: Histories, options: OrderOptions = {}): Inversion[] {
  const stamps = stampsOf(histories, options);
  const names = Object.keys(histories);
  const found: Inversion[] = [];
  for (const [receiver, log] of Object.entries(histories)) {
    const greatest = names.map(() => 0);
    const greatestFrom = names.map(() => '');
    const seen = new Set<string>();
    for (const { kind, message } of log) {
      const stamp = stamps.get(message);
      if (kind !== 'receive' || stamp === undefined || seen.has(message)) continue;
      seen.add(message);
      const { sender, clock } = stamp;
      if ((clock[sender] ?? 0) <= (greatest[sender] ?? 0))
        found.push({ receiver, cause: message, effect: greatestFrom[sender] ?? '' });
      for (const [place, value] of clock.entries()) {
        if (value <= (greatest[place] ?? 0)) continue;
        greatest[place] = value;
        greatestFrom[place] = message;
      }
    }
  }
  return found;
}

/** What the next thing that a process sends, or tells, must follow directly. */
interface Front {
  received: string | undefined;
  sent: string | undefined;
  told: string | undefined;
  accepted: string[];
  heard: string[];
  heardUntold: string[];
}

/** Edges from each message, and each thing told, to what must follow it directly. */
function followersOf(histories: Histories, beside: boolean): Map<string, Set<string>> {
  const followers = new Map<string, Set<string>>();
  const add = (earlier: string | undefined, later: string): void => {
    if (!followers.has(later)) followers.set(later, new Set());
    if (earlier !== undefined && earlier !== later) followers.get(earlier)?.add(later);
  };
  for (const log of Object.values(histories)) {
    for (const { kind, message } of log)
      if (kind === 'send' || (beside && kind === 'tell')) add(undefined, message);
  }
  for (const log of Object.values(histories)) {
    const front: Front = {
      received: undefined,
      sent: undefined,
      told: undefined,
      accepted: [],
      heard: [],
      heardUntold: [],
    };
    const seen = new Set<string>();
    for (const event of log) {
      if (!followers.has(event.message)) continue;
      for (const earlier of advance(front, event, seen)) add(earlier, event.message);
    }
  }
  return followers;
}

/** Takes one event into a process's front; returns what the event's message must follow. */
function advance(
  front: Front,
  { kind, message }: HistoryEvent,
  seen: Set<string>,
): readonly (string | undefined)[] {
  switch (kind) {
    case 'send': {
      const earlier = [front.received, front.sent, ...front.heard];
      front.sent = message;
      front.heard = [];
      return earlier;
    }
    case 'complete':
      front.accepted.push(message);
      return [];
    case 'receive': {
      if (seen.has(message)) return [];
      seen.add(message);
      const earlier = [front.received];
      front.received = message;
      return earlier;
    }
    case 'tell': {
      const earlier = [front.received, front.told, ...front.accepted, ...front.heardUntold];
      front.told = message;
      front.accepted = [];
      front.heardUntold = [];
      return earlier;
    }
    case 'hear':
      front.heard.push(message);
      front.heardUntold.push(message);
      return [];
  }
}

/** Messages among which there is a contradiction, if no single order fits; empty if one does. */
function findDisagreement(histories: Histories, { beside = true }: OrderOptions = {}): string[] {
  const followers = followersOf(histories, beside);
  const before = new Map([...followers.keys()].map((message) => [message, 0]));
  for (const set of followers.values())
    for (const message of set) before.set(message, (before.get(message) ?? 0) + 1);
  const free = [...before].filter(([, count]) => count === 0).map(([message]) => message);
  for (let message = free.pop(); message !== undefined; message = free.pop()) {
    before.delete(message);
    for (const follower of followers.get(message) ?? []) {
      const count = (before.get(follower) ?? 0) - 1;
      before.set(follower, count);
      if (count === 0) free.push(follower);
    }
  }
  return [...before.keys()];
}

/** Whether the histories break a property. */
export function breaks(histories: Histories, property: Property, options: OrderOptions = {}): boolean {
  switch (property) {
    case 'fifo':
      return findOvertaken(histories).length > 0;
    case 'causality':
      return findInversions(histories, options).length > 0;
    case 'agreement':
      return findDisagreement(histories, options).length > 0;
  }
}
