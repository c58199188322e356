/** The signals that `term-signal` may name, with their numbers on Linux (signal(7)); `none` is 0. */
export const signalNumbers: ReadonlyMap<string, number> = new Map([
  ['NONE', 0],
  ['none', 0],
  ['HUP', 1],
  ['INT', 2],
  ['QUIT', 3],
  ['KILL', 9],
  ['USR1', 10],
  ['USR2', 12],
  ['TERM', 15],
  ['CONT', 18],
  ['STOP', 19],
]);

/** Those that `watchdog-signal` may name: what ends a process, if possible with a trace of where it was. */
export const watchdogSignalNumbers: ReadonlyMap<string, number> = new Map([
  ['ABRT', 6],
  ['HUP', 1],
  ['INT', 2],
  ['QUIT', 3],
  ['SEGV', 11],
  ['KILL', 9],
  ['USR1', 10],
  ['USR2', 12],
  ['TERM', 15],
]);

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGABRT = 6;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGUSR2 = 12;
export const SIGTERM = 15;
