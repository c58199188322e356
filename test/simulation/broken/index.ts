/**
 * Brokers that are broken on purpose, and what the checker has to say about each. A rule that no broken broker breaks is a rule
 * of which nobody knows whether the checker can find it, so there is one for each (`broken.test.ts`).
 */

import { ErrorCode } from '../../../broker/contract/errors.js';
import type { Arrival } from '../broker.js';
import type { Rule } from '../check/index.js';
import { createPlan } from '../plan.js';
import { type BrokerMaker, runPlan } from '../run.js';
import {
  dropInvalid,
  each,
  type Fate,
  Filter,
  LeakyQuota,
  ManyIds,
  RefusesReleases,
  ReusedIds,
  SilentlyDead,
  StaleUnused,
} from './lives.js';
import {
  AcknowledgesWritten,
  createNoSequence,
  createTwoStreams,
  NoticesFirst,
  ReleasesFirst,
  Staged,
  TornMulticast,
} from './order.js';

export interface BrokenBroker {
  readonly name: string;
  readonly what: string;
  readonly make: BrokerMaker;
  /** What has to be found. */
  readonly finds: readonly Rule[];
  /** A word that the findings have to have in their text. */
  readonly saying?: string;
}

function filter(make: () => Fate): BrokerMaker {
  return (limits) => new Filter(limits, make());
}

const is =
  (kind: Arrival['kind']) =>
  (arrival: Arrival): boolean =>
    arrival.kind === kind;
const nothing: Fate = () => [];
const twice: Fate = (arrival) => [arrival, arrival];

/** Holds one back until the next has passed. */
function swap(is: (one: Arrival, other: Arrival) => boolean): Fate {
  const held = new Map<unknown, Arrival>();
  return (arrival, port) => {
    const before = held.get(port);
    held.delete(port);
    if (before === undefined) {
      if (arrival.kind !== 'Message') return [arrival];
      held.set(port, arrival);
      return [];
    }
    return is(before, arrival) ? [arrival, before] : [before, arrival];
  };
}

export const brokenBrokers: readonly BrokenBroker[] = [
  {
    name: 'no sequence',
    what: 'items reach a receiver in the order of each connection, merged as they come',
    make: createNoSequence,
    finds: ['causal', 'agreement'],
  },
  {
    name: 'acknowledges what was written',
    what: '`send` completes before the broker has taken the message',
    make: (limits) => new AcknowledgesWritten(limits),
    finds: ['causal'],
    saying: 'completed',
  },
  {
    name: 'two streams',
    what: 'messages and notifications are each in order, and not with each other',
    make: createTwoStreams,
    finds: ['causal', 'number'],
  },
  {
    name: 'notices first',
    what: '`gone` goes before messages that were queued earlier',
    make: (limits) => new NoticesFirst(limits),
    finds: ['gone-unasked', 'after-gone'],
  },
  {
    name: 'torn multicast',
    what: 'a multicast is one send after the other, with others between',
    make: (limits) => new TornMulticast(limits),
    finds: ['agreement', 'atomic'],
  },
  {
    name: 'the algorithm of 2016',
    what: 'a multicast is staged at one receiver after the other, then committed (bus O4)',
    make: (limits) => new Staged(limits),
    finds: ['agreement'],
  },
  {
    name: 'releases first',
    what: 'a release is carried out before what its peer wrote earlier',
    make: (limits) => new ReleasesFirst(limits),
    finds: ['refusal'],
  },
  {
    name: 'swapped',
    what: 'two messages of one sender to one receiver change places',
    make: filter(() => swap((one, other) => one.sender === other.sender && other.kind === 'Message')),
    finds: ['fifo'],
  },
  {
    name: 'not adjacent',
    what: 'something comes between two items of one multicast at one receiver',
    make: filter(() => swap((one, other) => one.sequence !== other.sequence)),
    finds: ['adjacent'],
  },
  {
    name: 'dead handles left out',
    what: 'an invalid handle is dropped instead of standing in its place',
    make: filter(() => dropInvalid),
    finds: ['places'],
  },
  {
    name: 'silently dead',
    what: 'a handle that was dead on arrival gets an id, and nobody says so (the hole of both Bus1)',
    make: (limits) => new SilentlyDead(limits),
    finds: ['gone-missing'],
  },
  {
    name: 'gone twice',
    what: '`gone` is told twice',
    make: filter(() => each(2, is('Gone'), twice)),
    finds: ['gone-twice'],
  },
  {
    name: 'ids used again',
    what: 'the id of a handle that was released is given to another node',
    make: (limits) => new ReusedIds(limits),
    finds: ['id-reused'],
  },
  {
    name: 'many ids',
    what: 'each arrival of a handle gets an id of its own',
    make: (limits) => new ManyIds(limits),
    finds: ['two-ids'],
  },
  {
    name: 'stale unused',
    what: '`unused` claims to know of transfers that the broker has not seen',
    make: (limits) => new StaleUnused(limits),
    finds: ['unused-stale'],
  },
  {
    name: 'unused twice',
    what: '`unused` is told twice',
    make: filter(() => each(2, is('Unused'), twice)),
    finds: ['unused-twice'],
  },
  {
    name: 'never unused',
    what: '`unused` is not always told',
    make: filter(() => each(3, is('Unused'), nothing)),
    finds: ['unused-missing'],
  },
  {
    name: 'answers twice',
    what: 'an answer is delivered twice',
    make: filter(() => each(2, is('Answer'), twice)),
    finds: ['call-twice'],
  },
  {
    name: 'answers lost',
    what: 'an answer is not always delivered',
    make: filter(() => each(2, is('Answer'), nothing)),
    finds: ['call-open'],
  },
  {
    name: 'losses invented',
    what: 'a caller is told that its call is lost, though it was answered',
    make: filter(() =>
      each(2, is('Answer'), (arrival) => [
        { ...arrival, kind: 'Lost', code: ErrorCode.ReplyLost, handles: [] },
      ]),
    ),
    finds: ['reply-lost'],
  },
  {
    name: 'messages lost',
    what: 'a message is not always delivered',
    make: filter(() => each(5, is('Message'), nothing)),
    finds: ['lost', 'atomic'],
  },
  {
    name: 'messages doubled',
    what: 'a message is delivered twice',
    make: filter(() => each(5, is('Message'), twice)),
    finds: ['doubled'],
  },
  {
    name: 'room never told',
    what: 'a sender that was refused is not told when there is room',
    make: filter(() => each(1, is('Writable'), nothing)),
    finds: ['writable'],
  },
  {
    name: 'descriptors left behind',
    what: 'a message loses its descriptors',
    make: filter(() => each(2, is('Message'), (arrival) => [{ ...arrival, descriptors: [] }])),
    finds: ['descriptors'],
  },
  {
    name: 'messages garbled',
    what: 'the bytes of a message are not those that were sent',
    make: filter(() => each(5, is('Message'), (arrival) => [{ ...arrival, bytes: new Uint8Array([33]) }])),
    finds: ['invented'],
  },
  {
    name: 'releases refused',
    what: 'a release of what the peer holds is refused',
    make: (limits) => new RefusesReleases(limits),
    finds: ['fault', 'unused-missing'],
  },
  {
    name: 'quota leaks',
    what: 'what a peer had under way when it ended stays charged to its user',
    make: (limits) => new LeakyQuota(limits),
    finds: ['quota'],
  },
];

/** By rule: the first schedule in which a broken broker is seen to break it. */
export async function findBroken(
  broken: BrokenBroker,
  schedulesMax: number,
  steps: number,
): Promise<Map<Rule, { readonly schedule: number; readonly text: string }>> {
  const found = new Map<Rule, { readonly schedule: number; readonly text: string }>();
  for (let seed = 1; seed <= schedulesMax && broken.finds.some((rule) => !found.has(rule)); seed += 1) {
    const { violations } = await runPlan(createPlan(seed, steps), broken.make);
    for (const { rule, text } of violations) {
      if (!broken.finds.includes(rule) || found.has(rule)) continue;
      if (broken.saying === undefined || text.includes(broken.saying))
        found.set(rule, { schedule: seed, text });
    }
  }
  return found;
}
