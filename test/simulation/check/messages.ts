/** Nothing is lost, doubled or invented; all destinations or none; refusals that the sender has earned (bus M1, M2, M6, N5). */
import { ErrorCode, errorName } from '../../../broker/contract/errors.js';
import type { Issued, Received } from '../history.js';
import { type Books, isAnswer, ownerOf, type Report } from './books.js';

export function checkMessages(books: Books, report: Report): void {
  for (const [id, receipts] of books.receipts) {
    if (!books.issued.has(id)) report('invented', `${receipts[0]?.peer} got ${id}, which nobody sent`, id);
  }
  for (const issued of books.issued.values()) {
    if (isAnswer(issued.id)) checkAnswer(books, issued, report);
    else checkMessage(books, issued, report);
  }
  checkRefusals(books, report);
}

function checkMessage(books: Books, issued: Issued, report: Report): void {
  const { id, to, peer } = issued;
  const receipts = (books.receipts.get(id) ?? []).filter((each) => each.kind === 'received');
  for (const { node, peer: receiver, descriptors } of receipts) {
    if (descriptors.length !== issued.descriptors.length) {
      const text = `${id} was sent with ${issued.descriptors.length} descriptors and came with ${descriptors.length}`;
      report('descriptors', text, id);
    }
    if (!to.includes(node))
      report('invented', `${receiver} got ${id} for ${node}, where it was not sent`, id);
  }
  for (const node of to) {
    const count = countAt(receipts, node);
    if (count > 1) report('doubled', `${ownerOf(node)} got ${id} ${count} times for ${node}`, id);
  }
  if (books.isRefused(id)) {
    const [got] = receipts;
    if (got !== undefined) report('atomic', `${id} was refused, and ${got.peer} got it all the same`, id);
    return;
  }
  const accepted = books.accepted.get(id);
  // A call that was given up may have been refused, which nobody was told any more.
  const isGivenUp = books.failures.get(id)?.[0]?.code === ErrorCode.Aborted;
  const isTaken = issued.isCall && books.lives(peer) && !isGivenUp;
  const isKnown = accepted !== undefined || receipts.length > 0 || isTaken;
  if (!isKnown && books.lives(peer) && !isGivenUp) {
    report('lost', `${peer} never heard what became of ${id}`, id);
    return;
  }
  if (!isKnown || (accepted === undefined && issued.isPartial)) return;
  to.forEach((node, at) => {
    const code = accepted?.codes[at] ?? 0;
    const count = countAt(receipts, node);
    if (code !== 0 && count > 0) {
      report('atomic', `${id} was refused at ${node}, and ${ownerOf(node)} got it all the same`, id);
    }
    if (code !== 0 || count > 0 || books.isDead(node)) return;
    const other = receipts[0];
    if (other === undefined) report('lost', `${ownerOf(node)} never got ${id} for ${node}`, id);
    else report('atomic', `${other.peer} got ${id}, and ${ownerOf(node)} did not`, id);
  });
}

function checkAnswer(books: Books, issued: Issued, report: Report): void {
  const { id } = issued;
  const receipts = books.receipts.get(id) ?? [];
  if (receipts.length > 1) report('doubled', `${id} came ${receipts.length} times`, id);
  if (receipts.length > 0 && books.refused.has(id)) report('atomic', `${id} was refused, and it came`, id);
}

function countAt(receipts: readonly Received[], node: string): number {
  return receipts.filter((each) => each.node === node).length;
}

/**
 * These applications name only what they hold, so there are two reasons to refuse them: want of room, and a death that they
 * have been told of by then (bus M6: not before).
 */
function checkRefusals(books: Books, report: Report): void {
  const told = new Set<string>();
  for (const event of books.history.events) {
    // Who has closed the handle meanwhile is told no more, though the word may have been on its way.
    const isTold = event.kind === 'gone' || (event.kind === 'closed' && books.isDead(event.node));
    if (isTold) told.add(`${event.peer} ${event.node}`);
    const id = event.kind === 'refused' ? event.id : event.kind === 'callFailed' ? event.call : undefined;
    if (id === undefined || !('code' in event)) continue;
    const { code, peer } = event;
    const to = books.issued.get(id)?.to ?? [];
    const isToldOf = (node: string): boolean => told.has(`${peer} ${node}`) || ownerOf(node) === peer;
    const isEarned =
      code === ErrorCode.OverQuota ||
      (code === ErrorCode.NodeGone && (to.length === 0 || to.some(isToldOf))) ||
      (event.kind === 'callFailed' && (code === ErrorCode.ReplyLost || code === ErrorCode.Aborted));
    if (!isEarned) report('refusal', `${id} of ${peer} was refused with ${errorName(code)}`, id);
  }
}
