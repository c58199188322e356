/**
 * A run of several cells side by side: all are launched and warmed up, then blocks of all are run in an order that is shuffled anew in each
 * round (from a seed), so that what the machine does meanwhile hits all of them.
 */

import { killingAtEnd } from './abort.js';
import { Cell, type CellDefinition } from './cell.js';
import { createShuffle } from './shuffle.js';

export interface RoundOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly blockMs: number;
  /** How long a warm-up takes at least, and at most where it does not settle. */
  readonly warmUpMs: number;
  readonly warmUpMaxMs: number;
  /** Ends the run early: its processes are killed and `runRounds` rejects. */
  readonly signal?: AbortSignal;
}

/** Share of the progress that launching counts for. */
const launchShare = 0.3;

/** Runs the cells and stops them; also when it throws, none of their processes is left. `name` is what the progress calls them. */
export async function runRounds(
  name: string,
  definitions: readonly CellDefinition[],
  options: RoundOptions,
  directory: string,
  progress: (text: string, share: number) => void,
): Promise<Cell[]> {
  const { signal } = options;
  const cells = definitions.map((definition) => new Cell(definition, directory));
  const shuffle = createShuffle(options.seed);
  const kill = (): void => {
    for (const cell of cells) cell.kill();
  };
  await killingAtEnd(signal, kill, async () => {
    for (const [at, cell] of cells.entries()) {
      signal?.throwIfAborted();
      const { contender, call } = cell.definition;
      progress(`${name}: launching ${contender}, ${call}`, (at / cells.length) * launchShare);
      await cell.launch();
      await cell.warmUp(options.warmUpMs, options.warmUpMaxMs);
    }
    for (let round = 0; round < options.rounds; round++) {
      const share = launchShare + ((1 - launchShare) * round) / options.rounds;
      progress(`${name}: round ${round + 1} of ${options.rounds}`, share);
      for (const cell of shuffle(cells)) {
        signal?.throwIfAborted();
        await cell.block(options.blockMs);
      }
    }
    for (const cell of cells) await cell.stop();
  });
  return cells;
}
