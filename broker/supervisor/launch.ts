/**
 * From a description to a process: what init is asked for, and the descriptors that go with it (supervisor U1 to U5).
 *
 * Environment: the manager's own, less what is only the broker's; then the steps of the service's environment file; then
 * `CAPSTAN_SERVICE`, the service's name. Standard input is /dev/null. Output goes where `log-type` says.
 *
 * A process gets a session of its own, so that signals reach all of its group. What is left of the group of a `process`
 * service is ended with the process, because it could only be in the way of the next one; a `scripted` service may leave
 * processes behind, for that is what many of them are for.
 */
import { resolve } from 'node:path';
import { applyEnvironment, type ProcessPurpose, type ServiceDescription } from '../service/index.js';
import type { SpawnRequest } from './init-wire.js';
import { errnoOf, type Platform } from './platform.js';

/** Variables that say something about the broker and nothing about a service. */
const brokersOwn: readonly string[] = ['CAPSTAN_INIT_FD', 'CAPSTAN_SERVICE', 'CAPSTAN_WATCHDOG'];

/** The environment of a service's process as init wants it: `NAME=VALUE`, all of it. */
export type EnvironmentMaker = (description: ServiceDescription) => readonly string[];

/** Makes environments from the manager's. Most services add nothing of their own, so that their strings are made once. */
export function createEnvironmentMaker(manager: ReadonlyMap<string, string>): EnvironmentMaker {
  const base = new Map(manager);
  for (const name of brokersOwn) base.delete(name);
  const stringsOf = (environment: ReadonlyMap<string, string>): string[] =>
    [...environment].map(([name, value]) => `${name}=${value}`);
  const baseStrings = stringsOf(base);
  return ({ name, environment: steps }) => {
    const own = `CAPSTAN_SERVICE=${name}`;
    if (steps.length === 0) return [...baseStrings, own];
    const environment = new Map(applyEnvironment(base, steps));
    environment.delete('CAPSTAN_SERVICE');
    return [...stringsOf(environment), own];
  };
}

export interface LaunchContext {
  readonly platform: Platform;
  readonly environment: EnvironmentMaker;
  readonly managerGid: number;
  /** The write end of the service's log pipe; undefined unless `log-type` is `buffer`. Stays the caller's. */
  readonly logPipe: number | undefined;
}

export type Launch =
  | {
      readonly ok: true;
      /** All but token and cookie. */
      readonly request: Omit<SpawnRequest, 'token' | 'cookie'>;
      /** For `request.targets`, in their order. The caller's to pass on or close. */
      readonly descriptors: readonly number[];
    }
  | { readonly ok: false; readonly stage: string; readonly errno: number };

/** Two descriptors for standard output and standard error, or none. Throws what the platform throws; nothing is open then. */
function outputDescriptors(description: ServiceDescription, context: LaunchContext): readonly number[] {
  const { platform, logPipe } = context;
  if (description.log.type === 'none') return [];
  let first: number;
  if (description.log.type === 'buffer') {
    if (logPipe === undefined) return [];
    first = platform.duplicate(logPipe);
  } else {
    const path = resolve(description.workingDirectory, description.log.path ?? '');
    first = platform.openLog(path, description.log.permissions);
  }
  try {
    return [first, platform.duplicate(first)];
  } catch (error) {
    platform.close(first);
    throw error;
  }
}

/** Opens what the process needs and says what init is to do. */
export function prepareLaunch(
  description: ServiceDescription,
  purpose: ProcessPurpose,
  context: LaunchContext,
): Launch {
  let descriptors: readonly number[];
  try {
    descriptors = outputDescriptors(description, context);
  } catch (error) {
    const stage = description.log.type === 'file' ? 'log-file' : 'descriptors';
    return { ok: false, stage, errno: errnoOf(error) };
  }
  const { runAs } = description;
  const isProcess = description.type === 'process' && purpose === 'start';
  return {
    ok: true,
    descriptors,
    request: {
      argv: purpose === 'start' ? description.command : description.stopCommand,
      env: context.environment(description),
      cwd: description.workingDirectory,
      targets: descriptors.length === 0 ? [] : [1, 2],
      isolation: 'session',
      endsGroup: isProcess && !description.signalsProcessOnly,
      ...(runAs === undefined
        ? {}
        : { uid: runAs.uid, gid: runAs.gid ?? context.managerGid, groups: runAs.groups ?? [] }),
    },
  };
}
