/** The numbers in the documents are those of the results in the repository. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import test from 'ava';
import { allNumbers, withNumbers } from '../../bench/report/readme.js';

for (const numbers of allNumbers) {
  const { documentPath, resultsPath } = numbers;
  test(`the numbers in ${basename(documentPath)} are what ${basename(resultsPath)} says`, (t) => {
    const document = readFileSync(documentPath, 'utf8');
    t.is(withNumbers(numbers, document, readFileSync(resultsPath, 'utf8')), document);
  });
}
