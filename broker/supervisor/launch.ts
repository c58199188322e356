/**
 * From a description to a process: what init is asked for, and the descriptors that go with it (supervisor U1 to U5).
 *
 * Environment: the manager's own, less what is only the broker's; then the steps of the service's environment file; then
 * `CAPSTAN_SERVICE`, the service's name, and by what the service says that it is ready. Standard input is /dev/null. Output goes where `log-type` says.
 *
 * A process gets a session of its own, so that signals reach all of its group. What is left of the group of a `process`
 * service is ended with the process, because it could only be in the way of the next one; a `scripted` service may leave
 * processes behind, for that is what many of them are for.
 */
import { resolve } from 'node:path';
import { applyEnvironment, type ProcessPurpose, type ServiceDescription } from '../service/index.js';
import { ownPidPlaceholder, type SpawnRequest } from './init-wire.js';
import { errnoOf, type Platform } from './platform.js';
import type { ReadinessGift } from './readiness.js';

/** Variables that say something about the broker and nothing about a service. */
const brokersOwn: readonly string[] = [
  'CAPSTAN_INIT_FD',
  'CAPSTAN_SERVICE',
  'CAPSTAN_WATCHDOG',
  // How the manager itself is to talk to whoever started it.
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
];

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
  /** init writes the process's own number where that is asked for. */
  readonly knowsOwnPid: boolean;
  /** The write end of the service's log pipe; undefined unless `log-type` is `buffer`. Stays the caller's. */
  readonly logPipe: number | undefined;
  /** By what the process says that it is ready. Its descriptor is taken. */
  readonly readiness: ReadinessGift;
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

/** An environment with these variables, in place of others of their names. */
function withVariables(
  environment: readonly string[],
  variables: ReadinessGift['variables'],
): readonly string[] {
  if (variables.length === 0) return environment;
  const kept = environment.filter((entry) => !variables.some(([name]) => entry.startsWith(`${name}=`)));
  return [...kept, ...variables.map(([name, value]) => `${name}=${value}`)];
}

/** Which descriptors the process gets, and under which numbers. A pipe for its readiness may take the place of its output. */
interface Layout {
  readonly descriptors: number[];
  readonly targets: number[];
}

function layOut(outputs: readonly number[], { pipe }: ReadinessGift, platform: Platform): Layout {
  const layout: Layout = { descriptors: [], targets: [] };
  outputs.forEach((descriptor, index) => {
    const target = index + 1;
    if (target === pipe?.target) {
      platform.close(descriptor);
      return;
    }
    layout.descriptors.push(descriptor);
    layout.targets.push(target);
  });
  if (pipe !== undefined) {
    layout.descriptors.push(pipe.descriptor);
    layout.targets.push(pipe.target);
  }
  return layout;
}

/** Opens what the process needs and says what init is to do. */
export function prepareLaunch(
  description: ServiceDescription,
  purpose: ProcessPurpose,
  context: LaunchContext,
): Launch {
  const { readiness, platform } = context;
  let layout: Layout;
  try {
    layout = layOut(outputDescriptors(description, context), readiness, platform);
  } catch (error) {
    if (readiness.pipe !== undefined) platform.close(readiness.pipe.descriptor);
    const stage = description.log.type === 'file' ? 'log-file' : 'descriptors';
    return { ok: false, stage, errno: errnoOf(error) };
  }
  const { runAs } = description;
  const tellsOwnPid = context.knowsOwnPid && readiness.isForOneProcess;
  const variables: ReadinessGift['variables'] = tellsOwnPid
    ? [...readiness.variables, ['WATCHDOG_PID', ownPidPlaceholder]]
    : readiness.variables;
  const isProcess = description.type === 'process' && purpose === 'start';
  return {
    ok: true,
    descriptors: layout.descriptors,
    request: {
      argv: purpose === 'start' ? description.command : description.stopCommand,
      env: withVariables(context.environment(description), variables),
      tellsOwnPid,
      cwd: description.workingDirectory,
      targets: layout.targets,
      isolation: 'session',
      endsGroup: isProcess && !description.signalsProcessOnly,
      ...(runAs === undefined
        ? {}
        : { uid: runAs.uid, gid: runAs.gid ?? context.managerGid, groups: runAs.groups ?? [] }),
    },
  };
}
