/**
 * Saving and restoring: after a crash of the broker the services still run, and a new engine goes on where the old one was.
 *
 * What is saved is all that cannot be computed: the record's own fields, and per edge whether it holds, waits and needs (a
 * soft hold that was dropped cannot be told from the states). What can be counted is counted anew: `requiredBy`, `waitCount`,
 * `needCount`, the pins that dependents exert. Between two public calls the queues are empty, so they need no saving.
 *
 * Times are saved as they are; `clockShiftMs` carries them over to the clock of the new engine.
 */
import type { SavedRecord } from './api.js';
import type { ServiceRecord } from './record.js';
import type { DependencyKind } from './states.js';

const textFields = [
  'state',
  'desired',
  'phase',
  'processState',
  'stopProcessState',
  'stopReason',
  'execStage',
  'pendingStop',
  'activity',
  'statusText',
] as const;

const countFields = [
  'pid',
  'stopPid',
  'execErrno',
  'restartCount',
  'saidErrno',
  'saidExit',
  'watchdogMs',
] as const;

const timeFields = ['launchedAtMs', 'startedAtMs', 'restartWindowAtMs', 'timerDueMs'] as const;

const flagFields = [
  'isExplicit',
  'isPinnedStarted',
  'isPinnedStopped',
  'isSkipped',
  'hasFailedStart',
  'isCommitted',
  'isAutoRestart',
  'isInterruptPending',
  'isReady',
  'isHung',
] as const;

/** Times that never were (-Infinity) and timers that are not armed (0) are left out: JSON has no infinity. */
export function saveRecord(record: ServiceRecord): SavedRecord {
  const fields: Record<string, string | number | boolean> = {};
  for (const field of textFields) fields[field] = record[field];
  for (const field of countFields) fields[field] = record[field];
  for (const field of flagFields) fields[field] = record[field];
  for (const field of timeFields) {
    const value = record[field];
    if (Number.isFinite(value) && !(field === 'timerDueMs' && value === 0)) fields[field] = value;
  }
  const links: [string, DependencyKind, number][] = [];
  for (const link of record.dependencies()) {
    const flags = (link.isHolding ? 1 : 0) | (link.isWaiting ? 2 : 0) | (link.isNeeding ? 4 : 0);
    links.push([link.dependency.name, link.kind, flags]);
  }
  return { fields, exitStatus: record.exitStatus, links };
}

/** The record's own fields; `restoreLinks` follows when all records have theirs. */
export function restoreFields(record: ServiceRecord, saved: SavedRecord, clockShiftMs: number): void {
  const { fields } = saved;
  const target = record as unknown as Record<string, string | number | boolean>;
  for (const field of [...textFields, ...countFields, ...flagFields]) {
    const value = fields[field];
    if (typeof value === typeof record[field] && value !== undefined) target[field] = value;
  }
  for (const field of timeFields) {
    const value = fields[field];
    if (typeof value === 'number') target[field] = value + clockShiftMs;
  }
  record.exitStatus = saved.exitStatus;
  if (record.isExplicit) record.requiredBy++;
}

/** The flags of the record's edges, and the counts that follow from them. */
export function restoreLinks(record: ServiceRecord, saved: SavedRecord): void {
  let index = 0;
  for (const link of record.dependencies()) {
    const [name, kind, flags] = saved.links[index++] ?? ['', undefined, 0];
    if (name !== link.dependency.name || kind !== link.kind) {
      throw new Error(`bug: the saved edges of service ${record.name} do not fit its description`);
    }
    link.isHolding = (flags & 1) !== 0;
    link.isWaiting = (flags & 2) !== 0;
    link.isNeeding = (flags & 4) !== 0;
    if (link.isHolding) link.dependency.requiredBy++;
    if (link.isWaiting) record.waitCount++;
    if (link.isNeeding) link.dependency.needCount++;
  }
}
