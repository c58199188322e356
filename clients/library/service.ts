/**
 * A service, as a client sees it: a handle with one method for each of the object's.
 */
import type { RequestShape } from '../../broker/contract/control.js';
import { type Handle, limits, type Peer } from '../../broker/contract/index.js';
import { type CallOptions, call, callBytes, missing, onlyHandle, pingBytes, statusBytes } from './caller.js';
import { type EventOptions, EventStream } from './events.js';
import {
  type Dependency,
  dependencyFrom,
  type LogLine,
  lineFrom,
  type Outcome,
  outcomeFrom,
  type ServiceLog,
  type ServiceStatus,
  statusFrom,
} from './status.js';
import { type Rights, rightsWords } from './words.js';

/** Options of the methods that change a service's state. */
export interface ChangeOptions extends CallOptions {
  /** Wait for the outcome; default true. Without: the answer comes as soon as the request is accepted. */
  readonly wait?: boolean;
}

export interface PinOptions extends ChangeOptions {
  /** Keep it in that state until it is unpinned; default false. */
  readonly pin?: boolean;
}

export interface StopOptions extends PinOptions {
  /** Stop what depends on it, too; default false. */
  readonly force?: boolean;
}

export interface RestartOptions extends ChangeOptions {
  readonly force?: boolean;
}

export interface LogOptions extends CallOptions {
  /** Only lines with a higher number. */
  readonly after?: number;
  /** Only the newest so many. */
  readonly linesMax?: number;
  /** Empty the log afterwards. */
  readonly clear?: boolean;
}

/** A service. Close it when it is not needed any more; nothing happens to the service then. */
export class Service {
  readonly name: string;
  readonly #peer: Peer;
  readonly #handle: Handle;

  /** Takes the handle. */
  constructor(peer: Peer, handle: Handle, name: string) {
    this.#peer = peer;
    this.#handle = handle;
    this.name = name;
  }

  /** The handle, for giving away; still this object's. */
  get handle(): Handle {
    return this.#handle;
  }

  /** The empty call. */
  async ping(options?: CallOptions): Promise<void> {
    await callBytes(this.#handle, pingBytes, options);
  }

  async status(options?: CallOptions): Promise<ServiceStatus> {
    const { response } = await callBytes(this.#handle, statusBytes, options);
    if (!response.status) throw missing('the status');
    return statusFrom(response.status);
  }

  start(options: PinOptions = {}): Promise<Outcome> {
    return this.#change({ start: { wait: options.wait ?? true, pin: options.pin ?? false } }, options);
  }

  stop(options: StopOptions = {}): Promise<Outcome> {
    const { wait = true, pin = false, force = false } = options;
    return this.#change({ stop: { wait, pin, force } }, options);
  }

  restart(options: RestartOptions = {}): Promise<Outcome> {
    return this.#change({ restart: { wait: options.wait ?? true, force: options.force ?? false } }, options);
  }

  wake(options: PinOptions = {}): Promise<Outcome> {
    return this.#change({ wake: { wait: options.wait ?? true, pin: options.pin ?? false } }, options);
  }

  release(options: ChangeOptions = {}): Promise<Outcome> {
    return this.#change({ release: { wait: options.wait ?? true } }, options);
  }

  async unpin(options?: CallOptions): Promise<void> {
    await call(this.#handle, { unpin: {} }, options);
  }

  /** Sends a signal, by its number, to the service's process. */
  async signal(number: number, options?: CallOptions): Promise<void> {
    await call(this.#handle, { signal: { number } }, options);
  }

  async unload(options?: CallOptions): Promise<void> {
    await call(this.#handle, { unload: {} }, options);
  }

  /** What it depends on, in the order of its description; with `dependents`, what depends on it. */
  async dependencies(
    options: CallOptions & { readonly dependents?: boolean } = {},
  ): Promise<readonly Dependency[]> {
    const { dependents = false, ...rest } = options;
    const all: Dependency[] = [];
    for (;;) {
      const request = { dependencies: { dependents, skip: all.length } };
      const { response } = await call(this.#handle, request, rest);
      const list = response.dependencies;
      if (!list) throw missing('the dependencies');
      for (const entry of list.entries ?? []) all.push(dependencyFrom(entry));
      if (!list.more || (list.entries ?? []).length === 0) return all;
    }
  }

  /** What its log holds. */
  async log(options: LogOptions = {}): Promise<ServiceLog> {
    const { after = 0, linesMax = 0, clear = false, ...rest } = options;
    const lines: LogLine[] = [];
    for (;;) {
      const from = lines.at(-1)?.number ?? after;
      // The newest lines are asked for once; what does not fit into one message follows by number.
      const request = { log: { after: from, linesMax: lines.length === 0 ? linesMax : 0, clear } };
      const { response } = await call(this.#handle, request, rest);
      const text = response.log;
      if (!text) throw missing('the log');
      for (const line of text.lines ?? []) lines.push(lineFrom(line));
      if (text.more && (text.lines ?? []).length > 0) continue;
      return { lines, unfinished: text.unfinished ?? '', dropped: text.dropped ?? 0 };
    }
  }

  /** What happens to this service from now on. */
  async events(options: EventOptions = {}): Promise<EventStream> {
    const stream = new EventStream(this.#peer, limits.eventQueueItemsMax);
    await stream.subscribe(this.#handle, options);
    return stream;
  }

  /** The same service with at most these rights, to be given away or closed. */
  async facet(rights: Rights, options?: CallOptions): Promise<Service> {
    const { answer } = await call(this.#handle, { facet: { rights: rightsWords.indexOf(rights) } }, options);
    return new Service(this.#peer, onlyHandle(answer), this.name);
  }

  close(): void {
    this.#handle.close();
  }

  async #change(request: RequestShape, options: ChangeOptions): Promise<Outcome> {
    const { response } = await call(this.#handle, request, {
      ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      waits: options.wait ?? true,
    });
    if (!response.outcome) throw missing('the outcome');
    return outcomeFrom(response.outcome);
  }
}
