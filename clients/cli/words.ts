/**
 * How services are put into words and into JSON, the same in every command.
 */
import { constants } from 'node:os';
import type { Outcome, ServiceEvent, ServiceExit, ServiceFailure, ServiceStatus } from '../library/status.js';
import type { Json, Output } from './output.js';

/** A service's status as `--json` prints it. Names are stable. */
export function statusJson(status: ServiceStatus): { readonly [key: string]: Json } {
  return {
    name: status.name,
    state: status.state,
    desired: status.desired,
    pid: status.pid ?? null,
    type: status.type,
    explicit: status.isExplicit,
    pinned: pinnedWord(status) ?? null,
    failed: status.isFailed,
    stop_reason: status.stopReason,
    exit: exitJson(status.exit),
    since_ms: status.sinceMs ?? null,
    waits_for: status.waitsFor,
    skipped: status.startSkipped,
    restarts: status.restarts,
    failure: status.failure ?? null,
    last_failure: failureJson(status.lastFailure),
    file: status.file ?? null,
    status_text: status.statusText ?? null,
    activity: status.activity === 'none' ? null : status.activity,
    said_errno: status.saidErrno ?? null,
    said_exit: status.saidExit ?? null,
  };
}

function failureJson(failure: ServiceFailure | undefined): Json {
  if (failure === undefined) return null;
  const { reason, text, timeMs, exit } = failure;
  return { reason, text, time_ms: timeMs, exit: exitJson(exit) };
}

function exitJson(exit: ServiceExit | undefined): Json {
  if (exit === undefined) return null;
  const { kind, code, stage } = exit;
  return stage === undefined ? { kind, code } : { kind, code, stage };
}

export function pinnedWord(status: ServiceStatus): 'started' | 'stopped' | undefined {
  if (status.isPinnedStarted) return 'started';
  return status.isPinnedStopped ? 'stopped' : undefined;
}

/** SIGTERM for 15; the number for one without a name. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(constants.signals)) if (value === number) return name;
  return `signal ${number}`;
}

/** The number for TERM, SIGTERM, term or 15; undefined for what is no signal. */
export function signalNumber(text: string): number | undefined {
  if (/^[0-9]{1,2}$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= 64 ? number : undefined;
  }
  const name = text.toUpperCase();
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  return (constants.signals as Readonly<Record<string, number | undefined>>)[full];
}

function errnoName(code: number): string {
  for (const [name, value] of Object.entries(constants.errno)) if (value === code) return name;
  return `errno ${code}`;
}

export function exitText(exit: ServiceExit): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with status ${exit.code}`;
    case 'signalled':
      return `ended by ${signalName(exit.code)}`;
    case 'not-executed':
      return `could not be executed: ${exit.stage === undefined ? '' : `${exit.stage}: `}${errnoName(exit.code)}`;
  }
}

/** Why a stopped service is stopped, if not because it was asked to; else empty. */
export function stopText(status: ServiceStatus): string {
  const { stopReason, exit, failure } = status;
  if (failure !== undefined) return failure;
  switch (stopReason) {
    case 'normal':
      return '';
    case 'dependency-restarted':
      return 'a dependency was restarted';
    case 'dependency-failed':
      return 'a dependency failed to start';
    case 'failed':
      return 'failed to start';
    case 'exec-failed':
      return exit === undefined ? 'could not be executed' : exitText(exit);
    case 'timed-out':
      return 'the start timed out';
    case 'terminated':
      return exit === undefined ? 'ended by itself' : exitText(exit);
    case 'watchdog':
      return 'hung: its watchdog expired';
  }
}

/** What the service says of itself; empty: nothing. */
export function saidText(status: ServiceStatus): string {
  const { statusText, saidErrno, saidExit } = status;
  const parts = [
    statusText === undefined ? '' : `"${printable(statusText)}"`,
    saidErrno === undefined ? '' : errnoName(saidErrno),
    saidExit === undefined ? '' : `exit status ${saidExit}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** One remark for a table: what is out of the ordinary. */
export function remark(status: ServiceStatus): string {
  const parts: string[] = [];
  if (status.state === 'stopped') parts.push(stopText(status));
  if (status.waitsFor.length > 0) parts.push(`waits for ${status.waitsFor.join(', ')}`);
  if (status.state === 'starting' && status.desired === 'stopped') parts.push('will be stopped');
  if (status.state === 'stopping' && status.desired === 'started') parts.push('will be started again');
  if (status.startSkipped) parts.push('start skipped');
  const pinned = pinnedWord(status);
  if (pinned !== undefined) parts.push(`pinned ${pinned}`);
  if (status.activity !== 'none') parts.push(`is ${status.activity}`);
  if (status.statusText !== undefined) parts.push(`says "${printable(status.statusText)}"`);
  if (status.restarts > 0) parts.push(`${status.restarts} restart${status.restarts === 1 ? '' : 's'}`);
  return parts.filter((part) => part !== '').join('; ');
}

/** A state with its colour: failed ones stand out. */
export function stateText(output: Output, status: Pick<ServiceStatus, 'state' | 'isFailed'>): string {
  if (status.isFailed) return output.paint('red', 'failed');
  if (status.state === 'started') return output.paint('green', 'started');
  if (status.state === 'stopped') return output.paint('gray', 'stopped');
  return output.paint('yellow', status.state);
}

/** `2026-03-01 12:00:05`, local time. */
export function timeText(wallMs: number): string {
  const at = new Date(wallMs);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `5 s`, `12 min`, `3 h`, `4 d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** The result of a start, stop, restart, wake or release as `--json` prints it. */
export function outcomeJson(service: string, outcome: Outcome): Json {
  return { service, state: outcome.state, already: outcome.already, pid: outcome.pid ?? null };
}

/** An event as `--json` prints it. Names are stable. */
export function eventJson(event: ServiceEvent): Json {
  return {
    event: event.kind,
    sequence: event.sequence,
    time_ms: event.timeMs,
    service: event.service ?? null,
    state: event.status?.state,
    desired: event.status?.desired,
    pid: event.status === undefined ? event.pid : (event.pid ?? null),
    failed: event.status?.isFailed,
    stop_reason: event.status?.stopReason,
    exit: event.status === undefined && event.exit === undefined ? undefined : exitJson(event.exit),
    number: event.line?.number,
    line: event.line?.text,
    message: event.message,
    status_text: event.status?.statusText,
    activity:
      event.status === undefined || event.status.activity === 'none' ? undefined : event.status.activity,
    lost: event.lost,
  };
}

/** What a service wrote, without what would move the cursor or change colours. */
export function printable(text: string): string {
  return text.replace(
    /[^\P{Cc}\t]/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** An event as a line for people. */
export function eventText(output: Output, event: ServiceEvent): string {
  const parts = [output.paint('gray', timeText(event.timeMs)), event.service ?? 'manager'];
  if (event.line !== undefined) return `${parts.join('  ')}: ${printable(event.line.text)}`;
  parts.push(event.kind.replaceAll('-', ' '));
  const { status } = event;
  if (status !== undefined) {
    if (event.kind === 'state' || event.kind === 'current') parts[2] = stateText(output, status);
    if (status.pid !== undefined) parts.push(`pid ${status.pid}`);
    const note = remark(status);
    if (note !== '') parts.push(note);
  }
  if (event.kind === 'exit' && event.exit !== undefined)
    parts[2] = `process ${event.pid} ${exitText(event.exit)}`;
  if (event.message !== undefined) parts[2] = event.message;
  return parts.join('  ');
}
