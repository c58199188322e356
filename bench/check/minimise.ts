/**
 * Makes a counter-example small: histories that break something are cut down as long as what is left still breaks it. First whole
 * messages go, in halves, quarters and so on (Zeller's delta debugging), then single arrivals and acceptances, then receivers that no arrival is
 * left of. In the result every message is needed: without any one of them nothing is broken.
 */
import { type Histories, type HistoryEvent, namesOf, restrict } from './history.js';

/** Takes parts out of a list as long as the rest still serves. Asks about every single element last, until none can go. */
function smallestList<T>(whole: readonly T[], serves: (rest: readonly T[]) => boolean): readonly T[] {
  let kept = whole;
  for (let size = Math.ceil(whole.length / 2); ; ) {
    let hasShrunk = false;
    for (let at = 0; at < kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (rest.length < kept.length && serves(rest)) {
        kept = rest;
        hasShrunk = true;
      } else at += size;
    }
    if (size === 1 && !hasShrunk) return kept;
    if (!hasShrunk || size > kept.length) size = Math.max(1, Math.floor(Math.min(size, kept.length) / 2));
  }
}

/** Only those receivers of which an arrival is left. */
function narrowReceivers(histories: Histories): Histories {
  const arrivals = new Set(
    Object.entries(histories).flatMap(([name, log]) =>
      log
        .filter(({ kind }) => kind === 'receive' || kind === 'hear')
        .map(({ message }) => `${name} ${message}`),
    ),
  );
  const narrow = (event: HistoryEvent): HistoryEvent =>
    event.to === undefined
      ? event
      : { ...event, to: event.to.filter((receiver) => arrivals.has(`${receiver} ${event.message}`)) };
  return Object.fromEntries(Object.entries(histories).map(([name, log]) => [name, log.map(narrow)]));
}

/** The smallest histories within these that are still broken. `isBroken` must be true of what is given. */
export function minimise(histories: Histories, isBroken: (histories: Histories) => boolean): Histories {
  const messages = smallestList(namesOf(histories), (rest) => {
    const kept = new Set(rest);
    return isBroken(restrict(histories, ({ message }) => kept.has(message)));
  });
  const chosen = new Set(messages);
  let small = restrict(histories, ({ message }) => chosen.has(message));
  const removable = Object.values(small).flatMap((log) =>
    log.filter(({ kind }) => kind !== 'send' && kind !== 'tell'),
  );
  for (const event of removable) {
    const without = restrict(small, (other) => other !== event);
    if (isBroken(without)) small = without;
  }
  const narrow = narrowReceivers(small);
  const busy = Object.entries(narrow).filter(([, log]) => log.length > 0);
  return Object.fromEntries(busy);
}
