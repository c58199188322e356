/**
 * Which manager is meant, and where its service descriptions are: what `run` and `check` agree on.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { defaultServiceDirectories, type ManagerMode } from '../../broker/index.js';
import { Failed } from './failure.js';
import type { Output } from './output.js';

export interface DirectoryFlags {
  readonly servicesDir?: readonly string[];
  readonly user?: boolean;
  readonly system?: boolean;
}

/** The system's manager for root, unless told otherwise. */
export function modeOf(flags: DirectoryFlags): ManagerMode {
  if (flags.user === true) return 'user';
  return flags.system === true || process.geteuid?.() === 0 ? 'system' : 'user';
}

/** The directories to search, absolute. One that is named and is none is reported, and throws. */
export function serviceDirectories(
  output: Output,
  flags: DirectoryFlags,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (flags.servicesDir === undefined) return defaultServiceDirectories(modeOf(flags), env);
  const directories = flags.servicesDir.map((directory) => resolve(directory));
  for (const directory of directories) {
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) continue;
    output.failure(
      'not-found',
      `there is no service directory ${directory}`,
      'name one that exists with -d DIR',
      {
        directory,
      },
    );
    throw new Failed();
  }
  return directories;
}
