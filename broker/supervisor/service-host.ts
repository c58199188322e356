/**
 * What the supervisor keeps for one service beside its record, made when the service is loaded: its timer, its log buffer, and
 * the tokens of its processes.
 */
import type { Timer } from '../contract/index.js';
import type { ProcessPurpose, ServiceRecord } from '../service/index.js';
import type { ServiceFailure } from './api.js';
import type { LogBuffer } from './log-buffer.js';
import type { PendingSignal, SavedHost } from './saved-state.js';

/** One of a service's two processes, as init knows it. */
export interface ProcessSlot {
  /** 0: no process was asked for, or its exit is known. */
  token: number;
  /** -1: none. Ours to close. */
  pidfd: number;
}

/** The process that a service has named as its own (`MAINPID`), while another runs. */
export interface Successor {
  readonly pid: number;
  /** -1 where a predecessor's is lost. Ours to close; init keeps a copy. */
  readonly pidfd: number;
}

/** The pipe that a service's output comes through. Both ends are ours, and init keeps a copy of each. */
export interface LogPipe {
  readonly read: number;
  readonly write: number;
  readonly stopWatching: () => void;
}

export class ServiceHost {
  readonly record: ServiceRecord;
  readonly number: number;
  readonly timer: Timer;
  readonly log: LogBuffer | undefined;
  readonly start: ProcessSlot = { token: 0, pidfd: -1 };
  readonly stop: ProcessSlot = { token: 0, pidfd: -1 };
  pipe: LogPipe | undefined;
  sinceWallMs = 0;
  restarts = 0;
  lastFailure: ServiceFailure | undefined;
  /** A signal that is decided on; saved before it is sent, so that a successor sends it if we cannot any more. */
  signal: PendingSignal | undefined;
  successor: Successor | undefined;
  /** The successor has taken its place, and init has not confirmed yet that it watches it. */
  isAdopting = false;
  /** What the service has named as its own before its launch was told. */
  claimedPid = 0;
  /** What was wrong with what it named is said once for each process. */
  hasToldRefusal = false;

  constructor(record: ServiceRecord, number: number, timer: Timer, log: LogBuffer | undefined) {
    this.record = record;
    this.number = number;
    this.timer = timer;
    this.log = log;
  }

  slot(purpose: ProcessPurpose): ProcessSlot {
    return purpose === 'start' ? this.start : this.stop;
  }

  save(): SavedHost {
    const { number, sinceWallMs, restarts, lastFailure, signal, successor, isAdopting } = this;
    return {
      number,
      startToken: this.start.token,
      stopToken: this.stop.token,
      sinceWallMs,
      restarts,
      lastFailure,
      signal,
      successorPid: successor?.pid,
      isAdopting: isAdopting ? true : undefined,
    };
  }

  restore(saved: SavedHost): void {
    this.start.token = saved.startToken;
    this.stop.token = saved.stopToken;
    this.sinceWallMs = saved.sinceWallMs;
    this.restarts = saved.restarts;
    this.lastFailure = saved.lastFailure;
    this.signal = saved.signal;
    if (saved.successorPid !== undefined) this.successor = { pid: saved.successorPid, pidfd: -1 };
    this.isAdopting = saved.isAdopting ?? false;
  }
}

/** The host of a record that has been loaded. */
export function hostOf(record: ServiceRecord): ServiceHost {
  const { host } = record;
  if (host instanceof ServiceHost) return host;
  throw new Error(`bug: service ${record.name} has no host`);
}
