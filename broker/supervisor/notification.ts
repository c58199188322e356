/**
 * One message of the readiness protocol (sd_notify(3)): lines of `NAME=value`, in any order. Names and values that are not known are
 * ignored, as the protocol wants it, so nothing here fails. Of a name that comes twice the later line counts.
 */
import { limits } from '../contract/index.js';
import type { ServiceWord } from '../service/index.js';

export interface Notification {
  readonly word: ServiceWord;
  /** `MAINPID`: the process that is to be taken for the service's; undefined where none is named. */
  readonly mainPid: number | undefined;
}

const decoder = new TextDecoder();
/** Longest time that a timer can wait; what is longer is as good as for ever. */
const msMax = 0x7fff_ffff;
const pidMax = 2 ** 22;
const errnoMax = 4095;
const exitMax = 255;

/** Characters that move a terminal's cursor, change its direction of writing, or end a line. */
const unprintable = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text for people: one line, printable, at most `statusTextBytesMax` bytes. */
export function statusLine(text: string): string {
  const line = text.replace(unprintable, ' ').trim();
  if (Buffer.byteLength(line) <= limits.statusTextBytesMax) return line;
  const ellipsis = '…';
  let room = limits.statusTextBytesMax - Buffer.byteLength(ellipsis);
  let kept = '';
  for (const character of line) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    kept += character;
  }
  return kept + ellipsis;
}

function wholeNumber(value: string, max: number): number | undefined {
  if (!/^\d{1,20}$/.test(value)) return undefined;
  const number = Number(value);
  return number <= max ? number : undefined;
}

/** Microseconds as milliseconds, at most what a timer can wait. */
function durationMs(value: string): number | undefined {
  return /^\d{1,20}$/.test(value) ? Math.min(Number(value) / 1000, msMax) : undefined;
}

/** The protocol's "for ever" is as good as no watchdog. */
function watchdogPeriodMs(value: string): number | undefined {
  const ms = durationMs(value);
  return ms === msMax ? 0 : ms;
}

function present<K extends keyof ServiceWord>(name: K, value: ServiceWord[K] | undefined): ServiceWord {
  return value === undefined ? {} : { [name]: value };
}

function wordOf(name: string, value: string): ServiceWord {
  switch (name) {
    case 'READY':
      return value === '1' ? { isReady: true } : {};
    case 'RELOADING':
      return value === '1' ? { isReloading: true } : {};
    case 'STOPPING':
      return value === '1' ? { isStopping: true } : {};
    case 'STATUS':
      return { statusText: statusLine(value) };
    case 'ERRNO':
      return present('errno', wholeNumber(value, errnoMax));
    case 'EXIT_STATUS':
      return present('exitStatus', wholeNumber(value, exitMax));
    case 'WATCHDOG':
      if (value === 'trigger') return { watchdog: 'trigger' };
      return value === '1' ? { watchdog: 'alive' } : {};
    case 'WATCHDOG_USEC':
      return present('watchdogMs', watchdogPeriodMs(value));
    case 'EXTEND_TIMEOUT_USEC':
      return present('extendMs', durationMs(value));
    default:
      return {};
  }
}

export function parseNotification(text: Uint8Array): Notification {
  let word: ServiceWord = {};
  let mainPid: number | undefined;
  for (const line of decoder.decode(text).split('\n')) {
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    const name = line.slice(0, equals);
    const value = line.slice(equals + 1);
    if (name === 'MAINPID') mainPid = wholeNumber(value, pidMax) ?? mainPid;
    else word = { ...word, ...wordOf(name, value) };
  }
  return { word, mainPid: mainPid === undefined || mainPid < 2 ? undefined : mainPid };
}
