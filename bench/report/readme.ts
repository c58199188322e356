/**
 * Writes measured numbers into documents between two markers, from results that are kept in the repository.
 *
 *   npm run readme              renders docs/results/ into README.md and docs/benchmark.md
 *   npm run readme -- --check   exits 1 if they do not say what the results say
 *
 * README.md has a few round trips of the published full run (findings.ts keeps it in docs/results/findings, and writes README.md anew), and
 * docs/benchmark.md a comparison that is made on a quiet machine, by
 *
 *   npm run -s compare:dbus -- --json > docs/results/dbus.jsonl
 *
 * Both say of which run they are, and where it was noisy, why.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { noisyLoad, noisySteal } from '../noise.js';
import { type Results, readResults } from '../results/directory.js';
import type { CellLine, LaunchFigures } from '../results/line.js';
import { projectDirectory } from '../scenarios/contenders.js';
import { p50OverLaunches } from './comparison.js';
import { type JudgedCell, judgeMusts, mustHead, mustRow } from './musts.js';
import * as say from './quantity.js';
import { placementsOf, roundTrips } from './selection.js';
import { tableMarkdown } from './table.js';
import { tailRange } from './tail.js';

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
  /** Share of the CPU time that a hypervisor took meanwhile. */
  readonly steal?: number;
  /** When it began, ISO 8601; earlier results do not have it. */
  readonly started?: string;
  readonly machine: {
    readonly cpu: string;
    readonly cpus: number;
    readonly kernel: string;
    readonly node: string;
    readonly commit?: string;
    readonly is_dirty?: boolean;
    readonly load_1min?: number;
  };
}

const text = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits));

function linesOf(results: string): Line[] {
  return results
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** What writes the results of the comparison with D-Bus. */
const dbusCommand = 'npm run -s compare:dbus -- --json > docs/results/dbus.jsonl';

/** Where and when it was measured, how quiet that was, and by what; a sentence each. */
function placeOf(lines: readonly Line[]): string[] {
  const [first] = lines;
  if (first === undefined) throw new Error('there are no results to write');
  const { machine, payload_bytes, started, steal = 0, launches = [] } = first;
  const { cpu, cpus, kernel, node, commit, is_dirty = false, load_1min: load = 0 } = machine;
  const day = started === undefined ? '' : ` on ${started.slice(0, 10)}`;
  const of = commit === undefined ? '' : `, commit ${commit}${is_dirty ? ' with changes' : ''}`;
  const often = launches.length === 0 ? '' : `, ${launches.length} launches of each cell`;
  const isNoisy = load > noisyLoad * cpus || steal > noisySteal;
  return [
    `Measured${day} on ${cpu}, ${cpus} cores, Linux ${kernel}, Node ${node}${of}; ${payload_bytes} bytes${often}.`,
    `The 1-minute load before it was ${load.toFixed(2)} on ${cpus} CPUs, and a hypervisor took ${say.percent(steal)} of the CPU time meanwhile${isNoisy ? ': the run was noisy, and its figures are to be read with care' : ''}.`,
    `The results are written by \`${dbusCommand}\`, and this page from them by \`npm run readme\`.`,
  ];
}

/** Who is in README.md: what this project offers, and what its reader knows, the program in C first. */
const readmeContenders = ['c-seqpacket', 'sockets', 'datagram', 'bus', 'node-net', 'dbus-broker'];
const readmePlacements = ['two-cores', 'one-core'];

function readmeCells({ lines }: Results): CellLine[] {
  const calls = roundTrips(lines).filter(
    ({ call, waiting, placement }) =>
      call === 'empty' && waiting === 'block' && readmePlacements.includes(placement),
  );
  return placementsOf(calls).flatMap((placement) =>
    readmeContenders.flatMap((name) =>
      calls.filter((cell) => cell.contender === name && cell.placement === placement),
    ),
  );
}

/** `1.31 (1.16–1.46)`; a ratio of which nobody knows how sure it is has no place beside those. */
function sureRatio({ contender, baseline, ratio, ratio_low, ratio_high }: CellLine): string {
  if (contender === baseline) return '1';
  const range = say.interval(ratio_low, ratio_high);
  return range === '–' ? range : `${say.ratio(ratio)} (${range})`;
}

/** Whether its figures are to be read with care, and why; nothing after a quiet run. */
function noiseWords({ run }: Results): string {
  return run.noise.length === 0 ? '' : `; the run was noisy: ${say.listed(run.noise)}`;
}

/** The run behind the calls, in one line: where they were measured again later, that one. */
function provenance({ run, machine }: Results): string {
  const { started, commit } = run.again?.find(({ workloads }) => workloads.includes('W1')) ?? {
    started: run.started,
    commit: machine.commit,
  };
  return `${run.tier} run of ${started.slice(0, 10)}, ${run.launches} ${run.launches === 1 ? 'launch' : 'launches'} of each cell, on ${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, commit ${commit}`;
}

/** The Markdown of the published run for README.md: few rows, none of them without how sure it is. Throws if it has none of them. */
export function renderReadme(results: Results): string[] {
  const cells = readmeCells(results);
  const [first] = cells;
  if (first === undefined) throw new Error('the published run has no calls for README.md');
  const number = (title: string): { title: string; isNumber: true } => ({ title, isNumber: true });
  return [
    `A call and its answer between two processes, one under way, ${say.bytes(first.payload_bytes)}; \`c-seqpacket\` is a blocking ping-pong in C over a Unix socket, and × C is to it, launch by launch; a p99 is as sure as the spread of those of its launches.`,
    '',
    ...tableMarkdown({
      columns: [
        { title: 'placement' },
        { title: 'contender' },
        ...['p50 µs', 'p99 µs', 'p99 of launches', '× C (95 %)', 'CPU µs a call'].map(number),
      ],
      rows: cells.map((cell) => [
        say.placementName(cell.placement),
        cell.contender,
        say.plain(cell.p50_us),
        say.plain(cell.p99_us),
        tailRange(cell) ?? '–',
        sureRatio(cell),
        say.plain(cell.cpu_us_per_message),
      ]),
    }),
    '',
    `From the ${provenance(results)}${noiseWords(results)}.`,
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
export function renderDBus(results: string): string[] {
  const lines = linesOf(results);
  const of = (workload: string, waiting = 'block'): string[] =>
    comparedTable(lines.filter((line) => line.workload === workload && line.waiting === waiting));
  return [
    ...placeOf(lines),
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
  readonly render: (resultsPath: string) => string[];
}

export const allNumbers: readonly Numbers[] = [
  {
    documentPath: join(projectDirectory, 'README.md'),
    resultsPath: join(projectDirectory, 'docs', 'results', 'findings'),
    render: (path) => renderReadme(readResults(path)),
  },
  {
    documentPath: join(projectDirectory, 'docs', 'benchmark.md'),
    resultsPath: join(projectDirectory, 'docs', 'results', 'dbus.jsonl'),
    render: (path) => renderDBus(readFileSync(path, 'utf8')),
  },
];

/** The document with its numbers replaced. Throws if the markers are not there. */
export function withNumbers(numbers: Numbers, document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${numbers.documentPath} has no place for numbers: ${begin}`);
  const rendered = [begin, ...numbers.render(numbers.resultsPath)].join('\n');
  return `${document.slice(0, from)}${rendered}\n${document.slice(to)}`;
}
