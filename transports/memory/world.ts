/**
 * What the peers of one transport object share: addresses, the order of everything, and the schedule of deliveries. Two
 * transport objects share nothing.
 */
import type { Time } from '../../broker/contract/platform.js';
import type { Credentials, Manifest } from '../../broker/contract/transport.js';
import type { NodeTarget } from './node.js';
import { Schedule } from './schedule.js';
import type { MemoryServer } from './server.js';
import { Witness } from './witness.js';

/** A place kept for a peer that will come with a descriptor. */
export interface Invitation {
  readonly server: MemoryServer;
  readonly root: NodeTarget;
}

export class World {
  readonly manifest: Manifest;
  readonly time: Time;
  readonly credentials: () => Credentials;
  readonly schedule = new Schedule();
  readonly witness = new Witness();
  readonly servers = new Map<string, MemoryServer>();
  /** Who waits for an invited peer, by the identity of the descriptor that stands for the invitation. */
  readonly invitations = new Map<string, Invitation>();
  readonly #accounts = new Map<number, number>();
  #sequence = 0;
  #peers = 0;

  constructor(manifest: Manifest, time: Time, credentials: () => Credentials) {
    this.manifest = manifest;
    this.time = time;
    this.credentials = credentials;
  }

  /** The number of the last transaction. */
  get sequence(): number {
    return this.#sequence;
  }

  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** A number for a new peer. */
  nextPeerId(): number {
    this.#peers += 1;
    return this.#peers;
  }

  uidOf(account: number): number | undefined {
    for (const [uid, each] of this.#accounts) if (each === account) return uid;
    return undefined;
  }

  /** The account that stands for a user: small, and no hint at the uid (bus P4). */
  accountOf(uid: number): number {
    const account = this.#accounts.get(uid) ?? this.#accounts.size + 1;
    this.#accounts.set(uid, account);
    return account;
  }
}
