/**
 * `events`: what happens, as it happens, until it is interrupted or the manager ends.
 *
 * Where a service has come to rest, the manager tells both the new state and what that means (`started`, `stopped`, `start-failed`).
 * People are shown the second, programs get both.
 */
import { ErrorCode, hasCode } from '../../../broker/contract/index.js';
import type { Manager } from '../../library/manager.js';
import type { ServiceEvent } from '../../library/status.js';
import { type CommandContext, interruption, withManager } from '../session.js';
import { eventJson, eventText } from '../words.js';

export interface EventsFlags {
  readonly logs?: boolean;
  readonly current?: boolean;
}

export function events(
  context: CommandContext,
  names: readonly string[],
  flags: EventsFlags,
): Promise<number> {
  const { output } = context;
  return withManager(context, async (manager) => {
    const wanted = new Set(names);
    await warnOfAbsent(context, manager, names);
    const stream = await manager.events({ logs: flags.logs ?? false, current: flags.current ?? false });
    const interrupted = interruption();
    void interrupted.came.then(() => stream.close());
    try {
      for await (const event of stream) {
        if (event.lost > 0 && !output.isJson) output.error(`capstan: ${event.lost} events are lost`);
        if (wanted.size > 0 && (event.service === undefined || !wanted.has(event.service))) continue;
        if (output.isJson) output.object(eventJson(event));
        else if (!isSaidAgain(event)) output.text(eventText(output, event));
      }
    } finally {
      interrupted.stop();
      stream.close();
    }
    return undefined;
  });
}

function isSaidAgain({ kind, status }: ServiceEvent): boolean {
  return kind === 'state' && (status?.state === 'started' || status?.state === 'stopped');
}

/** A service may be loaded later, but a name may also be mistyped. */
async function warnOfAbsent(
  context: CommandContext,
  manager: Manager,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    try {
      (await manager.find(name)).close();
    } catch (error) {
      if (!hasCode(error, ErrorCode.NotFound)) throw error;
      if (!context.output.isJson && !context.output.isQuiet) {
        context.output.error(`capstan: no service '${name}' is loaded; waiting until it is`);
      }
    }
  }
}
