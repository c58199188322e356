/**
 * Numbers of the supervisor as a whole, counted when somebody asks: nothing is kept for them but the restarts of services that were
 * unloaded, so that their sum never goes back.
 */
import type { ServiceRecord, ServiceState } from '../service/index.js';
import type { ServiceStatus } from './api.js';
import { ServiceHost } from './service-host.js';

export interface SupervisorMeasures {
  /** Loaded services by state; those that failed apart. */
  readonly services: readonly {
    readonly state: ServiceState;
    readonly isFailed: boolean;
    readonly count: number;
  }[];
  /** Automatic restarts of the services that are, or were, loaded. */
  readonly restarts: number;
  /** Bytes in the log buffers. */
  readonly logBytes: number;
}

/** `restartsBefore`: of the services that were unloaded. */
export function measuresOf(
  records: Iterable<ServiceRecord>,
  status: (record: ServiceRecord) => ServiceStatus,
  restartsBefore: number,
): SupervisorMeasures {
  const counts: Record<ServiceState, number> = { stopped: 0, starting: 0, started: 0, stopping: 0 };
  let failed = 0;
  let restarts = restartsBefore;
  let logBytes = 0;
  for (const record of records) {
    // Only what is stopped can have failed, and only of what was launched is there more to ask than its state.
    if (record.state === 'stopped' && record.stopReason !== 'normal' && status(record).isFailed) failed += 1;
    else counts[record.state] += 1;
    if (!(record.host instanceof ServiceHost)) continue;
    restarts += record.host.restarts;
    logBytes += record.host.log?.bytes ?? 0;
  }
  return {
    services: [
      { state: 'stopped', isFailed: false, count: counts.stopped },
      { state: 'stopped', isFailed: true, count: failed },
      { state: 'starting', isFailed: false, count: counts.starting },
      { state: 'started', isFailed: false, count: counts.started },
      { state: 'stopping', isFailed: false, count: counts.stopping },
    ],
    restarts,
    logBytes,
  };
}
