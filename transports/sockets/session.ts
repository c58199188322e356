/**
 * Connecting: a peer whose first handle is the root that the other side gives it. The wait for the welcome, for room in the backlog
 * and for the caller's patience are one deadline.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/errors.js';
import { helloTimeoutMs } from '../../broker/contract/limits.js';
import type { Time } from '../../broker/contract/platform.js';
import type { ConnectOptions, Session } from '../../broker/contract/transport.js';
import { dial } from './address.js';
import { SocketsHandle } from './handle.js';
import { type SocketsParts, SocketsPeer } from './peer.js';

/** Pause between two tries while the server's backlog is full. */
const backlogRetryMs = 5;

/** The caller's patience: rejects when the deadline has passed or the signal says so. */
export class Patience {
  readonly ended: Promise<BrokerError>;
  readonly #stop: () => void;

  constructor(time: Time, options: { readonly timeoutMs?: number; readonly signal?: AbortSignal }) {
    let end: (error: BrokerError) => void = () => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    const timer = time.createTimer(() => {
      end(new BrokerError(ErrorCode.Deadline, 'the server did not answer in time'));
    });
    timer.arm(options.timeoutMs ?? helloTimeoutMs);
    const { signal } = options;
    const onAbort = (): void => end(new BrokerError(ErrorCode.Aborted, 'the connect was given up'));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
    this.#stop = () => {
      timer.disarm();
      signal?.removeEventListener('abort', onAbort);
    };
  }

  stop(): void {
    this.#stop();
  }
}

/** Takes `options.descriptor`, also when it rejects; then nothing is left open. */
export async function connect(parts: SocketsParts, options: ConnectOptions): Promise<Session> {
  const { path, descriptor } = options;
  if (options.signal?.aborted === true) {
    if (descriptor !== undefined) parts.system.close(descriptor);
    throw new BrokerError(ErrorCode.Aborted, 'the connect was given up');
  }
  if ((path === undefined) === (descriptor === undefined)) {
    if (descriptor !== undefined) parts.system.close(descriptor);
    throw new BrokerError(ErrorCode.InvalidArgument, 'connect needs a path or a descriptor, and not both');
  }
  const patience = new Patience(parts.time, options);
  try {
    return await greet(parts, options, descriptor ?? (await reach(parts, path ?? '', patience)), patience);
  } finally {
    patience.stop();
  }
}

/** A connected socket, as soon as the backlog has room. */
export async function reach(
  parts: Pick<SocketsParts, 'system' | 'time'>,
  path: string,
  patience: Patience,
): Promise<number> {
  for (;;) {
    const descriptor = dial(parts.system, path);
    if (descriptor !== undefined) return descriptor;
    const impatience = await Promise.race([patience.ended, pause(parts)]);
    if (impatience !== undefined) throw impatience;
  }
}

function pause(parts: Pick<SocketsParts, 'time'>): Promise<undefined> {
  return new Promise((resolve) => {
    parts.time.createTimer(() => resolve(undefined)).arm(backlogRetryMs);
  });
}

async function greet(
  parts: SocketsParts,
  options: ConnectOptions,
  descriptor: number,
  patience: Patience,
): Promise<Session> {
  const peer = new SocketsPeer(parts, options);
  let root: SocketsHandle;
  try {
    root = new SocketsHandle(peer, descriptor, { isRoot: true });
  } catch (cause) {
    peer.close();
    throw new BrokerError(ErrorCode.Unreachable, 'the descriptor is not a connected socket', { cause });
  }
  const refusal = await Promise.race([patience.ended, root.handshake()]);
  if (refusal === undefined) return { peer, root };
  peer.close();
  throw refusal;
}
