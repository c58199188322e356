/**
 * The processes of the services: what the engine asks for becomes requests to init, and what init tells becomes events of the
 * engine.
 *
 * Requests, and the acknowledgements of exits, wait until what led to them is durable (`pump`). None waits for the answer to another: a thousand
 * starts are under way at once. A token is chosen when a start is decided on and saved with that decision, so that a
 * successor which finds the decision but no process asks again with the same token, and nothing is ever started twice.
 */
import type { Time, Timer } from '../contract/index.js';
import type { ExitStatus, ProcessPurpose, ServiceEngine, SignalScope } from '../service/index.js';
import type { ExitReport, InitClient, InitReport, KnownProcess } from './init-client.js';
import { type LaunchContext, prepareLaunch } from './launch.js';
import { errnoOf, type Platform } from './platform.js';
import type { ReadinessGift } from './readiness.js';
import type { ServiceHost } from './service-host.js';

type Request =
  | {
      readonly kind: 'spawn';
      readonly host: ServiceHost;
      readonly purpose: ProcessPurpose;
      readonly token: number;
    }
  | {
      readonly kind: 'signal';
      readonly host: ServiceHost;
      readonly token: number;
      readonly signal: number;
      readonly scope: SignalScope;
    }
  | { readonly kind: 'adopt'; readonly host: ServiceHost; readonly token: number; readonly pid: number };

export interface ProcessesParts {
  readonly engine: ServiceEngine;
  readonly client: InitClient;
  readonly platform: Platform;
  readonly time: Time;
  readonly launchContext: Omit<LaunchContext, 'logPipe' | 'readiness' | 'knowsOwnPid'>;
  /** What init can do; known when it has said hello. */
  readonly knowsOwnPid: () => boolean;
  /** The write end for a service whose log is kept in memory. Throws what the platform throws. */
  readonly logWriteEnd: (host: ServiceHost) => number;
  /** Opens what the next process of the service says with that it is ready. Throws what the platform throws. */
  readonly openReadiness: (host: ServiceHost) => ReadinessGift;
  /** Where the service's processes say how they are; undefined: nowhere. */
  readonly readinessPath: (host: ServiceHost) => string | undefined;
  /** A process of a service has ended, and what it has said is to be heard before that is acted upon. */
  readonly ending: (host: ServiceHost, purpose: ProcessPurpose) => void;
  /** The process of `command` has been told to the engine as launched. */
  readonly launched: (host: ServiceHost) => void;
  /** A process of a service has ended; before the engine is told. `isReplaced`: another goes on in its place. */
  readonly ended: (
    host: ServiceHost,
    purpose: ProcessPurpose,
    pid: number,
    exit: ExitStatus,
    isReplaced: boolean,
  ) => void;
  /** There is something to send: `pump` is to be called when all that led to it is durable, in this turn. */
  readonly requested: () => void;
  /** Something of the host has changed that is to be saved with the next commit. */
  readonly touch: (host: ServiceHost) => void;
}

/** How a process ended, as the engine has it. */
export function exitStatus(cause: ExitReport['cause'], status: number): ExitStatus {
  return cause === 'exited' ? { kind: 'code', code: status } : { kind: 'signal', signal: status };
}

/** For people who look at init's table. */
function cookieOf(host: ServiceHost, purpose: ProcessPurpose): Uint8Array {
  return Buffer.from(`${purpose}:${host.record.name}`).subarray(0, 1024);
}

/** Under which init keeps the pidfd of the process that a service has named. */
function successorName(host: ServiceHost): string {
  return `main:${host.number}`;
}

/** How long to wait when too many descriptors are on their way to init. */
const retryMs = 10;
/** ETOOMANYREFS, which Node has no name for. */
const tooManyInFlight = 109;
const SIGKILL = 9;

export class Processes {
  readonly #parts: ProcessesParts;
  readonly #byToken = new Map<number, { readonly host: ServiceHost; readonly purpose: ProcessPurpose }>();
  readonly #retry: Timer;
  #requests: Request[] = [];
  /** Exits that the engine knows of; init may forget them when that is durable. */
  #exits: ExitReport[] = [];
  #nextToken = 1;
  /** Services whose successor init is to watch, by its number; and how it ended, if init could not. */
  readonly #adopting = new Map<number, { readonly host: ServiceHost; exit: ExitStatus | undefined }>();
  /** How many pidfds are kept, and how many may be (supervisor U15). */
  #pidfds = 0;
  readonly #pidfdsMax: number;
  #isPumping = false;

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
    this.#retry = parts.time.createTimer(() => this.pump());
    this.#pidfdsMax = Math.floor(parts.platform.descriptorLimit() / 4);
  }

  /** Processes that init was asked for and whose exit is not known. */
  get size(): number {
    return this.#byToken.size;
  }

  requestSpawn(host: ServiceHost, purpose: ProcessPurpose): void {
    const token = this.#nextToken;
    this.#nextToken += 1;
    this.#own(host, purpose, token);
    this.#requests.push({ kind: 'spawn', host, purpose, token });
    this.#parts.touch(host);
    this.#parts.requested();
  }

  /** A signal that the engine decided on. */
  requestSignal(host: ServiceHost, purpose: ProcessPurpose, signal: number, scope: SignalScope): void {
    const { token } = host.slot(purpose);
    if (token === 0) return;
    host.signal = { purpose, signal, scope };
    this.#requests.push({ kind: 'signal', host, token, signal, scope });
    this.#parts.touch(host);
    this.#parts.requested();
  }

  /** A signal that somebody asked for; false where there is no process. */
  signalNow(host: ServiceHost, signal: number, scope: SignalScope): boolean {
    const { token } = host.start;
    if (token === 0 || host.record.pid === 0) return false;
    this.#parts.client.signal(token, signal, scope);
    return true;
  }

  /** Sends what waits. Call it when all that led to it is durable. */
  pump(): void {
    const exits = this.#exits;
    if (exits.length > 0) this.#exits = [];
    for (const exit of exits) this.#parts.client.acknowledge(exit);
    if (this.#isPumping || this.#retry.isArmed) return;
    this.#isPumping = true;
    const requests = this.#requests;
    this.#requests = [];
    for (let index = 0; index < requests.length; index += 1) {
      const request = requests[index];
      if (request === undefined || this.#send(request)) continue;
      this.#requests = [...requests.slice(index), ...this.#requests];
      this.#retry.arm(retryMs);
      break;
    }
    this.#isPumping = false;
  }

  report(
    event: Exclude<InitReport, { readonly kind: 'orphan' | 'signalled' | 'refused' }>,
    pidfd: number,
  ): void {
    if (event.kind === 'exit') {
      this.#exited(event);
      return;
    }
    const owner = this.#byToken.get(event.token);
    if (event.kind === 'spawned') {
      if (owner === undefined) {
        if (pidfd >= 0) this.#parts.platform.close(pidfd);
        return;
      }
      this.#spawned(owner.host, owner.purpose, event.pid, pidfd);
    } else if (owner !== undefined) {
      this.#failed(owner.host, owner.purpose, event.stage, event.errno);
    }
  }

  /** A token that a predecessor chose, so that no later one is the same. */
  reserve(token: number): void {
    this.#nextToken = Math.max(this.#nextToken, token + 1);
  }

  /** The process that the service has named goes on in its place when it ends (services W8). Takes the pidfd. */
  setSuccessor(host: ServiceHost, pid: number, pidfd: number): void {
    this.dropSuccessor(host);
    host.successor = { pid, pidfd };
    this.#parts.client.store(successorName(host), this.#parts.platform.duplicate(pidfd));
    this.#parts.touch(host);
  }

  dropSuccessor(host: ServiceHost): void {
    const { successor } = host;
    if (successor === undefined) return;
    host.successor = undefined;
    if (successor.pidfd >= 0) this.#parts.platform.close(successor.pidfd);
    this.#parts.client.unstore(successorName(host));
    this.#parts.touch(host);
  }

  /** Takes the pidfd of a named process that a predecessor left out of `stored`. */
  inheritSuccessor(host: ServiceHost, stored: Map<string, number>): void {
    const pidfd = stored.get(successorName(host));
    if (pidfd === undefined || host.successor === undefined) return;
    stored.delete(successorName(host));
    host.successor = { pid: host.successor.pid, pidfd };
  }

  /** Whether this is the number of a process of another service. */
  isOthers(pid: number, host: ServiceHost): boolean {
    for (const owner of this.#byToken.values()) {
      const { record } = owner.host;
      if (owner.host !== host && (record.pid === pid || record.stopPid === pid)) return true;
    }
    return false;
  }

  /** A process that nobody watched has ended: it may be one that was to be watched. */
  orphan(pid: number, exit: ExitStatus): void {
    const adopting = this.#adopting.get(pid);
    if (adopting !== undefined) adopting.exit = exit;
  }

  /**
   * Takes over what the state memory says of one process; `known` is what init says. Tells the engine what happened meanwhile,
   * but for an exit, which init will tell. True if the process was lost without a trace.
   */
  inherit(host: ServiceHost, purpose: ProcessPurpose, known: KnownProcess | undefined): boolean {
    const { engine, time } = this.#parts;
    const { record } = host;
    const { token } = host.slot(purpose);
    const state = purpose === 'start' ? record.processState : record.stopProcessState;
    if (token === 0 || state === 'none') {
      host.slot(purpose).token = 0;
      return false;
    }
    this.#own(host, purpose, token);
    if (known !== undefined) {
      if (state === 'launching') this.#spawned(host, purpose, known.pid, known.pidfd);
      else if (host.isAdopting && purpose === 'start') this.#adopted(host, known.pidfd);
      else this.#keepPidfd(host, purpose, known.pidfd);
      return false;
    }
    if (state === 'launching') {
      this.#requests.push({ kind: 'spawn', host, purpose, token });
      return false;
    }
    if (host.isAdopting && purpose === 'start') {
      this.#requestAdoption(host, token, record.pid);
      return false;
    }
    this.#disown(host, purpose);
    engine.exited(record, purpose, { kind: 'signal', signal: SIGKILL }, time.monotonicMs());
    return true;
  }

  /** Sends again what a predecessor had decided on and may not have sent. */
  inheritSignal(host: ServiceHost): void {
    const { signal } = host;
    host.signal = undefined;
    if (signal !== undefined) this.requestSignal(host, signal.purpose, signal.signal, signal.scope);
  }

  /** A process that nobody knows: it is killed, and its exit acknowledged when it comes. */
  dismiss(known: KnownProcess): void {
    this.reserve(known.token);
    if (known.pidfd >= 0) this.#parts.platform.close(known.pidfd);
    if (!known.isDead) this.#parts.client.signal(known.token, SIGKILL, 'group');
  }

  /** There is no init any more: kills everything through the pidfds. */
  killAll(): void {
    for (const { host, purpose } of this.#byToken.values()) {
      const { pidfd } = host.slot(purpose);
      const pid = purpose === 'start' ? host.record.pid : host.record.stopPid;
      if (pid > 0) this.#parts.platform.kill(pidfd, pid);
    }
  }

  /** Closes the pidfds; nothing is sent any more. */
  close(): void {
    this.#retry.disarm();
    this.#requests = [];
    for (const { host, purpose } of [...this.#byToken.values()]) {
      const { successor } = host;
      host.successor = undefined;
      if (successor !== undefined && successor.pidfd >= 0) this.#parts.platform.close(successor.pidfd);
      this.#disown(host, purpose);
    }
  }

  #own(host: ServiceHost, purpose: ProcessPurpose, token: number): void {
    this.reserve(token);
    host.slot(purpose).token = token;
    this.#byToken.set(token, { host, purpose });
  }

  #disown(host: ServiceHost, purpose: ProcessPurpose): void {
    const slot = host.slot(purpose);
    this.#byToken.delete(slot.token);
    slot.token = 0;
    this.#dropPidfd(host, purpose);
    if (host.signal?.purpose === purpose) host.signal = undefined;
    this.#parts.touch(host);
  }

  /** False: not now, try again. */
  #send(request: Request): boolean {
    const { host, token } = request;
    if (request.kind === 'signal') {
      this.#parts.client.signal(token, request.signal, request.scope);
      host.signal = undefined;
      return true;
    }
    if (request.kind === 'adopt') {
      this.#parts.client.adopt(token, request.pid, cookieOf(host, 'start'));
      return true;
    }
    const { purpose } = request;
    let logPipe: number | undefined;
    try {
      if (host.log !== undefined) logPipe = this.#parts.logWriteEnd(host);
    } catch (error) {
      this.#failLater(host, purpose, 'descriptors', errnoOf(error));
      return true;
    }
    let readiness: ReadinessGift;
    try {
      readiness = this.#readinessFor(host, purpose);
    } catch (error) {
      this.#failLater(host, purpose, 'readiness', errnoOf(error));
      return true;
    }
    const { launchContext, knowsOwnPid } = this.#parts;
    const context = { ...launchContext, knowsOwnPid: knowsOwnPid(), logPipe, readiness };
    const launch = prepareLaunch(host.record.description, purpose, context);
    if (!launch.ok) {
      this.#failLater(host, purpose, launch.stage, launch.errno);
      return true;
    }
    const cookie = cookieOf(host, purpose);
    const errno = this.#parts.client.spawn({ ...launch.request, token, cookie }, launch.descriptors);
    if (errno === tooManyInFlight) return false;
    if (errno !== 0) this.#failLater(host, purpose, 'request', errno);
    return true;
  }

  /** A stop command may say how far it is, where the process could. */
  #readinessFor(host: ServiceHost, purpose: ProcessPurpose): ReadinessGift {
    if (purpose === 'start') return this.#parts.openReadiness(host);
    const path = this.#parts.readinessPath(host);
    const variables: ReadinessGift['variables'] = path === undefined ? [] : [['NOTIFY_SOCKET', path]];
    return { variables, isForOneProcess: false, pipe: undefined };
  }

  /** The engine must not be called back from within its own draining. */
  #failLater(host: ServiceHost, purpose: ProcessPurpose, stage: string, errno: number): void {
    const { token } = host.slot(purpose);
    queueMicrotask(() => {
      if (token !== 0 && host.slot(purpose).token === token) this.#failed(host, purpose, stage, errno);
    });
  }

  #keepPidfd(host: ServiceHost, purpose: ProcessPurpose, pidfd: number): void {
    this.#dropPidfd(host, purpose);
    if (pidfd < 0) return;
    if (this.#pidfds >= this.#pidfdsMax) {
      this.#parts.platform.close(pidfd);
      return;
    }
    this.#pidfds += 1;
    host.slot(purpose).pidfd = pidfd;
  }

  #dropPidfd(host: ServiceHost, purpose: ProcessPurpose): void {
    const slot = host.slot(purpose);
    if (slot.pidfd < 0) return;
    this.#parts.platform.close(slot.pidfd);
    slot.pidfd = -1;
    this.#pidfds -= 1;
  }

  #spawned(host: ServiceHost, purpose: ProcessPurpose, pid: number, pidfd: number): void {
    const { record } = host;
    if (host.isAdopting && purpose === 'start') {
      this.#adopted(host, pidfd);
      return;
    }
    this.#keepPidfd(host, purpose, pidfd);
    const state = purpose === 'start' ? record.processState : record.stopProcessState;
    if (state === 'launching') {
      this.#parts.engine.spawned(record, purpose, pid, this.#parts.time.monotonicMs());
      if (purpose === 'start') this.#parts.launched(host);
    }
  }

  #requestAdoption(host: ServiceHost, token: number, pid: number): void {
    this.#adopting.set(pid, { host, exit: undefined });
    this.#requests.push({ kind: 'adopt', host, token, pid });
  }

  /** init watches it. If that is not the process that was named, which has ended then, nobody is meant by the number. */
  #adopted(host: ServiceHost, pidfd: number): void {
    const { platform } = this.#parts;
    const named = host.successor?.pidfd ?? -1;
    const isNamed = named < 0 || pidfd < 0 || platform.isSameProcess(named, pidfd);
    const exit = this.#endAdoption(host);
    if (isNamed) {
      this.#keepPidfd(host, 'start', pidfd);
      return;
    }
    platform.close(pidfd);
    this.#lose(host, exit);
  }

  #endAdoption(host: ServiceHost): ExitStatus | undefined {
    const { pid } = host.record;
    const exit = this.#adopting.get(pid)?.exit;
    this.#adopting.delete(pid);
    host.isAdopting = false;
    this.dropSuccessor(host);
    this.#parts.touch(host);
    return exit;
  }

  /** The process is gone, and init did not watch it; that an orphan has ended may have told how. */
  #lose(host: ServiceHost, exit: ExitStatus = { kind: 'signal', signal: SIGKILL }): void {
    const { ending, ended, engine, time } = this.#parts;
    const { record } = host;
    ending(host, 'start');
    this.#disown(host, 'start');
    ended(host, 'start', record.pid, exit, false);
    engine.exited(record, 'start', exit, time.monotonicMs());
  }

  #failed(host: ServiceHost, purpose: ProcessPurpose, stage: string, errno: number): void {
    if (host.isAdopting && purpose === 'start') {
      this.#lose(host, this.#endAdoption(host));
      return;
    }
    this.#disown(host, purpose);
    this.#parts.engine.spawnFailed(host.record, purpose, stage, errno, this.#parts.time.monotonicMs());
  }

  #exited(report: ExitReport): void {
    const { ended, ending, engine, requested, time } = this.#parts;
    const owner = this.#byToken.get(report.token);
    if (owner !== undefined) {
      const { host, purpose } = owner;
      const exit = exitStatus(report.cause, report.status);
      ending(host, purpose);
      const isReplaced = purpose === 'start' && this.#handOver(host);
      if (!isReplaced) this.#disown(host, purpose);
      ended(host, purpose, report.pid, exit, isReplaced);
      if (!isReplaced) engine.exited(host.record, purpose, exit, time.monotonicMs());
    }
    this.#exits.push(report);
    requested();
  }

  /** The process that the service had named takes the place of the one that has ended; false if there is none. */
  #handOver(host: ServiceHost): boolean {
    const { successor } = host;
    const { engine, platform, time } = this.#parts;
    if (successor === undefined) return false;
    // Without a pidfd nothing says that the number still means that process.
    if (successor.pidfd < 0 || !platform.isRunning(successor.pidfd)) {
      this.dropSuccessor(host);
      return false;
    }
    const token = this.#nextToken;
    this.#disown(host, 'start');
    this.#own(host, 'start', token);
    host.isAdopting = true;
    this.#requestAdoption(host, token, successor.pid);
    engine.replaced(host.record, successor.pid, time.monotonicMs());
    return true;
  }
}
