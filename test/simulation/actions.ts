/** What an application may do of its own accord, with details that follow from numbers (`plan.ts`, `soak/peer.ts`). */
import type { HeldHandle, HeldReply, Player, Thing } from './player.js';

export type ActionKind =
  | 'send'
  | 'call'
  | 'multicast'
  | 'answer'
  | 'dropReply'
  | 'giveUp'
  | 'close'
  | 'clone'
  | 'create'
  | 'destroy';

const nodesMax = 6;

/** `open` makes descriptors for a message that is to bring some. */
export function perform(
  player: Player,
  kind: ActionKind,
  a: number,
  b: number,
  c: number,
  open: () => readonly number[],
): void {
  const usable = player.handles.filter(({ isGone }) => !isGone);
  switch (kind) {
    case 'send':
    case 'call':
      send(player, pick(usable, a), kind, b, c, open);
      break;
    case 'multicast':
      multicast(player, usable, a, b, c);
      break;
    case 'answer':
      answer(player, pick(player.replies, a), b, c);
      break;
    case 'dropReply':
      withThing(pick(player.replies, a), (reply) => player.dropReply(reply));
      break;
    case 'giveUp':
      withThing(pick(player.calls, a), (call) => player.giveUp(call));
      break;
    case 'close':
      // Whoever closes everything has nothing left to do, except once in a while.
      if (player.handles.length > 2 || b % 8 === 0)
        withThing(pick(player.handles, a), (held) => player.close(held));
      break;
    case 'clone':
      withThing(pick(player.handles, a), (held) => player.clone(held));
      break;
    case 'create':
      if (player.nodes.length < nodesMax) player.create();
      break;
    case 'destroy':
      if (player.nodes.length > 1 || b % 4 === 0)
        withThing(pick(player.nodes, a), (own) => player.destroy(own));
      break;
  }
}

function send(
  player: Player,
  to: HeldHandle | undefined,
  kind: 'send' | 'call',
  b: number,
  c: number,
  open: () => readonly number[],
): void {
  if (to === undefined) return;
  const descriptors = c % 8 === 0 ? open() : [];
  const bytes = c % 5 === 0 ? 200 : 0;
  const things = thingsOf(player, b, true);
  if (kind === 'send') player.send(to, things, { descriptors, bytes, waits: true });
  else player.call(to, things, { descriptors, bytes, canGiveUp: c % 3 === 0 });
}

function multicast(player: Player, usable: readonly HeldHandle[], a: number, b: number, c: number): void {
  const to: HeldHandle[] = [];
  for (let at = 0; at < 2 + (a % 3); at += 1) {
    const held = pick(usable, (a >> 2) + 3 * at);
    if (held !== undefined && !to.some(({ node }) => node === held.node)) to.push(held);
  }
  if (to.length === 0) return;
  player.multicast(to, thingsOf(player, b, to.length === 1), { isPartial: c % 3 === 0 });
}

function answer(player: Player, reply: HeldReply | undefined, b: number, c: number): void {
  if (reply === undefined) return;
  const things = thingsOf(player, b, true).filter((thing) => thing !== reply);
  player.answer(reply, things, c % 5 === 0 ? 200 : 0);
}

/** Up to three things to give, as the number says. */
function thingsOf(player: Player, number: number, canGiveReplies: boolean): Thing[] {
  const things: Thing[] = [];
  for (let rest = number % 2 === 0 ? 0 : number >> 1, at = 0; at < 3 && rest > 0; at += 1, rest >>= 5) {
    let thing: Thing | undefined;
    if (rest % 8 < 3) thing = pick(player.nodes, rest >> 3);
    else if (rest % 8 < 6) thing = pick(player.handles, rest >> 3);
    else if (rest % 8 === 6) thing = player.nodes.length < nodesMax ? player.create() : undefined;
    else if (canGiveReplies) thing = pick(player.replies, rest >> 3);
    if (thing !== undefined && !things.includes(thing)) things.push(thing);
  }
  return things;
}

export function pick<Each>(things: readonly Each[], number: number): Each | undefined {
  return things[number % Math.max(1, things.length)];
}

export function withThing<Each>(thing: Each | undefined, act: (thing: Each) => void): void {
  if (thing !== undefined) act(thing);
}
