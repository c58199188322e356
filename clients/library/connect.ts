/**
 * The way in: a connection to a manager.
 */
import { BrokerError, ErrorCode, limits, type Transport } from '../../broker/contract/index.js';
import type { OpenPacketLoop } from '../../broker/native/packet-loop.js';
import { type TransportParts, transports } from '../../transports/catalog.js';
import { defaultSocket, defaultTransport, transportSocket } from './address.js';
import { Manager } from './manager.js';

export type { TransportParts };

export interface ConnectOptions {
  /** A transport of the catalog by its name (default `sockets`), or one that is made already. */
  readonly transport?: string | Transport;
  /** The manager's control socket; default as for the command. */
  readonly socket?: string;
  /** A connected descriptor instead of a path, as a service may be given. Taken. */
  readonly descriptor?: number;
  readonly signal?: AbortSignal;
  /** How long to wait for the manager's welcome. */
  readonly timeoutMs?: number;
  /** Called with faults that belong to no call; default: they are thrown from the event loop. */
  readonly onError?: (error: unknown) => void;
  /** What a transport is made from; default: the process's packet loop and real time, made when first needed (`transportParts`). */
  readonly parts?: TransportParts;
}

/**
 * Connects to a manager. The caller closes what is returned. Rejects with `unreachable`, `address-too-long`,
 * `permission-denied`, `version`, `deadline`, `aborted`, and with `invalid-argument` for a transport that does not exist.
 */
export async function connect(options: ConnectOptions = {}): Promise<Manager> {
  const { transport: chosen = defaultTransport, descriptor, signal, timeoutMs, onError } = options;
  const transport = typeof chosen === 'string' ? await createTransport(chosen, options.parts) : chosen;
  const place =
    descriptor === undefined
      ? { path: transportSocket(options.socket ?? ownSocket(), transport.name) }
      : { descriptor };
  const session = await transport.connect({
    ...place,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onError === undefined ? {} : { onError }),
  });
  return new Manager(session.peer, session.root, () => session.peer.close());
}

function ownSocket(): string {
  return defaultSocket({ env: process.env, uid: process.geteuid?.() ?? 0 });
}

/** Makes a transport of the catalog. Throws `invalid-argument`, with the names there are, for one that does not exist. */
export async function createTransport(name: string, parts?: TransportParts): Promise<Transport> {
  const entry = transports.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    const names = transports.map((candidate) => candidate.name).join(', ');
    throw new BrokerError(ErrorCode.InvalidArgument, `there is no transport '${name}': use one of ${names}`);
  }
  return entry.create(parts ?? (await transportParts()));
}

/** The names of the transports that reach another process. */
export function transportNames(): readonly string[] {
  return transports.filter((entry) => entry.manifest.crossProcess).map((entry) => entry.name);
}

export interface TransportPartsOptions {
  /**
   * How long the process looks for messages before it sleeps, in microseconds, at most `spinUsMax` (100); default 0, never. It buys
   * shorter calls for processor time (docs/spinning.md). A process has one packet loop, so that the first call decides.
   */
  readonly spinUs?: number;
}

/**
 * What transports are made from: one packet loop for the process and real time, made when first asked for, and kept. They do not
 * keep the process alive while nothing is open, and hold a few descriptors. Rejects with `invalid-argument` for a spin time that is
 * none, or another than the loop was made with, by whomever; who names none takes that.
 */
export async function transportParts(options: TransportPartsOptions = {}): Promise<TransportParts> {
  const { spinUs } = options;
  if (spinUs !== undefined && !(Number.isInteger(spinUs) && spinUs >= 0 && spinUs <= limits.spinUsMax)) {
    const text = `spinUs is ${spinUs}, and must be a whole number from 0 to ${limits.spinUsMax}`;
    throw new BrokerError(ErrorCode.InvalidArgument, text);
  }
  const [{ openPacketLoop, OtherSpinTime }, { createTime }] = await Promise.all([
    import('../../broker/native/packet-loop.js'),
    import('../../broker/native/time.js'),
  ]);
  // Nothing waits from here on: one of several first calls makes the parts, and one that fails leaves nothing to the next.
  const { packetBytesMax, descriptorReserve } = limits;
  const asked = spinUs === undefined ? {} : { spinUs };
  try {
    if (shared === undefined) {
      const time = createTime({ keepsAlive: false });
      shared = { loop: openPacketLoop({ packetBytesMax, descriptorReserve, ...asked }), time };
    } else if (spinUs !== undefined && spinUs !== shared.loop.spinUs) {
      throw new OtherSpinTime(shared.loop.spinUs);
    }
    return shared;
  } catch (error) {
    if (!(error instanceof OtherSpinTime)) throw error;
    const text = `spinUs is ${spinUs}, but the packet loop of this process was made with ${error.spinUs}`;
    throw new BrokerError(ErrorCode.InvalidArgument, text);
  }
}

let shared: (TransportParts & { readonly loop: OpenPacketLoop }) | undefined;
