/**
 * What was recorded: the history of a process says what it sent, saw accepted, received, told and heard, in its own order. No clock is
 * shared, so the histories of several processes say nothing about each other but this: a message was sent before it was received.
 *
 * A *message* goes over the transport that is judged; a multicast is one message with several receivers. What is *told* goes past it
 * (a pipe, a file, a person), and is part of the history because causes travel that way, too.
 *
 * This file and the others of `bench/check/` share no code with any transport.
 */

export interface HistoryEvent {
  readonly kind: 'send' | 'complete' | 'receive' | 'tell' | 'hear';
  /** Names the message, the same in all histories; no other message, and nothing that is told, has this name. */
  readonly message: string;
  /** Of what is sent and told: who is to get it, in the order in which they were named. */
  readonly to?: readonly string[];
  /** Of what is sent: the handle that keeps an order of its own. Default: one for each receiver. */
  readonly handle?: string;
  /** Of what is sent and received: a digest of its bytes. */
  readonly digest?: number;
  /** The repetition that it belongs to, where a pattern is run many times. */
  readonly run?: number;
}

/** Each process's history by its name. */
export type Histories = Readonly<Record<string, readonly HistoryEvent[]>>;

/** An event and the index of its process among `Object.keys(histories)`. */
export interface PlacedEvent {
  readonly process: number;
  readonly event: HistoryEvent;
}

const isOrigin = ({ kind }: HistoryEvent): boolean => kind === 'send' || kind === 'tell';
const isArrival = ({ kind }: HistoryEvent): boolean => kind === 'receive' || kind === 'hear';

/**
 * All events in one order that every history agrees with: each process's own order, and nothing arrives before it was sent. What can
 * arrive at once does, which makes for straight arrows. What nobody sent arrives at any time. Throws if there is no such order, which no
 * real processes can bring about: then two messages have one name.
 */
export function linearise(histories: Histories): PlacedEvent[] {
  const logs = Object.values(histories);
  const origins = new Set(logs.flatMap((log) => log.filter(isOrigin).map(({ message }) => message)));
  const under = new Set<string>();
  const next = logs.map(() => 0);
  const placed: PlacedEvent[] = [];
  let latest: string | undefined;
  const candidate = (process: number): HistoryEvent | undefined => {
    const event = logs[process]?.[next[process] ?? 0];
    if (event === undefined || !isArrival(event)) return event;
    return under.has(event.message) || !origins.has(event.message) ? event : undefined;
  };
  for (;;) {
    let chosen: PlacedEvent | undefined;
    for (let process = 0; process < logs.length; process++) {
      const event = candidate(process);
      if (event === undefined) continue;
      chosen ??= { process, event };
      if (event.message !== latest || !isArrival(event)) continue;
      chosen = { process, event };
      break;
    }
    if (chosen === undefined) break;
    placed.push(chosen);
    next[chosen.process] = (next[chosen.process] ?? 0) + 1;
    if (!isOrigin(chosen.event)) continue;
    under.add(chosen.event.message);
    latest = chosen.event.message;
  }
  if (placed.length < logs.reduce((sum, log) => sum + log.length, 0))
    throw new Error('the histories contradict each other: something was received before it was sent');
  return placed;
}

/** The same histories with only those events that are wanted. */
export function restrict(histories: Histories, isKept: (event: HistoryEvent) => boolean): Histories {
  return Object.fromEntries(Object.entries(histories).map(([name, log]) => [name, log.filter(isKept)]));
}

/** The same histories with other names for messages; different ones must stay different. */
export function rename(histories: Histories, nameOf: (message: string) => string): Histories {
  const renamed = (event: HistoryEvent): HistoryEvent => ({ ...event, message: nameOf(event.message) });
  return Object.fromEntries(Object.entries(histories).map(([name, log]) => [name, log.map(renamed)]));
}

/** Names of all messages and of all that was told, each once, in an order that the histories agree with. */
export function namesOf(histories: Histories): string[] {
  return [...new Set(Object.values(histories).flatMap((log) => log.map(({ message }) => message)))];
}

/** Histories of each repetition by itself. What belongs to none is in all of them. */
export function byRun(histories: Histories): Map<number, Histories> {
  const runs = new Map<number, Record<string, HistoryEvent[]>>();
  for (const [name, log] of Object.entries(histories)) {
    for (const event of log) {
      if (event.run === undefined) continue;
      const run = runs.get(event.run) ?? {};
      runs.set(event.run, run);
      run[name] ??= [];
      run[name].push(event);
    }
  }
  // Every process stands in every run, in the same place, whether it had something to do or not.
  const names = Object.keys(histories);
  return new Map(
    [...runs].map(([run, logs]) => [run, Object.fromEntries(names.map((name) => [name, logs[name] ?? []]))]),
  );
}

/**
 * What a multicast is where it is a loop: a message of its own to each receiver, sent one after the other. A property that holds of
 * the loop may not hold of the message.
 */
export function asLoop(histories: Histories): Histories {
  const receiversOf = new Map<string, readonly string[]>();
  for (const log of Object.values(histories)) {
    for (const { kind, message, to } of log) if (kind === 'send') receiversOf.set(message, to ?? []);
  }
  const isMany = (message: string): boolean => (receiversOf.get(message)?.length ?? 0) > 1;
  const part = (message: string, receiver: string): string => `${message} to ${receiver}`;
  const split = (name: string, event: HistoryEvent): readonly HistoryEvent[] => {
    const { kind, message } = event;
    if (!isMany(message)) return [event];
    if (kind === 'receive') return [{ ...event, message: part(message, name) }];
    const receivers = receiversOf.get(message) ?? [];
    return receivers.map((receiver) => ({
      ...event,
      message: part(message, receiver),
      ...(kind === 'send' ? { to: [receiver] } : {}),
    }));
  };
  return Object.fromEntries(
    Object.entries(histories).map(([name, log]) => [name, log.flatMap((event) => split(name, event))]),
  );
}
