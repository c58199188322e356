/**
 * `unpin`, `signal` and `unload`: one call for each service, and no outcome to wait for.
 */
import { UsageError } from '../failure.js';
import { type CommandContext, forServices, withManager } from '../session.js';
import { signalNumber } from '../words.js';

export function unpin(context: CommandContext, names: readonly string[]): Promise<number> {
  return withManager(context, (manager) =>
    forServices(context, manager, names, 'find', async (service) => {
      await service.unpin();
      context.output.result(
        { service: service.name, pinned: null },
        () => `Service '${service.name}' unpinned.`,
      );
    }),
  );
}

export function unload(context: CommandContext, names: readonly string[]): Promise<number> {
  return withManager(context, (manager) =>
    forServices(context, manager, names, 'find', async (service) => {
      await service.unload();
      context.output.result(
        { service: service.name, loaded: false },
        () => `Service '${service.name}' unloaded.`,
      );
    }),
  );
}

export async function signal(
  context: CommandContext,
  name: string,
  services: readonly string[],
): Promise<number> {
  const number = signalNumber(name);
  if (number === undefined) {
    throw new UsageError(
      `'${name}' is not a signal: use a name such as TERM or HUP, or a number from 1 to 64`,
      'signal',
    );
  }
  return withManager(context, (manager) =>
    forServices(context, manager, services, 'find', async (service) => {
      await service.signal(number);
      context.output.result(
        { service: service.name, signal: number },
        () => `Signal ${name} sent to service '${service.name}'.`,
      );
    }),
  );
}
