/**
 * All settings of the format, and what is done with each. One that is in neither list is unknown.
 */

/**
 * Settings that are supported (those of the format, and our `watchdog-…`), and when variables are replaced in them (services V5): `before` loading, with the manager's
 * environment; `load`, with the environment that the process will get; `never`.
 */
export const substitutionOf = {
  type: 'never',
  command: 'load',
  'stop-command': 'load',
  'depends-on': 'before',
  'depends-ms': 'before',
  'waits-for': 'before',
  'depends-on.d': 'before',
  'depends-ms.d': 'before',
  'waits-for.d': 'before',
  restart: 'never',
  'smooth-recovery': 'never',
  'restart-delay': 'never',
  'restart-limit-interval': 'never',
  'restart-limit-count': 'never',
  'start-timeout': 'never',
  'stop-timeout': 'never',
  'working-dir': 'load',
  'run-as': 'never',
  'env-file': 'before',
  logfile: 'load',
  'log-type': 'never',
  'log-buffer-size': 'never',
  'logfile-permissions': 'never',
  'term-signal': 'never',
  termsignal: 'never',
  'ready-notification': 'never',
  'watchdog-timeout': 'never',
  'watchdog-signal': 'never',
  options: 'never',
} as const;

export type SettingName = keyof typeof substitutionOf;

/** Settings of the format that are refused by name, so that nobody believes they have an effect. */
export const unsupportedSettings: ReadonlySet<string> = new Set([
  'pid-file',
  'prepared-by',
  'before',
  'after',
  'chain-to',
  'socket-listen',
  'socket-permissions',
  'socket-uid',
  'socket-gid',
  'logfile-uid',
  'logfile-gid',
  'consumer-of',
  'load-options',
  'inittab-id',
  'inittab-line',
  'rlimit-nofile',
  'rlimit-core',
  'rlimit-data',
  'rlimit-addrspace',
  'nice',
  'run-in-cgroup',
  'capabilities',
  'securebits',
  'ioprio',
  'oom-score-adj',
]);

/** Where `+=` means something: it appends. */
export const appendableSettings: ReadonlySet<string> = new Set([
  'command',
  'stop-command',
  'capabilities',
  'securebits',
]);

/** Words of `options`. `ignored`: what they ask for is always so, or has no counterpart here. */
export const optionMeanings: ReadonlyMap<string, 'supported' | 'ignored' | 'unsupported'> = new Map([
  ['start-interruptible', 'supported'],
  ['signal-process-only', 'supported'],
  ['skippable', 'supported'],
  ['starts-rwfs', 'ignored'],
  ['starts-log', 'ignored'],
  ['runs-on-console', 'unsupported'],
  ['starts-on-console', 'unsupported'],
  ['shares-console', 'unsupported'],
  ['unmask-intr', 'unsupported'],
  ['pass-cs-fd', 'unsupported'],
  ['always-chain', 'unsupported'],
  ['kill-all-on-stop', 'unsupported'],
  ['no-new-privs', 'unsupported'],
]);

export const serviceTypes: ReadonlySet<string> = new Set(['process', 'scripted', 'internal']);
export const unsupportedTypes: ReadonlySet<string> = new Set(['bgprocess', 'triggered']);

export function isSupportedSetting(name: string): name is SettingName {
  return Object.hasOwn(substitutionOf, name);
}
