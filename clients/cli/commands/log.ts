/** `log`: what a service has written, and with `--follow` what it goes on to write. */
import type { Service } from '../../library/service.js';
import type { LogLine } from '../../library/status.js';
import { type CommandContext, forServices, interruption, withManager } from '../session.js';

export interface LogFlags {
  readonly follow?: boolean;
  readonly clear?: boolean;
  readonly lines?: number;
}

export function log(context: CommandContext, name: string, flags: LogFlags): Promise<number> {
  return withManager(context, (manager) =>
    forServices(context, manager, [name], 'find', async (service) => {
      if (flags.follow === true) await follow(context, service, flags);
      else await show(context, service, flags);
    }),
  );
}

/** Prints what there is and returns the number of the last line. */
async function show(context: CommandContext, service: Service, flags: LogFlags): Promise<number> {
  const { output } = context;
  const held = await service.log({
    ...(flags.lines === undefined ? {} : { linesMax: flags.lines }),
    clear: flags.clear ?? false,
  });
  if (held.dropped > 0 && flags.lines === undefined && !output.isJson && !output.isQuiet) {
    output.error(`capstan: ${held.dropped} older lines are lost, because the log's buffer was full`);
  }
  for (const line of held.lines) print(context, service.name, line);
  if (held.unfinished !== '' && flags.follow !== true) {
    if (output.isJson)
      output.object({ service: service.name, number: null, time_ms: null, text: held.unfinished });
    else output.text(held.unfinished);
  }
  return held.lines.at(-1)?.number ?? 0;
}

async function follow(context: CommandContext, service: Service, flags: LogFlags): Promise<void> {
  // Subscribed first, so that no line falls between what is there and what comes.
  const events = await service.events({ logs: true, states: false });
  const interrupted = interruption();
  void interrupted.came.then(() => events.close());
  try {
    const last = await show(context, service, flags);
    for await (const event of events) {
      if (event.lost > 0)
        context.output.error(`capstan: ${event.lost} lines are lost, because they came too fast`);
      if (event.line !== undefined && event.line.number > last) print(context, service.name, event.line);
    }
  } finally {
    interrupted.stop();
    events.close();
  }
}

function print(context: CommandContext, service: string, line: LogLine): void {
  if (context.output.isJson) {
    context.output.object({ service, number: line.number, time_ms: line.timeMs, text: line.text });
  } else context.output.text(line.text);
}
