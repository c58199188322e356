/** The program behind `npm run readme`; see readme.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { allNumbers, withNumbers } from './readme.js';

for (const numbers of allNumbers) {
  const { documentPath, resultsPath } = numbers;
  const before = readFileSync(documentPath, 'utf8');
  const after = withNumbers(numbers, before);
  if (!process.argv.includes('--check')) {
    writeFileSync(documentPath, after);
  } else if (before !== after) {
    console.error(
      `${basename(documentPath)} does not say what ${basename(resultsPath)} says; run: npm run readme`,
    );
    process.exitCode = 1;
  }
}
