/**
 * The broker: puts the rooms together. What it needs from outside is handed in (`BrokerParts`): time, the event loop, the
 * transports, the connection to init. The command line is the composition root that does so.
 *
 * Control sockets. For the path P the transport `sockets` listens on P, and every other transport T on `P.T` (the bus on
 * `P.bus`). The listening descriptors are kept by init under `listen:T`, so that a client which connects while the broker is
 * restarted waits in the backlog and is not refused (`datagram` has no such descriptor: its clients find nobody meanwhile). Of a user's manager the files are made with mode 0600, a missing
 * directory with 0700; the system's may be reached by everybody. What a client may do follows from its kernel credentials
 * (control: rights).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  BrokerError,
  ErrorCode,
  limits,
  type OpenReadinessSocket,
  type Server,
  type Time,
  type Transport,
} from './contract/index.js';
import { type Control, createControl } from './control/index.js';
import { isSystemError } from './native/addon.js';
import type { PacketLoop } from './native/packets.js';
import { createDiagnostics, type DiagnosticsForm, joinLines } from './supervisor/diagnostics.js';
import { createPlatform } from './supervisor/native-platform.js';
import { OwnNotices } from './supervisor/own-notices.js';
import { defaultSocketPath, type ManagerMode } from './supervisor/service-directories.js';
import { Supervisor } from './supervisor/supervisor.js';

export type { Finding } from './service/index.js';
export { type Checked, checkDescriptions } from './supervisor/check-descriptions.js';
export { initDescriptor } from './supervisor/init-client.js';
export { initPath } from './supervisor/init-path.js';
export {
  defaultServiceDirectories,
  defaultSocketPath,
  type ManagerMode,
} from './supervisor/service-directories.js';
export type { DiagnosticsForm };

export interface BrokerParts {
  readonly time: Time;
  readonly loop: PacketLoop;
  /** The socket that init gave (`initDescriptor(process.env)`). Taken. */
  readonly initDescriptor: number;
  /** Each listens at `controlPath(socketPath, transport.name)`. */
  readonly transports: readonly Transport[];
  readonly socketPath: string;
  /** Makes the sockets through which services say how they are; without it those that want one cannot be started. */
  readonly openReadinessSocket?: OpenReadinessSocket | undefined;
  readonly mode: ManagerMode;
  /** In the order in which they are searched; absolute. */
  readonly serviceDirectories: readonly string[];
  /** Loaded and started once, in this order. */
  readonly startNames: readonly string[];
  /** The environment of the manager, from which those of the services are made. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Of this process: `process.pid`, effective ids. */
  readonly identity: { readonly pid: number; readonly uid: number; readonly gid: number };
  readonly diagnostics: DiagnosticsForm;
  /** Writes lines, each with its newline, to standard error. Must not throw. */
  readonly write: (line: string) => void;
  /** The control sockets accept, and the first services are under way. `isFirst`: no broker before had come so far. */
  readonly ready?: (isFirst: boolean) => void;
  /** Ends the process. Called once, after the last word to init. */
  readonly exit: (status: number) => void;
}

export interface Broker {
  readonly supervisor: Supervisor;
}

/** Where a transport listens for the control path `path`. */
export function controlPath(path: string, transport: string): string {
  return transport === 'sockets' ? path : `${path}.${transport}`;
}

/**
 * Readiness sockets stand beside the control socket. Where that has no file, they stand where it would have one, and its name tells
 * them from those of other managers.
 */
function readinessPrefix({ socketPath, mode, environment }: BrokerParts): string {
  if (!socketPath.startsWith('@')) return `${socketPath}.notify-`;
  const path = defaultSocketPath(mode, { XDG_RUNTIME_DIR: environment['XDG_RUNTIME_DIR'] });
  return `${path}-${createHash('sha256').update(socketPath).digest('hex').slice(0, 8)}.notify-`;
}

/** Answers that are under way when everything has stopped get this long. */
const lingerMs = 50;
const listenPrefix = 'listen:';

class RunningBroker implements Broker {
  readonly supervisor: Supervisor;
  readonly #parts: BrokerParts;
  readonly #control: Control;
  readonly #report: (text: string) => void;
  readonly #servers: Server[] = [];
  readonly #notices: OwnNotices;
  #isEnding = false;

  constructor(parts: BrokerParts) {
    const { time, loop, environment, identity, mode, socketPath: socket, version } = parts;
    const diagnostics = createDiagnostics(parts.diagnostics, joinLines(parts.write), () => time.wallMs());
    this.#parts = parts;
    this.#report = (text) => diagnostics.error(text);
    this.#notices = new OwnNotices({ time, environment });
    this.supervisor = new Supervisor({
      time,
      loop,
      platform: createPlatform(),
      initDescriptor: parts.initDescriptor,
      serviceDirectories: parts.serviceDirectories,
      startNames: parts.startNames,
      environment: presentVariables(environment),
      identity,
      openReadinessSocket: parts.openReadinessSocket,
      readinessPrefix: readinessPrefix(parts),
      diagnostics,
      ready: (stored) => void this.#serve(stored),
      ended: (why) => this.#end(why),
    });
    this.supervisor.listen((event) => {
      if (event.kind === 'shutdown') this.#notices.stopping();
    });
    const socketOf = (transport: string): string => controlPath(socket, transport);
    const facts = { version, pid: identity.pid, uid: identity.uid, mode, socketOf };
    this.#control = createControl({ supervisor: this.supervisor, time, facts });
  }

  /** One that cannot be made is told by the start that needs it. */
  #makeReadinessDirectory(): void {
    try {
      this.#makeDirectory(readinessPrefix(this.#parts));
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  /** Opens the control sockets, or those that init kept, and begins. */
  async #serve(stored: Map<string, number>): Promise<void> {
    try {
      for (const transport of this.#parts.transports) {
        const name = listenPrefix + transport.name;
        const inherited = stored.get(name);
        stored.delete(name);
        const server = await this.#listen(transport, inherited);
        if (this.#isEnding) {
          server.close({ keepSocket: true });
          return;
        }
        this.#servers.push(server);
        if (inherited === undefined && server.descriptor !== undefined) {
          this.supervisor.store(name, server.descriptor);
        }
      }
    } catch (error) {
      this.#report(error instanceof Error ? error.message : String(error));
      // Services that run already are worth more than the door to them.
      if (!this.supervisor.hasBegun) {
        this.#finish(1);
        return;
      }
    } finally {
      for (const [name, descriptor] of stored) this.supervisor.discard(name, descriptor);
    }
    this.#makeReadinessDirectory();
    const isFirst = !this.supervisor.hasBegun;
    this.supervisor.begin();
    this.#notices.ready();
    this.#parts.ready?.(isFirst);
  }

  async #listen(transport: Transport, inherited: number | undefined): Promise<Server> {
    const root = (server: Server) => this.#control.publish(server, transport.name);
    if (inherited !== undefined) return transport.serve({ descriptor: inherited, root });
    const path = controlPath(this.#parts.socketPath, transport.name);
    if (Buffer.byteLength(path) > limits.socketPathBytesMax) {
      throw new BrokerError(
        ErrorCode.AddressTooLong,
        `the control socket's path ${path} is longer than the ${limits.socketPathBytesMax} bytes that the kernel allows; name a shorter one with --socket`,
      );
    }
    try {
      const isForAll = this.#parts.mode === 'system';
      if (!path.startsWith('@')) this.#makeDirectory(path);
      return await transport.serve({ path, mode: isForAll ? 0o666 : 0o600, root });
    } catch (error) {
      throw listenError(path, error);
    }
  }

  /** The directory of a file. */
  #makeDirectory(path: string): void {
    mkdirSync(dirname(path), { recursive: true, mode: this.#parts.mode === 'system' ? 0o755 : 0o700 });
  }

  /** Everything is stopped, or init is gone. */
  #end(why: 'stopped' | 'lost'): void {
    if (why === 'lost') {
      this.#close();
      this.#exit(1);
      return;
    }
    this.#parts.time.createTimer(() => this.#finish(0)).arm(lingerMs);
  }

  #finish(status: number): void {
    this.#close();
    this.supervisor.finish(status);
    this.#exit(status);
  }

  /** After what waits to be written. */
  #exit(status: number): void {
    queueMicrotask(() => this.#parts.exit(status));
  }

  #close(): void {
    this.#isEnding = true;
    this.#notices.close();
    this.#control.close();
    for (const server of this.#servers) server.close();
    for (const transport of this.#parts.transports.slice(0, this.#servers.length)) {
      const path = controlPath(this.#parts.socketPath, transport.name);
      // A server over an inherited descriptor did not bind the path and leaves it.
      if (!path.startsWith('@')) rmSync(path, { force: true });
    }
  }
}

function presentVariables(environment: BrokerParts['environment']): ReadonlyMap<string, string> {
  const present = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) present.set(name, value);
  return present;
}

/** What to say about a control socket that cannot be had, and what to do. */
function listenError(path: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof BrokerError && error.code === ErrorCode.AddressInUse) {
    const text = `another manager listens on ${path}; stop it, or name another path with --socket`;
    return new BrokerError(ErrorCode.AddressInUse, text, { cause: error });
  }
  return new BrokerError(ErrorCode.System, `cannot listen on ${path}: ${reason}`, { cause: error });
}

/** Connects to init, takes over or begins, and serves until `exit` is called. */
export function createBroker(parts: BrokerParts): Broker {
  return new RunningBroker(parts);
}
