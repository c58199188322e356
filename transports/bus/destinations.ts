/**
 * The destinations of a multicast, checked and encoded once for as long as the same handles are used again.
 *
 * Who sends to the same 256 handles over and over must not pay for 256 of them each time. So a plan is kept for the last few
 * arrays of handles; the second time that one is used, the broker is told the list and from then on only the list's number is
 * sent (docs/protocol.md, LIST). What is left to do for each handle is to see that it stands where it stood.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import type { Handle, Outcome } from '../../broker/contract/transport.js';
import { BusHandle } from './handle.js';
import type { DestinationList } from './operation.js';
import type { BusPeer } from './peer.js';
import { BusReply } from './reply.js';
import type { Target } from './target.js';
import { listsMax } from './wire.js';

/** Fewer handles than this are sent as fast as a number for them. */
const listedHandlesMin = 4;

const accepted: Outcome = Object.freeze({ ok: true });
const isGone: Outcome = Object.freeze({ ok: false, code: ErrorCode.NodeGone });

/** Where one multicast goes. */
export class DestinationPlan {
  /** As they were given; a copy. */
  readonly handles: readonly Handle[];
  /** Those that are not gone, in the order of the handles, and where each stands among these. */
  readonly targets: readonly Target[];
  readonly positions: readonly number[];
  /** Ids of the targets, as pairs of word and generation. */
  readonly ids: Uint32Array;
  /** What becomes of each handle if the broker refuses none. */
  readonly outcomes: readonly Outcome[];
  /** A target is at another peer. */
  readonly isOutward: boolean;
  /** How the broker knows the list; from its second use on. */
  list: DestinationList | undefined = undefined;
  /** The peer's count of handles' ends when it was seen last that all are open. */
  seenEnds = 0;

  constructor(handles: readonly Handle[], targets: readonly Target[], positions: readonly number[]) {
    this.handles = [...handles];
    this.targets = targets;
    this.positions = positions;
    this.ids = Uint32Array.from(targets.flatMap(({ word, generation }) => [word, generation]));
    const outcomes = handles.map(() => isGone);
    for (const position of positions) outcomes[position] = accepted;
    this.outcomes = Object.freeze(outcomes);
    this.isOutward = targets.some((target) => target.isRemote);
  }

  isFor(handles: readonly Handle[]): boolean {
    const { handles: own } = this;
    if (own.length !== handles.length) return false;
    for (let at = 0; at < own.length; at += 1) if (own[at] !== handles[at]) return false;
    return true;
  }

  get isWhole(): boolean {
    return this.handles.every((handle) => handle instanceof BusHandle && !handle.isClosed && !handle.isGone);
  }
}

/** The plans of one peer. */
export class Destinations {
  readonly #peer: BusPeer;
  #kept: DestinationPlan[] = [];
  /** Whose place, and whose number, the next plan takes. */
  #next = 0;

  constructor(peer: BusPeer) {
    this.#peer = peer;
  }

  /** A plan for these handles, or what is wrong with them. With `isPartial` handles that are gone are left out. */
  plan(handles: readonly Handle[], isPartial: boolean): DestinationPlan | BrokerError {
    const kept = this.#find(handles);
    if (kept !== undefined) {
      if (handles.length >= listedHandlesMin) {
        kept.list ??= { number: this.#kept.indexOf(kept), isKnown: false };
      }
      return kept;
    }
    const plan = this.#make(handles, isPartial);
    if (plan instanceof DestinationPlan && plan.targets.length === handles.length && handles.length > 0) {
      plan.seenEnds = this.#peer.handleEnds;
      this.#kept[this.#next] = plan;
      this.#next = (this.#next + 1) % listsMax;
    }
    return plan;
  }

  /** The peer has ended. */
  clear(): void {
    this.#kept = [];
    this.#next = 0;
  }

  #find(handles: readonly Handle[]): DestinationPlan | undefined {
    for (const plan of this.#kept) {
      if (!plan.isFor(handles)) continue;
      const { handleEnds } = this.#peer;
      if (plan.seenEnds !== handleEnds && !plan.isWhole) return undefined;
      plan.seenEnds = handleEnds;
      return plan;
    }
    return undefined;
  }

  #make(handles: readonly Handle[], isPartial: boolean): DestinationPlan | BrokerError {
    if (handles.length > limits.multicastHandlesMax) {
      return new BrokerError(
        ErrorCode.TooLarge,
        `a multicast has at most ${limits.multicastHandlesMax} destinations, not ${handles.length}`,
      );
    }
    const seen = new Set<Target>();
    const targets: Target[] = [];
    const positions: number[] = [];
    for (const [at, handle] of handles.entries()) {
      if (!(handle instanceof BusHandle) || handle.peer !== this.#peer || handle.target instanceof BusReply) {
        return new BrokerError(ErrorCode.InvalidArgument, 'a destination is not a handle of this peer');
      }
      if (handle.isClosed) return new BrokerError(ErrorCode.Closed, 'a destination is closed');
      if (seen.has(handle.target)) {
        return new BrokerError(ErrorCode.InvalidArgument, 'a node is named twice among the destinations');
      }
      seen.add(handle.target);
      if (!handle.isGone) {
        targets.push(handle.target);
        positions.push(at);
      } else if (!isPartial) {
        return new BrokerError(ErrorCode.NodeGone, 'the node of a destination is gone');
      }
    }
    return new DestinationPlan(handles, targets, positions);
  }
}
