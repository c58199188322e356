/**
 * What the control objects of one manager share: the supervisor, and for each service those who wait for it, the objects that
 * stand for it, and its encoded status.
 *
 * The status of a service that waits for nothing is encoded once and sent until something happens to it: every event of a service
 * drops it, and the fields that change without one are compared.
 */
import { Response } from '../contract/control.js';
import { type CapabilityNode, ErrorCode, limits, type Message, type Time } from '../contract/index.js';
import type { ServiceRecord } from '../service/index.js';
import type { SupervisorApi, SupervisorEvent } from '../supervisor/index.js';
import { Census, type Subject } from './census.js';
import { ControlFailure } from './errors.js';
import type { Machine } from './machine.js';
import { statusShape } from './shapes.js';
import { Turnstile } from './turnstile.js';
import { Waiters } from './waiting.js';

/** What the manager says about itself and the supervisor does not know. */
export interface ManagerFacts {
  readonly version: string;
  readonly pid: number;
  /** Effective user id that the manager runs as: who connects with it gets all rights. */
  readonly uid: number;
  readonly mode: 'system' | 'user';
  /** Where the socket of this transport is. */
  readonly socketOf: (transport: string) => string;
}

/** An object that ends with its service's description. */
export interface ServiceBound {
  destroy(): void;
}

/** What belongs to one service. Lives in `ServiceRecord.control`. */
export class ServiceRoom {
  readonly record: ServiceRecord;
  readonly waiters: Waiters;
  readonly objects = new Set<ServiceBound>();
  readonly #time: Time;
  #message: Message | undefined;
  #pid = 0;
  #flags = 0;
  #isUnloaded = false;

  constructor(record: ServiceRecord, time: Time) {
    this.record = record;
    this.waiters = new Waiters(time);
    this.#time = time;
  }

  /** Throws `node-gone` when the service was unloaded: its objects end in a moment. */
  demandLoaded(): void {
    if (this.#isUnloaded) throw new ControlFailure(ErrorCode.NodeGone, 'the service was unloaded');
  }

  /** The answer to `status`. */
  statusMessage(supervisor: SupervisorApi): Message {
    const { record } = this;
    const flags = flagsOf(record);
    if (this.#message !== undefined && this.#pid === record.pid && this.#flags === flags)
      return this.#message;
    const status = statusShape(supervisor.status(record));
    const message = { bytes: Response.encode({ status }).finish() };
    // What it waits for changes with the services that it waits for.
    this.#message = record.phase === 'none' ? message : undefined;
    this.#pid = record.pid;
    this.#flags = flags;
    return message;
  }

  /** An event of this service. Must not throw. */
  tell(event: SupervisorEvent): void {
    this.#message = undefined;
    this.waiters.tell(event);
    if (event.kind === 'unloaded') this.#unload();
  }

  /** Ends the objects once those who called them have their answers, as does who asked for the unloading. */
  #unload(): void {
    this.#isUnloaded = true;
    const timer = this.#time.createTimer(() => {
      for (const object of [...this.objects]) object.destroy();
    });
    timer.arm(0);
  }
}

function flagsOf(record: ServiceRecord): number {
  return (
    (record.isExplicit ? 1 : 0) |
    (record.isPinnedStarted ? 2 : 0) |
    (record.isPinnedStopped ? 4 : 0) |
    (record.desired === 'started' ? 8 : 0) |
    (record.phase === 'none' ? 16 : 0)
  );
}

export class ControlRoom {
  readonly supervisor: SupervisorApi;
  readonly time: Time;
  readonly facts: ManagerFacts;
  readonly machine: Machine;
  /** What the nodes of control objects stand for. */
  readonly subjects = new WeakMap<CapabilityNode, Subject>();
  readonly census = new Census((node) => (node === undefined ? undefined : this.subjects.get(node)));
  /** Monitors that are open. */
  monitors = 0;
  /** Where those wait who ask what takes a part of a turn to answer. */
  readonly turnstile: Turnstile;
  readonly #endListening: () => void;
  #isClosed = false;

  constructor(supervisor: SupervisorApi, time: Time, facts: ManagerFacts, machine: Machine) {
    this.supervisor = supervisor;
    this.time = time;
    this.facts = facts;
    this.machine = machine;
    this.turnstile = new Turnstile(time);
    this.#endListening = supervisor.listen((event) => {
      if (event.kind === 'shutdown') return;
      const room = event.record.control;
      if (room instanceof ServiceRoom) room.tell(event);
    });
  }

  /** What belongs to a service; made when it is first needed. */
  of(record: ServiceRecord): ServiceRoom {
    if (record.control instanceof ServiceRoom) return record.control;
    const room = new ServiceRoom(record, this.time);
    record.control = room;
    return room;
  }

  /** Ends everybody's waiting and listens no more. The nodes end with their servers. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.turnstile.close();
    this.#endListening();
    for (const record of this.supervisor.list()) {
      if (record.control instanceof ServiceRoom) record.control.waiters.close();
      record.control = undefined;
    }
  }
}

/**
 * Counts the objects that each account's peers have open on one server, so that nobody can use up what all share (its nodes, and
 * on `sockets` descriptors).
 */
export class Accounts {
  readonly #open = new Map<number, number>();

  /** Throws `over-quota` if the account has as many as it may. */
  add(account: number): void {
    const open = this.#open.get(account) ?? 0;
    if (open >= limits.accountObjectsMax) {
      throw new ControlFailure(
        ErrorCode.OverQuota,
        `your processes have ${open} control objects open, which is the limit: close some handles`,
      );
    }
    this.#open.set(account, open + 1);
  }

  remove(account: number): void {
    const open = this.#open.get(account) ?? 0;
    if (open <= 1) this.#open.delete(account);
    else this.#open.set(account, open - 1);
  }

  /** Objects that are open, of all accounts. */
  get size(): number {
    let sum = 0;
    for (const open of this.#open.values()) sum += open;
    return sum;
  }
}
