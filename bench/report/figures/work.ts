/**
 * Question 1, everything but calls: streams, handles that are given and taken back, deaths, control operations, idle gaps, many of
 * something. Each is a curve where the run varied it, and dots where it did not.
 */
import type { CellLine, ResultLine, Varied } from '../../results/line.js';
import { ratioText, ratioTitle } from '../baseline.js';
import { styleOf } from '../palette.js';
import type { Panel } from '../panel.js';
import * as say from '../quantity.js';
import {
  byTime,
  cellsOf,
  distinct,
  grouped,
  isUsable,
  medianTime,
  placementsOf,
  usualPayload,
} from '../selection.js';
import type { ReportTable } from '../table.js';
import { type Curves, curvePanels, dotPanels, type Figure, type FigureMaker } from './figure.js';

interface Work {
  readonly id: string;
  readonly workload: string;
  readonly title: string;
  readonly asks: string;
  readonly reading: string;
  /** What is varied, and what its values are called. */
  readonly over: keyof Varied | 'payload_bytes';
  readonly overTitle: string;
  readonly overLabel?: (value: number) => string;
  readonly what: string;
  /** Which call a cell is of stands in the panel's name. */
  readonly isByCall?: boolean;
  /** What is drawn; the median time if it is not said. */
  readonly measure?: (cell: CellLine) => number | null;
  readonly label?: (value: number) => string;
  readonly chosen?: (cell: CellLine) => boolean;
}

const works: readonly Work[] = [
  {
    id: 'give',
    workload: 'W3',
    title: 'A handle given away, and one call on it',
    asks: 'What does it cost to give authority to a third party?',
    reading: 'From before the handle is sent until the third party has the answer to its first call on it.',
    over: 'handles',
    overTitle: 'handles in one message',
    what: 'time until the first answer, p50',
  },
  {
    id: 'revoke',
    workload: 'W5',
    title: 'A grant taken back',
    asks: 'How long until a holder knows that its handle is gone and can do nothing more?',
    reading:
      'From before the owner takes the grant back until the last holder has been told: of a node that is taken back from all its holders, and as `revoke-one` of the grant of one among so many.',
    over: 'holders',
    overTitle: 'holders',
    what: 'time until the last holder knows, p50',
  },
  {
    id: 'death',
    workload: 'W6',
    title: "Notice of a peer's death",
    asks: 'How long until the others know that a peer was killed?',
    reading:
      'From SIGKILL until the last notice is there: in `death` whoever holds handles to the nodes of the dead is told that they are gone, in `death-held` whoever owns the nodes that the dead held is told that nobody does any more.',
    over: 'handles',
    overTitle: 'handles',
    what: 'time until it is noticed, p50',
    isByCall: true,
  },
  {
    id: 'control',
    workload: 'W7',
    title: 'Control operations of the service manager',
    asks: 'What does a user of the service manager notice of the transport?',
    reading: 'The same control objects over each transport.',
    over: 'services',
    overTitle: 'services',
    what: 'time of one operation, p50',
    isByCall: true,
  },
  {
    id: 'gap',
    workload: 'W10',
    title: 'A call after an idle gap',
    asks: 'What does a call cost when everybody has slept, as in the usual life of a control plane?',
    reading:
      'The caller waits before each call, so that processors sleep and caches cool; the thin dotted line is p99 of the transports of this project, as far as there are samples enough for it.',
    over: 'gap_ms',
    overTitle: 'idle before each call, ms',
    overLabel: (ms) => String(ms),
    what: 'round trip, p50 (p99 dotted)',
  },
  {
    id: 'many-handles',
    workload: 'W9',
    title: 'Cost of a message when there are many handles',
    asks: 'Does a message cost more when there are many handles?',
    reading: 'CPU time of all processes for one message; handles are the sender’s, used in turn.',
    over: 'handles',
    overTitle: 'handles of the sender',
    what: 'CPU time of one message',
    measure: (cell) => cell.cpu_us_per_message,
    chosen: ({ peers = 1, holders }) => peers === 1 && holders === undefined,
  },
  {
    id: 'many-peers',
    workload: 'W9',
    title: 'Cost of a message when there are many peers',
    asks: 'Does a message cost more when many peers are connected?',
    reading: 'CPU time of all processes for one message; the others are connected and idle.',
    over: 'peers',
    overTitle: 'peers that are connected',
    what: 'CPU time of one message',
    measure: (cell) => cell.cpu_us_per_message,
    chosen: ({ handles = 1, holders }) => handles === 1 && holders === undefined,
  },
];

function overOf(cell: CellLine, over: Work['over']): number | undefined {
  const value = cell[over];
  return typeof value === 'number' ? value : undefined;
}

function inOrder(cells: readonly CellLine[], over: Work['over']): CellLine[] {
  const order = placementsOf(cells);
  return [...cells].sort(
    (a, b) =>
      a.call.localeCompare(b.call) ||
      order.indexOf(a.placement) - order.indexOf(b.placement) ||
      (overOf(a, over) ?? 0) - (overOf(b, over) ?? 0) ||
      byTime(a.p50_us, b.p50_us),
  );
}

function workTable(work: Work, cells: readonly CellLine[]): ReportTable {
  const isVaried = cells.some((cell) => overOf(cell, work.over) !== undefined);
  const titles = [
    'p50 µs',
    'p99 µs',
    ratioTitle(cells),
    '95 %',
    'per second',
    'CPU µs',
    'broker CPU µs',
    'samples',
  ];
  return {
    columns: [
      { title: 'contender' },
      { title: 'call' },
      { title: 'placement' },
      ...(isVaried ? [{ title: work.overTitle, isNumber: true }] : []),
      ...titles.map((title) => ({ title, isNumber: true })),
    ],
    rows: inOrder(cells, work.over).map((cell) => [
      cell.contender,
      cell.call,
      say.placementName(cell.placement),
      ...(isVaried ? [overText(work, cell)] : []),
      say.plain(cell.p50_us),
      say.plain(cell.p99_us),
      ratioText(say.ratio(cell.ratio), cell, cells),
      say.interval(cell.ratio_low, cell.ratio_high),
      say.count(cell.per_second),
      say.plain(cell.cpu_us_per_message),
      say.plain(cell.broker_cpu_us_per_message),
      say.count(cell.samples),
    ]),
  };
}

function overText(work: Work, cell: CellLine): string {
  const value = overOf(cell, work.over);
  return value === undefined ? '–' : (work.overLabel ?? say.count)(value);
}

function workFigure(work: Work, lines: readonly ResultLine[]): Figure | undefined {
  const measure = work.measure ?? medianTime;
  const cells = inOrder(
    cellsOf(lines).filter(
      (cell) => cell.workload === work.workload && isUsable(cell) && (work.chosen?.(cell) ?? true),
    ),
    work.over,
  );
  if (cells.length === 0) return undefined;
  const calls = distinct(cells, ({ call }) => call);
  const panelOf = (cell: CellLine): string => {
    const where = say.placementName(cell.placement);
    return work.isByCall === true && calls.length > 1 ? `${cell.call}, ${where}` : where;
  };
  const label = work.label ?? say.tickTime;
  const { id, title, asks, reading, workload } = work;
  const isCurve = distinct(cells, (cell) => overOf(cell, work.over)).length > 1;
  const dots = (those: readonly CellLine[]): Panel[] =>
    dotPanels(those, {
      axisTitle: work.what,
      value: (cell) => ({ value: measure(cell) }),
      format: label,
      columns: [
        { title: 'p50 µs', of: (cell) => say.plain(cell.p50_us) },
        { title: 'p99 µs', of: (cell) => say.plain(cell.p99_us) },
        { title: 'CPU µs', of: (cell) => say.plain(cell.cpu_us_per_message) },
      ],
      panelOf: (cell) =>
        isCurve
          ? `${panelOf(cell)}, ${overText(work, cell)} ${work.overTitle.replace(/s$/, overOf(cell, work.over) === 1 ? '' : 's')}`
          : panelOf(cell),
      labelOf: ({ contender, call }) =>
        calls.length > 1 && work.isByCall !== true && call !== calls[0]
          ? `${contender} (${call})`
          : contender,
      describe: (panel, first, last) => `${title}, ${panel}: least ${first}, most ${last}.`,
    });
  const curves = isCurve ? workCurves(work, cells, panelOf, dots) : undefined;
  const drawing =
    curves === undefined || curves.panels.length === 0 ? { panels: dots(cells), leftOut: [] } : curves;
  return {
    id,
    question: 1,
    title,
    asks,
    reading,
    workloads: [workload],
    lines: cells,
    drawn: measure,
    ...drawing,
    table: workTable(work, cells),
  };
}

/** Where the panels are of one call each, one that was measured at one value is drawn as dots: nothing else would show it. */
function workCurves(
  work: Work,
  cells: readonly CellLine[],
  panelOf: (cell: CellLine) => string,
  dots: (those: readonly CellLine[]) => Panel[],
): Curves {
  return curvePanels(cells, {
    xTitle: work.overTitle,
    x: (cell) => overOf(cell, work.over),
    ...(work.overLabel === undefined ? {} : { xLabel: work.overLabel }),
    yTitle: work.what,
    y: work.measure ?? medianTime,
    ...(work.workload === 'W10'
      ? { second: ({ contender, p99_us }: CellLine) => (styleOf(contender).isOwn ? p99_us : null) }
      : {}),
    yLabel: work.label ?? say.tickTime,
    panelOf,
    ...(work.isByCall === true ? { nameOf: ({ contender }: CellLine) => contender, dots } : {}),
    describe: (panel) =>
      `${work.title}: ${work.what} over ${work.overTitle}, ${panel}; a line for each contender.`,
  });
}

export const workFigures: readonly FigureMaker[] = works.map((work) => ({
  title: work.title,
  needs: `${work.workload}${work.chosen === undefined ? '' : ` with ${work.overTitle}`}`,
  make: (lines) => workFigure(work, lines),
}));

function streams(lines: readonly ResultLine[]): CellLine[] {
  return cellsOf(lines).filter((cell) => cell.workload === 'W2' && isUsable(cell) && cell.per_second > 0);
}

/** The cells of W2 at the usual payload with one sender. */
export function usualStreams(lines: readonly ResultLine[]): CellLine[] {
  const cells = streams(lines).filter((cell) => (cell.senders ?? 1) === 1);
  const payload = usualPayload(cells);
  return cells.filter((cell) => cell.payload_bytes === payload);
}

function streamTable(cells: readonly CellLine[]): ReportTable {
  const titles = [
    'payload',
    'senders',
    'messages/s',
    'CPU µs a message',
    'of it the sender',
    'of it the broker',
  ];
  return {
    columns: [
      { title: 'contender' },
      { title: 'call' },
      { title: 'placement' },
      ...[...titles, 'per broker CPU s'].map((title) => ({ title, isNumber: true })),
    ],
    rows: inOrder(cells, 'payload_bytes').map((cell) => [
      cell.contender,
      cell.call,
      say.placementName(cell.placement),
      say.bytes(cell.payload_bytes),
      say.count(cell.senders ?? 1),
      say.count(cell.per_second),
      say.plain(cell.cpu_us_per_message),
      say.plain(cell.client_cpu_us_per_message),
      say.plain(cell.broker_cpu_us_per_message),
      say.count(cell.per_broker_cpu_second),
    ]),
  };
}

export const throughputFigure: FigureMaker = {
  title: 'One-way messages: throughput and CPU time',
  needs: 'W2',
  make: (lines) => {
    const cells = inOrder(usualStreams(lines), 'payload_bytes');
    if (cells.length === 0) return undefined;
    return {
      id: 'throughput',
      question: 1,
      title: 'One-way messages: throughput and CPU time',
      asks: 'How many messages can be carried, and what does each cost?',
      reading:
        'Messages a second that arrived and were touched; right is more. CPU time is that of all processes for one message.',
      workloads: ['W2'],
      lines: cells,
      panels: dotPanels(cells, {
        axisTitle: 'messages per second',
        value: (cell) => ({ value: cell.per_second }),
        isDescending: true,
        format: say.tickRate,
        columns: [
          { title: 'per second', of: (cell) => say.rate(cell.per_second) },
          { title: 'CPU µs', of: (cell) => say.plain(cell.cpu_us_per_message) },
          { title: 'broker', of: (cell) => say.plain(cell.broker_cpu_us_per_message) },
        ],
        describe: (panel, first, last) => `Messages per second, ${panel}; most ${first}, fewest ${last}.`,
      }),
      table: streamTable(cells),
    };
  },
};

export const streamPayloadFigure: FigureMaker = {
  title: 'One-way messages by payload',
  needs: 'W2 with several payloads',
  make: (lines) => {
    const cells = inOrder(
      streams(lines).filter((cell) => (cell.senders ?? 1) === 1),
      'payload_bytes',
    );
    if (distinct(cells, ({ payload_bytes }) => payload_bytes).length < 2) return undefined;
    return {
      id: 'stream-payload',
      question: 1,
      title: 'One-way messages by payload',
      asks: 'How many messages of a size can be carried?',
      reading: 'Messages a second that arrived and were touched, by their size.',
      workloads: ['W2'],
      lines: cells,
      ...curvePanels(cells, {
        xTitle: 'payload',
        x: ({ payload_bytes }) => payload_bytes,
        xLabel: say.bytes,
        yTitle: 'messages per second',
        y: ({ per_second }) => per_second,
        yLabel: say.tickRate,
        describe: (panel) => `Messages per second over payload, ${panel}; a line for each contender.`,
      }),
      table: streamTable(cells),
    };
  },
};

/** Of those that were measured with several numbers of senders; the others are in the figure of one sender. */
function bySenders(lines: readonly ResultLine[]): CellLine[] {
  const all = streams(lines);
  const payload = usualPayload(all);
  const cells = all.filter((cell) => cell.senders !== undefined && cell.payload_bytes === payload);
  return [...grouped(cells, ({ contender, placement }) => `${contender} ${placement}`).values()]
    .filter((members) => distinct(members, ({ senders }) => senders).length > 1)
    .flat();
}

export const sendersFigure: FigureMaker = {
  title: 'One-way messages by senders',
  needs: 'W2 with several senders',
  make: (lines) => {
    const cells = inOrder(bySenders(lines), 'senders');
    if (cells.length === 0) return undefined;
    return {
      id: 'senders',
      question: 1,
      title: 'One-way messages by senders',
      asks: 'What happens when several send to one?',
      reading: 'Messages a second that arrived, from all senders together.',
      workloads: ['W2'],
      lines: cells,
      ...curvePanels(cells, {
        xTitle: 'sending processes',
        x: ({ senders }) => senders,
        yTitle: 'messages per second',
        y: ({ per_second }) => per_second,
        yLabel: say.tickRate,
        describe: (panel) => `Messages per second over senders, ${panel}; a line for each contender.`,
      }),
      table: streamTable(cells),
    };
  },
};
