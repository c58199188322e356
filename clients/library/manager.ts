/**
 * The manager, as a client sees it.
 */
import { type Handle, limits, type Peer } from '../../broker/contract/index.js';
import { type CallOptions, call, callBytes, missing, onlyHandle, pingBytes, statusBytes } from './caller.js';
import { type EventOptions, EventStream } from './events.js';
import { Service } from './service.js';
import { infoFrom, type ManagerInfo, type ServiceStatus, statusFrom } from './status.js';
import { type Rights, rightsWords } from './words.js';

/** A manager, or a facet of one. What is closed with `close` depends on where it came from: see `connect` and `facet`. */
export class Manager {
  readonly #peer: Peer;
  readonly #handle: Handle;
  readonly #release: () => void;

  /** Takes the handle; `release` is called by `close`, after the handle was closed. */
  constructor(peer: Peer, handle: Handle, release: () => void) {
    this.#peer = peer;
    this.#handle = handle;
    this.#release = release;
  }

  /** The peer that everything of this manager belongs to, for nodes of the application's own. */
  get peer(): Peer {
    return this.#peer;
  }

  /** The handle, for giving away; still this object's. */
  get handle(): Handle {
    return this.#handle;
  }

  /** The empty call. */
  async ping(options?: CallOptions): Promise<void> {
    await callBytes(this.#handle, pingBytes, options);
  }

  async info(options?: CallOptions): Promise<ManagerInfo> {
    const { response } = await callBytes(this.#handle, statusBytes, options);
    if (!response.info) throw missing('the information');
    return infoFrom(response.info);
  }

  /** A service that is loaded; throws `not-found` if it is not. The caller closes it. */
  find(name: string, options?: CallOptions): Promise<Service> {
    return this.#find(name, false, options);
  }

  /** A service, loaded first if necessary (with all that it depends on). The caller closes it. */
  load(name: string, options?: CallOptions): Promise<Service> {
    return this.#find(name, true, options);
  }

  /** All services that are loaded, in the order of their names. */
  async list(options?: CallOptions): Promise<readonly ServiceStatus[]> {
    const all: ServiceStatus[] = [];
    for await (const status of this.services(options)) all.push(status);
    return all;
  }

  /** The same, one after the other. Services that come and go meanwhile may be in it or not. */
  async *services(options?: CallOptions): AsyncGenerator<ServiceStatus, void, void> {
    let after = '';
    for (;;) {
      const { response } = await call(this.#handle, { list: { after } }, options);
      if (!response.list) throw missing('the list');
      const services = response.list.services ?? [];
      for (const service of services) yield statusFrom(service);
      const last = services.at(-1)?.name;
      if (!response.list.more || !last) return;
      after = last;
    }
  }

  /** What happens from now on. */
  async events(options: EventOptions = {}): Promise<EventStream> {
    const stream = new EventStream(this.#peer, limits.eventQueueItemsMax);
    await stream.subscribe(this.#handle, options);
    return stream;
  }

  /** Stops all services and ends the manager; with `wait`, resolves when the services are stopped. */
  async shutdown(options: CallOptions & { readonly wait?: boolean } = {}): Promise<void> {
    const { wait = false, ...rest } = options;
    await call(this.#handle, { shutdown: { wait } }, { ...rest, waits: wait });
  }

  /** The manager with at most these rights; closing it closes only that handle. */
  async facet(rights: Rights, options?: CallOptions): Promise<Manager> {
    const { answer } = await call(this.#handle, { facet: { rights: rightsWords.indexOf(rights) } }, options);
    return new Manager(this.#peer, onlyHandle(answer), () => undefined);
  }

  close(): void {
    this.#handle.close();
    this.#release();
  }

  async #find(name: string, load: boolean, options?: CallOptions): Promise<Service> {
    const { response, answer } = await call(this.#handle, { find: { name, load } }, options);
    return new Service(this.#peer, onlyHandle(answer), response.found?.status?.name || name);
  }
}
