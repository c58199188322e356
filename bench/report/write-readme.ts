/**
 * The program behind `npm run readme`; see readme.ts. With `--check` nothing is written.
 * Exit status: 0 done, 1 a document is out of date (`--check`), 2 wrong usage.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { allNumbers, withNumbers } from './readme.js';

/** Writes the numbers into their document; with `isCheck` only tells whether they are in it. */
function isWritten(numbers: (typeof allNumbers)[number], isCheck: boolean): boolean {
  const { documentPath } = numbers;
  const before = readFileSync(documentPath, 'utf8');
  const after = withNumbers(numbers, before);
  if (isCheck) return before === after;
  writeFileSync(documentPath, after);
  return true;
}

function main(args: readonly string[]): number {
  const unknown = args.find((word) => word !== '--check');
  if (unknown !== undefined) {
    console.error(`readme: '${unknown}' is no option\n  use: npm run readme [-- --check]`);
    return 2;
  }
  const isCheck = args.includes('--check');
  const old = allNumbers.filter((numbers) => !isWritten(numbers, isCheck));
  for (const { documentPath, resultsPath } of old)
    console.error(
      `${basename(documentPath)} does not say what ${basename(resultsPath)} says; run: npm run readme`,
    );
  return old.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
