/** Tables without borders, for terminals and for pipes. */
import Table from 'cli-table3';
import type { ServiceStatus } from '../library/status.js';
import type { Output } from './output.js';
import { durationText, remark, stateText } from './words.js';

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/** Aligned columns; trailing blanks are removed. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: noBorders,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push([...head], ...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
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
