/**
 * The closed lists of the service model: names are those of the format's own documentation, in lower case.
 * Their meaning is in `engine.ts` (the theory) and `docs/spec/services.md`.
 */

export type ServiceType = 'process' | 'scripted' | 'internal';

/** What a service is now. */
export type ServiceState = 'stopped' | 'starting' | 'started' | 'stopping';

/** What was asked for. */
export type DesiredState = 'stopped' | 'started';

/** Dependency kinds: `depends-on`, `depends-ms`, `waits-for`. */
export type DependencyKind = 'regular' | 'milestone' | 'waits-for';

/** What happened to a service, in the order in which it happened. */
export type ServiceEvent = 'started' | 'stopped' | 'failed-start' | 'start-cancelled' | 'stop-cancelled';

/** Why a service stopped last. */
export type StopReason =
  | 'normal'
  | 'dependency-restarted'
  | 'dependency-failed'
  | 'failed'
  | 'exec-failed'
  | 'timed-out'
  | 'terminated'
  | 'watchdog';

/**
 * What a service waits for within `starting`, `started` and `stopping`; `none` otherwise.
 * `waiting`: for dependencies (starting) or dependents (stopping). `delaying`: for the restart delay, also while `started`
 * (smooth recovery). `launching`: for `spawned` or `spawnFailed`. `running`: for the start command's exit, or for a process to
 * be ready, also while `started` (smooth recovery). `interrupting`: for the exit of a start that was cancelled or timed out.
 * `ending`: for the end of the process, while still `started`: it hangs and was signalled, or has said that it ends.
 * `terminating`: for the processes to end.
 */
export type ServicePhase =
  | 'none'
  | 'waiting'
  | 'delaying'
  | 'launching'
  | 'running'
  | 'interrupting'
  | 'ending'
  | 'terminating';

/** What a service says it is doing, beside its state. */
export type ServiceActivity = 'none' | 'reloading' | 'stopping';

/** One message of a service about itself (services W2–W9); what it does not mention is absent. */
export interface ServiceWord {
  readonly isReady?: boolean;
  readonly isReloading?: boolean;
  readonly isStopping?: boolean;
  /** For people, one line. */
  readonly statusText?: string;
  readonly errno?: number;
  readonly exitStatus?: number;
  /** A sign of life, or the service's own wish to be treated as one that gives none. */
  readonly watchdog?: 'alive' | 'trigger';
  /** From now on this is the longest time between two signs of life; 0: there is no watchdog. */
  readonly watchdogMs?: number;
  /** What is under way gets at least this much more time. */
  readonly extendMs?: number;
}

/** Which of the two processes of a service: the one of `command`, or the one of `stop-command`. */
export type ProcessPurpose = 'start' | 'stop';

/** `launching`: `spawn` was asked for and not answered yet. */
export type ProcessState = 'none' | 'launching' | 'running';

/** To whom a signal goes: the process group, or only the process. */
export type SignalScope = 'group' | 'process';

/** How a process ended; `signal` is its number. */
export type ExitStatus =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: number };

/** Something worth a line in the log that changes nothing by itself. */
export type ServiceNote =
  | 'start-timed-out'
  | 'stop-timed-out'
  | 'restarting-too-quickly'
  | 'recovering'
  | 'stop-command-failed'
  | 'stop-command-not-run'
  | 'watchdog-expired'
  | 'readiness-lost'
  | 'main-process-refused';

/** Why a request was refused. */
export type ServiceRefusal =
  | 'shutting-down'
  | 'pinned-started'
  | 'pinned-stopped'
  | 'has-dependents'
  | 'not-started'
  | 'not-stopped'
  | 'no-active-dependents';

/**
 * The answer to a request. `isDone`: the service is already as was asked, so that no event will tell (also a `release` of a
 * service that others still require).
 */
export type RequestResult =
  | { readonly ok: true; readonly isDone: boolean }
  | { readonly ok: false; readonly refusal: ServiceRefusal };
