/**
 * What waits in queues about handles and nodes, and who waits for room through them. Few handles have anything of that at any time,
 * so it stands beside their records and not in them.
 */
import type { DeliveryItem } from './delivery-queue.js';
import type { HandleNumber } from './handles.js';
import type { NodeNumber } from './nodes.js';
import type { Waiting } from './waiting.js';

/** A handle, or the negative of a node; 0 is neither. */
export type Subject = number;

export const noSubject: Subject = 0;

export function handleSubject(handle: HandleNumber): Subject {
  return handle;
}

export function nodeSubject(node: NodeNumber): Subject {
  return -node;
}

/** The handle that a subject is, if it is not a node. */
export function subjectHandle(subject: Subject): HandleNumber | undefined {
  return subject > 0 ? (subject as HandleNumber) : undefined;
}

export function subjectNode(subject: Subject): NodeNumber {
  return -subject as NodeNumber;
}

export class Notice {
  /** `node gone` of a handle, `node unused` of a node. */
  end: DeliveryItem | undefined = undefined;
  writable: DeliveryItem | undefined = undefined;
  /** Where the subject stands if its peer was refused for want of room, and waits to be told (bus Q5). */
  waitsIn: Waiting | undefined = undefined;
}

export class Notices {
  readonly #notices = new Map<Subject, Notice>();

  find(subject: Subject): Notice | undefined {
    return this.#notices.size === 0 ? undefined : this.#notices.get(subject);
  }

  /** The subject's notice, which is made if need be; `settle` when something in it has ended. */
  of(subject: Subject): Notice {
    let notice = this.#notices.get(subject);
    if (notice === undefined) {
      notice = new Notice();
      this.#notices.set(subject, notice);
    }
    return notice;
  }

  /** Forgets the notice if there is nothing in it any more. */
  settle(subject: Subject, notice: Notice): void {
    if (notice.end === undefined && notice.writable === undefined && notice.waitsIn === undefined) {
      this.#notices.delete(subject);
    }
  }
}
