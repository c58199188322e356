/**
 * Checks service descriptions as a manager would read them, without one: for `capstan check`, and for `capstan run` before it
 * starts anything.
 */
import { readdirSync, statSync } from 'node:fs';
import { createLoader, createServiceEngine, type Finding, type ServiceActions } from '../service/index.js';
import { createDescriptionSource, createUserLookup } from './description-source.js';

export interface Checked {
  /** How many services were checked by name. */
  readonly checked: number;
  readonly findings: readonly Finding[];
}

const nothing = (): void => {};

/** Checking starts nothing, so nothing is asked of anybody. */
const idle: ServiceActions = {
  spawn: nothing,
  signal: nothing,
  arm: nothing,
  disarm: nothing,
  event: nothing,
  stateChanged: nothing,
  note: nothing,
  changed: nothing,
  settled: nothing,
  allStopped: nothing,
};

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
  const loader = createLoader(createServiceEngine(idle), {
    source: createDescriptionSource(directories),
    users: createUserLookup(),
    environment: () => variables,
  });
  const checked = names.length > 0 ? names : namesIn(directories);
  return { checked: checked.length, findings: loader.check(checked) };
}

/** The names of the descriptions in the directories, in their order: regular files whose names do not begin with a dot. */
function namesIn(directories: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const directory of directories) {
    let entries: readonly string[];
    try {
      entries = readdirSync(directory);
    } catch {
      // Default directories need not exist.
      continue;
    }
    for (const name of entries) {
      if (name.startsWith('.')) continue;
      if (statSync(`${directory}/${name}`, { throwIfNoEntry: false })?.isFile() === true) names.add(name);
    }
  }
  return [...names].sort();
}
