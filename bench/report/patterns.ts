/**
 * The patterns of W8 in words: what happens in each, and which programs contain it. The names are those of `OrderLine.call`; a pattern that
 * is not here has its name only.
 */

export interface Pattern {
  readonly title: string;
  readonly what: string;
  readonly programs: string;
}

const known: Readonly<Record<string, Pattern>> = {
  relay: {
    title: 'relay',
    what: 'A tells C, then A asks B, then B tells C: C should hear from A first.',
    programs:
      'write a record to a store or log, then ask another service to act on it; register with a name service, then tell a friend who looks it up',
  },
  receipt: {
    title: 'side channel, by receipt',
    what: 'A multicasts to B and D; B, who has it, tells C past the transport (a file, a pipe, a person); C tells D. D should hear from A first.',
    programs:
      'a service that logs what it got, and an operator or a script that reads the log and acts; a marker file written when a message arrives',
  },
  completion: {
    title: 'side channel, by completion',
    what: "A's send to C is complete, so A tells B past the transport, and B tells C. C should hear from A first.",
    programs:
      'two commands one after the other in a script (`reload && use`); a program that exits with 0 when its request is sent, and the next that relies on it',
  },
  triangle: {
    title: 'triangle of multicasts',
    what: 'A multicasts to B and C; B answers with a multicast to C and A. C should see the question before the answer.',
    programs:
      'an event bus: "network is up" to all, and a subscriber that publishes "mounted" because of it; cache invalidation; chat',
  },
  concurrent: {
    title: 'two concurrent multicasts',
    what: 'A and B multicast to C and D at the same time: C and D should agree which was first.',
    programs:
      'replicas that apply updates as they come; two panels that both show the last setting; election of a leader by the first message',
  },
  disjoint: {
    title: 'disjoint destinations',
    what: 'Multicasts to overlapping groups, no two receivers of which are in all of them: the orders that receivers see must still fit into one.',
    programs:
      'locks or transactions on several services at once; dependency managers that tell each service only what concerns it',
  },
};

export function patternOf(call: string): Pattern {
  return known[call] ?? { title: call, what: '', programs: '' };
}
