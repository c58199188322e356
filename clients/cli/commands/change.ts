/**
 * `start`, `stop`, `restart`, `wake` and `release`: each asks every named service and, unless told otherwise, waits for what
 * comes of it.
 */
import type { Service } from '../../library/service.js';
import type { Outcome } from '../../library/status.js';
import { type CommandContext, forServices, withManager } from '../session.js';
import { outcomeJson } from '../words.js';

export interface ChangeFlags {
  readonly wait: boolean;
  readonly pin?: boolean;
  readonly force?: boolean;
  readonly timeout?: number;
}

export type Change = 'start' | 'stop' | 'restart' | 'wake' | 'release';

export function change(
  context: CommandContext,
  what: Change,
  names: readonly string[],
  flags: ChangeFlags,
): Promise<number> {
  return withManager(context, (manager) =>
    forServices(context, manager, names, 'load', async (service) => {
      const outcome = await apply(service, what, flags);
      context.output.result(outcomeJson(service.name, outcome), () =>
        outcomeText(service.name, what, outcome, flags),
      );
    }),
  );
}

function apply(service: Service, what: Change, flags: ChangeFlags): Promise<Outcome> {
  const { wait, pin = false, force = false, timeout } = flags;
  const common = { wait, ...(timeout === undefined ? {} : { deadlineMs: timeout * 1000 }) };
  switch (what) {
    case 'start':
      return service.start({ ...common, pin });
    case 'stop':
      return service.stop({ ...common, pin, force });
    case 'restart':
      return service.restart({ ...common, force });
    case 'wake':
      return service.wake({ ...common, pin });
    case 'release':
      return service.release(common);
  }
}

/** The texts that people know from the format's own tool. */
function outcomeText(name: string, what: Change, outcome: Outcome, flags: ChangeFlags): string {
  const wanted = what === 'stop' || what === 'release' ? 'stopped' : 'started';
  if (what === 'release' && outcome.state !== wanted)
    return `Service '${name}' released; it is still ${outcome.state}, because others need it.`;
  if (outcome.already) return `Service '${name}' (already) ${outcome.state}.`;
  if (outcome.state === wanted) return `Service '${name}' ${wanted}.`;
  if (flags.wait) return `Service '${name}' is ${outcome.state}.`;
  return `Issued ${what} command successfully for service '${name}'.`;
}
