/** A history sorted by what the rules ask for. */
import { ErrorCode } from '../../../broker/contract/errors.js';
import {
  type Accepted,
  type Answered,
  answerPrefix,
  type CallFailed,
  type Destroyed,
  deadName,
  type Ended,
  type History,
  type HistoryEvent,
  type Issued,
  type Received,
  type Refused,
  replyPrefix,
} from '../history.js';

export const ruleNames = [
  'fifo',
  'causal',
  'agreement',
  'adjacent',
  'number',
  'lost',
  'doubled',
  'invented',
  'atomic',
  'refusal',
  'places',
  'gone-missing',
  'gone-twice',
  'gone-unasked',
  'after-gone',
  'id-reused',
  'two-ids',
  'unused-stale',
  'unused-twice',
  'unused-missing',
  'call-open',
  'call-twice',
  'reply-lost',
  'writable',
  'descriptors',
  'fault',
  'quota',
] as const;
/** What can be broken; `docs/simulation.md` says which rule of the bus each stands for. */
export type Rule = (typeof ruleNames)[number];

export interface Violation {
  readonly rule: Rule;
  readonly text: string;
  /** Names of messages and nodes that it is about. */
  readonly about: readonly string[];
}

export type Report = (rule: Rule, text: string, ...about: string[]) => void;

export class Books {
  readonly history: History;
  readonly issued = new Map<string, Issued>();
  readonly accepted = new Map<string, Accepted>();
  readonly refused = new Map<string, Refused>();
  /** By message, or by answer. */
  readonly receipts = new Map<string, (Received | Answered)[]>();
  /** By call. */
  readonly answers = new Map<string, Answered[]>();
  readonly failures = new Map<string, CallFailed[]>();
  readonly replyDrops = new Set<string>();
  /** Calls whose reply went into some message. */
  readonly repliesGiven = new Set<string>();
  /** Calls that somebody tried to answer with handles. */
  readonly answeredWithHandles = new Set<string>();
  readonly destroyed = new Map<string, Destroyed>();
  readonly #ended = new Map<string, Ended>();

  constructor(history: History) {
    this.history = history;
    for (const event of history.events) this.#enter(event);
  }

  /** When the peer ended, if that was before everything was quiet. */
  endOf(peer: string): Ended | undefined {
    const ended = this.#ended.get(peer);
    return ended !== undefined && ended.at <= this.history.quietAt ? ended : undefined;
  }

  lives(peer: string): boolean {
    return this.endOf(peer) === undefined;
  }

  /** A call that was refused says so by its end. */
  isRefused(id: string): boolean {
    if (this.refused.has(id)) return true;
    const failure = this.failures.get(id)?.[0];
    return failure !== undefined && isRefusal(failure.code);
  }

  /**
   * Whether the bus is known to have taken it. A partial multicast that ended with no destination taken is no transaction: if all
   * are known to be gone nobody is even asked, so its completion says nothing about what was sent before it.
   */
  isDone(id: string): boolean {
    if (this.receipts.has(id)) return true;
    const codes = this.accepted.get(id)?.codes;
    if (codes !== undefined) return codes.length === 0 || codes.some((code) => code === 0);
    return this.failures.get(id)?.[0]?.code === ErrorCode.ReplyLost;
  }

  /** The transaction that killed the node: its destruction, or the end of its owner; `undefined` if that cannot be told. */
  deathOf(node: string): string | undefined {
    const owner = ownerOf(node);
    const ended = this.endOf(owner) !== undefined;
    if (this.destroyed.has(node)) return ended ? undefined : destructionOf(node);
    return ended ? endingOf(owner) : undefined;
  }

  /** Whether anything has killed the node, by the end. */
  isDead(node: string): boolean {
    return this.destroyed.has(node) || !this.lives(ownerOf(node));
  }

  #enter(event: HistoryEvent): void {
    switch (event.kind) {
      case 'issued':
        this.issued.set(event.id, event);
        for (const name of event.carried) if (isReply(name)) this.repliesGiven.add(callOf(name));
        if (event.answers !== undefined && event.carried.length > 0)
          this.answeredWithHandles.add(event.answers);
        break;
      case 'accepted':
        this.accepted.set(event.id, event);
        break;
      case 'refused':
        this.refused.set(event.id, event);
        break;
      case 'received':
        append(this.receipts, event.id, event);
        break;
      case 'answered':
        append(this.receipts, event.id, event);
        append(this.answers, event.call, event);
        break;
      case 'callFailed':
        append(this.failures, event.call, event);
        break;
      case 'replyDropped':
        this.replyDrops.add(event.call);
        break;
      case 'destroyed':
        this.destroyed.set(event.node, event);
        break;
      case 'ended':
        this.#ended.set(event.peer, event);
    }
  }
}

export function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

export function isRefusal(code: number): boolean {
  return code !== ErrorCode.ReplyLost && code !== ErrorCode.Deadline && code !== ErrorCode.Aborted;
}

export function ownerOf(node: string): string {
  return node.slice(node.indexOf('@') + 1);
}

export function isNode(name: string): boolean {
  return name !== deadName && !isReply(name);
}

export function isReply(name: string): boolean {
  return name.startsWith(replyPrefix);
}

export function callOf(reply: string): string {
  return reply.slice(replyPrefix.length);
}

export function isAnswer(id: string): boolean {
  return id.startsWith(answerPrefix);
}

/** Names of transactions that are no messages. */
export function destructionOf(node: string): string {
  return `destroy ${node}`;
}

export function endingOf(peer: string): string {
  return `end ${peer}`;
}
