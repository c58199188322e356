/** Attempts that have more to undo than a plain send: what they gave away comes back when they are refused. */
import type { Attempt } from './link.js';
import type { BusNode } from './node.js';
import { takeBack } from './peer.js';
import { BusReply } from './reply.js';
import type { Target } from './target.js';

export type Given = readonly (BusNode | BusReply)[];

export class TransferAttempt implements Attempt {
  readonly #target: Target;
  readonly #given: Given;

  constructor(target: Target, given: Given) {
    this.#target = target;
    this.#given = given;
  }

  refused(refusal: number, position: number): void {
    for (const thing of this.#given) takeBack(thing);
    this.#target.refused(refusal, position);
  }

  /** Refused after its sender has given it up: nobody would look after replies that come back, so they are dropped. */
  refusedUnseen(): void {
    for (const thing of this.#given) {
      takeBack(thing);
      if (thing instanceof BusReply) thing.close();
    }
  }
}

export class MulticastAttempt implements Attempt {
  readonly #targets: readonly Target[];
  readonly #given: Given | undefined;
  readonly #failed: (position: number, refusal: number) => void;

  constructor(
    targets: readonly Target[],
    given: Given | undefined,
    failed: (position: number, refusal: number) => void,
  ) {
    this.#targets = targets;
    this.#given = given;
    this.#failed = failed;
  }

  refused(refusal: number, position: number): void {
    for (const thing of this.#given ?? []) takeBack(thing);
    this.#targets[position]?.refused(refusal, position);
  }

  outcome(position: number, refusal: number): void {
    if (refusal === 0) return;
    this.#targets[position]?.refused(refusal, position);
    this.#failed(position, refusal);
  }
}
