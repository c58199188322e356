/**
 * Checks service descriptions as a manager would read them, without one: for `capstan check`, and for `capstan run` before it
 * starts anything.
 */
import { readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { BrokerError, ErrorCode } from '../contract/index.js';
import { createLoader, createServiceEngine, type Finding, idleActions } from '../service/index.js';
import { createDescriptionSource, createUserLookup, programFault } from './description-source.js';
import { errnoText } from './failure-text.js';
import { errnoOf } from './platform.js';

export interface Checked {
  /** How many services were checked by name. */
  readonly checked: number;
  readonly findings: readonly Finding[];
}

/**
 * Checks the named services and all that they refer to; without names, every description in the directories. `environment` is
 * the one in which the manager would run.
 */
export function checkDescriptions(
  directories: readonly string[],
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Checked {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined) variables.set(name, value);
  const loader = createLoader(createServiceEngine(idleActions), {
    source: createDescriptionSource(directories),
    users: createUserLookup(),
    environment: () => variables,
    programFault,
  });
  const checked = names.length > 0 ? names : namesIn(directories);
  return { checked: checked.length, findings: loader.check(checked) };
}

/**
 * The names of the descriptions in the directories, in their order: what does not begin with a dot and is a regular file, or is
 * to be one and cannot be had (a link that leads nowhere), which the check will say. A directory that is missing has none.
 * Throws `system` if one cannot be read.
 */
function namesIn(directories: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const directory of directories) {
    for (const name of entriesOf(directory)) {
      if (!name.startsWith('.') && mayBeDescription(`${directory}/${name}`)) names.add(name);
    }
  }
  return [...names].sort();
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const errno = errnoOf(error);
    // Default directories need not exist.
    if (errno === constants.errno.ENOENT) return [];
    const message = `the service directory ${directory} cannot be read: ${errnoText(errno)}`;
    throw new BrokerError(ErrorCode.System, message, { cause: error });
  }
}

function mayBeDescription(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return true;
  }
}
