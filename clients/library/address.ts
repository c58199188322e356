/**
 * Where the manager listens. One path is what people name; each transport has a socket of its own there: `sockets` at the path
 * itself, any other at the path with its name behind a dot.
 */
import { BrokerError, ErrorCode } from '../../broker/contract/index.js';

export const defaultTransport = 'sockets';

/** What the default address depends on. */
export interface AddressContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Which manager: the system's or the user's own; default by uid. */
  readonly mode?: 'system' | 'user';
}

/**
 * The path of the manager's control socket: `$CAPSTAN_SOCKET`, else `$XDG_RUNTIME_DIR/capstan/control` for a user and
 * `/run/capstan/control` for the system. Throws `invalid-argument` if it depends on a variable that is not set.
 */
export function defaultSocket(context: AddressContext): string {
  const { env, uid, mode } = context;
  const named = env['CAPSTAN_SOCKET'];
  if (named !== undefined && named !== '') return named;
  if ((mode ?? (uid === 0 ? 'system' : 'user')) === 'system') return '/run/capstan/control';
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime === undefined || runtime === '') {
    throw new BrokerError(
      ErrorCode.InvalidArgument,
      'XDG_RUNTIME_DIR is not set, so there is no default control socket: use --socket PATH or set CAPSTAN_SOCKET',
    );
  }
  return `${runtime}/capstan/control`;
}

/** The socket of one transport of the manager that is named by this path. */
export function transportSocket(socket: string, transport: string): string {
  return transport === defaultTransport ? socket : `${socket}.${transport}`;
}
