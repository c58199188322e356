/** Histories for tests of the benchmark's checkers: their events, and random runs of processes that send to each other. */
import type { Histories, HistoryEvent } from '../../bench/check/history.js';

export const send = (message: string, ...to: readonly string[]): HistoryEvent => ({
  kind: 'send',
  message,
  to,
});
export const accept = (message: string): HistoryEvent => ({ kind: 'complete', message });
export const receive = (message: string): HistoryEvent => ({ kind: 'receive', message });
export const tell = (message: string, ...to: readonly string[]): HistoryEvent => ({
  kind: 'tell',
  message,
  to,
});
export const hear = (message: string): HistoryEvent => ({ kind: 'hear', message });

const names = ['a', 'b', 'c', 'd'];

/** Four processes that send to each other over channels that reorder; causality kept as sets of causes, not as clocks. */
export function randomHistories(next: () => number): {
  readonly histories: Histories;
  readonly happensBefore: (m: string, n: string) => boolean;
} {
  const histories: Record<string, HistoryEvent[]> = Object.fromEntries(names.map((name) => [name, []]));
  const known: Record<string, Set<string>> = Object.fromEntries(names.map((name) => [name, new Set()]));
  const causes = new Map<string, Set<string>>();
  const flying: { message: string; to: string }[] = [];
  for (let step = 0; step < 30; step++) {
    if (flying.length > 0 && next() % 2 === 0) {
      const [moved] = flying.splice(next() % flying.length, 1);
      if (moved === undefined) continue;
      histories[moved.to]?.push(receive(moved.message));
      for (const cause of [moved.message, ...(causes.get(moved.message) ?? [])]) known[moved.to]?.add(cause);
    } else {
      const from = names[next() % 4] ?? 'a';
      const to = names.filter((name) => name !== from)[next() % 3] ?? 'b';
      const message = `m${step}`;
      causes.set(message, new Set(known[from]));
      known[from]?.add(message);
      histories[from]?.push(send(message, to));
      flying.push({ message, to });
    }
  }
  return { histories, happensBefore: (m, n) => causes.get(n)?.has(m) ?? false };
}

/**
 * Four processes and a sequencer: what is sent waits in its sender's queue until the sequencer takes it, accepts it, and puts it into the
 * queues of all its receivers at once. Processes also tell each other things past it, which arrive whenever they do.
 */
export function sequencedHistories(next: () => number, steps: number): Histories {
  const histories: Record<string, HistoryEvent[]> = Object.fromEntries(names.map((name) => [name, []]));
  const outgoing: Record<string, { message: string; to: string[] }[]> = {};
  const incoming: Record<string, HistoryEvent[]> = {};
  const heard: Record<string, string[]> = {};
  const sequence = (name: string): void => {
    const taken = outgoing[name]?.shift();
    if (taken === undefined) return;
    for (const receiver of taken.to) {
      incoming[receiver] ??= [];
      incoming[receiver].push(receive(taken.message));
    }
    histories[name]?.push(accept(taken.message));
  };
  const take = (name: string): void => {
    const item = incoming[name]?.shift();
    if (item !== undefined) histories[name]?.push(item);
  };
  for (let step = 0; step < steps; step++) {
    const name = names[next() % names.length] ?? 'a';
    const others = names.filter((other) => other !== name && next() % 2 === 0);
    const message = `m${step}`;
    switch (next() % 6) {
      case 0:
      case 1:
        if (others.length === 0) break;
        histories[name]?.push(send(message, ...others));
        outgoing[name] ??= [];
        outgoing[name].push({ message, to: others });
        break;
      case 2:
        sequence(name);
        break;
      case 3: {
        const [listener] = others;
        if (listener === undefined) break;
        histories[name]?.push(tell(message, listener));
        heard[listener] ??= [];
        heard[listener].push(message);
        break;
      }
      case 4: {
        const news = heard[name]?.shift();
        if (news !== undefined) histories[name]?.push(hear(news));
        break;
      }
      default:
        take(name);
    }
  }
  for (const name of names) while ((outgoing[name]?.length ?? 0) > 0) sequence(name);
  for (const name of names) while ((incoming[name]?.length ?? 0) > 0) take(name);
  return histories;
}
