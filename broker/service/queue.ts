/**
 * Intrusive queues: a record is in a queue by its own fields, so queueing allocates nothing and cannot fail, and a record
 * is in a queue at most once. First in, first out, which makes the order of starting and stopping deterministic.
 */
import type { ServiceRecord } from './record.js';

type NextField = 'nextInPropagation' | 'nextInTransition' | 'nextChanged';
type MemberField = 'isInPropagation' | 'isInTransition' | 'isChanged';

export class RecordQueue {
  readonly #next: NextField;
  readonly #member: MemberField;
  #head: ServiceRecord | undefined;
  #tail: ServiceRecord | undefined;

  constructor(next: NextField, member: MemberField) {
    this.#next = next;
    this.#member = member;
  }

  get isEmpty(): boolean {
    return this.#head === undefined;
  }

  /** Appends the record, unless it is in the queue already. */
  push(record: ServiceRecord): void {
    if (record[this.#member]) return;
    record[this.#member] = true;
    if (this.#tail === undefined) this.#head = record;
    else this.#tail[this.#next] = record;
    this.#tail = record;
  }

  shift(): ServiceRecord | undefined {
    const record = this.#head;
    if (record === undefined) return undefined;
    this.#head = record[this.#next];
    if (this.#head === undefined) this.#tail = undefined;
    record[this.#next] = undefined;
    record[this.#member] = false;
    return record;
  }
}
