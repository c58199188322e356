/**
 * What the supervisor tells, in the shapes of `control.proto`: words become numbers here and nowhere else in the broker. The
 * tables are total.
 */
import {
  Activity,
  DependencyKind,
  EventKind,
  type EventShape,
  ExitKind,
  type ExitShape,
  type FailureShape,
  ServiceType,
  State,
  type StatusShape,
  StopReason,
} from '../contract/control.js';
import { limits } from '../contract/index.js';
import type { ExitStatus, DependencyKind as KindWord, ServiceNote, ServiceState } from '../service/index.js';
import type { ServiceFailure, ServiceStatus, Stamped, SupervisorEvent } from '../supervisor/index.js';

export const stateNumber: Readonly<Record<ServiceState, State>> = {
  stopped: State.STATE_STOPPED,
  starting: State.STATE_STARTING,
  started: State.STATE_STARTED,
  stopping: State.STATE_STOPPING,
};

const typeNumber: Readonly<Record<ServiceStatus['type'], ServiceType>> = {
  process: ServiceType.TYPE_PROCESS,
  scripted: ServiceType.TYPE_SCRIPTED,
  internal: ServiceType.TYPE_INTERNAL,
};

const reasonNumber: Readonly<Record<ServiceStatus['stopReason'], StopReason>> = {
  normal: StopReason.STOP_NORMAL,
  'dependency-restarted': StopReason.STOP_DEPENDENCY_RESTART,
  'dependency-failed': StopReason.STOP_DEPENDENCY_FAILED,
  failed: StopReason.STOP_FAILED,
  'exec-failed': StopReason.STOP_EXEC_FAILED,
  'timed-out': StopReason.STOP_TIMED_OUT,
  terminated: StopReason.STOP_TERMINATED,
  watchdog: StopReason.STOP_WATCHDOG,
};

const activityNumber: Readonly<Record<ServiceStatus['activity'], Activity>> = {
  none: Activity.ACTIVITY_NONE,
  reloading: Activity.ACTIVITY_RELOADING,
  stopping: Activity.ACTIVITY_STOPPING,
};

export const dependencyNumber: Readonly<Record<KindWord, DependencyKind>> = {
  regular: DependencyKind.DEPENDENCY_REGULAR,
  milestone: DependencyKind.DEPENDENCY_MILESTONE,
  'waits-for': DependencyKind.DEPENDENCY_WAITS_FOR,
};

const eventNumber: Readonly<Record<SupervisorEvent['kind'], EventKind>> = {
  state: EventKind.EVENT_STATE,
  started: EventKind.EVENT_STARTED,
  stopped: EventKind.EVENT_STOPPED,
  'failed-start': EventKind.EVENT_START_FAILED,
  'start-cancelled': EventKind.EVENT_START_CANCELLED,
  'stop-cancelled': EventKind.EVENT_STOP_CANCELLED,
  loaded: EventKind.EVENT_LOADED,
  unloaded: EventKind.EVENT_UNLOADED,
  exit: EventKind.EVENT_EXIT,
  said: EventKind.EVENT_SAID,
  note: EventKind.EVENT_NOTE,
  log: EventKind.EVENT_LOG,
  shutdown: EventKind.EVENT_SHUTDOWN,
};

const noteText: Readonly<Record<ServiceNote, string>> = {
  'start-timed-out': 'the start timed out',
  'stop-timed-out': 'the stop timed out, and its processes are killed',
  'restarting-too-quickly': 'it restarts too quickly and is stopped',
  recovering: 'its process has ended and is started again',
  'stop-command-failed': 'the stop command failed',
  'stop-command-not-run': 'the stop command could not be run',
  'watchdog-expired': 'it hangs (its watchdog has expired), and its process is signalled',
  'main-process-refused': 'the process that it names as its own is not accepted',
  'readiness-lost': 'it can no longer say that it is ready, because it has closed its end of the pipe',
};

function exitShape(exit: ExitStatus): ExitShape {
  return exit.kind === 'code'
    ? { kind: ExitKind.EXITED, code: exit.code }
    : { kind: ExitKind.SIGNALLED, code: exit.signal };
}

function lastExit(status: ServiceStatus): ExitShape | null {
  if (status.stopReason === 'exec-failed') {
    return { kind: ExitKind.NOT_EXECUTED, code: status.execErrno, stage: status.execStage };
  }
  return status.exit === undefined ? null : exitShape(status.exit);
}

function failureShape({ reason, text, wallMs, exit }: ServiceFailure): FailureShape {
  return { reason: reasonNumber[reason], text, wallMs, exit: exit === undefined ? null : exitShape(exit) };
}

function bounded(reasons: readonly string[]): string[] {
  if (reasons.length <= limits.statusReasonsMax) return [...reasons];
  const rest = reasons.length - limits.statusReasonsMax;
  return [...reasons.slice(0, limits.statusReasonsMax), `${rest} more`];
}

export function statusShape(status: ServiceStatus): StatusShape {
  return {
    name: status.name,
    state: stateNumber[status.state],
    desired: stateNumber[status.desired],
    pid: status.pid,
    stopReason: reasonNumber[status.stopReason],
    exit: lastExit(status),
    sinceWallMs: status.sinceWallMs,
    type: typeNumber[status.type],
    isExplicit: status.isExplicit,
    isPinnedStarted: status.isPinnedStarted,
    isPinnedStopped: status.isPinnedStopped,
    waitsFor: bounded(status.waitsFor),
    startSkipped: status.isSkipped,
    file: status.file,
    isFailed: status.isFailed,
    restarts: status.restarts,
    failure: status.failure,
    stopPid: status.stopPid,
    statusText: status.statusText,
    activity: activityNumber[status.activity],
    saidErrno: status.saidErrno,
    lastFailure: status.lastFailure === undefined ? null : failureShape(status.lastFailure),
    ...(status.saidExit === undefined ? {} : { saidExit: status.saidExit }),
  };
}

export function eventShape(event: Stamped<SupervisorEvent>): EventShape {
  const shape: EventShape = { kind: eventNumber[event.kind], wallMs: event.wallMs, sequence: event.sequence };
  switch (event.kind) {
    case 'shutdown':
      return shape;
    case 'log':
      return { ...shape, name: event.service, line: event.line };
    case 'exit':
      return { ...shape, name: event.service, pid: event.pid, exit: exitShape(event.exit) };
    case 'note':
      return { ...shape, status: statusShape(event.status), message: noteText[event.note] };
    default:
      return { ...shape, status: statusShape(event.status) };
  }
}
