/**
 * A history as a sequence diagram in text: time goes down, one column for each peer. What arrives is drawn as an arrow from the
 * column of its sender, in the row in which it arrives; when it was sent is a row of its own above.
 */
import { errorName } from '../../broker/contract/errors.js';
import { ownerOf } from './check/books.js';
import { deadName, type History, type HistoryEvent, type Issued } from './history.js';

/** Rows after which a diagram is no help any more. */
const rowsMax = 400;
/** Of a column. What is longer runs over the lines beside it. */
const width = 19;

interface Row {
  readonly peer: string;
  readonly text: string;
  /** Whose column an arrow comes from. */
  readonly from: string | undefined;
}

/** `about` names what the reader should look at; its rows are marked. */
export function drawHistory(history: History, about: readonly string[] = []): string {
  const issued = new Map<string, Issued>();
  for (const event of history.events) if (event.kind === 'issued') issued.set(event.id, event);
  const peers = [...new Set(history.events.map(({ peer }) => peer))];
  const rows: (Row & { readonly isMarked: boolean })[] = [];
  let isQuiet = false;
  for (const event of history.events) {
    if (event.at > history.quietAt && !isQuiet && history.quietAt > 0) {
      isQuiet = true;
      rows.push({
        peer: '',
        text: 'all is quiet; now everybody closes what he has',
        from: undefined,
        isMarked: false,
      });
    }
    const row = rowOf(event, issued);
    const isMarked = isAbout(event, about);
    // Of the end, when everybody closes everything, and of the beginning only what matters is of interest.
    const isRoutine =
      isQuiet || (event.kind === 'created' && event.node.startsWith('n1@') && event.peer.length === 1);
    if (row !== undefined && (isMarked || !isRoutine)) rows.push({ ...row, isMarked });
  }
  const lines = [`   ${peers.map((peer) => centred(peer)).join('')}`];
  for (const row of rows.slice(0, rowsMax)) lines.push(draw(row, peers));
  if (rows.length > rowsMax) lines.push(`   … and ${rows.length - rowsMax} rows more`);
  return lines.map((line) => line.trimEnd()).join('\n');
}

function draw(row: Row & { readonly isMarked: boolean }, peers: readonly string[]): string {
  const mark = row.isMarked ? '>> ' : '   ';
  if (row.peer === '') return `${mark}-- ${row.text} --`;
  const to = peers.indexOf(row.peer);
  const from = row.from === undefined ? -1 : peers.indexOf(row.from);
  const line = [...peers.map(() => centred('|')).join('')];
  const middle = (at: number): number => at * width + Math.floor((width - 1) / 2);
  if (from < 0 || from === to) {
    const start = middle(to) - Math.floor(row.text.length / 2);
    write(line, Math.max(0, Math.min(start, line.length - row.text.length)), row.text);
    return mark + line.join('');
  }
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  for (let at = middle(left); at <= middle(right); at += 1) line[at] = '-';
  line[middle(from)] = 'o';
  line[middle(to)] = to > from ? '>' : '<';
  const span = middle(right) - middle(left);
  const text = span > row.text.length + 3 ? ` ${row.text} ` : row.text;
  const textAt = middle(left) + 1 + Math.floor((span - 1 - text.length) / 2);
  if (text.length < span) write(line, textAt, text);
  return mark + line.join('') + (text.length < span ? '' : `  ${row.text}`);
}

function rowOf(event: HistoryEvent, issued: ReadonlyMap<string, Issued>): Row | undefined {
  const { peer } = event;
  const plain = (text: string): Row => ({ peer, text, from: undefined });
  switch (event.kind) {
    case 'issued': {
      const brings = event.carried.length === 0 ? '' : ` [${event.carried.join(' ')}]`;
      const what = event.isCall ? 'calls ' : event.isPartial ? 'partly ' : '';
      const to = event.to.length === 0 ? '' : ` to ${event.to.join(',')}`;
      return plain(`${what}${event.id}${to}${brings}`);
    }
    case 'accepted': {
      const codes = event.codes.map((code) => (code === 0 ? 'ok' : errorName(code)));
      return plain(`${event.id} done${codes.length === 0 ? '' : ` (${codes.join(' ')})`}`);
    }
    case 'refused':
      return plain(`${event.id}: ${errorName(event.code)}`);
    case 'received':
    case 'answered': {
      const carried = issued.get(event.id)?.carried ?? [];
      const handles = event.handles.map(({ isLive }, at) => (isLive ? (carried[at] ?? '?') : deadName));
      const brings = handles.length === 0 ? '' : ` [${handles.join(' ')}]`;
      return { peer, text: `${event.id}${brings}`, from: issued.get(event.id)?.peer };
    }
    case 'callFailed':
      return plain(`${event.call}: ${errorName(event.code)}`);
    case 'replyDropped':
      return plain(`drops reply:${event.call}`);
    case 'gone':
      return { peer, text: `gone ${event.node}`, from: ownerOf(event.node) };
    case 'closed':
      return plain(`closes ${event.node}`);
    case 'cloned':
      return plain(`clones ${event.node}`);
    case 'created':
      return plain(`makes ${event.node}`);
    case 'destroyed':
      return plain(`destroys ${event.node}`);
    case 'unused':
      return plain(`unused ${event.node}`);
    case 'told':
      return { peer, text: 'tells', from: event.by };
    case 'ended':
      return plain(event.how === 'killed' ? 'is killed' : 'ends');
    case 'waits':
      return plain('waits for room');
    case 'writable':
      return plain('has room again');
    case 'fault':
      return plain(`fault: ${event.text}`);
    default:
      // Who was introduced to whom at the beginning is no help; `tells` is drawn where it is heard.
      return undefined;
  }
}

function isAbout(event: HistoryEvent, about: readonly string[]): boolean {
  const names: (string | undefined)[] = [];
  if ('id' in event) names.push(event.id);
  if ('call' in event) names.push(event.call);
  if ('node' in event && event.kind !== 'received') names.push(event.node, `destroy ${event.node}`);
  if (event.kind === 'ended') names.push(`end ${event.peer}`);
  return names.some((name) => name !== undefined && about.includes(name));
}

function write(line: string[], at: number, text: string): void {
  for (const [offset, letter] of [...text].entries()) line[at + offset] = letter;
}

function centred(text: string): string {
  const before = Math.floor((width - text.length) / 2);
  return ' '.repeat(before) + text + ' '.repeat(width - text.length - before);
}
