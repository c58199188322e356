/** `events`: what happens, as it happens, until it is interrupted or the manager ends. */
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
    const stream = await manager.events({ logs: flags.logs ?? false, current: flags.current ?? false });
    const interrupted = interruption();
    void interrupted.came.then(() => stream.close());
    try {
      for await (const event of stream) {
        if (event.lost > 0 && !output.isJson) output.error(`capstan: ${event.lost} events are lost`);
        if (wanted.size > 0 && (event.service === undefined || !wanted.has(event.service))) continue;
        if (output.isJson) output.object(eventJson(event));
        else output.text(eventText(output, event));
      }
    } finally {
      interrupted.stop();
      stream.close();
    }
    return undefined;
  });
}
