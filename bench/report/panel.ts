/**
 * The two kinds of drawing in the report, as Vega-Lite specifications: dots with intervals, a row a contender (`dotPanel`), and lines with
 * their names at the end (`linePanel`). All geometry that decides whether labels touch is computed here (scale.ts).
 */
import { styleOf } from './palette.js';
import { type Scale, shareOf, spread, ticksOf } from './scale.js';

/** One drawing; a figure is one or more of them side by side, with the same scales. */
export interface Panel {
  readonly title: string;
  /** What it shows, for people who do not see it. */
  readonly description: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface Axis {
  readonly title: string;
  readonly scale: Scale;
  readonly label: (value: number) => string;
  /** Instead of ticks that are found automatically. */
  readonly ticks?: readonly number[];
}

const fontSize = 12;
const labelGap = 15;

/** Looks of all panels. Colours are variables of the page (palette.ts). */
const config = {
  aria: false,
  background: null,
  font: 'inherit',
  padding: 6,
  view: { stroke: null },
  axis: {
    domainColor: 'var(--rule)',
    gridColor: 'var(--rule)',
    tickColor: 'var(--rule)',
    labelColor: 'var(--quiet)',
    titleColor: 'var(--quiet)',
    labelFontSize: fontSize,
    titleFontSize: fontSize,
    titleFontWeight: 'normal',
    labelLimit: 0,
    titleLimit: 0,
    labelOverlap: false,
    labelBound: false,
    labelFlush: false,
  },
} as const;

interface Encoded {
  readonly scale: Readonly<Record<string, unknown>>;
  readonly axis: Readonly<Record<string, unknown>>;
}

const letterWidth = 7.2;

/** As many ticks as have room for their labels along `width`. */
function fittingTicks(axis: Axis, width: number): number[] {
  for (let most = 7; most > 2; most--) {
    const ticks = ticksOf(axis.scale, most);
    const fit = ticks.every((value, at) => {
      const next = ticks[at + 1];
      if (next === undefined) return true;
      const room = (shareOf(axis.scale, next) - shareOf(axis.scale, value)) * width;
      return room > ((axis.label(value).length + axis.label(next).length) / 2 + 1.2) * letterWidth;
    });
    if (fit) return ticks;
  }
  return ticksOf(axis.scale, 2);
}

/** A vertical axis, or a horizontal one of `width`. */
function encodedAxis(axis: Axis, width?: number): Encoded {
  const { scale } = axis;
  const isVertical = width === undefined;
  const values = axis.ticks ?? (isVertical ? ticksOf(scale, 7) : fittingTicks(axis, width));
  const labels = Object.fromEntries(values.map((value) => [String(value), axis.label(value)]));
  return {
    scale: { type: scale.kind, domain: [scale.low, scale.high], nice: false, zero: false, clamp: true },
    axis: {
      title: axis.title,
      values,
      labelExpr: `(${JSON.stringify(labels)})[datum.value]`,
      ticks: !isVertical,
      domain: !isVertical,
      grid: true,
      tickSize: 4,
      labelPadding: 5,
      titlePadding: 9,
      ...(isVertical
        ? {
            titleAngle: 0,
            titleAlign: 'left',
            titleAnchor: 'end',
            titleX: -44,
            titleY: -12,
            titleBaseline: 'bottom',
          }
        : {}),
    },
  };
}

export interface Dot {
  /** What stands beside the row. */
  readonly label: string;
  readonly contender: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Figures in words at the right, one for each column. */
  readonly columns: readonly string[];
}

export interface DotPanel {
  readonly title: string;
  readonly description: string;
  readonly dots: readonly Dot[];
  readonly axis: Axis;
  readonly columnTitles: readonly string[];
  /** A line that the dots are seen against, say a ratio of 1. */
  readonly reference?: number;
}

const dotWidth = 250;
const rowHeight = 21;
const columnWidthMin = 66;

export function dotPanel(panel: DotPanel): Panel {
  const { dots, axis, columnTitles } = panel;
  const height = Math.max(dots.length, 2) * rowHeight;
  const values = dots.map((dot, at) => {
    const { colour, shape, isOwn } = styleOf(dot.contender);
    const columns = Object.fromEntries(dot.columns.map((text, nth) => [`column${nth}`, text]));
    return {
      row: at + 0.5,
      label: dot.label,
      value: dot.value,
      low: dot.low,
      high: dot.high,
      colour,
      shape,
      isOwn,
      ...columns,
    };
  });
  const { scale, axis: x } = encodedAxis(axis, dotWidth);
  const xField = { field: 'value', type: 'quantitative', scale, axis: x };
  const y = {
    field: 'row',
    type: 'quantitative',
    scale: { domain: [0, height / rowHeight], reverse: true, nice: false },
    axis: null,
  };
  const layers: unknown[] = [
    {
      mark: { type: 'text', align: 'right', baseline: 'middle', x: -10, fontSize },
      encoding: { y, text: { field: 'label' }, color: { value: 'var(--ink)' } },
    },
    {
      mark: { type: 'rule', strokeWidth: 2.5, opacity: 0.55 },
      transform: [{ filter: 'isValid(datum.low) && isValid(datum.high)' }],
      encoding: {
        x: { ...xField, field: 'low' },
        x2: { field: 'high' },
        y,
        color: { field: 'colour', scale: null },
      },
    },
    {
      mark: { type: 'point', filled: true, opacity: 1 },
      encoding: {
        x: xField,
        y,
        color: { field: 'colour', scale: null },
        shape: { field: 'shape', scale: null },
        size: { condition: { test: 'datum.isOwn', value: 95 }, value: 60 },
      },
    },
  ];
  if (panel.reference !== undefined) {
    layers.unshift({
      data: { values: [{ value: panel.reference }] },
      mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.2 },
      encoding: { x: xField, color: { value: 'var(--quiet)' } },
    });
  }
  let place = dotWidth + 10;
  for (const [at, title] of columnTitles.entries()) {
    place += Math.max(columnWidthMin, (title.length + 2) * letterWidth);
    layers.push(
      {
        mark: { type: 'text', align: 'right', baseline: 'middle', x: place, fontSize },
        encoding: { y, text: { field: `column${at}` }, color: { value: 'var(--ink)' } },
      },
      {
        data: { values: [{}] },
        mark: { type: 'text', align: 'right', baseline: 'bottom', x: place, y: -6, fontSize },
        encoding: { text: { value: title }, color: { value: 'var(--quiet)' } },
      },
    );
  }
  return {
    title: panel.title,
    description: panel.description,
    spec: { width: dotWidth, height, data: { values }, layer: layers, config },
  };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number | null;
  readonly high?: number | null;
}

export interface Series {
  readonly name: string;
  readonly contender: string;
  readonly points: readonly Point[];
  /** A second line of the same contender, say its p99: thin, and without a name of its own. */
  readonly isSecondary?: boolean;
}

export interface LinePanel {
  readonly title: string;
  readonly description: string;
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
  /** A vertical line with its words above it, say where two lines cross. */
  readonly mark?: { readonly x: number; readonly label: string } | undefined;
  /** A horizontal line, say a ratio of 1. */
  readonly reference?: number;
}

const lineWidth = 320;
const leastHeight = 240;

/** Names at the ends of the lines, moved apart, each with a thin line to its own. */
function nameLayers(series: readonly Series[], panel: LinePanel, height: number): unknown[] {
  const named = series
    .filter((one) => one.isSecondary !== true && one.points.length > 0)
    .map((one) => ({ one, last: one.points.at(-1) }));
  const wanted = named.map(({ last }) => (1 - shareOf(panel.y.scale, last?.y ?? panel.y.scale.low)) * height);
  const places = spread(wanted, labelGap, height);
  const values = named.map(({ one, last }, at) => ({
    name: one.name,
    colour: styleOf(one.contender).colour,
    weight: styleOf(one.contender).isOwn ? 'bold' : 'normal',
    fromX: shareOf(panel.x.scale, last?.x ?? panel.x.scale.low) * lineWidth + 5,
    fromY: wanted[at],
    toX: lineWidth + 16,
    toY: places[at],
    textX: lineWidth + 20,
  }));
  const pixel = (field: string): unknown => ({ field, type: 'quantitative', scale: null, axis: null });
  const colour = { field: 'colour', type: 'nominal', scale: null };
  return [
    {
      data: { values },
      mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.4 },
      encoding: {
        x: pixel('fromX'),
        y: pixel('fromY'),
        x2: { field: 'toX' },
        y2: { field: 'toY' },
        color: colour,
      },
    },
    ...['bold', 'normal'].map((weight) => ({
      data: { values: values.filter((value) => value.weight === weight) },
      mark: { type: 'text', align: 'left', baseline: 'middle', fontSize, fontWeight: weight },
      encoding: { x: pixel('textX'), y: pixel('toY'), text: { field: 'name' }, color: colour },
    })),
  ];
}

function markLayers(panel: LinePanel, x: Encoded, y: Encoded): unknown[] {
  const layers: unknown[] = [];
  if (panel.reference !== undefined) {
    layers.push({
      data: { values: [{ y: panel.reference }] },
      mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 1.2 },
      encoding: { y: { field: 'y', type: 'quantitative', ...y }, color: { value: 'var(--quiet)' } },
    });
  }
  if (panel.mark !== undefined) {
    const data = { values: [panel.mark] };
    const position = { field: 'x', type: 'quantitative', ...x };
    const share = shareOf(panel.x.scale, panel.mark.x);
    layers.push(
      {
        data,
        mark: { type: 'rule', strokeDash: [5, 3], strokeWidth: 1.4 },
        encoding: { x: position, color: { value: 'var(--accent)' } },
      },
      {
        data,
        mark: {
          type: 'text',
          align: share > 0.5 ? 'right' : 'left',
          baseline: 'top',
          dx: share > 0.5 ? -6 : 6,
          y: 2,
          fontSize,
          fontWeight: 'bold',
        },
        encoding: { x: position, text: { field: 'label' }, color: { value: 'var(--accent)' } },
      },
    );
  }
  return layers;
}

/** One line and its points. */
function seriesLayers(series: Series, x: Encoded, y: Encoded): unknown[] {
  const { colour, dash, shape, isOwn } = styleOf(series.contender);
  const secondary = series.isSecondary === true;
  const data = { values: series.points };
  const xField = { field: 'x', type: 'quantitative', ...x };
  const yField = { field: 'y', type: 'quantitative', ...y };
  const layers: unknown[] = [
    {
      data,
      mark: {
        type: 'line',
        strokeWidth: secondary ? 1.2 : isOwn ? 2.6 : 1.5,
        ...(secondary ? { strokeDash: [2, 3] } : dash.length > 0 ? { strokeDash: dash } : {}),
        strokeJoin: 'round',
      },
      encoding: { x: xField, y: yField, color: { value: colour } },
    },
  ];
  if (
    series.points.some(
      ({ low, high }) => low !== undefined && low !== null && high !== undefined && high !== null,
    )
  ) {
    layers.push({
      data,
      mark: { type: 'rule', strokeWidth: 2, opacity: 0.5 },
      transform: [{ filter: 'isValid(datum.low) && isValid(datum.high)' }],
      encoding: {
        x: xField,
        y: { ...yField, field: 'low' },
        y2: { field: 'high' },
        color: { value: colour },
      },
    });
  }
  if (!secondary && series.points.length <= 16) {
    layers.push({
      data,
      mark: { type: 'point', filled: true, opacity: 1, shape, size: isOwn ? 42 : 28 },
      encoding: { x: xField, y: yField, color: { value: colour } },
    });
  }
  return layers;
}

/** Contenders that are compared with are drawn first, so that the project's own lie above them. */
export function linePanel(panel: LinePanel): Panel {
  const series = [...panel.series].sort(
    (a, b) => Number(styleOf(a.contender).isOwn) - Number(styleOf(b.contender).isOwn),
  );
  const names = series.filter((one) => one.isSecondary !== true).length;
  const height = Math.max(leastHeight, names * labelGap + 10);
  const x = encodedAxis(panel.x, lineWidth);
  const y = encodedAxis(panel.y);
  const layer = [
    ...markLayers(panel, x, y),
    ...series.flatMap((one) => seriesLayers(one, x, y)),
    ...nameLayers(series, panel, height),
  ];
  return {
    title: panel.title,
    description: panel.description,
    spec: { width: lineWidth, height, layer, config, resolve: { scale: { x: 'shared', y: 'shared' } } },
  };
}
