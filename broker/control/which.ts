/**
 * Which entries an asker of the census sees: what its rights show it (`Scope`), and of that what it asked for (`Which`).
 */
import type { PassedKind, WhichShape } from '../contract/control.js';
import {
  type AccountFacts,
  ErrorCode,
  type HandleFacts,
  type NodeName,
  type PeerName,
} from '../contract/index.js';
import { ControlFailure } from './errors.js';
import type { MachineNames } from './machine.js';

/** What an asker may see: everything, or what is its own user's. */
export class Scope {
  /** `undefined`: everything. */
  readonly #uid: number | undefined;

  constructor(uid: number | undefined) {
    this.#uid = uid;
  }

  /** Whether this user is the asker's, or the asker sees all. */
  covers(uid: number): boolean {
    return this.#uid === undefined || this.#uid === uid;
  }

  /** The other side of a handle, as far as it is the asker's business. */
  other(peer: PeerName | undefined): PeerName | undefined {
    return peer !== undefined && (peer.isServer || this.covers(peer.uid)) ? peer : undefined;
  }
}

/** Values that one list of a filter may have. */
const valuesMax = 64;

/** The service that a node of the manager is an object of; empty for others. */
export type ServiceOf = (node: NodeName) => string;

export class Filter {
  readonly #pids: ReadonlySet<number>;
  readonly #programs: ReadonlySet<string>;
  readonly #uids: ReadonlySet<number>;
  readonly #services: ReadonlySet<string>;
  readonly #nodes: ReadonlySet<string>;
  readonly #transports: ReadonlySet<string>;
  readonly #kinds: ReadonlySet<PassedKind>;
  readonly #names: MachineNames;
  readonly #serviceOf: ServiceOf;

  /** Throws `invalid-argument` for a list that is too long. */
  constructor(which: WhichShape | null | undefined, names: MachineNames, serviceOf: ServiceOf) {
    this.#pids = setOf(which?.pids);
    this.#programs = setOf(which?.programs);
    this.#uids = setOf(which?.uids);
    this.#services = setOf(which?.services);
    this.#nodes = setOf(which?.nodes);
    this.#transports = setOf(which?.transports);
    this.#kinds = setOf(which?.kinds);
    this.#names = names;
    this.#serviceOf = serviceOf;
  }

  transport(name: string): boolean {
    return this.#transports.size === 0 || this.#transports.has(name);
  }

  kind(kind: PassedKind): boolean {
    return this.#kinds.size === 0 || this.#kinds.has(kind);
  }

  peer(peer: PeerName): boolean {
    return this.#hasPeer(peer, undefined) && this.#hasUser(peer, undefined);
  }

  handle({ holder, owner, node }: HandleFacts): boolean {
    return this.between(holder, owner, node);
  }

  /** Two sides and what is between them; each of them may be unknown. */
  between(one: PeerName | undefined, other: PeerName | undefined, node: NodeName | undefined): boolean {
    return this.#hasPeer(one, other) && this.#hasUser(one, other) && this.#hasNode(node);
  }

  account({ uid }: AccountFacts): boolean {
    return this.#uids.size === 0 || this.#uids.has(uid);
  }

  #hasPeer(one: PeerName | undefined, other: PeerName | undefined): boolean {
    return (this.#pids.size === 0 && this.#programs.size === 0) || this.#isPeer(one) || this.#isPeer(other);
  }

  #isPeer(peer: PeerName | undefined): boolean {
    if (peer === undefined) return false;
    return (
      this.#pids.has(peer.pid) ||
      (this.#programs.size > 0 && this.#programs.has(this.#names.program(peer.pid)))
    );
  }

  #hasUser(one: PeerName | undefined, other: PeerName | undefined): boolean {
    if (this.#uids.size === 0) return true;
    return (
      (one !== undefined && this.#uids.has(one.uid)) || (other !== undefined && this.#uids.has(other.uid))
    );
  }

  #hasNode(node: NodeName | undefined): boolean {
    if (this.#services.size === 0 && this.#nodes.size === 0) return true;
    if (node === undefined) return false;
    return (
      (this.#services.size > 0 && this.#services.has(this.#serviceOf(node))) ||
      this.#nodes.has(node.id) ||
      (node.label !== '' && this.#nodes.has(node.label))
    );
  }
}

function setOf<T>(values: readonly T[] | null | undefined): ReadonlySet<T> {
  const list = values ?? [];
  if (list.length <= valuesMax) return new Set(list);
  throw new ControlFailure(ErrorCode.InvalidArgument, `a filter has at most ${valuesMax} values of one sort`);
}
