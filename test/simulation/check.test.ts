/** What the checker may conclude from, and what not, by histories written by hand. */
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import { checkHistory } from './check/index.js';
import type { History, HistoryEvent, Note } from './history.js';

/** A history of notes in their order. */
function historyOf(notes: readonly (readonly [peer: string, note: Note])[]): History {
  const events = notes.map(([peer, note], at) => ({ ...note, peer, at }) as HistoryEvent);
  return {
    ...{ events, wire: [], closedDescriptors: [], answersInOrder: false, quietAt: events.length },
    ...{ isRoomyWhenQuiet: true, canLoseAnswers: true },
  };
}

const issued = (id: string, to: string, isPartial = false): Note => ({
  ...{ kind: 'issued', id, to: [to], carried: [], isPartial, isCall: false },
  ...{ answers: undefined, descriptors: [] },
});
const received = (id: string, node: string, sequence: number): Note => ({
  ...{ kind: 'received', id, node, sequence, handles: [], descriptors: [], hasReply: false },
});

/** A sends to H, then ends a multicast and tells B, who sends to H; and H gets B's message first. */
function overtaken(codes: readonly number[], sequence: number): History {
  return historyOf([
    ['H', { kind: 'created', node: 'n1@H' }],
    ['C', { kind: 'created', node: 'n1@C' }],
    ['A', issued('A1', 'n1@H')],
    ['A', issued('A2', 'n1@C', true)],
    ['A', { kind: 'accepted', id: 'A2', sequence, codes }],
    ['A', { kind: 'tells', token: 1, to: 'B' }],
    ['B', { kind: 'told', token: 1, by: 'A' }],
    ['B', issued('B1', 'n1@H')],
    ['H', received('B1', 'n1@H', 7)],
    ['B', { kind: 'accepted', id: 'B1', sequence: 7, codes: [] }],
    ['H', received('A1', 'n1@H', 9)],
    ['A', { kind: 'accepted', id: 'A1', sequence: 9, codes: [] }],
    ...(codes.includes(ErrorCode.NodeGone) ? [] : ([['C', received('A2', 'n1@C', sequence)]] as const)),
  ]);
}

test('O3 a send that was taken vouches for those before it: a message that overtakes them is found', (t) => {
  const rules = checkHistory(overtaken([], 5)).map(({ rule }) => rule);
  t.true(rules.includes('causal'), rules.join(', '));
});

test('O3 a multicast that nobody took vouches for nothing: its sender may not even have asked the bus', (t) => {
  const rules = checkHistory(overtaken([ErrorCode.NodeGone], 0)).map(({ rule }) => rule);
  t.false(rules.includes('causal'), rules.join(', '));
});
