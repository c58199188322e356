/** `list`: all services that are loaded, with their states. */
import { type CommandContext, withManager } from '../session.js';
import { serviceTable } from '../table.js';
import { statusJson } from '../words.js';

export function list(context: CommandContext): Promise<number> {
  const { output } = context;
  return withManager(context, async (manager) => {
    if (output.isJson) {
      for await (const status of manager.services()) output.object(statusJson(status));
      return undefined;
    }
    output.text(serviceTable(output, await manager.list(), Date.now()));
    return undefined;
  });
}
