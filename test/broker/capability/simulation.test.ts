/**
 * Random operations of several peers on the core, and checkers that keep their own books: order, agreement, causality, counts,
 * liveness, one end for each call and for each handle. They share no code with the core; what they know is the rules.
 */
import test, { type ExecutionContext } from 'ava';
import {
  CapabilityWorld,
  idOf,
  invalidId,
  type Seen,
  type WorldPeer,
} from '../../support/capability-world.js';
import { checkNoAccounts, checkQuota } from '../../support/quota-checker.js';
import { createRandom, type Random } from '../../support/random.js';

/** A handle id as its holder counts it. */
interface Held {
  readonly id: string;
  readonly node: string;
  count: number;
  isGone: boolean;
}

interface Player {
  readonly name: string;
  readonly peer: WorldPeer;
  readonly held: Map<string, Held>;
  /** Live own nodes: id to global name. */
  readonly nodes: Map<string, string>;
  /** Replies that it owes: id to the call's text. */
  readonly owed: Map<string, string>;
  /** Outstanding calls: tag to text. */
  readonly calls: Map<number, string>;
  /** Calls that were withdrawn; an end that was on its way already may still come, once. */
  readonly withdrawn: Set<number>;
  readonly indexes: Set<number>;
  readonly log: { sequence: number; text: string }[];
  lastSequence: number;
  hasEnded: boolean;
}

class Simulation {
  readonly #t: ExecutionContext;
  readonly #random: Random;
  readonly #world = new CapabilityWorld({ queueItemsMax: 40, peerHandlesMax: 60 });
  readonly #players: Player[] = [];
  /** Global name of a node to its owner; only live ones. */
  readonly #live = new Map<string, Player>();
  /** What each message carried, as global names, and the sequence numbers that its causes had. */
  readonly #sent = new Map<string, { carried: readonly string[]; sequence: number; after: number }>();
  #names = 0;
  #tags = 0x1_0000;
  #descriptors = 0;
  readonly #received: number[] = [];

  constructor(t: ExecutionContext, seed: number) {
    this.#t = t;
    this.#random = createRandom(seed);
    for (let at = 0; at < 5; at += 1) this.#join(`P${at}`);
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.#step();
      if (step % 16 === 0) this.#checkQuota();
    }
    for (const player of this.#players) this.#receiveAll(player);
    this.#checkEverythingHeld();
    for (const player of this.#players) if (!player.hasEnded) this.#end(player);
    checkNoAccounts(this.#world.core);
    const { peers, nodes, handles } = this.#world.core;
    this.#t.deepEqual({ peers, nodes, handles }, { peers: 0, nodes: 0, handles: 0 }, 'the tables are empty');
    for (const player of this.#players) this.#t.is(player.peer.record.callsOutstanding, 0);
    const dropped = this.#world.closed.length;
    this.#t.is(
      this.#received.length + dropped,
      this.#descriptors,
      'each descriptor is received or closed, once',
    );
    this.#t.is(new Set([...this.#received, ...this.#world.closed]).size, this.#descriptors);
    this.#checkAgreement();
  }

  /** The books are right at any time (Q1). */
  #checkQuota(): void {
    const live = this.#players.filter(({ hasEnded }) => !hasEnded);
    checkQuota(
      this.#world.core,
      live.map(({ peer }) => peer.record),
    );
  }

  #join(name: string): void {
    // Three users.
    const peer = this.#world.peer(name, 1000 + (this.#players.length % 3));
    const player: Player = {
      ...{ name, peer, held: new Map(), nodes: new Map(), owed: new Map(), calls: new Map() },
      ...{ withdrawn: new Set(), indexes: new Set(), log: [], lastSequence: 0, hasEnded: false },
    };
    this.#players.push(player);
    // Everybody knows a node of everybody else who lives, and they one of his.
    for (const other of this.#players) {
      if (other === player || other.hasEnded) continue;
      this.#introduce(other, player);
      this.#introduce(player, other);
    }
  }

  #introduce(owner: Player, holder: Player): void {
    const node = this.#create(owner);
    this.#arrive(holder, owner.peer.grant(node, holder.peer), owner.nodes.get(node) ?? '');
  }

  #create(owner: Player): string {
    let index = 0;
    while (owner.indexes.has(index)) index += 1;
    owner.indexes.add(index);
    const node = owner.peer.create(index);
    this.#names += 1;
    const name = `${owner.name}:${this.#names}`;
    owner.nodes.set(node, name);
    this.#live.set(name, owner);
    return node;
  }

  #arrive(holder: Player, id: string, node: string): void {
    const held = holder.held.get(id) ?? { id, node, count: 0, isGone: false };
    this.#t.is(held.node, node, 'an id means one node for ever');
    this.#t.false(held.isGone, 'nothing arrives under an id that is gone');
    for (const other of holder.held.values()) {
      this.#t.true(other.id === id || other.node !== node || other.isGone, 'one id for each node (N3)');
    }
    held.count += 1;
    holder.held.set(id, held);
  }

  #step(): void {
    const players = this.#players.filter(({ hasEnded }) => !hasEnded);
    const player = pick(this.#random, players);
    if (player === undefined) return;
    const dice = this.#random.below(100);
    if (dice < 40) this.#send(player);
    else if (dice < 65) this.#receive(player);
    else if (dice < 75) this.#answer(player);
    else if (dice < 88) this.#release(player);
    else if (dice < 92) this.#withdraw(player);
    else if (dice < 97) this.#destroy(player);
    else if (dice < 98 && players.length > 3) this.#end(player);
    else if (this.#players.length < 12) this.#join(`P${this.#players.length}`);
  }

  #send(player: Player): void {
    const handles = [...player.held.values()].filter(({ isGone }) => !isGone);
    const targets = [pick(this.#random, handles)].filter((each) => each !== undefined);
    if (targets.length === 0) return;
    if (this.#random.below(4) === 0) {
      const other = pick(this.#random, handles);
      if (other !== undefined && other !== targets[0]) targets.push(other);
    }
    const isCall = targets.length === 1 && this.#random.below(3) === 0;
    const transfers: string[] = [];
    const carried: string[] = [];
    for (let count = this.#random.below(3); count > 0; count -= 1) {
      const isOwn = this.#random.below(2) === 0;
      const node = isOwn ? pick(this.#random, [...player.nodes.keys()]) : undefined;
      const handle = isOwn ? undefined : pick(this.#random, [...player.held.values()]);
      const id = node ?? handle?.id;
      if (id === undefined) continue;
      transfers.push(id);
      carried.push(node === undefined ? (handle?.node ?? '') : (player.nodes.get(node) ?? ''));
    }
    this.#names += 1;
    const text = `${player.name}#${this.#names}`;
    const descriptors = targets.length === 1 && this.#random.below(5) === 0 ? [this.#descriptors++] : [];
    this.#tags += 1;
    const tag = isCall ? this.#tags : 0;
    const lives = carried.map((name) => (this.#live.has(name) ? name : ''));
    const result = player.peer.send(
      targets.map(({ id }) => id),
      text,
      { transfers, descriptors, tag },
    );
    if (result < 0) return;
    this.#sent.set(text, { carried: lives, sequence: result, after: player.lastSequence });
    this.#t.true(result > player.lastSequence, 'a cause comes before its effect (O2)');
    if (isCall) player.calls.set(tag, text);
  }

  #answer(player: Player): void {
    const reply = pick(this.#random, [...player.owed.keys()]);
    if (reply === undefined) return;
    const call = player.owed.get(reply) ?? '';
    player.owed.delete(reply);
    if (this.#random.below(4) === 0) this.#t.true(player.peer.release(reply) > 0);
    else {
      const node = pick(this.#random, [...player.nodes.keys()]);
      const text = `re ${call}`;
      const sequence = player.peer.reply(reply, text, { transfers: node === undefined ? [] : [node] });
      this.#t.true(sequence > 0);
      const carried = node === undefined ? [] : [player.nodes.get(node) ?? ''];
      this.#sent.set(text, { carried, sequence, after: player.lastSequence });
    }
    this.#t.true(player.peer.reply(reply, 'again') < 0, 'a second answer is an error (M7)');
  }

  #release(player: Player): void {
    const held = pick(this.#random, [...player.held.values()]);
    if (held === undefined) return;
    const count = 1 + this.#random.below(held.count);
    // What is still on its way adds to the broker's count, never takes away: so this is always granted.
    this.#t.true(player.peer.release(held.id, count) > 0);
    held.count -= count;
    if (held.count === 0) player.held.delete(held.id);
  }

  #withdraw(player: Player): void {
    const tag = pick(this.#random, [...player.calls.keys()]);
    if (tag === undefined || this.#random.below(3) > 0) return;
    player.peer.withdraw(tag);
    player.calls.delete(tag);
    player.withdrawn.add(tag);
  }

  #destroy(player: Player): void {
    const node = pick(this.#random, [...player.nodes.keys()]);
    if (node === undefined) return;
    this.#t.true(player.peer.destroy(node) > 0);
    this.#t.true(player.peer.destroy(node) < 0, 'twice is an error (N7)');
    this.#forgetNode(player, node);
  }

  #forgetNode(player: Player, node: string): void {
    this.#live.delete(player.nodes.get(node) ?? '');
    player.nodes.delete(node);
  }

  #end(player: Player): void {
    player.hasEnded = true;
    for (const node of [...player.nodes.keys()]) this.#forgetNode(player, node);
    player.peer.end();
    this.#t.is(player.peer.receive(), undefined, 'nothing is left to be read (P3)');
  }

  #receiveAll(player: Player): void {
    while (!player.hasEnded && this.#receive(player));
  }

  #receive(player: Player): boolean {
    const item = player.peer.receive();
    if (item === undefined) return false;
    this.#t.true(item.sequence >= player.lastSequence, 'items come in increasing order (O1)');
    player.lastSequence = item.sequence;
    this.#received.push(...item.descriptors);
    if (item.kind === 'Message' || item.kind === 'Answer') this.#message(player, item);
    else if (item.kind === 'Gone') this.#gone(player, item);
    else if (item.kind === 'Lost') this.#callEnds(player, item.tag);
    return true;
  }

  #message(player: Player, item: Seen): void {
    const sent = this.#sent.get(item.text);
    this.#t.is(sent?.sequence, item.sequence, 'one number for a message everywhere (O1)');
    this.#t.false(
      player.log.some(({ text }) => text === item.text) && item.kind === 'Answer',
      'answered once',
    );
    player.log.push({ sequence: item.sequence, text: item.text });
    const carried = sent?.carried ?? [];
    this.#t.is(item.handles.length, carried.length, 'the number of handles never changes (M4)');
    item.handles.forEach((id, at) => {
      const name = carried[at] ?? '';
      const isHome = name.startsWith(`${player.name}:`);
      if (name === '') this.#t.is(id, invalidId, 'a handle that was dead arrives invalid (M4)');
      else if (isHome) this.#t.not(id, invalidId);
      else this.#arrive(player, id, name);
    });
    if (item.kind === 'Answer') this.#callEnds(player, item.tag);
    if (item.reply !== '') player.owed.set(item.reply, item.text);
  }

  #callEnds(player: Player, tag: number): void {
    const isWithdrawn = player.withdrawn.delete(tag);
    this.#t.true(player.calls.delete(tag) || isWithdrawn, 'a call ends once (M7)');
  }

  #gone(player: Player, item: Seen): void {
    if (player.owed.has(item.id)) return;
    const held = player.held.get(item.id);
    this.#t.true(held !== undefined, 'gone only for what is held (T1)');
    if (held === undefined) return;
    this.#t.false(held.isGone, 'gone once (M5)');
    this.#t.false(this.#live.has(held.node), 'gone only when the node is');
    held.isGone = true;
  }

  /** All is read: so whoever holds a dead node knows it, and the broker's counts are the holders'. */
  #checkEverythingHeld(): void {
    for (const player of this.#players) {
      if (player.hasEnded) continue;
      for (const held of player.held.values()) {
        this.#t.is(
          held.isGone,
          !this.#live.has(held.node),
          `${player.name} ${held.node}: no silent dead id (M5)`,
        );
        this.#t.true(player.peer.release(held.id, held.count + 1) < 0, 'the counts agree');
        this.#t.true(player.peer.release(held.id, held.count) > 0, 'the counts agree');
      }
      player.held.clear();
      this.#t.is(player.peer.record.held.size, player.owed.size);
      this.#t.is(player.peer.record.queuedBytes, 0, 'every charge was given back');
      this.#t.is(player.peer.record.callsOutstanding, player.calls.size);
    }
    // Nobody holds anything any more, so each node is either told unused now, or was before, or was never given away.
    for (const player of this.#players) {
      if (player.hasEnded) continue;
      for (const { kind, id } of player.peer.drain()) {
        if (kind === 'Unused') this.#t.true(player.nodes.has(id), 'unused only for a live node (T2)');
      }
      for (const node of player.nodes.keys()) {
        const { word, generation } = idOf(node);
        const holders = this.#world.core.holders(player.peer.record, word, generation);
        this.#t.deepEqual(holders, [], 'counts come back to nothing (N3)');
      }
    }
  }

  /** Two receivers of the same two messages saw them in the same order (O2). */
  #checkAgreement(): void {
    const place = new Map<string, number>();
    for (const { log } of this.#players) {
      for (let at = 0; at < log.length; at += 1) {
        const { text, sequence } = log[at] ?? { text: '', sequence: 0 };
        this.#t.is(place.get(text) ?? sequence, sequence);
        place.set(text, sequence);
        this.#t.true(at === 0 || sequence >= (log[at - 1]?.sequence ?? 0));
      }
    }
    for (const { sequence, after } of this.#sent.values()) this.#t.true(sequence > after);
  }
}

function pick<Thing>(random: Random, things: readonly Thing[]): Thing | undefined {
  return things[random.below(Math.max(1, things.length))];
}

const seeds = process.env['SEED'] === undefined ? [1, 2, 3, 4, 5, 6] : [Number(process.env['SEED'])];

for (const seed of seeds) {
  test(`O1–O4, M4–M7, N3, T1, P3: random operations keep the rules, seed ${seed}`, (t) => {
    new Simulation(t, seed).run(4000);
  });
}
