/** Connecting to a broker: the socket, the greeting, and all the ways in which it can fail. */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import * as limits from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { ConnectOptions, Manifest, Session } from '../../broker/contract/transport.js';
import { isSystemError, type Native } from '../../broker/native/addon.js';
import type { PacketLoop } from '../../broker/native/packets.js';
import { closeDescriptors } from './descriptors.js';
import { BusPeer } from './peer.js';
import { checkPath, systemFault } from './socket-file.js';
import { SocketLink } from './socket-link.js';

export interface ConnectParts {
  readonly native: Native;
  readonly loop: PacketLoop;
  readonly time: Time;
  readonly manifest: Manifest;
}

/** When to try again where too many wait to be accepted. */
const backlogRetryMs = 5;

/** Rejects as `Transport.connect` does; then nothing is left open, a descriptor that was handed in included. */
export async function connectBus(parts: ConnectParts, options: ConnectOptions): Promise<Session> {
  const wait = new Wait(parts.time, options);
  try {
    const descriptor = await open(parts, options, wait);
    const { manifest, time, loop } = parts;
    const peer = new BusPeer({ manifest, time, options });
    try {
      const link = new SocketLink(loop, time, descriptor, peer);
      peer.attach(link);
      await wait.orGiveUp(link.welcome);
      return { peer, root: peer.root };
    } catch (error) {
      peer.close();
      throw unreachable(error);
    }
  } finally {
    wait.end();
  }
}

/** A server that ends while it is being greeted cannot be reached. */
function unreachable(error: unknown): unknown {
  if (!(error instanceof BrokerError) || error.code !== ErrorCode.Disconnected) return error;
  return new BrokerError(ErrorCode.Unreachable, 'the broker ended the connection before its welcome', {
    cause: error,
  });
}

async function open(parts: ConnectParts, options: ConnectOptions, wait: Wait): Promise<number> {
  const { path, descriptor } = options;
  if ((path === undefined) === (descriptor === undefined)) {
    if (descriptor !== undefined) closeDescriptors([descriptor]);
    throw new BrokerError(ErrorCode.InvalidArgument, 'exactly one of path and descriptor is needed');
  }
  if (descriptor !== undefined) {
    if (wait.fault === undefined && parts.native.isSeqpacketSocket(descriptor)) return descriptor;
    closeDescriptors([descriptor]);
    throw (
      wait.fault ?? new BrokerError(ErrorCode.InvalidArgument, `descriptor ${descriptor} is no packet socket`)
    );
  }
  checkPath(path ?? '');
  for (;;) {
    if (wait.fault !== undefined) throw wait.fault;
    try {
      return parts.native.connect(path ?? '');
    } catch (error) {
      if (!isSystemError(error, 'EAGAIN')) throw connectFault(path ?? '', error);
      await wait.pause(backlogRetryMs);
    }
  }
}

function connectFault(path: string, cause: unknown): BrokerError {
  if (isSystemError(cause, 'EACCES') || isSystemError(cause, 'EPERM')) {
    return new BrokerError(ErrorCode.PermissionDenied, `no permission to connect to ${path}`, { cause });
  }
  if (isSystemError(cause, 'EMFILE') || isSystemError(cause, 'ENFILE')) {
    return systemFault(`cannot connect to ${path}`, cause);
  }
  return new BrokerError(ErrorCode.Unreachable, `nobody listens on ${path}`, { cause });
}

/** The deadline and the abort signal of one attempt. */
class Wait {
  readonly #time: Time;
  readonly #signal: AbortSignal | undefined;
  readonly #timer;
  readonly #abort = (): void => this.#giveUp(new BrokerError(ErrorCode.Aborted, 'connecting was given up'));
  #fault: BrokerError | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(time: Time, options: ConnectOptions) {
    this.#time = time;
    this.#signal = options.signal;
    const timeoutMs = options.timeoutMs ?? limits.helloTimeoutMs;
    this.#timer = time.createTimer(() =>
      this.#giveUp(new BrokerError(ErrorCode.Deadline, `no welcome came within ${timeoutMs} ms`)),
    );
    this.#timer.arm(timeoutMs);
    if (options.signal?.aborted === true) this.#abort();
    else options.signal?.addEventListener('abort', this.#abort);
  }

  /** Why to stop, if there is a reason. */
  get fault(): BrokerError | undefined {
    return this.#fault;
  }

  orGiveUp(promise: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
      if (this.#fault !== undefined) reject(this.#fault);
    });
  }

  pause(delayMs: number): Promise<void> {
    return this.orGiveUp(
      new Promise((resolve) => {
        this.#time.createTimer(resolve).arm(delayMs);
      }),
    );
  }

  end(): void {
    this.#timer.disarm();
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  #giveUp(fault: BrokerError): void {
    this.#fault ??= fault;
    this.#reject?.(fault);
  }
}
