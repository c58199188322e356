/**
 * The link of the server's own peer: requests are calls into the core, and items come back as events, later in the same turn
 * and never from within a request. So the order of the bus holds for it like for everybody.
 */
import {
  type DeliveryItem,
  ItemKind,
  type Outlet,
  type PeerRecord,
} from '../../../broker/capability/index.js';
import { BrokerError, ErrorCode } from '../../../broker/contract/errors.js';
import type { Timer } from '../../../broker/contract/platform.js';
import type { Credentials } from '../../../broker/contract/transport.js';
import { closeDescriptors } from '../descriptors.js';
import type { Attempt, BusLink, HolderShare, LinkEvents } from '../link.js';
import type { Operation } from '../operation.js';
import { refusal } from '../refusal.js';
import { openPayload } from '../sealed.js';
import { SlabCopier } from '../slab.js';
import { refusalOf } from '../wire.js';
import type { Line } from './introspection.js';
import { mustWait } from './item-writer.js';
import type { Drain, Router } from './router.js';

/** When to try again to copy descriptors of a multicast, when none was free. */
const descriptorRetryMs = 10;
/** Batches handled in one turn of the event loop before others get theirs. */
const turnBatchesMax = 64;

const noBytes = new Uint8Array(0);

/** An item that has left the core. */
interface Arrival {
  readonly kind: ItemKind;
  readonly sequence: number;
  readonly account: number;
  readonly credentials: Credentials | undefined;
  readonly word: number;
  readonly generation: number;
  readonly replyWord: number;
  readonly replyGeneration: number;
  readonly tag: number;
  readonly code: number;
  readonly blame: number;
  readonly transfersSeen: number;
  readonly handles: readonly number[];
  readonly bytes: Uint8Array;
  /** Not 0: the payload is in the memory that is the first descriptor. */
  readonly sealedBytes: number;
  readonly descriptors: readonly number[];
}

export class LocalLink implements BusLink, Outlet, Drain, Line {
  readonly peer: PeerRecord;
  readonly sinceMs: number;
  readonly root = undefined;
  readonly blockedSinceMs = undefined;
  readonly #router: Router;
  readonly #events: LinkEvents;
  readonly #copier = new SlabCopier();
  readonly #retryTimer: Timer;
  readonly #turnTimer: Timer;
  readonly #ids = new Uint32Array(3);
  readonly #uid: number;
  #arrivals: Arrival[] = [];
  #isScheduled = false;
  #batches = 0;
  #isWaiting = false;
  #isRetrying = false;

  constructor(router: Router, who: Credentials, events: LinkEvents) {
    this.#router = router;
    this.#events = events;
    const account = router.core.accountOf(who.uid);
    this.#uid = who.uid;
    this.sinceMs = router.time.monotonicMs();
    this.peer = router.core.addPeer({ account, ...who }, this);
    this.#retryTimer = router.time.createTimer(() => {
      this.#isRetrying = false;
      this.drain();
      router.settle();
    });
    this.#turnTimer = router.time.createTimer(() => {
      this.#batches = 0;
      if (this.#isScheduled) this.#deliver();
    });
  }

  send(operation: Operation, attempt: Attempt): Promise<number> {
    const { isPartial, destinationCount } = operation;
    const result = this.#router.core.send(this.peer, operation);
    if (result >= 0 && isPartial) {
      for (let at = 0; at < destinationCount; at += 1) attempt.outcome?.(at, operation.outcomes[at] ?? 0);
    }
    return this.#finish(result, operation, attempt);
  }

  call(operation: Operation): number {
    const { tag } = operation;
    const word = this.#refusal(this.#router.core.send(this.peer, operation), operation);
    // It is the core that has refused, and it is the core that tells when to try again.
    if (word !== 0) this.#events.callRefused(tag, word);
    return 0;
  }

  reply(operation: Operation): number {
    return this.#refusal(this.#router.core.reply(this.peer, operation), operation);
  }

  replyAccepted(operation: Operation, attempt: Attempt): Promise<number> {
    return this.#finish(this.#router.core.reply(this.peer, operation), operation, attempt);
  }

  create(word: number, generation: number, showsCredentials: boolean, bytesMax: number): void {
    this.#done(this.#router.core.create(this.peer, word, generation, showsCredentials, bytesMax));
  }

  destroy(word: number, generation: number): void {
    this.#done(this.#router.core.destroy(this.peer, this.#setIds(word, generation, 0), 1));
  }

  release(word: number, generation: number, count: number): void {
    this.#done(this.#router.core.release(this.peer, this.#setIds(word, generation, count), 1));
  }

  withdraw(tag: number): void {
    this.#done(this.#router.core.withdraw(this.peer, tag));
  }

  holders(word: number, generation: number): Promise<readonly HolderShare[]> {
    const shares = this.#router.core.holders(this.peer, word, generation);
    return shares === undefined ? Promise.reject(refusal(ErrorCode.UnknownHandle)) : Promise.resolve(shares);
  }

  roomy(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#retryTimer.disarm();
    this.#turnTimer.disarm();
    for (const { descriptors } of this.#arrivals) closeDescriptors(descriptors);
    this.#arrivals = [];
    this.#router.endPeer(this.peer);
  }

  // Outlet and Drain.

  get isBlocked(): boolean {
    return this.#isRetrying;
  }

  wake(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#router.wake(this);
  }

  drain(): void {
    this.#isWaiting = false;
    const { core } = this.#router;
    while (!this.#isRetrying) {
      const item = this.peer.queue.head;
      if (item === undefined) return;
      const descriptors = this.#router.writer.take(item);
      if (descriptors === mustWait) {
        this.#isRetrying = true;
        this.#retryTimer.arm(descriptorRetryMs);
        for (let each: DeliveryItem | undefined = item; each !== undefined; each = each.next) {
          each.payload?.own();
        }
        return;
      }
      this.#arrivals.push(this.#arrival(item, descriptors));
      core.delivered(this.peer, item);
      this.#schedule();
    }
  }

  // Inside.

  #arrival(item: DeliveryItem, descriptors: readonly number[]): Arrival {
    const { payload, sender } = item;
    return {
      kind: item.kind,
      sequence: item.sequence,
      account: sender?.identity.account ?? 0,
      credentials: item.showsCredentials ? sender?.identity : undefined,
      word: item.word,
      generation: item.generation,
      replyWord: item.replyWord,
      replyGeneration: item.replyGeneration,
      tag: item.tag,
      code: item.code,
      blame: item.blame,
      transfersSeen: item.transfersSeen,
      handles: item.handles,
      bytes:
        payload === undefined ? noBytes : this.#copier.copy(payload.source, payload.offset, payload.length),
      sealedBytes: payload?.sealedBytes ?? 0,
      descriptors,
    };
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // A peer that keeps talking to itself must not keep everybody else from their turn.
    this.#batches += 1;
    if (this.#batches < turnBatchesMax) queueMicrotask(this.#deliver);
    if (!this.#turnTimer.isArmed) this.#turnTimer.arm(0);
  }

  readonly #deliver = (): void => {
    this.#isScheduled = false;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    for (const arrival of arrivals) {
      if (this.peer.hasEnded) closeDescriptors(arrival.descriptors);
      else this.#tell(arrival.sealedBytes === 0 ? arrival : this.#open(arrival));
    }
  };

  /** An arrival with the payload that was outside of its packet. Without memory for that it is lost, like one that nobody is there for. */
  #open(arrival: Arrival): Arrival {
    const [memory = -1, ...descriptors] = arrival.descriptors;
    const bytes = openPayload(memory, arrival.sealedBytes);
    if (bytes !== undefined) return { ...arrival, bytes, descriptors };
    this.#events.fault(
      new BrokerError(ErrorCode.System, 'there is no memory for a message that has arrived'),
    );
    if (arrival.kind === ItemKind.Answer) this.#events.lost(arrival.tag, ErrorCode.ReplyLost);
    return { ...arrival, bytes: noBytes, descriptors, word: 0, generation: 0, tag: 0 };
  }

  #tell(arrival: Arrival): void {
    const events = this.#events;
    const { kind, sequence, word, generation, tag, handles, bytes, descriptors } = arrival;
    switch (kind) {
      case ItemKind.Message: {
        const { account, credentials, replyWord, replyGeneration } = arrival;
        events.message(
          sequence,
          account,
          credentials,
          word,
          generation,
          replyWord,
          replyGeneration,
          handles,
          bytes,
          descriptors,
        );
        break;
      }
      case ItemKind.Answer:
        events.answer(sequence, tag, handles, bytes, descriptors);
        break;
      case ItemKind.Lost:
        events.lost(tag, refusalOf(arrival.code, arrival.blame));
        break;
      case ItemKind.Gone:
        events.gone(word, generation);
        break;
      case ItemKind.Unused:
        events.unused(word, generation, arrival.transfersSeen);
        break;
      default:
        events.writableAgain(word, generation);
    }
  }

  #setIds(word: number, generation: number, count: number): Uint32Array {
    this.#ids[0] = word;
    this.#ids[1] = generation;
    this.#ids[2] = count;
    return this.#ids;
  }

  #finish(result: number, operation: Operation, attempt: Attempt): Promise<number> {
    const word = this.#refusal(result, operation);
    if (word === 0) return Promise.resolve(result);
    attempt.refused(word, operation.refusedAt);
    return Promise.reject(refusal(word, this.#uid));
  }

  /** Carries away what the operation has queued; returns why it was refused, or 0. */
  #refusal(result: number, operation: Operation): number {
    const word = result < 0 ? refusalOf(-result, operation.blame) : 0;
    operation.clear();
    this.#router.settle();
    return word;
  }

  #done(result: number): void {
    const word = result < 0 ? refusalOf(-result, this.#router.core.nodeBlame(-result)) : 0;
    this.#router.settle();
    if (word === 0) return;
    const { code, message, quota } = refusal(word, this.#uid);
    this.#events.fault(new BrokerError(code, `the bus refused a request: ${message}`, { quota }));
  }
}
