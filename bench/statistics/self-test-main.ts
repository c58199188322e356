/**
 * `capstan bench self-test`: whether the suite finds an injected delay and a transport that swaps messages, and what it costs itself.
 * Exit status: 0 it does, 1 it does not, or could not be run, 2 wrong usage.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { parsed, tellFailure, UsageError } from '../failure.js';
import { placements } from '../index.js';
import { abortOnSignals } from '../latency/abort.js';
import type { Placement } from '../latency/cell.js';
import { withPage } from '../pages.js';
import { createProgress } from '../report/progress.js';
import { isFinishedRun, makeDirectory, removeRun, writeResults } from '../results/directory.js';
import { comparisonText } from './compare-table.js';
import { createPaint, type Output, type Paint, standardOutput } from './output.js';
import {
  type DelayFindings,
  delayedContender,
  foundShares,
  runSelfTest,
  type SelfTest,
  type SelfTestOptions,
  sampleCostMaxNs,
} from './self-test.js';

interface Arguments {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
  readonly seed: number;
  readonly out?: string;
  readonly replace?: boolean;
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

/** What was found of the delay; where it was not, why. */
export function delayWords({ delayUs, foundUs, contender, others, comparison }: DelayFindings): string {
  const cell = comparison.cells.find(({ name }) => name.contender === contender);
  const injected = `injected delay of ${delayUs} µs`;
  const elsewhere = others.length === 0 ? '' : `; said to have changed without one: ${others.join(', ')}`;
  if (cell?.verdict !== 'worse') {
    const said = cell === undefined ? 'was not measured' : `is called ${cell.verdict} and not worse`;
    return `${injected} not found: ${contender} ${said}${cell?.why === undefined ? '' : ` (${cell.why})`}${elsewhere}`;
  }
  const { least, most } = foundShares;
  const found = `${injected} found as ${foundUs.toFixed(1)} µs in ${contender}`;
  if (foundUs < least * delayUs || foundUs > most * delayUs)
    return `${found}, which is not the ${least * delayUs} to ${most * delayUs} µs that it should be${elsewhere}`;
  return others.length === 0 ? `${found}, nowhere else` : `${found}${elsewhere}`;
}

function text({ delay, swapping, sampleCostNs, durationMs, load, passed }: SelfTest, paint: Paint): string {
  const say = (isGood: boolean, what: string): string =>
    `${isGood ? paint('passed', 'green') : paint('FAILED', 'red')}: ${what}`;
  const { overtaken, messages, example } = swapping.swapping;
  return [
    `A is without, B is with ${delay.delayUs} µs in the service of ${delay.contender}`,
    comparisonText(delay.comparison, paint, { all: true }),
    '',
    say(delay.passed, delayWords(delay)),
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

const name = 'capstan bench self-test';

export function createSelfTestCommand(): Command {
  const command = new Command(name)
    .description(
      'Shows whether the benchmark finds an injected delay and a transport that swaps messages, and what it costs itself; half a minute.',
    )
    .option('--out <dir>', 'write the runs without and with the delay to DIR/without and DIR/delayed')
    .option('--replace', 'remove the runs that are there first')
    .option('--seed <number>', 'seed for the order of the blocks', wholeNumber, 1)
    .option('--json', 'one object')
    .option('--quiet', 'no progress')
    .option('--no-color', 'no colours (also with NO_COLOR in the environment, or without a terminal)');
  return withPage(command, {
    statuses: [
      'it finds both, and costs less than it may',
      'it does not, or could not be run',
      'wrong usage; a directory whose runs would be overwritten',
    ],
    examples: [
      ['capstan bench self-test', 'on a machine that does nothing else'],
      ['capstan bench self-test --out DIR', 'then: capstan bench compare DIR/without DIR/delayed'],
    ],
  });
}

/** Where both runs go; undefined if nowhere. Throws where something is there already, unless it may be removed. */
function placesOf({
  out,
  replace,
}: Arguments): { readonly without: string; readonly delayed: string } | undefined {
  if (out === undefined) {
    if (replace === true) throw new UsageError('--replace needs --out', 'name the directory with --out DIR');
    return undefined;
  }
  const places = { without: join(out, 'without'), delayed: join(out, 'delayed') };
  for (const place of Object.values(places)) {
    if (replace !== true && isFinishedRun(place))
      throw new UsageError(
        `${place} holds a finished run, which would be lost`,
        'use another --out, or --replace, which removes it',
      );
  }
  makeDirectory(out);
  return places;
}

/** The exit status. `sizes` is for tests, which have no half minute. */
export async function runSelfTestCommand(
  args: readonly string[],
  output: Output = standardOutput(),
  sizes: Partial<SelfTestOptions> = {},
): Promise<number> {
  const command = createSelfTestCommand();
  const status = parsed(command, args, output);
  if (status !== undefined) return status;
  const options = command.opts<Arguments>();
  const { json, quiet, color, seed } = options;
  const progress = createProgress(process.stderr.isTTY === true);
  try {
    const places = placesOf(options);
    const [placement] = placements();
    if (placement === undefined) throw new Error('there is no CPU to run on');
    const result = await runSelfTest({
      ...selfTestSizes(placement, seed),
      signal: abortOnSignals(),
      ...(quiet === true ? {} : { onProgress: progress.step }),
      ...sizes,
    });
    if (quiet !== true) progress.done();
    if (places !== undefined) {
      const [without, delayed] = result.delay.runs;
      for (const place of Object.values(places)) removeRun(place);
      writeResults(without, places.without);
      writeResults(delayed, places.delayed);
    }
    output.out(json === true ? selfTestLine(result) : text(result, createPaint(output, color)));
    return result.passed ? 0 : 1;
  } catch (error) {
    tellFailure(output, name, error, json === true);
    return error instanceof UsageError ? 2 : 1;
  }
}
