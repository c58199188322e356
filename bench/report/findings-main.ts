/** The program behind `npm run findings`; see findings.ts. Exit status: 0 done, 1 the page is out of date, 2 wrong usage or no results. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResults, writeResults } from '../results/directory.js';
import { projectDirectory } from '../scenarios/contenders.js';
import { keptResults, renderFindings, withLink } from './findings.js';

const documentPath = join(projectDirectory, 'docs', 'findings.md');
const resultsDirectory = join(projectDirectory, 'docs', 'results');
const defaultName = 'findings';

/** The page is linked from the benchmark's, from when it first exists. */
function linkPage(): void {
  const path = join(projectDirectory, 'docs', 'benchmark.md');
  const before = readFileSync(path, 'utf8');
  const after = withLink(before);
  if (after !== before) writeFileSync(path, after);
}

function main(args: readonly string[]): number {
  const isCheck = args.includes('--check');
  const [directory, name = defaultName] = args.filter((one) => !one.startsWith('--'));
  if (!/^[\w-]+$/.test(name)) throw new Error(`${name} is no name for results; use letters, digits and -`);
  const kept = join(resultsDirectory, name);
  if (directory !== undefined && !isCheck) writeResults(keptResults(readResults(directory)), kept);
  if (!existsSync(kept)) throw new Error('no results are kept yet; use: npm run findings -- DIR');
  const page = renderFindings(readResults(kept), `results/${name}`);
  if (isCheck) {
    if (existsSync(documentPath) && readFileSync(documentPath, 'utf8') === page) return 0;
    console.error(`findings.md does not say what results/${name} say; run: npm run findings`);
    return 1;
  }
  writeFileSync(documentPath, page);
  linkPage();
  console.log(`${documentPath}: written`);
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(`findings: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
