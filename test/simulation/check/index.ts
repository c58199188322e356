/**
 * The checker: which promises of the bus a history breaks. It knows the rules (docs/spec/bus.md) and what peers saw, and shares no
 * code with the bus; so it can be wrong only by itself, and `broken.test.ts` shows what it finds.
 */
import type { History } from '../history.js';
import { Books, type Report, type Rule, ruleNames, type Violation } from './books.js';
import { checkCalls, checkHandles, checkWaiting } from './handles.js';
import { checkMessages } from './messages.js';
import { checkNumbers, checkOrders } from './order.js';
import { checkWire } from './wire.js';

export { type Rule, ruleNames, type Violation } from './books.js';

/** The violations of a history: the first of each rule, the rules in the order of `ruleNames`. */
export function checkHistory(history: History): Violation[] {
  const found = new Map<Rule, Violation>();
  const report: Report = (rule, text, ...about) => {
    if (!found.has(rule)) found.set(rule, { rule, text, about });
  };
  const books = new Books(history);
  checkOrders(books, report);
  checkNumbers(books, report);
  checkMessages(books, report);
  checkHandles(books, report);
  checkCalls(books, report);
  checkWaiting(books, report);
  if (history.wire.length > 0) checkWire(books, report);
  return ruleNames.flatMap((rule) => found.get(rule) ?? []);
}
