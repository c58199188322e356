/**
 * `capstan bench self-test`: whether the suite finds an injected delay and a transport that swaps messages, and what it costs itself.
 * Exit status: 0 it does, 1 it does not, or could not be run, 2 wrong usage.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { placements } from '../index.js';
import { abortOnSignals } from '../latency/abort.js';
import type { Placement } from '../latency/cell.js';
import { createProgress } from '../report/progress.js';
import { writeResults } from '../results/directory.js';
import { parsed } from './compare-main.js';
import { comparisonText } from './compare-table.js';
import { createPaint, type Output, type Paint, standardOutput } from './output.js';
import {
  delayedContender,
  runSelfTest,
  type SelfTest,
  type SelfTestOptions,
  sampleCostMaxNs,
} from './self-test.js';

interface Arguments {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly seed: string;
  readonly out?: string;
}

/** About half a minute on two cores. */
function selfTestSizes(placement: Placement, seed = 1): SelfTestOptions {
  return {
    seed,
    placement,
    launches: 5,
    rounds: 4,
    blockMs: 40,
    warmUpMs: 150,
    delayUs: 20,
    contenders: ['c-seqpacket', 'node-net', delayedContender, 'memory'],
    messages: 20_000,
  };
}

/** One object with stable names; the comparison's cells are in it. */
function selfTestLine({ delay, swapping, sampleCostNs, durationMs, load, passed }: SelfTest): string {
  const { comparison, others, foundUs, delayUs, contender } = delay;
  return JSON.stringify({
    kind: 'self-test',
    passed,
    duration_ms: Math.round(durationMs),
    load_before: load,
    delay: {
      passed: delay.passed,
      contender,
      injected_us: delayUs,
      found_us: Number(foundUs.toFixed(2)),
      others,
      cells: comparison.cells.map(({ name, ...cell }) => ({ ...name, ...cell })),
    },
    swapping: {
      passed: swapping.passed,
      messages: swapping.swapping.messages,
      swaps: swapping.swaps,
      found: swapping.swapping.overtaken,
      found_in_clean: swapping.clean.overtaken,
      example_size: swapping.swapping.exampleSize ?? null,
    },
    sample_cost_ns: sampleCostNs,
    sample_cost_max_ns: sampleCostMaxNs,
  });
}

function text({ delay, swapping, sampleCostNs, durationMs, load, passed }: SelfTest, paint: Paint): string {
  const say = (isGood: boolean, what: string): string =>
    `${isGood ? paint('passed', 'green') : paint('FAILED', 'red')}: ${what}`;
  const elsewhere = delay.others.length === 0 ? 'nowhere else' : `also in ${delay.others.join(', ')}`;
  const { overtaken, messages, example } = swapping.swapping;
  return [
    `A is without, B is with ${delay.delayUs} µs in the service of ${delay.contender}`,
    comparisonText(delay.comparison, paint),
    '',
    say(
      delay.passed,
      `injected delay of ${delay.delayUs} µs found as ${delay.foundUs.toFixed(1)} µs in ${delay.contender}, ${elsewhere}`,
    ),
    say(
      swapping.passed,
      `swapping transport: ${overtaken} of ${swapping.swaps} swaps found in ${messages} messages, ${swapping.clean.overtaken} in those without`,
    ),
    ...(example === undefined ? [] : [example]),
    say(
      sampleCostNs < sampleCostMaxNs,
      `null transport: a sample costs the harness ${sampleCostNs} ns of ${sampleCostMaxNs} ns that it may`,
    ),
    '',
    `self-test ${passed ? 'passed' : 'failed'}, ${Math.round(durationMs / 1000)} s`,
    ...(passed || load < availableParallelism() / 2
      ? []
      : [`the machine was busy before (load ${load.toFixed(1)}): repeat this when it is quiet`]),
  ].join('\n');
}

/** The exit status. `sizes` is for tests, which have no half minute. */
export async function runSelfTestCommand(
  args: readonly string[],
  output: Output = standardOutput(),
  sizes: Partial<SelfTestOptions> = {},
): Promise<number> {
  const command = new Command('capstan bench self-test')
    .description('whether the suite finds what is injected, and what it costs itself')
    .option('--json', 'one object')
    .option('--out <dir>', 'write both runs, with and without the delay, to DIR/delayed and DIR/without')
    .option('--seed <number>', 'order of the blocks', '1')
    .option('--quiet', 'no progress')
    .option('--no-color', 'no colours');
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const { json, quiet, color, seed, out } = command.opts<Arguments>();
  const [placement] = placements();
  if (placement === undefined || !/^\d{1,9}$/.test(seed)) {
    output.error('capstan bench self-test: --seed wants a whole number');
    return 2;
  }
  const progress = createProgress(process.stderr.isTTY === true);
  try {
    const result = await runSelfTest({
      ...selfTestSizes(placement, Number(seed)),
      signal: abortOnSignals(),
      ...(quiet === true ? {} : { onProgress: progress.step }),
      ...sizes,
    });
    if (quiet !== true) progress.done();
    if (out !== undefined) {
      const [without, delayed] = result.delay.runs;
      writeResults(without, join(out, 'without'));
      writeResults(delayed, join(out, 'delayed'));
    }
    output.out(json === true ? selfTestLine(result) : text(result, createPaint(output, color)));
    return result.passed ? 0 : 1;
  } catch (error) {
    output.error(`capstan bench self-test: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
