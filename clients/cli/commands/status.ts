/** `status`: everything about a service, or about the manager. */
import { BrokerError, ErrorCode } from '../../../broker/contract/index.js';
import type { Manager } from '../../library/manager.js';
import type { Service } from '../../library/service.js';
import type { Dependency, LogLine, ManagerInfo, ServiceStatus } from '../../library/status.js';
import type { Output } from '../output.js';
import { type CommandContext, forServices, withManager } from '../session.js';
import {
  durationText,
  exitText,
  pinnedWord,
  printable,
  saidText,
  stateText,
  statusJson,
  stopText,
  timeText,
} from '../words.js';

/** Newest log lines that a status shows. */
const logLinesShown = 8;

export function status(context: CommandContext, names: readonly string[]): Promise<number> {
  return withManager(context, (manager) => {
    if (names.length === 0) return managerStatus(context, manager);
    let isFirst = true;
    return forServices(context, manager, names, 'find', async (service) => {
      const { output } = context;
      const [now, dependencies, dependents, lines] = await Promise.all([
        service.status(),
        service.dependencies(),
        service.dependencies({ dependents: true }),
        lastLines(service),
      ]);
      if (output.isJson) {
        output.object({
          ...statusJson(now),
          dependencies: dependencies.map(({ name, kind, state }) => ({ name, kind, state })),
          dependents: dependents.map(({ name, kind, state }) => ({ name, kind, state })),
          log: lines.map(({ number, timeMs, text }) => ({ number, time_ms: timeMs, text })),
        });
        return;
      }
      if (!isFirst) output.text('');
      isFirst = false;
      output.text(serviceBlock(output, now, dependencies, dependents, lines));
    });
  });
}

async function lastLines(service: Service): Promise<readonly LogLine[]> {
  try {
    return (await service.log({ linesMax: logLinesShown })).lines;
  } catch (error) {
    // Its output is not kept in memory.
    if (error instanceof BrokerError && error.code === ErrorCode.WrongState) return [];
    throw error;
  }
}

function block(title: string, rows: readonly (readonly [string, string])[]): string {
  const shown = rows.filter(([, text]) => text !== '');
  return [title, ...shown.map(([label, text]) => `  ${`${label}:`.padEnd(14)}${text}`)].join('\n');
}

function serviceBlock(
  output: Output,
  now: ServiceStatus,
  dependencies: readonly Dependency[],
  dependents: readonly Dependency[],
  lines: readonly LogLine[],
): string {
  const since =
    now.sinceMs === undefined
      ? ''
      : ` since ${timeText(now.sinceMs)} (${durationText(Date.now() - now.sinceMs)})`;
  const why = now.state === 'stopped' ? stopText(now) : '';
  const named = (list: readonly Dependency[]): string =>
    list.map(({ name, kind, state }) => `${name} (${kind}, ${state})`).join(', ');
  const text = block(output.paint('bold', now.name), [
    ['state', `${stateText(output, now)}${now.activity === 'none' ? '' : ` (${now.activity})`}${since}`],
    ['why', why],
    ['wanted', now.desired === 'started' ? wantedText(now) : now.state === 'stopped' ? '' : 'stopped'],
    ['pid', now.pid === undefined ? '' : String(now.pid)],
    ['says', saidText(now)],
    ['type', now.type],
    ['last exit', now.exit === undefined ? '' : exitText(now.exit)],
    ['last failure', lastFailureText(now)],
    ['restarts', now.restarts === 0 ? '' : String(now.restarts)],
    ['pinned', pinnedWord(now) ?? ''],
    ['waits for', now.waitsFor.join(', ')],
    ['needs', named(dependencies)],
    ['needed by', named(dependents)],
    ['console', now.hasConsole ? 'has it' : now.waitsForConsole ? 'waits for it' : ''],
    ['file', now.file ?? ''],
  ]);
  if (lines.length === 0) return text;
  return `${text}\n  log:\n${lines.map((line) => `    ${timeText(line.timeMs)}  ${printable(line.text)}`).join('\n')}`;
}

/** Of one that has come up again: of one that is down, `why` says it. */
function lastFailureText({ lastFailure, failure }: ServiceStatus): string {
  if (lastFailure === undefined || failure !== undefined) return '';
  const { text, timeMs } = lastFailure;
  return `${timeText(timeMs)} (${durationText(Date.now() - timeMs)} ago): ${text}`;
}

function wantedText(now: ServiceStatus): string {
  return now.isExplicit ? 'started, by name' : 'started, for services that need it';
}

async function managerStatus(context: CommandContext, manager: Manager): Promise<number> {
  const { output } = context;
  const info = await manager.info();
  if (output.isJson) {
    output.object({
      version: info.version,
      protocol: info.protocol,
      pid: info.pid,
      uptime_ms: info.uptimeMs,
      started_ms: info.startedMs,
      transport: info.transport,
      mode: info.mode,
      socket: info.socket,
      service_directories: info.serviceDirectories,
      broker_restarts: info.brokerRestarts,
      services: info.services,
      services_active: info.servicesActive,
      shutting_down: info.isShuttingDown,
      rights: info.rights,
    });
  } else output.text(managerBlock(output, info));
  return 0;
}

function managerBlock(output: Output, info: ManagerInfo): string {
  return block(output.paint('bold', `capstan ${info.version}, ${info.mode} manager`), [
    [
      'state',
      info.isShuttingDown ? output.paint('yellow', 'shutting down') : output.paint('green', 'running'),
    ],
    ['since', `${timeText(info.startedMs)} (${durationText(info.uptimeMs)})`],
    ['pid', String(info.pid)],
    ['services', `${info.services} loaded, ${info.servicesActive} active`],
    ['directories', info.serviceDirectories.join(', ')],
    ['socket', info.socket],
    ['transport', info.transport],
    ['rights', info.rights],
    [
      'broker',
      info.brokerRestarts === 0
        ? ''
        : `started again ${info.brokerRestarts === 1 ? 'once' : `${info.brokerRestarts} times`}`,
    ],
  ]);
}
