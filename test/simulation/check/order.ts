/**
 * One order of everything (bus O1–O5): FIFO, causality with its side channels, agreement, adjacency, numbers.
 *
 * Transactions are messages, answers, destructions of nodes and ends of peers. Who issues one *knows* of others: of those it
 * issued itself (one connection is taken in order), of those that it saw to be done (an item of theirs reached it, or its own
 * `send` was accepted), and of those that somebody else had seen to be done and told it past the bus. Whoever got items of two
 * transactions says which was first; `gone` is an item of what killed the node. And a handle says it too: it arrives live only
 * before the node's death, dead only after it; a message is dropped at a node only after the node's death.
 *
 * All of this has to fit into one order; `test/support/order-checker.ts` looks for what does not.
 */
import { checkOrder, type SentMessage } from '../../support/order-checker.js';
import type { HistoryEvent } from '../history.js';
import { append, type Books, destructionOf, endingOf, isNode, ownerOf, type Report } from './books.js';

type How = string;

/** What one peer knows, as the history goes by. */
class Knowledge {
  /** Seen to be done since its own latest transaction. */
  since = new Map<string, How>();
  /** Seen to be done: what it tells others. Of what is implied by the rest, nothing. */
  readonly done = new Map<string, { readonly how: How; readonly at: number }>();
  last: string | undefined;
  readonly issuedAt = new Map<string, number>();

  learn(transaction: string, how: How, at: number): void {
    this.since.set(transaction, how);
    this.done.set(transaction, { how, at });
  }

  /** Its own transaction is done, and with it what it knew when it issued it. */
  completed(transaction: string, at: number): void {
    const issuedAt = this.issuedAt.get(transaction) ?? at;
    for (const [known, { at: since }] of this.done) if (since < issuedAt) this.done.delete(known);
    this.done.set(transaction, { how: 'completed', at });
  }
}

export function checkOrders(books: Books, report: Report): void {
  const orders = new Orders(books, report);
  orders.check();
}

class Orders {
  readonly #books: Books;
  readonly #report: Report;
  readonly #peers = new Map<string, Knowledge>();
  readonly #whispers = new Map<number, ReadonlyMap<string, { readonly how: How }>>();
  readonly #sent: SentMessage[] = [];
  readonly #received = new Map<string, string[]>();
  /** Of each peer the lines that the next message ends. */
  readonly #looseLines = new Map<string, string[][]>();
  /** How the issuer of the second knew of the first, by `first>second`. */
  readonly #how = new Map<string, How>();

  constructor(books: Books, report: Report) {
    this.#books = books;
    this.#report = report;
  }

  check(): void {
    for (const event of this.#books.history.events) this.#event(event);
    this.#dropped();
    // Pseudo-receivers may speak of deaths that nobody issued within the history.
    const known = new Set(this.#sent.map(({ id }) => id));
    for (const [receiver, order] of this.#received) {
      this.#received.set(
        receiver,
        order.filter((id) => known.has(id)),
      );
    }
    const violation = checkOrder({ sent: this.#sent, received: this.#received }, 'total');
    if (violation === undefined) return;
    const { rule, text, messages } = violation;
    this.#report(rule, rule === 'causal' ? `${text}: ${this.#chain(messages)}` : text, ...messages);
  }

  /** How each of the chain is known to the issuer of the next. */
  #chain(messages: readonly string[]): string {
    return messages
      .slice(1)
      .map((id, at) => {
        const before = messages[at] ?? '';
        return `before ${id} was issued, ${before} ${this.#how.get(`${before}>${id}`) ?? 'was issued'}`;
      })
      .join('; ');
  }

  #event(event: HistoryEvent): void {
    const { peer, at } = event;
    const knowledge = this.#knowledgeOf(peer);
    switch (event.kind) {
      case 'issued':
        knowledge.issuedAt.set(event.id, at);
        if (this.#books.isDone(event.id)) {
          this.#issue(
            event.id,
            knowledge,
            event.to.map((node) => `${peer}→${node}`),
          );
        }
        break;
      case 'accepted':
        if (this.#books.isDone(event.id)) knowledge.completed(event.id, at);
        break;
      case 'received':
        this.#item(peer, event.id, knowledge, at);
        this.#handles(event.peer, event.id, event.handles);
        break;
      case 'answered':
        if (this.#books.history.answersInOrder) this.#item(peer, event.id, knowledge, at);
        else knowledge.learn(event.id, 'was received', at);
        // What was live in an answer may have died between its arrival and the application's look at it.
        if (this.#books.history.answersInOrder || event.handles.every(({ isLive }) => isLive)) {
          this.#handles(event.peer, event.id, event.handles);
        }
        break;
      case 'gone': {
        const death = this.#books.deathOf(event.node);
        if (death === undefined || ownerOf(event.node) === peer) break;
        if (this.#books.history.answersInOrder) this.#item(peer, death, knowledge, at);
        else this.#loose(peer, death, knowledge, at);
        break;
      }
      case 'tells':
        this.#whispers.set(event.token, new Map(knowledge.done));
        break;
      case 'told':
        for (const [id, { how }] of this.#whispers.get(event.token) ?? []) {
          knowledge.learn(id, `was known to ${event.by} (${how}), who told ${peer}`, at);
        }
        break;
      case 'destroyed':
        if (this.#books.lives(peer)) this.#issue(destructionOf(event.node), knowledge, []);
        break;
      case 'ended':
        if (this.#books.endOf(peer) === event) this.#issue(endingOf(peer), knowledge, []);
    }
  }

  #issue(id: string, knowledge: Knowledge, channels: readonly string[]): void {
    const after: string[] = [];
    for (const [earlier, how] of knowledge.since) {
      after.push(earlier);
      this.#how.set(`${earlier}>${id}`, how);
    }
    if (knowledge.last !== undefined) after.push(knowledge.last);
    this.#sent.push({ id, channels, after });
    knowledge.last = id;
    knowledge.since = new Map();
  }

  /** An item of this transaction reached the peer. */
  #item(peer: string, id: string, knowledge: Knowledge, at: number): void {
    knowledge.learn(id, 'was received', at);
    for (const line of this.#looseLines.get(peer) ?? []) line.push(id);
    this.#looseLines.delete(peer);
    const order = this.#received.get(peer);
    if (order === undefined) this.#received.set(peer, [id]);
    else if (order.at(-1) === id) return;
    else if (order.includes(id)) {
      this.#report('adjacent', `${peer} got items of ${id} with others between them`, id, order.at(-1) ?? '');
    } else order.push(id);
  }

  /**
   * Deaths that were noticed together came in some order, after the message before and before the next one: each is a line of its
   * own.
   */
  #loose(peer: string, death: string, knowledge: Knowledge, at: number): void {
    knowledge.learn(death, 'was received', at);
    const line = [...(this.#received.get(peer)?.slice(-1) ?? []), death];
    this.#received.set(`${peer}, who noticed ${death},`, line);
    append(this.#looseLines, peer, line);
  }

  /** What the handles in a message say about the deaths of their nodes (bus M4, M5). */
  #handles(peer: string, id: string, handles: readonly { readonly isLive: boolean }[]): void {
    const carried = this.#books.issued.get(id)?.carried ?? [];
    handles.forEach(({ isLive }, at) => {
      const node = carried[at];
      if (node === undefined || !isNode(node) || ownerOf(node) === peer) return;
      const death = this.#books.deathOf(node);
      if (death === undefined) return;
      const witness = `${peer}, by the ${isLive ? 'live' : 'dead'} handle to ${node} in ${id},`;
      this.#received.set(witness, isLive ? [id, death] : [death, id]);
    });
  }

  /** A message that was accepted and never came down the wire was dropped because its node was dead by then (bus M6). */
  #dropped(): void {
    const { history, issued, accepted } = this.#books;
    if (history.wire.length === 0) return;
    const arrived = new Map<string, string[]>();
    for (const { kind, name, peer } of history.wire) if (kind === 'Message') append(arrived, name, peer);
    for (const { id, to } of issued.values()) {
      const codes = accepted.get(id)?.codes ?? [];
      if (!accepted.has(id)) continue;
      to.forEach((node, at) => {
        const owner = ownerOf(node);
        const death = this.#books.deathOf(node);
        // With several destinations at one peer it cannot be told which of them got it.
        const isOnly = to.filter((other) => ownerOf(other) === owner).length === 1;
        if (death === undefined || !isOnly || (codes[at] ?? 0) !== 0 || !this.#books.lives(owner)) return;
        const came = arrived.get(id)?.includes(owner) === true;
        const witness = `the bus, which ${came ? 'delivered' : 'dropped'} ${id} at ${node},`;
        this.#received.set(witness, came ? [id, death] : [death, id]);
      });
    }
  }

  #knowledgeOf(peer: string): Knowledge {
    const known = this.#peers.get(peer) ?? new Knowledge();
    this.#peers.set(peer, known);
    return known;
  }
}

/** One number for a transaction wherever it shows, and growing numbers at each peer (bus O1, O5). */
export function checkNumbers(books: Books, report: Report): void {
  const numbers = new Map<string, number>();
  const holders = new Map<number, string>();
  const latest = new Map<string, number>();
  const { events, wire, answersInOrder } = books.history;
  const see = (id: string, sequence: number): void => {
    // A broker that gives no numbers has none that could be wrong.
    if (sequence === 0) return;
    if ((numbers.get(id) ?? sequence) !== sequence) {
      report('number', `${id} has the numbers ${numbers.get(id)} and ${sequence}`, id);
    }
    if ((holders.get(sequence) ?? id) !== id) {
      report('number', `${id} and ${holders.get(sequence)} share the number ${sequence}`, id);
    }
    numbers.set(id, sequence);
    holders.set(sequence, id);
  };
  const grow = (peer: string, id: string, sequence: number): void => {
    if (sequence === 0) return;
    const before = latest.get(peer) ?? 0;
    if (sequence < before) report('number', `${peer} got number ${sequence} (${id}) after ${before}`, id);
    latest.set(peer, sequence);
  };
  for (const event of events) {
    if (event.kind === 'accepted') see(event.id, event.sequence);
    if (event.kind !== 'received' && event.kind !== 'answered') continue;
    see(event.id, event.sequence);
    const isOrdered = event.kind === 'received' || answersInOrder;
    if (wire.length === 0 && isOrdered) grow(event.peer, event.id, event.sequence);
  }
  for (const { peer, sequence, name, kind } of wire) grow(peer, name || kind, sequence);
}
