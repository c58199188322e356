/** Question 1, the calls of W1: round trips, their percentiles, load, outstanding calls, payloads. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type CellLine, isOverloaded, type ResultLine } from '../../results/line.js';
import { ratioText, ratioTitle } from '../baseline.js';
import { styleOf } from '../palette.js';
import { linePanel, type Panel, type Series } from '../panel.js';
import { peaksOf } from '../peak.js';
import * as say from '../quantity.js';
import { scaleOf } from '../scale.js';
import {
  byTime,
  cellsOf,
  distinct,
  grouped,
  isUsable,
  medianTime,
  placementsOf,
  roundTrips,
  sameWaiting,
  usualPayload,
} from '../selection.js';
import type { ReportTable } from '../table.js';
import { tailRange } from '../tail.js';
import { curvePanels, dotPanels, type Figure, type FigureMaker, rowLabel } from './figure.js';

function byPlacement(cells: readonly CellLine[]): CellLine[] {
  const order = placementsOf(cells);
  return [...cells].sort(
    (a, b) => order.indexOf(a.placement) - order.indexOf(b.placement) || byTime(a.p50_us, b.p50_us),
  );
}

export function latencyTable(cells: readonly CellLine[]): ReportTable {
  return {
    columns: [
      { title: 'contender' },
      { title: 'call' },
      { title: 'placement' },
      ...[
        'p50 µs',
        'p90 µs',
        'p99 µs',
        'p99.9 µs',
        ratioTitle(cells),
        '95 %',
        'CPU µs',
        'cold µs',
        'samples',
      ].map((title) => ({
        title,
        isNumber: true,
      })),
    ],
    rows: byPlacement(cells).map((cell) => [
      cell.contender,
      cell.call,
      say.placementName(cell.placement),
      say.plain(cell.p50_us),
      say.plain(cell.p90_us),
      say.plain(cell.p99_us),
      say.plain(cell.p999_us),
      ratioText(say.ratio(cell.ratio), cell, cells),
      say.interval(cell.ratio_low, cell.ratio_high),
      say.plain(cell.cpu_us_per_message),
      say.plain(cell.cold_us),
      say.count(cell.samples),
    ]),
  };
}

/** Cells that do not block while they wait are not compared with those that do (method, point 2). */
function blocks({ waiting }: CellLine): boolean {
  return waiting === 'block';
}

/** How dots are read: not every run has the C ping-pong's times, nor launches enough for intervals. */
function dotReading(cells: readonly CellLine[], hasRatio: boolean): string {
  const what = hasRatio
    ? 'the median round trip as a multiple of the blocking C ping-pong over a Unix socket (dashed line) at the same placement'
    : 'the median round trip';
  const bar = cells.some(({ ratio_low }) => ratio_low !== null)
    ? 'the bar is the 95 % interval over launches'
    : 'there are no intervals, for which it takes at least two launches with enough samples';
  return `Each dot is ${what}${hasRatio ? `; ${bar}` : ''}. Left is faster.`;
}

function callFigure(
  words: Pick<Figure, 'id' | 'title' | 'asks'>,
  cells: readonly CellLine[],
  more = '',
): Figure | undefined {
  if (cells.length === 0) return undefined;
  const hasRatio = cells.some(({ ratio }) => ratio !== null);
  const sorted = byPlacement(cells);
  return {
    ...words,
    reading: `${dotReading(cells, hasRatio)}${more}`,
    question: 1,
    workloads: ['W1'],
    lines: cells,
    drawn: ({ ratio, p50_us }) => (hasRatio ? ratio : p50_us),
    panels: dotPanels([...sorted.filter(blocks), ...sorted.filter((cell) => !blocks(cell))], {
      axisTitle: hasRatio ? 'times the C ping-pong (p50)' : 'p50',
      value: (cell) =>
        hasRatio ? { value: cell.ratio, low: cell.ratio_low, high: cell.ratio_high } : { value: cell.p50_us },
      format: hasRatio ? (value) => `${say.tick(value)}×` : say.tickTime,
      columns: [
        { title: 'p50 µs', of: (cell) => say.plain(cell.p50_us) },
        { title: ratioTitle(cells), of: (cell) => ratioText(say.ratio(cell.ratio), cell, cells) },
        { title: 'CPU µs', of: (cell) => say.plain(cell.cpu_us_per_message) },
      ],
      ...(hasRatio ? { reference: 1 } : {}),
      panelOf: (cell) => (blocks(cell) ? say.placementName(cell.placement) : 'spinning or polling'),
      labelOf: (cell) =>
        blocks(cell) ? cell.contender : `${cell.contender}, ${say.placementName(cell.placement)}`,
      describe: (panel, first, last) =>
        `Median round trip of each contender, ${panel}; shortest ${first}, longest ${last}. The table below has the numbers.`,
    }),
    table: latencyTable(cells),
  };
}

export const roundTripFigure: FigureMaker = {
  title: 'Round trip of a call',
  needs: 'W1, one call outstanding',
  make: (lines) =>
    callFigure(
      {
        id: 'round-trip',
        title: 'Round trip of a call',
        asks: 'What does a call cost over each way of carrying it?',
      },
      roundTrips(lines).filter(({ call }) => call === 'empty'),
      ' Who spins or polls instead of blocking has a panel apart.',
    ),
};

export const controlCallFigure: FigureMaker = {
  title: 'Round trip of a control call',
  needs: 'W1 with control calls',
  make: (lines) =>
    callFigure(
      {
        id: 'control-call',
        title: 'Round trip of a control call',
        asks: 'What does a call of the control plane cost, with its message encoded and decoded at both ends?',
      },
      roundTrips(lines).filter(({ call }) => call === 'control'),
    ),
};

/** 1/(1−p) of the percentiles that are drawn: 2 is the median, 10 is 90 %, 1000 is 99.9 %. */
const leastOdds = 1 / (1 - 0.1);
const samplesPerOdds = 10;

/** The part of the spectrum that has 10/(1−p) samples behind each point (method, point 10). */
function spectrum(histogram: Histogram): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = [];
  const most = histogram.totalCount / samplesPerOdds;
  for (let odds = leastOdds; odds <= most; odds *= 10 ** (1 / 12)) {
    const value = histogram.getValueAtPercentile(100 * (1 - 1 / odds)) / 1000;
    if (value > 0) points.push({ x: odds, y: value });
  }
  return points;
}

/** What the axis says at 2, 10, 100 … */
function percentileLabel(odds: number): string {
  if (odds === 2) return '50';
  const nines = Math.round(Math.log10(odds));
  return nines === 1 ? '90' : nines === 2 ? '99' : `99.${'9'.repeat(nines - 2)}`;
}

export const spectrumFigure: FigureMaker = {
  title: 'Percentile spectrum',
  needs: 'W1, one call outstanding',
  make: (lines) => {
    const cells = byPlacement(roundTrips(lines)).filter(({ call }) => call === 'empty');
    const chosen = sameWaiting(cells).filter(
      ({ contender, histogram }) => contender !== 'memory' && histogram !== '',
    );
    if (chosen.length === 0) return undefined;
    const drawn = chosen.flatMap((cell) => {
      const points = spectrum(decodeFromCompressedBase64(cell.histogram, 64, false));
      return points.length > 1 ? [{ cell, points }] : [];
    });
    const whole = new Set(drawn.map(({ cell }) => cell));
    const all = drawn.flatMap(({ points }) => points);
    const xScale = scaleOf(
      'log',
      all.map(({ x }) => x),
      0.01,
    );
    const yScale = scaleOf(
      'log',
      all.map(({ y }) => y),
    );
    const ticks = [2, 10, 100, 1000, 10_000, 100_000].filter((odds) => odds <= xScale.high);
    const panels: Panel[] = [...grouped(drawn, ({ cell }) => say.placementName(cell.placement))].map(
      ([title, members]) =>
        linePanel({
          title,
          description: `Round-trip time at each percentile, ${title}: flat lines are even, steep ends are rare long waits.`,
          series: members.map(
            ({ cell, points }): Series => ({ name: cell.contender, contender: cell.contender, points }),
          ),
          x: { title: 'percentile, log axis of 1/(1−p)', scale: xScale, label: percentileLabel, ticks },
          y: { title: 'round trip', scale: yScale, label: say.tickTime },
        }),
    );
    return {
      id: 'spectrum',
      question: 1,
      title: 'Percentile spectrum',
      asks: 'How bad are the rare long calls?',
      reading:
        'Merged histogram of all launches; each line ends where fewer than ten samples would lie beyond it. A line that climbs to the right has a long tail.',
      workloads: ['W1'],
      lines: chosen,
      drawn: (cell) => (whole.has(cell) ? cell.samples : null),
      panels,
      table: latencyTable(cells),
    };
  },
};

function openCells(lines: readonly ResultLine[]): CellLine[] {
  return cellsOf(lines).filter(
    (cell) =>
      cell.workload === 'W1' && cell.loop === 'open' && isUsable(cell) && cell.load_share !== undefined,
  );
}

/** `Points are 10, 50 and 90 %`, of what was measured. */
function sharesSentence(cells: readonly CellLine[]): string {
  const shares = distinct(cells, ({ load_share }) => load_share).map((share) => `${Math.round(share * 100)}`);
  return `Points are ${say.listed(shares)}\u00a0%`;
}

/** What 100 % is, where the results say it: the peaks of each contender at the first placement, of all its launches. */
function peaksText(cells: readonly CellLine[]): string {
  const placement = cells[0]?.placement ?? '';
  const told = cells.filter((cell) => cell.placement === placement && cell.peak_per_second !== undefined);
  if (told.length === 0) return '';
  const each = [...grouped(told, ({ contender }) => contender)]
    .map(([contender, members]) => ({ contender, ...peaksOf(members) }))
    .sort((one, other) => other.most - one.most)
    .map(({ contender, least, most, isOne }) =>
      isOne ? `${contender} ${say.count(most)}` : `${contender} ${say.rate(least)} to ${say.rate(most)}`,
    );
  return ` Peaks, calls per second at the placement "${say.placementName(placement)}", found anew in each launch, whose load is a share of its own: ${each.join(', ')}.`;
}

/** How many launches count, of how many where the machine stalled in some. */
export function launchesText({ launches, launches_stalled: stalled = 0 }: CellLine): string {
  return stalled === 0 ? String(launches.length) : `${launches.length} of ${launches.length + stalled}`;
}

/** How much of what was offered was done in time; undefined in earlier results, which do not tell. */
export function doneText(cell: CellLine): string | undefined {
  if (cell.achieved_share === undefined) return undefined;
  return `${say.percent(cell.achieved_share)}${isOverloaded(cell) ? ' (overloaded)' : ''}`;
}

/** `10 %`: shares are planned, and have no digits to tell. */
export function loadShareText({ load_share: share = 0 }: CellLine): string {
  return `${Math.round(share * 100)}\u00a0%`;
}

/** Who could not carry what was offered, by contender and schedule, where the results say it. */
function overloadText(cells: readonly CellLine[]): string {
  if (cells.every(({ achieved_share }) => achieved_share === undefined)) return '';
  const overloaded = cells.filter(isOverloaded);
  if (overloaded.length === 0)
    return ' Nobody was overloaded: everything that was offered was answered in time.';
  const loadOf = (cell: CellLine): string =>
    `${loadShareText(cell)} ${cell.schedule === 'poisson' ? 'Poisson' : 'constant'}`;
  const each = [...grouped(overloaded, ({ contender }) => contender)].map(
    ([contender, members]) => `${contender} at ${say.listed([...new Set(members.map(loadOf))])}`,
  );
  return ` Overloaded, so that the latency is that of a backlog and says how long it was measured: ${each.join('; ')}.`;
}

export const loadFigure: FigureMaker = {
  title: 'Latency against offered load',
  needs: 'W1, open loop',
  make: (lines) => {
    const cells = byPlacement(openCells(lines));
    if (cells.length === 0) return undefined;
    const offered = (cell: CellLine): number => cell.offered_per_second ?? cell.per_second;
    const panelOf = (cell: CellLine): string =>
      `${say.placementName(cell.placement)}, ${cell.schedule === 'poisson' ? 'Poisson' : 'constant'} schedule`;
    return {
      id: 'load',
      question: 1,
      title: 'Latency against offered load',
      asks: 'What is left of the latency when there is more to do?',
      reading: `Open loop: messages go by a schedule that does not wait for answers, and latency counts from the planned time. ${sharesSentence(cells)} of the peak that each contender reached itself; the thin dotted line of the same colour is p99, drawn for the transports of this project only.${peaksText(cells)}${overloadText(cells)}`,
      workloads: ['W1'],
      lines: cells,
      drawn: medianTime,
      ...curvePanels(cells, {
        xTitle: 'offered calls per second',
        x: offered,
        xLabel: say.tickRate,
        hasFreeTicks: true,
        yTitle: 'p50, and p99 dotted',
        y: ({ p50_us }) => p50_us,
        second: ({ contender, p99_us }) => (styleOf(contender).isOwn ? p99_us : null),
        yLabel: say.tickTime,
        panelOf,
        describe: (panel) =>
          `Latency over offered load, ${panel}; a line for each contender, rising where it comes near its peak.`,
      }),
      table: {
        columns: [
          { title: 'contender' },
          { title: 'placement' },
          { title: 'schedule' },
          ...[
            ...['of peak', 'offered/s', 'done', 'launches', 'p50 µs', 'p99 µs', 'p99 of launches'],
            ...['p99.9 µs', 'CPU µs', 'errors'],
          ].map((title) => ({ title, isNumber: true })),
        ],
        rows: cells.map((cell) => [
          cell.contender,
          say.placementName(cell.placement),
          cell.schedule ?? 'constant',
          say.percent(cell.load_share ?? 0),
          say.count(offered(cell)),
          doneText(cell) ?? `${say.count(cell.per_second)}/s`,
          launchesText(cell),
          say.plain(cell.p50_us),
          say.plain(cell.p99_us),
          tailRange(cell) ?? '–',
          say.plain(cell.p999_us),
          say.plain(cell.cpu_us_per_message),
          say.count(cell.errors),
        ]),
      },
    };
  },
};

const curveColumns = (what: string, cells: readonly CellLine[]): ReportTable['columns'] => [
  { title: 'contender' },
  { title: 'placement' },
  ...[what, 'p50 µs', 'p99 µs', 'calls/s', 'CPU µs', ratioTitle(cells), '95 %'].map((title) => ({
    title,
    isNumber: true,
  })),
];

function curveRow(cell: CellLine, what: string, cells: readonly CellLine[]): string[] {
  return [
    cell.contender,
    say.placementName(cell.placement),
    what,
    say.plain(cell.p50_us),
    say.plain(cell.p99_us),
    say.count(cell.per_second),
    say.plain(cell.cpu_us_per_message),
    ratioText(say.ratio(cell.ratio), cell, cells),
    say.interval(cell.ratio_low, cell.ratio_high),
  ];
}

function closedCalls(lines: readonly ResultLine[]): CellLine[] {
  return byPlacement(
    cellsOf(lines).filter(
      (cell) => cell.workload === 'W1' && cell.call === 'empty' && cell.loop === 'closed' && isUsable(cell),
    ),
  );
}

export const outstandingFigure: FigureMaker = {
  title: 'Calls a second by calls outstanding',
  needs: 'W1 with more than one call outstanding',
  make: (lines) => {
    const calls = closedCalls(lines);
    const many = calls.filter((cell) => (cell.outstanding ?? 1) > 1);
    if (many.length === 0) return undefined;
    const payload = usualPayload(many);
    const who = new Set(many.map(({ contender }) => contender));
    const cells = calls.filter((cell) => cell.payload_bytes === payload && who.has(cell.contender));
    return {
      id: 'outstanding',
      question: 1,
      title: 'Calls a second by calls outstanding',
      asks: 'How much can be carried when callers do not wait?',
      reading:
        'Closed loop with so many calls unanswered at once. Higher is more; where a line is flat, the contender is at its peak.',
      workloads: ['W1'],
      lines: cells,
      ...curvePanels(cells, {
        xTitle: 'calls outstanding',
        x: ({ outstanding = 1 }) => outstanding,
        yTitle: 'calls per second',
        y: ({ per_second }) => per_second,
        yLabel: say.tickRate,
        describe: (panel) => `Calls per second over calls outstanding, ${panel}; a line for each contender.`,
      }),
      table: {
        columns: curveColumns('outstanding', cells),
        rows: cells.map((cell) => curveRow(cell, say.count(cell.outstanding ?? 1), cells)),
      },
    };
  },
};

export const payloadFigure: FigureMaker = {
  title: 'Round trip by payload',
  needs: 'W1 with several payloads',
  make: (lines) => {
    const cells = closedCalls(lines).filter((cell) => (cell.outstanding ?? 1) === 1);
    if (distinct(cells, ({ payload_bytes }) => payload_bytes).length < 2) return undefined;
    return {
      id: 'payload',
      question: 1,
      title: 'Round trip by payload',
      asks: 'What does a byte cost?',
      reading: 'Median round trip with the payload carried both ways and touched at both ends.',
      workloads: ['W1'],
      lines: cells,
      drawn: medianTime,
      ...curvePanels(cells, {
        xTitle: 'payload',
        x: ({ payload_bytes }) => payload_bytes,
        xLabel: say.bytes,
        yTitle: 'round trip, p50',
        y: ({ p50_us }) => p50_us,
        yLabel: say.tickTime,
        nameOf: (cell) => rowLabel(cell, []),
        describe: (panel) => `Median round trip over payload, ${panel}; a line for each contender.`,
      }),
      table: {
        columns: curveColumns('payload', cells),
        rows: cells.map((cell) => curveRow(cell, say.bytes(cell.payload_bytes), cells)),
      },
    };
  },
};
