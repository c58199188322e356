/** Question 2: one message to many. */
import { fanOutBatch } from '../../peers/fan-out.js';
import type { CellLine } from '../../results/line.js';
import { ratioText, ratioTitle } from '../baseline.js';
import { crossings, multicasts } from '../crossing.js';
import { linePanel } from '../panel.js';
import * as say from '../quantity.js';
import { scaleOf } from '../scale.js';
import { byTime, cellsOf, distinct, isUsable, medianTime, placementsOf, usualPayload } from '../selection.js';
import { curvePanels, type FigureMaker } from './figure.js';

function sorted(cells: readonly CellLine[]): CellLine[] {
  const order = placementsOf(cells);
  return [...cells].sort(
    (a, b) =>
      order.indexOf(a.placement) - order.indexOf(b.placement) ||
      (a.receivers ?? 1) - (b.receivers ?? 1) ||
      byTime(a.p50_us, b.p50_us),
  );
}

export const fanOutFigure: FigureMaker = {
  title: 'One message to many, until the last has it',
  needs: 'W4',
  make: (lines) => {
    const all = multicasts(lines);
    const payload = usualPayload(all);
    const cells = sorted(all.filter((cell) => cell.payload_bytes === payload));
    if (cells.length === 0) return undefined;
    const marks = new Map(
      crossings(lines).flatMap(({ placement, from, steps }) =>
        from === undefined || from === steps[0]?.receivers
          ? []
          : [[say.placementName(placement), { x: from, label: `bus faster from ${from} on` }] as const],
      ),
    );
    return {
      id: 'fan-out',
      question: 2,
      title: 'One message to many, until the last has it',
      asks: 'From how many receivers on does a multicast gain over a loop?',
      reading: `Median time from before it is sent until the last receiver has it; \`sockets\`, \`datagram\` and \`c-seqpacket\` send to one after the other, who else is there sends once. ${marks.size === 0 ? 'Nowhere does the bus become surely faster and stay so.' : 'The dashed line stands where the bus becomes surely faster and stays so.'}`,
      workloads: ['W4'],
      lines: cells,
      drawn: medianTime,
      ...curvePanels(cells, {
        xTitle: 'receivers',
        x: ({ receivers }) => receivers,
        yTitle: 'until the last has it, p50',
        y: ({ p50_us }) => p50_us,
        yLabel: say.tickTime,
        mark: (panel) => marks.get(panel),
        describe: (panel) =>
          `Time until the last receiver has a message, over the number of receivers, ${panel}; a line for each contender.`,
      }),
      table: {
        columns: [
          { title: 'contender' },
          { title: 'call' },
          { title: 'placement' },
          ...[
            'receivers',
            'p50 µs',
            'p99 µs',
            ratioTitle(cells),
            '95 %',
            'client CPU µs',
            'broker CPU µs',
            'all CPU µs',
          ].map((title) => ({
            title,
            isNumber: true,
          })),
        ],
        rows: cells.map((cell) => [
          cell.contender,
          cell.call,
          say.placementName(cell.placement),
          say.count(cell.receivers),
          say.plain(cell.p50_us),
          say.plain(cell.p99_us),
          ratioText(say.ratio(cell.ratio), cell, cells),
          say.interval(cell.ratio_low, cell.ratio_high),
          say.plain(cell.client_cpu_us_per_message),
          say.plain(cell.broker_cpu_us_per_message),
          say.plain(cell.cpu_us_per_message),
        ]),
      },
    };
  },
};

export const gainFigure: FigureMaker = {
  title: 'Multicast over the bus against a loop over sockets',
  needs: 'W4 over bus and sockets at two numbers of receivers or more',
  make: (lines) => {
    const found = crossings(lines).filter(({ steps }) => steps.length > 1);
    if (found.length === 0) return undefined;
    const steps = found.flatMap((crossing) => crossing.steps.map((step) => ({ crossing, step })));
    const values = steps.flatMap(({ step: { ratio } }) => [
      ratio.estimate,
      ratio.low ?? ratio.estimate,
      ratio.high ?? ratio.estimate,
    ]);
    const y = scaleOf('log', [...values, 1]);
    const numbers = distinct(steps, ({ step }) => step.receivers);
    const x = scaleOf('log', numbers, 0.03);
    return {
      id: 'gain',
      question: 2,
      title: 'Multicast over the bus against a loop over sockets',
      asks: 'How much is gained, and how sure is that?',
      reading:
        'Time of the multicast over that of the loop, launch by launch, with its 95 % interval. Below the dashed line the multicast is faster.',
      workloads: ['W4'],
      lines: steps.flatMap(({ step: { pair } }) => [pair.ours, pair.theirs]),
      panels: found.map((crossing) =>
        linePanel({
          title: say.placementName(crossing.placement),
          description: `Ratio of the bus's multicast to the loop over sockets by receivers, ${say.placementName(crossing.placement)}; below 1 the bus is faster.`,
          series: [
            {
              name: 'bus / sockets',
              contender: 'bus',
              points: crossing.steps.map(({ receivers, ratio }) => ({
                x: receivers,
                y: ratio.estimate,
                low: ratio.low,
                high: ratio.high,
              })),
            },
          ],
          x: { title: 'receivers', scale: x, label: say.count, ticks: numbers },
          y: { title: 'multicast over loop', scale: y, label: (value) => `${say.tick(value)}×` },
          reference: 1,
        }),
      ),
      table: {
        columns: [
          { title: 'placement' },
          ...['receivers', 'bus p50 µs', 'sockets p50 µs', 'bus / sockets', '95 %'].map((title) => ({
            title,
            isNumber: true,
          })),
          { title: 'faster' },
        ],
        rows: steps.map(({ crossing, step: { receivers, pair, ratio, verdict } }) => [
          say.placementName(crossing.placement),
          say.count(receivers),
          say.plain(pair.ours.p50_us),
          say.plain(pair.theirs.p50_us),
          say.ratio(ratio.estimate),
          say.interval(ratio.low, ratio.high),
          verdict === 'less' ? 'bus' : verdict === 'more' ? 'sockets' : 'not decided',
        ]),
      },
    };
  },
};

/**
 * The cells whose samples are the sender's CPU time for a batch of multicasts. Their CPU time by message is not that: it has the calls
 * in it by which the sender learns after each batch that all have come.
 */
export function senderCells(lines: Parameters<FigureMaker['make']>[0]): CellLine[] {
  return cellsOf(lines).filter(
    (cell) =>
      cell.workload === 'W4' &&
      cell.call === 'multicast-cost' &&
      isUsable(cell) &&
      cell.receivers !== undefined &&
      cell.p50_us !== null,
  );
}

/** CPU time of the sender's thread for one multicast, µs. */
export function sendingTime({ p50_us }: Pick<CellLine, 'p50_us'>): number | null {
  return p50_us === null ? null : p50_us / fanOutBatch;
}

export const senderFigure: FigureMaker = {
  title: "The sender's own CPU time by receivers",
  needs: 'W4 with `multicast-cost` at two numbers of receivers or more',
  make: (lines) => {
    const cells = sorted(senderCells(lines));
    if (distinct(cells, ({ receivers }) => receivers).length < 2) return undefined;
    return {
      id: 'sender',
      question: 2,
      title: "The sender's own CPU time by receivers",
      asks: 'What does it cost the sender to reach more?',
      reading: `CPU time of the sender's thread for one message to all receivers, until the kernel has it: the median over batches of ${fanOutBatch}, divided by as many. A level line: reaching more costs the sender nothing.`,
      workloads: ['W4'],
      lines: cells,
      ...curvePanels(cells, {
        xTitle: 'receivers',
        x: ({ receivers }) => receivers,
        yTitle: "sender's CPU time of one message",
        y: sendingTime,
        yLabel: say.tickTime,
        nameOf: ({ contender }) => contender,
        describe: (panel) => `CPU time of the sender over receivers, ${panel}; a line for each contender.`,
      }),
      table: {
        columns: [
          { title: 'contender' },
          { title: 'placement' },
          ...['receivers', "sender's CPU µs", 'samples'].map((title) => ({
            title,
            isNumber: true,
          })),
        ],
        rows: cells.map((cell) => [
          cell.contender,
          say.placementName(cell.placement),
          say.count(cell.receivers),
          say.plain(sendingTime(cell)),
          say.count(cell.samples),
        ]),
      },
    };
  },
};
