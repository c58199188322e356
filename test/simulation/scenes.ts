/** The scenes of which all interleavings are explored: where rules meet on the wire. */
import { answer, call, close, destroy, end, giveUp, multicast, type Scene, send, tell } from './script.js';

export const scenes: readonly Scene[] = [
  {
    name: 'completion',
    what: 'bus O3: A sends to C; once that has completed it tells B, who then sends to C',
    peers: 'ABC',
    lines: {
      A: [send('n1@C'), tell('B', { after: 'accepted A1' })],
      B: [send('n1@C', [], { after: 'told A' })],
    },
  },
  {
    name: 'receipt',
    what: 'bus O2: A multicasts to B and C; B has received it and tells D, who then sends to C',
    peers: 'ABCD',
    lines: {
      A: [multicast(['n1@B', 'n1@C'])],
      B: [tell('D', { after: 'received A1' })],
      D: [send('n1@C', [], { after: 'told B' })],
    },
  },
  {
    name: 'four steps',
    what: 'bus O4: A sends to C; once that has completed B sends to D; meanwhile E multicasts to C and D',
    peers: 'ABCDEF',
    // What A sent before to somebody else puts its clock ahead, where clocks are what counts.
    prepare: (cast) => {
      const { player } = cast.member('A');
      const toF = player.handles.find(({ node }) => node === 'n1@F');
      for (let at = 0; at < 3; at += 1) if (toF !== undefined) player.send(toF);
    },
    lines: {
      A: [send('n1@C'), tell('B', { after: 'accepted A4' })],
      B: [send('n1@D', [], { after: 'told A' })],
      E: [multicast(['n1@C', 'n1@D'])],
    },
  },
  {
    name: 'two multicasts',
    what: 'bus O2: A and B multicast to C and D',
    peers: 'ABCD',
    lines: { A: [multicast(['n1@C', 'n1@D'])], B: [multicast(['n1@C', 'n1@D'])] },
  },
  {
    name: 'release and arrival',
    what: 'bus N3: A gives B the same node twice, B closes what it got each time',
    peers: 'AB',
    lines: {
      A: [send('n1@B', ['n2@A']), send('n1@B', ['n2@A'])],
      B: [close('n2@A', { after: 'received A1' }), close('n2@A', { after: 'received A2' })],
    },
  },
  {
    name: 'give away and close',
    what: 'bus C20, T2: A gives B a node, B gives it to C and closes its own handle at once',
    peers: 'ABC',
    lines: {
      A: [send('n1@B', ['n2@A'])],
      B: [send('n1@C', ['n2@A'], { after: 'received A1' }), close('n2@A')],
      C: [close('n2@A', { after: 'received B1' })],
    },
  },
  {
    name: 'stale unused',
    what: 'bus T3: A gives B a node; B closes it while A gives it away again',
    peers: 'ABC',
    lines: {
      A: [send('n1@B', ['n2@A']), send('n1@C', ['n2@A'])],
      B: [close('n2@A', { after: 'received A1' })],
      C: [close('n2@A', { after: 'received A2' })],
    },
  },
  {
    name: 'destroy and send',
    what: 'bus M6, T1: B sends to a node of A while A destroys it and then sends to B',
    peers: 'AB',
    lines: { A: [destroy('n1@A'), send('n1@B')], B: [send('n1@A', ['n2@B'])] },
  },
  {
    name: 'dead on arrival',
    what: 'bus M4, M5: B gives C a handle to a node of A, which A destroys meanwhile',
    peers: 'ABC',
    prepare: (cast) => {
      const { player } = cast.member('A');
      const toB = player.handles.find(({ node }) => node === 'n1@B');
      if (toB !== undefined) player.send(toB, [player.create()]);
    },
    lines: {
      A: [destroy('n2@A')],
      B: [send('n1@C', ['n2@A'])],
      C: [send('n2@A', [], { after: 'received B1' })],
    },
  },
  {
    name: 'end and gift',
    what: 'bus P3, M5: A ends while B gives C a handle to its node and C calls it',
    peers: 'ABC',
    lines: { A: [end()], B: [send('n1@C', ['n1@A'])], C: [call('n1@A')] },
  },
  {
    name: 'answer and giving up',
    what: 'bus M7: B answers a call of A, which gives it up',
    peers: 'AB',
    lines: { A: [call('n1@B', ['n2@A']), giveUp()], B: [answer(['n2@B'], { after: 'received A1' })] },
  },
  {
    name: 'given reply',
    what: 'bus M7: B gives the reply of a call away to C, who answers, and ends',
    peers: 'ABC',
    lines: {
      A: [call('n1@B')],
      B: [send('n1@C', ['reply:A1'], { after: 'received A1' }), end()],
      C: [answer(['n1@C'], { after: 'received B1' })],
    },
  },
  {
    name: 'refused and told',
    what: 'bus Q4, Q5: B takes nothing while A and C send more than it has room for',
    peers: 'ABC',
    limits: { queueItemsMax: 2 },
    lines: { A: [send('n1@B'), send('n1@B', ['n2@A'])], C: [send('n1@B')] },
  },
  {
    name: 'partial',
    what: 'bus M2: A multicasts partly to B, who destroys its node, and to C',
    peers: 'ABC',
    lines: { A: [multicast(['n1@B', 'n1@C'], ['n2@A'], { isPartial: true })], B: [destroy('n1@B')] },
  },
  // What the random schedules found first.
  {
    name: 'refused after giving up',
    what: 'bus T3: A gives up a call with a node in it, which is refused because B has ended; C had the same node',
    peers: 'ABC',
    prepare: (cast) => {
      const { player } = cast.member('A');
      const toC = player.handles.find(({ node }) => node === 'n1@C');
      if (toC !== undefined) player.send(toC, [player.create()]);
    },
    lines: { A: [call('n1@B', ['n2@A']), giveUp()], B: [end()] },
  },
  {
    name: 'reply that nobody takes',
    what: 'bus M2, M7: B gives the reply of a call away in a partial multicast to C, who destroys its node',
    peers: 'ABC',
    lines: {
      A: [call('n1@B')],
      B: [multicast(['n1@C'], ['reply:A1'], { after: 'received A1', isPartial: true })],
      C: [destroy('n1@C')],
    },
  },
  {
    name: 'closed while waiting',
    what: 'bus Q5: A is refused, waits for room, and closes its handle',
    peers: 'AB',
    limits: { queueItemsMax: 1 },
    lines: { A: [send('n1@B'), send('n1@B'), close('n1@B', { after: 'waits' })] },
  },
];

/** More of the same, which take longer than a test should. */
export const longScenes: readonly Scene[] = [
  {
    name: 'killed and gift',
    what: 'bus P3, M5: A gives B its node and is killed, its last request unwritten; B gives it to C, who calls it',
    peers: 'ABC',
    lines: { A: [send('n1@B', ['n1@A']), end(1)], B: [send('n1@C', ['n1@A'])], C: [call('n1@A')] },
  },
  {
    name: 'given reply, given up',
    what: 'bus M7: B gives the reply of a call away to C, who answers, and ends; A gives the call up',
    peers: 'ABC',
    lines: {
      A: [call('n1@B'), giveUp({ after: 'told B' })],
      B: [send('n1@C', ['reply:A1'], { after: 'received A1' }), tell('A'), end()],
      C: [answer(['n1@C'], { after: 'received B1' })],
    },
  },
  {
    name: 'destroy and two sends',
    what: 'bus M6, T1: B sends twice to a node of A while A destroys it and then sends to B',
    peers: 'AB',
    lines: { A: [destroy('n1@A'), send('n1@B')], B: [send('n1@A', ['n2@B']), send('n1@A')] },
  },
  {
    name: 'three multicasts',
    what: 'bus O2: A, B and C multicast to D and E',
    peers: 'ABCDE',
    lines: {
      A: [multicast(['n1@D', 'n1@E'])],
      B: [multicast(['n1@D', 'n1@E'])],
      C: [multicast(['n1@D', 'n1@E'])],
    },
  },
];
