/**
 * What passes through the core, counted, and shown to whoever watches. One look at a field for each item while nobody does.
 *
 * A watcher is called from within an operation, and must only look: the item is the receiver's, its payload the submitter's.
 */
import { type DeliveryItem, ItemKind } from './delivery-queue.js';
import type { PeerRecord } from './peer-record.js';
import type { Submission } from './submission.js';

export interface CoreWatcher {
  /** The item was queued for this peer. */
  queued(receiver: PeerRecord, item: DeliveryItem): void;
  /** A message, a call or an answer was refused with this code; `submission.blame` and `refusedAt` say more. */
  refused(
    sender: PeerRecord,
    submission: Submission,
    code: number,
    isAnswer: boolean,
    descriptors: number,
  ): void;
}

export class Watch {
  watcher: CoreWatcher | undefined = undefined;
  /** Items that were queued, by kind; calls count as messages here. */
  readonly items: Record<ItemKind, number> = {
    [ItemKind.Message]: 0,
    [ItemKind.Answer]: 0,
    [ItemKind.Lost]: 0,
    [ItemKind.Gone]: 0,
    [ItemKind.Unused]: 0,
    [ItemKind.Writable]: 0,
  };
  /** Of the messages: those that were calls. */
  calls = 0;
  /** Refused operations, by `ErrorCode`. */
  readonly refusals: Record<number, number> = {};

  queued(receiver: PeerRecord, item: DeliveryItem): void {
    const { kind, sender } = item;
    this.items[kind] += 1;
    if (sender !== undefined) {
      sender.messagesOut += 1;
      receiver.messagesIn += 1;
      if (item.replyGeneration !== 0) this.calls += 1;
    }
    if (this.watcher !== undefined) this.watcher.queued(receiver, item);
  }

  refuse(code: number): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }
}
