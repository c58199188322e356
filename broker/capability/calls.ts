/** Calls that wait for their reply (bus M7), as the entries of those who are to answer them. */
import type { Flow } from './account.js';
import type { DeliveryItem } from './delivery-queue.js';
import { type NodeNumber, noNode } from './nodes.js';
import { poolItemsMax } from './payload.js';
import type { PeerRecord } from './peer-record.js';

/** Names a call inside the core; 0 is none. */
export type CallNumber = number & { readonly names: 'call' };

export class CallRecord {
  readonly number: CallNumber;
  holder: PeerRecord | undefined = undefined;
  /** The holder's id for it. */
  word = 0;
  generation = 0;
  /** Whom the reply goes to; `undefined` once nobody waits for it any more. */
  caller: PeerRecord | undefined = undefined;
  /** The caller's name for the call. */
  tag = 0;
  /** The called node, until the reply is given away: from then on the call depends on its holder alone. */
  node: NodeNumber = noNode;
  previousOfNode: CallRecord | undefined = undefined;
  nextOfNode: CallRecord | undefined = undefined;
  goneItem: DeliveryItem | undefined = undefined;
  /** Through which the caller pays for the holder's entry; `undefined` once the reply was given away: then its holder does. */
  flow: Flow | undefined = undefined;

  constructor(number: CallNumber) {
    this.number = number;
  }
}

export class Calls {
  /** By number; number 0 is nobody. */
  readonly #calls: (CallRecord | undefined)[] = [undefined];
  readonly #free: CallRecord[] = [];
  readonly #freeNumbers: CallNumber[] = [];

  at(number: CallNumber): CallRecord | undefined {
    return number === 0 ? undefined : this.#calls[number];
  }

  take(): CallRecord {
    const pooled = this.#free.pop();
    if (pooled !== undefined) return pooled;
    const number = this.#freeNumbers.pop() ?? (this.#calls.length as CallNumber);
    const call = new CallRecord(number);
    this.#calls[number] = call;
    return call;
  }

  /** Nothing may refer to the call any more. */
  put(call: CallRecord): void {
    call.holder = undefined;
    call.caller = undefined;
    if (this.#free.length < poolItemsMax) {
      this.#free.push(call);
      return;
    }
    this.#calls[call.number] = undefined;
    this.#freeNumbers.push(call.number);
  }
}
