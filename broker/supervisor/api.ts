/**
 * What others see of the supervisor: the services that are loaded, what can be asked of them, and what is told about them.
 * `supervisor.ts` implements it.
 *
 * A service is named by its `ServiceRecord`, which lives as long as it is loaded. Everything here returns at once; what a
 * request leads to is told to listeners and subscribers, in the order in which it happens.
 */
import type {
  ExitStatus,
  LoadResult,
  ProcessPurpose,
  RequestResult,
  ServiceActivity,
  ServiceEvent,
  ServiceGraph,
  ServiceNote,
  ServiceRecord,
  ServiceState,
  ServiceType,
  StartOptions,
  StopOptions,
  StopReason,
} from '../service/index.js';
import type { SubscribeOptions, Subscription } from './event-stream.js';
import type { LogExtract, LogLine } from './log-buffer.js';
import type { SupervisorMeasures } from './measures.js';

export type { SupervisorMeasures };

/** How a service failed, for who looks later. Plain data. */
export interface ServiceFailure {
  readonly reason: StopReason;
  /** For people. */
  readonly text: string;
  readonly wallMs: number;
  /** How its process ended; undefined where none of its own did. */
  readonly exit?: ExitStatus | undefined;
}

/** One service, as it is at one moment. Plain data. */
export interface ServiceStatus {
  readonly name: string;
  readonly type: ServiceType;
  /** The description file. */
  readonly file: string;
  readonly state: ServiceState;
  readonly desired: 'stopped' | 'started';
  /** 0: no process. */
  readonly pid: number;
  /** The process of `stop-command`; 0: none. */
  readonly stopPid: number;
  readonly stopReason: StopReason;
  /** How the last process of `command` ended; undefined while none has. */
  readonly exit: ExitStatus | undefined;
  /** After `exec-failed`: the step (`exec`, `directory`, …) and the errno. */
  readonly execStage: string;
  readonly execErrno: number;
  /** Why it is not running although it was to, for people; empty where nothing failed. */
  readonly failure: string;
  /** The last time that it failed, also if it has come up again since; undefined: never since it was loaded. */
  readonly lastFailure: ServiceFailure | undefined;
  /** Wall-clock time of the last change of state; 0: none yet. */
  readonly sinceWallMs: number;
  readonly isExplicit: boolean;
  readonly isPinnedStarted: boolean;
  readonly isPinnedStopped: boolean;
  readonly isSkipped: boolean;
  /** It is stopped because it failed to start, or ended by itself and is not started again. */
  readonly isFailed: boolean;
  /** What it waits for, in people's words, one each. */
  readonly waitsFor: readonly string[];
  /** Automatic restarts since it was loaded. */
  readonly restarts: number;
  /** What the service has said of itself; empty: nothing. Without control characters. */
  readonly statusText: string;
  readonly activity: ServiceActivity;
  /** 0: it has told none. */
  readonly saidErrno: number;
  readonly saidExit: number | undefined;
}

/** Something that happened. `record` is there for look-ups and may have changed since; `status` is as it was then. */
export type SupervisorEvent =
  | {
      readonly kind: 'state';
      readonly service: string;
      readonly record: ServiceRecord;
      readonly status: ServiceStatus;
    }
  | {
      readonly kind: ServiceEvent;
      readonly service: string;
      readonly record: ServiceRecord;
      readonly status: ServiceStatus;
    }
  | {
      readonly kind: 'loaded' | 'unloaded' | 'said';
      readonly service: string;
      readonly record: ServiceRecord;
      readonly status: ServiceStatus;
    }
  | {
      readonly kind: 'exit';
      readonly service: string;
      readonly record: ServiceRecord;
      readonly purpose: ProcessPurpose;
      readonly pid: number;
      readonly exit: ExitStatus;
    }
  | {
      readonly kind: 'note';
      readonly service: string;
      readonly record: ServiceRecord;
      readonly note: ServiceNote;
      readonly status: ServiceStatus;
    }
  | { readonly kind: 'log'; readonly service: string; readonly record: ServiceRecord; readonly line: LogLine }
  | { readonly kind: 'shutdown'; readonly service?: undefined };

/** What a request about a process or a log cannot do. */
export type ProcessRefusal = 'no-process' | 'no-log';

export interface SupervisorInfo {
  /** Wall-clock time at which init started. */
  readonly startedWallMs: number;
  readonly uptimeMs: number;
  /** Brokers that init started before this one. */
  readonly brokerRestarts: number;
  readonly services: number;
  readonly servicesActive: number;
  readonly isShuttingDown: boolean;
  readonly serviceDirectories: readonly string[];
  /** init is the first process of its system or container. */
  readonly isFirstProcess: boolean;
}

export interface SupervisorApi {
  readonly graph: ServiceGraph;
  info(): SupervisorInfo;
  /** Numbers of all services together. Looks at each of them. */
  measure(): SupervisorMeasures;
  find(name: string): ServiceRecord | undefined;
  /** The loaded service of that name, or reads its description and all that it depends on: all of it or nothing. */
  load(name: string): LoadResult;
  /** Forgets a stopped service that nothing loaded depends on. */
  unload(record: ServiceRecord): RequestResult;
  start(record: ServiceRecord, options?: StartOptions): RequestResult;
  stop(record: ServiceRecord, options?: StopOptions): RequestResult;
  restart(record: ServiceRecord): RequestResult;
  release(record: ServiceRecord): RequestResult;
  wake(record: ServiceRecord, options?: StartOptions): RequestResult;
  unpin(record: ServiceRecord): RequestResult;
  /** Sends a signal to the process of `command`, or to its group. */
  signal(record: ServiceRecord, signal: number, scope?: 'process' | 'group'): 'sent' | ProcessRefusal;
  status(record: ServiceRecord): ServiceStatus;
  /** All services in the order of their names (by UTF-16 units). Sorted anew only after a load or unload. */
  list(): readonly ServiceRecord[];
  /** Lines with a higher number than `after`, at most the newest `linesMax`; `no-log` where the output is not kept in memory. */
  log(record: ServiceRecord, after?: number, linesMax?: number): LogExtract | ProcessRefusal;
  clearLog(record: ServiceRecord): 'cleared' | ProcessRefusal;
  /** A queue of events for somebody who takes them when it can. */
  subscribe(options: SubscribeOptions): Subscription<SupervisorEvent>;
  /**
   * Calls `listener` with each event as it happens, log lines left out: from within the engine's draining, so it must not ask
   * anything of the supervisor but `status`, and must not throw. Returns how to end it.
   */
  listen(listener: (event: SupervisorEvent) => void): () => void;
  /** Stops everything in the order of dependencies, then ends init and broker. Resolves when all is stopped. Idempotent. */
  shutdown(): Promise<void>;
}
