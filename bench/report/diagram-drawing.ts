/**
 * A message diagram (bench/check/diagram.ts) as SVG: processes side by side, time downwards, an arrow for each message. What should have
 * come first is drawn thick, what came too early in the colour of warnings; what nobody sent comes out of an open ring beside its receiver.
 */
import type { DiagramArrow, DiagramEvent, MessageDiagram } from '../check/diagram.js';
import { escapeHtml } from './table.js';

const columnWidth = 190;
const rowHeight = 30;
const top = 46;
const side = 70;

/** Whether a value of a result line is a diagram; results may have been written by another version. */
export function isDiagram(value: unknown): value is MessageDiagram {
  if (typeof value !== 'object' || value === null) return false;
  const { processes, arrows, rows, sentence } = value as Partial<MessageDiagram>;
  return (
    Array.isArray(processes) &&
    Array.isArray(arrows) &&
    typeof rows === 'number' &&
    typeof sentence === 'string'
  );
}

const colours: Readonly<Record<DiagramArrow['role'], string>> = {
  cause: 'var(--ink)',
  effect: 'var(--bad)',
  link: 'var(--quiet)',
  conflict: 'var(--bad)',
};

function x(process: number): number {
  return side + process * columnWidth;
}

function y(row: number): number {
  return top + (row + 0.8) * rowHeight;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A name above the beginning of its arrow, which goes down from there; on the ground's colour, so that no line runs through it. */
function name(text: string, from: Point, isRight: boolean, colour: string): string {
  const x = from.x + (isRight ? 9 : -9);
  return `<text x="${x}" y="${from.y - 7}" text-anchor="${isRight ? 'start' : 'end'}" font-size="13" fill="${colour}" stroke="var(--panel)" stroke-width="5" paint-order="stroke">${escapeHtml(text)}</text>`;
}

/** Whether a straight line would run through an event of a process between its ends, as if the message went by way of it. */
function runsThrough(events: readonly DiagramEvent[], from: Point, to: Point): boolean {
  return events.some(({ process, row }) => {
    const share = (x(process) - from.x) / (to.x - from.x);
    return (
      share > 0.01 && share < 0.99 && Math.abs(from.y + share * (to.y - from.y) - y(row)) < rowHeight / 3
    );
  });
}

/** How far the middle of an arrow that would run through an event is pulled down; the arrow follows by half of it. */
const bow = rowHeight * 0.9;

function arrow(one: DiagramArrow, id: string, bottom: number, events: readonly DiagramEvent[]): string {
  const from: Point = { x: x(one.from), y: y(one.fromRow) };
  const to: Point =
    one.toRow === null ? { x: (x(one.to) + from.x) / 2, y: bottom } : { x: x(one.to), y: y(one.toRow) };
  const width = one.role === 'link' ? 1.4 : 2.4;
  const dash = one.isBeside ? ' stroke-dasharray="3 4"' : '';
  const end = one.toRow === null ? '' : ` marker-end="url(#${id}-${one.role})"`;
  const colour = colours[one.role] ?? 'var(--ink)';
  const looks = `stroke="${colour}" stroke-width="${width}"${dash}${end}`;
  if (runsThrough(events, from, to))
    return `<path d="M${from.x} ${from.y}Q${(from.x + to.x) / 2} ${(from.y + to.y) / 2 + bow} ${to.x} ${to.y}" fill="none" ${looks}/>`;
  return `<line x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}" ${looks}/>`;
}

/** The names beside the arrows. A multicast's arrows begin at one point: it is named there once, as the one that matters most. */
function namesOf(arrows: readonly DiagramArrow[]): string[] {
  const together = new Map<string, DiagramArrow[]>();
  for (const one of arrows) {
    const key = `${one.from} ${one.fromRow} ${one.to > one.from} ${one.message}`;
    together.set(key, [...(together.get(key) ?? []), one]);
  }
  return [...together.values()].flatMap((members) => {
    const main = members.find(({ role }) => role !== 'link') ?? members[0];
    if (main === undefined) return [];
    const words = [
      main.message,
      main.isBeside ? '(past the transport)' : '',
      members.some(({ toRow }) => toRow === null) ? '(never arrives)' : '',
    ];
    const text = words.filter((word) => word !== '').join(' ');
    return name(
      text,
      { x: x(main.from), y: y(main.fromRow) },
      main.to > main.from,
      colours[main.role] ?? 'var(--ink)',
    );
  });
}

/** What was received and not sent by anybody who is in the picture. */
function strays({ events, arrows }: MessageDiagram): DiagramEvent[] {
  return events.filter(
    ({ kind, process, row }) =>
      (kind === 'receive' || kind === 'hear') &&
      !arrows.some(({ to, toRow }) => to === process && toRow === row),
  );
}

const strayLength = 56;
/** Of 13 pixels, on the safe side. */
const widthOfLetter = 7.8;

function strayName({ message }: DiagramEvent): string {
  return `${message} (comes from nobody)`;
}

function strayFrom(event: DiagramEvent): Point {
  return { x: x(event.process) - strayLength, y: y(event.row) - rowHeight * 0.6 };
}

function strayArrow(event: DiagramEvent, id: string): string {
  const from = strayFrom(event);
  return (
    `<circle cx="${from.x}" cy="${from.y}" r="4" fill="none" stroke="${colours.effect}" stroke-width="1.6"/>` +
    `<line x1="${from.x + 4}" y1="${from.y + 1}" x2="${x(event.process)}" y2="${y(event.row)}" stroke="${colours.effect}" stroke-width="2.4" marker-end="url(#${id}-effect)"/>` +
    name(strayName(event), from, true, colours.effect)
  );
}

function titleOf({ property }: MessageDiagram): string {
  return property === 'delivery' ? 'A message that did not come as it was sent' : 'Shortest inversion';
}

function markers(id: string): string {
  return Object.entries(colours)
    .map(
      ([role, colour]) =>
        `<marker id="${id}-${role}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8L10 5L0 9.2Z" fill="${colour}"/></marker>`,
    )
    .join('');
}

/** The diagram as one image; `id` is unique in the page. */
export function drawDiagram(diagram: MessageDiagram, id: string): string {
  const unsent = strays(diagram);
  const width = Math.max(
    side * 2 + (diagram.processes.length - 1) * columnWidth,
    ...unsent.map((event) => strayFrom(event).x + 18 + strayName(event).length * widthOfLetter),
  );
  const bottom = y(diagram.rows) + 8;
  const arrows = diagram.arrows.map((one) => arrow(one, id, bottom, diagram.events));
  const lifelines = diagram.processes.map(
    (process, at) =>
      `<text x="${x(at)}" y="26" text-anchor="middle" font-size="14" font-weight="bold" fill="var(--ink)">${escapeHtml(process)}</text>` +
      `<line x1="${x(at)}" y1="${top}" x2="${x(at)}" y2="${bottom}" stroke="var(--rule)" stroke-width="2"/>`,
  );
  const dots = diagram.events.map(
    (event) => `<circle cx="${x(event.process)}" cy="${y(event.row)}" r="3.5" fill="var(--quiet)"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-t ${id}-d" width="${width}" height="${bottom + 12}" viewBox="0 0 ${width} ${bottom + 12}">`,
    `<title id="${id}-t">${titleOf(diagram)}</title><desc id="${id}-d">${escapeHtml(diagram.sentence)}</desc>`,
    `<defs>${markers(id)}</defs>`,
    ...lifelines,
    ...dots,
    ...arrows,
    ...namesOf(diagram.arrows),
    ...unsent.map((event) => strayArrow(event, id)),
    '</svg>',
  ].join('');
}
