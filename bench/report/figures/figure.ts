/** A figure of the report, before it is drawn: what it answers, of which cells it is, its panels, and the same as a table. */
import type { Run } from '../../results/directory.js';
import type { CellLine, ResultLine } from '../../results/line.js';
import { variedNames } from '../../results/line.js';
import type { Axis, Dot, Panel, Series } from '../panel.js';
import { dotPanel, linePanel } from '../panel.js';
import * as say from '../quantity.js';
import { type Scale, scaleOf } from '../scale.js';
import { distinct, grouped, placementsOf, sameWaiting } from '../selection.js';
import type { ReportTable } from '../table.js';

/** 1 to 3 are those of docs/benchmark.md; 0 is how far the numbers can be trusted. */
export type Question = 0 | 1 | 2 | 3;

export interface Figure {
  /** Unique in the report; also its anchor. */
  readonly id: string;
  readonly question: Question;
  readonly title: string;
  /** The question that this figure answers. */
  readonly asks: string;
  /** How it is read. */
  readonly reading: string;
  readonly workloads: readonly string[];
  readonly lines: readonly ResultLine[];
  /** What is drawn of a cell; null where it has too few samples for that. Not said where every cell has it. */
  readonly drawn?: (cell: CellLine) => number | null;
  /** What is in the table and in no panel for another reason, a phrase each. */
  readonly leftOut?: readonly string[];
  readonly panels: readonly Panel[];
  readonly table: ReportTable;
}

/** A figure that could not be made of this run. */
export interface Absent {
  readonly title: string;
  readonly reason: string;
}

/** What makes a figure of the lines of a run, or the reason why there is none. */
export interface FigureMaker {
  readonly title: string;
  /** What the run would need. */
  readonly needs: string;
  readonly make: (lines: readonly ResultLine[]) => Figure | undefined;
}

/** What varies, where its name in the results is not what people say. */
const variedWords: Readonly<Record<string, string>> = {
  outstanding: 'calls outstanding',
  gap_ms: 'idle gap in ms',
  load_share: 'share of the peak',
};

/** Which cells, as a sentence: what they have in common, and how many there are. */
export function cellsSentence(lines: readonly ResultLine[]): string {
  const parts = [distinct(lines, ({ workload }) => workload).join(', ')];
  const calls = distinct(lines, ({ call }) => call);
  if (calls.length <= 6) parts.push(calls.map((call) => `\`${call}\``).join(', '));
  const payloads = distinct(lines, ({ payload_bytes }) => payload_bytes);
  const [least, most] = [payloads[0] ?? 0, payloads.at(-1) ?? 0];
  parts.push(payloads.length === 1 ? say.bytes(least) : `${say.bytes(least)} to ${say.bytes(most)}`);
  const cells = lines.filter((line): line is CellLine => line.kind !== 'order');
  if (cells.length > 0) {
    parts.push(`${distinct(cells, ({ loop }) => loop).join(' and ')} loop`);
    parts.push(`waiting: ${distinct(cells, ({ waiting }) => waiting).join(', ')}`);
  }
  for (const name of variedNames) {
    if (name === 'offered_per_second') continue;
    const values = distinct(cells, (cell) => cell[name]);
    if (values.length === 0) continue;
    const words = values.map((value) =>
      typeof value === 'number' && value >= 1000 ? say.count(value) : String(value),
    );
    parts.push(`${variedWords[name] ?? name.replaceAll('_', ' ')} ${words.join(', ')}`);
  }
  const who = distinct(lines, ({ contender }) => contender).length;
  const where = placementsOf(lines).map(say.placementName);
  parts.push(
    `${who} ${who === 1 ? 'contender' : 'contenders'}, ${where.length === 1 ? 'placement' : `${where.length} placements`}: ${where.join(', ')}`,
  );
  return `${parts.join('; ')} (${lines.length} ${lines.length === 1 ? 'cell' : 'cells'}).`;
}

/** What is in the table only, and why, as a sentence; undefined where all is drawn. */
export function undrawnSentence({
  lines,
  drawn,
  leftOut = [],
}: Pick<Figure, 'lines' | 'drawn' | 'leftOut'>): string | undefined {
  const cells = lines.filter((line): line is CellLine => line.kind !== 'order');
  const few = [...grouped(cells, ({ contender }) => contender)].flatMap(([contender, members]) => {
    const left = drawn === undefined ? 0 : members.filter((cell) => drawn(cell) === null).length;
    if (left === 0) return [];
    return [
      left === members.length ? `\`${contender}\`` : `\`${contender}\` (${left} of ${members.length} cells)`,
    ];
  });
  const parts = [...leftOut, ...(few.length === 0 ? [] : [`for too few samples ${say.listed(few)}`])];
  return parts.length === 0 ? undefined : `Not drawn, and in the table only: ${parts.join('; ')}.`;
}

/** What of a run's command says who was measured, and how often. */
const kept = ['--peers', '--transport', '--placement', '--launches'];

/** These options of a run, as far as it had others than the usual ones. */
function choiceOf({ command }: Pick<Run, 'command'>): string {
  const [before = ''] = command.split(' --out ');
  const words = before.split(' ');
  return kept
    .map((option) => ({ option, value: words[words.indexOf(option) + 1] }))
    .filter(({ option, value }) => words.includes(option) && value !== undefined && value !== 'auto')
    .map(({ option, value }) => ` ${option} ${value}`)
    .join('');
}

/** The command that measures a figure's cells again. */
export function commandOf(
  figure: Pick<Figure, 'workloads'>,
  run: Pick<Run, 'tier' | 'seed' | 'command'>,
): string {
  const workloads = figure.workloads.map((workload) => ` --workload ${workload}`).join('');
  return `npm run -s capstan -- bench --${run.tier}${workloads}${choiceOf(run)} --seed ${run.seed} --out DIR`;
}

/** A contender's name in a row: with the call where a panel has several. */
export function rowLabel(cell: CellLine, calls: readonly string[]): string {
  return calls.length > 1 && cell.call !== calls[0] ? `${cell.contender} (${cell.call})` : cell.contender;
}

export interface DotOptions {
  readonly axisTitle: string;
  readonly kind?: 'log' | 'linear';
  /** What a dot shows, and its interval. */
  readonly value: (cell: CellLine) => { value: number | null; low?: number | null; high?: number | null };
  readonly format: (value: number) => string;
  readonly columns: readonly { readonly title: string; readonly of: (cell: CellLine) => string }[];
  readonly reference?: number;
  /** Names the panel of a cell; by placement if it is not said. */
  readonly panelOf?: (cell: CellLine) => string;
  /** Names a row. */
  readonly labelOf?: (cell: CellLine) => string;
  readonly describe: (panel: string, first: string, last: string) => string;
  /** Greatest first, for rates. */
  readonly isDescending?: boolean;
}

/** A panel for each placement (or what `panelOf` says), with the same axis. */
export function dotPanels(cells: readonly CellLine[], options: DotOptions): Panel[] {
  const shown = cells.flatMap((cell) => {
    const { value, low = null, high = null } = options.value(cell);
    return value === null || value <= 0 ? [] : [{ cell, value, low, high }];
  });
  const extent = shown.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const scale = scaleOf(
    options.kind ?? 'log',
    options.reference === undefined ? extent : [...extent, options.reference],
  );
  const panelOf = options.panelOf ?? (({ placement }: CellLine): string => say.placementName(placement));
  const calls = distinct(cells, ({ call }) => call).sort((a) => (a === 'empty' ? -1 : 1));
  return [...grouped(shown, ({ cell }) => panelOf(cell))].map(([title, members]) => {
    const sorted = members.sort((a, b) => (a.value - b.value) * (options.isDescending === true ? -1 : 1));
    const dots: Dot[] = sorted.map(({ cell, value, low, high }) => ({
      label:
        options.labelOf?.(cell) ??
        rowLabel(cell, distinct(members, (member) => member.cell.call).length > 1 ? calls : []),
      contender: cell.contender,
      value,
      low,
      high,
      columns: options.columns.map(({ of }) => of(cell)),
    }));
    return dotPanel({
      title,
      description: options.describe(title, dots[0]?.label ?? '', dots.at(-1)?.label ?? ''),
      dots,
      axis: { title: options.axisTitle, scale, label: options.format },
      columnTitles: options.columns.map((column) => column.title),
      ...(options.reference === undefined ? {} : { reference: options.reference }),
    });
  });
}

export interface CurveOptions {
  readonly xTitle: string;
  readonly xKind?: 'log' | 'linear';
  readonly x: (cell: CellLine) => number | undefined;
  readonly xLabel?: (value: number) => string;
  readonly yTitle: string;
  readonly yKind?: 'log' | 'linear';
  readonly y: (cell: CellLine) => number | null;
  readonly yLabel: (value: number) => string;
  /** A second, thin line of each contender. */
  readonly second?: (cell: CellLine) => number | null;
  readonly panelOf?: (cell: CellLine) => string;
  readonly nameOf?: (cell: CellLine) => string;
  readonly describe: (panel: string) => string;
  readonly mark?: (panel: string) => { readonly x: number; readonly label: string } | undefined;
  /** Where x is not the same for all contenders: ticks are found, not taken from the values. */
  readonly hasFreeTicks?: boolean;
  /** Draws a panel in which nobody has a curve; left out if it is not said. */
  readonly dots?: (cells: readonly CellLine[]) => Panel[];
}

/** Zero has no place on a log axis: it stands a step left of the least value. */
function xScale(
  values: readonly number[],
  kind: 'log' | 'linear',
): { scale: Scale; place: (x: number) => number } {
  const least = Math.min(...values.filter((value) => value > 0));
  const zero = Number.isFinite(least) ? least / 4 : 1;
  const place = (x: number): number => (kind === 'log' && x === 0 ? zero : x);
  return { scale: scaleOf(kind, values.map(place), 0.03), place };
}

/** Ticks where something was measured, but no more than fit. */
function measuredTicks(values: readonly number[], label: (value: number) => string, most: number): number[] {
  const letters = Math.max(...values.map((value) => label(value).length));
  const fit = Math.max(2, Math.floor(most / (letters + 1.5)));
  const every = Math.ceil(values.length / fit);
  return values.filter((_, at) => at % every === 0);
}

const lettersInAWidth = 48;

/** `memory` is one process and wakes nobody: a hundredth of the others, it would take most of the room. The table has it. */
function betweenProcesses(cells: readonly CellLine[]): CellLine[] {
  const others = cells.filter(({ contender }) => contender !== 'memory');
  return others.length > 0 ? others : [...cells];
}

function valuesOfX(cells: readonly CellLine[], { x, y }: CurveOptions): number[] {
  return distinct(cells, (cell) => (y(cell) === null ? undefined : x(cell)));
}

/** Who of a panel has a curve, and who was measured at one value only, which says nothing about what varies. */
function curvesAndPoints(
  members: readonly CellLine[],
  options: CurveOptions,
  nameOf: (cell: CellLine) => string,
): { readonly curves: CellLine[]; readonly points: CellLine[] } {
  if (options.hasFreeTicks === true) return { curves: [...members], points: [] };
  const named = [...grouped(members, nameOf).values()];
  const isCurve = (those: readonly CellLine[]): boolean => valuesOfX(those, options).length > 1;
  return {
    curves: named.filter(isCurve).flat(),
    points: named.filter((those) => !isCurve(those) && valuesOfX(those, options).length > 0).flat(),
  };
}

function whoOf(cells: readonly CellLine[]): string {
  return say.listed(distinct(cells, ({ contender }) => contender).map((name) => `\`${name}\``));
}

export interface Curves {
  readonly panels: readonly Panel[];
  readonly leftOut: readonly string[];
}

/**
 * Lines over what varies, a panel for each placement (or what `panelOf` says), all with the same axes; of the cells that wait in the same
 * way and were measured at two values or more. What else there is, is said.
 */
export function curvePanels(all: readonly CellLine[], options: CurveOptions): Curves {
  const between = betweenProcesses(all);
  const cells = sameWaiting(between);
  const panelOf = options.panelOf ?? (({ placement }: CellLine): string => say.placementName(placement));
  const calls = distinct(cells, ({ call }) => call);
  const nameOf = options.nameOf ?? ((cell: CellLine): string => rowLabel(cell, calls));
  const groups = [...grouped(cells, panelOf)].map(([title, members]) => ({
    title,
    ...curvesAndPoints(members, options, nameOf),
  }));
  const drawn = groups.flatMap(({ curves }) => curves);
  const panelWith = drawn.length === 0 ? () => [] : curvePainter(drawn, options, nameOf);
  const panels: Panel[] = [];
  const lonePanels: string[] = [];
  const lone: CellLine[] = [];
  for (const { title, curves, points } of groups) {
    if (curves.length > 0) {
      panels.push(...panelWith(title, curves));
      lone.push(...points);
    } else if (points.length > 0) {
      if (options.dots === undefined) lonePanels.push(`"${title}"`);
      else panels.push(...options.dots(points));
    }
  }
  const phrase = (those: readonly CellLine[], why: string): string[] =>
    those.length === 0 ? [] : [`${whoOf(those)}, ${why}`];
  const leftOut = [
    ...(between.length === all.length ? [] : ['`memory`, which is one process']),
    ...phrase(
      between.filter((cell) => !cells.includes(cell)),
      'which does not wait as the others do',
    ),
    ...phrase(lone, `with one value of "${options.xTitle}" only`),
    ...(lonePanels.length === 0
      ? []
      : [`${say.listed(lonePanels)}, with one value of "${options.xTitle}" only`]),
  ];
  return { panels, leftOut };
}

/** What draws a panel of these cells: the axes are the same for all of them. */
function curvePainter(
  drawn: readonly CellLine[],
  options: CurveOptions,
  nameOf: (cell: CellLine) => string,
): (title: string, members: readonly CellLine[]) => Panel[] {
  const { xKind = 'log', yKind = 'log', xLabel = say.count } = options;
  const xs = distinct(drawn, options.x);
  const { scale, place } = xScale(xs, xKind);
  const ys = drawn.flatMap((cell) => [options.y(cell), options.second?.(cell) ?? null]);
  const yScale = scaleOf(
    yKind,
    ys.filter((y): y is number => y !== null),
  );
  const labels = new Map(xs.map((x) => [place(x), xLabel(x)]));
  const ticks = measuredTicks(xs, xLabel, lettersInAWidth).map(place);
  const x: Axis = {
    title: options.xTitle,
    scale,
    label: (value) => labels.get(value) ?? xLabel(value),
    ...(options.hasFreeTicks === true ? {} : { ticks }),
  };
  return (title, members) => {
    const mark = options.mark?.(title);
    const series = seriesOf(members, options, nameOf, place);
    if (series.length === 0) return [];
    return [
      linePanel({
        title,
        description: options.describe(title),
        series,
        x,
        y: { title: options.yTitle, scale: yScale, label: options.yLabel },
        ...(mark === undefined ? {} : { mark: { ...mark, x: place(mark.x) } }),
      }),
    ];
  };
}

function seriesOf(
  cells: readonly CellLine[],
  options: CurveOptions,
  nameOf: (cell: CellLine) => string,
  place: (x: number) => number,
): Series[] {
  return [...grouped(cells, nameOf)].flatMap(([name, members]) => {
    const contender = members[0]?.contender ?? name;
    const points = (of: (cell: CellLine) => number | null): { x: number; y: number }[] =>
      members
        .flatMap((cell) => {
          const [x, y] = [options.x(cell), of(cell)];
          return x === undefined || y === null || y <= 0 ? [] : [{ x: place(x), y }];
        })
        .sort((a, b) => a.x - b.x);
    const { second } = options;
    const lines: Series[] = [{ name, contender, points: points(options.y) }];
    if (second !== undefined) lines.push({ name, contender, points: points(second), isSecondary: true });
    return lines.filter((line) => line.points.length > 0);
  });
}
