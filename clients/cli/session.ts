/**
 * What every command gets: its options and its output, and the manager where it needs one.
 */
import { BrokerError, ErrorCode, hasCode } from '../../broker/contract/index.js';
import { defaultSocket } from '../library/address.js';
import type { Manager } from '../library/manager.js';
import type { Service } from '../library/service.js';
import { exitStatus, ManagerUnreachable, report, UsageError } from './failure.js';
import type { Output } from './output.js';

/** The options that every command has. */
export interface GlobalOptions {
  readonly transport: string;
  readonly socket?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

export interface CommandContext {
  readonly options: GlobalOptions;
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The control socket that the options and the environment name. */
export function socketOf(context: CommandContext, mode?: 'system' | 'user'): string {
  const { socket } = context.options;
  if (socket === '') throw new UsageError('--socket needs the path of a control socket');
  if (socket !== undefined) return socket;
  try {
    return defaultSocket({
      env: context.env,
      uid: process.geteuid?.() ?? 0,
      ...(mode === undefined ? {} : { mode }),
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Runs a command with a connection to the manager, which is closed in the end. Returns the exit status. */
export async function withManager(
  context: CommandContext,
  body: (manager: Manager) => Promise<number | undefined>,
): Promise<number> {
  const { connect, transportNames } = await import('../library/connect.js');
  const { transport } = context.options;
  if (!transportNames().includes(transport)) {
    throw new UsageError(`there is no transport '${transport}': use one of ${transportNames().join(', ')}`);
  }
  const socket = socketOf(context);
  let manager: Manager;
  try {
    manager = await connect({ transport, socket });
  } catch (error) {
    if (error instanceof BrokerError) throw new ManagerUnreachable(socket, error);
    throw error;
  }
  try {
    return (await body(manager)) ?? exitStatus.done;
  } catch (error) {
    const isCut =
      error instanceof BrokerError &&
      (error.code === ErrorCode.Disconnected || error.code === ErrorCode.Protocol);
    if (isCut) throw new ManagerUnreachable(socket, error);
    throw error;
  } finally {
    manager.close();
  }
}

/**
 * Runs the body for each service, one after the other; each failure is reported and the others go on. Returns the exit
 * status of the command: `failed` if one failed.
 */
export async function forServices(
  context: CommandContext,
  manager: Manager,
  names: readonly string[],
  find: 'find' | 'load',
  body: (service: Service) => Promise<void>,
): Promise<number> {
  let status: number = exitStatus.done;
  for (const name of names) {
    try {
      const service = await manager[find](name);
      try {
        await body(service);
      } finally {
        service.close();
      }
    } catch (error) {
      if (error instanceof BrokerError && error.code === ErrorCode.Disconnected) throw error;
      const about = { service: name, transport: context.options.transport };
      const directories = isDescriptions(error) ? await directoriesOf(manager) : [];
      status = report(context.output, error, { ...about, directories });
    }
  }
  return status;
}

/** It is about what stands in descriptions, where the manager looks for them. */
function isDescriptions(error: unknown): boolean {
  return hasCode(error, ErrorCode.BadDescription) || hasCode(error, ErrorCode.DependencyCycle);
}

/** None where the manager cannot be asked any more. */
async function directoriesOf(manager: Manager): Promise<readonly string[]> {
  try {
    return (await manager.info()).serviceDirectories;
  } catch (error) {
    if (error instanceof BrokerError) return [];
    throw error;
  }
}

/** Resolves at the first SIGINT or SIGTERM; `stop` gives the signals their usual effect back. */
export function interruption(): { readonly came: Promise<void>; readonly stop: () => void } {
  let come: () => void = () => undefined;
  const came = new Promise<void>((resolve) => {
    come = resolve;
  });
  process.once('SIGINT', come);
  process.once('SIGTERM', come);
  return {
    came,
    stop: () => {
      process.removeListener('SIGINT', come);
      process.removeListener('SIGTERM', come);
    },
  };
}
