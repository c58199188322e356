/** The program behind `npm run readme`; see readme.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readmePath, resultsPath, withNumbers } from './readme.js';

const before = readFileSync(readmePath, 'utf8');
const after = withNumbers(before, readFileSync(resultsPath, 'utf8'));
if (!process.argv.includes('--check')) {
  writeFileSync(readmePath, after);
} else if (before !== after) {
  console.error('README.md does not say what docs/results/quick.jsonl says; run: npm run readme');
  process.exit(1);
}
