/**
 * The engine: requests and events in, actions out. It starts and stops services in the order that their dependencies
 * demand. The rules with their numbers are in `docs/spec/services.md`; this is how they are kept.
 *
 * Current and desired state. `state` is what a service is, `desired` what is wanted of it:
 *
 *   state      desired stopped                                   desired started
 *   stopped    at rest                                           between two lives, within one draining only
 *   starting   cannot be interrupted; stops once it is started   coming up
 *   started    pinned: stops once it is unpinned                 up
 *   stopping   going down                                        going down, and starts again after that
 *
 * Counts. Every edge carries three marks, and each is counted at one end, so that no decision has to look at all edges:
 *   holding  the dependent requires the dependency     `requiredBy` of the dependency (1 more for the explicit mark)
 *   waiting  the dependent starts and waits for it      `waitCount` of the dependent
 *   needing  the dependent is up, or comes up, on it    `needCount` of the dependency
 * A service holds its dependencies while it is starting or started, or stopping with the wish to start again. It is needed
 * from the moment it is up until its dependent is stopped. Soft dependencies and milestones are held but not needed.
 * So: a service that nothing holds is unwanted and stops; starting goes on when `waitCount` is 0; stopping goes on when
 * `needCount` is 0.
 *
 * Two phases. A change is never carried from service to service by a call. It is marked on the neighbour, which joins the
 * *propagation* queue; that queue is drained, and only then the head of the *transition* queue (those whose count became 0)
 * is brought up or down; and so on until both are empty. Hence no recursion, however deep the graph, and a decision is only
 * executed when all that bears on it has been said. The queues are linked through the records: nothing is allocated.
 *
 * Order of deciders, when several things are asked of a service in one draining: pins first, then a stop (of the modes the
 * strongest: `inhibit` stops for good, `restart` comes up again, `auto` as the setting says), then a failed dependency, then
 * that nothing requires it, then a start. So a start after a stop means a restart, and never is a stop forgotten.
 *
 * Committed stops. A stop can be cancelled while the service waits for its dependents and its process is alive, unless it is
 * *committed*: the process is dead, or the service is to restart, or it was pinned stopped. A committed stop makes the stops
 * of its dependents committed too, otherwise one of them could come up again and wait for ever on a service that waits
 * for it.
 *
 * Invariants, between two public calls (checked in the tests by code that shares nothing with this):
 *   - no service is started while a regular dependency is not up (started, or stopping and waiting for it);
 *   - the counts are what counting the marks gives; a service is desired started only if something requires it;
 *   - a service that is starting or stopping waits for a dependency, a dependent, a process, or a timer.
 */
import type { ServiceActions } from './actions.js';
import type { SavedRecord, SavedService, ServiceEngine, StartOptions, StopOptions } from './api.js';
import { EngineCore } from './core.js';
import type { ServiceDescription } from './description.js';
import { Graph } from './graph.js';
import { hear, loseReadiness } from './hearing.js';
import {
  bringDown,
  bringUp,
  startExited,
  startReplaced,
  startSpawned,
  startSpawnFailed,
  stopExited,
  stopSpawned,
  stopSpawnFailed,
  timerFired,
} from './process.js';
import type { ServiceRecord } from './record.js';
import { restoreFields, restoreLinks, saveRecord } from './snapshot.js';
import { beWanted, isActive } from './start.js';
import type { ExitStatus, ProcessPurpose, RequestResult, ServiceRefusal, ServiceWord } from './states.js';
import { beStopped, failStart } from './stop.js';

// Made once, so that answering a request allocates nothing.
const done: RequestResult = Object.freeze({ ok: true, isDone: true });
const underWay: RequestResult = Object.freeze({ ok: true, isDone: false });

function refuse(refusal: ServiceRefusal): RequestResult {
  return { ok: false, refusal };
}

class Engine implements ServiceEngine {
  readonly graph = new Graph();
  readonly #core: EngineCore;
  #isBusy = false;
  #wasActive = false;

  constructor(actions: ServiceActions) {
    this.#core = new EngineCore(actions);
  }

  get activeCount(): number {
    return this.#core.activeCount;
  }

  get isShuttingDown(): boolean {
    return this.#core.isShuttingDown;
  }

  start(record: ServiceRecord, nowMs: number, options?: StartOptions): RequestResult {
    const refusal = this.#startRefusal(record);
    if (refusal !== undefined) return refuse(refusal);
    this.#enter(record, nowMs);
    const isUp = record.state === 'started' && record.phase !== 'delaying';
    if (options?.isPinned === true) this.#core.setPinnedStarted(record, true);
    if (record.state === 'stopped') record.isAutoRestart = false;
    this.#core.mark(record);
    this.#core.requestStart(record);
    this.#drain();
    return isUp ? done : underWay;
  }

  stop(record: ServiceRecord, nowMs: number, options?: StopOptions): RequestResult {
    if (options?.isForced !== true && hasHardDependents(record)) return refuse('has-dependents');
    this.#enter(record, nowMs);
    const isPinned = options?.isPinned === true;
    if (isPinned) record.isPinnedStopped = true;
    this.#core.unmark(record);
    const wasStopped = record.state === 'stopped';
    beStopped(this.#core, record, 'inhibit', isPinned, 'normal');
    this.#drain();
    if (record.isHeldStarted && isUpOrComing(record)) return refuse('pinned-started');
    return wasStopped ? done : underWay;
  }

  restart(record: ServiceRecord, nowMs: number): RequestResult {
    const refusal = this.#startRefusal(record);
    if (refusal !== undefined) return refuse(refusal);
    if (record.state !== 'started') return refuse('not-started');
    if (record.isHeldStarted) return refuse('pinned-started');
    this.#enter(record, nowMs);
    beStopped(this.#core, record, 'restart', true, 'normal');
    this.#drain();
    return underWay;
  }

  release(record: ServiceRecord, nowMs: number): RequestResult {
    this.#enter(record, nowMs);
    this.#core.unmark(record);
    this.#drain();
    if (record.requiredBy > 0) return done;
    if (record.isHeldStarted && isUpOrComing(record)) return refuse('pinned-started');
    return record.state === 'stopped' ? done : underWay;
  }

  wake(record: ServiceRecord, nowMs: number, options?: StartOptions): RequestResult {
    const refusal = this.#startRefusal(record);
    if (refusal !== undefined) return refuse(refusal);
    if (!hasActiveDependents(record)) return refuse('no-active-dependents');
    this.#enter(record, nowMs);
    const isUp = record.state === 'started';
    for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
      if (isActive(link.dependent)) this.#core.hold(link);
    }
    if (options?.isPinned === true) this.#core.setPinnedStarted(record, true);
    this.#core.requestStart(record);
    this.#drain();
    return isUp ? done : underWay;
  }

  unpin(record: ServiceRecord, nowMs: number): RequestResult {
    this.#enter(record, nowMs);
    this.#unpin(record);
    this.#drain();
    return done;
  }

  stopAll(nowMs: number): void {
    const core = this.#core;
    this.#enter(undefined, nowMs);
    core.isShuttingDown = true;
    // So that the end is told, also if nothing is active.
    this.#wasActive = true;
    for (const record of this.graph) {
      this.#unpin(record);
      core.unmark(record);
      if (record.state !== 'stopped') core.requestStop(record, 'inhibit', false);
    }
    this.#drain();
  }

  spawned(record: ServiceRecord, purpose: ProcessPurpose, pid: number, nowMs: number): void {
    this.#enter(record, nowMs);
    if (purpose === 'start') startSpawned(this.#core, record, pid);
    else stopSpawned(this.#core, record, pid);
    this.#drain();
  }

  spawnFailed(
    record: ServiceRecord,
    purpose: ProcessPurpose,
    stage: string,
    errno: number,
    nowMs: number,
  ): void {
    this.#enter(record, nowMs);
    record.execStage = stage;
    record.execErrno = errno;
    if (purpose === 'start') startSpawnFailed(this.#core, record);
    else stopSpawnFailed(this.#core, record);
    this.#drain();
  }

  exited(record: ServiceRecord, purpose: ProcessPurpose, status: ExitStatus, nowMs: number): void {
    this.#enter(record, nowMs);
    if (purpose === 'start') startExited(this.#core, record, status);
    else stopExited(this.#core, record, status);
    this.#drain();
  }

  notified(record: ServiceRecord, word: ServiceWord, nowMs: number): void {
    this.#enter(record, nowMs);
    hear(this.#core, record, word);
    this.#drain();
  }

  readinessLost(record: ServiceRecord, nowMs: number): void {
    this.#enter(record, nowMs);
    loseReadiness(this.#core, record);
    this.#drain();
  }

  replaced(record: ServiceRecord, pid: number, nowMs: number): void {
    this.#enter(record, nowMs);
    startReplaced(this.#core, record, pid);
    this.#drain();
  }

  timerFired(record: ServiceRecord, nowMs: number): void {
    this.#enter(record, nowMs);
    timerFired(this.#core, record);
    this.#drain();
  }

  add(descriptions: readonly ServiceDescription[]): readonly ServiceRecord[] {
    const records = descriptions.map((description) => this.graph.addRecord(description));
    for (const record of records) {
      for (const { name, kind } of record.description.dependencies) this.graph.addLink(record, name, kind);
    }
    return records;
  }

  unload(record: ServiceRecord): RequestResult {
    if (record.state !== 'stopped') return refuse('not-stopped');
    if (record.firstDependent !== undefined) return refuse('has-dependents');
    this.#enter(record, this.#core.nowMs);
    // A pin of its own on something that it no longer depends on would never be removed.
    this.#unpin(record);
    this.#drain();
    this.graph.remove(record);
    return done;
  }

  save(record: ServiceRecord): SavedRecord {
    return saveRecord(record);
  }

  restore(
    services: readonly SavedService[],
    nowMs: number,
    clockShiftMs: number,
    isShuttingDown: boolean,
  ): void {
    const core = this.#core;
    if (this.graph.size > 0) throw new Error('bug: services are restored into an engine that has some');
    this.#enter(undefined, nowMs);
    const records = this.add(services.map((service) => service.description));
    core.isShuttingDown = isShuttingDown;
    records.forEach((record, index) => {
      const saved = services[index];
      if (saved === undefined) return;
      restoreFields(record, saved.record, clockShiftMs);
      restoreLinks(record, saved.record);
      if (record.state !== 'stopped') core.activeCount++;
    });
    // A shutdown that ended just before the crash is told again.
    this.#wasActive = core.activeCount > 0 || isShuttingDown;
    for (const record of records) {
      core.repin(record);
      // One that was due before the crash fires as soon as it can.
      if (record.timerDueMs !== 0) core.actions.arm(record, Math.max(0, record.timerDueMs - nowMs));
    }
    this.#drain();
  }

  #startRefusal(record: ServiceRecord): ServiceRefusal | undefined {
    if (this.#core.isShuttingDown) return 'shutting-down';
    return record.isPinnedStopped ? 'pinned-stopped' : undefined;
  }

  #unpin(record: ServiceRecord): void {
    record.isPinnedStopped = false;
    this.#core.changed.push(record);
    this.#core.setPinnedStarted(record, false);
  }

  #enter(record: ServiceRecord | undefined, nowMs: number): void {
    if (this.#isBusy) throw new Error('bug: an action called back into the engine');
    this.#isBusy = true;
    this.#core.nowMs = nowMs;
    if (record !== undefined) this.#core.changed.push(record);
  }

  /** Propagation until there is none, then one transition, and again; then tells what has changed. */
  #drain(): void {
    const { propagation, transition, changed, actions } = this.#core;
    try {
      for (;;) {
        const affected = propagation.shift();
        if (affected !== undefined) {
          this.#propagate(affected);
          continue;
        }
        const ready = transition.shift();
        if (ready === undefined) break;
        this.#execute(ready);
      }
      for (let record = changed.shift(); record !== undefined; record = changed.shift())
        actions.changed(record);
      actions.settled();
      const isActiveNow = this.#core.activeCount > 0;
      const hasEnded = this.#wasActive && !isActiveNow;
      this.#wasActive = isActiveNow;
      if (hasEnded) actions.allStopped();
    } finally {
      this.#isBusy = false;
    }
  }

  #propagate(record: ServiceRecord): void {
    const core = this.#core;
    if (record.mustRepin) {
      record.mustRepin = false;
      core.repin(record);
    }
    if (record.mustStop !== 'none') {
      const mode = record.mustStop;
      const isCommitted = record.mustCommit;
      record.mustStop = 'none';
      record.mustCommit = false;
      beStopped(core, record, mode, isCommitted, mode === 'inhibit' ? 'normal' : 'dependency-restarted');
    }
    if (record.mustFail) {
      record.mustFail = false;
      if (record.state === 'starting' && record.phase === 'waiting' && record.waitCount > 0) {
        failStart(core, record, 'dependency-failed');
      }
    }
    if (record.requiredBy === 0 && record.desired === 'started') {
      beStopped(core, record, 'inhibit', false, 'normal');
    }
    if (record.mustStart) {
      record.mustStart = false;
      if (record.requiredBy > 0) beWanted(core, record);
    }
  }

  #execute(record: ServiceRecord): void {
    if (record.phase !== 'waiting') return;
    if (record.state === 'starting' && record.waitCount === 0) bringUp(this.#core, record);
    else if (record.state === 'stopping' && record.needCount === 0) bringDown(this.#core, record);
  }
}

function hasActiveDependents(record: ServiceRecord): boolean {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (isActive(link.dependent)) return true;
  }
  return false;
}

function isUpOrComing(record: ServiceRecord): boolean {
  return record.state === 'started' || record.state === 'starting';
}

/** Whether something that is up, or that comes up, cannot be without this record. */
function hasHardDependents(record: ServiceRecord): boolean {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (link.isHolding && (link.isNeeding || (link.isWaiting && link.kind !== 'waits-for'))) return true;
  }
  return false;
}

export function createServiceEngine(actions: ServiceActions): ServiceEngine {
  return new Engine(actions);
}
