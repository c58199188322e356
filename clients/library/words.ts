/**
 * The words for the numbers of `control.proto`: what people, `--json` and applications see. The order is that of the numbers, which
 * never change; a number of a later version becomes `unknown`.
 */

export const stateWords = ['stopped', 'starting', 'started', 'stopping'] as const;
export type ServiceState = (typeof stateWords)[number];

export const typeWords = ['unknown', 'process', 'bgprocess', 'scripted', 'internal', 'triggered'] as const;
export type ServiceType = (typeof typeWords)[number];

export const stopReasonWords = [
  'normal',
  'dependency-restarted',
  'dependency-failed',
  'failed',
  'exec-failed',
  'timed-out',
  'terminated',
  'watchdog',
] as const;
export type StopReason = (typeof stopReasonWords)[number];

/** What a service says that it is doing, beside its state. */
export const activityWords = ['none', 'reloading', 'stopping'] as const;
export type Activity = (typeof activityWords)[number];

export const exitWords = ['exited', 'signalled', 'not-executed'] as const;
export type ExitKind = (typeof exitWords)[number];

/** As in service descriptions, without `soft`, which no description can name. */
export const dependencyWords = [
  'depends-on',
  'soft',
  'waits-for',
  'depends-ms',
  'before',
  'after',
  'prepared-by',
] as const;
export type DependencyKind = (typeof dependencyWords)[number];

export const eventWords = [
  'current',
  'started',
  'stopped',
  'start-failed',
  'start-cancelled',
  'stop-cancelled',
  'state',
  'log',
  'note',
  'loaded',
  'unloaded',
  'shutdown',
  'exit',
  'said',
] as const;
export type EventKind = (typeof eventWords)[number];

export const rightsWords = ['observe', 'control', 'manage'] as const;
export type Rights = (typeof rightsWords)[number];

/** What a monitor tells of. */
export const passedWords = [
  'message',
  'call',
  'reply',
  'reply-lost',
  'node-gone',
  'node-unused',
  'writable',
  'refused',
] as const;
export type PassedKind = (typeof passedWords)[number];

/** The word for a number; `fallback` where a later version knows more than this one. */
export function word<W extends string>(words: readonly W[], number: number, fallback: W): W {
  return words[number] ?? fallback;
}
