/**
 * A service, as a control object: a handle to it is the right to what its rights say, for this service and no other.
 */
import {
  type DependencyShape,
  type LogTextShape,
  type OutcomeShape,
  Response,
  Rights,
} from '../contract/control.js';
import { BrokerError, ErrorCode, limits, type Message } from '../contract/index.js';
import type { RequestResult, ServiceRecord, ServiceRefusal } from '../service/index.js';
import {
  answerBytesMax,
  ControlObject,
  doneResult,
  type Incoming,
  type Place,
  type Result,
} from './control-object.js';
import type { ServiceRoom } from './control-room.js';
import { ControlFailure, refusalFailure } from './errors.js';
import { EventStreamObject } from './event-stream-object.js';
import { facetRights } from './rights.js';
import { dependencyNumber, stateNumber } from './shapes.js';
import type { Waiting, Wanted } from './waiting.js';

/** Names of dependents that a refusal gives at most. */
const namesMax = 32;
/** Bytes that an entry of a list takes beside its texts, rounded up. */
const entryBytes = 32;
/** The highest signal number (signal(7), SIGRTMAX). */
const signalMax = 64;

/** Why a call ends whose handle nobody holds any more. */
const abandoned = new ControlFailure(ErrorCode.NodeGone, 'the handle was closed');

export class ServiceObject extends ControlObject {
  readonly #record: ServiceRecord;
  readonly #service: ServiceRoom;
  /** Calls through this object that wait. */
  readonly #waiting = new Set<Waiting>();

  constructor(place: Place, rights: Rights, account: number, record: ServiceRecord) {
    super(place, rights, account, { label: `service ${record.name}`, service: record.name });
    this.#record = record;
    this.#service = place.room.of(record);
    this.#service.objects.add(this);
  }

  override destroy(): void {
    this.#service.objects.delete(this);
    super.destroy();
    for (const waiting of this.#waiting) waiting.cancel(abandoned);
    this.#waiting.clear();
  }

  protected override statusMessage(): Message {
    this.#service.demandLoaded();
    return this.#service.statusMessage(this.place.room.supervisor);
  }

  protected override perform(incoming: Incoming): Result | Promise<Result> {
    this.#service.demandLoaded();
    const { request } = incoming;
    const { supervisor } = this.place.room;
    const record = this.#record;
    if (request.start) {
      const { wait, pin } = request.start;
      return this.#change('started', wait, incoming, () =>
        supervisor.start(record, { isPinned: pin === true }),
      );
    }
    if (request.stop) {
      const { wait, pin, force } = request.stop;
      const options = { isPinned: pin === true, isForced: force === true };
      return this.#change('stopped', wait, incoming, () => supervisor.stop(record, options));
    }
    if (request.restart) {
      const { wait, force } = request.restart;
      return this.#change('started', wait, incoming, () => this.#restart(force === true));
    }
    if (request.wake) {
      const { wait, pin } = request.wake;
      return this.#change('started', wait, incoming, () =>
        supervisor.wake(record, { isPinned: pin === true }),
      );
    }
    if (request.release) {
      return this.#change('stopped', request.release.wait, incoming, () => supervisor.release(record));
    }
    return this.#performRest(incoming);
  }

  #performRest(incoming: Incoming): Result {
    const { request, account } = incoming;
    const { supervisor } = this.place.room;
    if (request.unpin) {
      this.demand(Rights.RIGHTS_CONTROL, 'to unpin a service');
      this.#accept(supervisor.unpin(this.#record));
      return doneResult;
    }
    if (request.signal) return this.#signal(request.signal.number ?? 0);
    if (request.log)
      return this.#log(request.log.after ?? 0, request.log.linesMax ?? 0, request.log.clear ?? false);
    if (request.dependencies) {
      return this.#dependencies(request.dependencies.dependents ?? false, request.dependencies.skip ?? 0);
    }
    if (request.unload) {
      this.demand(Rights.RIGHTS_MANAGE, 'to unload a service');
      this.#accept(supervisor.unload(this.#record));
      return doneResult;
    }
    if (request.facet) {
      const rights = facetRights(this.rights, request.facet.rights ?? 0);
      const facet = new ServiceObject(this.place, rights, account, this.#record);
      return { response: { done: {} }, gives: facet };
    }
    if (request.subscribe) {
      const stream = EventStreamObject.open(this.place, incoming, request.subscribe, this.#record);
      return { response: { done: {} }, gives: stream };
    }
    throw new BrokerError(ErrorCode.UnknownMethod, `a service has no method '${request.method}'`);
  }

  /** Makes a request of the engine, and waits for what comes of it if that was asked for. */
  #change(
    wanted: Wanted,
    wait: boolean | null | undefined,
    incoming: Incoming,
    ask: () => RequestResult,
  ): Result | Promise<Result> {
    this.demand(Rights.RIGHTS_CONTROL, `to ${incoming.request.method} a service`);
    if (wait !== true) return outcomeResult(this.#outcome(this.#accept(ask())));
    if (this.#waiting.size >= limits.serviceWaitersMax) {
      throw new ControlFailure(
        ErrorCode.OverQuota,
        `${this.#waiting.size} calls wait on this handle already`,
      );
    }
    const waiting = this.#service.waiters.begin(wanted, incoming.request.deadlineMs);
    let isDone: boolean;
    try {
      isDone = this.#accept(ask());
    } catch (error) {
      waiting.cancel();
      throw error;
    }
    if (isDone) {
      waiting.cancel();
      return outcomeResult(this.#outcome(true));
    }
    this.#waiting.add(waiting);
    return waiting.outcome
      .then((status) => outcomeResult({ state: stateNumber[status.state], already: false, pid: status.pid }))
      .finally(() => this.#waiting.delete(waiting));
  }

  /** Whether the service was as was asked for already. Throws what was refused. */
  #accept(result: RequestResult): boolean {
    if (result.ok) return result.isDone;
    throw refusalFailure(result.refusal, this.#namesFor(result.refusal));
  }

  #namesFor(refusal: ServiceRefusal): readonly string[] {
    if (refusal !== 'has-dependents') return [];
    const names: string[] = [];
    for (const { dependent, kind } of this.#record.dependents()) {
      // A stopped dependent, or one that does not rely on it, is not in the way.
      if (dependent.state === 'stopped' || kind === 'waits-for') continue;
      names.push(dependent.name);
      if (names.length === namesMax) break;
    }
    return names;
  }

  #outcome(already: boolean): OutcomeShape {
    return { state: stateNumber[this.#record.state], already, pid: this.#record.pid };
  }

  /** Without force, only if nobody would be restarted with it. */
  #restart(isForced: boolean): RequestResult {
    const { supervisor } = this.place.room;
    if (!isForced && this.#record.needCount > 0) return { ok: false, refusal: 'has-dependents' };
    return supervisor.restart(this.#record);
  }

  #signal(number: number): Result {
    this.demand(Rights.RIGHTS_CONTROL, 'to signal a service');
    if (number < 1 || number > signalMax) {
      throw new ControlFailure(
        ErrorCode.InvalidArgument,
        `${number} is not a signal's number (1 to ${signalMax})`,
      );
    }
    if (this.place.room.supervisor.signal(this.#record, number) === 'sent') return doneResult;
    throw new ControlFailure(ErrorCode.WrongState, 'it has no process to signal');
  }

  #log(after: number, linesMax: number, clear: boolean): Result {
    if (clear) this.demand(Rights.RIGHTS_CONTROL, 'to clear a log');
    const { supervisor } = this.place.room;
    const extract = supervisor.log(this.#record, after, linesMax === 0 ? undefined : linesMax);
    if (typeof extract === 'string') {
      throw new ControlFailure(
        ErrorCode.WrongState,
        "its output is not kept in memory: set 'log-type = buffer' in its description",
      );
    }
    const lines: LogTextShape['lines'] = [];
    let bytes = Buffer.byteLength(extract.unfinished) + entryBytes;
    for (const line of extract.lines) {
      bytes += Buffer.byteLength(line.text) + entryBytes;
      if (bytes > answerBytesMax && lines.length > 0) break;
      lines.push({ number: line.number, wallMs: line.wallMs, text: line.text });
    }
    const more = lines.length < extract.lines.length;
    if (clear && !more) supervisor.clearLog(this.#record);
    return {
      response: {
        log: { lines, more, unfinished: more ? '' : extract.unfinished, dropped: extract.droppedLines },
      },
    };
  }

  #dependencies(dependents: boolean, skip: number): Result {
    const entries: DependencyShape[] = [];
    let at = 0;
    let bytes = 0;
    for (const link of dependents ? this.#record.dependents() : this.#record.dependencies()) {
      at += 1;
      if (at <= skip) continue;
      const other = dependents ? link.dependent : link.dependency;
      bytes += Buffer.byteLength(other.name) + entryBytes;
      if (bytes > answerBytesMax) return { response: { dependencies: { entries, more: true } } };
      entries.push({ name: other.name, kind: dependencyNumber[link.kind], state: stateNumber[other.state] });
    }
    return { response: { dependencies: { entries, more: false } } };
  }
}

function outcomeResult(outcome: OutcomeShape): Result {
  return { bytes: Response.encode({ outcome }).finish() };
}
