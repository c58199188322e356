/**
 * What a service description says, after substitution: plain data that can be written as JSON and read back (a restarted
 * broker takes services over from it, without the files).
 */
import type { DependencyKind, ServiceType } from './states.js';

/** A place in a file; lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface DependencyDeclaration {
  readonly kind: DependencyKind;
  readonly name: string;
  readonly place: Place;
  /** Named by an entry of a `.d` directory: if it does not exist, that is a warning and not an error. */
  readonly isFromDirectory: boolean;
}

/**
 * Who the service's processes run as. A named user comes with its groups; with a bare number, `gid` and `groups` are
 * `undefined`: the manager's own group and no supplementary groups.
 */
export interface RunAs {
  readonly uid: number;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
}

/** One line of an environment file; they are applied in order by `applyEnvironment`. */
export type EnvironmentStep =
  | { readonly step: 'set'; readonly name: string; readonly value: string }
  | { readonly step: 'clear' }
  | { readonly step: 'unset'; readonly names: readonly string[] }
  | { readonly step: 'import'; readonly names: readonly string[] };

export interface LogDescription {
  readonly type: 'none' | 'file' | 'buffer';
  /** `undefined` unless `type` is `file`. */
  readonly path: string | undefined;
  /** Permission bits of the log file, applied to an existing one too. */
  readonly permissions: number;
  readonly bufferBytes: number;
}

/**
 * How a process says that it is ready. `socket`: by the readiness protocol (services W1). `pipe`: by any bytes on the write end of a
 * pipe (W11), which it gets as the descriptor of that number, or as one whose number stands in the variable.
 */
export type ReadinessDescription =
  | { readonly kind: 'socket' }
  | { readonly kind: 'pipe'; readonly descriptor: number }
  | { readonly kind: 'pipe'; readonly variable: string };

export interface WatchdogDescription {
  /** Longest time between two signs of life. */
  readonly timeoutMs: number;
  /** What a process that gives none is sent. */
  readonly signal: number;
}

export interface ServiceDescription {
  /** The full name, `base@argument` where there is an argument. */
  readonly name: string;
  /** The file it was read from. */
  readonly path: string;
  readonly type: ServiceType;
  /** Words after substitution; empty for `internal`. */
  readonly command: readonly string[];
  /** Empty: none. */
  readonly stopCommand: readonly string[];
  /** In the order of the file. */
  readonly dependencies: readonly DependencyDeclaration[];
  readonly restart: 'yes' | 'on-failure' | 'no';
  readonly recoversSmoothly: boolean;
  readonly restartDelayMs: number;
  readonly restartLimitIntervalMs: number;
  /** 0: no limit. */
  readonly restartLimitCount: number;
  /** 0: none. */
  readonly startTimeoutMs: number;
  /** 0: none, and the processes are never killed. */
  readonly stopTimeoutMs: number;
  /** Absolute if the service directories are. */
  readonly workingDirectory: string;
  readonly runAs: RunAs | undefined;
  /** To be applied to the manager's environment when a process is started. */
  readonly environment: readonly EnvironmentStep[];
  readonly log: LogDescription;
  /** A signal's number; 0: no signal, only the stop timeout kills. */
  readonly termSignal: number;
  readonly isStartInterruptible: boolean;
  readonly signalsProcessOnly: boolean;
  readonly isSkippable: boolean;
  /** Absent: a process is ready as soon as its program runs. */
  readonly readiness?: ReadinessDescription;
  readonly watchdog?: WatchdogDescription;
}
