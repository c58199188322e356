/**
 * What the manager tells, as plain objects: absent things are `undefined`, numbers of the wire are words.
 */
import type {
  DependencyShape,
  EventShape,
  ExitShape,
  FailureShape,
  InfoShape,
  LogLineShape,
  OutcomeShape,
  StatusShape,
} from '../../broker/contract/control.js';
import {
  type Activity,
  activityWords,
  type DependencyKind,
  dependencyWords,
  type EventKind,
  type ExitKind,
  eventWords,
  exitWords,
  type Rights,
  rightsWords,
  type ServiceState,
  type ServiceType,
  type StopReason,
  stateWords,
  stopReasonWords,
  typeWords,
  word,
} from './words.js';

/** How a service's last process ended. `code` is an exit status, a signal's number or an errno. */
export interface ServiceExit {
  readonly kind: ExitKind;
  readonly code: number;
  /** For `not-executed`: what it was doing. */
  readonly stage: string | undefined;
}

/** How a service failed. */
export interface ServiceFailure {
  readonly reason: StopReason;
  /** For people. */
  readonly text: string;
  /** Wall-clock time, milliseconds since 1970. */
  readonly timeMs: number;
  /** How its process ended; `undefined` where none of its own did. */
  readonly exit: ServiceExit | undefined;
}

export interface ServiceStatus {
  readonly name: string;
  readonly state: ServiceState;
  readonly desired: ServiceState;
  readonly pid: number | undefined;
  readonly type: ServiceType;
  readonly stopReason: StopReason;
  /** Stopped because it failed. */
  readonly isFailed: boolean;
  readonly exit: ServiceExit | undefined;
  /** Wall-clock time of the last change of state, milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  /** Started by name, not only for others. */
  readonly isExplicit: boolean;
  readonly isPinnedStarted: boolean;
  readonly isPinnedStopped: boolean;
  /** Why it waits, one reason each. */
  readonly waitsFor: readonly string[];
  readonly startSkipped: boolean;
  readonly hasConsole: boolean;
  readonly waitsForConsole: boolean;
  /** Its description file. */
  readonly file: string | undefined;
  /** Automatic restarts of its process. */
  readonly restarts: number;
  /** Why it is not running although it was to, for people. */
  readonly failure: string | undefined;
  /** The last time that it failed, also if it has come up again since; `undefined`: never since it was loaded. */
  readonly lastFailure: ServiceFailure | undefined;
  /** The process of its stop-command. */
  readonly stopPid: number | undefined;
  /** What the service has said of itself: a line of text, what it is doing, an errno and an exit status. */
  readonly statusText: string | undefined;
  readonly activity: Activity;
  readonly saidErrno: number | undefined;
  readonly saidExit: number | undefined;
}

export interface ManagerInfo {
  readonly version: string;
  readonly protocol: number;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly startedMs: number;
  readonly transport: string;
  readonly mode: string;
  readonly serviceDirectories: readonly string[];
  readonly socket: string;
  readonly brokerRestarts: number;
  readonly services: number;
  readonly servicesActive: number;
  readonly isShuttingDown: boolean;
  readonly rights: Rights;
}

/** What a start, stop, restart, wake or release has come to. */
export interface Outcome {
  readonly state: ServiceState;
  /** It was in the wanted state already. */
  readonly already: boolean;
  readonly pid: number | undefined;
}

export interface Dependency {
  readonly name: string;
  readonly kind: DependencyKind;
  readonly state: ServiceState;
}

/** One line of a service's log. */
export interface LogLine {
  /** Counts the lines of the service from 1. */
  readonly number: number;
  readonly timeMs: number;
  readonly text: string;
}

export interface ServiceLog {
  readonly lines: readonly LogLine[];
  /** The beginning of the line that is being written. */
  readonly unfinished: string;
  /** Older lines that had to give way. */
  readonly dropped: number;
}

/** Something that happened. `status` belongs to changes of state, `line` to `log`, `exit` to `exit`, `message` to `note`. */
export interface ServiceEvent {
  readonly kind: EventKind;
  readonly sequence: number;
  readonly timeMs: number;
  /** The service; `undefined` for what concerns the manager. */
  readonly service: string | undefined;
  readonly status: ServiceStatus | undefined;
  readonly line: LogLine | undefined;
  readonly message: string | undefined;
  readonly pid: number | undefined;
  readonly exit: ServiceExit | undefined;
  /** Events that were lost before this one, because they were not taken in time. */
  readonly lost: number;
}

function exitFrom(wire: ExitShape | null | undefined): ServiceExit | undefined {
  if (wire === null || wire === undefined) return undefined;
  const kind = word(exitWords, wire.kind ?? 0, 'exited');
  return { kind, code: wire.code ?? 0, stage: wire.stage === '' ? undefined : (wire.stage ?? undefined) };
}

function failureFrom(wire: FailureShape): ServiceFailure {
  return {
    reason: word(stopReasonWords, wire.reason ?? 0, 'normal'),
    text: wire.text ?? '',
    timeMs: wire.wallMs ?? 0,
    exit: exitFrom(wire.exit),
  };
}

export function statusFrom(wire: StatusShape): ServiceStatus {
  return {
    name: wire.name ?? '',
    state: word(stateWords, wire.state ?? 0, 'stopped'),
    desired: word(stateWords, wire.desired ?? 0, 'stopped'),
    pid: wire.pid ? wire.pid : undefined,
    type: word(typeWords, wire.type ?? 0, 'unknown'),
    stopReason: word(stopReasonWords, wire.stopReason ?? 0, 'normal'),
    isFailed: wire.isFailed ?? false,
    exit: exitFrom(wire.exit),
    sinceMs: wire.sinceWallMs ? wire.sinceWallMs : undefined,
    isExplicit: wire.isExplicit ?? false,
    isPinnedStarted: wire.isPinnedStarted ?? false,
    isPinnedStopped: wire.isPinnedStopped ?? false,
    waitsFor: wire.waitsFor ?? [],
    startSkipped: wire.startSkipped ?? false,
    hasConsole: wire.hasConsole ?? false,
    waitsForConsole: wire.waitsForConsole ?? false,
    file: wire.file ? wire.file : undefined,
    restarts: wire.restarts ?? 0,
    failure: wire.failure ? wire.failure : undefined,
    lastFailure: wire.lastFailure ? failureFrom(wire.lastFailure) : undefined,
    stopPid: wire.stopPid ? wire.stopPid : undefined,
    statusText: wire.statusText ? wire.statusText : undefined,
    activity: word(activityWords, wire.activity ?? 0, 'none'),
    saidErrno: wire.saidErrno ? wire.saidErrno : undefined,
    saidExit: wire.saidExit ?? undefined,
  };
}

export function infoFrom(wire: InfoShape): ManagerInfo {
  return {
    version: wire.version ?? '',
    protocol: wire.protocol ?? 0,
    pid: wire.pid ?? 0,
    uptimeMs: wire.uptimeMs ?? 0,
    startedMs: wire.startedWallMs ?? 0,
    transport: wire.transport ?? '',
    mode: wire.mode ?? '',
    serviceDirectories: wire.serviceDirectories ?? [],
    socket: wire.socket ?? '',
    brokerRestarts: wire.brokerRestarts ?? 0,
    services: wire.services ?? 0,
    servicesActive: wire.servicesActive ?? 0,
    isShuttingDown: wire.isShuttingDown ?? false,
    rights: word(rightsWords, wire.rights ?? 0, 'observe'),
  };
}

export function outcomeFrom(wire: OutcomeShape): Outcome {
  return {
    state: word(stateWords, wire.state ?? 0, 'stopped'),
    already: wire.already ?? false,
    pid: wire.pid ? wire.pid : undefined,
  };
}

export function dependencyFrom(wire: DependencyShape): Dependency {
  return {
    name: wire.name ?? '',
    kind: word(dependencyWords, wire.kind ?? 0, 'depends-on'),
    state: word(stateWords, wire.state ?? 0, 'stopped'),
  };
}

export function lineFrom(wire: LogLineShape): LogLine {
  return { number: wire.number ?? 0, timeMs: wire.wallMs ?? 0, text: wire.text ?? '' };
}

export function eventFrom(wire: EventShape, lost: number): ServiceEvent {
  const status = wire.status ? statusFrom(wire.status) : undefined;
  return {
    kind: word(eventWords, wire.kind ?? 0, 'state'),
    sequence: wire.sequence ?? 0,
    timeMs: wire.wallMs ?? 0,
    service: status?.name ?? (wire.name ? wire.name : undefined),
    status,
    line: wire.line ? lineFrom(wire.line) : undefined,
    message: wire.message ? wire.message : undefined,
    pid: wire.pid ? wire.pid : status?.pid,
    exit: exitFrom(wire.exit) ?? status?.exit,
    lost,
  };
}
