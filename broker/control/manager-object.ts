/**
 * The manager, as a control object: the root that everybody who connects is given, with the rights that they have.
 */
import { Response, Rights, type StatusShape, type WhichShape } from '../contract/control.js';
import { BrokerError, ErrorCode, limits, type Message } from '../contract/index.js';
import type { ServiceRecord } from '../service/index.js';
import type { Inquiry } from './census.js';
import {
  answerBytesMax,
  ControlObject,
  doneResult,
  type Incoming,
  type Place,
  type Result,
} from './control-object.js';
import { ControlFailure, loadFailure } from './errors.js';
import { EventStreamObject, firstAfter, statusSize } from './event-stream-object.js';
import { eventLoopDelay, measuresShape } from './measures.js';
import { MonitorObject } from './monitor-object.js';
import { facetRights } from './rights.js';
import { ServiceObject } from './service-object.js';
import { statusShape } from './shapes.js';
import { Filter, Scope } from './which.js';

/** Version of the protocol of `control.proto`. */
export const controlProtocol = 1;

/** The uid that no process has (setresuid(2)): whoever it stands for sees nothing. */
const nobody = 0xffff_ffff;

/** What the questions of the census have in common. */
interface Question {
  readonly after?: string | null;
  readonly count?: number | null;
  readonly which?: WhichShape | null;
}

export class ManagerObject extends ControlObject {
  /** With `account` undefined it is a root, and stays when nobody is connected. */
  constructor(place: Place, rights: Rights, account?: number) {
    super(place, rights, account, { label: 'manager' });
  }

  protected override statusMessage(): Message {
    const { supervisor, facts } = this.place.room;
    const now = supervisor.info();
    const info = {
      version: facts.version,
      protocol: controlProtocol,
      pid: facts.pid,
      uptimeMs: now.uptimeMs,
      startedWallMs: now.startedWallMs,
      transport: this.place.transport,
      mode: facts.mode,
      serviceDirectories: [...now.serviceDirectories],
      socket: facts.socketOf(this.place.transport),
      brokerRestarts: now.brokerRestarts,
      services: now.services,
      servicesActive: now.servicesActive,
      isShuttingDown: now.isShuttingDown,
      rights: this.rights,
    };
    return { bytes: Response.encode({ info }).finish() };
  }

  protected override perform(incoming: Incoming): Result | Promise<Result> {
    const { request, account } = incoming;
    if (request.find) {
      const record = this.#find(request.find.name ?? '', request.find.load ?? false);
      const service = new ServiceObject(this.place, this.rights, account, record);
      const status = statusShape(this.place.room.supervisor.status(record));
      return { response: { found: { status } }, gives: service };
    }
    if (request.list) return this.#list(request.list.after ?? '', request.list.count ?? 0);
    if (request.facet) {
      const facet = new ManagerObject(
        this.place,
        facetRights(this.rights, request.facet.rights ?? 0),
        account,
      );
      return { response: { done: {} }, gives: facet };
    }
    if (request.subscribe) {
      const stream = EventStreamObject.open(this.place, incoming, request.subscribe);
      return { response: { done: {} }, gives: stream };
    }
    if (request.shutdown) return this.#shutdown(request.shutdown.wait ?? false);
    return this.#introspect(incoming);
  }

  #introspect(incoming: Incoming): Result | Promise<Result> {
    const { request } = incoming;
    if (request.monitor) {
      this.demand(Rights.RIGHTS_MANAGE, 'to monitor what passes');
      return { response: { done: {} }, gives: MonitorObject.open(this.place, incoming) };
    }
    return this.#inquire(incoming);
  }

  /** What takes a part of a turn to answer, and is asked by everybody. */
  async #inquire({ request, account }: Incoming): Promise<Result> {
    const { census, turnstile } = this.place.room;
    await turnstile.enter(account);
    if (request.peers) {
      const { entries, next } = census.peers(this.#inquiry(request.peers, account));
      return { response: { peers: { peers: entries, next } } };
    }
    if (request.handles) {
      const { entries, next } = census.handles(this.#inquiry(request.handles, account));
      return { response: { handles: { handles: entries, next } } };
    }
    if (request.accounts) {
      const { entries, next } = census.accounts(this.#inquiry(request.accounts, account));
      return { response: { accounts: { accounts: entries, next } } };
    }
    if (request.measure) return this.#measure();
    throw new BrokerError(ErrorCode.UnknownMethod, `the manager has no method '${request.method}'`);
  }

  /** A question as the asker may ask it: who has not all rights sees what is its own user's. */
  #inquiry(question: Question, account: number): Inquiry {
    const { census, machine, time } = this.place.room;
    const names = machine.names();
    const uid = census.find(this.place.transport)?.introspection.uidOf(account);
    const sees = this.rights >= Rights.RIGHTS_MANAGE ? undefined : (uid ?? nobody);
    return {
      after: question.after ?? '',
      count: question.count ?? 0,
      scope: new Scope(sees),
      filter: new Filter(question.which, names, (node) => census.serviceOf(node)),
      names,
      nowMs: time.monotonicMs(),
    };
  }

  async #measure(): Promise<Result> {
    const { supervisor, machine, census, time, monitors } = this.place.room;
    const eventLoopDelayMs = await eventLoopDelay(time);
    const { servers } = census;
    return {
      response: { measures: measuresShape({ supervisor, machine, servers, monitors, eventLoopDelayMs }) },
    };
  }

  #find(name: string, load: boolean): ServiceRecord {
    const { supervisor } = this.place.room;
    const record = supervisor.find(name);
    if (record !== undefined) return record;
    if (name === '' || Buffer.byteLength(name) > limits.serviceNameBytesMax) {
      throw new ControlFailure(
        ErrorCode.InvalidArgument,
        `a service's name has 1 to ${limits.serviceNameBytesMax} bytes`,
      );
    }
    if (!load) throw new ControlFailure(ErrorCode.NotFound, `no service '${name}' is loaded`, name);
    this.demand(Rights.RIGHTS_MANAGE, `to load the service '${name}'`);
    const result = supervisor.load(name);
    if (result.ok) return result.record;
    throw loadFailure(name, result.findings);
  }

  #list(after: string, count: number): Result {
    const { supervisor } = this.place.room;
    const records = supervisor.list();
    const services: StatusShape[] = [];
    let at = firstAfter(records, after);
    let bytes = 0;
    for (let record = records[at]; record !== undefined; record = records[at]) {
      if (count > 0 && services.length === count) break;
      const status = statusShape(supervisor.status(record));
      bytes += statusSize(status);
      if (bytes > answerBytesMax && services.length > 0) break;
      services.push(status);
      at += 1;
    }
    return { response: { list: { services, more: at < records.length } } };
  }

  #shutdown(wait: boolean): Result | Promise<Result> {
    this.demand(Rights.RIGHTS_MANAGE, 'to shut the manager down');
    const ended = this.place.room.supervisor.shutdown();
    return wait ? ended.then(() => doneResult) : doneResult;
  }
}
