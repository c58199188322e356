/**
 * The supervisor: between the engine, which decides, and init, which does.
 *
 *   requests of clients ─┐                        ┌─ spawn, signal ─→ init
 *   reports of init ─────┼─→ engine ─→ actions ───┼─ arm, disarm ───→ one timer per service
 *   timers ──────────────┘                        └─ events ────────→ listeners, subscribers, standard error
 *
 * The order within one turn of the event loop: the engine's actions are noted; at the end of the turn what changed is made
 * durable as one batch; then the requests go out, and after them the answers to clients. So a broker that is killed at any moment has either not decided yet, or its successor knows the decision.
 *
 * A life: connect to init; take over what a predecessor left, or begin with the services of the command line; serve; on
 * `shutdown` or a signal stop everything; when all is stopped, tell whoever put this together (`ended`), which closes the
 * servers and calls `finish`. If init ends first, every process is killed through its pidfd, and `ended` says so.
 */
import { constants } from 'node:os';
import type { OpenReadinessSocket, Time } from '../contract/index.js';
import type { PacketLoop } from '../native/packets.js';
import {
  createLoader,
  createServiceEngine,
  formatFinding,
  type LoadResult,
  type RequestResult,
  type ServiceActions,
  type ServiceEngine,
  type ServiceGraph,
  type ServiceLoader,
  type ServiceRecord,
  type StartOptions,
  type StopOptions,
  type StopReason,
} from '../service/index.js';
import type { ProcessRefusal, ServiceStatus, SupervisorApi, SupervisorEvent, SupervisorInfo } from './api.js';
import { createDescriptionSource, createUserLookup } from './description-source.js';
import type { Diagnostics } from './diagnostics.js';
import { EventStream, type SubscribeOptions, type Subscription } from './event-stream.js';
import { signalName } from './failure-text.js';
import { type Inheritance, InitClient, type InitReport, type Welcome } from './init-client.js';
import { createEnvironmentMaker } from './launch.js';
import { LogBuffer, type LogExtract } from './log-buffer.js';
import { LogPipes } from './log-pipes.js';
import { claimMainProcess } from './main-process.js';
import { measuresOf, type SupervisorMeasures } from './measures.js';
import type { Notification } from './notification.js';
import type { Platform } from './platform.js';
import { exitStatus, Processes } from './processes.js';
import { Readiness } from './readiness.js';
import { Reporter } from './reporter.js';
import type { SavedHost } from './saved-state.js';
import { hostOf, ServiceHost } from './service-host.js';
import { StateKeeper, stateName } from './state-keeper.js';
import { failureOf, statusOf } from './status.js';
import { type FoundState, findState, inheritProcesses, restoreEngine } from './take-over.js';

export interface SupervisorParts {
  readonly time: Time;
  readonly loop: PacketLoop;
  readonly platform: Platform;
  /** The connection to init. Taken. */
  readonly initDescriptor: number;
  /** Where descriptions are looked for, in this order; absolute. */
  readonly serviceDirectories: readonly string[];
  /** What `begin` loads and starts. */
  readonly startNames: readonly string[];
  /** The manager's environment, from which the services' are made. */
  readonly environment: ReadonlyMap<string, string>;
  /** The manager's own process, and its effective ids: who services are when they do not say. */
  readonly identity: { readonly pid: number; readonly uid: number; readonly gid: number };
  /** Sockets through which services say how they are; without it those that want one cannot be started. */
  readonly openReadinessSocket?: OpenReadinessSocket | undefined;
  /** What their paths begin with. */
  readonly readinessPrefix: string;
  readonly diagnostics: Diagnostics;
  /**
   * Called once, when everything is as it was or the beginning can be made: open the control sockets, then call `begin`. `stored`
   * holds the descriptors that init kept and the supervisor has no use for; they are the callee's.
   */
  readonly ready: (stored: Map<string, number>) => void;
  /** Called once: `stopped` after a shutdown (close the servers, call `finish`), `lost` when init is gone (exit with 1). */
  readonly ended: (why: 'stopped' | 'lost') => void;
}

const ending: ReadonlySet<number> = new Set([
  constants.signals.SIGTERM,
  constants.signals.SIGINT,
  constants.signals.SIGQUIT,
]);

export class Supervisor implements SupervisorApi {
  readonly #parts: SupervisorParts;
  readonly #engine: ServiceEngine;
  readonly #loader: ServiceLoader;
  readonly #client: InitClient;
  readonly #pipes: LogPipes;
  readonly #processes: Processes;
  readonly #readiness: Readiness;
  readonly #events: EventStream<SupervisorEvent>;
  readonly #listeners = new Set<(event: SupervisorEvent) => void>();
  readonly #reporter: Reporter;
  #keeper: StateKeeper | undefined;
  #welcome: Welcome | undefined;
  /** While a predecessor's state is put back: what it kept beside the records; nothing is saved until all is there. */
  #inherited: Map<string, SavedHost> | undefined;
  #nextNumber = 1;
  #startedWallMs = 0;
  #hasBegun = false;
  #isEnded = false;
  #isTurnEnding = false;
  /** Services that have said something in this turn. */
  readonly #said = new Set<ServiceRecord>();
  #sorted: readonly ServiceRecord[] | undefined;
  #restartsOfUnloaded = 0;
  #whenStopped: PromiseWithResolvers | undefined;

  constructor(parts: SupervisorParts) {
    const { time, loop, platform, identity } = parts;
    this.#parts = parts;
    this.#events = new EventStream(() => ({ wallMs: time.wallMs(), monotonicMs: time.monotonicMs() }));
    this.#engine = createServiceEngine(this.#actions());
    this.#reporter = new Reporter(parts.diagnostics, time, this.#engine.graph);
    this.#loader = createLoader(this.#engine, {
      source: createDescriptionSource(parts.serviceDirectories),
      users: createUserLookup(),
      environment: () => parts.environment,
    });
    this.#client = new InitClient(
      {
        loop,
        time,
        descriptor: parts.initDescriptor,
        closeDescriptor: (descriptor) => platform.close(descriptor),
      },
      {
        takeOver: (welcome, inheritance) => this.#takeOver(welcome, inheritance),
        report: (event, pidfd) => this.#report(event, pidfd),
        lost: (reason) => this.#lost(reason),
      },
    );
    this.#pipes = new LogPipes({
      loop,
      platform,
      client: this.#client,
      wallMs: () => time.wallMs(),
      lines: (host, lines) => {
        const { record } = host;
        if (!this.#events.wantsLog(record.name)) return;
        for (const line of lines) this.#events.emit({ kind: 'log', service: record.name, record, line });
      },
    });
    this.#readiness = new Readiness({
      ...{ loop, platform, time, client: this.#client, uid: identity.uid, gid: identity.gid },
      openSocket: parts.openReadinessSocket,
      pathPrefix: parts.readinessPrefix,
      heard: (host, notification) => this.#heard(host, notification),
      warn: (host, text) => parts.diagnostics.error(text, host.record.name),
      lost: (host) => {
        this.#engine.readinessLost(host.record, this.#now());
        this.#keeper?.commit();
      },
    });
    this.#processes = new Processes({
      engine: this.#engine,
      client: this.#client,
      platform,
      time,
      launchContext: {
        platform,
        environment: createEnvironmentMaker(parts.environment),
        managerGid: identity.gid,
      },
      knowsOwnPid: () => this.#welcome?.knowsOwnPid === true,
      logWriteEnd: (host) => this.#pipes.writeEnd(host),
      openReadiness: (host) => {
        host.hasToldRefusal = false;
        return this.#readiness.open(host);
      },
      readinessPath: (host) => this.#readiness.path(host),
      launched: (host) => {
        const pid = host.claimedPid;
        host.claimedPid = 0;
        if (pid !== 0) this.#claim(host, pid);
      },
      ending: (host, purpose) => {
        if (purpose === 'start') this.#readiness.drain(host);
      },
      ended: (host, purpose, pid, exit, isReplaced) => {
        const { record } = host;
        this.#pipes.drain(host);
        if (purpose === 'start' && !isReplaced) this.#readiness.close(host);
        this.#tell({ kind: 'exit', service: record.name, record, purpose, pid, exit });
      },
      requested: () => this.#endTurnLater(),
      touch: (host) => this.#keeper?.touch(host),
    });
  }

  get graph(): ServiceGraph {
    return this.#engine.graph;
  }

  /** The services of the command line were asked to start, by this broker or by one before. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Loads and starts the services of the command line, once in the life of an init. Says what cannot be loaded. */
  begin(): void {
    if (this.#hasBegun || this.#isEnded || this.#engine.isShuttingDown) return;
    for (const name of this.#parts.startNames) {
      const result = this.load(name);
      if (result.ok) this.start(result.record);
      else for (const finding of result.findings) this.#parts.diagnostics.error(formatFinding(finding));
    }
    this.#hasBegun = true;
    this.#readiness.sweep();
    this.#saveManager();
    this.#endTurn();
    this.#client.flush();
  }

  /** Keeps a copy of a descriptor at init, for the next broker. */
  store(name: string, descriptor: number): void {
    this.#client.store(name, this.#parts.platform.duplicate(descriptor));
  }

  /** Closes a stored descriptor that nobody has a use for, here and at init. */
  discard(name: string, descriptor: number): void {
    this.#parts.platform.close(descriptor);
    this.#client.unstore(name);
  }

  info(): SupervisorInfo {
    const { time, serviceDirectories } = this.#parts;
    return {
      startedWallMs: this.#startedWallMs,
      uptimeMs: Math.max(0, time.wallMs() - this.#startedWallMs),
      brokerRestarts: this.#welcome?.brokersBefore ?? 0,
      services: this.#engine.graph.size,
      servicesActive: this.#engine.activeCount,
      isShuttingDown: this.#engine.isShuttingDown,
      serviceDirectories,
      isFirstProcess: this.#welcome?.isFirstProcess ?? false,
    };
  }

  measure(): SupervisorMeasures {
    return measuresOf(this.#engine.graph, (record) => this.status(record), this.#restartsOfUnloaded);
  }

  find(name: string): ServiceRecord | undefined {
    return this.#engine.graph.find(name);
  }

  load(name: string): LoadResult {
    const result = this.#loader.load(name);
    if (!result.ok) return result;
    for (const warning of result.warnings) this.#parts.diagnostics.note(formatFinding(warning));
    this.#hostAll(result.record);
    this.#endTurnLater();
    return result;
  }

  unload(record: ServiceRecord): RequestResult {
    const result = this.#engine.unload(record);
    if (!result.ok) return result;
    const host = hostOf(record);
    const status = this.status(record);
    this.#restartsOfUnloaded += host.restarts;
    host.timer.disarm();
    this.#pipes.close(host);
    this.#readiness.close(host);
    this.#keeper?.remove(host);
    this.#endTurnLater();
    this.#sorted = undefined;
    this.#tell({ kind: 'unloaded', service: record.name, record, status });
    return result;
  }

  start(record: ServiceRecord, options?: StartOptions): RequestResult {
    return this.#engine.start(record, this.#now(), options);
  }

  stop(record: ServiceRecord, options?: StopOptions): RequestResult {
    return this.#engine.stop(record, this.#now(), options);
  }

  restart(record: ServiceRecord): RequestResult {
    return this.#engine.restart(record, this.#now());
  }

  release(record: ServiceRecord): RequestResult {
    return this.#engine.release(record, this.#now());
  }

  wake(record: ServiceRecord, options?: StartOptions): RequestResult {
    return this.#engine.wake(record, this.#now(), options);
  }

  unpin(record: ServiceRecord): RequestResult {
    return this.#engine.unpin(record, this.#now());
  }

  signal(
    record: ServiceRecord,
    signal: number,
    scope: 'process' | 'group' = 'process',
  ): 'sent' | ProcessRefusal {
    return this.#processes.signalNow(hostOf(record), signal, scope) ? 'sent' : 'no-process';
  }

  status(record: ServiceRecord): ServiceStatus {
    return statusOf(record, record.host instanceof ServiceHost ? record.host : undefined);
  }

  list(): readonly ServiceRecord[] {
    this.#sorted ??= [...this.#engine.graph].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#sorted;
  }

  log(record: ServiceRecord, after = 0, linesMax?: number): LogExtract | ProcessRefusal {
    const host = hostOf(record);
    if (host.log === undefined) return 'no-log';
    this.#pipes.drain(host);
    return host.log.read(after, linesMax);
  }

  clearLog(record: ServiceRecord): 'cleared' | ProcessRefusal {
    const { log } = hostOf(record);
    if (log === undefined) return 'no-log';
    log.clear();
    return 'cleared';
  }

  subscribe(options: SubscribeOptions): Subscription<SupervisorEvent> {
    return this.#events.subscribe(options);
  }

  listen(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  shutdown(): Promise<void> {
    this.#whenStopped ??= promiseWithResolvers();
    const { promise } = this.#whenStopped;
    if (this.#isEnded) this.#whenStopped.resolve();
    else if (!this.#engine.isShuttingDown) {
      this.#tell({ kind: 'shutdown' });
      this.#saveManager(true);
      this.#reporter.beginProgress();
      this.#engine.stopAll(this.#now());
    }
    return promise;
  }

  /** The last word to init, after `ended('stopped')`: what is left is ended, and init exits with `status`. Closes everything. */
  finish(status: number): void {
    this.#client.finish(status);
    this.#close();
  }

  #actions(): ServiceActions {
    const host = (record: ServiceRecord): ServiceHost => this.#host(record);
    const { time } = this.#parts;
    return {
      spawn: (record, purpose) => this.#processes.requestSpawn(host(record), purpose),
      signal: (record, purpose, signal, scope) => {
        this.#processes.requestSignal(host(record), purpose, signal, scope);
      },
      arm: (record, delayMs) => host(record).timer.arm(delayMs),
      disarm: (record) => host(record).timer.disarm(),
      stateChanged: (record) => {
        const { name: service, state } = record;
        const of = host(record);
        of.sinceWallMs = time.wallMs();
        if (state === 'starting' && record.isAutoRestart) of.restarts += 1;
        if (state === 'stopped') this.#noteFailure(of, record.stopReason);
        this.#tell({ kind: 'state', service, record, status: this.status(record) });
      },
      event: (record, kind) => {
        this.#tell({ kind, service: record.name, record, status: this.status(record) });
        this.#reporter.event(record, kind);
      },
      said: (record) => this.#saidLater(record),
      note: (record, note) => {
        if (note === 'recovering') {
          host(record).restarts += 1;
          this.#noteFailure(host(record), record.isHung ? 'watchdog' : 'terminated');
        }
        this.#tell({ kind: 'note', service: record.name, record, note, status: this.status(record) });
        this.#reporter.note(record, note);
      },
      changed: (record) => this.#keeper?.touch(host(record)),
      settled: () => this.#endTurnLater(),
      allStopped: () => {
        if (this.#engine.isShuttingDown && this.#inherited === undefined) this.#allStopped();
      },
    };
  }

  /** Remembers why it is down, if it failed, for who looks when it is up again. */
  #noteFailure(host: ServiceHost, reason: StopReason): void {
    const failure = failureOf(host.record, reason, this.#parts.time.wallMs());
    if (failure !== undefined) host.lastFailure = failure;
  }

  /**
   * What this turn of the event loop decided becomes durable as one batch at its end, and only then the requests go out. A
   * microtask runs before the loop hands packets to the kernel, so an answer to a client does not overtake this either.
   */
  #endTurnLater(): void {
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    queueMicrotask(() => {
      this.#isTurnEnding = false;
      this.#endTurn();
    });
  }

  #endTurn(): void {
    if (this.#inherited !== undefined || this.#keeper === undefined) return;
    this.#keeper.commit();
    this.#processes.pump();
  }

  /** What a service says within one turn of the event loop is told once, at its end. */
  #saidLater(record: ServiceRecord): void {
    if (this.#said.has(record)) return;
    this.#said.add(record);
    if (this.#said.size > 1) return;
    queueMicrotask(() => {
      const records = [...this.#said];
      this.#said.clear();
      for (const one of records) {
        if (this.#engine.graph.find(one.name) !== one) continue;
        this.#tell({ kind: 'said', service: one.name, record: one, status: this.status(one) });
      }
    });
  }

  /** What follows from a message is durable before the kernel forgets the message (services W10). */
  #heard(host: ServiceHost, { word, mainPid }: Notification): void {
    this.#engine.notified(host.record, word, this.#now());
    if (mainPid !== undefined) this.#claim(host, mainPid);
    this.#keeper?.commit();
  }

  /** The service names the process that is to be taken for its own. */
  #claim(host: ServiceHost, pid: number): void {
    const { record } = host;
    const { platform, identity } = this.#parts;
    if (record.processState === 'launching') host.claimedPid = pid;
    if (record.processState !== 'running' || host.isAdopting || host.successor?.pid === pid) return;
    const claim = claimMainProcess(pid, {
      ...{ platform, record, managerUid: identity.uid, brokerPid: identity.pid },
      initPid: this.#welcome?.pid ?? 0,
      isOthers: (other) => this.#processes.isOthers(other, host),
    });
    if (claim === 'itself') this.#processes.dropSuccessor(host);
    else if (typeof claim === 'number') this.#processes.setSuccessor(host, pid, claim);
    else if (!host.hasToldRefusal) {
      host.hasToldRefusal = true;
      const status = this.status(record);
      const note = 'main-process-refused';
      this.#tell({ kind: 'note', service: record.name, record, note, status });
      this.#parts.diagnostics.error(`process ${pid} is not taken for its own: ${claim.why}`, record.name);
    }
  }

  #tell(event: SupervisorEvent): void {
    for (const listener of this.#listeners) listener(event);
    this.#events.emit(event);
  }

  /** The host of a record, made when the record is new. */
  #host(record: ServiceRecord): ServiceHost {
    if (record.host instanceof ServiceHost) return record.host;
    const { time, platform } = this.#parts;
    const saved = this.#inherited?.get(record.name);
    const number = saved?.number ?? this.#nextNumber;
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    const timer = time.createTimer(() => this.#timerFired(record));
    const { log } = record.description;
    // Line numbers of a successor begin where no predecessor's can have come: nobody writes a line each microsecond.
    const firstLine = saved === undefined ? 1 : Math.floor(platform.machineMs() * 1000);
    const buffer = log.type === 'buffer' ? new LogBuffer(log.bufferBytes, firstLine) : undefined;
    const host = new ServiceHost(record, number, timer, buffer);
    if (saved !== undefined) host.restore(saved);
    record.host = host;
    return host;
  }

  /**
   * A timer that is due may be late, and what the service has said in time then waits in the kernel: a broker that was busy must not
   * take that for silence (services W10).
   */
  #timerFired(record: ServiceRecord): void {
    const { timerDueMs } = record;
    this.#readiness.drain(hostOf(record));
    if (record.timerDueMs === timerDueMs) this.#engine.timerFired(record, this.#now());
  }

  /** Makes the hosts of a service and of those that were loaded with it. */
  #hostAll(root: ServiceRecord): void {
    const waiting = [root];
    for (let record = waiting.pop(); record !== undefined; record = waiting.pop()) {
      if (record.host !== undefined) continue;
      this.#keeper?.add(this.#host(record));
      this.#sorted = undefined;
      this.#tell({ kind: 'loaded', service: record.name, record, status: this.status(record) });
      for (const { dependency } of record.dependencies()) {
        if (dependency.host === undefined) waiting.push(dependency);
      }
    }
  }

  #now(): number {
    return this.#parts.time.monotonicMs();
  }

  #saveManager(isShuttingDown = this.#engine.isShuttingDown): void {
    this.#keeper?.saveManager({
      machineOffsetMs: this.#parts.platform.machineMs() - this.#now(),
      startedWallMs: this.#startedWallMs,
      isShuttingDown,
      hasBegun: this.#hasBegun,
    });
  }

  #takeOver(welcome: Welcome, inheritance: Inheritance): void {
    this.#welcome = welcome;
    const stored = new Map(inheritance.descriptors);
    const found = this.#findState(stored);
    this.#startedWallMs = found?.state.manager.startedWallMs ?? this.#parts.time.wallMs();
    this.#hasBegun = found?.state.manager.hasBegun ?? false;
    if (found !== undefined) this.#restore(found);
    const { platform } = this.#parts;
    const report = (text: string): void => this.#parts.diagnostics.error(text);
    const isCompact = found !== undefined && found.memory.freeBytes * 2 < found.memory.usedBytes;
    if (found !== undefined && isCompact) {
      this.#keeper = new StateKeeper(this.#engine, platform, found.mapping, found.memory, report);
    } else {
      this.#keeper = StateKeeper.create(this.#engine, platform, report);
    }
    const hosts = [...this.#engine.graph].map((record) => this.#host(record));
    for (const host of hosts) {
      if (isCompact) this.#keeper.touch(host);
      else this.#keeper.add(host);
    }
    // One batch: the times in the records and the clock that they are meant by.
    this.#saveManager(found?.state.manager.isShuttingDown ?? false);
    this.#keeper.commit();
    if (!isCompact) {
      this.#keeper.store(this.#client);
      if (found !== undefined) platform.close(found.mapping.descriptor);
    }
    this.#inherited = undefined;
    this.#resume(hosts, inheritance, stored);
  }

  /** The state that a predecessor left, taken out of `stored`; undefined, and said, where it left none that can be read. */
  #findState(stored: Map<string, number>): FoundState | undefined {
    const descriptor = stored.get(stateName);
    if (descriptor === undefined) return undefined;
    stored.delete(stateName);
    const found = findState(descriptor, this.#parts.platform);
    if (typeof found !== 'string') {
      for (const key of found.state.unreadable)
        this.#parts.diagnostics.error(`saved state of ${key} is incomplete`);
      return found;
    }
    this.#parts.diagnostics.error(`cannot take over from the broker before: ${found}`);
    return undefined;
  }

  #restore({ state }: FoundState): void {
    this.#inherited = new Map(state.services.map(({ saved, host }) => [saved.description.name, host]));
    restoreEngine(this.#engine, state, this.#now(), this.#parts.platform.machineMs());
  }

  /** Everything is as the predecessor left it, and durable: goes on from there. */
  #resume(hosts: readonly ServiceHost[], inheritance: Inheritance, stored: Map<string, number>): void {
    const { diagnostics, ready } = this.#parts;
    for (const host of hosts) {
      this.#pipes.inherit(host, stored);
      this.#processes.inheritSuccessor(host, stored);
    }
    this.#readiness.inherit(hosts, stored);
    for (const remark of inheritProcesses(hosts, this.#processes, inheritance)) diagnostics.error(remark);
    // What was said while there was no broker comes before timers that have fallen due, and before the exits that init tells.
    this.#readiness.drainAll();
    for (const host of hosts) if (host.record.processState === 'none') this.#readiness.close(host);
    this.#endTurn();
    if (hosts.length > 0)
      diagnostics.note(`took over ${hosts.length} services, ${this.#processes.size} processes`);
    ready(stored);
    if (this.#engine.isShuttingDown) {
      this.#reporter.beginProgress();
      if (this.#engine.activeCount === 0) this.#allStopped();
    }
  }

  #report(event: InitReport, pidfd: number): void {
    const { diagnostics } = this.#parts;
    switch (event.kind) {
      case 'signalled':
        diagnostics.note(`received ${signalName(event.signal)}`);
        if (ending.has(event.signal)) void this.shutdown();
        break;
      case 'refused':
        this.#reporter.refused(event);
        break;
      case 'orphan':
        this.#processes.orphan(event.pid, exitStatus(event.cause, event.status));
        break;
      default:
        this.#processes.report(event, pidfd);
    }
  }

  #allStopped(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#reporter.endProgress();
    this.#whenStopped?.resolve();
    // Not from within the engine's draining: those who hear of it may ask for something.
    queueMicrotask(() => this.#parts.ended('stopped'));
  }

  #lost(reason: string): void {
    this.#parts.diagnostics.error(`${reason}; ending all services`);
    this.#processes.killAll();
    this.#isEnded = true;
    this.#close();
    this.#parts.ended('lost');
  }

  #close(): void {
    this.#reporter.endProgress();
    for (const record of this.#engine.graph) {
      const host = hostOf(record);
      host.timer.disarm();
      this.#pipes.release(host);
    }
    this.#readiness.closeAll();
    this.#processes.close();
    this.#keeper?.close();
    this.#keeper = undefined;
    this.#client.close();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function promiseWithResolvers(): PromiseWithResolvers {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
