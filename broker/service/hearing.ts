/**
 * What a service says of itself, and what follows (services W1–W9). Nothing that it says is believed beyond its own process: the
 * worst that a service can do to itself here is to be signalled, and to be waited for longer.
 */
import type { EngineCore } from './core.js';
import type { ServiceRecord } from './record.js';
import { becomeStarted } from './start.js';
import type { ServiceWord } from './states.js';
import { beStopped, failUnready } from './stop.js';
import { awaitsReadiness, hang, tend } from './tending.js';

/** Takes in one message. What the service says in it comes true in the order of its life: ready, reloading, stopping. */
export function hear(core: EngineCore, record: ServiceRecord, word: ServiceWord): void {
  // Its process has ended, or it was read before its launch.
  if (record.processState === 'none') return;
  const { statusText, errno, exitStatus, watchdogMs } = word;
  const { state } = record;
  let { activity } = record;
  let isNew = false;
  if (statusText !== undefined && statusText !== record.statusText) {
    record.statusText = statusText;
    isNew = true;
  }
  if (errno !== undefined && errno !== record.saidErrno) {
    record.saidErrno = errno;
    isNew = true;
  }
  if (exitStatus !== undefined && exitStatus !== record.saidExit) {
    record.saidExit = exitStatus;
    isNew = true;
  }
  if (watchdogMs !== undefined) record.watchdogMs = watchdogMs;
  if (word.isReady === true) beReady(core, record);
  if (record.state !== state) {
    // Who is told the new state is told with it what was said so far.
    isNew = false;
    activity = record.activity;
  }
  if (word.isReloading === true) beReloading(record);
  if (word.isStopping === true) beStopping(core, record);
  if (word.watchdog === 'trigger') hang(core, record);
  else if (word.watchdog === 'alive' || watchdogMs !== undefined) beAlive(core, record);
  if (word.extendMs !== undefined) extend(core, record, word.extendMs);
  if (isNew || activity !== record.activity) core.actions.said(record);
}

function beReady(core: EngineCore, record: ServiceRecord): void {
  if (record.state !== 'starting' && record.state !== 'started') return;
  if (record.activity === 'reloading' || record.state === 'starting') record.activity = 'none';
  if (record.isReady) return;
  record.isReady = true;
  // One that is being launched is looked at again when it is there.
  if (record.phase !== 'running') return;
  if (record.state === 'starting') becomeStarted(core, record);
  else {
    core.disarm(record);
    tend(core, record);
  }
}

function beReloading(record: ServiceRecord): void {
  if (record.state === 'started' && record.phase === 'none') record.activity = 'reloading';
}

function beStopping(core: EngineCore, record: ServiceRecord): void {
  record.activity = 'stopping';
  if (record.state === 'started' && record.phase === 'none') tend(core, record);
}

function beAlive(core: EngineCore, record: ServiceRecord): void {
  if (record.state === 'started' && record.phase === 'none') tend(core, record);
}

/** Nothing gets less time by this than it had. */
function extend(core: EngineCore, record: ServiceRecord, extendMs: number): void {
  if (record.timerDueMs === 0 || core.nowMs + extendMs <= record.timerDueMs) return;
  switch (record.phase) {
    case 'launching':
    case 'running':
    case 'interrupting':
    case 'terminating':
      core.arm(record, extendMs);
      break;
    case 'ending':
      if (!record.isHung) core.arm(record, extendMs);
      break;
    default:
      break;
  }
}

/** The pipe by which it was to say that it is ready is closed, and nothing came (services W11). */
export function loseReadiness(core: EngineCore, record: ServiceRecord): void {
  if (record.processState === 'none' || !awaitsReadiness(record)) return;
  core.changed.push(record);
  if (record.state === 'starting') {
    failUnready(core, record);
  } else if (record.state === 'started') {
    core.actions.note(record, 'readiness-lost');
    beStopped(core, record, 'auto', true, 'terminated');
  }
}
