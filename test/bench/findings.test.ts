/** docs/findings.md says what the results in the repository say; and its words follow the numbers, whichever way they fall. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { answersOf } from '../../bench/report/answers.js';
import {
  hasFindings,
  keptBytesMax,
  keptResults,
  renderFindings,
  withLink,
} from '../../bench/report/findings.js';
import { measuredAgain } from '../../bench/results/again.js';
import { readResults, writeResults } from '../../bench/results/directory.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 31;

test('the findings are what the results in the repository say', (t) => {
  const kept = join(projectDirectory, 'docs', 'results', 'findings');
  const page = join(projectDirectory, 'docs', 'findings.md');
  if (!existsSync(kept)) {
    t.log('no results are kept yet; npm run findings -- DIR keeps those of a run');
    t.false(existsSync(page));
    return;
  }
  const results = readResults(kept);
  t.true(hasFindings(results));
  t.is(renderFindings(results, 'results/findings'), readFileSync(page, 'utf8'), 'run: npm run findings');
});

test('the page of the benchmark has a place for the link, and gets it once', (t) => {
  const page = readFileSync(join(projectDirectory, 'docs', 'benchmark.md'), 'utf8');
  const linked = withLink(page);
  t.true(linked.includes('(findings.md)'));
  t.is(withLink(linked), linked);
  t.throws(() => withLink('no place'), { message: /has no place for a link/ });
});

test('the program says how it is used, and what is wrong', (t) => {
  const run = (...args: readonly string[]): string => {
    const main = join(projectDirectory, 'build', 'bench', 'report', 'findings-main.js');
    try {
      execFileSync(process.execPath, [main, ...args], { stdio: 'pipe', encoding: 'utf8' });
      return '';
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  t.regex(
    run('/nowhere/at/all', 'name'),
    /findings: \/nowhere\/at\/all has no finished run: there is no such directory/,
  );
  t.regex(run('/nowhere', '../outside'), /is no name for results/);
});

const words = (options: Partial<Parameters<typeof syntheticResults>[0]>): string[] =>
  answersOf(syntheticResults({ seed, workloads: ['W1', 'W2', 'W4', 'W8'], ...options }).lines).map(
    ({ short }) => short,
  );

test('the answers follow the numbers: calls', (t) => {
  const [slower] = words({});
  t.regex(slower ?? '', /A call over the bus takes 1\.\d\d times .* as one over `sockets`/);
  const [faster] = words({ busCall: 0.5 });
  t.regex(faster ?? '', /A call over the bus takes 0\.[67]\d times/);
});

test('the answers follow the numbers: receivers', (t) => {
  const [, crossing] = words({});
  t.regex(crossing ?? '', /sooner than a loop over `sockets` from 8 receivers on \(up to 256\) on two cores/);
  const [, never] = words({ busMulticast: 20 });
  t.regex(never ?? '', /at no number of receivers that was measured \(1 to 256\)/);
  const [, always] = words({ busMulticast: 0.05 });
  t.regex(always ?? '', /at every number of receivers that was measured \(1 to 256\)/);
});

test('the answers follow the numbers: order', (t) => {
  const [, , broken] = words({});
  t.regex(
    broken ?? '',
    /^An effect was received before its cause over `sockets`, receivers disagreed .*, and neither over `bus`\. Runs with an inversion: /,
  );
  const [, , whole] = words({ hasInversions: false });
  t.regex(whole ?? '', /No inversion was seen over .*`bus`/);
  // Each load by itself, with its number of runs and what is sure of it, never added up.
  t.regex(
    broken ?? '',
    /over `sockets` \S+\u00a0% of [\d\u202f]+ without load \(95\u00a0%: [^)]+\) and \S+\u00a0% of [\d\u202f]+ with data queued \(95\u00a0%: [^)]+\)/,
  );
  t.regex(
    broken ?? '',
    /over `bus` none of [\d\u202f]+ without load \([^)]+ at the 95\u00a0% level, by runs alone\) and none of [\d\u202f]+ with data queued \([^)]+ at the 95\u00a0% level, by runs alone\)\.$/,
  );
});

test('the answers follow the numbers: nothing was measured', (t) => {
  for (const short of words({ workloads: [] })) t.regex(short, /^This run does not answer it/);
});

test('what is kept is small, makes the same page again, and is the same after a round through its files', (t) => {
  const results = keptResults(syntheticResults({ seed, launches: 3 }));
  const directory = mkdtempSync(join(tmpdir(), 'capstan-findings-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  writeResults(results, directory);
  t.true(readFileSync(join(directory, 'cells.jsonl')).length <= keptBytesMax);
  const page = renderFindings(results, 'results/findings');
  t.is(renderFindings(readResults(directory), 'results/findings'), page);
  t.is(renderFindings(keptResults(readResults(directory)), 'results/findings'), page);
  for (const heading of [
    '## 1. ',
    '## 2. ',
    '## 3. ',
    '### Where the bus wins',
    '### Where it loses',
    '## Threats',
    '## To repeat it',
  ]) {
    t.true(page.includes(heading), heading);
  }
  t.notRegex(page, /undefined|NaN|\[object/);
});

test('of launches of which only a part can be kept, the p99 and the peak are', (t) => {
  const results = syntheticResults({ seed, launches: 2, workloads: ['W1'] });
  const lines = results.lines.map((line) =>
    line.kind === 'order'
      ? line
      : {
          ...line,
          launches: Array.from({ length: 10 }).flatMap(() =>
            line.launches.map((one) => ({ ...one, p99_us: 4321, peak_per_second: 98_765 })),
          ),
        },
  );
  const launches = keptResults({ ...results, lines }).lines.flatMap((line) =>
    line.kind === 'order' ? [] : [...line.launches],
  );
  t.true(launches.length > 0);
  for (const one of launches) {
    t.false('max_us' in one, 'the synthetic run is small enough to keep all');
    t.is(one.p99_us, 4321);
    t.is(one.peak_per_second, 98_765);
  }
});

test('a workload that was measured again takes the place of the earlier one, and the page says so', (t) => {
  const first = syntheticResults({ seed, workloads: ['W1', 'W8'] });
  const only = syntheticResults({ seed: seed + 1, workloads: ['W8'] });
  const commit = 'abc1234';
  const later = {
    ...only,
    machine: { ...first.machine, commit },
    run: {
      ...first.run,
      started: '2999-01-01T00:00:00.000Z',
      command: 'capstan bench --workload W8 --out x',
    },
  };
  const both = measuredAgain(first, later, 'the machine was moved');
  t.deepEqual(
    both.lines.filter(({ workload }) => workload === 'W8'),
    later.lines,
  );
  t.deepEqual(
    both.lines.filter(({ workload }) => workload !== 'W8'),
    first.lines.filter(({ workload }) => workload !== 'W8'),
  );
  const page = renderFindings(keptResults(both), 'results/x');
  t.regex(page, /W8 was measured again on 2999-01-01 at commit abc1234, because the machine was moved\./);
  t.regex(page, /capstan bench --workload W8 --out LATER\nnpm run findings -- DIR --again LATER/);
  t.notRegex(renderFindings(first, 'results/x'), /(was|were) measured again/);
  t.throws(() => measuredAgain(later, first), { message: /two runs: it is not the later one/ });
  const elsewhere = { ...later, machine: { ...later.machine, cpu: 'another' } };
  t.throws(() => measuredAgain(first, elsewhere), { message: /two runs: cpu is another/ });
});
