/**
 * What the broker says in ids, of which the library hides much: one id for each node and never for another (bus N1, N3), one `gone`
 * for an id that came and nothing after it (M5, T1), one end for each call (M7), descriptors once (M1).
 */
import { ErrorCode } from '../../../broker/contract/errors.js';
import { invalidId, type WireItem } from '../history.js';
import { append, type Books, isNode, ownerOf, type Report } from './books.js';

export function checkWire(books: Books, report: Report): void {
  const byPeer = new Map<string, WireItem[]>();
  for (const item of books.history.wire) append(byPeer, item.peer, item);
  for (const [peer, items] of byPeer) new PeerWire(books, peer, report).check(items);
  checkDescriptors(books, report);
}

class PeerWire {
  readonly #books: Books;
  readonly #peer: string;
  readonly #report: Report;
  /** What each id has ever meant. */
  readonly #names = new Map<string, string>();
  readonly #gone = new Set<string>();
  readonly #ends = new Map<number, string>();
  /** Replies that came with calls: their ids have no name in the list of handles. */
  readonly #last = new Map<string, string>();

  constructor(books: Books, peer: string, report: Report) {
    this.#books = books;
    this.#peer = peer;
    this.#report = report;
  }

  check(items: readonly WireItem[]): void {
    for (const item of items) {
      if (item.kind === 'Root') this.#arrive(item.id, item.name);
      if (item.kind === 'Message' || item.kind === 'Answer') this.#handles(item);
      if (item.kind === 'Gone') this.#goneItem(item);
      if (item.kind === 'Answer' || item.kind === 'Lost') this.#end(item);
    }
  }

  #handles({ name, handles }: WireItem): void {
    const carried = this.#books.issued.get(name)?.carried ?? [];
    if (handles.length !== carried.length) {
      const text = `${name} was sent with ${carried.length} handles and came to ${this.#peer} with ${handles.length}`;
      this.#report('places', text, name);
      return;
    }
    handles.forEach((id, at) => {
      const what = carried[at] ?? '';
      if (id !== invalidId && !(isNode(what) && ownerOf(what) === this.#peer)) this.#arrive(id, what);
    });
  }

  #arrive(id: string, what: string): void {
    const meant = this.#names.get(id);
    if (meant !== undefined && meant !== what) {
      this.#report('id-reused', `${this.#peer}'s id ${id} meant ${meant}, and then ${what}`, meant, what);
    }
    if (this.#gone.has(id)) {
      this.#report('after-gone', `${what} came to ${this.#peer} under the id ${id} after its end`, what);
    }
    const other = this.#last.get(what);
    if (other !== undefined && other !== id && isNode(what) && this.#isHeldAll(what)) {
      this.#report('two-ids', `${this.#peer} has the ids ${other} and ${id} for ${what}`, what);
    }
    this.#names.set(id, what);
    this.#last.set(what, id);
  }

  /**
   * Whether the peer has never closed a handle to the node, nor its library one that came to a destroyed node or to a call that
   * was given up: then the broker has no reason to give it a new id.
   */
  #isHeldAll(node: string): boolean {
    return !this.#books.history.events.some(
      (event) =>
        event.peer === this.#peer &&
        (event.kind === 'destroyed' ||
          (event.kind === 'callFailed' && event.code === ErrorCode.Aborted) ||
          (event.kind === 'closed' && event.node === node)),
    );
  }

  #goneItem({ id }: WireItem): void {
    const what = this.#names.get(id) ?? 'a reply';
    // Ids of replies that came with calls are not among the names; theirs end in 3 (mod 8).
    const isReply = Number(id.split('.')[0]) % 8 === 3;
    if (!this.#names.has(id) && !isReply) {
      this.#report('gone-unasked', `${this.#peer} was told the end of the id ${id}, which it never had`);
    }
    if (this.#gone.has(id)) {
      this.#report('gone-twice', `${this.#peer} was told twice that ${what} (id ${id}) is gone`, what);
    }
    this.#gone.add(id);
  }

  #end({ tag, name, kind }: WireItem): void {
    const before = this.#ends.get(tag);
    if (before !== undefined) {
      const text = `a call of ${this.#peer} ended twice on the wire: ${before}, then ${name || kind}`;
      this.#report('call-twice', text, name);
    }
    this.#ends.set(tag, name || kind);
  }
}

function checkDescriptors(books: Books, report: Report): void {
  const { wire, closedDescriptors } = books.history;
  const fates = new Map<number, number>();
  const settle = (descriptor: number): void => {
    fates.set(descriptor, (fates.get(descriptor) ?? 0) + 1);
  };
  for (const { descriptors } of wire) descriptors.forEach(settle);
  closedDescriptors.forEach(settle);
  for (const { id, descriptors, to, peer } of books.issued.values()) {
    for (const descriptor of descriptors) {
      const count = fates.get(descriptor) ?? 0;
      // What was in the memory or on the wire of a process that ended is closed by the kernel.
      const mayVanish = !books.lives(peer) || to.some((node) => !books.lives(ownerOf(node)));
      if (count > 1 || (count === 0 && !mayVanish)) {
        report('descriptors', `descriptor ${descriptor} of ${id} was received or closed ${count} times`, id);
      }
    }
  }
}
