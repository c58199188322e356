/**
 * Peers on a simulated broker, with the side channels between them, moved one step at a time; everything is written down.
 *
 * What can happen next is a list of moves (`moves`): the broker takes a request, puts an item on a wire or goes on with work of
 * its own; a frame reaches a peer; a peer hears through a side channel. What applications do comes from outside (`plan.ts`,
 * `script.ts`). After each step everything that promises set going has run, so a step is over when it is over.
 */
import { manifest } from '../../transports/bus/index.js';
import { BusPeer } from '../../transports/bus/peer.js';
import { createStillTime } from '../support/still-time.js';
import type { Arrival, Frame, Port, SimulatedBroker } from './broker.js';
import { type History, type HistoryEvent, invalidId, type Note, type WireItem } from './history.js';
import { connectPeer, type Link } from './link.js';
import { Player } from './player.js';

export interface Member {
  readonly name: string;
  readonly player: Player;
  readonly link: Link;
  readonly port: Port;
  readonly busPeer: BusPeer;
  /** What it has noted, as `received A1`, `accepted A1`, `told B`, `gone n1@B`. */
  readonly seen: Set<string>;
}

export interface Move {
  readonly kind: 'take' | 'carry' | 'deliver' | 'hear' | 'proceed';
  /** Whose; of `proceed` nobody's. */
  readonly member: Member | undefined;
}

/** What a schedule says about whom a note names. */
function seenOf(note: Note): string {
  if ('id' in note) return `${note.kind} ${note.id}`;
  if ('call' in note) return `${note.kind} ${note.call}`;
  if ('node' in note) return `${note.kind} ${note.node}`;
  return 'by' in note ? `${note.kind} ${note.by}` : note.kind;
}

interface Whisper {
  readonly token: number;
  readonly by: string;
  readonly to: Member;
}

const decoder = new TextDecoder();
/** Chained promises that one step may have to run through, with some to spare. */
const promiseDepth = 8;
/** A broker that never becomes quiet is broken. */
const quietStepsMax = 100_000;

export class World {
  readonly broker: SimulatedBroker;
  readonly members: Member[] = [];
  readonly #time = createStillTime();
  readonly #events: HistoryEvent[] = [];
  readonly #wire: WireItem[] = [];
  #whispers: Whisper[] = [];
  #at = 0;
  #tokens = 0;
  #quietAt = 0;

  constructor(broker: SimulatedBroker) {
    this.broker = broker;
  }

  get alive(): Member[] {
    return this.members.filter(({ player }) => !player.hasEnded);
  }

  /** A new peer, without a handle to anything. */
  join(uid: number): Member {
    const name = nameOf(this.members.length);
    const seen = new Set<string>();
    const port = this.broker.connect(name, uid);
    const busPeer = new BusPeer({
      manifest,
      time: this.#time,
      options: { onError: (error) => member.player.fault(error) },
    });
    const link = connectPeer(this.broker, port, busPeer);
    const player = new Player(name, busPeer, (note) => {
      this.#at += 1;
      this.#events.push({ ...note, at: this.#at, peer: name } as HistoryEvent);
      seen.add(seenOf(note));
    });
    const member: Member = { name, player, link, port, busPeer, seen };
    this.members.push(member);
    return member;
  }

  /** The broker gives `holder` a handle to a node of `owner` by right; not if it has not heard of the node yet. */
  introduce(owner: Member, node: string, holder: Member): boolean {
    const own = owner.player.nodes.find(({ name }) => name === node)?.node;
    if (own === undefined || !('word' in own) || !('generation' in own)) return false;
    const { word, generation } = own as { readonly word: number; readonly generation: number };
    const id = this.broker.introduce(owner.port, { word, generation }, holder.port);
    if (id === undefined) return false;
    (own as unknown as { transferred(): void }).transferred();
    holder.busPeer.welcomed(id.word, id.generation, holder.port.record.identity.uid);
    holder.player.introduced(node, holder.busPeer.root);
    this.#wire.push({ ...noItem, at: this.#at, peer: holder.name, id: idText(id), name: node });
    return true;
  }

  /** What can happen now, beside what applications do. */
  moves(): Move[] {
    const moves: Move[] = [];
    for (const member of this.members) {
      const { port } = member;
      if (port.up.length > 0) moves.push({ kind: 'take', member });
      if (!port.isSlow && !member.player.hasEnded && this.broker.hasItems(port)) {
        moves.push({ kind: 'carry', member });
      }
      if (port.down.length > 0) moves.push({ kind: 'deliver', member });
      if (this.#whispers.some(({ to }) => to === member)) moves.push({ kind: 'hear', member });
    }
    if (this.broker.more > 0) moves.push({ kind: 'proceed', member: undefined });
    return moves;
  }

  async move({ kind, member }: Move, choice: number): Promise<void> {
    if (kind === 'proceed') this.broker.proceed(choice);
    if (member === undefined) return this.settle();
    switch (kind) {
      case 'take':
        this.broker.take(member.port, choice);
        break;
      case 'carry':
        this.broker.carry(member.port, choice);
        break;
      case 'deliver':
        await this.#deliver(member);
        break;
      case 'hear':
        this.#hear(member, choice);
    }
  }

  /** How many hear something next. */
  whispersTo(member: Member): number {
    return this.#whispers.filter(({ to }) => to === member).length;
  }

  /** One peer lets another know, past the bus. */
  tell(by: Member, to: Member): void {
    this.#tokens += 1;
    by.player.tell(this.#tokens, to.name);
    this.#whispers.push({ token: this.#tokens, by: by.name, to });
  }

  /** A peer closes, or is killed with `unwritten` requests still in its own memory. */
  end(member: Member, how: 'closed' | 'killed', unwritten = 0): void {
    member.player.end(how, () => {
      if (how === 'killed') member.link.kill(unwritten);
      member.busPeer.close();
      member.port.down.length = 0;
    });
    this.#whispers = this.#whispers.filter(({ to }) => to !== member);
  }

  /** Lets run what promises have set going. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < promiseDepth; turn += 1) await undefined;
  }

  /** Everything arrives; then everybody answers, closes what he has, and leaves. `limits` are those that are tight. */
  async finish(limits: Readonly<Record<string, number>> = {}): Promise<History> {
    for (const { port } of this.members) port.isSlow = false;
    await this.becomeQuiet();
    for (let replies = 1; replies > 0; ) {
      replies = 0;
      for (const { player } of this.alive) {
        for (const reply of [...player.replies]) {
          player.answer(reply);
          replies += 1;
        }
      }
      await this.becomeQuiet();
    }
    this.#quietAt = this.#at;
    for (const { player } of this.alive) for (const held of [...player.handles]) player.close(held);
    await this.becomeQuiet();
    for (const member of this.alive) this.end(member, 'closed');
    await this.becomeQuiet();
    return {
      events: this.#events,
      wire: this.#wire,
      closedDescriptors: this.broker.closedDescriptors,
      answersInOrder: true,
      quietAt: this.#quietAt,
      // Who holds more than half of what he may is not told to try again; everything else is empty when all has arrived.
      isRoomyWhenQuiet: limits['peerHandlesMax'] === undefined && limits['userHandlesMax'] === undefined,
      canLoseAnswers: Object.keys(limits).length > 0,
    };
  }

  /** Everything that is under way arrives. */
  async becomeQuiet(): Promise<void> {
    await this.settle();
    for (let step = 0; step < quietStepsMax; step += 1) {
      const moves = this.moves();
      if (moves.length === 0) return;
      for (const move of moves) if (this.#isPossible(move)) await this.move(move, 0);
    }
    throw new Error('the bus never becomes quiet');
  }

  /** Whether it still is: a move before it may have taken its place. */
  #isPossible({ kind, member }: Move): boolean {
    if (member === undefined) return this.broker.more > 0;
    if (kind === 'take') return member.port.up.length > 0;
    if (kind === 'carry') return !member.player.hasEnded && this.broker.hasItems(member.port);
    return kind === 'hear' || member.port.down.length > 0;
  }

  async #deliver(member: Member): Promise<void> {
    const frame = member.port.down.shift();
    if (frame === undefined) return;
    this.#at += 1;
    if (isArrival(frame)) this.#wire.push(wireItem(this.#at, member.name, frame));
    member.link.receive(frame);
    await this.settle();
    member.player.notice();
  }

  #hear(member: Member, choice: number): void {
    const heard = this.#whispers.filter(({ to }) => to === member);
    const whisper = heard[choice % Math.max(1, heard.length)];
    if (whisper === undefined) return;
    this.#whispers = this.#whispers.filter((each) => each !== whisper);
    member.player.told(whisper.token, whisper.by);
  }
}

/** A, B, … Z, Z1, Z2 … */
function nameOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `Z${index - 25}_`;
}

function isArrival(frame: Frame): frame is Arrival {
  return frame.kind !== 'accepted' && frame.kind !== 'refused' && frame.kind !== 'outcomes';
}

const noItem: WireItem = {
  ...{ at: 0, peer: '', kind: 'Root', sequence: 0, id: invalidId, name: '' },
  ...{ handles: [], tag: 0, descriptors: [] },
};

function wireItem(at: number, peer: string, arrival: Arrival): WireItem {
  const { kind, sequence, word, generation, handles, tag, descriptors } = arrival;
  const ids: string[] = [];
  for (let index = 0; index < handles.length; index += 2) {
    ids.push(idText({ word: handles[index] ?? 0, generation: handles[index + 1] ?? 0 }));
  }
  const name = decoder.decode(arrival.bytes).split(' ')[0] ?? '';
  const id = idText({ word, generation });
  return { at, peer, kind, sequence, id, name, handles: ids, tag, descriptors };
}

function idText({ word, generation }: { readonly word: number; readonly generation: number }): string {
  return `${word}.${generation}`;
}
