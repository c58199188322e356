/**
 * A call on a control object: the request is encoded, the answer decoded, and an error in it thrown.
 */

import { Request, type RequestShape, Response } from '../../broker/contract/control.js';
import {
  type Answer,
  BrokerError,
  ErrorCode,
  type Handle,
  type Transferable,
} from '../../broker/contract/index.js';
import { ControlError } from './control-error.js';

export interface CallOptions {
  /** How long to wait for the answer; default `limits.callDeadlineMs`, and no end for calls that wait for an outcome. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** The longest deadline there is (24 days): that of a call which waits as long as it takes. */
const unlimitedMs = 0x7fffffff;
/** The manager answers in time; this much more is for the way back. */
const answerSlackMs = 2_000;

/** The empty call and the status call, encoded once. */
export const pingBytes = Request.encode({ ping: {} }).finish();
export const statusBytes = Request.encode({ status: {} }).finish();

/**
 * Calls with bytes that are encoded already. The answer's handles are the caller's.
 */
export async function callBytes(
  handle: Handle,
  bytes: Uint8Array,
  options: CallOptions = {},
): Promise<{ response: Response; answer: Answer }> {
  return decode(await handle.call({ bytes }, options));
}

/**
 * Calls. With `waits`, the call has no deadline but the one that is asked for. Borrows `handles`; the answer's handles are the
 * caller's. Throws `ControlError` with what the manager said, or the transport's `BrokerError`.
 */
export async function call(
  handle: Handle,
  request: RequestShape,
  options: CallOptions & { readonly waits?: boolean; readonly handles?: readonly Transferable[] } = {},
): Promise<{ response: Response; answer: Answer }> {
  const { deadlineMs, signal, waits = false, handles = [] } = options;
  const bytes = Request.encode(deadlineMs === undefined ? request : { ...request, deadlineMs }).finish();
  const ownMs = deadlineMs === undefined ? (waits ? unlimitedMs : undefined) : deadlineMs + answerSlackMs;
  const answer = await handle.call(
    { bytes, handles },
    {
      ...(ownMs === undefined ? {} : { deadlineMs: Math.min(ownMs, unlimitedMs) }),
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return decode(answer);
}

function decode(answer: Answer): { response: Response; answer: Answer } {
  let response: Response;
  try {
    response = Response.decode(answer.bytes);
  } catch (cause) {
    dropHandles(answer);
    throw new BrokerError(ErrorCode.Protocol, 'the manager answered with bytes that are no response', {
      cause,
    });
  }
  const { error } = response;
  if (error === null || error === undefined) return { response, answer };
  dropHandles(answer);
  throw new ControlError(
    // A code of a later version keeps its number: `errorName` calls it unknown-N.
    (error.code ?? ErrorCode.Protocol) as ErrorCode,
    error.message ?? '',
    error.where ?? '',
    error.names ?? [],
  );
}

/** Closes the handles that an answer brought. */
export function dropHandles(answer: Answer): void {
  for (const handle of answer.handles) handle.close();
}

/** The one handle that an answer has to bring; any others are closed. */
export function onlyHandle(answer: Answer): Handle {
  const [handle, ...others] = answer.handles;
  for (const other of others) other.close();
  if (handle === undefined) throw missing('a handle');
  return handle;
}

/** What to throw when an answer lacks what it has to bring. */
export function missing(what: string): BrokerError {
  return new BrokerError(ErrorCode.Protocol, `the manager's answer lacks ${what}`);
}
