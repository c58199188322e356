/**
 * Writes measured numbers into README.md between two markers, from results that are kept in the repository.
 *
 *   npm run readme              renders docs/results/quick.jsonl into README.md
 *   npm run readme -- --check   exits 1 if README.md does not say what the results say
 *
 * The results are made by `npm run -s capstan -- bench --quick --json > docs/results/quick.jsonl`, on a quiet machine.
 */
import { join } from 'node:path';
import { projectDirectory } from '../scenarios/contenders.js';

const begin = '<!-- numbers: written by npm run readme -->';
const end = '<!-- end of numbers -->';

interface Line {
  readonly workload: string;
  readonly contender: string;
  readonly call: string;
  readonly placement: string;
  readonly payload_bytes: number;
  readonly p50_us: number | null;
  readonly p99_us: number | null;
  readonly ratio: number | null;
  readonly ratio_low: number | null;
  readonly ratio_high: number | null;
  readonly cpu_us_per_message: number;
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

function callTable(lines: readonly Line[]): string[] {
  return [
    '| placement | contender | call | p50 µs | p99 µs | × C | (rounds) | CPU µs a call |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...lines.map((line) => {
      const range = line.ratio_low === null ? '–' : `${text(line.ratio_low, 2)}–${text(line.ratio_high, 2)}`;
      return `| ${line.placement} | ${line.contender} | ${line.call} | ${text(line.p50_us, 1)} | ${text(line.p99_us, 1)} | ${text(line.ratio, 2)} | ${range} | ${text(line.cpu_us_per_message, 1)} |`;
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

/** The Markdown that stands between the markers, for results as `capstan bench --json` prints them. */
export function renderNumbers(results: string): string {
  const lines = results
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const [first] = lines;
  if (first === undefined) throw new Error('there are no results to write');
  const { cpu, cpus, kernel, node } = first.machine;
  return [
    begin,
    `Measured on ${cpu}, ${cpus} cores, Linux ${kernel}, Node ${node}; one round trip outstanding, ${first.payload_bytes} bytes, processes pinned.`,
    'Times move with the machine; the ratio to the blocking C ping-pong of the same run is what counts.',
    '',
    ...callTable(lines.filter((line) => line.workload === 'W1')),
    '',
    ...relayTable(lines.filter((line) => line.workload === 'W8')),
    end,
  ].join('\n');
}

/** README with its numbers replaced. Throws if the markers are not there. */
export function withNumbers(readme: string, results: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from < 0 || to < from) throw new Error(`README.md has no place for numbers: ${begin}`);
  return readme.slice(0, from) + renderNumbers(results) + readme.slice(to + end.length);
}

export const resultsPath = join(projectDirectory, 'docs', 'results', 'quick.jsonl');
export const readmePath = join(projectDirectory, 'README.md');
