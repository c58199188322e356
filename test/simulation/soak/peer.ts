/**
 * A peer of a soak, in a process of its own, which does as it pleases until it is told to stop, or killed.
 *
 *     node peer.js SOCKET NAME SEED NOTES HUB
 */
import { closeSync, openSync } from 'node:fs';
import { createParts, transportEntry } from '../../support/parts.js';
import { createRandom } from '../../support/random.js';
import { type ActionKind, perform } from '../actions.js';
import { Player, pingText } from '../player.js';
import { say, serveVerbs } from './child.js';
import { openNotebook } from './notebook.js';

const [path = '', name = '', seed = '1', notes = '', hub = ''] = process.argv.slice(2);

/** How often it does what, in parts of the whole. */
const habits: readonly (readonly [ActionKind | 'tell' | 'flood', number])[] = [
  ...([
    ['send', 30],
    ['multicast', 12],
    ['call', 14],
    ['answer', 16],
    ['tell', 8],
    ['close', 6],
    ['create', 4],
  ] as const),
  ...([
    ['clone', 2],
    ['destroy', 2],
    ['giveUp', 2],
    ['dropReply', 1],
    ['flood', 0.2],
  ] as const),
];
const numberMax = 1 << 16;
/** Actions in a turn, and between two of them. */
const burstMax = 4;
const pauseMs = 8;
/** Together more than one receiver has room for from one sender. */
const floodMessages = 80;
const floodBytes = 60_000;
/** Handles above which it tidies up. */
const handlesMax = 60;

const random = createRandom(Number(seed));
const { peer, root } = await transportEntry('bus')
  .create(createParts())
  .connect({
    path,
    onError: (error) => player.fault(error),
  });
const player = new Player(name, peer, openNotebook(notes, name), (descriptors) =>
  descriptors.forEach(closeSync),
);
const door = root.clone();
const first = player.create();
player.send(player.introduced(hub, root), [first]);

let isActing = true;
/** Whispers of one peer have numbers that no other's have. */
const tokensOf = Number(/\d+/.exec(name)) * 1_000_000;
let tokens = 0;
/** Everybody else who lives, as the soak says. */
let others: readonly string[] = [];

function act(): void {
  const total = habits.reduce((sum, [, weight]) => sum + weight, 0);
  let rest = (random.below(numberMax) / numberMax) * total;
  const [kind] = habits.find(([, weight]) => {
    rest -= weight;
    return rest < 0;
  }) ?? ['send'];
  const [a, b, c] = [random.below(numberMax), random.below(numberMax), random.below(numberMax)];
  if (player.handles.length > handlesMax) perform(player, 'close', a, b, c, () => []);
  if (kind === 'tell') tell(a);
  else if (kind === 'flood') flood(a);
  else perform(player, kind, a, b, c, () => [openSync('/dev/null', 'r')]);
}

/** Lets somebody know, through the soak, which is past the bus. */
function tell(number: number): void {
  const to = others[number % Math.max(1, others.length)];
  if (to === undefined) return;
  tokens += 1;
  const token = tokensOf + tokens;
  player.tell(token, to);
  say({ token, to });
}

function flood(number: number): void {
  const usable = player.handles.filter(({ isGone }) => !isGone);
  const to = usable[number % Math.max(1, usable.length)];
  if (to === undefined) return;
  for (let count = 0; count < floodMessages; count += 1) {
    player.send(to, [], { bytes: floodBytes, waits: count === floodMessages - 1 });
  }
}

async function live(): Promise<void> {
  while (isActing) {
    for (let burst = random.below(burstMax + 1); burst > 0 && isActing; burst -= 1) act();
    await new Promise((resolve) => setTimeout(resolve, random.below(pauseMs)));
  }
}

serveVerbs({
  others: (...names) => {
    others = names.map(String);
  },
  told: (token, by) => player.told(Number(token), String(by)),
  stop: () => {
    isActing = false;
  },
  settled: () => player.pending === 0,
  /** Answers all that it owes. Returns how many there were, and how many calls of its own it waits for. */
  answerAll: () => {
    const replies = [...player.replies];
    for (const reply of replies) player.answer(reply);
    player.notice();
    return replies.length + player.calls.length;
  },
  ping: async () => {
    await door.call({ bytes: new TextEncoder().encode(pingText) });
    player.notice();
  },
  closeAll: () => {
    for (const held of [...player.handles]) player.close(held);
  },
  leave: () => {
    isActing = false;
    player.end('closed', () => peer.close());
    setImmediate(() => process.disconnect?.());
  },
});
void live();
