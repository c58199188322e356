/**
 * What the engine wants done, and what it tells. The receiver (the supervisor) does it and answers with the engine's event
 * methods. The engine calls these only while it drains its queues, at the end of each of its own public methods: an action
 * must not call back into the engine (it asserts that); answer from the event loop.
 */
import type { ServiceRecord } from './record.js';
import type { ProcessPurpose, ServiceEvent, ServiceNote, SignalScope } from './states.js';

export interface ServiceActions {
  /** Start `command` or `stop-command`. Answer once with `spawned` or `spawnFailed`, then, if it was spawned, `exited`. */
  spawn(record: ServiceRecord, purpose: ProcessPurpose): void;
  /** Send a signal to the process for which `spawned` was told and `exited` was not. */
  signal(record: ServiceRecord, purpose: ProcessPurpose, signal: number, scope: SignalScope): void;
  /** Arm the record's one timer: `timerFired` after `delayMs`. Arming an armed one moves it. */
  arm(record: ServiceRecord, delayMs: number): void;
  /** `timerFired` must not come any more, also if it was due. */
  disarm(record: ServiceRecord): void;
  /** In the order in which things happened; `record.state` is the state right after it. */
  event(record: ServiceRecord, event: ServiceEvent): void;
  /** `record.state` is new. Comes before the event that belongs to it. */
  stateChanged(record: ServiceRecord): void;
  /** What the service says of itself is new: `statusText`, `activity`, `saidErrno` or `saidExit`. */
  said(record: ServiceRecord): void;
  /** For the log. */
  note(record: ServiceRecord, note: ServiceNote): void;
  /**
   * The draining is over, and something of this record that `saveRecord` saves has changed: once per record. Whoever saves,
   * writes all records between the first `changed` and `settled` as one, before the spawns and signals of the draining go out.
   */
  changed(record: ServiceRecord): void;
  /** Every `changed` of this draining has been told. */
  settled(): void;
  /** No service is active any more: the end of a shutdown, or the last one stopped by itself. */
  allStopped(): void;
}

const nothing = (): void => {};

/** Nobody does what the engine asks for, or hears what it tells: for whom only reads descriptions, since that starts nothing. */
export const idleActions: ServiceActions = {
  spawn: nothing,
  signal: nothing,
  arm: nothing,
  disarm: nothing,
  event: nothing,
  stateChanged: nothing,
  said: nothing,
  note: nothing,
  changed: nothing,
  settled: nothing,
  allStopped: nothing,
};
