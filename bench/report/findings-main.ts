/**
 * The program behind `npm run findings`; see findings.ts. With `--out PLACE` the kept results and the page go to PLACE, and nothing in docs/
 * is touched. With `--again LATER` the workloads of that run take the place of those in DIR, and
 * the page says why (`--because REASON`). Exit status: 0 done, 1 the page is out of date, 2 wrong usage or no results.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { measuredAgain } from '../results/again.js';
import { makeDirectory, type Results, readResults, writeResults } from '../results/directory.js';
import { projectDirectory } from '../scenarios/contenders.js';
import { keptResults, renderFindings, withLink } from './findings.js';
import { allNumbers, withNumbers } from './readme.js';

const docs = join(projectDirectory, 'docs');
const usage =
  'use: npm run findings -- [DIR [NAME] [--again LATER [--because REASON]]] [--out PLACE | --check]';
const defaultName = 'findings';

/** The page is linked from the benchmark's, from when it first exists. */
function linkPage(): void {
  const path = join(docs, 'benchmark.md');
  const before = readFileSync(path, 'utf8');
  const after = withLink(before);
  if (after !== before) writeFileSync(path, after);
}

/** README.md has figures of the same run. */
function writeNumbers(resultsPath: string): void {
  for (const numbers of allNumbers.filter((one) => one.resultsPath === resultsPath)) {
    const before = readFileSync(numbers.documentPath, 'utf8');
    const after = withNumbers(numbers, before);
    if (after === before) continue;
    writeFileSync(numbers.documentPath, after);
    console.log(`${numbers.documentPath}: written`);
  }
}

function resultsOf(directory: string, again: string | undefined, reason: string | undefined): Results {
  const results = readResults(directory);
  return again === undefined ? results : measuredAgain(results, readResults(again), reason);
}

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      check: { type: 'boolean' },
      out: { type: 'string' },
      again: { type: 'string' },
      because: { type: 'string' },
    },
    allowPositionals: true,
  });
  const { check: isCheck = false, out, again, because } = values;
  const [directory, name = defaultName, ...more] = positionals;
  if (more.length > 0 || (isCheck && out !== undefined)) throw new Error(usage);
  if (again !== undefined && (directory === undefined || isCheck)) throw new Error(usage);
  const place = out === undefined ? docs : resolve(out);
  const documentPath = join(place, 'findings.md');
  const kept = join(place, 'results', name);
  if (!/^[\w-]+$/.test(name)) throw new Error(`${name} is no name for results; use letters, digits and -`);
  if (directory !== undefined && !isCheck)
    writeResults(keptResults(resultsOf(directory, again, because)), kept);
  if (!existsSync(kept)) throw new Error('no results are kept yet; use: npm run findings -- DIR');
  const page = renderFindings(readResults(kept), `results/${name}`);
  if (isCheck) {
    if (existsSync(documentPath) && readFileSync(documentPath, 'utf8') === page) return 0;
    console.error(`findings.md does not say what results/${name} say; run: npm run findings`);
    return 1;
  }
  makeDirectory(place);
  writeFileSync(documentPath, page);
  if (out === undefined) {
    linkPage();
    writeNumbers(kept);
  }
  console.log(`${documentPath}: written`);
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(`findings: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
