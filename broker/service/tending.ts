/**
 * A process that is up: what it is watched for follows from what it has said (services W1, W6, W7), and the record's one timer
 * with it. Waiting to be ready: the start timeout. Ready: the watchdog. About to end: the stop timeout.
 */
import type { EngineCore } from './core.js';
import type { ServiceRecord } from './record.js';
import { SIGABRT } from './signals.js';

/** It has a process that is to say when it is ready, and has not. */
export function awaitsReadiness(record: ServiceRecord): boolean {
  return record.description.readiness !== undefined && !record.isReady;
}

/** Sets phase and timer of a started service from what its process has said. */
export function tend(core: EngineCore, record: ServiceRecord): void {
  if (record.processState === 'none') return;
  core.changed.push(record);
  if (awaitsReadiness(record)) {
    record.phase = record.processState === 'launching' ? 'launching' : 'running';
    // The time counts from the launch.
    if (record.timerDueMs === 0) core.arm(record, record.description.startTimeoutMs);
    return;
  }
  if (record.isHung || record.activity === 'stopping') {
    record.phase = 'ending';
    core.arm(record, record.description.stopTimeoutMs);
    return;
  }
  record.phase = 'none';
  core.arm(record, record.watchdogMs);
}

/** No sign of life in time, or the service says itself that it is past help: it is made to end (services W7). */
export function hang(core: EngineCore, record: ServiceRecord): void {
  const isUp = record.state === 'starting' || record.state === 'started';
  if (!isUp || record.processState === 'none' || record.isHung) return;
  if (record.processState === 'launching') {
    // It cannot be signalled before its launch is told (`startSpawned`).
    record.isHung = true;
    core.changed.push(record);
    return;
  }
  const { watchdog, signalsProcessOnly } = record.description;
  record.isHung = true;
  core.changed.push(record);
  core.actions.note(record, 'watchdog-expired');
  core.actions.signal(record, 'start', watchdog?.signal ?? SIGABRT, signalsProcessOnly ? 'process' : 'group');
  if (record.state === 'starting') return;
  record.phase = 'ending';
  core.arm(record, record.description.stopTimeoutMs);
}
