/**
 * Where a start can fail, in words. The position in the list is the number on the wire (docs/spec/init.md, I6), so the list
 * only grows at its end.
 */

import { constants } from 'node:os';

export const spawnStages = [
  'none',
  'request',
  'ending',
  'table',
  'clone',
  'pidfd',
  'session',
  'group',
  'cgroup',
  'descriptors',
  'terminal',
  'directory',
  'oom-score',
  'nice',
  'ioprio',
  'rlimit',
  'securebits',
  'capabilities',
  'groups',
  'gid',
  'uid',
  'no-new-privs',
  'exec',
  'timeout',
  'adopt',
] as const;

export type SpawnStage = (typeof spawnStages)[number];

const nameByErrno = new Map<number, string>(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

/** `ENOENT` for 2; `errno 4711` for one that this system has no name for. */
export function errnoName(errno: number): string {
  return nameByErrno.get(errno) ?? `errno ${errno}`;
}
