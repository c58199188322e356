/**
 * docs/findings.md, written from the results that are kept in the repository (docs/results/NAME): the three questions in plain words, where
 * the bus wins and where it loses, what an inversion means, the threats, and the command that repeats it. The words follow the numbers.
 *
 *   npm run findings -- DIR [NAME]    keeps the results of DIR as docs/results/NAME (`findings` if it is not said) and writes the page
 *   npm run findings                  writes the page from what is kept
 *   npm run findings -- --check       exits 1 if the page does not say what is kept
 */
import type { Results } from '../results/directory.js';
import type { CellLine, OrderLine, ResultLine } from '../results/line.js';
import { answerLines, bullets, tableLines } from './answer-lines.js';
import { answersOf } from './answers.js';
import { type Contrast, contrasts } from './contrast.js';
import { latencyTable } from './figures/calls.js';
import { examples, heatTables, heatTitle, isFaultExample, patternTable } from './figures/order.js';
import {
  cautions,
  machineTable,
  runTable,
  unmeasured,
  unmeasuredReason,
  unmeasuredTitle,
  unusable,
} from './figures/trust.js';
import { loadedIntroduction, loadedTable } from './loaded.js';
import { memoryTable } from './memory.js';
import { method, threatsOf } from './method.js';
import { patternOf } from './patterns.js';
import * as say from './quantity.js';
import { cellsOf, distinct, grouped, ordersOf, roundTrips } from './selection.js';

/** Above each generated part, so that nobody edits it by hand. */
const generatedMark = '<!-- written by npm run findings from the results in the repository; do not edit -->';

/** Contrasts of one kind with what varies in them, as one line: `call: 1.20 to 1.40 times, on two cores and one core`. */
function contrastLines(all: readonly Contrast[]): string[] {
  return [...grouped(all, ({ what }) => what)].map(([what, members]) => {
    const parts = members.map(
      ({ ratio, placement, isRate }) =>
        `${say.times(ratio)} ${isRate ? 'as many a second' : 'as long'}, ${say.placementName(placement)}`,
    );
    return `${what}: ${parts.join('; ')}`;
  });
}

const listedMost = 24;

function winsPart(lines: readonly ResultLine[]): string[] {
  const all = contrasts(lines);
  const part = (verdict: Contrast['verdict'], title: string, none: string): string[] => {
    const found = contrastLines(all.filter((one) => one.verdict === verdict));
    const shown = found.slice(0, listedMost);
    const rest = found.length - shown.length;
    return [
      `### ${title}`,
      '',
      ...(found.length === 0 ? [none] : bullets(shown)),
      ...(rest > 0 ? [`- and ${rest} more, which are in the raw results`] : []),
      '',
    ];
  };
  if (all.length === 0) return ['The run has nothing that both `bus` and `sockets` were measured in.', ''];
  return [
    'Bus over `sockets` in closed loops, everything that both were measured in (what a multicast costs its sender is above); a win or a loss is only what the interval of the ratio leaves no doubt of, and what remains after Holm’s correction for all questions together, multicasts by themselves; the intervals here are those of each ratio alone.',
    '',
    ...part('better', 'Where the bus wins', 'Nowhere that this run can be sure of.'),
    ...part('worse', 'Where it loses', 'Nowhere that this run can be sure of.'),
    ...part('same', 'Where this run cannot tell', 'In nothing that was measured.'),
  ];
}

/** What a program that relies on the order does when it is not kept: it depends on which property that is. */
function consequences(orders: readonly OrderLine[]): string[] {
  const inverted = orders.filter((line) => line.inversions > 0);
  if (inverted.length === 0)
    return [
      'No program that contains one of these patterns would have gone wrong in this run; on a transport that does not promise order it may on another day.',
    ];
  const sentence = (members: readonly OrderLine[], what: string): string[] => {
    const titles = distinct(members, ({ call }) => call).map((call) => `"${patternOf(call).title}"`);
    const which = titles.length === 1 ? 'the pattern' : 'one of the patterns';
    return titles.length === 0
      ? []
      : [`A program that contains ${which} ${say.listed(titles)} and relies on the order ${what}.`];
  };
  return [
    ...sentence(
      inverted.filter(({ property }) => property === 'causality'),
      'acts on something whose cause it has not seen: it reads a record that is not there yet, or frees what is still announced',
    ),
    ...sentence(
      inverted.filter(({ property }) => property !== 'causality'),
      'does different things in places that must agree: one replica keeps another value than the next, or one of two panels shows the older of two settings',
    ),
  ];
}

/** That nothing was lost is said only of a run in which nothing was; results of earlier versions may not tell. */
function deliverySentence(orders: readonly OrderLine[]): string[] {
  if (orders.every(({ delivery_faults: faults, violations }) => (faults ?? violations) === 0))
    return [
      'Nothing is lost and nothing arrives twice: each handle by itself is in order, so that tests with two processes never show it.',
    ];
  const faulty = orders.filter(({ delivery_faults: faults = 0 }) => faults > 0).length;
  return faulty === 0
    ? []
    : [
        `In ${faulty} ${faulty === 1 ? 'cell' : 'cells'} of W8 messages were lost, doubled, invented or changed: that is no inversion but a failure, and is told with the cells that failed.`,
      ];
}

function exampleLines(orders: readonly OrderLine[], what: string): string[] {
  return examples(orders, 1).flatMap(({ example, call, contender }) =>
    example === undefined
      ? []
      : [`${what}, ${patternOf(call).title} over \`${contender}\`:`, '', '```', example, '```', ''],
  );
}

function whatInversionsMean(lines: readonly ResultLine[]): string[] {
  const orders = ordersOf(lines);
  if (orders.length === 0) return [];
  return [
    '### What an inversion means',
    '',
    ...consequences(orders),
    ...deliverySentence(orders),
    'The remedy without order in the transport is to ask back: an acknowledgement from each receiver before the next step, which costs a round trip for each, or versions in the messages.',
    '',
    ...heatTables(lines).flatMap((heat) => [`${heatTitle(heat)}:`, '', ...tableLines(heat.table)]),
    ...exampleLines(
      orders.filter((line) => !isFaultExample(line)),
      'The shortest one that was recorded',
    ),
    ...exampleLines(
      orders.filter(isFaultExample),
      'A message that did not come as it was sent, which is no inversion',
    ),
    '### Which programs contain these patterns',
    '',
    ...tableLines(patternTable(lines)),
  ];
}

function memoryPart(lines: readonly ResultLine[]): string[] {
  const table = memoryTable(lines);
  return table === undefined
    ? []
    : [
        '### Memory and descriptors',
        '',
        'Resident memory of all processes of a cell of W9 together, with the runtime of each, where pages that several share count with each, and with a hub over `sockets`, too, which only introduces the others; medians of the launches, and their ratio launch by launch:',
        '',
        ...tableLines(table),
      ];
}

function loadedPart(lines: readonly ResultLine[]): string[] {
  const table = loadedTable(lines);
  return table === undefined ? [] : ['### Under load', '', loadedIntroduction, '', ...tableLines(table)];
}

/** What of it is from a later run. */
function againSentences({ again = [] }: Results['run']): string[] {
  return again.map(
    ({ workloads, started, commit, is_dirty, reason }) =>
      `${say.listed(workloads)} ${workloads.length === 1 ? 'was' : 'were'} measured again on ${started.slice(0, 10)} at commit ${commit}${is_dirty ? ' with changes' : ''}, because ${reason}.`,
  );
}

/** The page. `directory` is that of the kept results as a link from docs/. */
export function renderFindings(results: Results, directory: string): string {
  const { run, machine, lines } = results;
  const answers = answersOf(lines);
  const [first, second, third] = answers;
  const calls = roundTrips(lines).filter(({ call }) => call === 'empty');
  const failed = unusable(results);
  const careful = cautions(run);
  const page = [
    '# Findings',
    '',
    generatedMark,
    '',
    'What the benchmark suite found on the three questions behind this project; how it measures is in [the benchmark](benchmark.md).',
    `Measured on ${machine.cpu}, ${machine.cpus} cores, Linux ${machine.kernel}, Node ${machine.node}, ${run.started.slice(0, 10)}, commit ${machine.commit}${machine.is_dirty ? ' with changes' : ''}; ${run.tier} run, ${run.launches} ${run.launches === 1 ? 'launch' : 'launches'} of each cell.`,
    ...againSentences(run),
    'Times move with the machine; the ratios within this run are what counts.',
    ...(careful.length === 0
      ? []
      : [
          '',
          run.noise.length > 0
            ? 'The run was noisy, and its figures are to be read with care:'
            : 'Its figures are to be read with care:',
          '',
          ...bullets(careful),
        ]),
    '',
    'In short:',
    '',
    ...[first, second, third].map(({ question, short }) => `${question}. ${short}`),
    '',
    ...answerLines(first),
    ...(calls.length === 0
      ? []
      : ['### Round trips of all contenders', '', ...tableLines(latencyTable(calls))]),
    ...loadedPart(lines),
    ...memoryPart(lines),
    ...answerLines(second),
    ...answerLines(third),
    ...whatInversionsMean(lines),
    '## Where the bus wins, and where it loses',
    '',
    ...winsPart(lines),
    '## Threats to validity',
    '',
    ...bullets(threatsOf(lines)),
    '',
    '## How it was measured',
    '',
    ...method.map((text, at) => `${at + 1}. ${text}`),
    '',
    ...tableLines(runTable(results)),
    ...tableLines(machineTable(results)),
    ...(failed.length === 0 ? [] : ['Cells that failed or may not be used:', '', ...bullets(failed), '']),
    ...(unmeasured(run).length === 0
      ? []
      : [`### ${unmeasuredTitle}`, '', unmeasuredReason, '', ...bullets(unmeasured(run)), '']),
    '## To repeat it',
    '',
    '```',
    run.command,
    `npm run findings -- DIR      # writes this page from DIR`,
    ...(run.again ?? []).flatMap(({ command }) => [command, 'npm run findings -- DIR --again LATER']),
    '```',
    '',
    `The raw results are in [${directory}](${directory}), a line a cell, without what would make them large: histograms, and figures of launches that no interval needs.`,
  ];
  return `${page.join('\n').trimEnd()}\n`;
}

const linkPlace = '<!-- findings: linked by npm run findings -->';
const link = 'What it found is in [the findings](findings.md).';

/** The benchmark's page with its link to the findings. Throws if it has no place for it. */
export function withLink(document: string): string {
  if (!document.includes(linkPlace))
    throw new Error(`docs/benchmark.md has no place for a link: ${linkPlace}`);
  return document.includes(link) ? document : document.replace(linkPlace, `${linkPlace}\n${link}`);
}

/** Bytes that the kept results may have. */
export const keptBytesMax = 2_000_000;

const keptDigits = 5;

/** A number with no more digits than the measurement has. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isInteger(value) ? value : Number(value.toPrecision(keptDigits));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rounded(one)]));
}

function sizeOf(lines: readonly ResultLine[]): number {
  return lines.reduce((sum, line) => sum + JSON.stringify(line).length + 1, 0);
}

/** Without what is not needed to repeat the page, a step at a time until it is small enough. Throws if it cannot be. */
export function keptResults(results: Results): Results {
  const trips = new Set<ResultLine>(roundTrips(results.lines));
  // Where somebody's files were is nobody else's business.
  const withoutPlace = (command: string, name: string): string =>
    command.replace(/--out \S+/, `--out ${name}`);
  const again = results.run.again?.map((later) => ({
    ...later,
    command: withoutPlace(later.command, 'LATER'),
  }));
  const run = {
    ...results.run,
    command: withoutPlace(results.run.command, 'DIR'),
    ...(again === undefined ? {} : { again }),
  };
  const contrasted = ['bus', 'sockets', 'dbus-broker', 'dbus-daemon'];
  const steps: readonly ((line: ResultLine) => ResultLine)[] = [
    (line) => line,
    (line) => (line.kind === 'order' || trips.has(line) ? line : { ...line, histogram: '' }),
    (line) => (line.kind === 'order' ? line : { ...line, histogram: '' }),
    (line) =>
      line.kind === 'order' ? line : { ...line, histogram: '', launches: line.launches.map(bareLaunch) },
    (line) => {
      if (line.kind === 'order') return line;
      const launches = contrasted.includes(line.contender) ? line.launches.map(bareLaunch) : [];
      return { ...line, histogram: '', launches };
    },
  ];
  for (const step of steps) {
    const lines = results.lines.map((line) => rounded(step(line)) as ResultLine);
    if (sizeOf(lines) <= keptBytesMax) return { ...results, run, lines };
  }
  throw new Error(
    `the results have more than ${keptBytesMax} bytes whatever is left out; keep a run of fewer workloads`,
  );
}

type Launch = CellLine['launches'][number];

/** Of a launch what intervals, the range of its p99 and its peak need. What else it had is not there any more, and is read as not measured. */
function bareLaunch(launch: Launch): Launch {
  const { p50_us, p99_us, per_second, cpu_us_per_message, is_settled, peak_per_second: peak } = launch;
  const bare: Partial<Launch> = {
    launch: launch.launch,
    p50_us,
    p99_us,
    per_second,
    cpu_us_per_message,
    is_settled,
    ...(peak === undefined ? {} : { peak_per_second: peak }),
    ...(launch.holdings === undefined ? {} : { holdings: launch.holdings }),
  };
  return bare as Launch;
}

/** Whether any of the lines is worth a page. */
export function hasFindings(results: Results): boolean {
  return cellsOf(results.lines).length + ordersOf(results.lines).length > 0;
}
