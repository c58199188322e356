/**
 * A message diagram as lines of text: a column for each process, time downwards.
 *
 * A message that is received at once is one straight arrow. One that is overtaken goes as far as its receiver, waits there in a lane of its own
 * beside the receiver's line, and turns in where it was received; whatever crosses the lane came first. Solid arrows are messages, dotted
 * ones were told past the transport, and a ring is the moment from which the sender knew that its message was accepted.
 */
import type { DiagramArrow, DiagramEvent, MessageDiagram } from './diagram.js';

const labelLengthMax = 24;

interface Pen {
  readonly columns: readonly number[];
  /** Lanes in use: where, by arrow. */
  readonly lanes: Map<DiagramArrow, number>;
  readonly lines: string[];
  readonly width: number;
  /** Room beside a line that labels keep free for lanes. */
  readonly margin: number;
}

function shorten(text: string): string {
  return text.length > labelLengthMax ? `${text.slice(0, labelLengthMax - 1)}…` : text;
}

/** A line with what is there anyway: the processes and the lanes. */
function blank(pen: Pen): string[] {
  const cells = new Array<string>(pen.width).fill(' ');
  for (const column of pen.columns) cells[column] = '│';
  for (const lane of pen.lanes.values()) cells[lane] = '╎';
  return cells;
}

function finish(pen: Pen, cells: readonly string[], note = ''): void {
  pen.lines.push(`${cells.join('')}${note === '' ? '' : ` ${note}`}`.trimEnd());
}

/** Draws from one place to another, both left free, over what it crosses; the label stands beside the beginning. */
function stroke(cells: string[], from: number, to: number, isBeside: boolean): void {
  const step = Math.sign(to - from);
  for (let at = from + step; at !== to; at += step) {
    const crossed = cells[at] === '│' || cells[at] === '╎' || cells[at] === '┼';
    cells[at] = crossed ? '┼' : isBeside ? '┄' : '─';
  }
}

function write(cells: string[], label: string, from: number, to: number, margin: number): void {
  const text = ` ${shorten(label)} `;
  const start = to > from ? from + margin : from - margin - text.length + 1;
  for (const [at, char] of [...text].entries()) cells[start + at] = char;
}

/** The beginning of an arrow: to the receiver's line if it arrives at once, else to a lane, else into nothing. */
function drawDeparture(pen: Pen, arrow: DiagramArrow, isStraight: boolean, note: string): void {
  const cells = blank(pen);
  const from = pen.columns[arrow.from] ?? 0;
  const to = pen.columns[arrow.to] ?? 0;
  const isRight = to > from;
  const step = isRight ? 1 : -1;
  cells[from] = isRight ? '├' : '┤';
  let end = to - step;
  if (!isStraight) {
    const taken = new Set(pen.lanes.values());
    end = to - 2 * step;
    while (taken.has(end)) end -= 2 * step;
  }
  stroke(cells, from, end, arrow.isBeside);
  if (isStraight) cells[end] = isRight ? '▶' : '◀';
  else if (arrow.toRow === null) cells[end] = '✕';
  else {
    cells[end] = isRight ? '╮' : '╭';
    pen.lanes.set(arrow, end);
  }
  write(cells, arrow.message, from, to, pen.margin);
  finish(pen, cells, note);
}

function drawArrival(pen: Pen, arrow: DiagramArrow, note: string): void {
  const cells = blank(pen);
  const lane = pen.lanes.get(arrow) ?? 0;
  const to = pen.columns[arrow.to] ?? 0;
  const step = to > lane ? 1 : -1;
  cells[lane] = step > 0 ? '╰' : '╯';
  stroke(cells, lane, to - step, arrow.isBeside);
  cells[to - step] = step > 0 ? '▶' : '◀';
  pen.lanes.delete(arrow);
  finish(pen, cells, note);
}

function drawPoint(pen: Pen, event: DiagramEvent, sign: string, note: string): void {
  const cells = blank(pen);
  cells[pen.columns[event.process] ?? 0] = sign;
  finish(pen, cells, note);
}

/** What is said beside the row in which an arrow arrives. */
function noteOf(arrow: DiagramArrow, diagram: MessageDiagram): string {
  if (arrow.role === 'cause')
    return `${diagram.processes[arrow.to]} gets ${arrow.message}: the cause, too late`;
  if (arrow.role === 'effect' && diagram.property !== 'delivery')
    return `${diagram.processes[arrow.to]} gets ${arrow.message}: the effect`;
  if (arrow.isBeside) return 'past the transport';
  return arrow.role === 'conflict' ? `${diagram.processes[arrow.to]} gets ${arrow.message}` : '';
}

function createPen({ processes, arrows }: MessageDiagram): Pen {
  const waiting = new Map<string, number>();
  for (const { from, fromRow, to, toRow } of arrows) {
    if (toRow === fromRow + 1) continue;
    const side = `${to} ${Math.sign(to - from)}`;
    waiting.set(side, (waiting.get(side) ?? 0) + 1);
  }
  const labels = [...processes, ...arrows.map(({ message }) => shorten(message))];
  const longest = Math.max(...labels.map((label) => label.length));
  const margin = 2 * Math.min(3, Math.max(1, ...waiting.values())) + 1;
  const gap = longest + 2 + 2 * margin;
  const columns = processes.map((_, at) => 2 + at * gap);
  return { columns, lanes: new Map(), lines: [], width: (columns.at(-1) ?? 0) + margin + 1, margin };
}

/** All lines, the names above and the sentence below, ending with a newline. */
export function renderDiagram(diagram: MessageDiagram): string {
  const pen = createPen(diagram);
  const { events, arrows, processes } = diagram;
  const names = new Array<string>(pen.width).fill(' ');
  for (const [at, name] of processes.entries()) {
    const start = (pen.columns[at] ?? 0) - Math.floor((name.length - 1) / 2);
    for (const [offset, char] of [...name].entries()) names[Math.max(0, start) + offset] = char;
  }
  pen.lines.push(names.join('').trimEnd());
  const done = new Set<DiagramArrow>();
  for (const event of events) {
    const { kind, row } = event;
    if (kind === 'complete') {
      drawPoint(pen, event, '○', `${processes[event.process]} knows that ${event.message} was accepted`);
    } else if (kind === 'send' || kind === 'tell') {
      const own = arrows.filter(({ fromRow, from }) => fromRow === row && from === event.process);
      const straight = own
        .filter(({ toRow }) => toRow !== null && toRow - row <= own.length)
        .sort((one, other) => (one.toRow ?? 0) - (other.toRow ?? 0))
        .filter(({ toRow }, at) => toRow === row + 1 + at);
      for (const arrow of own) if (!straight.includes(arrow)) drawDeparture(pen, arrow, false, '');
      for (const arrow of straight) {
        drawDeparture(pen, arrow, true, noteOf(arrow, diagram));
        done.add(arrow);
      }
      if (own.length === 0) drawPoint(pen, event, '●', `${event.message} is sent to nobody`);
    } else {
      const arrow = arrows.find(({ to, toRow }) => toRow === row && to === event.process);
      if (arrow === undefined) drawPoint(pen, event, '●', `${event.message} comes from nobody`);
      else if (!done.has(arrow)) drawArrival(pen, arrow, noteOf(arrow, diagram));
    }
  }
  return `${pen.lines.join('\n')}\n\n${diagram.sentence}\n`;
}
