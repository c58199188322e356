/** README's numbers are those of the results in the repository. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { readmePath, resultsPath, withNumbers } from '../../bench/report/readme.js';

test('the numbers in README.md are what docs/results/quick.jsonl says', (t) => {
  const readme = readFileSync(readmePath, 'utf8');
  t.is(withNumbers(readme, readFileSync(resultsPath, 'utf8')), readme);
});
