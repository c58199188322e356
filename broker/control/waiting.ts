/**
 * Calls that wait for what comes of a start, a stop, a restart. Each is told every event of its service as it happens, and is
 * settled by the first that decides it, by its deadline, or by the end of the service's description.
 */
import { ErrorCode, type Time, type Timer } from '../contract/index.js';
import type { ServiceStatus, SupervisorEvent } from '../supervisor/index.js';
import { ControlFailure } from './errors.js';

export type Wanted = 'started' | 'stopped';

/** Undecided yet, decided, or failed. */
type Verdict = 'wait' | 'done' | ControlFailure;

/** A call that waits. */
export interface Waiting {
  readonly outcome: Promise<ServiceStatus>;
  /** Ends the wait, with this failure if there is one. */
  cancel(failure?: ControlFailure): void;
}

interface Waiter {
  readonly wanted: Wanted;
  readonly settle: (result: ServiceStatus | ControlFailure) => void;
}

/**
 * What an event means for somebody who waits. A start that had to wait for a stop sees `stopped` first, and a stop of a service
 * that cannot be interrupted sees `started`: the desired state at that moment tells whether it goes on.
 */
function judge(event: SupervisorEvent, wanted: Wanted): Verdict {
  switch (event.kind) {
    case 'started':
      if (wanted === 'started') return 'done';
      return event.status.desired === 'started' ? undone(wanted) : 'wait';
    case 'stopped':
      if (wanted === 'stopped') return 'done';
      return event.status.desired === 'stopped' ? startFailed(event.status) : 'wait';
    case 'failed-start':
      return wanted === 'started' ? startFailed(event.status) : 'wait';
    case 'start-cancelled':
      return wanted === 'started' ? undone(wanted) : 'wait';
    case 'stop-cancelled':
      return wanted === 'stopped' ? undone(wanted) : 'wait';
    case 'unloaded':
      return new ControlFailure(ErrorCode.NodeGone, 'its description was unloaded meanwhile');
    default:
      return 'wait';
  }
}

function startFailed(status: ServiceStatus): ControlFailure {
  const why = status.failure === '' ? '' : `: ${status.failure}`;
  return new ControlFailure(ErrorCode.StartFailed, `it failed to start${why}`, status.name);
}

function undone(wanted: Wanted): ControlFailure {
  return wanted === 'started'
    ? new ControlFailure(ErrorCode.StartFailed, 'its start was cancelled')
    : new ControlFailure(ErrorCode.WrongState, 'its stop was cancelled, because it is to be started again');
}

/** Those who wait for one service. */
export class Waiters {
  readonly #time: Time;
  readonly #waiters = new Set<Waiter>();

  constructor(time: Time) {
    this.#time = time;
  }

  /**
   * Begins to wait, before the request is made, because what it leads to may be told from within it; `deadlineMs` from now, 0:
   * for ever. `outcome` rejects with `ControlFailure`; after `cancel` without a failure it never settles.
   */
  begin(wanted: Wanted, deadlineMs: number): Waiting {
    let timer: Timer | undefined;
    let settle: Waiter['settle'] = () => undefined;
    const outcome = new Promise<ServiceStatus>((resolve, reject) => {
      settle = (result) => {
        cancel();
        if (result instanceof ControlFailure) reject(result);
        else resolve(result);
      };
    });
    const waiter: Waiter = { wanted, settle };
    const cancel = (): void => {
      this.#waiters.delete(waiter);
      timer?.disarm();
    };
    this.#waiters.add(waiter);
    if (deadlineMs > 0) {
      const what = wanted === 'started' ? 'started' : 'stopped';
      timer = this.#time.createTimer(() =>
        waiter.settle(new ControlFailure(ErrorCode.Deadline, `it has not ${what} in time`)),
      );
      timer.arm(deadlineMs);
    }
    return {
      outcome,
      cancel: (failure) => {
        if (failure === undefined) cancel();
        else waiter.settle(failure);
      },
    };
  }

  /** An event of the service. Does not throw and asks nothing of anybody. */
  tell(event: SupervisorEvent): void {
    if (this.#waiters.size === 0) return;
    for (const waiter of [...this.#waiters]) {
      const verdict = judge(event, waiter.wanted);
      if (verdict === 'wait') continue;
      if (verdict !== 'done') waiter.settle(verdict);
      else if ('status' in event) waiter.settle(event.status);
    }
  }

  /** The manager ends: everybody who waits hears it. */
  close(): void {
    const failure = new ControlFailure(ErrorCode.ShuttingDown, 'the manager ends');
    for (const waiter of [...this.#waiters]) waiter.settle(failure);
  }
}
