/**
 * Automatic restart: whether, how often, how soon. `consumeRestart` counts a window that begins with a start that was
 * asked for, or with the first restart after the window before has passed (services E13–E15).
 */
import type { ServiceRecord } from './record.js';
import { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2 } from './signals.js';
import type { ExitStatus } from './states.js';

/** What the setting `restart` says about the stop that has just begun. */
export function isRestartWanted(record: ServiceRecord): boolean {
  const { restart, type } = record.description;
  if (restart !== 'on-failure') return restart === 'yes';
  if (record.stopReason === 'watchdog') return true;
  return type === 'process' && record.stopReason === 'terminated' && isFailure(record.exitStatus);
}

/** An exit code other than 0, or a signal that is not one of those by which a process is asked to end. */
function isFailure(status: ExitStatus | undefined): boolean {
  if (status === undefined) return false;
  if (status.kind === 'code') return status.code !== 0;
  const { signal } = status;
  return (
    signal !== SIGHUP && signal !== SIGINT && signal !== SIGUSR1 && signal !== SIGUSR2 && signal !== SIGTERM
  );
}

/** Counts one automatic restart; false, and not counted, if the limit is reached. Only processes are limited. */
export function consumeRestart(record: ServiceRecord, nowMs: number): boolean {
  const { type, restartLimitCount, restartLimitIntervalMs } = record.description;
  if (type !== 'process' || restartLimitCount === 0) return true;
  if (nowMs - record.restartWindowAtMs >= restartLimitIntervalMs) {
    record.restartWindowAtMs = nowMs;
    record.restartCount = 0;
  }
  if (record.restartCount >= restartLimitCount) return false;
  record.restartCount++;
  return true;
}

/** How long the next automatic launch has to wait: the delay counts from the last launch. */
export function restartDelayLeftMs(record: ServiceRecord, nowMs: number): number {
  if (!record.isAutoRestart) return 0;
  return Math.max(0, record.launchedAtMs + record.description.restartDelayMs - nowMs);
}
