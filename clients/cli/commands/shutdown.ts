/** `shutdown`: stops all services in the order of dependencies, then the manager ends. */
import { type CommandContext, withManager } from '../session.js';

export function shutdown(context: CommandContext, flags: { readonly wait: boolean }): Promise<number> {
  return withManager(context, async (manager) => {
    const ended = manager.peer.ended;
    await manager.shutdown();
    context.output.note('Shutting down.');
    if (flags.wait) await ended;
    context.output.result({ shutdown: true, ended: flags.wait }, () =>
      flags.wait ? 'The manager has ended.' : 'It ends when all services are stopped.',
    );
    return undefined;
  });
}
