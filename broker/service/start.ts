/**
 * Coming up: from the wish to be started until `started`.
 */
import type { EngineCore } from './core.js';
import type { ServiceRecord } from './record.js';
import { settleStopped } from './stop.js';
import { tend } from './tending.js';

/** Wants the record up (services E2, E10). */
export function beWanted(core: EngineCore, record: ServiceRecord): void {
  if (record.isPinnedStopped && record.state === 'stopped') {
    settleStopped(core, record);
    return;
  }
  // One that is pinned stopped and still stops: the pin is looked at again when it has stopped.
  const wasDesired = record.desired === 'started';
  record.desired = 'started';
  core.changed.push(record);
  switch (record.state) {
    case 'stopped':
      beginStart(core, record);
      break;
    case 'starting':
    case 'started':
      withdrawPendingStop(record);
      break;
    case 'stopping':
      // A record that is stopping and wanted up restarts when it has stopped; nothing to add.
      if (wasDesired) break;
      core.holdAll(record);
      if (record.phase === 'waiting' && !record.isCommitted) cancelStop(core, record);
      break;
  }
}

/** A stop that has not begun is forgotten; one that must happen (the process is dead) becomes a restart. */
function withdrawPendingStop(record: ServiceRecord): void {
  if (record.pendingStop === 'none') return;
  record.pendingStop = record.isCommitted ? 'restart' : 'none';
}

function beginStart(core: EngineCore, record: ServiceRecord): void {
  record.hasFailedStart = false;
  record.isSkipped = false;
  record.stopReason = 'normal';
  record.execStage = '';
  record.execErrno = 0;
  record.phase = 'waiting';
  core.setState(record, 'starting');
  reattachSoftDependents(core, record);
  for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) {
    const { dependency } = link;
    core.hold(link);
    if (dependency.desired === 'stopped' || dependency.state === 'stopped') core.requestStart(dependency);
    if (dependency.state === 'started') core.need(link);
    else core.wait(link);
  }
  if (record.waitCount === 0) core.transition.push(record);
}

/** Those that go on without it while it is down hold it again once it comes back (services E9). */
function reattachSoftDependents(core: EngineCore, record: ServiceRecord): void {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (link.kind !== 'regular' && isActive(link.dependent)) core.hold(link);
  }
}

/** Up or coming up, and meant to be. */
export function isActive(record: ServiceRecord): boolean {
  return record.desired === 'started' && (record.state === 'starting' || record.state === 'started');
}

/** It only waited for its dependents and still runs, so it is up again at once (services E10). */
function cancelStop(core: EngineCore, record: ServiceRecord): void {
  record.phase = 'none';
  tend(core, record);
  record.stopReason = 'normal';
  core.setState(record, 'started');
  core.actions.event(record, 'stop-cancelled');
  core.actions.event(record, 'started');
  reattachSoftDependents(core, record);
  satisfyWaiters(core, record);
}

/** The record is up. */
export function becomeStarted(core: EngineCore, record: ServiceRecord): void {
  core.disarm(record);
  record.phase = 'none';
  record.startedAtMs = core.nowMs;
  record.isAutoRestart = false;
  tend(core, record);
  core.setState(record, 'started');
  core.actions.event(record, 'started');
  if (record.pendingStop === 'none' || record.isHeldStarted) {
    satisfyWaiters(core, record);
    return;
  }
  // It was asked to stop while it could not be interrupted. Who waits for it goes on waiting, for the restart or the end.
  const mode = record.pendingStop;
  record.pendingStop = 'none';
  core.requestStop(record, mode, record.isCommitted);
}

function satisfyWaiters(core: EngineCore, record: ServiceRecord): void {
  for (let link = record.firstDependent; link !== undefined; link = link.nextDependent) {
    if (!link.isWaiting) continue;
    core.need(link);
    core.endWait(link);
  }
}
