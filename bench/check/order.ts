/**
 * Finds inversions of causality in recorded histories.
 *
 * A history is what one process saw, in its own order: messages it sent and messages it received. From all histories
 * together follows which send *happened before* which (Lamport 1978): sends of one process in their order, and a send
 * after a receipt comes after everything that the received message came after. An *inversion* is a receiver that got the
 * effect before the cause: m was sent before m' in that order, both went to this receiver, and it got m' first.
 *
 * Method: each send gets a vector clock. m comes before m' exactly if the clock of m' has, in the place of m's
 * sender, at least the number that m has there itself. So a receiver needs to remember only the greatest clock seen so far in each
 * place: a message whose own number is not above it comes too late. One pass, no pairs.
 *
 * This file shares no code with any transport.
 */

export interface HistoryEvent {
  readonly kind: 'send' | 'receive';
  /** Names the message, the same in the sender's and in the receiver's history. */
  readonly message: string;
  /** The receiver of a sent message. */
  readonly to?: string;
}

export type Histories = Readonly<Record<string, readonly HistoryEvent[]>>;

export interface Inversion {
  readonly receiver: string;
  /** Received first, although it was sent later. */
  readonly effect: string;
  /** Received later, or by the end not at all. */
  readonly cause: string;
}

interface Sent {
  readonly sender: number;
  readonly clock: readonly number[];
}

/** Vector clocks of all sends. Throws if a message is received that nobody sent: then the histories are incomplete. */
function clocksOf(names: readonly string[], histories: Histories): Map<string, Sent> {
  const sent = new Map<string, Sent>();
  const clocks = names.map(() => names.map(() => 0));
  const next = names.map(() => 0);
  for (let progress = true; progress; ) {
    progress = false;
    for (const [process, name] of names.entries()) {
      const history = histories[name] ?? [];
      const clock = clocks[process] ?? [];
      for (let at = next[process] ?? 0; at < history.length; at++) {
        const event = history[at];
        if (event === undefined) break;
        if (event.kind === 'send') {
          clock[process] = (clock[process] ?? 0) + 1;
          sent.set(event.message, { sender: process, clock: [...clock] });
        } else {
          const cause = sent.get(event.message);
          if (cause === undefined) break;
          for (const [place, value] of cause.clock.entries())
            clock[place] = Math.max(clock[place] ?? 0, value);
        }
        next[process] = at + 1;
        progress = true;
      }
    }
  }
  for (const [process, name] of names.entries()) {
    const stuck = histories[name]?.[next[process] ?? 0];
    if (stuck !== undefined) throw new Error(`${name} received ${stuck.message}, which nobody sent`);
  }
  return sent;
}

/** All inversions, in the order of each receiver's history. */
export function findInversions(histories: Histories): Inversion[] {
  const names = Object.keys(histories);
  const sent = clocksOf(names, histories);
  const found: Inversion[] = [];
  for (const receiver of names) {
    const greatest = names.map(() => 0);
    const greatestFrom = names.map(() => '');
    for (const event of histories[receiver] ?? []) {
      if (event.kind !== 'receive') continue;
      const message = sent.get(event.message);
      if (message === undefined) continue;
      const own = message.clock[message.sender] ?? 0;
      if (own <= (greatest[message.sender] ?? 0)) {
        found.push({ receiver, cause: event.message, effect: greatestFrom[message.sender] ?? '' });
      }
      for (const [place, value] of message.clock.entries()) {
        if (value > (greatest[place] ?? 0)) {
          greatest[place] = value;
          greatestFrom[place] = event.message;
        }
      }
    }
  }
  return found;
}

/** Messages sent to somebody who did not receive them, or received them twice. Empty when every message arrived once. */
export function findDeliveryFaults(histories: Histories): string[] {
  const received = new Map<string, number>();
  for (const [receiver, history] of Object.entries(histories)) {
    for (const event of history) {
      if (event.kind !== 'receive') continue;
      const key = `${receiver} ${event.message}`;
      received.set(key, (received.get(key) ?? 0) + 1);
    }
  }
  const faults: string[] = [];
  for (const [sender, history] of Object.entries(histories)) {
    for (const event of history) {
      if (event.kind !== 'send' || event.to === undefined) continue;
      const count = received.get(`${event.to} ${event.message}`) ?? 0;
      if (count !== 1) faults.push(`${event.message} from ${sender} reached ${event.to} ${count} times`);
    }
  }
  return faults;
}

/** The message diagram of one inversion, for people. */
export function describeInversion(inversion: Inversion): string {
  return `${inversion.receiver} received ${inversion.effect} before ${inversion.cause}, although ${inversion.cause} was sent first`;
}
