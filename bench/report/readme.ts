/**
 * Writes measured numbers into documents between two markers, from results that are kept in the repository.
 *
 *   npm run readme              renders docs/results/ into README.md and docs/benchmark.md
 *   npm run readme -- --check   exits 1 if they do not say what the results say
 *
 * The results are made on a quiet machine, by
 *
 *   npm run -s capstan -- bench --quick --json > docs/results/quick.jsonl
 *   npm run -s compare:dbus -- --json > docs/results/dbus.jsonl
 */
import { join } from 'node:path';
import type { LaunchFigures } from '../results/line.js';
import { projectDirectory } from '../scenarios/contenders.js';
import { p50OverLaunches } from './comparison.js';
import { type JudgedCell, judgeMusts, mustHead, mustRow } from './musts.js';

const begin = '<!-- numbers: written by npm run readme -->';
const end = '<!-- end of numbers -->';

interface Line {
  readonly workload: string;
  readonly contender: string;
  readonly call: string;
  readonly placement: string;
  readonly waiting: string;
  readonly payload_bytes: number;
  readonly p50_us: number | null;
  readonly p99_us: number | null;
  readonly ratio: number | null;
  readonly ratio_low: number | null;
  readonly ratio_high: number | null;
  readonly cpu_us_per_message: number;
  readonly broker_cpu_us_per_message: number | null;
  readonly per_second: number;
  readonly launches?: readonly LaunchFigures[];
  readonly runs: number;
  readonly load_kib: number;
  readonly inversions: number;
  readonly machine: {
    readonly cpu: string;
    readonly cpus: number;
    readonly kernel: string;
    readonly node: string;
  };
}

const text = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));

/** Two launches show a range, and bound nothing: intervals are in the findings, which are from a full run. */
function callTable(lines: readonly Line[]): string[] {
  return [
    '| placement | contender | call | p50 µs [launches] | p99 µs | × C | CPU µs a call |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: |',
    ...lines.map((line) => {
      const figures = [
        p50OverLaunches(line),
        text(line.p99_us, 1),
        text(line.ratio, 2),
        text(line.cpu_us_per_message, 1),
      ];
      return `| ${line.placement} | ${line.contender} | ${line.call} | ${figures.join(' | ')} |`;
    }),
  ];
}

function relayTable(lines: readonly Line[]): string[] {
  return [
    '| relay over | KiB sent ahead of the cause | runs | effect before cause |',
    '| --- | ---: | ---: | ---: |',
    ...lines.map((line) => `| ${line.contender} | ${line.load_kib} | ${line.runs} | ${line.inversions} |`),
  ];
}

function linesOf(results: string): Line[] {
  return results
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Where it was measured, as one sentence. */
function placeOf(lines: readonly Line[]): { readonly sentence: string; readonly payloadBytes: number } {
  const [first] = lines;
  if (first === undefined) throw new Error('there are no results to write');
  const { cpu, cpus, kernel, node } = first.machine;
  const sentence = `Measured on ${cpu}, ${cpus} cores, Linux ${kernel}, Node ${node}`;
  return { sentence, payloadBytes: first.payload_bytes };
}

/** The Markdown for results as `capstan bench --json` prints them. */
function renderQuick(results: string): string[] {
  const lines = linesOf(results);
  const { sentence, payloadBytes } = placeOf(lines);
  return [
    `${sentence}; one round trip outstanding, ${payloadBytes} bytes, processes pinned.`,
    'Times move with the machine; the ratio to the blocking C ping-pong of the same run is what counts.',
    '',
    ...callTable(lines.filter((line) => line.workload === 'W1')),
    '',
    ...relayTable(lines.filter((line) => line.workload === 'W8')),
    '',
    'No run begins after the time of its cell is over, so that slow ones have fewer.',
  ];
}

function comparedTable(lines: readonly Line[]): string[] {
  return [
    '| placement | contender | what | p50 µs [launches] | × C | (95 %) | messages/s | CPU µs a message | of it the broker |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines.map((line) => {
      // Earlier results have the range over rounds there, which is another thing.
      const hasInterval = line.launches !== undefined && line.ratio_low !== null;
      const figures = [
        p50OverLaunches(line),
        text(line.ratio, 2),
        hasInterval ? `${text(line.ratio_low, 2)}–${text(line.ratio_high, 2)}` : '–',
        String(line.per_second),
        text(line.cpu_us_per_message, 2),
        text(line.broker_cpu_us_per_message, 2),
      ];
      return `| ${line.placement} | ${line.contender} | ${line.call} | ${figures.join(' | ')} |`;
    }),
  ];
}

function mustsTable(results: string): string[] {
  const cells = linesOf(results) as unknown as JudgedCell[];
  return [
    `| ${mustHead.join(' | ')} |`,
    '| --- | --- | ---: | ---: | ---: | --- |',
    ...judgeMusts(cells).map((must) => `| ${mustRow(must).join(' | ')} |`),
  ];
}

/** The Markdown for results as `npm run -s compare:dbus -- --json` prints them. */
function renderDBus(results: string): string[] {
  const lines = linesOf(results);
  const { sentence, payloadBytes } = placeOf(lines);
  const of = (workload: string, waiting = 'block'): string[] =>
    comparedTable(lines.filter((line) => line.workload === workload && line.waiting === waiting));
  return [
    `${sentence}; ${payloadBytes} bytes.`,
    '',
    ...mustsTable(results),
    '',
    'Round trips, one outstanding:',
    '',
    ...of('W1'),
    '',
    'The same with `--spin-us 50` at the broker and both ends ([spinning](spinning.md)); who waits in another way is compared with nobody who sleeps:',
    '',
    ...of('W1', 'spin'),
    '',
    'One-way messages; p50 is that of a batch of 256, until all of it has arrived:',
    '',
    ...of('W2'),
    '',
    'One message to many receivers, until the last has it:',
    '',
    ...of('W4'),
  ];
}

/** A document with numbers in it, and the results that they come from. */
export interface Numbers {
  readonly documentPath: string;
  readonly resultsPath: string;
  readonly render: (results: string) => string[];
}

export const allNumbers: readonly Numbers[] = [
  {
    documentPath: join(projectDirectory, 'README.md'),
    resultsPath: join(projectDirectory, 'docs', 'results', 'quick.jsonl'),
    render: renderQuick,
  },
  {
    documentPath: join(projectDirectory, 'docs', 'benchmark.md'),
    resultsPath: join(projectDirectory, 'docs', 'results', 'dbus.jsonl'),
    render: renderDBus,
  },
];

/** The document with its numbers replaced. Throws if the markers are not there. */
export function withNumbers(numbers: Numbers, document: string, results: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${numbers.documentPath} has no place for numbers: ${begin}`);
  const rendered = [begin, ...numbers.render(results)].join('\n');
  return `${document.slice(0, from)}${rendered}\n${document.slice(to)}`;
}
