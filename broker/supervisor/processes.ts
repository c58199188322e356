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
    };

export interface ProcessesParts {
  readonly engine: ServiceEngine;
  readonly client: InitClient;
  readonly platform: Platform;
  readonly time: Time;
  readonly launchContext: Omit<LaunchContext, 'logPipe'>;
  /** The write end for a service whose log is kept in memory. Throws what the platform throws. */
  readonly logWriteEnd: (host: ServiceHost) => number;
  /** A process of a service has ended; before the engine is told. */
  readonly ended: (host: ServiceHost, purpose: ProcessPurpose, pid: number, exit: ExitStatus) => void;
  /** There is something to send: `pump` is to be called when all that led to it is durable, in this turn. */
  readonly requested: () => void;
  /** Something of the host has changed that is to be saved with the next commit. */
  readonly touch: (host: ServiceHost) => void;
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
      else this.#keepPidfd(host, purpose, known.pidfd);
      return false;
    }
    if (state === 'launching') {
      this.#requests.push({ kind: 'spawn', host, purpose, token });
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
    for (const { host, purpose } of [...this.#byToken.values()]) this.#disown(host, purpose);
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
    const { purpose } = request;
    let logPipe: number | undefined;
    try {
      if (host.log !== undefined) logPipe = this.#parts.logWriteEnd(host);
    } catch (error) {
      this.#failLater(host, purpose, 'descriptors', errnoOf(error));
      return true;
    }
    const launch = prepareLaunch(host.record.description, purpose, { ...this.#parts.launchContext, logPipe });
    if (!launch.ok) {
      this.#failLater(host, purpose, launch.stage, launch.errno);
      return true;
    }
    const cookie = Buffer.from(`${purpose}:${host.record.name}`).subarray(0, 1024);
    const errno = this.#parts.client.spawn({ ...launch.request, token, cookie }, launch.descriptors);
    if (errno === tooManyInFlight) return false;
    if (errno !== 0) this.#failLater(host, purpose, 'request', errno);
    return true;
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
    this.#keepPidfd(host, purpose, pidfd);
    const { record } = host;
    const state = purpose === 'start' ? record.processState : record.stopProcessState;
    if (state === 'launching') {
      this.#parts.engine.spawned(record, purpose, pid, this.#parts.time.monotonicMs());
    }
  }

  #failed(host: ServiceHost, purpose: ProcessPurpose, stage: string, errno: number): void {
    this.#disown(host, purpose);
    this.#parts.engine.spawnFailed(host.record, purpose, stage, errno, this.#parts.time.monotonicMs());
  }

  #exited(report: ExitReport): void {
    const { ended, engine, requested, time } = this.#parts;
    const owner = this.#byToken.get(report.token);
    if (owner !== undefined) {
      const { host, purpose } = owner;
      const exit: ExitStatus =
        report.cause === 'exited'
          ? { kind: 'code', code: report.status }
          : { kind: 'signal', signal: report.status };
      this.#disown(host, purpose);
      ended(host, purpose, report.pid, exit);
      engine.exited(host.record, purpose, exit, time.monotonicMs());
    }
    this.#exits.push(report);
    requested();
  }
}
