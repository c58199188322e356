/**
 * A supervisor without processes, for the tests of the control objects: services are made by the test, start and stop at once or
 * when the test says so, and every event is told as the real one tells it.
 */
import { limits } from '../../broker/contract/index.js';
import type {
  Finding,
  LoadResult,
  RequestResult,
  ServiceDescription,
  ServiceEvent,
  ServiceState,
} from '../../broker/service/index.js';
import { DependencyLink, ServiceRecord } from '../../broker/service/record.js';
import { EventStream } from '../../broker/supervisor/event-stream.js';
import type {
  LogExtract,
  LogLine,
  ServiceStatus,
  SupervisorApi,
  SupervisorEvent,
} from '../../broker/supervisor/index.js';

/** When a start or stop comes to its end: at once, when the test calls `finish`, or at once with a failure. */
export type Pace = 'instant' | 'manual' | 'failing';

export interface FakeService {
  readonly record: ServiceRecord;
  pace: Pace;
  pid: number;
  sinceWallMs: number;
  failure: string;
  log: LogLine[] | undefined;
}

const place = { path: '/fake', line: 1, column: 1 };
const done: RequestResult = { ok: true, isDone: true };
const asked: RequestResult = { ok: true, isDone: false };

function description(name: string): ServiceDescription {
  return {
    ...{ name, path: `/fake/${name}`, type: 'process', command: ['fake'], stopCommand: [], dependencies: [] },
    ...{ restart: 'no', recoversSmoothly: false, restartDelayMs: 0, restartLimitIntervalMs: 0 },
    ...{ restartLimitCount: 0, startTimeoutMs: 0, stopTimeoutMs: 0, workingDirectory: '/', runAs: undefined },
    ...{ environment: [], log: { type: 'none', path: undefined, permissions: 0o600, bufferBytes: 4096 } },
    ...{ termSignal: 15, isStartInterruptible: false, signalsProcessOnly: false, isSkippable: false },
  };
}

export class FakeSupervisor implements SupervisorApi {
  readonly #services = new Map<string, FakeService>();
  readonly #loadable = new Map<string, Finding | undefined>();
  readonly #stream: EventStream<SupervisorEvent>;
  readonly #listeners = new Set<(event: SupervisorEvent) => void>();
  #wallMs = 1_700_000_000_000;
  #nextPid = 1000;
  isShuttingDown = false;
  /** Signals that were sent: name and number. */
  readonly signals: [string, number][] = [];

  constructor(eventQueueItemsMax: number = limits.eventQueueItemsMax) {
    this.#stream = new EventStream(() => ({ wallMs: this.#wallMs, monotonicMs: 0 }), eventQueueItemsMax);
  }

  /** How many subscriptions and listeners are open. */
  get open(): number {
    return this.#stream.subscribers + this.#listeners.size;
  }

  readonly graph = {
    [Symbol.iterator]: (): Iterator<ServiceRecord> => this.list()[Symbol.iterator](),
    find: (name: string): ServiceRecord | undefined => this.find(name),
    size: 0,
  };

  /** A loaded service. `log` is what its buffer holds; undefined: none is kept. */
  add(name: string, pace: Pace = 'instant', log?: LogLine[]): FakeService {
    const record = new ServiceRecord(description(name), this.#services.size);
    const service: FakeService = { record, pace, pid: 0, sinceWallMs: 0, failure: '', log };
    this.#services.set(name, service);
    return service;
  }

  /** A service that `load` finds, or fails to with this finding. */
  addLoadable(name: string, finding?: Finding): void {
    this.#loadable.set(name, finding);
  }

  link(dependent: FakeService, dependency: FakeService): void {
    const link = new DependencyLink(dependent.record, dependency.record, 'regular');
    const { record } = dependent;
    if (record.lastDependency === undefined) record.firstDependency = link;
    else record.lastDependency.nextDependency = link;
    record.lastDependency = link;
    link.nextDependent = dependency.record.firstDependent;
    dependency.record.firstDependent = link;
  }

  /** Ends what is under way with this event. */
  finish(service: FakeService, event: ServiceEvent): void {
    const isUp = event === 'started' || event === 'stop-cancelled';
    if (event === 'failed-start') service.record.desired = 'stopped';
    this.#become(service, isUp ? 'started' : 'stopped');
    this.#tell({
      kind: event,
      service: service.record.name,
      record: service.record,
      status: this.#status(service),
    });
  }

  /** Something was written to the log. */
  write(service: FakeService, text: string): void {
    const line = { number: (service.log?.at(-1)?.number ?? 0) + 1, wallMs: this.#wallMs, text };
    service.log?.push(line);
    this.#stream.emit({ kind: 'log', service: service.record.name, record: service.record, line });
  }

  info(): ReturnType<SupervisorApi['info']> {
    return {
      ...{
        startedWallMs: 1,
        uptimeMs: 2,
        brokerRestarts: 3,
        services: this.#services.size,
        servicesActive: 4,
      },
      ...{ isShuttingDown: this.isShuttingDown, serviceDirectories: ['/fake'], isFirstProcess: false },
    };
  }

  measure(): ReturnType<SupervisorApi['measure']> {
    return {
      services: [{ state: 'stopped', isFailed: false, count: this.#services.size }],
      restarts: 5,
      logBytes: 6,
    };
  }

  find(name: string): ServiceRecord | undefined {
    return this.#services.get(name)?.record;
  }

  load(name: string): LoadResult {
    const service = this.#services.get(name);
    if (service !== undefined) return { ok: true, record: service.record, warnings: [] };
    if (!this.#loadable.has(name)) {
      const message = `service '${name}' not found`;
      const finding: Finding = {
        severity: 'error',
        kind: 'not-found',
        service: name,
        place: undefined,
        message,
      };
      return { ok: false, findings: [finding] };
    }
    const finding = this.#loadable.get(name);
    if (finding !== undefined) return { ok: false, findings: [finding] };
    const loaded = this.add(name);
    this.#tell({ kind: 'loaded', service: name, record: loaded.record, status: this.#status(loaded) });
    return { ok: true, record: loaded.record, warnings: [] };
  }

  unload(record: ServiceRecord): RequestResult {
    if (record.state !== 'stopped') return { ok: false, refusal: 'not-stopped' };
    const service = this.#of(record);
    this.#services.delete(record.name);
    this.#tell({ kind: 'unloaded', service: record.name, record, status: this.#status(service) });
    return done;
  }

  start(record: ServiceRecord, options: { readonly isPinned?: boolean } = {}): RequestResult {
    if (this.isShuttingDown) return { ok: false, refusal: 'shutting-down' };
    if (record.isPinnedStopped) return { ok: false, refusal: 'pinned-stopped' };
    if (options.isPinned === true) record.isPinnedStarted = true;
    record.isExplicit = true;
    record.desired = 'started';
    if (record.state === 'started') return done;
    const service = this.#of(record);
    this.#become(service, 'starting');
    if (service.pace !== 'manual')
      this.finish(service, service.pace === 'failing' ? 'failed-start' : 'started');
    return asked;
  }

  stop(
    record: ServiceRecord,
    options: { readonly isPinned?: boolean; readonly isForced?: boolean } = {},
  ): RequestResult {
    const active = [...record.dependents()].filter(({ dependent }) => dependent.state !== 'stopped');
    if (active.length > 0 && options.isForced !== true) return { ok: false, refusal: 'has-dependents' };
    if (record.isPinnedStarted) return { ok: false, refusal: 'pinned-started' };
    if (options.isPinned === true) record.isPinnedStopped = true;
    record.isExplicit = false;
    record.desired = 'stopped';
    if (record.state === 'stopped') return done;
    const service = this.#of(record);
    this.#become(service, 'stopping');
    if (service.pace !== 'manual') this.finish(service, 'stopped');
    return asked;
  }

  restart(record: ServiceRecord): RequestResult {
    if (record.state !== 'started') return { ok: false, refusal: 'not-started' };
    const service = this.#of(record);
    this.#become(service, 'stopping');
    if (service.pace === 'manual') return asked;
    this.finish(service, 'stopped');
    this.#become(service, 'starting');
    this.finish(service, 'started');
    return asked;
  }

  release(record: ServiceRecord): RequestResult {
    return this.stop(record);
  }

  wake(record: ServiceRecord): RequestResult {
    if ([...record.dependents()].length === 0) return { ok: false, refusal: 'no-active-dependents' };
    return this.start(record);
  }

  unpin(record: ServiceRecord): RequestResult {
    record.isPinnedStarted = false;
    record.isPinnedStopped = false;
    return done;
  }

  signal(record: ServiceRecord, signal: number): 'sent' | 'no-process' {
    if (record.pid === 0) return 'no-process';
    this.signals.push([record.name, signal]);
    return 'sent';
  }

  status(record: ServiceRecord): ServiceStatus {
    return this.#status(this.#of(record));
  }

  list(): readonly ServiceRecord[] {
    return [...this.#services.keys()]
      .sort()
      .map((name) => this.load(name))
      .flatMap((found) => (found.ok ? [found.record] : []));
  }

  log(record: ServiceRecord, after = 0, linesMax = Number.POSITIVE_INFINITY): LogExtract | 'no-log' {
    const { log } = this.#of(record);
    if (log === undefined) return 'no-log';
    const lines = log.filter((line) => line.number > after);
    return {
      lines: lines.slice(Math.max(0, lines.length - linesMax)),
      droppedLines: 0,
      unfinished: 'half a l',
    };
  }

  clearLog(record: ServiceRecord): 'cleared' | 'no-log' {
    const service = this.#of(record);
    if (service.log === undefined) return 'no-log';
    service.log = [];
    return 'cleared';
  }

  subscribe(options: Parameters<SupervisorApi['subscribe']>[0]): ReturnType<SupervisorApi['subscribe']> {
    return this.#stream.subscribe(options);
  }

  listen(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async shutdown(): Promise<void> {
    this.isShuttingDown = true;
    for (const { record } of this.#services.values()) this.stop(record, { isForced: true });
    this.#tell({ kind: 'shutdown' });
  }

  /** A finding at a place, for `addLoadable`. */
  static finding(service: string, kind: Finding['kind'], message: string): Finding {
    return { severity: 'error', kind, service, place, message };
  }

  #become(service: FakeService, state: ServiceState): void {
    const { record } = service;
    record.state = state;
    this.#wallMs += 1;
    service.sinceWallMs = this.#wallMs;
    this.#nextPid += 1;
    record.pid = state === 'stopped' ? 0 : this.#nextPid;
    record.phase = state === 'starting' || state === 'stopping' ? 'waiting' : 'none';
    this.#tell({ kind: 'state', service: record.name, record, status: this.#status(service) });
  }

  #tell(event: SupervisorEvent): void {
    for (const listener of this.#listeners) listener(event);
    this.#stream.emit(event);
  }

  #of(record: ServiceRecord): FakeService {
    const service = this.#services.get(record.name);
    if (service === undefined) throw new Error(`${record.name} is not loaded`);
    return service;
  }

  #status(service: FakeService): ServiceStatus {
    const { record, failure, sinceWallMs } = service;
    const waitsFor = record.phase === 'waiting' ? ['its time'] : [];
    return {
      ...{
        name: record.name,
        type: record.description.type,
        file: record.description.path,
        state: record.state,
      },
      ...{
        desired: record.desired,
        pid: record.pid,
        stopPid: 0,
        stopReason: record.stopReason,
        statusText: record.statusText,
        activity: record.activity,
        saidErrno: record.saidErrno,
        saidExit: undefined,
        exit: record.exitStatus,
      },
      ...{ execStage: '', execErrno: 0, failure, sinceWallMs, isExplicit: record.isExplicit, waitsFor },
      ...{
        isPinnedStarted: record.isPinnedStarted,
        isPinnedStopped: record.isPinnedStopped,
        isSkipped: false,
      },
      ...{ isFailed: failure !== '', lastFailure: undefined, restarts: 0 },
    };
  }
}
