/** `monitor`: what passes on the manager's transports, as it passes, until it is interrupted or the manager ends. */
import { limits } from '../../../broker/contract/index.js';
import { type PassedKind, passedWords } from '../../library/words.js';
import { UsageError } from '../failure.js';
import { passedJson, passedText, type WhichFlags, whichOf } from '../peer-words.js';
import { type CommandContext, interruption, withManager } from '../session.js';

export interface MonitorFlags extends WhichFlags {
  readonly kind?: readonly string[];
  readonly bytes?: number;
}

export function monitor(context: CommandContext, flags: MonitorFlags): Promise<number> {
  const { output } = context;
  const which = whichOf(flags);
  const kinds = (flags.kind ?? []).map(kindOf);
  const { bytes = 0 } = flags;
  if (bytes > limits.monitorBytesMax) {
    throw new UsageError(
      `--bytes ${bytes} is too much: at most ${limits.monitorBytesMax} bytes of a payload are shown`,
      'monitor',
    );
  }
  return withManager(context, async (manager) => {
    const stream = await manager.monitor({ ...which, kinds, bytes });
    const interrupted = interruption();
    void interrupted.came.then(() => stream.close());
    try {
      for await (const item of stream) {
        if (item.lost > 0 && !output.isJson) output.error(`capstan: ${item.lost} items are lost`);
        if (output.isJson) output.object(passedJson(item));
        else output.text(passedText(output, item));
      }
    } finally {
      interrupted.stop();
      stream.close();
    }
    return undefined;
  });
}

function kindOf(text: string): PassedKind {
  const kind = passedWords.find((word) => word === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`'${text}' is not a kind: use one of ${passedWords.join(', ')}`, 'monitor');
}
