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
  'side-channel-receipt': {
    title: 'side channel, by receipt',
    what: 'A tells C; B, who got the same message, says so to D past the transport; D tells C.',
    programs:
      'a service that logs what it got, and an operator or a script that reads the log and acts on it; a file that is written when a message arrives',
  },
  'side-channel-completion': {
    title: 'side channel, by completion',
    what: 'A tells C, and when its send is complete it says so to B past the transport; B tells C.',
    programs:
      '`systemctl reload a && use a` in a shell; a program that exits with 0 when its request is sent, and the next one in the script',
  },
  triangle: {
    title: 'triangle of multicasts',
    what: 'A sends to B and C; B, having got it, sends to C (or to both): C should see the first before the answer to it.',
    programs:
      'an event bus: "network is up" to all, and one subscriber that publishes "mounted" because of it; chat and groupware; cache invalidation',
  },
  concurrent: {
    title: 'two concurrent multicasts',
    what: 'A and B send to the same receivers at the same time: all receivers should agree which was first.',
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

const aliases: readonly (readonly [RegExp, keyof typeof known & string])[] = [
  [/receipt/, 'side-channel-receipt'],
  [/completion|complete/, 'side-channel-completion'],
  [/triangle/, 'triangle'],
  [/concurrent|two-multicasts/, 'concurrent'],
  [/disjoint/, 'disjoint'],
  [/relay/, 'relay'],
];

export function patternOf(call: string): Pattern {
  const found = known[call] ?? known[aliases.find(([expression]) => expression.test(call))?.[1] ?? ''];
  return found ?? { title: call, what: '', programs: '' };
}
