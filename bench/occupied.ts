/**
 * What is in the directory of a run already, and what becomes of it. A run is never lost without a word:
 *
 * - unfinished, the same plan: the run goes on with it;
 * - finished, the same plan: it is the result, and nothing is measured;
 * - another plan, finished or not: refused, unless it is to be replaced;
 * - being written by another process: refused (results/lock.ts).
 *
 * The same plan is the same cells in the same order, the same built programs (code.ts), on the same machine.
 */
import { existsSync, statSync } from 'node:fs';
import { UsageError } from './failure.js';
import { fingerprintOf, isPartEntry, readUnfinished, type Unfinished } from './launch-log.js';
import { isFinishedRun, runWords } from './results/directory.js';
import { assertFree } from './results/lock.js';

/** There is nothing to resume, or what is there would be lost: wrong usage. */
export class CannotResume extends UsageError {}

export interface Asked {
  readonly directory?: string;
  /** An unfinished run must be there; without it one is taken up if it is there and has the same plan. */
  readonly mustResume?: boolean;
  /** Whatever is there is removed. */
  readonly mayReplace?: boolean;
}

export interface Found {
  readonly unfinished?: Unfinished;
  /** The directory, if it holds this very run, finished. */
  readonly finished?: string;
}

const whatIsAnother = 'another plan is other options, another build of the code, or another machine';
const otherwise = 'use another --out, or --replace, which removes it';

/** Throws `CannotResume`, and `UsageError` if another process writes there or the log there cannot be read. */
export function foundFor(
  { directory, mustResume = false, mayReplace = false }: Asked,
  fingerprint: string,
): Found {
  if (mustResume && mayReplace)
    throw new CannotResume('--resume keeps the run in --out and --replace removes it', 'use one of the two');
  if (directory === undefined) {
    if (mustResume || mayReplace)
      throw new CannotResume(
        `${mustResume ? '--resume' : '--replace'} needs --out`,
        'name the directory of the run with --out DIR',
      );
    return {};
  }
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw new CannotResume(`${directory} is no directory`, 'use another --out');
  assertFree(directory);
  if (mayReplace) return {};
  if (isFinishedRun(directory)) return finishedIn(directory, mustResume, fingerprint);
  const unfinished = readUnfinished(directory);
  if (unfinished?.head.fingerprint === fingerprint) return { unfinished };
  if (mustResume && unfinished === undefined)
    throw new CannotResume(
      `there is no unfinished run in ${directory}`,
      'without --resume one is begun there',
    );
  if (unfinished === undefined || (!mustResume && unfinished.entries.every(isPartEntry))) return {};
  const { command, started } = unfinished.head;
  const which = command === undefined ? '' : ` ('${command}', begun ${started})`;
  throw new CannotResume(
    `${directory} holds an unfinished run of another plan${which}, which would be lost`,
    `${otherwise}; ${whatIsAnother}`,
  );
}

/**
 * For the process that has the directory to itself: what it found before that is still all that is there. Throws `CannotResume` if another
 * run has ended in between.
 */
export function assertStillThere(
  asked: Asked,
  fingerprint: string,
  { unfinished }: { readonly unfinished?: Unfinished | undefined },
): void {
  const now = foundFor(asked, fingerprint);
  if (now.finished === undefined && now.unfinished?.entries.length === unfinished?.entries.length) return;
  throw new CannotResume(
    `another run has written to ${asked.directory} meanwhile`,
    'repeat this, which goes on with what is there now',
  );
}

function finishedIn(directory: string, mustResume: boolean, fingerprint: string): Found {
  const isSame = fingerprintOf(directory) === fingerprint;
  const words = runWords(directory);
  const which = `a finished run${isSame ? '' : ' of another plan'}${words === '' ? '' : ` (${words})`}`;
  if (mustResume)
    throw new CannotResume(
      `there is no unfinished run in ${directory}, but ${which}`,
      isSame
        ? 'without --resume it is printed; --replace measures it again'
        : `${otherwise}; ${whatIsAnother}`,
    );
  if (isSame) return { finished: directory };
  throw new CannotResume(
    `${directory} holds ${which}, which would be lost`,
    `${otherwise}; ${whatIsAnother}`,
  );
}
