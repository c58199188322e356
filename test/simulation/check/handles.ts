/**
 * Handles live and die in order: their places and numbers in messages (bus M4), one `gone` for each that dies and none for others
 * (M5, T1), and `unused` exactly when no handle is left elsewhere (T2, T3).
 */
import { ErrorCode } from '../../../broker/contract/errors.js';
import { deadName, type HistoryEvent } from '../history.js';
import { append, type Books, isNode, ownerOf, type Report } from './books.js';

/** A handle in somebody's hands. */
interface Holding {
  readonly peer: string;
  readonly node: string;
  readonly from: number;
  /** Closed, found dead, or the holder's end. */
  until: number;
}

export function checkHandles(books: Books, report: Report): void {
  checkPlaces(books, report);
  const holdings = holdingsOf(books);
  checkGone(books, holdings, report);
  checkUnused(books, holdings, report);
}

function checkPlaces(books: Books, report: Report): void {
  for (const [id, receipts] of books.receipts) {
    const carried = books.issued.get(id)?.carried;
    if (carried === undefined) continue;
    for (const { peer, handles } of receipts) {
      if (handles.length !== carried.length) {
        report(
          'places',
          `${id} was sent with ${carried.length} handles and came to ${peer} with ${handles.length}`,
          id,
        );
      }
      handles.forEach(({ isLive }, at) => {
        const name = carried[at] ?? deadName;
        if (name === deadName && isLive) {
          report('places', `a dead handle in ${id} came alive at ${peer}`, id);
        }
        if (isNode(name) && !isLive && !books.isDead(name)) {
          report(
            'places',
            `the handle to ${name} in ${id} came dead to ${peer}, and the node lives`,
            id,
            name,
          );
        }
      });
    }
  }
}

function holdingsOf(books: Books): Holding[] {
  const open = new Map<string, Holding>();
  const gone = new Set<string>();
  const all: Holding[] = [];
  const begin = (peer: string, serial: number, node: string, from: number): void => {
    // A second handle to what is known to be dead is dead, too.
    if (gone.has(`${peer} ${node}`)) return;
    const holding = { peer, node, from, until: Number.POSITIVE_INFINITY };
    all.push(holding);
    open.set(`${peer} ${serial}`, holding);
  };
  const end = (peer: string, serial: number, until: number): void => {
    const holding = open.get(`${peer} ${serial}`);
    if (holding !== undefined) holding.until = Math.min(holding.until, until);
  };
  for (const event of books.history.events) {
    const { peer, at } = event;
    switch (event.kind) {
      case 'received':
      case 'answered': {
        const carried = books.issued.get(event.id)?.carried ?? [];
        event.handles.forEach(({ serial, isLive }, place) => {
          const name = carried[place] ?? deadName;
          if (isLive && isNode(name)) begin(peer, serial, name, at);
        });
        break;
      }
      case 'introduced':
      case 'cloned':
        begin(peer, event.serial, event.node, at);
        break;
      case 'gone':
        gone.add(`${peer} ${event.node}`);
        for (const each of all)
          if (each.peer === peer && each.node === event.node) each.until = Math.min(each.until, at);
        break;
      case 'closed':
        end(peer, event.serial, at);
        break;
      case 'ended':
        for (const holding of all) if (holding.peer === peer) holding.until = Math.min(holding.until, at);
    }
  }
  return all;
}

function checkGone(books: Books, holdings: readonly Holding[], report: Report): void {
  const { events, quietAt } = books.history;
  const deadBy = (node: string): number =>
    Math.min(
      books.destroyed.get(node)?.at ?? Number.POSITIVE_INFINITY,
      books.endOf(ownerOf(node))?.at ?? Number.POSITIVE_INFINITY,
    );
  for (const event of events) {
    if (event.kind !== 'gone' || event.at >= deadBy(event.node)) continue;
    if (event.at > quietAt && ownerOf(event.node) !== event.peer) continue;
    report('gone-unasked', `${event.peer} was told that ${event.node} is gone, and it is not`, event.node);
  }
  for (const { peer, node, until } of holdings) {
    if (until <= quietAt || deadBy(node) > quietAt || !books.lives(peer) || ownerOf(node) === peer) continue;
    report('gone-missing', `${peer} still holds ${node}, which is dead, and was never told`, node);
  }
}

/** By node: when its owner gave it away or was told that it is unused, in time. */
interface Life {
  readonly at: number;
  /** `perhaps`: in a call that was given up, and may have been refused. */
  readonly kind: 'given' | 'perhaps' | 'unused';
  readonly by: string;
}

function checkUnused(books: Books, holdings: readonly Holding[], report: Report): void {
  const lives = new Map<string, Life[]>();
  for (const event of books.history.events) enterLife(books, lives, event);
  const elsewhere = new Map<string, Holding[]>();
  for (const holding of holdings) {
    if (holding.peer !== ownerOf(holding.node)) append(elsewhere, holding.node, holding);
  }
  for (const [node, life] of lives) checkLife(books, node, life, elsewhere.get(node) ?? [], report);
  checkArrivals(books, lives, report);
}

function enterLife(books: Books, lives: Map<string, Life[]>, event: HistoryEvent): void {
  const { at, peer } = event;
  if (event.kind === 'unused') append(lives, event.node, { at, kind: 'unused', by: '' });
  if (event.kind === 'introduced') append(lives, event.node, { at, kind: 'given', by: 'the broker' });
  if (event.kind !== 'issued' || books.isRefused(event.id)) return;
  const isOutward = event.to.length === 0 || event.to.some((node) => ownerOf(node) !== peer);
  if (!isOutward) return;
  const isGivenUp = books.failures.get(event.id)?.[0]?.code === ErrorCode.Aborted;
  const kind = isGivenUp && !books.isDone(event.id) ? 'perhaps' : 'given';
  for (const name of new Set(event.carried)) {
    if (isNode(name) && ownerOf(name) === peer) append(lives, name, { at, kind, by: event.id });
  }
}

function checkLife(
  books: Books,
  node: string,
  life: readonly Life[],
  elsewhere: readonly Holding[],
  report: Report,
): void {
  life.forEach(({ kind, at }, index) => {
    if (kind !== 'unused') return;
    const before = life[index - 1];
    if (before?.kind === 'unused') {
      report('unused-twice', `${node} was told to be unused twice without being given away between`, node);
    }
    if (before === undefined) report('unused-twice', `${node} was unused before it was given away`, node);
    const holder = elsewhere.find(({ from, until }) => from < at && at < until);
    if (holder !== undefined) {
      report('unused-stale', `${node} was told to be unused while ${holder.peer} holds it`, node);
    }
  });
  const last = life.findLast(({ kind }) => kind !== 'perhaps');
  if (last?.kind === 'given' && !books.isDead(node)) {
    report(
      'unused-missing',
      `nobody holds ${node} in the end, and its owner was not told since ${last.by}`,
      node,
    );
  }
}

/** A handle that was under way when its node was told to be unused arrives all the same. */
function checkArrivals(books: Books, lives: ReadonlyMap<string, readonly Life[]>, report: Report): void {
  for (const [id, receipts] of books.receipts) {
    const issued = books.issued.get(id);
    if (issued === undefined) continue;
    for (const { at, peer, handles } of receipts) {
      handles.forEach(({ isLive }, place) => {
        const node = issued.carried[place] ?? deadName;
        if (!isLive || !isNode(node) || ownerOf(node) === peer) return;
        const told = lives
          .get(node)
          ?.find((each) => each.kind === 'unused' && issued.at < each.at && each.at < at);
        if (told === undefined) return;
        report('unused-stale', `${node} was told to be unused while it was on its way in ${id}`, node, id);
      });
    }
  }
}

/** Calls end once, with the answer that was given, or lost for a reason (bus M7). */
export function checkCalls(books: Books, report: Report): void {
  for (const issued of books.issued.values()) {
    if (!issued.isCall || !books.lives(issued.peer)) continue;
    const { id, to } = issued;
    const answers = books.answers.get(id) ?? [];
    const failures = books.failures.get(id) ?? [];
    const ends = answers.length + failures.length;
    if (ends === 0) report('call-open', `${id} has not ended`, id);
    if (ends > 1) report('call-twice', `${id} has ended ${ends} times`, id);
    const [answer] = answers;
    if (answer !== undefined && books.issued.get(answer.id)?.answers !== id) {
      report('invented', `${id} was answered with ${answer.id}`, id);
    }
    if (failures[0]?.code !== ErrorCode.ReplyLost) continue;
    const hasCause =
      to.some((node) => books.isDead(node)) ||
      books.replyDrops.has(id) ||
      books.repliesGiven.has(id) ||
      // Room for an answer is reserved with the call; for handles in it it is not (bus M8).
      (books.history.canLoseAnswers && books.answeredWithHandles.has(id));
    if (!hasCause) report('reply-lost', `${id} was lost, and nobody gave its answer up`, id);
  }
}

/** Whoever waits for room is told when there is some (bus Q5), and no waiting outlives its handle. */
export function checkWaiting(books: Books, report: Report): void {
  const { events, quietAt, isRoomyWhenQuiet } = books.history;
  const waiting = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const event of events) {
    if (event.kind === 'waits') waiting.set(`${event.peer} ${event.wait}`, event.at);
    if (event.kind === 'writable') ends.set(`${event.peer} ${event.wait}`, event.at);
    if (event.kind === 'fault') report('fault', `${event.peer}: ${event.text}`);
  }
  for (const key of waiting.keys()) {
    const peer = key.split(' ')[0] ?? '';
    const endAt = ends.get(key) ?? Number.POSITIVE_INFINITY;
    if (!books.lives(peer) || endAt <= quietAt) continue;
    if (isRoomyWhenQuiet || endAt === Number.POSITIVE_INFINITY) {
      report('writable', `${peer} waits for room and is never told`);
    }
  }
}
