/**
 * What others build on: the interfaces of the engine, the loader and the graph. `createServiceEngine` in `engine.ts` and
 * `createLoader` in `loader.ts` make them.
 *
 * Time: `nowMs` is monotonic, in milliseconds, and the same clock in every call.
 */
import type { ServiceDescription } from './description.js';
import type { Finding } from './finding.js';
import type { ServiceRecord } from './record.js';
import type { DependencyKind, ExitStatus, ProcessPurpose, RequestResult, ServiceWord } from './states.js';

export interface StartOptions {
  /** Pin it started: it does not stop until it is unpinned. */
  readonly isPinned?: boolean;
}

export interface StopOptions {
  /** Pin it stopped: it does not start until it is unpinned. */
  readonly isPinned?: boolean;
  /** Stop the services that depend on it too; without it the request is refused with `has-dependents`. */
  readonly isForced?: boolean;
}

/** The loaded services and the edges between them. */
export interface ServiceGraph extends Iterable<ServiceRecord> {
  readonly size: number;
  find(name: string): ServiceRecord | undefined;
}

/** One service as it was, as plain data; see `snapshot.ts`. */
export interface SavedService {
  readonly description: ServiceDescription;
  readonly record: SavedRecord;
}

export interface SavedRecord {
  /** Scalar fields of the record, by name. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly exitStatus: ExitStatus | undefined;
  /** Own edges in order: the dependency's name, its kind, and the flags as bits (1 holding, 2 waiting, 4 needing). */
  readonly links: readonly (readonly [name: string, kind: DependencyKind, flags: number])[];
}

export interface ServiceEngine {
  readonly graph: ServiceGraph;
  /** Services that are not stopped. */
  readonly activeCount: number;
  readonly isShuttingDown: boolean;

  /** Marks it as asked for and starts it with all that it depends on. Refusals: `shutting-down`, `pinned-stopped`. */
  start(record: ServiceRecord, nowMs: number, options?: StartOptions): RequestResult;
  /**
   * Takes the mark back and stops it, without automatic restart. Refusals: `has-dependents` (nothing done); `pinned-started`
   * (the mark is gone, and it stops as soon as it is unpinned).
   */
  stop(record: ServiceRecord, nowMs: number, options?: StopOptions): RequestResult;
  /** Stops it and its dependents and starts them again. Refusals: `shutting-down`, `not-started`, pins. */
  restart(record: ServiceRecord, nowMs: number): RequestResult;
  /** Takes the mark back; it stops if nothing else requires it. */
  release(record: ServiceRecord, nowMs: number): RequestResult;
  /** Starts it, without a mark, for the dependents that are active. Refusals also: `no-active-dependents`. */
  wake(record: ServiceRecord, nowMs: number, options?: StartOptions): RequestResult;
  /** Removes both pins and does what they held up. */
  unpin(record: ServiceRecord, nowMs: number): RequestResult;
  /** Shutdown: removes all pins, stops everything, refuses to start anything from now on. */
  stopAll(nowMs: number): void;

  /** The process exists and its program runs. */
  spawned(record: ServiceRecord, purpose: ProcessPurpose, pid: number, nowMs: number): void;
  /** There is no process; `stage` names the step that failed, for people. */
  spawnFailed(
    record: ServiceRecord,
    purpose: ProcessPurpose,
    stage: string,
    errno: number,
    nowMs: number,
  ): void;
  /** A process that was spawned has ended. */
  exited(record: ServiceRecord, purpose: ProcessPurpose, status: ExitStatus, nowMs: number): void;
  /** The process of `command` has said something of itself; it may not have been told as `spawned` yet. */
  notified(record: ServiceRecord, word: ServiceWord, nowMs: number): void;
  /** The process of `command` can no longer say that it is ready, and has not said so. */
  readinessLost(record: ServiceRecord, nowMs: number): void;
  /** The process of `command` has ended, and another that it had named goes on in its place; `exited` is told of that one. */
  replaced(record: ServiceRecord, pid: number, nowMs: number): void;
  /** The armed timer is due. */
  timerFired(record: ServiceRecord, nowMs: number): void;

  /** Adds services with all their edges, as one; the loader calls it. Names are new, dependencies known, no cycle. */
  add(descriptions: readonly ServiceDescription[]): readonly ServiceRecord[];
  /** Forgets a stopped service that nothing loaded depends on. Refusals: `not-stopped`, `has-dependents`. */
  unload(record: ServiceRecord): RequestResult;

  save(record: ServiceRecord): SavedRecord;
  /**
   * Into an empty engine: puts all services back exactly as they were saved. `clockShiftMs`: this engine's time minus the saved
   * one's at the same instant. Timers are armed again with what is left of them; then feed what happened meanwhile.
   */
  restore(
    services: readonly SavedService[],
    nowMs: number,
    clockShiftMs: number,
    isShuttingDown: boolean,
  ): void;
}

export type LoadResult =
  | { readonly ok: true; readonly record: ServiceRecord; readonly warnings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

export interface ServiceLoader {
  /** The loaded record of that name, or reads it and everything it depends on: all of it or nothing. */
  load(name: string): LoadResult;
  /** Reads these and everything they depend on as `load` would, loads nothing, and returns all that is wrong. */
  check(names: readonly string[]): readonly Finding[];
}
