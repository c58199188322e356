/**
 * Where `capstan-init` is: the program that was built beside this file's sources, unless `CAPSTAN_INIT` names another (a build
 * with sanitizers, or one that the distribution put elsewhere).
 */

import { fileURLToPath } from 'node:url';

/** The environment variable that names another init. */
export const initPathVariable = 'CAPSTAN_INIT';

/**
 * The path of `capstan-init`. This module runs as `build/broker/supervisor/init-path.js`, in a checkout as in the installed
 * package, so the package's root is three folders up. Does not look whether the file is there.
 */
export function initPath(environment: Readonly<Record<string, string | undefined>>): string {
  const other = environment[initPathVariable];
  if (other !== undefined && other !== '') return other;
  return fileURLToPath(new URL('../../../broker/init/build/capstan-init', import.meta.url));
}
