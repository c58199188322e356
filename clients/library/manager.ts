/**
 * The manager, as a client sees it.
 */
import { type Handle, limits, type Peer } from '../../broker/contract/index.js';
import { type CallOptions, call, callBytes, missing, onlyHandle, pingBytes, statusBytes } from './caller.js';
import { type EventOptions, EventStream } from './events.js';
import {
  type AccountInfo,
  accountFrom,
  type HandleInfo,
  handleFrom,
  type Measures,
  measuresFrom,
  type PeerInfo,
  peerFrom,
  type Which,
  whichShape,
} from './introspection.js';
import { type MonitorOptions, MonitorStream } from './monitor.js';
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

  /**
   * Who is connected, over all transports of the manager. With the right to manage everybody, else the peers of the caller's own
   * user. Peers that come and go meanwhile may be in it or not.
   */
  peers(which: Which = {}, options?: CallOptions): AsyncGenerator<PeerInfo, void, void> {
    return this.#pages(async (after) => {
      const { response } = await call(this.#handle, { peers: { after, which: whichShape(which) } }, options);
      if (!response.peers) throw missing('the peers');
      return { entries: (response.peers.peers ?? []).map(peerFrom), next: response.peers.next };
    });
  }

  /** Who holds what: with the right to manage everything, else what the caller's own user holds. */
  handles(which: Which = {}, options?: CallOptions): AsyncGenerator<HandleInfo, void, void> {
    return this.#pages(async (after) => {
      const { response } = await call(
        this.#handle,
        { handles: { after, which: whichShape(which) } },
        options,
      );
      if (!response.handles) throw missing('the handles');
      return { entries: (response.handles.handles ?? []).map(handleFrom), next: response.handles.next };
    });
  }

  /** Users and their quotas: with the right to manage everybody's, else the caller's own. */
  accounts(which: Which = {}, options?: CallOptions): AsyncGenerator<AccountInfo, void, void> {
    return this.#pages(async (after) => {
      const { response } = await call(
        this.#handle,
        { accounts: { after, which: whichShape(which) } },
        options,
      );
      if (!response.accounts) throw missing('the accounts');
      return { entries: (response.accounts.accounts ?? []).map(accountFrom), next: response.accounts.next };
    });
  }

  /** Numbers of the manager as a whole. */
  async measure(options?: CallOptions): Promise<Measures> {
    const { response } = await call(this.#handle, { measure: {} }, options);
    if (!response.measures) throw missing('the measures');
    return measuresFrom(response.measures);
  }

  /** What passes from now on. Throws `permission-denied` without the right to manage. */
  async monitor(options: MonitorOptions = {}): Promise<MonitorStream> {
    const stream = new MonitorStream(this.#peer);
    await stream.begin(this.#handle, options);
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

  async *#pages<T>(
    ask: (
      after: string,
    ) => Promise<{ readonly entries: readonly T[]; readonly next: string | null | undefined }>,
  ): AsyncGenerator<T, void, void> {
    let after = '';
    do {
      const { entries, next } = await ask(after);
      yield* entries;
      after = next ?? '';
    } while (after !== '');
  }

  async #find(name: string, load: boolean, options?: CallOptions): Promise<Service> {
    const { response, answer } = await call(this.#handle, { find: { name, load } }, options);
    return new Service(this.#peer, onlyHandle(answer), response.found?.status?.name || name);
  }
}
