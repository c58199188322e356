/**
 * Going down: from the wish to be stopped until `stopped`, and failing to start.
 */
import type { EngineCore } from './core.js';
import { strongerMode } from './core.js';
import type { ServiceRecord, StopMode } from './record.js';
import { consumeRestart, isRestartWanted } from './restart.js';
import { SIGINT } from './signals.js';
import type { StopReason } from './states.js';

/**
 * Stops the record as `mode` says (services E4, E11, E13). `isCommitted`: nothing can cancel this stop, because the process is
 * dead or because it is to restart. `reason` is recorded if the stop begins now.
 */
export function beStopped(
  core: EngineCore,
  record: ServiceRecord,
  mode: StopMode,
  isCommitted: boolean,
  reason: StopReason,
): void {
  core.changed.push(record);
  if (record.state === 'stopped') {
    if (record.desired === 'started' && mode === 'inhibit') settleStopped(core, record);
    return;
  }
  if (record.state === 'stopping') {
    stopHarder(core, record, mode, isCommitted);
    return;
  }
  if (mode === 'inhibit') record.desired = 'stopped';
  if (record.isHeldStarted) {
    deferStop(record, mode, isCommitted);
    if (isEnd(reason)) record.stopReason = reason;
    return;
  }
  if (record.state === 'started') leaveStarted(core, record, mode, isCommitted, reason);
  else leaveStarting(core, record, mode, isCommitted, reason);
}

/** Its process has come to its end by itself, and not because somebody wanted the service to stop. */
function isEnd(reason: StopReason): boolean {
  return reason === 'terminated' || reason === 'watchdog';
}

function deferStop(record: ServiceRecord, mode: StopMode, isCommitted: boolean): void {
  record.pendingStop = strongerMode(record.pendingStop, mode);
  record.isCommitted ||= isCommitted;
}

function leaveStarted(
  core: EngineCore,
  record: ServiceRecord,
  mode: StopMode,
  isCommitted: boolean,
  reason: StopReason,
): void {
  record.stopReason = reason;
  let dependentsMode = mode;
  let restarts = record.desired === 'started' && !core.isShuttingDown;
  if (mode === 'auto' && restarts) {
    restarts = isRestartWanted(record);
    if ((restarts || isEnd(reason)) && !consumeRestart(record, core.nowMs)) {
      // Nor may a dependent that restarts start it again: the limit holds for the process, whoever wants it.
      if (restarts) core.actions.note(record, 'restarting-too-quickly');
      restarts = false;
      dependentsMode = 'inhibit';
    }
  }
  record.isAutoRestart = mode === 'auto';
  record.isCommitted = isCommitted || restarts || isDead(record);
  // A process that is being launched again (smooth recovery) has no timer, one that waits to be launched has.
  core.disarm(record);
  record.phase = 'waiting';
  // Whoever is told the new state is told with it whether it comes up again.
  if (!restarts) record.desired = 'stopped';
  core.setState(record, 'stopping');
  stopDependents(core, record, dependentsMode, record.isCommitted);
  if (!restarts) giveUp(core, record);
  // Who began to wait while this one could not be interrupted need not wait for the end.
  if (!restarts) failWaiters(core, record);
  if (record.needCount === 0) core.transition.push(record);
}

/** A process that is to be launched again (smooth recovery): there is nothing that could stay up. */
function isDead(record: ServiceRecord): boolean {
  return record.description.type === 'process' && record.processState === 'none';
}

function leaveStarting(
  core: EngineCore,
  record: ServiceRecord,
  mode: StopMode,
  isCommitted: boolean,
  reason: StopReason,
): void {
  const restarts = mode !== 'inhibit' && (mode === 'restart' || isRestartWanted(record));
  if (record.phase === 'waiting' || record.phase === 'delaying') {
    record.stopReason = reason;
    if (mode === 'inhibit') stopDependents(core, record, mode, isCommitted);
    if (!restarts) giveUp(core, record);
    becomeStopped(core, record, true);
    return;
  }
  stopDependents(core, record, mode, isCommitted);
  if (record.phase === 'running' && record.description.type === 'process') {
    record.stopReason = reason;
    abandonStart(core, record, restarts);
    return;
  }
  if (!record.description.isStartInterruptible || record.description.type !== 'scripted') {
    deferStop(record, mode, isCommitted);
    return;
  }
  record.stopReason = reason;
  if (!restarts) giveUp(core, record);
  interruptStart(core, record);
  core.actions.event(record, 'start-cancelled');
  if (!restarts) failWaiters(core, record);
}

/** Its process runs and is not ready: it is stopped like one that is (services W4). Nothing cancels that. */
function abandonStart(core: EngineCore, record: ServiceRecord, restarts: boolean): void {
  if (!restarts) giveUp(core, record);
  record.phase = 'waiting';
  record.isCommitted = true;
  core.disarm(record);
  core.setState(record, 'stopping');
  core.actions.event(record, 'start-cancelled');
  core.transition.push(record);
  if (!restarts) failWaiters(core, record);
}

/** Makes the start command end: at once, or as soon as it is launched. Its exit goes on from here. */
export function interruptStart(core: EngineCore, record: ServiceRecord): void {
  record.phase = 'interrupting';
  record.isCommitted = true;
  core.setState(record, 'stopping');
  core.disarm(record);
  if (record.processState === 'launching') {
    record.isInterruptPending = true;
    return;
  }
  core.actions.signal(record, 'start', SIGINT, 'group');
  core.arm(record, record.description.stopTimeoutMs);
}

/** It is stopping already; what is new may be that it must not restart, or that it cannot be cancelled. */
function stopHarder(core: EngineCore, record: ServiceRecord, mode: StopMode, isCommitted: boolean): void {
  const isInhibited = mode === 'inhibit' && record.desired === 'started';
  const isNewlyCommitted = isCommitted && !record.isCommitted;
  if (isInhibited) giveUp(core, record);
  if (isNewlyCommitted) record.isCommitted = true;
  if (isInhibited || isNewlyCommitted) {
    stopDependents(core, record, isInhibited ? 'inhibit' : 'auto', record.isCommitted);
  }
  if (isInhibited) failWaiters(core, record);
}

/** It will not come up again by itself: the mark and its holds go. */
function giveUp(core: EngineCore, record: ServiceRecord): void {
  record.desired = 'stopped';
  core.unmark(record);
  core.unholdAll(record);
}

/**
 * Those that rely on it stop first. Those that wait for it are told only if it will not come up: otherwise they wait on.
 */
function stopDependents(core: EngineCore, record: ServiceRecord, mode: StopMode, isCommitted: boolean): void {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    const isLetDown = link.isWaiting && link.kind !== 'waits-for' && mode === 'inhibit';
    if (link.isNeeding || isLetDown) core.requestStop(link.dependent, mode, isCommitted);
  }
}

/** No process is left. It starts again if it is still wanted, otherwise it rests. */
export function becomeStopped(core: EngineCore, record: ServiceRecord, isStartCancelled: boolean): void {
  const failsStart = record.state === 'starting' && record.hasFailedStart;
  core.disarm(record);
  record.phase = 'none';
  record.isCommitted = false;
  record.pendingStop = 'none';
  record.isInterruptPending = false;
  for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) {
    core.endNeed(link);
    if (link.isWaiting) core.endWait(link);
  }
  core.setState(record, 'stopped');
  if (isStartCancelled) core.actions.event(record, 'start-cancelled');
  if (failsStart) core.actions.event(record, 'failed-start');
  core.actions.event(record, 'stopped');
  if (record.desired === 'started' && record.requiredBy > 0 && !record.isPinnedStopped) {
    core.requestStart(record);
    return;
  }
  settleStopped(core, record);
}

/** Stopped for good: nothing of it is left in the counts of others, and nobody waits for it. */
export function settleStopped(core: EngineCore, record: ServiceRecord): void {
  record.isAutoRestart = false;
  giveUp(core, record);
  failWaiters(core, record);
  dropSoftHolds(core, record);
}

/** It is not coming up: who waits for it fails, or goes on without it (services E5, E7). */
export function failWaiters(core: EngineCore, record: ServiceRecord): void {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (!link.isWaiting) continue;
    if (link.kind === 'waits-for') {
      core.endWait(link);
      core.unhold(link);
    } else {
      link.dependent.mustFail = true;
      core.propagate(link.dependent);
    }
  }
}

/** It has stopped for good: those that can be without it let go, so that they do not bring it back (services E9). */
function dropSoftHolds(core: EngineCore, record: ServiceRecord): void {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (link.kind !== 'regular' && !link.isWaiting) core.unhold(link);
  }
}

/** The start failed and no process is left (services E7). */
export function failStart(core: EngineCore, record: ServiceRecord, reason: StopReason): void {
  noteFailure(core, record, reason);
  becomeStopped(core, record, false);
}

/** The start took too long: it has failed, and the command is made to end. */
export function failByTimeout(core: EngineCore, record: ServiceRecord): void {
  core.actions.note(record, 'start-timed-out');
  failAndInterrupt(core, record, 'timed-out');
}

/** It will never say that it is ready: the start has failed, and the process is made to end. */
export function failUnready(core: EngineCore, record: ServiceRecord): void {
  core.actions.note(record, 'readiness-lost');
  failAndInterrupt(core, record, 'failed');
}

function failAndInterrupt(core: EngineCore, record: ServiceRecord, reason: StopReason): void {
  noteFailure(core, record, reason);
  interruptStart(core, record);
  core.actions.event(record, 'failed-start');
  failWaiters(core, record);
}

function noteFailure(core: EngineCore, record: ServiceRecord, reason: StopReason): void {
  record.hasFailedStart = true;
  record.stopReason = reason;
  record.pendingStop = 'none';
  core.setPinnedStarted(record, false);
  giveUp(core, record);
}
