/**
 * The processes of a service: launching, their exits, the timer. What brings a record up or down once nothing is in its way,
 * and what its processes and its timer then tell (services P1 and following).
 */
import { expect } from './assertion.js';
import type { EngineCore } from './core.js';
import type { ServiceRecord } from './record.js';
import { consumeRestart, isRestartWanted, restartDelayLeftMs } from './restart.js';
import { SIGABRT, SIGINT, SIGKILL } from './signals.js';
import { becomeStarted } from './start.js';
import type { ExitStatus, StopReason } from './states.js';
import { becomeStopped, beStopped, failByTimeout, failStart } from './stop.js';
import { awaitsReadiness, hang, tend } from './tending.js';

/** Transition phase, starting: nothing is waited for any more. */
export function bringUp(core: EngineCore, record: ServiceRecord): void {
  if (record.description.type === 'internal') {
    becomeStarted(core, record);
    return;
  }
  launchAfterDelay(core, record);
}

function launchAfterDelay(core: EngineCore, record: ServiceRecord): void {
  const delayMs = restartDelayLeftMs(record, core.nowMs);
  if (delayMs > 0) {
    record.phase = 'delaying';
    core.arm(record, delayMs);
  } else {
    launch(core, record);
  }
}

function launch(core: EngineCore, record: ServiceRecord): void {
  if (!record.isAutoRestart) {
    record.restartWindowAtMs = core.nowMs;
    record.restartCount = 0;
  }
  record.isAutoRestart = false;
  record.launchedAtMs = core.nowMs;
  record.exitStatus = undefined;
  record.phase = 'launching';
  record.processState = 'launching';
  forgetWords(record);
  core.changed.push(record);
  core.actions.spawn(record, 'start');
  // A process is started as soon as it is spawned, unless it is to say so; a script has a start that can take long.
  const { type, readiness, startTimeoutMs } = record.description;
  if (type === 'scripted' || readiness !== undefined) core.arm(record, startTimeoutMs);
}

/** The new process has said nothing yet. */
function forgetWords(record: ServiceRecord): void {
  record.isReady = false;
  record.isHung = false;
  record.activity = 'none';
  record.statusText = '';
  record.saidErrno = 0;
  record.saidExit = -1;
  record.watchdogMs = record.description.watchdog?.timeoutMs ?? 0;
}

/** Transition phase, stopping: nobody relies on it any more. */
export function bringDown(core: EngineCore, record: ServiceRecord): void {
  record.phase = 'terminating';
  core.changed.push(record);
  if (record.description.type === 'scripted') runStopCommand(core, record);
  else if (record.processState === 'none') becomeStopped(core, record, false);
  else if (record.processState === 'running') terminate(core, record);
  // A process that is being launched is terminated when it is there.
}

function terminate(core: EngineCore, record: ServiceRecord): void {
  if (record.description.stopCommand.length > 0) {
    runStopCommand(core, record);
    return;
  }
  signalToStop(core, record);
  core.arm(record, record.description.stopTimeoutMs);
}

function signalToStop(core: EngineCore, record: ServiceRecord): void {
  const { termSignal, signalsProcessOnly } = record.description;
  if (termSignal !== 0) {
    core.actions.signal(record, 'start', termSignal, signalsProcessOnly ? 'process' : 'group');
  }
}

function runStopCommand(core: EngineCore, record: ServiceRecord): void {
  record.phase = 'terminating';
  if (record.description.stopCommand.length === 0) {
    becomeStopped(core, record, false);
    return;
  }
  record.stopProcessState = 'launching';
  core.changed.push(record);
  core.actions.spawn(record, 'stop');
  core.arm(record, record.description.stopTimeoutMs);
}

export function startSpawned(core: EngineCore, record: ServiceRecord, pid: number): void {
  expect(record.processState === 'launching', record, 'no start was asked for');
  record.processState = 'running';
  record.pid = pid;
  core.changed.push(record);
  const isPastHelp = record.isHung;
  record.isHung = false;
  if (record.state === 'starting') {
    if (record.description.type === 'process' && !awaitsReadiness(record)) becomeStarted(core, record);
    else beRunning(core, record);
  } else if (record.state === 'started') {
    tend(core, record);
  } else if (record.isInterruptPending) {
    record.isInterruptPending = false;
    core.actions.signal(record, 'start', SIGINT, 'group');
    core.arm(record, record.description.stopTimeoutMs);
  } else if (record.phase === 'terminating') {
    terminate(core, record);
  }
  if (isPastHelp) hang(core, record);
}

/** The start goes on. A process that is asked to stop meanwhile can be stopped from here on (services W4). */
function beRunning(core: EngineCore, record: ServiceRecord): void {
  record.phase = 'running';
  const mode = record.pendingStop;
  if (record.description.type !== 'process' || mode === 'none' || record.isHeldStarted) return;
  record.pendingStop = 'none';
  core.requestStop(record, mode, record.isCommitted);
}

export function startSpawnFailed(core: EngineCore, record: ServiceRecord): void {
  expect(record.processState === 'launching', record, 'no start was asked for');
  record.processState = 'none';
  core.changed.push(record);
  if (record.state === 'starting') failStart(core, record, 'exec-failed');
  else if (record.state === 'started') terminatedFor(core, record, 'terminated');
  else if (record.phase === 'waiting') beStopped(core, record, 'auto', true, 'terminated');
  else becomeStopped(core, record, false);
}

export function startExited(core: EngineCore, record: ServiceRecord, status: ExitStatus): void {
  expect(record.processState === 'running', record, 'no process runs');
  record.processState = 'none';
  record.pid = 0;
  record.exitStatus = status;
  record.activity = 'none';
  core.changed.push(record);
  if (record.description.type === 'scripted') scriptExited(core, record, status);
  else processExited(core, record);
}

function scriptExited(core: EngineCore, record: ServiceRecord, status: ExitStatus): void {
  const hasFinished = status.kind === 'code' && status.code === 0;
  if (record.state === 'stopping') {
    // Interrupted. One that says so by its exit code has cleaned up itself; the others are undone by the stop command.
    if (status.kind === 'code' && !hasFinished) becomeStopped(core, record, false);
    else runStopCommand(core, record);
    return;
  }
  const isSkip =
    record.description.isSkippable && status.kind === 'signal' && status.signal === SIGINT && !hasFinished;
  record.isSkipped = isSkip;
  if (hasFinished || isSkip) becomeStarted(core, record);
  else failStart(core, record, 'failed');
}

function processExited(core: EngineCore, record: ServiceRecord): void {
  if (record.state === 'started') {
    terminated(core, record);
  } else if (record.state === 'starting') {
    // Before it was ready.
    failStart(core, record, record.isHung ? 'watchdog' : 'failed');
  } else if (record.phase === 'waiting') {
    // It died while it waited for its dependents: now nothing can cancel the stop.
    beStopped(core, record, 'auto', true, 'terminated');
  } else if (record.stopProcessState === 'none') {
    becomeStopped(core, record, false);
  }
}

function terminated(core: EngineCore, record: ServiceRecord): void {
  const reason = record.isHung ? 'watchdog' : 'terminated';
  if (!recovers(core, record, reason)) {
    terminatedFor(core, record, reason);
    return;
  }
  core.disarm(record);
  core.actions.note(record, 'recovering');
  record.isAutoRestart = true;
  launchAfterDelay(core, record);
}

/** No process is left, and none comes in its place. One that is pinned stays started without. */
function terminatedFor(core: EngineCore, record: ServiceRecord, reason: StopReason): void {
  record.phase = 'none';
  core.disarm(record);
  beStopped(core, record, 'auto', true, reason);
}

/** Smooth recovery: the process is replaced and nobody else notices (services E16). */
function recovers(core: EngineCore, record: ServiceRecord, end: StopReason): boolean {
  if (!record.description.recoversSmoothly || record.desired !== 'started' || core.isShuttingDown)
    return false;
  const reason = record.stopReason;
  record.stopReason = end;
  const isWanted = isRestartWanted(record) && consumeRestart(record, core.nowMs);
  record.stopReason = reason;
  return isWanted;
}

export function stopSpawned(core: EngineCore, record: ServiceRecord, pid: number): void {
  expect(record.stopProcessState === 'launching', record, 'no stop command was asked for');
  record.stopProcessState = 'running';
  record.stopPid = pid;
  core.changed.push(record);
  // The stop timeout passed while it was being launched.
  if (record.isInterruptPending) core.actions.signal(record, 'stop', SIGKILL, 'group');
  record.isInterruptPending = false;
}

export function stopSpawnFailed(core: EngineCore, record: ServiceRecord): void {
  expect(record.stopProcessState === 'launching', record, 'no stop command was asked for');
  core.actions.note(record, 'stop-command-not-run');
  stopCommandEnded(core, record, false);
}

export function stopExited(core: EngineCore, record: ServiceRecord, status: ExitStatus): void {
  expect(record.stopProcessState === 'running', record, 'no stop command runs');
  const hasFinished = status.kind === 'code' && status.code === 0;
  if (!hasFinished) core.actions.note(record, 'stop-command-failed');
  stopCommandEnded(core, record, hasFinished);
}

function stopCommandEnded(core: EngineCore, record: ServiceRecord, hasFinished: boolean): void {
  record.stopProcessState = 'none';
  record.stopPid = 0;
  record.isInterruptPending = false;
  core.changed.push(record);
  if (record.processState === 'none') becomeStopped(core, record, false);
  else if (!hasFinished) signalToStop(core, record);
}

export function timerFired(core: EngineCore, record: ServiceRecord): void {
  expect(record.timerDueMs !== 0, record, 'no timer is armed');
  record.timerDueMs = 0;
  core.changed.push(record);
  if (record.phase === 'delaying') launch(core, record);
  else if (record.state === 'starting') failByTimeout(core, record);
  else if (record.state === 'stopping' || record.phase === 'ending') killProcesses(core, record);
  else if (record.phase === 'none') hang(core, record);
  else {
    // Launched anew (smooth recovery), and not ready in time.
    core.actions.note(record, 'start-timed-out');
    beStopped(core, record, 'auto', true, 'terminated');
  }
}

/** Another process goes on in place of the one that has ended; what is under way goes on with that. */
export function startReplaced(core: EngineCore, record: ServiceRecord, pid: number): void {
  expect(record.processState === 'running', record, 'no process runs');
  const { stopCommand, stopTimeoutMs, signalsProcessOnly, watchdog } = record.description;
  const scope = signalsProcessOnly ? 'process' : 'group';
  record.pid = pid;
  core.changed.push(record);
  const isEnding =
    record.phase === 'interrupting' || record.phase === 'terminating' || record.phase === 'ending';
  if (!isEnding) return;
  const { signal } = core.actions;
  if (record.timerDueMs === 0 && stopTimeoutMs > 0) signal(record, 'start', SIGKILL, scope);
  else if (record.phase === 'interrupting') signal(record, 'start', SIGINT, scope);
  else if (record.isHung) signal(record, 'start', watchdog?.signal ?? SIGABRT, scope);
  else if (record.phase === 'terminating' && stopCommand.length === 0) signalToStop(core, record);
}

function killProcesses(core: EngineCore, record: ServiceRecord): void {
  core.actions.note(record, 'stop-timed-out');
  const scope = record.description.signalsProcessOnly ? 'process' : 'group';
  if (record.processState === 'running') core.actions.signal(record, 'start', SIGKILL, scope);
  if (record.stopProcessState === 'running') core.actions.signal(record, 'stop', SIGKILL, 'group');
  else if (record.stopProcessState === 'launching') record.isInterruptPending = true;
}
