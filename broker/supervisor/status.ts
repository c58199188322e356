/**
 * A service's status as plain data, from its record and what the supervisor keeps beside it.
 */
import type { ServiceRecord, StopReason } from '../service/index.js';
import type { ServiceFailure, ServiceStatus } from './api.js';
import { failureText } from './failure-text.js';

/** What a status has that the record has not. */
export interface StatusSupplement {
  readonly sinceWallMs: number;
  readonly restarts: number;
  readonly lastFailure: ServiceFailure | undefined;
}

/** What it waits for, in people's words. */
export function waitsFor(record: ServiceRecord): string[] {
  const reasons: string[] = [];
  switch (record.phase) {
    case 'waiting':
      if (record.state === 'starting') {
        for (const link of record.dependencies()) {
          if (link.isWaiting) reasons.push(`${link.dependency.name} to start`);
        }
      } else {
        for (const link of record.dependents())
          if (link.isNeeding) reasons.push(`${link.dependent.name} to stop`);
      }
      break;
    case 'delaying':
      reasons.push('its restart delay');
      break;
    case 'launching':
      reasons.push('its process to be started');
      break;
    case 'running':
      reasons.push(
        record.description.type === 'scripted'
          ? 'its start command to finish'
          : 'its process to say that it is ready',
      );
      break;
    case 'interrupting':
      reasons.push('its start command to end after an interrupt');
      break;
    case 'ending':
      reasons.push('its process to end');
      break;
    case 'terminating':
      reasons.push(record.stopPid > 0 ? 'its stop command to finish' : 'its process to end');
      break;
    case 'none':
      break;
  }
  return reasons;
}

/** Its process came to its end by itself and with status 0: nothing failed, although nobody asked for the end. */
function hasEndedWell({ exitStatus }: ServiceRecord, reason: StopReason): boolean {
  return reason === 'terminated' && exitStatus?.kind === 'code' && exitStatus.code === 0;
}

/** Whether the end of its own process is what these reasons are about. */
const endsProcess: ReadonlySet<StopReason> = new Set(['failed', 'timed-out', 'terminated', 'watchdog']);

/** The failure of a service that has just stopped, or whose process has just ended, for this reason; undefined where it has not failed. */
export function failureOf(
  record: ServiceRecord,
  reason: StopReason,
  wallMs: number,
): ServiceFailure | undefined {
  const text = failureText(record, reason);
  if (text === '' || hasEndedWell(record, reason)) return undefined;
  return { reason, text, wallMs, ...(endsProcess.has(reason) ? { exit: record.exitStatus } : {}) };
}

export function statusOf(record: ServiceRecord, supplement: StatusSupplement | undefined): ServiceStatus {
  const isDown = record.state === 'stopped';
  // A start that timed out has failed for those who wait, although its process may not have ended yet.
  const hasFailed = isDown || (record.state === 'stopping' && record.hasFailedStart);
  const failure = hasFailed ? failureText(record) : '';
  return {
    name: record.name,
    type: record.description.type,
    file: record.description.path,
    state: record.state,
    desired: record.desired,
    pid: record.pid,
    stopPid: record.stopPid,
    stopReason: record.stopReason,
    exit: record.exitStatus,
    execStage: record.execStage,
    execErrno: record.execErrno,
    failure,
    lastFailure: supplement?.lastFailure,
    sinceWallMs: supplement?.sinceWallMs ?? 0,
    isExplicit: record.isExplicit,
    isPinnedStarted: record.isPinnedStarted,
    isPinnedStopped: record.isPinnedStopped,
    isSkipped: record.isSkipped,
    isFailed: isDown && failure !== '' && !hasEndedWell(record, record.stopReason),
    waitsFor: waitsFor(record),
    restarts: supplement?.restarts ?? 0,
    statusText: record.statusText,
    activity: record.activity,
    saidErrno: record.saidErrno,
    saidExit: record.saidExit < 0 ? undefined : record.saidExit,
  };
}
