/** The self-test at a size that a busy machine can do: the delay is so long that it is found whatever else runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readResults } from '../../../bench/results/directory.js';
import { isOrderLine } from '../../../bench/results/line.js';
import { runGate } from '../../../bench/statistics/gate-main.js';
import { decodeHistogram, percentileNs } from '../../../bench/statistics/histogram.js';
import type { Output } from '../../../bench/statistics/output.js';
import { runSelfTestCommand } from '../../../bench/statistics/self-test-main.js';
import { captured } from '../support/captured.js';

test('an injected delay and every swap are found, and the harness says what it costs', async (t) => {
  t.timeout(110_000);
  const out: string[] = [];
  const output: Output = { out: (text) => out.push(text), error: (text) => t.log(text), isTerminal: false };
  const steps: string[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'capstan-self-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const status = await runSelfTestCommand(['--json', '--out', directory], output, {
    contenders: ['c-seqpacket', 'sockets'],
    launches: 4,
    rounds: 5,
    // Twenty samples a launch are the least from which a median is told.
    blockMs: 150,
    warmUpMs: 30,
    delayUs: 3_000,
    messages: 2_000,
    onProgress: (step) => steps.push(step),
  });
  const line = JSON.parse(out.join('\n')) as {
    passed: boolean;
    delay: { contender: string; injected_us: number; cells: { contender: string; verdict: string }[] };
    swapping: { swaps: number; found: number; found_in_clean: number };
    sample_cost_ns: number;
  };
  t.is(status, line.passed ? 0 : 1);
  t.is(line.delay.injected_us, 3_000);
  const verdicts = new Map(line.delay.cells.map(({ contender, verdict }) => [contender, verdict]));
  t.is(verdicts.get('sockets'), 'worse');
  t.not(verdicts.get('c-seqpacket'), undefined);
  t.is(line.swapping.found, line.swapping.swaps);
  t.is(line.swapping.found_in_clean, 0);
  t.true(line.sample_cost_ns > 0);
  t.is(steps[0], 'injected delay: launch 1 of 4');
  const runs = [join(directory, 'without'), join(directory, 'delayed')] as const;
  for (const { lines } of runs.map(readResults)) {
    for (const cell of lines.filter((one) => !isOrderLine(one))) {
      const whole = decodeHistogram(cell.histogram);
      t.is(cell.samples, whole.totalCount);
      t.is(cell.p50_us, (percentileNs(whole, 50) ?? Number.NaN) / 1000, 'of all launches, not of one');
      t.is(cell.max_us, Math.max(...cell.launches.map(({ max_us }) => max_us)));
    }
  }
  // The two runs were really measured, and the gate judges them like all others.
  const errors: string[] = [];
  const gate = (baseline: string, run: string): Promise<number> =>
    runGate(['--baseline', baseline, run, '--normalise', 'never'], {
      out: () => {},
      error: (text) => errors.push(text),
      isTerminal: false,
    });
  t.is(await gate(...runs), 1);
  t.regex(errors.join('\n'), /worse: W1 sockets .*p50_us \+/);
  t.is(await gate(runs[0], runs[0]), 0);
});

test('wrong usage ends with 2', async (t) => {
  const output: Output = { out: () => {}, error: () => {}, isTerminal: false };
  t.is(await runSelfTestCommand(['--seed', 'much'], output), 2);
  t.is(await runSelfTestCommand(['--nothing'], output), 2);
  t.is(await runSelfTestCommand(['--help'], output), 0);
});

test('runs that are there already are not overwritten, and nothing is measured', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-self-test-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'without'));
  writeFileSync(join(directory, 'without', 'run.json'), '{}');
  const { status, error } = await captured((output) => runSelfTestCommand(['--out', directory], output));
  t.is(status, 2);
  t.regex(error, /without holds a finished run, .* lost\n {2}use another --out, or --replace/);
});
