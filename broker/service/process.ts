/**
 * The processes of a service: launching, their exits, the timer. What brings a record up or down once nothing is in its way,
 * and what its processes and its timer then tell (services P1 and following).
 */
import { expect } from './assertion.js';
import type { EngineCore } from './core.js';
import type { ServiceRecord } from './record.js';
import { consumeRestart, isRestartWanted, restartDelayLeftMs } from './restart.js';
import { SIGINT, SIGKILL } from './signals.js';
import { becomeStarted } from './start.js';
import type { ExitStatus } from './states.js';
import { becomeStopped, beStopped, failByTimeout, failStart } from './stop.js';

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
  core.changed.push(record);
  core.actions.spawn(record, 'start');
  // A process is started as soon as it is spawned; only a script has a start that can take long.
  if (record.description.type === 'scripted') core.arm(record, record.description.startTimeoutMs);
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
  if (record.state === 'starting') {
    if (record.description.type === 'process') becomeStarted(core, record);
    else record.phase = 'running';
  } else if (record.state === 'started') {
    record.phase = 'none';
  } else if (record.isInterruptPending) {
    record.isInterruptPending = false;
    core.actions.signal(record, 'start', SIGINT, 'group');
    core.arm(record, record.description.stopTimeoutMs);
  } else if (record.phase === 'terminating') {
    terminate(core, record);
  }
}

export function startSpawnFailed(core: EngineCore, record: ServiceRecord): void {
  expect(record.processState === 'launching', record, 'no start was asked for');
  record.processState = 'none';
  core.changed.push(record);
  if (record.state === 'starting') failStart(core, record, 'exec-failed');
  else if (record.state === 'started') beStopped(core, record, 'auto', true, 'terminated');
  else if (record.phase === 'waiting') beStopped(core, record, 'auto', true, 'terminated');
  else becomeStopped(core, record, false);
}

export function startExited(core: EngineCore, record: ServiceRecord, status: ExitStatus): void {
  expect(record.processState === 'running', record, 'no process runs');
  record.processState = 'none';
  record.pid = 0;
  record.exitStatus = status;
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
  } else if (record.phase === 'waiting') {
    // It died while it waited for its dependents: now nothing can cancel the stop.
    beStopped(core, record, 'auto', true, 'terminated');
  } else if (record.stopProcessState === 'none') {
    becomeStopped(core, record, false);
  }
}

function terminated(core: EngineCore, record: ServiceRecord): void {
  if (!recovers(core, record)) {
    beStopped(core, record, 'auto', true, 'terminated');
    return;
  }
  core.actions.note(record, 'recovering');
  record.isAutoRestart = true;
  launchAfterDelay(core, record);
}

/** Smooth recovery: the process is replaced and nobody else notices (services E16). */
function recovers(core: EngineCore, record: ServiceRecord): boolean {
  if (!record.description.recoversSmoothly || record.desired !== 'started' || core.isShuttingDown)
    return false;
  const reason = record.stopReason;
  record.stopReason = 'terminated';
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
  else if (record.state === 'stopping') killProcesses(core, record);
}

function killProcesses(core: EngineCore, record: ServiceRecord): void {
  core.actions.note(record, 'stop-timed-out');
  const scope = record.description.signalsProcessOnly ? 'process' : 'group';
  if (record.processState === 'running') core.actions.signal(record, 'start', SIGKILL, scope);
  if (record.stopProcessState === 'running') core.actions.signal(record, 'stop', SIGKILL, 'group');
  else if (record.stopProcessState === 'launching') record.isInterruptPending = true;
}
