/**
 * Judges the order in which messages arrived, from a recorded history alone. Shares no code with what it judges.
 *
 * A history says of each message: who sent it on which channel (a handle), and which messages its sender knew of when it sent it,
 * because it had received them, had sent them, or was told by a side channel; and of each receiver, what arrived in which order.
 * Three rules, each stronger than the one before:
 *
 * - *fifo*: what went over one channel to one receiver arrives in the order in which it was sent.
 * - *causal*: what its sender knew of comes before it, wherever both arrive; through any number of steps.
 * - *agreement*: there is one order of all messages that every receiver's order and every sender's knowledge fit into. It is
 *   broken by a cycle: X saw A before B, Y saw B before A; or longer ones in which no two receivers share two messages (the
 *   scenario of bus O4).
 *
 * The counter-example that is reported is one of the smallest there are.
 */

export interface SentMessage {
  readonly id: string;
  /** What keeps an order of its own: a handle of a sender. A multicast names a channel for each receiver. */
  readonly channels: readonly string[];
  /** Ids of messages that its sender knew of. Only the latest ones are needed: knowledge is passed on. */
  readonly after: readonly string[];
}

export interface History {
  /** In the order in which each sender sent. */
  readonly sent: readonly SentMessage[];
  /** What each receiver got, in order. */
  readonly received: ReadonlyMap<string, readonly string[]>;
}

export interface Violation {
  readonly rule: 'fifo' | 'causal' | 'agreement';
  /** The messages of the counter-example, in an order in which each should precede the next. */
  readonly messages: readonly string[];
  /** One sentence. */
  readonly text: string;
}

/** The first rule that the history breaks, with a smallest counter-example, or `undefined`. */
export function checkOrder(
  history: History,
  promise: 'per-handle' | 'causal' | 'total',
): Violation | undefined {
  const rest = suspicious(history);
  return rest === undefined ? undefined : checkRest(rest, promise);
}

function checkRest(history: History, promise: 'per-handle' | 'causal' | 'total'): Violation | undefined {
  const fifo = checkFifo(history);
  if (fifo !== undefined || promise === 'per-handle') return fifo;
  const causal = checkCausality(history);
  if (causal !== undefined || promise === 'causal') return causal;
  return checkAgreement(history);
}

/**
 * What is left of a history when everything is taken away that no contradiction can go through; `undefined`, if it keeps every rule.
 * Takes time that grows with the history alone, where the rules below compare all pairs.
 */
function suspicious({ sent, received }: History): History | undefined {
  const successors = new Map<string, Set<string>>(sent.map(({ id }) => [id, new Set()]));
  const add = (earlier: string | undefined, later: string): void => {
    if (!successors.has(later)) successors.set(later, new Set());
    if (earlier === undefined) return;
    const set = successors.get(earlier) ?? new Set();
    successors.set(earlier, set.add(later));
  };
  const last = new Map<string, string>();
  for (const { id, channels, after } of sent) {
    for (const earlier of after) add(earlier, id);
    for (const channel of channels) {
      add(last.get(channel), id);
      last.set(channel, id);
    }
  }
  for (const order of received.values()) for (const [at, id] of order.entries()) add(order[at - 1], id);
  const left = new Set(onCycles([...successors.keys()], successors));
  if (left.size === 0) return undefined;
  return {
    sent: sent
      .filter(({ id }) => left.has(id))
      .map((message) => ({ ...message, after: message.after.filter((id) => left.has(id)) })),
    received: new Map(
      [...received].map(([receiver, order]) => [receiver, order.filter((id) => left.has(id))]),
    ),
  };
}

function checkFifo({ sent, received }: History): Violation | undefined {
  for (const [receiver, order] of received) {
    const position = positions(order);
    const last = new Map<string, SentMessage>();
    for (const message of sent) {
      const at = position.get(message.id);
      if (at === undefined) continue;
      for (const channel of message.channels) {
        const before = last.get(channel);
        last.set(channel, message);
        if (before === undefined || (position.get(before.id) ?? 0) < at) continue;
        return {
          rule: 'fifo',
          messages: [before.id, message.id],
          text: `${receiver} got ${message.id} before ${before.id}, which was sent first on ${channel}`,
        };
      }
    }
  }
  return undefined;
}

/** For each message the shortest chain of knowledge to whatever arrived after it and should have come first. */
function checkCausality({ sent, received }: History): Violation | undefined {
  const after = new Map(sent.map((message) => [message.id, message.after]));
  let smallest: Violation | undefined;
  for (const [receiver, order] of received) {
    const position = positions(order);
    for (const id of order) {
      const chain = shortestPath(
        id,
        (at) => after.get(at) ?? [],
        (cause) => (position.get(cause) ?? -1) > (position.get(id) ?? 0),
      );
      if (chain === undefined || (smallest !== undefined && smallest.messages.length <= chain.length))
        continue;
      const causes = chain.reverse();
      smallest = {
        rule: 'causal',
        messages: causes,
        text: `${receiver} got ${id} before ${causes[0]}, which its sender knew of`,
      };
    }
  }
  return smallest;
}

function checkAgreement(history: History): Violation | undefined {
  const { successors, ids } = precedence(history);
  const suspects = onCycles(ids, successors);
  let smallest: string[] | undefined;
  for (const id of suspects) {
    const cycle = shortestPath(
      id,
      (at) => [...(successors.get(at) ?? [])],
      (next) => successors.get(next)?.has(id) ?? false,
    );
    if (cycle !== undefined && (smallest === undefined || cycle.length < smallest.length)) smallest = cycle;
    if (smallest?.length === 2) break;
  }
  if (smallest === undefined) return undefined;
  const links = smallest.map((id, at) => {
    const next = smallest?.[(at + 1) % smallest.length] ?? id;
    return `${witness(history, id, next)} ${id} before ${next}`;
  });
  return { rule: 'agreement', messages: smallest, text: links.join('; ') };
}

/** Which messages must come after each message, by somebody's word. */
function precedence({ sent, received }: History): {
  readonly ids: readonly string[];
  readonly successors: ReadonlyMap<string, ReadonlySet<string>>;
} {
  const successors = new Map<string, Set<string>>();
  const add = (earlier: string, later: string): void => {
    const set = successors.get(earlier) ?? new Set();
    successors.set(earlier, set.add(later));
  };
  for (const message of sent) {
    if (!successors.has(message.id)) successors.set(message.id, new Set());
    for (const earlier of message.after) add(earlier, message.id);
  }
  for (const order of received.values()) {
    for (const [at, earlier] of order.entries()) {
      for (const later of order.slice(at + 1)) add(earlier, later);
    }
  }
  return { ids: [...successors.keys()], successors };
}

/** The messages that are left when those without open predecessors are taken away again and again: none without a cycle. */
function onCycles(
  ids: readonly string[],
  successors: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const open = new Map(ids.map((id) => [id, 0]));
  for (const set of successors.values()) for (const id of set) open.set(id, (open.get(id) ?? 0) + 1);
  const free = ids.filter((id) => open.get(id) === 0);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    open.delete(id);
    for (const next of successors.get(id) ?? []) {
      const count = (open.get(next) ?? 0) - 1;
      open.set(next, count);
      if (count === 0) free.push(next);
    }
  }
  return [...open.keys()];
}

/** Breadth first from a message to one that is wanted, both included; `undefined` if none is reached. */
function shortestPath(
  from: string,
  neighbours: (id: string) => readonly string[],
  isWanted: (id: string) => boolean,
): string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const queue = [from];
  for (const id of queue) {
    for (const next of neighbours(id)) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, id);
      queue.push(next);
      if (!isWanted(next)) continue;
      const path: string[] = [];
      for (let at: string | undefined = next; at !== undefined; at = cameFrom.get(at)) path.push(at);
      return path.reverse();
    }
  }
  return undefined;
}

/** Who says that the one comes before the other. */
function witness({ received }: History, earlier: string, later: string): string {
  for (const [receiver, order] of received) {
    const [at, then] = [order.indexOf(earlier), order.indexOf(later)];
    if (at >= 0 && then > at) return `${receiver} got`;
  }
  return 'a sender knew of';
}

function positions(order: readonly string[]): Map<string, number> {
  return new Map(order.map((id, at) => [id, at]));
}
