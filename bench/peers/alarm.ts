/**
 * The alarm clock of a client in Node: the moments of an open loop, exact to some microseconds where Node's own timers know milliseconds
 * only. It is a timerfd in libuv's event loop (`alarm/alarm.c`); to set it costs a system call.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** One alarm a thread. */
export interface Alarm {
  /** Calls `listener` when the moment has come that was set last; throws if this thread has an alarm already. */
  open(listener: () => void): void;
  /** In so many milliseconds, fractions count; 0 or less: as soon as the event loop looks again. Instead of what was set before. */
  set(ms: number): void;
  /** The listener is not called again. Does nothing if none is open. */
  close(): void;
}

const path = fileURLToPath(
  new URL('../../../bench/peers/alarm/build/Release/capstan_alarm.node', import.meta.url),
);

/** Throws an `Error` that says what to do if the alarm is not built. */
export function loadAlarm(): Alarm {
  if (!existsSync(path)) throw new Error('the clock of open loops is not built; run "npm run build:native"');
  return createRequire(import.meta.url)(path) as Alarm;
}

/** Whether it is built. */
export const hasAlarm = existsSync(path);
