/** Tables without borders, for terminals and for pipes. */
import { stripVTControlCharacters } from 'node:util';
import type { ServiceStatus } from '../library/status.js';
import type { Output } from './output.js';
import { durationText, remark, stateText } from './words.js';

/** Characters that are seen: colours are not. */
function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Aligned columns, two blanks apart. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, at) => lines.reduce((most, line) => Math.max(most, width(line[at] ?? '')), 0));
  return lines
    .map((line) =>
      line
        .map((text, at) => text + ' '.repeat((widths[at] ?? 0) - width(text)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One line for each service. `nowMs` is wall-clock time. */
export function serviceTable(output: Output, services: readonly ServiceStatus[], nowMs: number): string {
  if (services.length === 0) return 'No service is loaded.';
  const rows = services.map((status) => [
    status.name,
    stateText(output, status),
    status.isExplicit ? 'yes' : '',
    status.pid === undefined ? '' : String(status.pid),
    status.sinceMs === undefined ? '' : durationText(nowMs - status.sinceMs),
    remark(status),
  ]);
  const head = ['SERVICE', 'STATE', 'ASKED', 'PID', 'SINCE', 'REMARK'].map((word) =>
    output.paint('bold', word),
  );
  return columns(head, rows);
}
