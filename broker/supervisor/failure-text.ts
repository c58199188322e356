/**
 * Why something failed, for people: the step of a launch and its errno, how a process ended, why a service is down.
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import type { ExitStatus, ServiceDescription, ServiceRecord, StopReason } from '../service/index.js';
import { errnoName } from './init-stages.js';

/** `no such file or directory (ENOENT)`. */
export function errnoText(errno: number): string {
  const known = getSystemErrorMap().get(-errno);
  return known === undefined ? errnoName(errno) : `${known[1]} (${known[0]})`;
}

/** Of two names for one number (`SIGABRT`, `SIGIOT`) the first, which is the usual one, as `capstan` has it. */
const signalNames = new Map<number, string>(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

/** `SIGTERM` for 15; `signal 40` for one without a name. */
export function signalName(signal: number): string {
  return signalNames.get(signal) ?? `signal ${signal}`;
}

/** `exited with status 3`, `was killed by SIGSEGV`. */
export function exitText(exit: ExitStatus): string {
  return exit.kind === 'code'
    ? `exited with status ${exit.code}`
    : `was killed by ${signalName(exit.signal)}`;
}

/** What was being done in each step of a launch, as far as the words of the description say more than the step's name. */
function stepText(stage: string, description: ServiceDescription): string {
  switch (stage) {
    case 'exec':
      return `cannot execute ${description.command[0] ?? 'the command'}`;
    case 'directory':
      return `cannot change to the working directory ${description.workingDirectory}`;
    case 'readiness':
      return 'cannot open what it is to say with that it is ready';
    case 'log-file':
      return `cannot open the log file ${description.log.path ?? ''}`;
    case 'uid':
    case 'gid':
    case 'groups':
      return `cannot run as user ${description.runAs?.uid ?? ''}`;
    case 'clone':
    case 'pidfd':
      return 'cannot make a process';
    case 'table':
      return 'init watches as many processes as it has room for';
    case 'ending':
      return 'init is ending';
    case 'timeout':
      return 'the process did not reach its program in time';
    case 'request':
      return 'the command cannot be passed to a process';
    default:
      return `cannot set up the process (${stage})`;
  }
}

/** Why a process could not be started. */
export function launchFailureText(stage: string, errno: number, description: ServiceDescription): string {
  const step = stepText(stage, description);
  return errno === 0 ? step : `${step}: ${errnoText(errno)}`;
}

function unreadyText(exit: ExitStatus | undefined): string {
  return exit === undefined
    ? 'it cannot say any more that it is ready'
    : `its process ${exitText(exit)} before it was ready`;
}

/** Why the service is not up although it was to be, or would not be if it were not started again; empty where nothing failed. */
export function failureText(record: ServiceRecord, reason: StopReason = record.stopReason): string {
  const { description, exitStatus } = record;
  switch (reason) {
    case 'exec-failed':
      return launchFailureText(record.execStage, record.execErrno, description);
    case 'timed-out':
      return `did not start within ${description.startTimeoutMs / 1000} s`;
    case 'failed':
      if (description.readiness !== undefined) return unreadyText(exitStatus);
      return exitStatus === undefined ? 'failed to start' : `its start command ${exitText(exitStatus)}`;
    case 'terminated':
      return exitStatus === undefined ? 'ended by itself' : `its process ${exitText(exitStatus)}`;
    case 'watchdog':
      return exitStatus === undefined
        ? 'it hung: its watchdog expired'
        : `it hung: its watchdog expired, and its process ${exitText(exitStatus)}`;
    case 'dependency-failed': {
      const failed: string[] = [];
      for (const { dependency } of record.dependencies()) {
        if (dependency.hasFailedStart || dependency.isPinnedStopped) failed.push(dependency.name);
      }
      return failed.length === 0
        ? 'a dependency failed to start'
        : `needs ${failed.join(', ')}, which failed to start`;
    }
    default:
      return '';
  }
}
