/** Peers on a capability core, with their items read out as plain values. */
import {
  CapabilityCore,
  type CapabilityLimits,
  type Id,
  ItemKind,
  nodeBits,
  type PeerRecord,
  wordOf,
} from '../../broker/capability/index.js';
import { type QuotaShortage, shortageOf } from '../../broker/contract/errors.js';

/** An item as a test sees it. */
export interface Seen {
  readonly kind: keyof typeof ItemKind;
  readonly sequence: number;
  readonly id: string;
  readonly text: string;
  readonly handles: readonly string[];
  readonly reply: string;
  readonly tag: number;
  /** Of a loss: what the caller had no room for. */
  readonly shortage: QuotaShortage | undefined;
  readonly transfersSeen: number;
  readonly descriptors: readonly number[];
  readonly account: number;
}

const kindNames = new Map<number, keyof typeof ItemKind>(
  Object.entries(ItemKind).map(([name, kind]) => [kind, name as keyof typeof ItemKind]),
);

export function idText(id: Id): string {
  return `${id.word}.${id.generation}`;
}

export function idOf(text: string): Id {
  const [word, generation] = text.split('.').map(Number);
  return { word: word ?? 0, generation: generation ?? 0 };
}

/** What stands in a message for a handle whose node is gone. */
export const invalidId = '0.0';

export interface SendOptions {
  readonly transfers?: readonly string[];
  readonly descriptors?: readonly number[];
  readonly tag?: number;
  readonly isPartial?: boolean;
}

export class WorldPeer {
  readonly record: PeerRecord;
  readonly name: string;
  isBlocked = false;
  #generation = 0;
  readonly #core: CapabilityCore;
  readonly #submission = {
    destinations: new Uint32Array(64),
    destinationCount: 0,
    transfers: new Uint32Array(64),
    transferCount: 0,
    source: new Uint8Array(0),
    offset: 0,
    length: 0,
    descriptors: [] as readonly number[],
    tag: 0,
    isPartial: false,
    outcomes: new Uint16Array(32),
    refusedAt: 0,
    blame: 0,
  };

  constructor(core: CapabilityCore, name: string, uid: number) {
    this.#core = core;
    this.name = name;
    const isBlocked = (): boolean => this.isBlocked;
    this.record = core.addPeer(
      { account: core.accountOf(uid), pid: 1, uid, gid: uid },
      {
        get isBlocked() {
          return isBlocked();
        },
        wake: () => {},
      },
    );
  }

  /** The codes of the destinations. */
  get outcomes(): number[] {
    return [...this.#submission.outcomes.subarray(0, this.#submission.destinationCount)].map(
      (outcome) => outcome & 0xff,
    );
  }

  /** What was missing at the last refusal, and whose share was full. */
  get shortage(): QuotaShortage | undefined {
    return shortageOf(this.#submission.blame);
  }

  create(index = 0): string {
    this.#generation += 1;
    const id = { word: wordOf(index, nodeBits), generation: this.#generation };
    const result = this.#core.create(this.record, id.word, id.generation, false);
    if (result < 0) throw new Error(`create refused with ${-result}`);
    return idText(id);
  }

  /** Gives `receiver` a handle to an own node without a message. */
  grant(node: string, receiver: WorldPeer): string {
    const id = this.#core.introduce(this.record, idOf(node), receiver.record);
    if (id === undefined) throw new Error('no such node');
    return idText(id);
  }

  send(destinations: string | readonly string[], text: string, options: SendOptions = {}): number {
    this.#fill(typeof destinations === 'string' ? [destinations] : destinations, text, options);
    return this.#core.send(this.record, this.#submission);
  }

  call(destination: string, text: string, tag: number, options: SendOptions = {}): number {
    return this.send(destination, text, { ...options, tag });
  }

  reply(reply: string, text: string, options: SendOptions = {}): number {
    this.#fill([reply], text, options);
    return this.#done(this.#core.reply(this.record, this.#submission));
  }

  destroy(...nodes: string[]): number {
    return this.#done(this.#core.destroy(this.record, Uint32Array.from(pairs(nodes)), nodes.length));
  }

  release(id: string, count = 1): number {
    const { word, generation } = idOf(id);
    return this.#done(this.#core.release(this.record, Uint32Array.of(word, generation, count), 1));
  }

  withdraw(tag: number): number {
    return this.#done(this.#core.withdraw(this.record, tag));
  }

  end(): void {
    this.#core.endPeer(this.record);
    tellAll(this.#core);
  }

  /** The next item, delivered; `undefined` if none waits. */
  receive(): Seen | undefined {
    const item = this.record.queue.head;
    if (item === undefined) return undefined;
    const { payload } = item;
    const handles: string[] = [];
    for (let at = 0; at < item.handles.length; at += 2) {
      handles.push(`${item.handles[at]}.${item.handles[at + 1]}`);
    }
    const seen: Seen = {
      kind: kindNames.get(item.kind) ?? 'Message',
      sequence: item.sequence,
      id: `${item.word}.${item.generation}`,
      text:
        payload === undefined
          ? ''
          : new TextDecoder().decode(
              payload.source.subarray(payload.offset, payload.offset + payload.length),
            ),
      handles,
      reply: item.replyGeneration === 0 ? '' : `${item.replyWord}.${item.replyGeneration}`,
      tag: item.tag,
      shortage: shortageOf(item.blame),
      transfersSeen: item.transfersSeen,
      descriptors: payload?.descriptors ?? [],
      account: item.sender?.identity.account ?? 0,
    };
    if (payload !== undefined && payload.references === 1) payload.descriptors = [];
    this.#core.delivered(this.record, item);
    tellAll(this.#core);
    return seen;
  }

  #done(result: number): number {
    tellAll(this.#core);
    return result;
  }

  /** Everything that waits, delivered. */
  drain(): Seen[] {
    const all: Seen[] = [];
    for (let seen = this.receive(); seen !== undefined; seen = this.receive()) all.push(seen);
    return all;
  }

  #fill(destinations: readonly string[], text: string, options: SendOptions): void {
    const submission = this.#submission;
    submission.destinations.set(pairs(destinations));
    submission.destinationCount = destinations.length;
    submission.transfers.set(pairs(options.transfers ?? []));
    submission.transferCount = options.transfers?.length ?? 0;
    submission.source = new TextEncoder().encode(text);
    submission.length = submission.source.length;
    submission.descriptors = options.descriptors ?? [];
    submission.tag = options.tag ?? 0;
    submission.isPartial = options.isPartial ?? false;
  }
}

/** As many passes as are needed. */
function tellAll(core: CapabilityCore): void {
  do core.tellReady();
  while (core.mustTell);
}

function pairs(ids: readonly string[]): number[] {
  return ids.map(idOf).flatMap(({ word, generation }) => [word, generation]);
}

export class CapabilityWorld {
  readonly closed: number[] = [];
  readonly core: CapabilityCore;

  constructor(limits: Partial<CapabilityLimits> = {}) {
    this.core = new CapabilityCore({
      closeDescriptors: (descriptors) => this.closed.push(...descriptors),
      limits,
    });
  }

  peer(name: string, uid = 1000): WorldPeer {
    return new WorldPeer(this.core, name, uid);
  }
}
